"""A real server, where one can be had: rights of keys, rebuilds, engines under their own keys."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from search.admin import MeilisearchAdmin
from search.documents import SearchDocument
from search.meilisearch import MeilisearchConnection, MeilisearchEngine
from search.port import (
    FACETS,
    DocumentsRefused,
    IndexMissing,
    IndexOutdated,
    Neighbourhood,
    SearchQuery,
    SearchUnavailable,
    WeightedTerm,
)
from tests.search.contract import ids_of, three_listings
from tests.search.factories import random_documents, titled
from tests.search.live import LiveServer, live_server, missing_server

pytestmark = pytest.mark.skipif(missing_server() != "", reason=missing_server())


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server() -> AsyncIterator[LiveServer]:
    async with live_server() as server:
        yield server


@pytest.fixture
def admin(server: LiveServer) -> MeilisearchAdmin:
    return MeilisearchAdmin(server.url, server.keys["admin"])


async def batches(*found: list[SearchDocument]) -> AsyncIterator[list[SearchDocument]]:
    for each in found:
        yield each


def connected(server: LiveServer, role: str) -> MeilisearchConnection:
    return MeilisearchConnection(server.url, server.keys[role])


async def test_engine_needs_no_more_than_the_rights_of_its_key(
    server: LiveServer, admin: MeilisearchAdmin
) -> None:
    uid = f"{server.prefix}rights"
    await admin.rebuild(uid, batches([]))
    async with connected(server, "writer") as writing, connected(server, "searcher") as reading:
        writer, searcher = MeilisearchEngine(writing, uid), MeilisearchEngine(reading, uid)

        await writer.upsert(three_listings())
        await writer.delete(["r3"])

        page = await searcher.search(SearchQuery(text="电池", facets=FACETS, highlight=True))
        assert ids_of(page) == ["r1", "r2"]
        terms = [WeightedTerm("电池", 1.0)]
        nearby = Neighbourhood(industries=("C",), terms=tuple(terms), limit=5)
        hits = await searcher.candidates_and_neighbours(terms, nearby)
        assert [hit.id for hit in hits] == ["r1", "r2"]
        assert await searcher.suggest("电") == ["电池"]
        assert await writer.versions() == await searcher.versions() == {"r1": 1, "r2": 1}


async def test_searcher_may_not_write_and_writer_may_not_make_an_index(
    server: LiveServer, admin: MeilisearchAdmin
) -> None:
    uid = f"{server.prefix}guarded"
    await admin.rebuild(uid, batches(titled("电池")))
    async with connected(server, "searcher") as reading:
        with pytest.raises(SearchUnavailable, match="invalid_api_key"):
            await MeilisearchEngine(reading, uid).upsert(titled("涂料"))
        with pytest.raises(SearchUnavailable, match="invalid_api_key"):
            await MeilisearchEngine(reading, uid).delete(["r1"])
    async with connected(server, "writer") as writing:
        with pytest.raises((IndexMissing, SearchUnavailable)):
            await MeilisearchEngine(writing, f"{server.prefix}nowhere").upsert(titled("涂料"))
        with pytest.raises(SearchUnavailable):
            await MeilisearchEngine(writing, "elsewhere").search(SearchQuery())
        assert await MeilisearchEngine(writing, uid).versions() == {"r1": 1}
    with pytest.raises(IndexMissing):
        await admin.stats(f"{server.prefix}nowhere")


async def test_missing_index_is_named_by_every_question(server: LiveServer) -> None:
    async with connected(server, "searcher") as connection:
        engine = MeilisearchEngine(connection, f"{server.prefix}nowhere")
        asking = (
            engine.search(SearchQuery()),
            engine.search(SearchQuery(text="电池")),
            engine.candidates([WeightedTerm("电池", 1.0)]),
            engine.suggest("电"),
            engine.versions(),
        )

        for each in asking:
            with pytest.raises(IndexMissing):
                await each


async def test_old_index_answers_while_a_new_one_is_made(
    server: LiveServer, admin: MeilisearchAdmin
) -> None:
    uid = f"{server.prefix}rebuilt"
    await admin.rebuild(uid, batches(titled("电池", "涂料")))
    await admin.prepare(uid)
    totals = set()

    async def many() -> AsyncIterator[list[SearchDocument]]:
        for seed in range(4):
            totals.add((await engine.search(SearchQuery())).total)
            yield [
                SearchDocument(id=f"{seed}-{each.id}", title=each.title)
                for each in random_documents(100, seed=seed)
            ]

    async with connected(server, "searcher") as connection:
        engine = MeilisearchEngine(connection, uid)

        await admin.rebuild(uid, many())

        assert totals == {2}
        assert (await engine.search(SearchQuery())).total == 400
    stats = await admin.stats(uid)
    assert (stats.documents, stats.is_current) == (400, True)


async def test_settings_are_told_as_they_were_sent(
    server: LiveServer, admin: MeilisearchAdmin
) -> None:
    uid = f"{server.prefix}settings"
    await admin.rebuild(uid, batches([]))
    async with MeilisearchConnection(server.url, server.master_key) as connection:
        path = f"/tasks?indexUids={uid}&limit=100"
        before = await connection.read("GET", path, answer=dict)

        await admin.prepare(uid)
        await admin.prepare(uid)

        assert (await connection.read("GET", path, answer=dict))["total"] == before["total"]


async def test_index_of_another_version_is_told(
    server: LiveServer, admin: MeilisearchAdmin
) -> None:
    uid = f"{server.prefix}outdated"
    await admin.rebuild(uid, batches(titled("电池")))
    async with MeilisearchConnection(server.url, server.master_key) as connection:
        await connection.write("PATCH", f"/indexes/{uid}/settings", {"filterableAttributes": []})
        engine = MeilisearchEngine(connection, uid)

        with pytest.raises(IndexOutdated):
            await admin.prepare(uid)
        with pytest.raises(IndexOutdated):
            await engine.search(SearchQuery(text="电池"))
        with pytest.raises(IndexOutdated):
            await engine.suggest("电")

        await admin.rebuild(uid, batches(titled("电池")))
        assert ids_of(await engine.search(SearchQuery(text="电池"))) == ["r1"]


async def test_dump_is_written(admin: MeilisearchAdmin) -> None:
    assert await admin.dump()


async def test_bad_document_among_good_ones_is_found_by_a_real_server(
    server: LiveServer, admin: MeilisearchAdmin
) -> None:
    uid = f"{server.prefix}poison"
    await admin.rebuild(uid, batches([]))
    async with MeilisearchConnection(server.url, server.master_key) as connection:
        # With an embedder each document needs a vector, or says that it has none.
        embedders = {"none": {"source": "userProvided", "dimensions": 2}}
        await connection.write("PATCH", f"/indexes/{uid}/settings", {"embedders": embedders})

        with pytest.raises(DocumentsRefused) as raised:
            await MeilisearchEngine(connection, uid).upsert(titled("电池", "涂料", "鞋底"))

    assert raised.value.ids == ("r1", "r2", "r3")


async def test_many_searches_at_once_are_all_answered(
    server: LiveServer, admin: MeilisearchAdmin
) -> None:
    uid = f"{server.prefix}crowd"
    await admin.rebuild(uid, batches(list(random_documents(200, seed=1))))
    async with connected(server, "searcher") as connection:
        engine = MeilisearchEngine(connection, uid)

        pages = await asyncio.gather(
            *(engine.search(SearchQuery(text="耐磨电池")) for _ in range(150))
        )

    assert len(set(map(tuple, map(ids_of, pages)))) == 1
