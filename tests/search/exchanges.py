"""Exchanges with a real server: recorded once, replayed for ever.

A recording belongs to one test. It holds no requests but digests of them, and of each answer what
says something: no times, and tasks counted from 1. A replayed request gets the answers that the
same request got, in their order, the last one again and again; any other request fails the test.
"""

import hashlib
import json
import lzma
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Self

import httpx
import pytest

from tests.search.live import VERSION, make_empty

FOLDER = Path(__file__).parent / "recorded" / VERSION
# The command that records tells here with which server.
RECORD_URL, RECORD_KEY = "DUIJIE_TEST_RECORD_URL", "DUIJIE_TEST_RECORD_KEY"
IS_RECORDING = RECORD_URL in os.environ
# The index of all recordings.
RECORDED_INDEX = "recorded-results"
_PASSING = ("enqueuedAt", "startedAt", "finishedAt", "duration", "batchUid", "requestUid")
_UNDONE = ("enqueued", "processing")
_TASK_PATH = re.compile(r"/tasks/(\d+)")


class Exchange(NamedTuple):
    """`request` is a digest; the answer's body is JSON."""

    request: str
    told: str
    status: int
    body: str


class Recording:
    """The exchanges of the tests of one module, in a file of their own."""

    def __init__(self, name: str) -> None:
        self._path = FOLDER / f"{name}.jsonl.xz"
        self._by_test: dict[str, list[Exchange]] = {} if IS_RECORDING else dict(_read(self._path))

    def transport(self, request: pytest.FixtureRequest) -> httpx.AsyncBaseTransport:
        """Replays what the test asks, or records it where the command to record runs the test."""
        test = _name(request.node)
        if IS_RECORDING:
            return self.record(test, os.environ[RECORD_URL], os.environ[RECORD_KEY])
        return self.replay(test)

    def replay(self, test: str) -> httpx.AsyncBaseTransport:
        return _Replay(test, self._by_test.get(test, []))

    def record(self, test: str, url: str, key: str) -> httpx.AsyncBaseTransport:
        exchanges = self._by_test[test] = list[Exchange]()
        return _Recorder(exchanges, url, key)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if IS_RECORDING:
            self.save()

    def save(self) -> None:
        """Bodies that come again are kept once."""
        bodies: dict[str, int] = {}
        lines = []
        for test, exchanges in sorted(self._by_test.items()):
            told = [
                [each.request, each.told, each.status, bodies.setdefault(each.body, len(bodies))]
                for each in exchanges
            ]
            lines.append(_json({"test": test, "exchanges": told}))
        kept = [_json(list(bodies)), *lines]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_bytes(lzma.compress("\n".join(kept).encode()))


def _name(test: pytest.Function) -> str:
    """The test and the places of its parameters; their texts are escaped once for each class
    that inherits the test, and so by which files are run together."""
    callspec = getattr(test, "callspec", None)
    places = sorted(callspec.indices.items()) if callspec else ()
    return " ".join([test.originalname, *(f"{name}={place}" for name, place in places)])


async def start_recording() -> None:
    """Let the recorded test find an empty index."""
    if IS_RECORDING:
        await make_empty(os.environ[RECORD_URL], os.environ[RECORD_KEY], RECORDED_INDEX)


def _read(path: Path) -> Iterator[tuple[str, list[Exchange]]]:
    if not path.exists():
        return
    first, *lines = lzma.decompress(path.read_bytes()).decode().splitlines()
    bodies = json.loads(first)
    for line in lines:
        kept = json.loads(line)
        yield (
            kept["test"],
            [
                Exchange(request, told, status, bodies[body])
                for request, told, status, body in kept["exchanges"]
            ],
        )


class _Replay(httpx.AsyncBaseTransport):
    def __init__(self, test: str, exchanges: list[Exchange]) -> None:
        self._test = test
        self._answers: dict[str, list[Exchange]] = {}
        for each in exchanges:
            self._answers.setdefault(each.request, []).append(each)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answers = self._answers.get(_digest(request), [])
        # Not an error of httpx, which the engine would take for a server that is away.
        assert answers, (
            f"{self._test} was recorded without {_told(request)} {request.content[:300]!r};"
            " if the request is meant: python -m tests.search.record"
        )
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return httpx.Response(answer.status, content=answer.body.encode(), request=request)


class _Recorder(httpx.AsyncBaseTransport):
    def __init__(self, exchanges: list[Exchange], url: str, key: str) -> None:
        self._exchanges = exchanges
        self._url = httpx.URL(url)
        self._key = key
        self._transport = httpx.AsyncHTTPTransport()
        # The server's numbers of tasks, in their order.
        self._tasks: list[int] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._transport.handle_async_request(self._for_server(request))
        await response.aread()
        body = self._plain(json.loads(response.content)) if response.content else ""
        exchange = Exchange(_digest(request), _told(request), response.status_code, _json(body))
        if not _is_waiting(body):
            self._exchanges.append(exchange)
        return httpx.Response(exchange.status, content=exchange.body.encode(), request=request)

    def _for_server(self, request: httpx.Request) -> httpx.Request:
        path = request.url.raw_path.decode()
        if task := _TASK_PATH.fullmatch(path):
            path = f"/tasks/{self._tasks[int(task[1]) - 1]}"
        url = self._url.copy_with(raw_path=path.encode())
        headers = {"Authorization": f"Bearer {self._key}"}
        if "Content-Type" in request.headers:
            headers["Content-Type"] = request.headers["Content-Type"]
        sent = httpx.Request(request.method, url, headers=headers, content=request.content)
        sent.extensions = dict(request.extensions)
        return sent

    def _plain(self, body: Any) -> Any:
        if isinstance(body, dict):
            kept = {name: self._plain(each) for name, each in body.items() if name not in _PASSING}
            if "processingTimeMs" in kept:
                kept["processingTimeMs"] = 0
            for name in ("taskUid", "uid"):
                if isinstance(kept.get(name), int):
                    kept[name] = self._number(kept[name])
            return kept
        return [self._plain(each) for each in body] if isinstance(body, list) else body

    def _number(self, task: int) -> int:
        if task not in self._tasks:
            self._tasks.append(task)
        return self._tasks.index(task) + 1

    async def aclose(self) -> None:
        await self._transport.aclose()


def _is_waiting(body: Any) -> bool:
    return isinstance(body, dict) and "uid" in body and body.get("status") in _UNDONE


def _digest(request: httpx.Request) -> str:
    said = f"{_told(request)}\n".encode() + request.content
    return hashlib.sha256(said).hexdigest()[:16]


def _told(request: httpx.Request) -> str:
    return f"{request.method} {request.url.raw_path.decode()}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
