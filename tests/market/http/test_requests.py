"""What stands around every request."""

import asyncio
import json
import logging
from typing import Any

import httpx
import pytest
import structlog
from litestar import Litestar, get
from litestar.types import Message, Receive, Scope, Send

from market.accounts.guard import anyone
from market.app import create_app
from market.db import Database
from market.http.metrics import Metrics
from market.http.requests import MOST_AT_ONCE, RequestRecord
from market.indexing.engines import Indexes
from market.settings import Settings
from tests.market.accounts.factories import make_account


async def test_parameter_that_no_route_knows_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get("/query?size=1&sise=2", headers={"Accept-Language": "en"})

    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"detail": "There is no such parameter.", "parameter": "sise"}
    ]


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("", [{"detail": "This is required.", "parameter": "size"}]),
        ("size=x", [{"detail": "Must be an integer.", "parameter": "size"}]),
        ("size=0", [{"detail": "Must be at least 1.", "parameter": "size"}]),
        ("size=1&size=2", [{"detail": "May stand once only.", "parameter": "size"}]),
        ("size=1&tag=%00", [{"detail": "Must not hold NUL.", "parameter": "tag"}]),
        ("size=1&kind=c", [{"detail": "Must be one of: a, b.", "parameter": "kind"}]),
    ],
)
async def test_wrong_parameters_are_named(
    client: httpx.AsyncClient, query: str, errors: list[dict[str, str]]
) -> None:
    answer = await client.get(f"/query?{query}", headers={"Accept-Language": "en"})

    assert answer.status_code == 422
    assert answer.json()["errors"] == errors


async def test_list_may_repeat(client: httpx.AsyncClient) -> None:
    answer = await client.get("/query?size=1&tag=a&tag=b")

    assert answer.json() == {"size": 1, "kind": "a", "tag": ["a", "b"]}


async def test_query_that_is_no_utf8_is_malformed(client: httpx.AsyncClient) -> None:
    answer = await client.get("/query?size=%ff")

    assert answer.status_code == 400
    assert answer.json()["code"] == "malformed"


async def test_method_that_an_address_does_not_know(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/query", headers={"Accept-Language": "en"})

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, OPTIONS"
    assert answer.json()["title"] == "This address does not know the method."


async def test_head_is_get_without_the_body(client: httpx.AsyncClient) -> None:
    read = await client.get("/query?size=1")

    asked = await client.head("/query?size=1")

    assert (asked.status_code, asked.content) == (200, b"")
    assert asked.headers["content-length"] == str(len(read.content))


async def test_unforeseen_error_tells_no_details(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await client.get("/boom", headers={"X-Request-Id": "trace-0001"})

    assert answer.status_code == 500
    assert answer.json() == {
        "type": "urn:duijie:internal",
        "title": "服务器内部错误",
        "status": 500,
        "code": "internal",
        "instance": "urn:duijie:request:trace-0001",
    }
    assert "the secret of the house" not in answer.text
    told = [record for record in caplog.records if record.name == "duijie.http"]
    assert [(each.levelname, "trace-0001" in each.getMessage()) for each in told] == [
        ("ERROR", True)
    ]


async def test_engine_that_is_away_is_503(client: httpx.AsyncClient) -> None:
    answer = await client.get("/away")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["code"] == "search_unavailable"
    assert "10.0.0.7" not in answer.text


@pytest.mark.parametrize(
    ("asked", "lang"),
    [
        ("en", "en"),
        ("en-GB,zh;q=0.5", "en"),
        ("zh-CN", "zh"),
        ("en;q=0.2, zh;q=0.9", "zh"),
        ("fr", "zh"),
        ("", "zh"),
        ("en;q=high", "en"),
        (";;;,,,=", "zh"),
    ],
)
async def test_language_is_the_one_asked_for(
    client: httpx.AsyncClient, asked: str, lang: str
) -> None:
    answer = await client.get("/nothing", headers={"Accept-Language": asked})

    assert answer.headers["content-language"] == lang


async def test_request_has_an_id(client: httpx.AsyncClient) -> None:
    own = await client.get("/nothing")
    given = await client.get("/nothing", headers={"X-Request-Id": "abcdefgh"})
    odd = await client.get("/nothing", headers={"X-Request-Id": "<script>"})

    assert len(own.headers["x-request-id"]) == 32
    assert given.headers["x-request-id"] == "abcdefgh"
    assert len(odd.headers["x-request-id"]) == 32


@pytest.mark.parametrize("path", ["/nothing", "/health/live", "/api/v1/results", "/boom"])
async def test_every_answer_has_safe_headers(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)

    assert {
        name: answer.headers[name]
        for name in ("x-content-type-options", "referrer-policy", "content-security-policy")
    } == {
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    }
    assert "server" not in answer.headers


async def test_request_is_one_line_of_the_log(
    database: Database, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "duijie.requests")
    account = await make_account(database)

    with structlog.testing.capture_logs() as lines:
        await client.get("/query?size=1", headers=account.headers | {"X-Request-Id": "trace-0002"})

    (line,) = lines
    assert line.pop("ms") >= 0
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "GET",
        "route": "/query",
        "status": 200,
        "actor": str(account.user.id),
        "request_id": "trace-0002",
    }
    assert account.headers["Authorization"][7:] not in json.dumps(line)


async def test_figures_count_requests_and_jobs(
    database: Database, client: httpx.AsyncClient
) -> None:
    administrator = await make_account(database, None, is_administrator=True)
    await client.get("/query?size=1")
    await client.get("/somewhere/else")

    answer = await client.get("/metrics", headers=administrator.headers)

    lines = answer.text.splitlines()
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'duijie_requests_total{method="GET",route="/query",status="200"} 1.0' in lines
    assert 'duijie_requests_total{method="GET",route="(no route)",status="404"} 1.0' in lines
    assert 'duijie_jobs{state="dead"} 0.0' in lines
    assert "duijie_oldest_due_job_seconds 0.0" in lines


async def test_figures_are_for_administrators(
    database: Database, client: httpx.AsyncClient
) -> None:
    institute = await make_account(database)

    answers = [
        await client.get("/metrics"),
        await client.get("/metrics", headers=institute.headers),
    ]

    assert [answer.status_code for answer in answers] == [401, 403]
    assert all("duijie_requests_total" not in answer.text for answer in answers)


async def test_more_requests_than_can_be_served_are_put_off() -> None:
    gate = asyncio.Event()

    async def slow(_scope: Scope, _receive: Receive, send: Send) -> None:
        await gate.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    record = RequestRecord(slow, Metrics())
    waiting = [asyncio.create_task(_ask(record)) for _ in range(MOST_AT_ONCE)]
    await asyncio.sleep(0)

    refused = await _ask(record)

    gate.set()
    assert refused[0]["status"] == 503
    assert (b"retry-after", b"1") in refused[0]["headers"]
    assert json.loads(refused[1]["body"])["code"] == "overloaded"
    assert {messages[0]["status"] for messages in await asyncio.gather(*waiting)} == {204}
    assert (await _ask(record))[0]["status"] == 204


async def _ask(app: Any) -> list[Any]:
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
    await app(scope, receive, send)
    return messages


def test_route_without_roles_can_not_be_registered(
    settings: Settings, database: Database, indexes: Indexes
) -> None:
    @get("/open")
    async def forgotten() -> None:
        return None

    with pytest.raises(TypeError, match="/open"):
        create_app(settings, database, indexes, extra_routes=[forgotten])


def test_route_with_roles_can_be_registered(
    settings: Settings, database: Database, indexes: Indexes
) -> None:
    @get("/open", opt=anyone())
    async def declared() -> None:
        return None

    app = create_app(settings, database, indexes, extra_routes=[declared])

    assert isinstance(app, Litestar)
