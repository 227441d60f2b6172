"""Announcing, expiring, and what services refuse whoever calls them."""

import uuid
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from market.accounts.viewer import Viewer
from market.claiming import claim
from market.db import Database, new_id
from market.errors import Forbidden, PreconditionFailed
from market.jobs import INDEX, SOON, Job
from market.listings.handlers import EXPIRE, job_kinds
from market.listings.models import Listing
from market.listings.service import (
    IDS_A_JOB,
    announce,
    create_listing,
    expire_due,
    flush,
)
from schemas.listing_forms import NeedForm, ResultForm
from tests.market.accounts.factories import Account, make_account
from tests.market.listings.factories import (
    NEED_FORM,
    NOW,
    RESULT_FORM,
    TODAY,
    announced,
    need_row,
    result_row,
)

YESTERDAY = TODAY - timedelta(days=1)


async def store(
    database: Database, owner: Account, status: str, expires_on: date | None, kind: str = "result"
) -> uuid.UUID:
    """A listing in this state, as it may have come to be."""
    make = result_row if kind == "result" else need_row
    assert owner.organisation is not None
    listing_id = new_id()
    row = make(
        id=listing_id,
        organisation_id=owner.organisation.id,
        reference=None,
        status=status,
        expires_on=expires_on,
        version=None,
    )
    async with database.writing() as session:
        session.add(row)
    return listing_id


async def states(database: Database) -> dict[uuid.UUID, tuple[str, int]]:
    async with database.reading() as session:
        rows = await session.execute(select(Listing.id, Listing.status, Listing.version))
        return {row.id: (row.status, row.version) for row in rows}


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(0, []), (1, [1]), (IDS_A_JOB, [IDS_A_JOB]), (2 * IDS_A_JOB + 1, [IDS_A_JOB, IDS_A_JOB, 1])],
)
async def test_a_job_names_a_thousand_listings_at_most(
    database: Database, count: int, sizes: list[int]
) -> None:
    ids = [new_id() for _ in range(count)]

    async with database.writing() as session:
        await announce(session, "need", ids, priority=SOON)

    payloads = await announced(database)
    assert [len(payload["ids"]) for payload in payloads] == sizes
    assert sorted(each for payload in payloads for each in payload["ids"]) == sorted(map(str, ids))
    assert {payload["kind"] for payload in payloads} <= {"need"}


async def test_announcement_is_gone_with_its_unit_of_work(database: Database) -> None:
    async def announce_and_fail() -> None:
        async with database.writing() as session:
            await announce(session, "need", [new_id()])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await announce_and_fail()

    assert await announced(database) == []


async def test_publications_end_the_day_after_their_last(database: Database) -> None:
    owner = await make_account(database)
    over = {
        await store(database, owner, "published", YESTERDAY),
        await store(database, owner, "paused", YESTERDAY),
        await store(database, owner, "published", YESTERDAY, kind="need"),
    }
    going_on = {
        await store(database, owner, "published", TODAY),
        await store(database, owner, "published", None),
        await store(database, owner, "draft", YESTERDAY),
        await store(database, owner, "closed", YESTERDAY),
        await store(database, owner, "withdrawn", YESTERDAY),
        await store(database, owner, "expired", YESTERDAY),
    }
    before = await states(database)

    async with database.writing() as session:
        expired = await expire_due(session, NOW, limit=100)

    after = await states(database)
    assert expired == 3
    assert {each: after[each] for each in over} == dict.fromkeys(over, ("expired", 2))
    assert {each: after[each] for each in going_on} == {each: before[each] for each in going_on}


async def test_ended_publications_are_announced_by_kind(database: Database) -> None:
    owner = await make_account(database)
    results = [await store(database, owner, "published", YESTERDAY) for _ in range(2)]
    need = await store(database, owner, "paused", YESTERDAY, kind="need")

    async with database.writing() as session:
        await expire_due(session, NOW, limit=100)

    told = {payload["kind"]: sorted(payload["ids"]) for payload in await announced(database)}
    assert told == {"result": sorted(map(str, results)), "need": [str(need)]}


async def test_limit_ends_the_oldest_first(database: Database) -> None:
    owner = await make_account(database)
    newer = await store(database, owner, "published", YESTERDAY)
    older = await store(database, owner, "published", YESTERDAY - timedelta(days=1))

    async with database.writing() as session:
        expired = await expire_due(session, NOW, limit=1)

    after = await states(database)
    assert expired == 1
    assert (after[older], after[newer]) == (("expired", 2), ("published", 1))


async def test_nothing_is_due(database: Database) -> None:
    async with database.writing() as session:
        assert await expire_due(session, NOW, limit=10) == 0

    assert await announced(database) == []


async def test_job_ends_all_that_is_due_in_parts_and_finishes(database: Database) -> None:
    owner = await make_account(database)
    for _ in range(5):
        await store(database, owner, "published", date(2020, 1, 1))
    async with database.writing() as session:
        session.add(Job(kind=EXPIRE, payload={}, run_at=NOW - timedelta(days=999), created_at=NOW))
    async with database.writing() as session:
        jobs = await claim(session, [EXPIRE], limit=1, lease_s=60)

    await job_kinds(database)[EXPIRE].handle(jobs)

    async with database.reading() as session:
        done = await session.scalar(select(Job.state).where(Job.kind == EXPIRE))
        asked = await session.scalar(select(Job.priority).where(Job.kind == INDEX))
    assert {status for status, _ in (await states(database)).values()} == {"expired"}
    assert (done, asked) == ("done", SOON)


@pytest.mark.parametrize(
    ("kind", "form", "roles"),
    [
        ("result", ResultForm, {"enterprise"}),
        ("result", ResultForm, {"moderator", "administrator"}),
        ("need", NeedForm, {"institute"}),
    ],
)
async def test_service_refuses_roles_that_post_no_such_listing(
    database: Database, kind: Any, form: Any, roles: set[str]
) -> None:
    viewer = Viewer(user_id=new_id(), organisation_id=new_id(), roles=frozenset(roles))
    filled = msgspec.convert({"result": RESULT_FORM, "need": NEED_FORM}[kind], form)

    with pytest.raises(Forbidden) as refusal:
        async with database.writing() as session:
            await create_listing(session, viewer, kind, filled, NOW)

    assert refusal.value.code == "role_refused"
    assert await states(database) == {}


async def test_change_of_a_row_that_another_hand_changed_is_refused(database: Database) -> None:
    owner = await make_account(database)
    listing_id = await store(database, owner, "published", TODAY)
    async with database.reading() as session:
        stale = await session.get_one(Listing, listing_id)
    async with database.writing() as session:
        (await session.get_one(Listing, listing_id)).title = "先到"

    async def change_late() -> None:
        async with database.writing() as session:
            session.add(stale)
            stale.title = "后到"
            await flush(session)

    with pytest.raises(PreconditionFailed):
        await change_late()

    assert await states(database) == {listing_id: ("published", 2)}


async def test_change_of_a_column_of_the_kind_alone_grows_the_version(database: Database) -> None:
    owner = await make_account(database)
    listing_id = await store(database, owner, "published", TODAY, kind="need")

    async with database.writing() as session:
        listing: Any = await session.get_one(Listing, listing_id)
        listing.budget_max_cny = 1_000_000

    assert await states(database) == {listing_id: ("published", 2)}
