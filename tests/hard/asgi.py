"""Sends one request straight into an ASGI application, byte by byte as a server would."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol
from urllib.parse import unquote

import msgspec

Message = MutableMapping[str, Any]
Headers = tuple[tuple[bytes, bytes], ...]


class AsgiApp(Protocol):
    def __call__(
        self,
        scope: Any,
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
        /,
    ) -> Awaitable[None]: ...


class WireRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it lies on the wire. `path` is percent-encoded ASCII.

    The body comes in `pieces`; with `hangs_up` the client is gone after the first of them.
    """

    method: str
    path: bytes
    query: bytes = b""
    headers: Headers = ()
    body: bytes = b""
    pieces: int = 1
    hangs_up: bool = False
    client: str = "127.0.0.1"


class WireAnswer(msgspec.Struct, frozen=True):
    status: int
    headers: dict[str, str]
    body: bytes


class NoAnswer(Exception):
    """The application ended without a complete answer."""


async def ask(app: AsgiApp, request: WireRequest, *, limit_s: float = 20) -> WireAnswer:
    """The application's answer; what it raises comes through. Raises NoAnswer, TimeoutError."""
    incoming = iter(_messages(request))
    sent: list[Message] = []

    async def receive() -> Message:
        return next(incoming, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        sent.append(message)

    async with asyncio.timeout(limit_s):
        await app(_scope(request), receive, send)
    return _answer(sent)


def _messages(request: WireRequest) -> list[Message]:
    size = max(1, -(-len(request.body) // request.pieces))
    parts = [request.body[at : at + size] for at in range(0, len(request.body), size)] or [b""]
    if request.hangs_up:
        return [{"type": "http.request", "body": parts[0], "more_body": True}]
    last = len(parts) - 1
    return [
        {"type": "http.request", "body": part, "more_body": place < last}
        for place, part in enumerate(parts)
    ]


def _scope(request: WireRequest) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        # uvicorn decodes a path in this way, so what can't be UTF-8 arrives as U+FFFD.
        "path": unquote(request.path.decode("ascii")),
        "raw_path": request.path,
        "query_string": request.query,
        "headers": list(request.headers),
        "root_path": "",
        "server": ("test", 80),
        "client": (request.client, 50_000),
        "state": {},
        "extensions": {},
    }


def _answer(sent: list[Message]) -> WireAnswer:
    if not sent or sent[0]["type"] != "http.response.start":
        raise NoAnswer("It sent no answer.")
    if sent[-1].get("more_body"):
        raise NoAnswer("Its answer has no end.")
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1")
        for name, value in sent[0]["headers"]
    }
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return WireAnswer(int(sent[0]["status"]), headers, body)
