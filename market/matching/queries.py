"""Reads of matches, for those whose listing is matched."""

import uuid
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from market.accounts.models import Organisation
from market.accounts.viewer import Viewer
from market.errors import NotFound
from market.listings.models import Listing, NeedListing, ResultListing
from market.listings.queries import listings_by_id, organisations_by_id
from market.matching.catalogue import other_kind
from market.matching.models import MatchFeedback, MatchRow
from market.matching.pairs import column_of

Id = uuid.UUID
_Matches = Select[MatchRow, MatchFeedback]


class MatchPlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of matches ends: at this match.

    The score as it was shown, whole points, serves when the match is gone meanwhile: the exact
    one would tell those who take a cursor apart what the score shall not tell.
    """

    match_id: Id
    shown_score: int


class MatchesAsked(NamedTuple):
    """Which matches: "open" ones have no feedback of one's own; None is all but declined ones."""

    verdict: str | None = None
    min_score: int = 0
    after: MatchPlace | None = None
    limit: int = 20


class OwnMatch(NamedTuple):
    """A match with both its listings and the feedback of the viewer's own organisation."""

    match: MatchRow
    own: ResultListing | NeedListing
    counterpart: ResultListing | NeedListing
    organisation: Organisation
    feedback: MatchFeedback | None


async def matches_of_listing(
    session: AsyncSession, viewer: Viewer, kind: str, listing_id: Id | None, asked: MatchesAsked
) -> list[OwnMatch]:
    """The open matches of a listing, the best first.

    Raises NotFound for a listing that is not of the viewer's organisation; moderators see all.
    """
    await _own_listing(session, viewer, kind, listing_id)
    wanted = _open_matches(viewer).where(column_of(kind) == listing_id)
    rows = await _page(session, wanted, asked)
    return await _with_listings(session, [(match, kind, said) for match, said in rows])


async def own_matches(session: AsyncSession, viewer: Viewer, asked: MatchesAsked) -> list[OwnMatch]:
    """The open matches of all listings of the viewer's organisation, the best first."""
    if viewer.organisation_id is None:
        return []
    wanted = _open_matches(viewer)
    if asked.verdict in {"saved", "declined"}:
        wanted = wanted.where(_is_of(viewer.organisation_id))
    else:
        wanted = wanted.where(MatchRow.id.in_(_ids_of(viewer.organisation_id)))
    rows = await _page(session, wanted, asked)
    kinds = await _own_kinds(session, viewer.organisation_id, [match for match, _ in rows])
    return await _with_listings(session, [(match, kinds[match.id], said) for match, said in rows])


async def own_match(
    session: AsyncSession, viewer: Viewer, match_id: Id | None, *, for_change: bool = False
) -> MatchRow:
    """A match of the viewer's organisation, if it is open or was spoken of. Raises NotFound."""
    if viewer.organisation_id is None:
        raise NotFound
    wanted = select(MatchRow).where(
        MatchRow.id == match_id,
        _is_of(viewer.organisation_id),
        or_(and_(MatchRow.state == "open", _is_listed()), _is_spoken_of(viewer)),
    )
    if for_change:
        wanted = wanted.with_for_update()
    match = await session.scalar(wanted)
    if match is None:
        raise NotFound
    return match


async def _own_listing(
    session: AsyncSession, viewer: Viewer, kind: str, listing_id: Id | None
) -> None:
    wanted = select(Listing.id).where(Listing.id == listing_id, Listing.kind == kind)
    if not viewer.is_moderator:
        wanted = wanted.where(Listing.organisation_id == viewer.organisation_id)
    if await session.scalar(wanted) is None:
        raise NotFound


def _open_matches(viewer: Viewer) -> _Matches:
    """Open matches with the feedback of the viewer's organisation.

    A listing may have left the market a moment ago, and its matches not yet: both are looked at.
    """
    result, need = aliased(Listing.__table__), aliased(Listing.__table__)
    return (
        select(MatchRow, MatchFeedback)
        .outerjoin(
            MatchFeedback,
            and_(
                MatchFeedback.match_id == MatchRow.id,
                MatchFeedback.organisation_id == viewer.organisation_id,
            ),
        )
        .join(result, result.c.id == MatchRow.result_id)
        .join(need, need.c.id == MatchRow.need_id)
        .where(
            MatchRow.state == "open",
            result.c.status == "published",
            need.c.status == "published",
            or_(_is_listed(), MatchFeedback.id.is_not(None)),
        )
    )


def _is_listed() -> ColumnElement[bool]:
    """Whether either side counts the match among its best."""
    return or_(MatchRow.for_result, MatchRow.for_need)


def _is_spoken_of(viewer: Viewer) -> ColumnElement[bool]:
    return exists().where(
        MatchFeedback.match_id == MatchRow.id,
        MatchFeedback.organisation_id == viewer.organisation_id,
    )


def _listings_of(organisation_id: Id, kind: str) -> Select[Id]:
    return select(Listing.id).where(
        Listing.organisation_id == organisation_id, Listing.kind == kind
    )


def _is_of(organisation_id: Id) -> ColumnElement[bool]:
    return or_(
        MatchRow.result_id.in_(_listings_of(organisation_id, "result")),
        MatchRow.need_id.in_(_listings_of(organisation_id, "need")),
    )


def _ids_of(organisation_id: Id) -> Any:
    # Two steps into two indexes; PostgreSQL would read the whole table for an OR over both.
    return union_all(
        *(
            select(MatchRow.id).where(column_of(kind).in_(_listings_of(organisation_id, kind)))
            for kind in ("result", "need")
        )
    )


async def _page(
    session: AsyncSession, wanted: _Matches, asked: MatchesAsked
) -> list[tuple[MatchRow, MatchFeedback | None]]:
    if asked.after is not None:
        # Of this list: a made-up cursor tells nothing of the matches of others.
        same = wanted.where(MatchRow.id == asked.after.match_id)
        score = await session.scalar(
            same.with_only_columns(MatchRow.score, maintain_column_froms=True)
        )
        last = asked.after.shown_score if score is None else score
        wanted = wanted.where(
            or_(
                MatchRow.score < last,
                and_(MatchRow.score == last, MatchRow.id > asked.after.match_id),
            )
        )
    kept = wanted.where(MatchRow.score >= asked.min_score, _has_verdict(asked.verdict))
    ordered = kept.order_by(MatchRow.score.desc(), MatchRow.id).limit(asked.limit)
    return [(row[0], row[1]) for row in await session.execute(ordered)]


def _has_verdict(verdict: str | None) -> ColumnElement[bool]:
    if verdict is None:
        return func.coalesce(MatchFeedback.verdict, "open") != "declined"
    return func.coalesce(MatchFeedback.verdict, "open") == verdict


async def _own_kinds(
    session: AsyncSession, organisation_id: Id, matches: list[MatchRow]
) -> dict[Id, str]:
    """For each match the kind of the listing that is the organisation's own."""
    own = set(
        await session.scalars(
            select(Listing.id).where(
                Listing.id.in_([match.result_id for match in matches]),
                Listing.organisation_id == organisation_id,
            )
        )
    )
    return {match.id: "result" if match.result_id in own else "need" for match in matches}


async def _with_listings(
    session: AsyncSession, rows: list[tuple[MatchRow, str, MatchFeedback | None]]
) -> list[OwnMatch]:
    listings = {
        **await listings_by_id(session, "result", {match.result_id for match, _, _ in rows}),
        **await listings_by_id(session, "need", {match.need_id for match, _, _ in rows}),
    }
    organisations = await organisations_by_id(session, listings.values())
    found = []
    for match, kind, said in rows:
        own, counterpart = listings[_side(match, kind)], listings[_side(match, other_kind(kind))]
        organisation = organisations[counterpart.organisation_id]
        found.append(OwnMatch(match, own, counterpart, organisation, said))
    return found


def _side(match: MatchRow, kind: str) -> Id:
    return match.result_id if kind == "result" else match.need_id
