"""Nobody and no table is ever booked twice, however many ask at once."""

import asyncio
import uuid
from collections import Counter
from typing import Any

import httpx
import pytest
from sqlalchemy import delete

from market.db import Database, utc_now
from market.errors import Conflict
from market.fairs.booking import Booking, book, move, release, restore
from market.fairs.meeting_models import FairMeeting, FairSeat
from tests.market.accounts.factories import Account, make_account, rows, told
from tests.market.fairs.factories import API
from tests.market.fairs.rows import Hall, make_hall


async def _people(database: Database, *kinds: str) -> list[Account]:
    return [await make_account(database, kind) for kind in kinds]


def _booking(hall: Hall, *places: int, **changes: Any) -> Booking:
    ids: dict[str, Any] = {name: uuid.UUID(each) for name, each in hall.form(*places).items()}
    return Booking(**ids, **changes)


async def _ask(
    client: httpx.AsyncClient, hall: Hall, organizer: Account, form: dict[str, str]
) -> httpx.Response:
    url = f"{API}/fairs/{hall.fair.id}/meetings"
    return await client.post(url, json=form, headers=organizer.headers)


async def test_one_table_and_slot_for_a_hundred_at_once(
    client: httpx.AsyncClient, database: Database
) -> None:
    organizer = await make_account(database, "organizer")
    hosts = await _people(database, *["institute"] * 10)
    guests = await _people(database, *["enterprise"] * 10)
    hall = await make_hall(database, organizer, [*hosts, *guests], tables=1)
    forms = [hall.form(host, 10 + guest) for host in range(10) for guest in range(10)]

    answers = await asyncio.gather(*(_ask(client, hall, organizer, form) for form in forms))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 99}
    assert {told(each) for each in answers if each.status_code == 409} == {(409, "table_taken")}
    assert (len(await rows(database, FairMeeting)), len(await rows(database, FairSeat))) == (1, 2)


async def test_one_participant_and_slot_for_a_hundred_at_once(
    client: httpx.AsyncClient, database: Database
) -> None:
    organizer, host = await _people(database, "organizer", "institute")
    guests = await _people(database, *["enterprise"] * 100)
    hall = await make_hall(database, organizer, [host, *guests], tables=100)
    forms = [hall.form(0, place + 1, 0, place) for place in range(100)]

    answers = await asyncio.gather(*(_ask(client, hall, organizer, form) for form in forms))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 99}
    refusals = {told(each) for each in answers if each.status_code == 409}
    assert refusals == {(409, "participant_busy")}
    assert (len(await rows(database, FairMeeting)), len(await rows(database, FairSeat))) == (1, 2)


async def test_two_participants_meet_once(client: httpx.AsyncClient, database: Database) -> None:
    people = await _people(database, "organizer", "institute", "enterprise")
    hall = await make_hall(database, people[0], people[1:])
    forms = [hall.form(0, 1, slot, slot) for slot in range(4)] * 5

    answers = await asyncio.gather(*(_ask(client, hall, people[0], form) for form in forms))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 19}
    assert len(await rows(database, FairMeeting)) == 1


async def test_as_many_at_once_as_a_participant_has_teams(
    client: httpx.AsyncClient, database: Database
) -> None:
    people = await _people(database, "organizer", "institute", *["enterprise"] * 6)
    hall = await make_hall(database, people[0], people[1:], tables=6)
    async with database.writing() as session:
        host = await session.get_one(type(hall.registrations[0]), hall.registrations[0].id)
        host.teams = 3
    forms = [hall.form(0, place + 1, 0, place) for place in range(6)]

    answers = await asyncio.gather(*(_ask(client, hall, people[0], form) for form in forms))

    assert Counter(answer.status_code for answer in answers) == {201: 3, 409: 3}
    seats = [each for each in await rows(database, FairSeat) if each.registration_id == host.id]
    assert sorted(each.seat for each in seats) == [0, 1, 2]


async def test_swapped_forms_at_once_never_wait_in_a_circle(
    client: httpx.AsyncClient, database: Database
) -> None:
    """Writers that take the same places in other orders: none hangs, none is a 5xx."""
    people = await _people(database, "organizer", *["institute", "enterprise"] * 5)
    hall = await make_hall(database, people[0], people[1:], slots=2, tables=3)
    forms = [
        hall.form(2 * host, 2 * guest + 1, slot, (host + guest) % 3)
        for host in range(5)
        for guest in range(5)
        for slot in range(2)
    ]

    answers = await asyncio.gather(
        *(_ask(client, hall, people[0], form) for form in [*forms, *forms[::-1]])
    )

    counts = Counter(answer.status_code for answer in answers)
    assert set(counts) == {201, 409}
    meetings = await rows(database, FairMeeting)
    assert len(meetings) == counts[201]
    assert len({(each.slot_id, each.table_id) for each in meetings}) == len(meetings)
    seats = [(each.slot_id, each.registration_id) for each in await rows(database, FairSeat)]
    assert len(seats) == len(set(seats)) == 2 * len(meetings)


async def test_the_database_itself_refuses(database: Database) -> None:
    """Not the code before it: rows that are written past the door are refused, too."""
    people = await _people(database, "organizer", "institute", "enterprise", "enterprise")
    hall = await make_hall(database, people[0], people[1:])
    async with database.writing() as session:
        await book(session, hall.fair.id, _booking(hall), utc_now())
    (meeting,) = await rows(database, FairMeeting)
    (seat, _) = await rows(database, FairSeat)

    values = {
        column.key: getattr(meeting, column.key)
        for column in FairMeeting.__table__.columns
        if column.key not in {"id", "second_id"}
    }
    with pytest.raises(Conflict):
        async with database.writing() as session:
            session.add(FairMeeting(second_id=hall.registrations[2].id, **values))
    with pytest.raises(Conflict):
        async with database.writing() as session:
            session.add(
                FairSeat(
                    fair_id=seat.fair_id,
                    slot_id=seat.slot_id,
                    registration_id=seat.registration_id,
                    seat=seat.seat,
                    meeting_id=meeting.id,
                )
            )
    assert len(await rows(database, FairMeeting)) == 1


async def test_released_place_is_free_and_taken_back_only_while_it_is(database: Database) -> None:
    people = await _people(database, "organizer", "institute", "enterprise", "enterprise")
    hall = await make_hall(database, people[0], people[1:])
    now = utc_now()
    async with database.writing() as session:
        meeting = await book(session, hall.fair.id, _booking(hall), now)
        await release(session, meeting, "cancelled", now)
        other = await book(session, hall.fair.id, _booking(hall, 0, 2), now)

    with pytest.raises(Conflict) as refusal:
        async with database.writing() as session:
            await restore(session, await session.get_one(FairMeeting, meeting.id), now)
    async with database.writing() as session:
        await release(session, await session.get_one(FairMeeting, other.id), "no_show", now)
        await restore(session, await session.get_one(FairMeeting, meeting.id), now)

    assert refusal.value.code == "table_taken"
    states = {each.id: each.state for each in await rows(database, FairMeeting)}
    assert states == {meeting.id: "planned", other.id: "no_show"}
    assert {each.meeting_id for each in await rows(database, FairSeat)} == {meeting.id}


async def test_move_frees_the_old_place_and_takes_the_new_one_or_nothing(
    database: Database,
) -> None:
    people = await _people(database, "organizer", "institute", "enterprise", "enterprise")
    hall = await make_hall(database, people[0], people[1:])
    now = utc_now()
    async with database.writing() as session:
        first = await book(session, hall.fair.id, _booking(hall), now)
        await book(session, hall.fair.id, _booking(hall, 0, 2, 1, 1), now)

    async def to(slot: int, table: int) -> None:
        async with database.writing() as session:
            found = await session.get_one(FairMeeting, first.id)
            await move(session, found, hall.slots[slot].id, hall.tables[table].id, now)

    with pytest.raises(Conflict) as refusal:
        await to(1, 0)
    await to(2, 1)

    assert refusal.value.code == "participant_busy"
    places = {
        (each.slot_id, each.registration_id)
        for each in await rows(database, FairSeat)
        if each.meeting_id == first.id
    }
    assert places == {(hall.slots[2].id, hall.registrations[place].id) for place in (0, 1)}


async def test_seats_go_with_their_meeting(database: Database) -> None:
    people = await _people(database, "organizer", "institute", "enterprise")
    hall = await make_hall(database, people[0], people[1:])
    async with database.writing() as session:
        await book(session, hall.fair.id, _booking(hall), utc_now())
    async with database.writing() as session:
        await session.execute(delete(FairMeeting))

    assert await rows(database, FairSeat) == []
