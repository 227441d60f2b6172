"""One index in a folder that may be missing, damaged, or made anew by another process."""

import asyncio
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from market.indexing.folder_index import FolderIndex
from search.documents import SearchDocument
from search.embedded import EmbeddedEngine
from search.port import (
    DocumentRefused,
    Hit,
    IndexCorrupt,
    IndexLocked,
    SearchError,
    SearchQuery,
    SearchUnavailable,
    WeightedTerm,
)
from search.synonyms import Synonyms

SOLE = SearchDocument(id="1", title="橡胶鞋底", version=3)
DRYER = SearchDocument(id="2", title="食品干燥机", version=5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "results"


@pytest.fixture
def index(folder: Path) -> Iterator[FolderIndex]:
    index = FolderIndex(folder, None)
    yield index
    index.finish_writing()


def damage(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix != ".lock":
            path.write_bytes(b"\xa5" * 64)


async def test_missing_index_is_unavailable_until_another_process_made_it(
    folder: Path, index: FolderIndex
) -> None:
    with pytest.raises(SearchUnavailable):
        await index.search(SearchQuery())
    EmbeddedEngine.rebuild(folder, [SOLE]).close()

    found = await index.search(SearchQuery())

    assert [hit.id for hit in found.hits] == ["1"]


async def test_every_question_reaches_the_engine(folder: Path, index: FolderIndex) -> None:
    EmbeddedEngine.rebuild(folder, [SOLE, DRYER]).close()

    candidates = await index.candidates([WeightedTerm("干燥机", 1.0)], limit=5)

    assert [hit.id for hit in candidates] == ["2"]
    assert await index.suggest("橡") == ["橡胶"]
    assert await index.versions() == {"1": 3, "2": 5}


async def test_reader_can_not_write(folder: Path, index: FolderIndex) -> None:
    EmbeddedEngine.rebuild(folder, [SOLE]).close()
    await index.search(SearchQuery())

    with pytest.raises(SearchUnavailable):
        await index.upsert([DRYER])

    assert await index.versions() == {"1": 3}
    assert not index.is_writable


async def test_writer_writes_and_another_one_is_refused(folder: Path, index: FolderIndex) -> None:
    EmbeddedEngine.rebuild(folder, [SOLE]).close()
    index.open_for_writing()
    other = FolderIndex(folder, None)

    await index.upsert([DRYER])
    await index.delete(["1"])
    with pytest.raises(IndexLocked):
        other.open_for_writing()

    assert await other.versions() == {"2": 5}


async def test_reader_sees_what_a_rebuild_of_another_process_made(
    folder: Path, index: FolderIndex
) -> None:
    EmbeddedEngine.rebuild(folder, [SOLE]).close()
    before = await index.versions()
    EmbeddedEngine.rebuild(folder, [DRYER]).close()

    after = await index.versions()

    assert (before, after) == ({"1": 3}, {"2": 5})


async def test_damaged_index_is_unavailable_and_a_rebuild_mends_it(
    folder: Path, index: FolderIndex
) -> None:
    EmbeddedEngine.rebuild(folder, [SOLE]).close()
    damage(folder)

    with pytest.raises(SearchUnavailable):
        await index.search(SearchQuery())
    with pytest.raises(IndexCorrupt):
        index.open_for_writing()
    index.rebuild([DRYER])

    assert await index.versions() == {"2": 5}
    assert index.is_writable


async def test_folder_removed_from_under_a_writer_is_found_out_by_the_next_write(
    folder: Path, index: FolderIndex
) -> None:
    index.rebuild([SOLE])
    shutil.rmtree(folder)

    with pytest.raises(SearchUnavailable):
        await index.upsert([DRYER])

    assert not index.is_writable
    with pytest.raises(IndexCorrupt):
        index.open_for_writing()


async def test_failed_rebuild_leaves_the_old_index_open_for_reading(index: FolderIndex) -> None:
    index.rebuild([SOLE])

    def documents() -> Iterator[SearchDocument]:
        yield DRYER
        raise SearchError("The source is away.")

    with pytest.raises(SearchError, match="The source is away"):
        index.rebuild(documents())

    assert await index.versions() == {"1": 3}
    assert not index.is_writable


async def test_writes_during_a_rebuild_are_put_off_and_reads_see_the_old_index(
    index: FolderIndex,
) -> None:
    index.rebuild([SOLE])
    seen: list[object] = []

    def documents() -> Iterator[SearchDocument]:
        yield DRYER
        seen.append(index._answer(lambda engine: engine.versions_now()))
        try:
            index._write(lambda engine: engine.delete_now(["1"]))
        except SearchUnavailable as refused:
            seen.append(type(refused))

    index.rebuild(documents())

    assert seen == [{"1": 3}, SearchUnavailable]
    assert await index.versions() == {"2": 5}


async def test_document_that_no_index_can_hold_is_no_fault_of_the_index(
    index: FolderIndex,
) -> None:
    index.rebuild([SOLE])

    with pytest.raises(DocumentRefused):
        await index.upsert([SearchDocument(id="", title="无编号")])

    assert index.is_writable
    assert await index.versions() == {"1": 3}


async def test_synonyms_are_known_from_the_next_search_on(index: FolderIndex) -> None:
    index.rebuild([SOLE])
    before = await index.search(SearchQuery(text="大底"))
    index.use_synonyms(Synonyms(["=\t大底|鞋底"]))

    after = await index.search(SearchQuery(text="大底"))

    assert (before.hits, [hit.id for hit in after.hits]) == ((), ["1"])


async def test_synonyms_survive_a_rebuild(index: FolderIndex) -> None:
    index.use_synonyms(Synonyms(["=\t大底|鞋底"]))
    index.rebuild([SOLE])

    found = await index.search(SearchQuery(text="大底"))

    assert [type(hit) for hit in found.hits] == [Hit]


async def test_write_does_not_wait_for_documents_of_another_that_are_being_made(
    folder: Path, index: FolderIndex
) -> None:
    EmbeddedEngine.rebuild(folder).close()
    index.open_for_writing()
    is_asked, may_go_on = threading.Event(), threading.Event()

    def slow() -> Iterator[SearchDocument]:
        yield SOLE
        is_asked.set()
        assert may_go_on.wait(20)

    writing = asyncio.create_task(index.upsert(slow()))
    assert await asyncio.to_thread(is_asked.wait, 20)

    await index.upsert([DRYER])

    assert await index.versions() == {"2": 5}
    may_go_on.set()
    await writing
    assert await index.versions() == {"1": 3, "2": 5}
