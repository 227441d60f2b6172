"""Around every request: its id, one line in the log, its figures, safe headers, and a limit.

It stands outside the framework, so that addresses that nobody serves are counted, too.
"""

import logging
import re
import secrets
import sys
import time
from typing import Any

import msgspec
import structlog
from litestar.enums import HttpMethod, ScopeType
from litestar.status_codes import HTTP_304_NOT_MODIFIED
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from market.http.metrics import Metrics
from market.settings import Settings
from schemas.common import Problem

# Beyond this many requests at once each would wait longer than its sender does.
MOST_AT_ONCE = 300
_RETRY_AFTER_S = 1
_SANE_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
_UNKNOWN_ROUTE = "(no route)"
_LOG_NAME = "duijie.requests"
_log = structlog.get_logger(_LOG_NAME)
_written = logging.getLogger(_LOG_NAME)

# Pages that need more say so themselves; an answer without a page needs nothing.
_SAFE_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


def request_id_of(scope: Scope) -> str:
    """The id of a request, as its answer and the log name it."""
    return str(scope.get("duijie_request_id", ""))


class RequestRecord:
    """An ASGI application around another one."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        self._running = 0
        metrics.in_flight.set_function(lambda: self._running)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        answer = _Answer(send, _given_id(scope), is_head=method == "HEAD")
        scope["duijie_request_id"] = answer.request_id  # type: ignore[typeddict-unknown-key]
        if method == "HEAD":
            # What can be read can be asked about: the same answer without its body.
            scope["method"] = HttpMethod.GET
        began_s = time.perf_counter()
        self._running += 1
        bound = structlog.contextvars.bind_contextvars(request_id=answer.request_id)
        try:
            await self._within_limit(scope, receive, answer)
        finally:
            structlog.contextvars.reset_contextvars(**bound)
            self._running -= 1
            took_s = time.perf_counter() - began_s
            self._record(scope, method if method in _METHODS else "OTHER", answer, took_s)

    async def _within_limit(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        if self._running <= MOST_AT_ONCE:
            await self._app(scope, receive, answer.send)
        else:
            await _refuse(answer)

    def _record(self, scope: Scope, method: str, answer: "_Answer", took_s: float) -> None:
        route = str(scope.get("path_template") or _UNKNOWN_ROUTE)
        self._metrics.count_request(method, route, answer.status, took_s)
        # A line that nobody keeps must not be made: that takes longer than all else here.
        if not _written.isEnabledFor(logging.INFO):
            return
        viewer: Any = scope.get("user")
        _log.info(
            "request",
            method=method,
            route=route,
            status=answer.status,
            ms=round(took_s * 1000, 1),
            actor=str(viewer.user_id) if viewer and viewer.user_id else None,
            request_id=answer.request_id,
        )


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _Answer:
    """Sends an answer on, with the headers that it lacks; 500 until one was begun."""

    def __init__(self, send: Send, request_id: str, *, is_head: bool) -> None:
        self.status = 500
        self._is_head = is_head
        self.request_id = request_id
        self._send = send

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = message["headers"]
            named = {name.lower() for name, _ in headers}
            missing = [each for each in _SAFE_HEADERS if each[0] not in named]
            if b"cache-control" not in named:
                missing.append((b"cache-control", _cached(self.status, named)))
            missing.append((b"x-request-id", self.request_id.encode()))
            message["headers"] = [*headers, *missing]
        elif self._is_head and message["type"] == "http.response.body":
            message["body"] = b""
        await self._send(message)


def _cached(status: int, named: set[bytes]) -> bytes:
    """What has an ETag may be kept by its reader, who asks each time whether it still holds."""
    is_versioned = b"etag" in named or status == HTTP_304_NOT_MODIFIED
    return b"private, no-cache" if is_versioned else b"no-store"


def _given_id(scope: Scope) -> str:
    """The sender's own id of the request where it is a sane one, so that logs can be joined."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _SANE_ID.match(text := value.decode("latin-1")):
            return text
    return secrets.token_hex(16)


async def _refuse(answer: _Answer) -> None:
    problem = Problem(
        type="urn:duijie:overloaded",
        title="请求过多，请稍后再试 · Too much to do just now; please try again.",
        status=503,
        code="overloaded",
    )
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"retry-after", str(_RETRY_AFTER_S).encode()),
    ]
    await answer.send({"type": "http.response.start", "status": 503, "headers": headers})
    body = msgspec.json.encode(problem)
    await answer.send({"type": "http.response.body", "body": body, "more_body": False})


def set_up_logging(settings: Settings) -> None:
    """One line an event on stderr: text for people or JSON for programs."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendered: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                rendered,
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=settings.log_level, force=True)
    # The first logs every address that is called, with the secrets in it, the second every value
    # that is stored, the third each look.
    for name in ("httpx", "aiosqlite", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
