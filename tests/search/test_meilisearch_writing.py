"""Writes to a server: batches, bad documents among good ones, and a server that fails."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.documents import SearchDocument
from search.meilisearch import MeilisearchConnection, MeilisearchEngine
from search.meilisearch_codes import key_of
from search.port import (
    DocumentRefused,
    DocumentsRefused,
    IndexMissing,
    SearchUnavailable,
)
from tests.search.factories import make_document, random_documents
from tests.search.fake_meilisearch import FakeMeilisearch

UID = "results"


@pytest.fixture
def fake() -> FakeMeilisearch:
    return made_fake()


def made_fake() -> FakeMeilisearch:
    fake = FakeMeilisearch()
    fake.indexes.create(UID, "key")
    return fake


@pytest.fixture
async def engine(fake: FakeMeilisearch) -> AsyncIterator[MeilisearchEngine]:
    transport = fake.transport()
    async with MeilisearchConnection("http://fake", "", transport=transport) as connection:
        yield MeilisearchEngine(connection, UID)


def numbered(count: int) -> list[SearchDocument]:
    return [make_document(f"r{place:03}") for place in range(count)]


async def test_a_batch_is_one_request_and_one_task(
    fake: FakeMeilisearch, engine: MeilisearchEngine
) -> None:
    await engine.upsert(numbered(300))

    assert set(fake.documents[UID]) == {f"r{place:03}" for place in range(300)}
    assert fake.seen("POST", "/documents") == 1
    assert [task["type"] for task in fake.tasks] == ["documentAdditionOrUpdate"]


async def test_nothing_to_write_is_no_request(
    fake: FakeMeilisearch, engine: MeilisearchEngine
) -> None:
    await engine.upsert([])
    await engine.delete([])

    assert fake.requests == []


async def test_batch_that_is_too_large_is_sent_in_parts(
    fake: FakeMeilisearch, engine: MeilisearchEngine
) -> None:
    large = [make_document(f"r{place}", body="电池" * 400_000) for place in range(12)]

    await engine.upsert(large)

    assert set(fake.documents[UID]) == {document.id for document in large}
    assert fake.seen("POST", "/documents") == 2


async def test_documents_are_made_outside_the_loop(engine: MeilisearchEngine) -> None:
    looks: list[int] = []

    async def look() -> None:
        while True:
            looks.append(1)
            await asyncio.sleep(0)

    looking = asyncio.create_task(look())
    await engine.upsert(random_documents(2_000, seed=1))
    looking.cancel()

    assert len(looks) > 50


async def test_the_last_of_two_documents_with_one_id_is_sent(
    fake: FakeMeilisearch, engine: MeilisearchEngine
) -> None:
    await engine.upsert([make_document("r1", version=1), make_document("r1", version=2)])

    assert fake.documents[UID]["r1"]["version"] == 2


@pytest.mark.parametrize("poisonous", [["r000"], ["r049"], ["r007", "r008", "r033"]])
async def test_bad_documents_are_found_and_named_and_the_others_written(
    fake: FakeMeilisearch, engine: MeilisearchEngine, poisonous: list[str]
) -> None:
    fake.poison.update(poisonous)

    with pytest.raises(DocumentsRefused, match=poisonous[0]) as raised:
        await engine.upsert(numbered(50))

    assert raised.value.ids == tuple(poisonous)
    assert set(fake.documents[UID]) == {f"r{place:03}" for place in range(50)} - set(poisonous)


async def test_one_bad_document_among_many_takes_few_tries(
    fake: FakeMeilisearch, engine: MeilisearchEngine
) -> None:
    fake.poison.add("r100")

    with pytest.raises(DocumentsRefused):
        await engine.upsert(numbered(256))

    assert fake.seen("POST", "/documents") == 17


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(0, 39), max_size=12))
def test_exactly_the_bad_documents_are_named(places: set[int]) -> None:
    async def write() -> tuple[str, ...]:
        fake = made_fake()
        fake.poison.update(f"r{place:03}" for place in places)
        connection = MeilisearchConnection("http://fake", "", transport=fake.transport())
        refused: tuple[str, ...] = ()
        try:
            await MeilisearchEngine(connection, UID).upsert(numbered(40))
        except DocumentsRefused as error:
            refused = error.ids
        await connection.aclose()
        assert set(fake.documents[UID]).isdisjoint(refused)
        assert len(fake.documents[UID]) == 40 - len(refused)
        return refused

    assert asyncio.run(write()) == tuple(f"r{place:03}" for place in sorted(places))


async def test_bad_document_is_named_by_its_own_id(
    fake: FakeMeilisearch, engine: MeilisearchEngine
) -> None:
    fake.poison.add("成果/1")

    with pytest.raises(DocumentsRefused) as raised:
        await engine.upsert([make_document("成果/1"), make_document("成果/2")])

    assert raised.value.ids == ("成果/1",)
    assert set(fake.documents[UID]) == {key_of("成果/2")}


async def test_server_that_fails_by_itself_is_not_searched_for_bad_documents(
    fake: FakeMeilisearch, engine: MeilisearchEngine
) -> None:
    fake.fail_next_task("no_space_left_on_device", kind="system")

    with pytest.raises(SearchUnavailable, match="no_space_left"):
        await engine.upsert(numbered(50))

    assert fake.seen("POST", "/documents") == 1


async def test_when_all_documents_fail_alike_the_search_for_bad_ones_ends(
    fake: FakeMeilisearch, engine: MeilisearchEngine
) -> None:
    fake.fail_next_task("some_code", kind="invalid_request", times=10_000)

    with pytest.raises(SearchUnavailable, match="some_code"):
        await engine.upsert(numbered(500))

    assert fake.seen("POST", "/documents") == 201


async def test_document_that_no_index_can_hold_is_refused_before_anything_is_sent(
    fake: FakeMeilisearch, engine: MeilisearchEngine
) -> None:
    with pytest.raises(DocumentRefused):
        await engine.upsert([make_document("good"), make_document("")])

    assert fake.requests == []


async def test_failing_source_sends_nothing(
    fake: FakeMeilisearch, engine: MeilisearchEngine
) -> None:
    def breaking() -> Iterator[SearchDocument]:
        yield make_document("r1")
        raise ConnectionError("the source broke")

    with pytest.raises(ConnectionError):
        await engine.upsert(breaking())

    assert fake.requests == []


async def test_missing_index_is_named(fake: FakeMeilisearch, engine: MeilisearchEngine) -> None:
    fake.indexes.drop(UID)

    with pytest.raises(IndexMissing):
        await engine.delete(["r1"])


async def test_deleted_ids_are_sent_once_as_keys(
    fake: FakeMeilisearch, engine: MeilisearchEngine
) -> None:
    await engine.upsert([make_document("r1"), make_document("成果/1"), make_document("r2")])

    await engine.delete(["r1", "成果/1", "成果/1", "", "\ud800", "unknown"])

    assert set(fake.documents[UID]) == {"r2"}
    assert fake.seen("POST", "/delete-batch") == 1


async def test_very_many_ids_are_deleted_in_parts(
    fake: FakeMeilisearch, engine: MeilisearchEngine
) -> None:
    await engine.delete(f"r{place}" for place in range(25_000))

    assert fake.seen("POST", "/delete-batch") == 3


async def test_writes_at_once_all_arrive(fake: FakeMeilisearch, engine: MeilisearchEngine) -> None:
    await asyncio.gather(*(engine.upsert([make_document(f"r{place}")]) for place in range(30)))

    assert set(fake.documents[UID]) == {f"r{place}" for place in range(30)}


async def test_versions_are_read_in_pages(fake: FakeMeilisearch, engine: MeilisearchEngine) -> None:
    fake.indexes.add(UID, [{"key": f"r{n}", "version": n} for n in range(45_000)], None)
    fake.indexes.add(UID, [{"key": "_x", "id": "成果/1", "version": 3}], None)

    versions = await engine.versions()

    assert versions == {f"r{n}": n for n in range(45_000)} | {"成果/1": 3}
    assert fake.seen("POST", "/documents/fetch") == 3
