"""An index in the data folder answers while the server is away, and is written with it."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest

from market.db import Database
from market.indexing.embedded import EmbeddedIndexes
from market.indexing.fallback import EngineWithFallback, IndexesWithFallback
from market.indexing.folder_index import FolderIndex
from market.indexing.published import published_documents
from market.indexing.upkeep import KINDS, Kind
from search.documents import SearchDocument
from search.embedded import EmbeddedEngine
from search.port import Neighbourhood, SearchQuery, SearchUnavailable, WeightedTerm
from search.synonyms import Synonyms
from tests.market.accounts.factories import make_account
from tests.market.indexing.factories import Row, ids_of, post

SOLE = SearchDocument(id="sole", title="橡胶鞋底")
DRYER = SearchDocument(id="dryer", title="食品干燥机")


@pytest.fixture
def first() -> EmbeddedEngine:
    return EmbeddedEngine.in_memory()


@pytest.fixture
def second() -> EmbeddedEngine:
    return EmbeddedEngine.in_memory()


@pytest.fixture
def away(tmp_path: Path) -> FolderIndex:
    """An engine that can't answer: there is nothing in its folder."""
    return FolderIndex(tmp_path / "nothing", None)


async def test_the_first_answers_while_it_can(
    first: EmbeddedEngine, second: EmbeddedEngine
) -> None:
    await second.upsert([DRYER])
    engine = EngineWithFallback(first, second)
    await first.upsert([SOLE])

    page = await engine.search(SearchQuery())

    assert ([hit.id for hit in page.hits], page.is_degraded) == (["sole"], False)
    assert await engine.suggest("橡") == ["橡胶"]


async def test_the_second_answers_for_it_and_says_so(
    away: FolderIndex, second: EmbeddedEngine
) -> None:
    await second.upsert([SOLE])
    engine = EngineWithFallback(away, second)

    page = await engine.search(SearchQuery(text="鞋底", highlight=True))

    plain = await second.search(SearchQuery(text="鞋底", highlight=True))
    assert page == msgspec.structs.replace(plain, is_degraded=True)
    assert await engine.suggest("橡") == ["橡胶"]


async def test_search_fails_when_both_are_away(away: FolderIndex) -> None:
    engine = EngineWithFallback(away, away)

    with pytest.raises(SearchUnavailable):
        await engine.search(SearchQuery())


async def test_matching_and_comparing_never_ask_the_second(
    away: FolderIndex, second: EmbeddedEngine
) -> None:
    await second.upsert([SOLE])
    engine = EngineWithFallback(away, second)

    with pytest.raises(SearchUnavailable):
        await engine.candidates([WeightedTerm("橡胶", 1.0)])
    with pytest.raises(SearchUnavailable):
        await engine.candidates_and_neighbours(
            [WeightedTerm("橡胶", 1.0)], Neighbourhood(industries=("C",), terms=(), limit=5)
        )
    with pytest.raises(SearchUnavailable):
        await engine.versions()


async def test_both_are_written_and_documents_are_read_once(
    first: EmbeddedEngine, second: EmbeddedEngine
) -> None:
    read: list[str] = []

    def documents() -> Iterator[SearchDocument]:
        for each in (SOLE, DRYER):
            read.append(each.id)
            yield each

    engine = EngineWithFallback(first, second)
    await engine.upsert(documents())
    await engine.delete(iter(["dryer"]))

    assert read == ["sole", "dryer"]
    assert [await each.versions() for each in (first, second)] == [{"sole": 1}, {"sole": 1}]


async def test_write_that_one_of_them_does_not_take_has_failed(
    away: FolderIndex, second: EmbeddedEngine
) -> None:
    for engine in (EngineWithFallback(away, second), EngineWithFallback(second, away)):
        with pytest.raises(SearchUnavailable):
            await engine.upsert([SOLE])


async def test_both_learn_synonyms(
    away: FolderIndex, first: EmbeddedEngine, second: EmbeddedEngine
) -> None:
    synonyms = Synonyms(["=\t干燥机|烘干机"])
    await first.upsert([DRYER])
    await second.upsert([DRYER])
    EngineWithFallback(first, second).use_synonyms(synonyms)

    for engine in (EngineWithFallback(first, away), EngineWithFallback(away, second)):
        page = await engine.search(SearchQuery(text="烘干机"))
        assert [hit.id for hit in page.hits] == ["dryer"]


def combined(database: Database, server: Path, folder: Path) -> IndexesWithFallback:
    """Two sets of indexes; what counts here of a server is that it is another one."""
    source = partial(published_documents, database)
    return IndexesWithFallback(
        EmbeddedIndexes(server, source), EmbeddedIndexes(folder, source), source
    )


@pytest.fixture
async def results(database: Database) -> list[Row]:
    owner = (await make_account(database)).organisation
    await post(database, owner, status="draft")
    return [await post(database, owner), await post(database, owner)]


async def test_both_are_made_and_both_must_be_equal_to_the_database(
    database: Database, results: list[Row], tmp_path: Path
) -> None:
    indexes = combined(database, tmp_path / "server", tmp_path / "folder")
    before = indexes.can_write

    await indexes.take_up_writing()

    held = [[set(await copy.versions()) for copy in indexes.copies_of(kind)] for kind in KINDS]
    assert (before, indexes.can_write) == (False, True)
    assert held == [[set(ids_of(results))] * 2, [set(), set()]]
    await indexes.close()


async def test_rebuild_makes_both_anew(
    database: Database, results: list[Row], tmp_path: Path
) -> None:
    kind: Kind = "result"
    indexes = combined(database, tmp_path / "server", tmp_path / "folder")
    await indexes.take_up_writing()
    await indexes.of(kind).upsert([SOLE])

    await indexes.rebuild(kind, published_documents(database, kind))

    held = [set(await copy.versions()) for copy in indexes.copies_of(kind)]
    assert held == [set(ids_of(results))] * 2
    await indexes.close()


async def test_of_two_processes_one_holds_both(database: Database, tmp_path: Path) -> None:
    folders = tmp_path / "server", tmp_path / "folder"
    one, other = combined(database, *folders), combined(database, *folders)

    await asyncio.gather(one.take_up_writing(), other.take_up_writing())

    assert sorted([one.can_write, other.can_write]) == [False, True]
    writer, reader = (one, other) if one.can_write else (other, one)
    assert [await writer.become_writer(), await reader.become_writer()] == [True, False]
    await writer.close()
    await reader.take_up_writing()
    assert reader.can_write
    await reader.close()


async def test_server_that_another_process_writes_is_left_alone(
    database: Database, tmp_path: Path
) -> None:
    source = partial(published_documents, database)
    holder = EmbeddedIndexes(tmp_path / "server", source)
    await holder.take_up_writing()
    indexes = combined(database, tmp_path / "server", tmp_path / "folder")

    await indexes.take_up_writing()

    assert (indexes.can_write, await indexes.become_writer()) == (False, False)
    await indexes.close()
    await holder.close()


async def test_first_is_left_in_peace_for_a_while_after_a_failure(
    tmp_path: Path, second: EmbeddedEngine
) -> None:
    folder = tmp_path / "results"
    engine = EngineWithFallback(first := FolderIndex(folder, None), second)
    await second.upsert([SOLE])

    during = await engine.search(SearchQuery())
    first.rebuild([DRYER])
    still = await engine.search(SearchQuery())
    engine._rests_until_s = 0.0
    after = await engine.search(SearchQuery())

    found = [([hit.id for hit in page.hits], page.is_degraded) for page in (during, still, after)]
    assert found == [(["sole"], True), (["sole"], True), (["dryer"], False)]
    first.finish_writing()
