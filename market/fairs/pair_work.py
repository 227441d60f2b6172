"""Works out the pairs of a fair: scores of what is brought, wishes, and what a series carries."""

import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime
from itertools import combinations
from typing import Any

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database, new_id
from market.fairs.meeting_models import FairPair
from market.fairs.meeting_rules import is_host, may_meet
from market.fairs.models import Fair, FairListing, FairRegistration, FairWish
from market.fairs.series import met_before, unmet_needs
from market.fairs.weighing import Likings, Wish, stronger, weigh
from market.listings.models import Listing
from market.matching.set_scores import Feedback, SetScore, SetScores, feedback_between

Id = uuid.UUID
_ROWS_A_STATEMENT = 400
# Among the listing pairs of two participants those come first that somebody wished for.
_WISHED_BONUS = 1_000.0


class PairInput(msgspec.Struct, frozen=True):
    """All that pairs are made of, as it was read."""

    registrations: Mapping[Id, FairRegistration]
    listings: Mapping[str, Mapping[Id, Id]]
    # (who wishes, for which participant or listing) → wish
    wishes: Mapping[tuple[Id, Id], Wish]
    feedback: list[Feedback]
    met: set[frozenset[Id]]
    unmet: set[Id]


async def work_out_pairs(
    database: Database,
    scores: SetScores,
    fair_id: Id,
    progress: Callable[[float], Awaitable[None]],
) -> list[dict[str, Any]]:
    """The rows of FairPair as things are now; nothing is stored yet."""
    async with database.reading() as session:
        fair = await session.get_one(Fair, fair_id)
        read = await read_input(session, fair)
    best = await scores.best(
        read.listings["result"], read.listings["need"], _Ranking(read), progress=progress
    )
    return list(_pairs(fair_id, read, best))


async def store_pairs(
    session: AsyncSession, fair_id: Id, rows: list[dict[str, Any]], now: datetime
) -> None:
    """Put these pairs in place of those before. The fair's own version does not change."""
    await session.execute(
        delete(FairPair)
        .where(FairPair.fair_id == fair_id)
        .execution_options(synchronize_session=False)
    )
    for start in range(0, len(rows), _ROWS_A_STATEMENT):
        await session.execute(insert(FairPair), rows[start : start + _ROWS_A_STATEMENT])
    await session.execute(
        update(Fair.__table__).where(Fair.__table__.c.id == fair_id).values(pairs_at=now)  # type: ignore[arg-type]  # a model's table is a Table.
    )


async def read_input(session: AsyncSession, fair: Fair) -> PairInput:
    found = await session.scalars(
        select(FairRegistration).where(
            FairRegistration.fair_id == fair.id, FairRegistration.status == "approved"
        )
    )
    registrations = {each.id: each for each in found}
    listings = await _listings(session, fair.id, registrations)
    wishes = await session.scalars(select(FairWish).where(FairWish.fair_id == fair.id))
    return PairInput(
        registrations,
        listings,
        {(each.registration_id, each.target_id): each.wish for each in wishes},  # type: ignore[misc]  # by the database
        await feedback_between(session, listings["result"], listings["need"]),
        await met_before(session, fair),
        await unmet_needs(session, fair),
    )


async def _listings(
    session: AsyncSession, fair_id: Id, registrations: Mapping[Id, FairRegistration]
) -> dict[str, dict[Id, Id]]:
    """Of either kind, which participant brings each listing."""
    rows = await session.execute(
        select(FairListing.kind, FairListing.listing_id, FairListing.registration_id)
        .join(Listing, Listing.id == FairListing.listing_id)
        .where(FairListing.fair_id == fair_id, Listing.status == "published")
    )
    brought: dict[str, dict[Id, Id]] = {"result": {}, "need": {}}
    for kind, listing_id, registration_id in rows:
        if registration_id in registrations:
            brought[kind][listing_id] = registration_id
    return brought


class _Ranking:
    """What a pair of listings is worth among those of the same two participants."""

    def __init__(self, read: PairInput) -> None:
        self._registrations = read.registrations
        self._bonuses: dict[Id, dict[Id, float | None]] = {}
        for result_id, need_id, is_refused in _said_of_pairs(read):
            told = self._bonuses.setdefault(need_id, {})
            if is_refused:
                told[result_id] = None
            else:
                told.setdefault(result_id, _WISHED_BONUS)

    def may_meet(self, result_owner: Id, need_owner: Id) -> bool:
        return _may(self._registrations[result_owner], self._registrations[need_owner])

    def bonuses(self, need_id: Id) -> Mapping[Id, float | None]:
        """None for what somebody does not want to speak about."""
        return self._bonuses.get(need_id, {})


def _said_of_pairs(read: PairInput) -> Iterator[tuple[Id, Id, bool]]:
    """Results and needs of which somebody said something, and whether it was a refusal.

    A wish for a listing is one for it with every listing of who wishes.
    """
    brought = {kind: _by_owner(read.listings[kind]) for kind in ("result", "need")}
    for (who, target), wish in read.wishes.items():
        if target in read.listings["need"]:
            yield from ((own, target, wish == "no") for own in brought["result"].get(who, ()))
        elif target in read.listings["result"]:
            yield from ((target, own, wish == "no") for own in brought["need"].get(who, ()))
    for said in read.feedback:
        yield said.result_id, said.need_id, said.verdict == "declined"


def _by_owner(owners: Mapping[Id, Id]) -> dict[Id, list[Id]]:
    found: dict[Id, list[Id]] = {}
    for listing_id, owner in owners.items():
        found.setdefault(owner, []).append(listing_id)
    return found


def _may(one: FairRegistration, other: FairRegistration) -> bool:
    """Kinds that meet, and not of one delegation."""
    is_one_delegation = one.delegation_id is not None and one.delegation_id == other.delegation_id
    return may_meet(one.kind, other.kind) and not is_one_delegation


def _pairs(
    fair_id: Id, read: PairInput, best: Mapping[tuple[Id, Id], SetScore]
) -> Iterator[dict[str, Any]]:
    wishes = _wishes_for_participants(read)
    for one, other in combinations(sorted(read.registrations.values(), key=lambda r: r.id), 2):
        if not _may(one, other):
            continue
        host, guest = (one, other) if is_host(one.kind, other.kind) else (other, one)
        found = max(
            (
                each
                for each in (best.get((host.id, guest.id)), best.get((guest.id, host.id)))
                if each
            ),
            key=lambda each: each.score,
            default=None,
        )
        likings = _likings(read, wishes, host, guest, found)
        weighed = weigh(likings)
        if weighed is not None:
            yield {
                "id": new_id(),
                "fair_id": fair_id,
                "first_id": host.id,
                "second_id": guest.id,
                "result_id": found and found.result_id,
                "need_id": found and found.need_id,
                "score": found and found.score,
                "first_likes": weighed.first_likes,
                "second_likes": weighed.second_likes,
                "first_wish": likings.first_wish,
                "second_wish": likings.second_wish,
                "met_before": likings.met_before,
                "forbidden": weighed.is_forbidden,
                "weight": weighed.weight,
            }


def _likings(
    read: PairInput,
    wishes: Mapping[tuple[Id, Id], Wish],
    host: FairRegistration,
    guest: FairRegistration,
    found: SetScore | None,
) -> Likings:
    offers = found is not None and read.listings["result"][found.result_id] == host.id
    institute = None if found is None else found.institute_log_odds
    enterprise = None if found is None else found.enterprise_log_odds
    return Likings(
        score=None if found is None else found.score,
        first_log_odds=institute if offers else enterprise,
        second_log_odds=enterprise if offers else institute,
        first_wish=wishes.get((host.id, guest.id)),
        second_wish=wishes.get((guest.id, host.id)),
        met_before=frozenset((host.organisation_id, guest.organisation_id)) in read.met,
        unmet_need=found is not None and found.need_id in read.unmet,
    )


def _wishes_for_participants(read: PairInput) -> dict[tuple[Id, Id], Wish]:
    """Who wishes what of whom. A saved match counts as a wish; a "no" to a listing is none to
    its owner."""
    owner_of = {**read.listings["result"], **read.listings["need"]}
    wishes: dict[tuple[Id, Id], Wish] = {}

    def add(who: Id, whom: Id, wish: Wish) -> None:
        told = stronger(wishes.get((who, whom)), wish)
        if told is not None:
            wishes[who, whom] = told

    for (who, target), wish in read.wishes.items():
        if target in owner_of and wish != "no":
            add(who, owner_of[target], wish)
        elif target in read.registrations:
            add(who, target, wish)
    for said in read.feedback:
        owner, asker = owner_of.get(said.result_id), owner_of.get(said.need_id)
        if said.verdict == "saved" and owner is not None and asker is not None:
            for one, other in ((owner, asker), (asker, owner)):
                if read.registrations[one].organisation_id == said.organisation_id:
                    add(one, other, "like")
    return wishes
