"""`duijie engine`, against the fake server on a port of loopback."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from search.admin import MeilisearchAdmin, key_uid, key_value
from search.documents import SearchDocument
from tests.market.commands.runs import Duijie, Ran
from tests.market.indexing.outage import served
from tests.search.fake_meilisearch import FakeMeilisearch

MASTER_KEY = "a-key-of-sixteen-bytes"
OnServer = Callable[..., Awaitable[Ran]]


@pytest.fixture
def fake() -> FakeMeilisearch:
    return FakeMeilisearch(master_key=MASTER_KEY)


@pytest.fixture
async def engine(
    fake: FakeMeilisearch, duijie: Duijie, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[OnServer]:
    """Runs a subcommand in a thread: commands bring their own loop."""

    async def run(*arguments: str, key: str = MASTER_KEY) -> Ran:
        monkeypatch.setenv("DUIJIE_SEARCH_ADMIN_KEY", key)
        return await asyncio.to_thread(duijie, "engine", *arguments)

    async with served(fake) as port:
        monkeypatch.setenv("DUIJIE_SEARCH_URL", f"http://127.0.0.1:{port}")
        yield run


def expected_keys(prefix: str) -> dict[str, str]:
    names = {
        "DUIJIE_SEARCH_KEY": "searcher",
        "DUIJIE_SEARCH_WRITER_KEY": "writer",
        "DUIJIE_SEARCH_ADMIN_KEY": "admin",
    }
    return {name: key_value(MASTER_KEY, key_uid(prefix, role)) for name, role in names.items()}


async def test_keys_are_printed_as_settings_and_are_the_same_again(
    fake: FakeMeilisearch, engine: OnServer
) -> None:
    first = await engine("keys")
    second = await engine("keys", "--json")

    told = dict(line.split("=", 1) for line in first.out.splitlines())
    assert (first.code, first.err) == (0, "")
    assert told == json.loads(second.out) == expected_keys("duijie_")
    assert sorted(told.values()) == sorted(key["key"] for key in fake.keys.values())


async def test_keys_are_those_of_the_prefix(
    engine: OnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUIJIE_SEARCH_PREFIX", "jinjiang_")

    ran = await engine("keys", "--json")

    assert json.loads(ran.out) == expected_keys("jinjiang_")


async def test_status_counts_the_documents_of_each_index(
    engine: OnServer, fake: FakeMeilisearch
) -> None:
    async with served(fake) as port:
        admin = MeilisearchAdmin(f"http://127.0.0.1:{port}", MASTER_KEY)
        await admin.rebuild("duijie_results", _batches(SearchDocument(id="r1", title="鞋底")))
        await admin.rebuild("duijie_needs", _batches())

    plain, told = await engine("status"), await engine("status", "--json")

    assert json.loads(told.out) == {
        "duijie_results": {"documents": 1, "is_indexing": False, "is_current": True},
        "duijie_needs": {"documents": 0, "is_indexing": False, "is_current": True},
    }
    assert [line.split() for line in plain.out.splitlines()] == [
        ["index", "documents", "is_indexing", "is_current"],
        ["duijie_results", "1", "False", "True"],
        ["duijie_needs", "0", "False", "True"],
    ]


async def _batches(*documents: SearchDocument) -> AsyncIterator[list[SearchDocument]]:
    yield list(documents)


async def test_missing_index_is_told_in_a_sentence(engine: OnServer) -> None:
    ran = await engine("status")

    assert (ran.code, ran.out) == (1, "")
    assert "duijie_results" in ran.err
    assert "Traceback" not in ran.err


async def test_dump_is_named(engine: OnServer) -> None:
    assert await engine("dump") == Ran(0, "20261124-1\n", "")


async def test_wrong_key_is_told_without_it(engine: OnServer) -> None:
    ran = await engine("keys", key="geheim-und-falsch")

    assert (ran.code, ran.out) == (1, "")
    assert "geheim" not in ran.err


@pytest.mark.parametrize("name", ["keys", "status", "dump"])
def test_embedded_engine_has_no_server(duijie: Duijie, name: str) -> None:
    ran = duijie("engine", name)

    assert (ran.code, ran.out) == (2, "")
    assert "DUIJIE_SEARCH_URL" in ran.err
