"""The control plane against the fake server, over a socket: the official client needs one."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import uvicorn

from search.admin import (
    IndexStats,
    MeilisearchAdmin,
    differences,
    key_uid,
    key_value,
)
from search.documents import SearchDocument
from search.meilisearch import MeilisearchConnection, MeilisearchEngine
from search.meilisearch_settings import MADE_BY, settings
from search.port import IndexMissing, IndexOutdated, SearchError, SearchUnavailable
from tests.search.factories import make_document
from tests.search.fake_meilisearch import FakeMeilisearch

MASTER_KEY = "a-key-of-sixteen-bytes"
UID = "test_results"


@pytest.fixture
def fake() -> FakeMeilisearch:
    return FakeMeilisearch(master_key=MASTER_KEY)


@pytest.fixture
def url(fake: FakeMeilisearch) -> Iterator[str]:
    """The fake on a port of loopback, in a thread of its own: calls of the client block."""
    config = uvicorn.Config(fake, port=0, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        pass
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = server.force_exit = True
    thread.join()


@pytest.fixture
def admin(url: str) -> MeilisearchAdmin:
    return MeilisearchAdmin(url, MASTER_KEY, timeout_s=5)


async def batches(*found: list[SearchDocument]) -> AsyncIterator[list[SearchDocument]]:
    for each in found:
        yield each


def held(fake: FakeMeilisearch, uid: str = UID) -> list[str]:
    return sorted(fake.documents[uid])


async def test_index_that_is_not_there_is_told_and_not_made(
    fake: FakeMeilisearch, admin: MeilisearchAdmin
) -> None:
    with pytest.raises(IndexMissing):
        await admin.prepare(UID)

    assert fake.documents == {}


async def test_rebuild_makes_an_index_that_can_be_prepared(
    fake: FakeMeilisearch, admin: MeilisearchAdmin
) -> None:
    await admin.rebuild(UID, batches([make_document("r1")], [], [make_document("r2")]))
    sent = fake.seen("PATCH", "/settings")

    await admin.prepare(UID)

    assert set(fake.documents) == {UID}
    assert held(fake) == ["r1", "r2"]
    assert fake.indexes.settings[UID] == fake.indexes.settings[UID] | settings()
    assert fake.seen("PATCH", "/settings") == sent
    assert await admin.stats(UID) == IndexStats(documents=2, is_indexing=False, is_current=True)


async def test_rebuild_replaces_what_was_there(
    fake: FakeMeilisearch, admin: MeilisearchAdmin
) -> None:
    await admin.rebuild(UID, batches([make_document("old"), make_document("both")]))

    await admin.rebuild(UID, batches([make_document("both"), make_document("new")]))

    assert set(fake.documents) == {UID}
    assert held(fake) == ["both", "new"]


async def test_old_index_answers_until_the_new_one_is_whole(
    fake: FakeMeilisearch, admin: MeilisearchAdmin
) -> None:
    await admin.rebuild(UID, batches([make_document("old")]))
    seen: list[list[str]] = []

    async def watched() -> AsyncIterator[list[SearchDocument]]:
        for name in ("a", "b"):
            seen.append(held(fake))
            yield [make_document(name)]

    await admin.rebuild(UID, watched())

    assert seen == [["old"], ["old"]]
    assert held(fake) == ["a", "b"]


async def test_failing_source_leaves_the_old_index_and_no_other(
    fake: FakeMeilisearch, admin: MeilisearchAdmin
) -> None:
    await admin.rebuild(UID, batches([make_document("old")]))

    async def breaking() -> AsyncIterator[list[SearchDocument]]:
        yield [make_document("new")]
        raise ConnectionError("the source broke")

    with pytest.raises(ConnectionError):
        await admin.rebuild(UID, breaking())

    assert set(fake.documents) == {UID}
    assert held(fake) == ["old"]


async def test_task_that_fails_leaves_the_old_index(
    fake: FakeMeilisearch, admin: MeilisearchAdmin
) -> None:
    await admin.rebuild(UID, batches([make_document("old")]))
    fake.fail_next_task("index_creation_failed", times=1)

    with pytest.raises(SearchError):
        await admin.rebuild(UID, batches([make_document("new")]))

    assert held(fake) == ["old"]


async def test_documents_that_no_index_can_hold_are_left_out(
    fake: FakeMeilisearch, admin: MeilisearchAdmin
) -> None:
    fake.poison.add("poison")
    documents = [make_document("a"), make_document("poison"), make_document("x" * 600)]

    await admin.rebuild(UID, batches([*documents, make_document("b")]))

    assert held(fake) == ["a", "b"]


async def test_rebuild_that_was_cut_off_is_cleared_away(
    fake: FakeMeilisearch, admin: MeilisearchAdmin
) -> None:
    await admin.rebuild(UID, batches())
    await admin.rebuild(f"{UID}__new_0badc0de", batches([make_document("half")]))
    await admin.rebuild("other_results", batches())

    await admin.prepare(UID)

    assert set(fake.documents) == {UID, "other_results"}


async def test_setting_that_somebody_changed_is_put_right_and_no_other_sent(
    fake: FakeMeilisearch, admin: MeilisearchAdmin
) -> None:
    await admin.rebuild(UID, batches())
    fake.indexes.settings[UID]["stopWords"] = ["的"]

    await admin.prepare(UID)

    assert fake.indexes.settings[UID]["stopWords"] == []
    changes = [task for task in fake.tasks if task["type"] == "settingsUpdate"]
    await admin.prepare(UID)
    assert [task for task in fake.tasks if task["type"] == "settingsUpdate"] == changes


async def test_index_of_another_version_is_told(
    fake: FakeMeilisearch, admin: MeilisearchAdmin
) -> None:
    await admin.rebuild(UID, batches([make_document("old")]))
    marks = [{"attributePatterns": ["made-by-schema-0"], "features": {}}]
    fake.indexes.settings[UID]["filterableAttributes"] = marks

    with pytest.raises(IndexOutdated):
        await admin.prepare(UID)

    assert (await admin.stats(UID)).is_current is False
    assert held(fake) == ["old"]


async def test_dropping_twice_is_no_error(fake: FakeMeilisearch, admin: MeilisearchAdmin) -> None:
    await admin.rebuild(UID, batches())

    await admin.drop(UID)
    await admin.drop(UID)

    assert fake.documents == {}


async def test_dump_is_named(admin: MeilisearchAdmin) -> None:
    assert await admin.dump() == "20261124-1"


async def test_keys_are_made_once_with_the_least_rights(
    fake: FakeMeilisearch, admin: MeilisearchAdmin
) -> None:
    first = await admin.create_keys("test_")
    second = await admin.create_keys("test_")
    await admin.create_keys("")

    made = {key["name"] + key["description"]: key for key in fake.keys.values()}
    rights = {name: (key["actions"], key["indexes"]) for name, key in made.items()}
    read = ["search", "documents.get"]
    write = ["search", "documents.*", "tasks.get", "indexes.get", "stats.get"]
    assert rights == {
        "duijie searcherDuijie (test_): searcher": (read, ["test_*"]),
        "duijie writerDuijie (test_): writer": (write, ["test_*"]),
        "duijie adminDuijie (test_): admin": (["*"], ["*"]),
        "duijie searcherDuijie (no prefix): searcher": (read, ["*"]),
        "duijie writerDuijie (no prefix): writer": (write, ["*"]),
        "duijie adminDuijie (no prefix): admin": (["*"], ["*"]),
    }
    assert (
        first
        == second
        == {
            role: fake.keys[key_uid("test_", role)]["key"]
            for role in ("searcher", "writer", "admin")
        }
    )
    assert len(set(first.values())) == 3


def test_value_of_a_key_is_worked_out_as_the_server_does() -> None:
    uid = "01b4bc42-eb33-4041-b481-254d00cce834"

    # What Meilisearch 1.50.0 answered to this id under this master key.
    told = "f98093292343c6752c34d964c897a7ec3c4779f0da046bb84a7e8489a19e27da"
    assert key_value("masterKeyOf16Bytes", uid) == told


@pytest.mark.parametrize("key", ["", "wrong"])
async def test_wrong_key_is_no_fault_of_the_request(url: str, key: str) -> None:
    with pytest.raises(SearchUnavailable):
        await MeilisearchAdmin(url, key).prepare(UID)


async def test_server_that_is_not_there_is_told_in_time() -> None:
    admin = MeilisearchAdmin("http://127.0.0.1:9", MASTER_KEY, timeout_s=1)

    for ask in (admin.prepare(UID), admin.stats(UID), admin.drop(UID), admin.dump()):
        with pytest.raises(SearchUnavailable):
            await ask


async def test_many_at_once_do_not_disturb_each_other(
    fake: FakeMeilisearch, admin: MeilisearchAdmin
) -> None:
    uids = [f"test{place}" for place in range(8)]

    await asyncio.gather(
        *(admin.rebuild(uid, batches([make_document(uid)])) for uid in uids),
    )

    assert {uid: held(fake, uid) for uid in fake.documents} == {uid: [uid] for uid in uids}


async def test_engine_finds_what_a_rebuild_wrote(url: str, admin: MeilisearchAdmin) -> None:
    await admin.rebuild(UID, batches([make_document("r1", version=3)]))

    async with MeilisearchConnection(url, MASTER_KEY) as connection:
        versions = await MeilisearchEngine(connection, UID).versions()

    assert versions == {"r1": 3}


@pytest.mark.parametrize(
    ("changes", "sent"),
    [
        ({}, set()),
        ({"sortableAttributes": list(reversed(settings()["sortableAttributes"]))}, set()),
        ({"rankingRules": list(reversed(settings()["rankingRules"]))}, {"rankingRules"}),
        ({"stopWords": ["的"]}, {"stopWords"}),
        ({"pagination": {"maxTotalHits": 1}}, {"pagination"}),
        ({"somethingNew": 1}, set()),
    ],
)
def test_only_what_differs_is_sent(changes: dict[str, Any], sent: set[str]) -> None:
    found = differences(settings() | changes, settings())

    assert found == {name: settings()[name] for name in sent}


def test_setting_that_the_server_does_not_tell_is_sent() -> None:
    told = settings()
    del told["faceting"]

    assert set(differences(told, settings())) == {"faceting"}
    assert MADE_BY in str(settings()["filterableAttributes"])
