"""Fairs that were held before anything was written down of them are known after the migration."""

import uuid
from importlib import import_module
from typing import Any

import httpx
from sqlalchemy import Connection, delete, select

from market.db import Database
from market.fairs.meeting_models import FairMeeting, FairPlan
from market.fairs.models import Fair
from market.records.models import FairFact, FairRecord
from tests.market.accounts.factories import rows
from tests.market.fairs.facts import as_it_is, written_down
from tests.market.fairs.test_recording import book, come, decide, end, published

_MIGRATION = import_module("market.migrations.versions.20261125_files_of_fairs")


async def test_what_happened_before_is_written_down(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair, guests = await published(client, database)
    await come(fair, database, guests[0])
    await come(fair, database, guests[0], minutes=-5)
    first = await book(fair, guests[0], guests[1], slot=0)
    await end(first, fair, "cancel", reason="有事")
    await book(fair, guests[0], guests[1], slot=1)
    other, others = await published(client, database)
    held = await book(other, others[0], others[1], slot=0)
    async with database.writing() as session:
        (await session.get_one(FairMeeting, uuid.UUID(held))).state = "held"
        session.add(_plan_of_before(await session.get_one(Fair, uuid.UUID(fair.id))))
    await decide(other, others[1], "withdraw", others[1].account)
    records = {(row.fair_id, row.name, row.begins_on) for row in await rows(database, FairRecord)}
    async with database.writing() as session:
        await session.execute(delete(FairFact))
        await session.execute(delete(FairRecord))

    async with database.engine.begin() as connection:
        await connection.run_sync(_migrated)

    assert await written_down(database) == await as_it_is(database)
    assert {stage for stage, *_ in await written_down(database)} == {
        *("registered", "checked_in", "planned", "held"),
    }
    told = {(row.fair_id, row.name, row.begins_on) for row in await rows(database, FairRecord)}
    assert told == records
    async with database.reading() as session:
        outcomes: list[Any] = list(await session.scalars(select(FairPlan.outcome)))
    assert outcomes == [{"unplanned": [], "unplanned_total": 1}]


def _migrated(connection: Connection) -> None:
    for step in ("_make_known", "_record", "_drop_reasons"):
        getattr(_MIGRATION, step)(connection)


def _plan_of_before(fair: Fair) -> FairPlan:
    return FairPlan(
        fair_id=fair.id,
        number=1,
        kind="plan",
        state="draft",
        options={},
        outcome={"unplanned": [["a:b", 5, "forbidden", None, None]], "unplanned_total": 1},
        created_at=fair.created_at,
    )
