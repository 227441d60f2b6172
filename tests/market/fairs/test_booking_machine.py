"""Whatever is done to the meetings of a fair, in whatever order: nobody is in two places."""

import asyncio
import uuid
from collections import Counter
from random import Random

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database, utc_now
from market.errors import Conflict
from market.fairs.booking import Booking, book, book_all, move, release, restore, supersede
from market.fairs.meeting_models import FairMeeting, FairSeat
from market.fairs.models import FairRegistration
from tests.market.accounts.factories import make_account
from tests.market.fairs.facts import as_it_is, written_down
from tests.market.fairs.rows import Hall, make_hall

_STEPS = 60
_AT_ONCE = 4


class _Play:
    """Random bookings, moves, cancellations and restorations, several at the same time."""

    def __init__(self, database: Database, hall: Hall, random: Random) -> None:
        self._database = database
        self._hall = hall
        self._random = random
        self.counts: Counter[str] = Counter()

    async def step(self) -> None:
        action = self._random.choice((self._book, self._book, self._move, self._end, self._back))
        name = action.__name__
        try:
            async with self._database.writing() as session:
                await action(session)
            self.counts[name] += 1
        except Conflict:
            self.counts["refused"] += 1

    def _booking(self) -> Booking:
        hall, choose = self._hall, self._random.choice
        hosts = [each for each in hall.registrations if each.kind == "institute"]
        guests = [each for each in hall.registrations if each.kind == "enterprise"]
        return Booking(
            first_id=choose(hosts).id,
            second_id=choose(guests).id,
            slot_id=choose(hall.slots).id,
            table_id=choose(hall.tables).id,
        )

    async def _book(self, session: AsyncSession) -> None:
        if self._random.random() < 0.3:
            await book_all(session, self._hall.fair.id, [self._booking()], utc_now())
        else:
            await book(session, self._hall.fair.id, self._booking(), utc_now())

    async def _any(self, session: AsyncSession, *states: str) -> FairMeeting | None:
        found = await session.scalars(
            select(FairMeeting)
            .where(FairMeeting.state.in_(states))
            .order_by(FairMeeting.id)
            .with_for_update()
        )
        meetings = list(found)
        return self._random.choice(meetings) if meetings else None

    async def _move(self, session: AsyncSession) -> None:
        meeting = await self._any(session, "planned")
        if meeting is not None:
            to = self._booking()
            await move(session, meeting, to.slot_id, to.table_id, utc_now())

    async def _end(self, session: AsyncSession) -> None:
        meeting = await self._any(session, "planned")
        if meeting is None:
            return
        if self._random.random() < 0.3:
            await supersede(session, [meeting], utc_now())
        else:
            await release(session, meeting, "cancelled", utc_now())

    async def _back(self, session: AsyncSession) -> None:
        meeting = await self._any(session, "cancelled")
        if meeting is not None:
            await restore(session, meeting, utc_now())


@pytest.mark.parametrize("seed", range(6))
async def test_nobody_is_in_two_places(database: Database, seed: int) -> None:
    organizer = await make_account(database, "organizer")
    kinds = ["institute"] * 3 + ["enterprise"] * 4
    guests = [await make_account(database, kind) for kind in kinds]
    hall = await make_hall(database, organizer, guests, slots=3, tables=3)
    teams = {each.id: 1 for each in hall.registrations} | {hall.registrations[0].id: 2}
    async with database.writing() as session:
        (await session.get_one(FairRegistration, hall.registrations[0].id)).teams = 2
    play = _Play(database, hall, Random(seed))

    for _ in range(_STEPS // _AT_ONCE):
        await asyncio.gather(*(play.step() for _ in range(_AT_ONCE)))
        await _check(database, teams)

    assert play.counts["_book"] > 0
    assert play.counts["refused"] > 0


async def _check(database: Database, teams: dict[uuid.UUID, int]) -> None:
    async with database.reading() as session:
        meetings = list(await session.scalars(select(FairMeeting)))
        seats = list(await session.scalars(select(FairSeat)))
    live = [each for each in meetings if each.state in {"planned", "held"}]
    tables = Counter((each.slot_id, each.table_id) for each in live)
    pairs = Counter((each.first_id, each.second_id) for each in live)
    assert max([*tables.values(), *pairs.values()], default=1) == 1
    taken = Counter((each.slot_id, each.registration_id) for each in seats)
    held = Counter(
        (each.slot_id, side) for each in live for side in (each.first_id, each.second_id)
    )
    assert taken == held
    assert all(amount <= teams[side] for (_, side), amount in held.items())
    # The registrations of the hall were made without the application, which writes them down.
    planned = {each for each in await as_it_is(database) if each[0] == "planned"}
    assert await written_down(database) == planned
