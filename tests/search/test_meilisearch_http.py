"""The connection: a server that is away, slow, stumbling, or no server at all."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import msgspec
import pytest

from search.meilisearch_http import MeilisearchConnection, TaskFailed
from search.port import (
    IndexMissing,
    IndexOutdated,
    SearchError,
    SearchUnavailable,
)
from tests.search.fake_meilisearch import FakeMeilisearch, Network

Answer = Callable[[httpx.Request], httpx.Response]
UID = "results"


@pytest.fixture
def fake() -> FakeMeilisearch:
    fake = FakeMeilisearch()
    fake.indexes.create(UID, "key")
    return fake


@pytest.fixture
async def connection(fake: FakeMeilisearch) -> AsyncIterator[MeilisearchConnection]:
    async with connected(fake.transport()) as connection:
        yield connection


def connected(
    transport: httpx.AsyncBaseTransport, *, timeout_s: float = 0.5, task_timeout_s: float = 1.0
) -> MeilisearchConnection:
    return MeilisearchConnection(
        "http://fake",
        "a-key",
        timeout_s=timeout_s,
        task_timeout_s=task_timeout_s,
        transport=transport,
    )


async def stats(connection: MeilisearchConnection, uid: str = UID) -> Any:
    return await connection.read("GET", f"/indexes/{uid}/stats", answer=dict)


async def write(connection: MeilisearchConnection, *keys: str) -> None:
    lines = b"\n".join(msgspec.json.encode({"key": key}) for key in keys)
    await connection.write_lines(f"/indexes/{UID}/documents?primaryKey=key", lines)


# Reads


async def test_answer_is_decoded_to_what_was_asked_for(connection: MeilisearchConnection) -> None:
    found = await stats(connection)

    assert found["numberOfDocuments"] == 0


async def test_requests_carry_the_key_and_want_no_compression() -> None:
    seen: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(200, json={})

    async with connected(httpx.MockTransport(answer)) as connection:
        await stats(connection)

    assert seen[0]["authorization"] == "Bearer a-key"
    assert seen[0]["accept-encoding"] == "identity"
    assert seen[0]["content-type"] == "application/json"


@pytest.mark.parametrize("network", ["refused", "hanging", "cut", "lost", "garbage"])
async def test_server_that_can_not_be_asked_is_unavailable_in_time(
    fake: FakeMeilisearch, connection: MeilisearchConnection, network: Network
) -> None:
    with fake.away(network), pytest.raises(SearchUnavailable):
        await stats(connection)

    assert (await stats(connection))["numberOfDocuments"] == 0


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_read_is_asked_again_when_the_server_stumbles(
    fake: FakeMeilisearch, connection: MeilisearchConnection, status: int
) -> None:
    fake.answer_next(status, times=2)

    assert (await stats(connection))["numberOfDocuments"] == 0

    assert fake.seen("GET", "stats") == 3


async def test_read_is_not_asked_for_ever(
    fake: FakeMeilisearch, connection: MeilisearchConnection
) -> None:
    fake.answer_next(503, times=9)

    with pytest.raises(SearchUnavailable, match="503"):
        await stats(connection)

    assert fake.seen("GET", "stats") == 3


async def test_connection_that_ends_is_made_again() -> None:
    tries = 0

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise httpx.RemoteProtocolError("server disconnected")
        return httpx.Response(200, json={"tries": tries})

    async with connected(httpx.MockTransport(answer)) as connection:
        assert await stats(connection) == {"tries": 2}


async def test_retry_after_is_waited_for_where_there_is_time(fake: FakeMeilisearch) -> None:
    fake.answer_next(503, retry_after_s=1)
    async with connected(fake.transport(), timeout_s=10) as connection:
        began = time.monotonic()

        await stats(connection)

    assert time.monotonic() - began >= 1


async def test_retry_after_past_the_time_limit_is_not_waited_for(
    fake: FakeMeilisearch, connection: MeilisearchConnection
) -> None:
    fake.answer_next(503, retry_after_s=10, code="too_many_search_requests")

    with pytest.raises(SearchUnavailable, match="too_many_search_requests"):
        await stats(connection)

    assert fake.seen("GET", "stats") == 1


@pytest.mark.parametrize("told", ["soon", "-1", "1e9", "", "²", "Wed, 21 Oct 2026 07:28:00 GMT"])
async def test_retry_after_that_is_no_number_of_seconds_is_passed_over(told: str) -> None:
    tries = 0

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal tries
        tries += 1
        headers = [(b"retry-after", told.encode())]
        return httpx.Response(503 if tries == 1 else 200, headers=headers, json={})

    async with connected(httpx.MockTransport(answer)) as connection:
        assert await stats(connection) == {}


@pytest.mark.parametrize("status", [500, 429, 401, 403, 413])
async def test_other_failures_of_the_server_are_told_at_once(
    fake: FakeMeilisearch, connection: MeilisearchConnection, status: int
) -> None:
    fake.answer_next(status, code="some_code")

    with pytest.raises(SearchError, match="some_code") as raised:
        await stats(connection)

    assert fake.seen("GET", "stats") == 1
    assert isinstance(raised.value, SearchUnavailable) == (status != 413)


async def test_missing_index_is_named(connection: MeilisearchConnection) -> None:
    with pytest.raises(IndexMissing, match="`nowhere`"):
        await stats(connection, "nowhere")


async def test_missing_index_in_a_multi_search_is_named(connection: MeilisearchConnection) -> None:
    body = {"queries": [{"indexUid": "nowhere"}]}

    with pytest.raises(IndexMissing, match="`nowhere`"):
        await connection.read("POST", "/multi-search", body, answer=dict)


@pytest.mark.parametrize(
    "code", ["invalid_search_filter", "invalid_search_sort", "invalid_search_facets"]
)
async def test_index_without_a_needed_attribute_is_outdated(
    fake: FakeMeilisearch, connection: MeilisearchConnection, code: str
) -> None:
    fake.answer_next(400, code=code)

    with pytest.raises(IndexOutdated, match=code):
        await stats(connection)


async def test_request_that_the_server_does_not_understand_is_our_error(
    connection: MeilisearchConnection,
) -> None:
    body = {"queries": [{"indexUid": UID, "colour": "red"}]}

    with pytest.raises(SearchError, match="colour") as raised:
        await connection.read("POST", "/multi-search", body, answer=dict)

    assert not isinstance(raised.value, SearchUnavailable)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"null", b"[]", b'{"uid": "x"}', b"\xff\xfe", b"<html>", b"1" * 100_000]
)
async def test_answer_of_another_shape_is_unavailable(content: bytes) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=content))

    async with connected(transport) as connection:
        with pytest.raises(SearchUnavailable, match="can't be read"):
            await connection.wait(1)


@pytest.mark.parametrize("status", [301, 404, 500])
async def test_error_that_no_meilisearch_tells_is_unavailable(status: int) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=b"<html>"))

    async with connected(transport) as connection:
        with pytest.raises(SearchUnavailable, match=str(status)):
            await stats(connection)


async def test_answer_that_drips_is_cut_off() -> None:
    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.05)

    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=drip()))
    async with connected(transport, timeout_s=0.3) as connection:
        with pytest.raises(SearchUnavailable):
            await stats(connection)


async def test_cancelled_read_is_cancelled(
    fake: FakeMeilisearch, connection: MeilisearchConnection
) -> None:
    with fake.away("hanging"):
        reading = asyncio.create_task(stats(connection))
        await asyncio.sleep(0.05)
        reading.cancel()

        with pytest.raises(asyncio.CancelledError):
            await reading


# Writes


async def test_write_returns_when_its_task_is_done(
    fake: FakeMeilisearch, connection: MeilisearchConnection
) -> None:
    fake.is_stepped = True
    writing = asyncio.create_task(write(connection, "r1"))
    await asyncio.sleep(0.1)
    assert not writing.done()
    assert fake.documents[UID] == {}

    fake.step()

    await writing
    assert fake.documents[UID] == {"r1": {"key": "r1"}}


async def test_pauses_between_looks_at_a_task_grow(fake: FakeMeilisearch) -> None:
    fake.is_stepped = True
    async with connected(fake.transport(), task_timeout_s=0.8) as connection:
        with pytest.raises(SearchUnavailable, match="still busy with task 0"):
            await write(connection, "r1")

    assert 1 < fake.seen("GET", "/tasks/0") < 20


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_write_is_tried_once(
    fake: FakeMeilisearch, connection: MeilisearchConnection, status: int
) -> None:
    fake.answer_next(status, path="/documents")

    with pytest.raises(SearchUnavailable):
        await write(connection, "r1")

    assert fake.seen("POST", "/documents") == 1
    assert fake.documents[UID] == {}


@pytest.mark.parametrize("network", ["refused", "hanging", "cut", "lost", "garbage"])
async def test_write_that_gets_no_answer_may_be_done_and_is_told(
    fake: FakeMeilisearch, connection: MeilisearchConnection, network: Network
) -> None:
    with fake.away(network), pytest.raises(SearchUnavailable):
        await write(connection, "r1")

    assert set(fake.documents[UID]) == ({"r1"} if network in ("lost", "garbage") else set())
    await write(connection, "r1")
    assert set(fake.documents[UID]) == {"r1"}


async def test_server_that_stumbles_while_a_task_is_awaited_is_asked_again(
    fake: FakeMeilisearch, connection: MeilisearchConnection
) -> None:
    fake.answer_next(503, times=2, path="/tasks")

    await write(connection, "r1")

    assert set(fake.documents[UID]) == {"r1"}


async def test_failed_task_tells_why(
    fake: FakeMeilisearch, connection: MeilisearchConnection
) -> None:
    fake.poison.add("r1")

    with pytest.raises(TaskFailed, match="poison") as raised:
        await write(connection, "r1")

    assert raised.value.code == "invalid_document_fields"
    assert not raised.value.is_fault_of_server


@pytest.mark.parametrize("kind", ["internal", "system"])
async def test_task_that_fails_by_the_server_is_told_apart(
    fake: FakeMeilisearch, connection: MeilisearchConnection, kind: str
) -> None:
    fake.fail_next_task("no_space_left_on_device", kind=kind)

    with pytest.raises(TaskFailed, match="no_space_left") as raised:
        await write(connection, "r1")

    assert raised.value.is_fault_of_server


async def test_cancelled_task_may_be_written_again(
    fake: FakeMeilisearch, connection: MeilisearchConnection
) -> None:
    fake.is_stepped = True
    writing = asyncio.create_task(write(connection, "r1"))
    await asyncio.sleep(0.1)
    fake.tasks[0]["status"] = "canceled"

    with pytest.raises(SearchUnavailable, match="cancelled"):
        await writing


async def test_task_on_an_index_that_is_gone_names_it(connection: MeilisearchConnection) -> None:
    with pytest.raises(IndexMissing, match="nowhere"):
        await connection.write("POST", "/indexes/nowhere/documents/delete-batch", ["r1"])


async def test_task_that_the_server_has_forgotten_is_unavailable(
    connection: MeilisearchConnection,
) -> None:
    with pytest.raises(SearchUnavailable, match="task_not_found"):
        await connection.wait(99)


async def test_many_reads_at_once_all_get_their_answers(
    fake: FakeMeilisearch, connection: MeilisearchConnection
) -> None:
    for place in range(40):
        fake.indexes.create(f"i{place}", "key")
        fake.indexes.add(f"i{place}", [{"key": str(n)} for n in range(place)], "key")

    found = await asyncio.gather(*(stats(connection, f"i{place}") for place in range(40)))

    assert [each["numberOfDocuments"] for each in found] == list(range(40))
