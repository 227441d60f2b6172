"""The indexes of a process: who writes them, and how they mend by themselves."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from market.db import Database
from market.errors import Unavailable
from market.indexing.embedded import EmbeddedIndexes
from market.indexing.engines import RECONCILE, indexes_in_memory, open_indexes
from market.indexing.published import LISTINGS_A_BATCH, published_documents
from market.indexing.upkeep import Batches, Kind, kept
from market.settings import Settings
from search.documents import SearchDocument
from search.port import IndexLocked, SearchQuery, SearchUnavailable
from tests.market.accounts.factories import make_account
from tests.market.indexing.factories import (
    Row,
    announce,
    change,
    ids_of,
    jobs_of,
    made_listing,
    post,
    run_jobs,
)

SOLE = SearchDocument(id="1", title="橡胶鞋底")
DRYER = SearchDocument(id="2", title="食品干燥机")
OFTEN_S = 0.02


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110 - what is waited for tells nobody that it happened.
            await asyncio.sleep(OFTEN_S)


@pytest.fixture
async def results(database: Database) -> list[Row]:
    """Two published results; drafts and others beside them, which no index may hold."""
    owner = (await make_account(database)).organisation
    for status in ("draft", "paused", "closed", "withdrawn", "expired"):
        await post(database, owner, status=status)
    await post(database, owner, "need")
    return [await post(database, owner), await post(database, owner)]


def damage(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix != ".lock":
            path.write_bytes(b"\xa5" * 64)


def outdate(folder: Path) -> None:
    manifest = folder / "index.json"
    held = msgspec.json.decode(manifest.read_bytes())
    manifest.write_bytes(msgspec.json.encode(held | {"pipeline_version": -1}))


def remove(folder: Path) -> None:
    shutil.rmtree(folder)


async def test_missing_indexes_are_made_of_what_is_published(
    settings: Settings, database: Database, results: list[Row]
) -> None:
    async with open_indexes(settings, database, for_writing=True) as indexes:
        held = await indexes.results.versions()
        needs = await indexes.needs.search(SearchQuery(text="打滑"))

        assert held == dict.fromkeys(ids_of(results), 1)
        assert (needs.total, indexes.can_write) == (1, True)


@pytest.mark.parametrize("harm", [damage, outdate, remove])
async def test_index_that_can_not_be_used_is_made_anew(
    settings: Settings, database: Database, results: list[Row], harm: Callable[[Path], None]
) -> None:
    async with open_indexes(settings, database, for_writing=True):
        pass
    harm(settings.index_folder / "results")

    async with open_indexes(settings, database, for_writing=True) as indexes:
        held = await indexes.results.versions()

    assert held == dict.fromkeys(ids_of(results), 1)


async def test_rebuild_that_nobody_asked_for_is_followed_by_a_comparison(
    settings: Settings, database: Database
) -> None:
    async with open_indexes(settings, database, for_writing=True):
        pass

    assert [job.payload for job in await jobs_of(database, RECONCILE)] == [{}, {}]


async def test_sound_indexes_are_opened_as_they_are(
    settings: Settings, database: Database, results: list[Row]
) -> None:
    async with open_indexes(settings, database, for_writing=True) as indexes:
        await indexes.results.upsert([SOLE])

    async with open_indexes(settings, database, for_writing=True) as indexes:
        held = await indexes.results.versions()

    assert set(held) == {*ids_of(results), "1"}


async def test_second_process_reads_and_takes_over_when_the_first_is_gone(
    settings: Settings, database: Database, results: list[Row]
) -> None:
    first = open_indexes(settings, database, for_writing=True)
    writer = await first.__aenter__()

    async with open_indexes(settings, database, for_writing=True, retry_s=OFTEN_S) as second:
        reads = await second.results.versions()
        could_write = [writer.can_write, second.can_write]
        with pytest.raises(SearchUnavailable):
            await second.results.upsert([SOLE])
        with pytest.raises(IndexLocked):
            await second.rebuild("result", published_documents(database, "result"))
        await first.__aexit__(None, None, None)
        await until(lambda: second.can_write)
        await second.results.upsert([SOLE])

    assert reads == dict.fromkeys(ids_of(results), 1)
    assert could_write == [True, False]


async def test_only_the_writer_claims_index_jobs(
    settings: Settings, database: Database, results: list[Row]
) -> None:
    await announce(database, *results)

    async with open_indexes(settings, database, for_writing=True) as writer:
        async with open_indexes(settings, database, for_writing=False) as reader:
            await run_jobs(settings, database, reader)
            left_by_reader = len(await jobs_of(database, "index.sync"))
        await run_jobs(settings, database, writer)

    assert (left_by_reader, len(await jobs_of(database, "index.sync"))) == (1, 0)


async def test_reading_process_finds_the_index_when_a_writer_made_it(
    settings: Settings, database: Database, results: list[Row]
) -> None:
    async with open_indexes(settings, database, for_writing=False) as reader:
        with pytest.raises(SearchUnavailable):
            await reader.results.search(SearchQuery())
        async with open_indexes(settings, database, for_writing=True):
            held = await reader.results.versions()

    assert held == dict.fromkeys(ids_of(results), 1)


@pytest.mark.parametrize("harm", [damage, outdate, remove])
async def test_reading_process_outlives_an_index_that_went_bad(
    settings: Settings, database: Database, results: list[Row], harm: Callable[[Path], None]
) -> None:
    async with open_indexes(settings, database, for_writing=True):
        pass
    async with open_indexes(settings, database, for_writing=False) as reader:
        await reader.results.versions()
        harm(settings.index_folder / "results")
        with pytest.raises(SearchUnavailable):
            await reader.results.search(SearchQuery())

        async with open_indexes(settings, database, for_writing=True):
            held = await reader.results.versions()

    assert held == dict.fromkeys(ids_of(results), 1)


async def test_writer_mends_an_index_that_is_lost_while_it_runs(
    settings: Settings, database: Database, results: list[Row]
) -> None:
    async with open_indexes(settings, database, for_writing=True, retry_s=OFTEN_S) as indexes:
        shutil.rmtree(settings.index_folder / "results")
        with pytest.raises(SearchUnavailable):
            await indexes.results.upsert([SOLE])
        await until(lambda: indexes.can_write)

        assert await indexes.results.versions() == dict.fromkeys(ids_of(results), 1)


async def test_start_need_not_wait_for_a_rebuild(
    settings: Settings, database: Database, results: list[Row]
) -> None:
    async with open_indexes(
        settings, database, for_writing=True, waits=False, retry_s=OFTEN_S
    ) as indexes:
        at_the_start = indexes.can_write
        await until(lambda: indexes.can_write)

        assert not at_the_start
        assert await indexes.results.versions() == dict.fromkeys(ids_of(results), 1)


async def test_rebuild_reads_the_database_batch_by_batch(database: Database) -> None:
    owner = (await make_account(database)).organisation
    assert owner is not None
    listings = [made_listing(owner) for _ in range(LISTINGS_A_BATCH + 5)]
    async with database.writing() as session:
        session.add_all(listings)
    heard: list[int] = []

    batches = [batch async for batch in published_documents(database, "result", heard.append)]

    assert [len(batch) for batch in batches] == [LISTINGS_A_BATCH, 5]
    assert [each.id for batch in batches for each in batch] == sorted(ids_of(listings))
    assert heard == [LISTINGS_A_BATCH, LISTINGS_A_BATCH + 5]


async def test_change_during_a_rebuild_is_not_lost(
    settings: Settings, database: Database, results: list[Row]
) -> None:
    withdrawn, changed = results
    came_to: list[int] = []

    async with open_indexes(settings, database, for_writing=True) as indexes:

        async def batches() -> AsyncIterator[list[SearchDocument]]:
            async for batch in published_documents(database, "result"):
                yield batch
                await change(database, withdrawn, status="withdrawn")
                await change(database, changed, title="新标题")
                await announce(database, *results)
                await run_jobs(settings, database, indexes)
                came_to.append(len(await jobs_of(database, "index.sync")))

        await indexes.rebuild("result", batches())
        stale = await indexes.results.versions()
        await run_jobs(settings, database, indexes)
        fresh = await indexes.results.versions()

    assert came_to == [1]
    assert stale == dict.fromkeys(ids_of(results), 1)
    assert fresh == {str(changed.id): 2}


async def test_stopped_rebuild_leaves_the_old_index_and_no_lock(
    settings: Settings, database: Database, results: list[Row]
) -> None:
    started, released = asyncio.Event(), asyncio.Event()
    read: list[int] = []

    async def batches() -> AsyncIterator[list[SearchDocument]]:
        yield [SOLE]
        started.set()
        await released.wait()
        for place in range(100):
            read.append(place)
            yield [DRYER]

    async with open_indexes(settings, database, for_writing=True) as indexes:
        rebuilding = asyncio.create_task(indexes.rebuild("result", batches()))
        await started.wait()
        rebuilding.cancel()
        await asyncio.sleep(0)
        released.set()
        with pytest.raises(asyncio.CancelledError):
            await rebuilding
        during = await indexes.results.versions()

    async with open_indexes(settings, database, for_writing=True) as indexes:
        assert (indexes.can_write, read) == (True, [0])
        assert await indexes.results.versions() == during == dict.fromkeys(ids_of(results), 1)


class Source:
    """Documents that are away the first time."""

    def __init__(self) -> None:
        self.asked: list[Kind] = []

    def __call__(self, kind: Kind) -> Batches:
        self.asked.append(kind)
        return self._batches(is_away=len(self.asked) == 1)

    async def _batches(self, *, is_away: bool) -> AsyncIterator[list[SearchDocument]]:
        if is_away:
            raise Unavailable("database_unavailable", "数据库暂时不可用", "It is away.")
        yield [SOLE]


async def test_rebuild_is_tried_again_when_the_database_is_back(tmp_path: Path) -> None:
    source = Source()
    embedded = EmbeddedIndexes(tmp_path / "index", source)

    async with kept(embedded, waits=True, retry_s=OFTEN_S):
        at_the_start = embedded.can_write
        await until(lambda: embedded.can_write)
        held = await embedded.of("result").versions()
    await embedded.close()

    assert not at_the_start
    assert held == {"1": 1}
    assert source.asked == ["result", "result", "need"]


async def test_closed_indexes_take_up_nothing(tmp_path: Path) -> None:
    embedded = EmbeddedIndexes(tmp_path / "index", Source())
    await embedded.close()

    await embedded.take_up_writing()

    assert not embedded.can_write


async def test_folder_that_can_not_be_written_lets_the_process_start(
    settings: Settings, database: Database
) -> None:
    settings.index_folder.parent.mkdir(parents=True, exist_ok=True)
    settings.index_folder.write_text("no folder")

    async with open_indexes(settings, database, for_writing=True) as indexes:
        assert not indexes.can_write
        with pytest.raises(SearchUnavailable):
            await indexes.results.search(SearchQuery())


async def test_rebuild_in_memory_replaces_what_is_there() -> None:
    indexes = indexes_in_memory()
    await indexes.results.upsert([SOLE])

    async def batches() -> AsyncIterator[list[SearchDocument]]:
        yield [DRYER]

    await indexes.rebuild("result", batches())

    assert await indexes.results.versions() == {"2": 1}
    assert indexes.can_write


@pytest.mark.parametrize("kind", ["result", "need"])
async def test_each_kind_has_an_engine_of_its_own(kind: Kind) -> None:
    indexes = indexes_in_memory()

    await indexes.of(kind).upsert([SOLE])

    totals = [
        (await indexes.results.search(SearchQuery())).total,
        (await indexes.needs.search(SearchQuery())).total,
    ]
    assert totals == ([1, 0] if kind == "result" else [0, 1])
