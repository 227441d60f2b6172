"""What fairs write down for others: once for each subject, and taken back when it is not so."""

import asyncio
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from market.db import Database, new_id
from market.errors import Conflict
from market.records.models import FairFact, FairRecord
from market.records.queries import fair_of_meeting, known_fair, takes_part
from market.records.service import Fact, KnownFair, erase, forget_fair, record, record_fair
from tests.market.accounts.factories import make_account, rows

NOW = datetime(2027, 6, 18, 1, 0, tzinfo=UTC)


async def someone(database: Database, kind: str = "enterprise") -> uuid.UUID:
    account = await make_account(database, kind)
    assert account.organisation is not None
    return account.organisation.id


async def fair_at(database: Database, **changes: Any) -> KnownFair:
    values = {"fair_id": new_id(), "organisation_id": await someone(database, "organizer")}
    fair = KnownFair(**{"name": "鞋服专场"} | values | changes)
    async with database.writing() as session:
        await record_fair(session, fair)
    return fair


def registered(organisation_id: uuid.UUID, **changes: Any) -> Fact:
    values: dict[str, Any] = {
        "stage": "registered",
        "subject_id": new_id(),
        "organisation_id": organisation_id,
        "at": NOW,
    }
    return Fact(**values | changes)


async def write(database: Database, fair_id: uuid.UUID, *facts: Fact) -> None:
    async with database.writing() as session:
        await record(session, fair_id, facts)


async def facts_of(database: Database) -> set[tuple[str, uuid.UUID, datetime]]:
    return {(row.stage, row.subject_id, row.at) for row in await rows(database, FairFact)}


async def test_a_fair_is_known_as_it_was_told_last(database: Database) -> None:
    fair = await fair_at(database)
    series_id = new_id()

    await fair_at(
        database,
        fair_id=fair.fair_id,
        organisation_id=fair.organisation_id,
        name="鞋服专场（改期）",
        begins_on=date(2027, 9, 1),
        series_id=series_id,
    )

    (row,) = await rows(database, FairRecord)
    assert (row.fair_id, row.organisation_id, row.name, row.begins_on, row.series_id) == (
        fair.fair_id,
        fair.organisation_id,
        "鞋服专场（改期）",
        date(2027, 9, 1),
        series_id,
    )


async def test_a_fact_is_there_once_and_its_earliest_time_counts(database: Database) -> None:
    fair = await fair_at(database)
    fact = registered(await someone(database))
    later = registered(fact.organisation_id, subject_id=fact.subject_id, at=NOW + timedelta(days=1))
    came = registered(fact.organisation_id, subject_id=fact.subject_id, stage="checked_in")

    await write(database, fair.fair_id, later)
    await write(database, fair.fair_id, fact)
    await write(database, fair.fair_id, later, came)

    assert await facts_of(database) == {
        ("registered", fact.subject_id, NOW),
        ("checked_in", fact.subject_id, NOW),
    }


async def test_many_at_once_write_each_fact_once(database: Database) -> None:
    fair = await fair_at(database)
    guest_id = await someone(database)
    facts = [registered(guest_id) for _ in range(5)]

    await asyncio.gather(*(write(database, fair.fair_id, *facts) for _ in range(8)))

    assert len(await rows(database, FairFact)) == 5


async def test_thousands_are_written_and_taken_back_at_once(database: Database) -> None:
    fair = await fair_at(database)
    guest_id = await someone(database)
    facts = [registered(guest_id) for _ in range(1_201)]
    await write(database, fair.fair_id, *facts)

    async with database.writing() as session:
        await erase(session, fair.fair_id, "registered", [fact.subject_id for fact in facts[1:]])

    assert await facts_of(database) == {("registered", facts[0].subject_id, NOW)}


async def test_what_is_taken_back_is_that_stage_of_that_fair(database: Database) -> None:
    fair, other = await fair_at(database), await fair_at(database)
    fact = registered(await someone(database))
    came = registered(fact.organisation_id, subject_id=fact.subject_id, stage="checked_in")
    for fair_id in (fair.fair_id, other.fair_id):
        await write(database, fair_id, fact, came)

    async with database.writing() as session:
        await erase(session, fair.fair_id, "checked_in", [fact.subject_id])
        await erase(session, fair.fair_id, "checked_in", [fact.subject_id, new_id()])
        await erase(session, fair.fair_id, "planned", [])

    left = {(row.fair_id, row.stage) for row in await rows(database, FairFact)}
    assert left == {
        (fair.fair_id, "registered"),
        (other.fair_id, "registered"),
        (other.fair_id, "checked_in"),
    }


async def test_facts_need_a_fair_that_is_known(database: Database) -> None:
    with pytest.raises((Conflict, IntegrityError)):
        await write(database, new_id(), registered(await someone(database)))

    assert await rows(database, FairFact) == []


async def test_a_forgotten_fair_takes_its_facts_along(database: Database) -> None:
    fair, other = await fair_at(database), await fair_at(database)
    guest_id = await someone(database)
    for fair_id in (fair.fair_id, other.fair_id):
        await write(database, fair_id, registered(guest_id))

    async with database.writing() as session:
        await forget_fair(session, fair.fair_id)
        await forget_fair(session, fair.fair_id)

    assert [row.fair_id for row in await rows(database, FairRecord)] == [other.fair_id]
    assert [row.fair_id for row in await rows(database, FairFact)] == [other.fair_id]


async def test_what_others_ask_of_fairs(database: Database) -> None:
    fair = await fair_at(database)
    first_id, second_id, third_id = [await someone(database) for _ in range(3)]
    meeting = registered(
        first_id, stage="planned", other_organisation_id=second_id, subject_id=new_id()
    )
    guest = registered(first_id)
    await write(database, fair.fair_id, guest, meeting)
    meeting_id = meeting.subject_id

    async with database.reading() as session:
        known = await known_fair(session, fair.fair_id)
        assert known is not None
        assert known.name == "鞋服专场"
        assert await known_fair(session, None) is None
        assert await known_fair(session, new_id()) is None
        assert await takes_part(session, fair.fair_id, first_id)
        assert not await takes_part(session, fair.fair_id, second_id)
        assert not await takes_part(session, fair.fair_id, None)
        for pair in ((first_id, second_id), (second_id, first_id)):
            assert await fair_of_meeting(session, meeting_id, *pair) == fair.fair_id
        assert await fair_of_meeting(session, meeting_id, first_id, third_id) is None
        # A registration is no meeting.
        assert await fair_of_meeting(session, guest.subject_id, first_id, second_id) is None
