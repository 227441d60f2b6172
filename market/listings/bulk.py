"""Many listings at once, as imports bring them: stored, overwritten, and given back as they were.

Nothing here enqueues: the caller announces the ids (market.listings.service.announce), and owns
the unit of work. A listing of a file is its owner's by its `id`, the reference; a reference
longer than LONGEST_REFERENCE is the caller's to refuse, and so is one that comes twice.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Table, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import new_id
from market.listings.completeness import is_complete
from market.listings.indicators import parse_indicators
from market.listings.models import Listing, NeedListing, ResultListing
from market.listings.queries import TABLES
from market.listings.states import move
from schemas.listing_views import ListingKind
from schemas.listings import Need, Result

LONGEST_REFERENCE = 200
LONGEST_TITLE = 200
# Under this name the extra columns keep who the file says that a listing is from.
POSTER = "来源单位"
# Well below what either database takes as parameters of one statement.
_ASKED_AT_ONCE = 1_000

# What an import may have changed, and so what a snapshot keeps.
_CONTENT = (
    *("reference", "title", "text", "keywords", "fields", "industries", "modes", "division"),
    *("extra", "contacts", "status", "expires_on"),
)
_RESULT_CONTENT = (
    *_CONTENT,
    *("trl", "rights", "patents", "price_min_cny", "price_max_cny", "ready_on"),
)
_NEED_CONTENT = (
    *_CONTENT,
    *("indicators", "trl_min", "trl_max", "budget_min_cny", "budget_max_cny", "deadline"),
)
_DATES = ("expires_on", "ready_on", "deadline")


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """Whose listings are stored, and whether they are published.

    `published_until` is the last day of the publication of those that are complete; None leaves
    all of them as drafts. Whether the organisation may publish is the caller's to know.
    """

    organisation_id: uuid.UUID
    user_id: uuid.UUID | None
    kind: ListingKind
    now: datetime
    published_until: date | None = None


class Stored(msgspec.Struct, frozen=True):
    """A listing that was stored, and whether it was published."""

    id: uuid.UUID
    is_published: bool


async def stored_by_reference(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    kind: ListingKind,
    references: Collection[str],
) -> dict[str, ResultListing | NeedListing]:
    """The organisation's listings of a kind with these references, locked for a change."""
    table: Any = TABLES[kind]
    found: dict[str, ResultListing | NeedListing] = {}
    asked = sorted(references)
    for start in range(0, len(asked), _ASKED_AT_ONCE):
        rows = await session.scalars(
            select(table)
            .where(
                table.organisation_id == organisation_id,
                table.reference.in_(asked[start : start + _ASKED_AT_ONCE]),
            )
            .order_by(table.id)
            .with_for_update()
        )
        found |= {listing.reference: listing for listing in rows}
    return found


async def create_listings(
    session: AsyncSession, posting: Posting, listings: Sequence[Result | Need]
) -> list[Stored]:
    """Store listings of the posting's kind, in their order.

    IntegrityError (Conflict at the end of the unit of work) when another one took a reference
    meanwhile: nothing of the unit of work is stored then.
    """
    stored: list[Stored] = []
    common: list[dict[str, Any]] = []
    typed: list[dict[str, Any]] = []
    for listing in listings:
        row = _new_row(posting, listing)
        stored.append(Stored(row["id"], row["status"] == "published"))
        common.append({name: row[name] for name in _LISTING_COLUMNS})
        typed.append({name: row[name] for name in _TYPED_COLUMNS[posting.kind]})
    if common:
        await session.execute(insert(Listing.__table__), common)  # type: ignore[arg-type]
        await session.execute(insert(TABLES[posting.kind].__table__), typed)  # type: ignore[arg-type]
    return stored


async def overwrite_listings(
    session: AsyncSession,
    posting: Posting,
    pairs: Iterable[tuple[ResultListing | NeedListing, Result | Need]],
) -> list[Stored]:
    """Give stored listings what a file says of them; those that it changes, in their order.

    A published listing stays published. A complete draft is published where the posting says so;
    nothing else changes its state. What a file can't say (notes, price floor, what is hidden)
    stays as it is.
    """
    changed = [
        Stored(listing.id, listing.status == "published")
        for listing, said in pairs
        if update_from_domain(listing, said, posting)
    ]
    await session.flush()
    return changed


def update_from_domain(
    listing: ResultListing | NeedListing, said: Result | Need, posting: Posting
) -> bool:
    """Overwrite one listing as overwrite_listings does; whether anything changed."""
    columns = _content(said)
    is_changed = any(getattr(listing, name) != value for name, value in columns.items())
    publishes = (
        posting.published_until is not None and listing.status == "draft" and is_complete(columns)
    )
    if is_changed:
        _assign(listing, columns, posting.now)
    if publishes and posting.published_until is not None:
        move(listing, "publish", posting.now, expires_on=posting.published_until)
    return is_changed or publishes


def says_the_same(listing: ResultListing | NeedListing, said: Result | Need) -> bool:
    """Whether the file tells of the listing what is stored already."""
    return all(getattr(listing, name) == value for name, value in _content(said).items())


def snapshot_of(listing: ResultListing | NeedListing) -> dict[str, Any]:
    """What an import may change of a listing, as plain values of JSON, for `restore`."""
    names = _RESULT_CONTENT if isinstance(listing, ResultListing) else _NEED_CONTENT
    values = {name: getattr(listing, name) for name in names}
    plain: dict[str, Any] = msgspec.to_builtins(values)
    return plain


async def restore(
    session: AsyncSession,
    listing: ResultListing | NeedListing,
    snapshot: Mapping[str, Any],
    now: datetime,
) -> None:
    """Give a listing back the content and state of a snapshot. Its version grows all the same.

    That it was published in between stays on record: such a draft can't be deleted.
    """
    values = {
        name: date.fromisoformat(value) if name in _DATES and value else value
        for name, value in snapshot.items()
    }
    _assign(listing, values, now)
    await session.flush()


def _assign(listing: Listing, values: Mapping[str, Any], now: datetime) -> None:
    for name, value in values.items():
        setattr(listing, name, value)
    listing.changed_at = now


def _new_row(posting: Posting, listing: Result | Need) -> dict[str, Any]:
    """All columns of a new listing and of its kind, by name."""
    columns = _content(listing)
    is_published = posting.published_until is not None and is_complete(columns)
    return {
        "id": new_id(),
        "kind": posting.kind,
        "organisation_id": posting.organisation_id,
        "created_by_id": posting.user_id,
        # Institutes want to be found; who has a need is told to nobody without being asked.
        "shows_organisation": posting.kind == "result",
        "shows_terms": True,
        "private_note": "",
        "price_floor_cny": None,
        "status": "published" if is_published else "draft",
        "published_at": posting.now if is_published else None,
        "expires_on": posting.published_until if is_published else None,
        "created_at": posting.now,
        "changed_at": posting.now,
        "version": 1,
        "reference": listing.id or None,
        **columns,
    }


def _content(listing: Result | Need) -> dict[str, Any]:
    """What a file says of a listing, by the columns that keep it; not which listing it is."""
    return _of_result(listing) if isinstance(listing, Result) else _of_need(listing)


def _of_result(result: Result) -> dict[str, Any]:
    return {
        **_of_both(result, result.summary, result.institute),
        "trl": result.trl,
        "rights": result.rights,
        "patents": list(result.patents),
        "price_min_cny": result.price_min_cny,
        "price_max_cny": result.price_max_cny,
        "ready_on": result.ready_on,
    }


def _of_need(need: Need) -> dict[str, Any]:
    return {
        **_of_both(need, need.description, need.enterprise),
        "indicators": msgspec.to_builtins(parse_indicators(need.indicators)),
        "trl_min": need.trl_min,
        "trl_max": need.trl_max,
        "budget_min_cny": need.budget_min_cny,
        "budget_max_cny": need.budget_max_cny,
        "deadline": need.deadline,
    }


def _of_both(listing: Result | Need, text: str, poster: str) -> dict[str, Any]:
    """`poster` is who the file says it is from: an outpost posts for many."""
    title = listing.title
    if len(title) > LONGEST_TITLE:
        title, text = f"{title[: LONGEST_TITLE - 1]}…", f"{title}\n{text}".strip()
    return {
        "title": title,
        "text": text,
        "keywords": list(listing.keywords),
        "fields": list(listing.fields),
        "industries": list(listing.industries),
        "modes": list(listing.modes),
        "division": listing.division,
        "extra": {**listing.extra, **({POSTER: poster} if poster else {})},
        "contacts": dict(listing.contacts),
    }


def _names_of(model: type[Listing]) -> tuple[str, ...]:
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101 - for the types: a mapped class has a table.
    return tuple(column.name for column in table.columns)


_LISTING_COLUMNS = _names_of(Listing)
_TYPED_COLUMNS = {kind: _names_of(model) for kind, model in TABLES.items()}
