"""What owners do with their listings. Every change that a searcher could see is announced."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import date, datetime

import msgspec
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.exc import StaleDataError

from market.accounts.models import Organisation
from market.accounts.viewer import Viewer
from market.errors import Conflict, FieldError, Forbidden, Invalid, PreconditionFailed
from market.jobs import INDEX, NOW, SOON, enqueue_all
from market.listings.checks import checked_columns, too_late
from market.listings.completeness import missing_for_publication
from market.listings.models import Listing, NeedListing, ResultListing
from market.listings.queries import OWNER_ONLY, TABLES, locked_listing, visible_listing
from market.listings.states import EXPIRES_FROM, is_over, may_be_deleted, move, refused, target_of
from schemas.listing_forms import Change, Form
from schemas.listing_views import Action, ListingKind

IDS_A_JOB = 1_000

# Institutes offer, enterprises ask. Outposts and brokers do both for those they stand for; an
# enterprise with a technology to give away, or an institute that seeks one, goes through them,
# so that everybody else can tell the two sides of the market apart.
POSTERS: Mapping[ListingKind, frozenset[str]] = {
    "result": frozenset({"institute", "outpost", "broker"}),
    "need": frozenset({"enterprise", "outpost", "broker"}),
}


class Publication(msgspec.Struct, frozen=True):
    """The clock and calendar of a move: now, and the last day of a publication that begins."""

    now: datetime
    until: date


async def announce(
    session: AsyncSession, kind: str, ids: Iterable[uuid.UUID], *, priority: int = NOW
) -> None:
    """Tell the index, in this unit of work, that these listings are not what they were."""
    texts = [str(each) for each in ids]
    payloads = [
        {"kind": kind, "ids": texts[start : start + IDS_A_JOB]}
        for start in range(0, len(texts), IDS_A_JOB)
    ]
    await enqueue_all(session, INDEX, payloads, priority=priority)


async def create_listing(
    session: AsyncSession, viewer: Viewer, kind: ListingKind, form: Form, now: datetime
) -> ResultListing | NeedListing:
    """A new draft of the viewer's organisation.

    Raises Invalid, Forbidden for who posts no such listings, and Conflict (reference_taken).
    """
    if viewer.organisation_id is None or not viewer.roles & POSTERS[kind]:
        raise Forbidden("role_refused", "您的角色不能这样做", "Your role may not do this.")
    columns = checked_columns(form, now.date())
    listing = TABLES[kind](
        organisation_id=viewer.organisation_id,
        created_by_id=viewer.user_id,
        status="draft",
        created_at=now,
        changed_at=now,
        extra={},
        **columns,
    )
    session.add(listing)
    await flush(session)
    return listing


async def listing_to_change(
    session: AsyncSession, viewer: Viewer, kind: ListingKind, listing_id: uuid.UUID, version: int
) -> ResultListing | NeedListing:
    """The viewer's own listing in this version, locked until the end of the unit of work.

    Raises NotFound, Forbidden for a listing of others that the viewer may see, and
    PreconditionFailed for another version.
    """
    listing = await locked_listing(session, viewer, kind, listing_id)
    if listing is None:
        await visible_listing(session, viewer, kind, listing_id)
        raise Forbidden(*OWNER_ONLY)
    if listing.version != version:
        raise PreconditionFailed
    return listing


async def change_listing(
    session: AsyncSession, listing: ResultListing | NeedListing, change: Change, now: datetime
) -> None:
    """Set what the change names. A change that changes nothing keeps the version.

    A published listing stays published, so it must stay complete. Raises Invalid and Conflict
    (reference_taken).
    """
    present = {column.key: getattr(listing, column.key) for column in listing.__mapper__.columns}
    columns = checked_columns(change, now.date(), present)
    changed = {name: value for name, value in columns.items() if present[name] != value}
    if not changed:
        return
    for name, value in changed.items():
        setattr(listing, name, value)
    if listing.status == "published":
        _refuse_incomplete(listing)
        _refuse_endless(listing)
    listing.changed_at = now
    await flush(session)
    if listing.status == "published":
        await announce(session, listing.kind, [listing.id])


async def move_listing(
    session: AsyncSession,
    listing: ResultListing | NeedListing,
    organisation: Organisation,
    action: Action,
    publication: Publication,
) -> None:
    """Take the listing into the state that the action leads to.

    Raises Conflict (transition_refused), Forbidden (organisation_not_verified) and Invalid with
    all that a listing lacks before it is public.
    """
    was = listing.status
    if target_of(listing, action) == "published":
        _refuse_unverified(organisation)
        _refuse_incomplete(listing)
    move(listing, action, publication.now, expires_on=publication.until)
    await flush(session)
    if "published" in {was, listing.status}:
        await announce(session, listing.kind, [listing.id])


def refuse_last_day(expires_on: date, now: datetime) -> None:
    """Raises Invalid for a last day that has passed, or that is years away."""
    errors = list(too_late(expires_on, now.date()))
    if is_over(expires_on, now):
        errors.append(FieldError("#/expires_on", "不能早于今天", "It must not be in the past."))
    if errors:
        raise Invalid(*errors)


async def delete_draft(session: AsyncSession, listing: ResultListing | NeedListing) -> None:
    """Delete a draft that was never public. Raises Conflict for anything else: withdraw it."""
    if not may_be_deleted(listing):
        raise refused(listing, "delete")
    await session.delete(listing)
    await flush(session)


async def expire_due(session: AsyncSession, now: datetime, *, limit: int) -> int:
    """End up to `limit` publications whose last day has passed; how many there were."""
    due = (
        select(Listing.id)
        .where(Listing.status.in_(EXPIRES_FROM), Listing.expires_on < now.date())
        .order_by(Listing.expires_on, Listing.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(await session.scalars(due))
    expired = await session.execute(
        update(Listing)
        .where(Listing.id.in_(ids))
        .values(status="expired", changed_at=now, version=Listing.version + 1)
        .returning(Listing.id, Listing.kind)
        .execution_options(synchronize_session=False)
    )
    by_kind: dict[str, list[uuid.UUID]] = {}
    for row in expired:
        by_kind.setdefault(row.kind, []).append(row.id)
    for kind, ids_of_kind in by_kind.items():
        await announce(session, kind, ids_of_kind, priority=SOON)
    return len(ids)


async def flush(session: AsyncSession) -> None:
    """Write what changed. Raises PreconditionFailed and Conflict (reference_taken)."""
    try:
        await session.flush()
    except StaleDataError:
        raise PreconditionFailed from None
    except IntegrityError as error:
        if _names_the_reference(error):
            raise _REFERENCE_TAKEN from error
        raise


_REFERENCE_TAKEN = Conflict(
    "reference_taken",
    "该编号已用于您的另一条内容",
    "Another listing of yours has this reference.",
)


def _names_the_reference(error: IntegrityError) -> bool:
    """PostgreSQL names the constraint, SQLite its columns."""
    said = str(error.orig)
    return "uq_listings_reference" in said or "listings.reference" in said


def _refuse_unverified(organisation: Organisation) -> None:
    if organisation.verified_at is None:
        raise Forbidden(
            "organisation_not_verified",
            "机构尚未通过核验，暂不能发布",
            "The organisation is not verified yet and can't publish.",
        )


def _refuse_incomplete(listing: Listing) -> None:
    missing: list[FieldError] = missing_for_publication(listing)
    if missing:
        raise Invalid(*missing)


def _refuse_endless(listing: Listing) -> None:
    if listing.expires_on is None:
        raise Invalid(
            FieldError(
                "#/expires_on", "已发布的内容必须有到期日", "What is published needs a last day."
            )
        )
