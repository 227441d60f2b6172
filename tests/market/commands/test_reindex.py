"""`duijie reindex`: here, or by the worker that holds the index."""

import asyncio
from pathlib import Path

import pytest

from market.accounts.models import Organisation
from market.db import Database
from market.indexing.engines import RECONCILE, open_indexes
from market.indexing.handlers import REBUILD, job_kinds
from market.settings import Settings
from market.worker import Worker
from search.documents import SearchDocument
from tests.market.accounts.factories import make_account
from tests.market.commands.runs import Duijie, DuijieOnMarket, Ran
from tests.market.indexing.factories import Row, ids_of, jobs_of, post

STRANGER = SearchDocument(id="fremd", title="无主文档")


@pytest.fixture
async def settings(tmp_path: Path, database_url: str) -> Settings:
    """Those of the command: its data folder is where it looks without being told."""
    return Settings(data_folder=tmp_path / "duijie-data", database_url=database_url)


@pytest.fixture
async def owner(database: Database) -> Organisation:
    organisation = (await make_account(database)).organisation
    assert organisation is not None
    return organisation


@pytest.fixture
async def listings(database: Database, owner: Organisation) -> list[Row]:
    await post(database, owner, status="withdrawn")
    kinds = ("result", "result", "need")
    return [await post(database, owner, kind) for kind in kinds]


async def held(settings: Settings, database: Database) -> list[set[str]]:
    async with open_indexes(settings, database, for_writing=False) as indexes:
        return [set(await engine.versions()) for engine in (indexes.results, indexes.needs)]


async def test_index_is_made_anew_where_nobody_else_holds_it(
    duijie_on_market: DuijieOnMarket,
    settings: Settings,
    database: Database,
    listings: list[Row],
) -> None:
    ran = await duijie_on_market("reindex")

    assert ran == Ran(0, "成果：索引中有 2 项\n需求：索引中有 1 项\n", "")
    ids = ids_of(listings)
    assert await held(settings, database) == [set(ids[:2]), set(ids[2:])]
    assert len(await jobs_of(database, RECONCILE)) == 1


async def test_only_the_kind_that_is_named_is_made_anew(
    duijie_on_market: DuijieOnMarket,
    settings: Settings,
    database: Database,
    listings: list[Row],
) -> None:
    async with open_indexes(settings, database, for_writing=True) as indexes:
        for engine in (indexes.results, indexes.needs):
            await engine.upsert([STRANGER])

    ran = await duijie_on_market("reindex", "--kind", "needs", "--lang", "en")

    assert ran == Ran(0, "needs: 1 in the index\n", "")
    ids = ids_of(listings)
    assert await held(settings, database) == [{*ids[:2], "fremd"}, set(ids[2:])]


async def test_worker_that_holds_the_index_makes_it_anew(
    duijie_on_market: DuijieOnMarket,
    settings: Settings,
    database: Database,
    listings: list[Row],
) -> None:
    async with open_indexes(settings, database, for_writing=True) as indexes:
        await indexes.results.upsert([STRANGER])
        worker = Worker(database, job_kinds(settings, database, indexes))
        async with worker.running():
            ran = await duijie_on_market("reindex", "--kind", "results")

    assert ran == Ran(0, "成果：索引中有 2 项\n", "")
    assert (await held(settings, database))[0] == set(ids_of(listings[:2]))
    assert [job.payload for job in await jobs_of(database, REBUILD, "done")] == [{"kind": "result"}]


async def test_rebuild_that_was_dropped_is_told(
    duijie_on_market: DuijieOnMarket, settings: Settings, database: Database
) -> None:
    async def drop() -> None:
        while not (waiting := await jobs_of(database, REBUILD)):  # noqa: ASYNC110 - of a thread.
            await asyncio.sleep(0.05)
        async with database.writing() as session:
            await session.delete(await session.merge(waiting[0]))

    async with open_indexes(settings, database, for_writing=True), asyncio.timeout(30):
        ran, _ = await asyncio.gather(duijie_on_market("reindex", "--kind", "results"), drop())

    assert ran == Ran(1, "", "错误 · Error: 重建失败 · The rebuild failed: dropped\n")


def test_database_that_is_not_there_is_told(duijie: Duijie, folder: Path) -> None:
    ran = duijie("reindex")

    assert (ran.code, ran.out) == (2, "")
    assert "duijie migrate" in ran.err
    assert not (folder / "duijie-data").exists()
