"""What is kept of an answer, and what the log tells of a request."""

import json
import logging
import subprocess
import sys
from typing import Any

import httpx
import pytest
import structlog
from litestar import Litestar, Response, get
from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send
from structlog.testing import capture_logs

from market.accounts.guard import anyone
from market.app import create_app
from market.db import Database
from market.http.metrics import Metrics
from market.http.requests import RequestRecord
from market.indexing.engines import Indexes
from market.settings import Settings


@get("/try/plain/{name:str}", opt=anyone())
async def plain() -> dict[str, str]:
    return {"a": "b"}


@get("/try/versioned", opt=anyone())
async def versioned() -> Response[dict[str, str]]:
    return Response({"a": "b"}, headers={"ETag": '"3"'})


@get("/try/unchanged", opt=anyone(), status_code=304)
async def unchanged() -> Response[None]:
    return Response(None, status_code=304)


@get("/try/page", opt=anyone(), media_type="text/html")
async def page() -> Response[str]:
    headers = {
        "Cache-Control": "public, max-age=60",
        "Content-Security-Policy": "script-src 'self'",
    }
    return Response("<p>页</p>", headers=headers)


@get("/try/broken", opt=anyone())
async def broken() -> None:
    raise RuntimeError("a secret of ours")


@pytest.fixture
def app(settings: Settings, database: Database, indexes: Indexes) -> Litestar:
    routes = [plain, versioned, unchanged, page, broken]
    return create_app(settings, database, indexes, extra_routes=routes)


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/try/plain/x", "no-store"),
        ("/try/nothing", "no-store"),
        ("/try/broken", "no-store"),
        ("/try/versioned", "private, no-cache"),
        ("/try/unchanged", "private, no-cache"),
        ("/try/page", "public, max-age=60"),
    ],
)
async def test_only_what_has_a_version_may_be_kept(
    client: httpx.AsyncClient, path: str, kept: str
) -> None:
    answer = await client.get(path)

    assert answer.headers.get_list("cache-control") == [kept]


async def test_page_keeps_the_policy_that_it_chose(client: httpx.AsyncClient) -> None:
    answer = await client.get("/try/page")

    assert answer.headers.get_list("content-security-policy") == ["script-src 'self'"]
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]


def _told(logged: list[Any]) -> list[tuple[str, str, int]]:
    lines = [line for line in logged if line["event"] == "request"]
    return [(line["method"], line["route"], line["status"]) for line in lines]


async def test_log_names_the_route_and_not_the_address(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "duijie.requests")
    with capture_logs() as logged:
        await client.get("/try/plain/token-that-is-secret")

    assert _told(logged) == [("GET", "/try/plain/{name}", 200)]
    assert "secret" not in str(logged)


@pytest.mark.parametrize(
    ("method", "path", "told"),
    [
        ("GET", "/try/nothing", ("GET", "(no route)", 404)),
        ("BREW", "/try/page", ("OTHER", "(no route)", 405)),
        ("GET", "/try/broken", ("GET", "/try/broken", 500)),
        ("HEAD", "/try/page", ("HEAD", "/try/page", 200)),
    ],
)
async def test_failures_and_odd_methods_are_lines_too(
    client: httpx.AsyncClient,
    caplog: pytest.LogCaptureFixture,
    method: str,
    path: str,
    told: tuple[str, str, int],
) -> None:
    caplog.set_level(logging.INFO, "duijie.requests")
    with capture_logs() as logged:
        await client.request(method, path)

    assert _told(logged) == [told]


async def test_line_below_the_level_of_the_log_is_never_made(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "duijie.requests")
    with capture_logs() as logged:
        await client.get("/try/page")

    assert logged == []


class _Inner:
    """Stands for the application: what it was asked, and in which context of the log."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, Any]]] = []

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        self.seen.append((scope["type"], structlog.contextvars.get_contextvars()))
        if scope["type"] == ScopeType.HTTP:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _ask(inner: _Inner, **changes: Any) -> list[Any]:
    sent: list[Any] = []

    async def keep(message: Any) -> None:
        sent.append(message)

    async def nothing() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope: Any = {"type": "http", "method": "GET", "headers": [], "state": {}, **changes}
    await RequestRecord(inner, Metrics())(scope, nothing, keep)
    return sent


async def test_lines_logged_within_a_request_carry_its_id() -> None:
    inner = _Inner()

    await _ask(inner, headers=[(b"x-request-id", b"request-7")])

    assert inner.seen == [("http", {"request_id": "request-7"})]
    assert structlog.contextvars.get_contextvars() == {}


async def test_websocket_passes_by_untouched() -> None:
    inner = _Inner()

    sent = await _ask(inner, type="websocket")

    assert (inner.seen, sent) == ([("websocket", {})], [])


# A process of its own sets its logging up: here it would take over the log of the tests.
_PROGRAM = """
import logging, sys, structlog
from market.http.requests import set_up_logging
from market.settings import Settings
set_up_logging(Settings(log_format=sys.argv[1], log_level="INFO"))
logging.getLogger("httpx").info("GET https://example.cn/?key=secret")
structlog.get_logger("duijie.requests").info("request", route="/成果/{id}", status=200)
structlog.contextvars.bind_contextvars(request_id="request-9")
try:
    raise ValueError("what happened")
except ValueError:
    logging.getLogger("duijie.http").exception("unforeseen error")
"""


def _printed(log_format: str) -> tuple[str, list[str]]:
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-W", "error", "-c", _PROGRAM, log_format],
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    )
    return done.stdout, done.stderr.splitlines()


def test_json_log_is_one_object_a_line_on_stderr() -> None:
    stdout, lines = _printed("json")

    first, second = (json.loads(line) for line in lines)
    trace = second.pop("exception")
    zones = {first.pop("timestamp")[-1], second.pop("timestamp")[-1]}
    assert (stdout, zones) == ("", {"Z"})
    assert first == {
        "event": "request",
        "route": "/成果/{id}",
        "status": 200,
        "level": "info",
        "logger": "duijie.requests",
    }
    assert second == {
        "event": "unforeseen error",
        "request_id": "request-9",
        "level": "error",
        "logger": "duijie.http",
    }
    assert trace.splitlines()[-1] == "ValueError: what happened"


def test_text_log_shows_the_traceback_and_no_outgoing_address() -> None:
    stdout, lines = _printed("text")

    text = "\n".join(lines)
    assert stdout == ""
    assert ("ValueError: what happened" in text, "/成果/{id}" in text) == (True, True)
    assert ("secret" in text, "\x1b[" in text) == (False, False)
