"""What looks after a kill sees every kind of damage: "0 lost" means something."""

from typing import Any

import pytest
from sqlalchemy import delete, update

from market.db import Database, new_id, utc_now
from market.indexing.engines import Indexes
from market.jobs import INDEX, Job, enqueue
from market.listings.models import Listing, ResultListing
from market.settings import Settings
from tests.hard.aftermath import faults_left, wait_for_rest
from tests.hard.wares import work
from tests.hard.world import World, people
from tests.hard.writers import Held, Writer

_TITLE = "橡胶鞋底湿摩擦 1"


async def _written(database: Database, settings: Settings, indexes: Indexes) -> tuple[Writer, Held]:
    """A marketplace at rest with one published result that its writer knows of."""
    world = await people(database)
    listing_id = await _publish(world, _TITLE)
    await work(world, settings, indexes)
    held = Held(id=listing_id, title=_TITLE, status="published", version=1, etag='"1"')
    return _writer(held), held


def _writer(held: Held) -> Writer:
    writer = Writer("result", {}, lambda: None, None)  # type: ignore[arg-type]  # never runs
    writer.held[held.id] = held
    writer.titles.add(held.title)
    return writer


async def _publish(world: World, title: str) -> str:
    organisation = world.accounts["institute"].organisation
    assert organisation is not None
    now = utc_now()
    listing = ResultListing(
        id=new_id(),
        organisation_id=organisation.id,
        title=title,
        text="湿摩擦系数由0.32提升到0.55",
        shows_organisation=True,
        status="published",
        published_at=now,
        created_at=now,
        changed_at=now,
    )
    async with world.database.writing() as session:
        session.add(listing)
        await session.flush()
        await enqueue(session, INDEX, {"kind": "result", "ids": [str(listing.id)]})
    return str(listing.id)


async def _damage(database: Database, statement: Any) -> None:
    async with database.writing() as session:
        await session.execute(statement)


async def test_marketplace_at_rest_has_no_faults(
    database: Database, settings: Settings, indexes: Indexes
) -> None:
    writer, _ = await _written(database, settings, indexes)

    faults = await faults_left(database, indexes, [writer])

    assert faults == []


async def test_lost_listing_is_seen(
    database: Database, settings: Settings, indexes: Indexes
) -> None:
    writer, held = await _written(database, settings, indexes)
    held.id = str(new_id())
    writer.held = {held.id: held}

    faults = await faults_left(database, indexes, [writer])

    assert faults == [f"{held} is gone"]


@pytest.mark.parametrize(
    ("changes", "unanswered", "is_fault"),
    [
        ({"version": 2}, 0, True),
        ({"version": 2}, 1, False),
        ({"version": 3}, 1, True),
        ({"title": "橡胶鞋底湿摩擦 2"}, 0, True),
        ({"status": "paused"}, 0, True),
    ],
)
async def test_listing_that_is_not_as_acknowledged_is_seen(
    database: Database,
    settings: Settings,
    indexes: Indexes,
    changes: dict[str, Any],
    unanswered: int,
    is_fault: bool,
) -> None:
    writer, held = await _written(database, settings, indexes)
    held.unanswered = unanswered
    writer.titles.add("橡胶鞋底湿摩擦 2")
    await _damage(database, update(Listing.__table__).values(**changes))  # type: ignore[arg-type]

    faults = await faults_left(database, indexes, [writer])

    assert any(fault.startswith(f"{held} is ") for fault in faults) is is_fault


async def test_doubled_and_unknown_listings_are_seen(
    database: Database, settings: Settings, indexes: Indexes
) -> None:
    world = await people(database)
    titles = (_TITLE, _TITLE, "谁也没有发过")
    ids = [await _publish(world, title) for title in titles]
    await work(world, settings, indexes)
    held = Held(id=ids[0], title=_TITLE, status="published", version=1, etag='"1"')

    faults = await faults_left(database, indexes, [_writer(held)])

    assert faults == [f"{_TITLE} is there 2 times", "谁也没有发过 was never sent"]


async def test_imported_row_that_is_gone_is_seen(
    database: Database, settings: Settings, indexes: Indexes
) -> None:
    writer, _ = await _written(database, settings, indexes)
    writer.imported = {"导入的成果"}

    faults = await faults_left(database, indexes, [writer])

    assert faults == ["导入的成果 was imported and is gone"]


async def test_dead_job_is_seen(database: Database, settings: Settings, indexes: Indexes) -> None:
    writer, _ = await _written(database, settings, indexes)
    await _damage(
        database, update(Job).where(Job.kind == INDEX).values(state="dead", error="KeyError: 'id'")
    )

    faults = await faults_left(database, indexes, [writer])

    assert faults == [f"1 jobs {INDEX} are not done: {{\"KeyError: 'id'\"}}"]


async def test_listing_that_is_not_in_the_index_is_seen(
    database: Database, settings: Settings, indexes: Indexes
) -> None:
    writer, held = await _written(database, settings, indexes)
    await indexes.of("result").delete([held.id])

    faults = await faults_left(database, indexes, [writer])

    assert [fault.partition(":")[0] for fault in faults] == ["The index of results drifted"]
    assert f"missing=frozenset({{'{held.id}'}})" in faults[0]


async def test_surplus_in_the_index_is_seen(
    database: Database, settings: Settings, indexes: Indexes
) -> None:
    writer, held = await _written(database, settings, indexes)
    await _damage(database, delete(Listing.__table__))  # type: ignore[arg-type]
    writer.held.clear()

    faults = await faults_left(database, indexes, [writer])

    assert [fault.partition(":")[0] for fault in faults] == ["The index of results drifted"]
    assert f"surplus=frozenset({{'{held.id}'}})" in faults[0]


async def test_verdict_that_is_gone_is_seen(
    database: Database, settings: Settings, indexes: Indexes
) -> None:
    writer, _ = await _written(database, settings, indexes)
    writer.feedback["a match"] = "7"

    faults = await faults_left(database, indexes, [writer])

    assert faults == ["The verdict 7 on match a match is gone"]


async def test_waiting_for_rest_tells_which_jobs_are_left(database: Database) -> None:
    async with database.writing() as session:
        await enqueue(session, INDEX, {"kind": "result", "ids": []})

    with pytest.raises(TimeoutError, match=INDEX):
        await wait_for_rest(database, limit_s=0.05)
