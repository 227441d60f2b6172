"""Receivers of webhooks on this machine, which answer as the worst of them do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from time import perf_counter
from typing import Any

import msgspec

_Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Received(msgspec.Struct, frozen=True):
    """One request as it came over the wire."""

    head: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """`url` is where it listens, `received` what came."""

    def __init__(self, behaviour: _Behaviour) -> None:
        self._behaviour = behaviour
        self.received: list[Received] = []
        # When each message came first, by its id.
        self.arrivals: dict[str, float] = {}
        self.connections = 0
        self.most_at_once = 0
        self._at_once = 0
        self.tasks: set[asyncio.Task[Any]] = set()
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            self.tasks.add(task)
        self.connections += 1
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            request = await _request(reader)
            self.received.append(request)
            self.arrivals.setdefault(request.headers.get("webhook-id", ""), perf_counter())
            await self._behaviour(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._at_once -= 1
            # At once: whoever is gone reads no more of what is still to be sent.
            writer.transport.abort()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def _ended(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say all that there is, and wait until the other side has gone."""
    writer.write_eof()
    await writer.drain()
    await reader.read()


async def _request(reader: asyncio.StreamReader) -> Received:
    head, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    pairs = (line.partition(": ") for line in lines if line)
    headers = {name.lower(): value for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(head, headers, body)


@asynccontextmanager
async def receiving(behaviour: _Behaviour) -> AsyncIterator[Receiver]:
    receiver = Receiver(behaviour)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    receiver.url = f"http://127.0.0.1:{port}/hook"
    try:
        yield receiver
    finally:
        server.close()
        for task in receiver.tasks:
            task.cancel()
        await asyncio.gather(*receiver.tasks, return_exceptions=True)


def answering(status: str = "204 No Content", headers: str = "", body: bytes = b"") -> _Behaviour:
    """Answers every request alike."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = f"Content-Length: {len(body)}\r\n"
        writer.write(f"HTTP/1.1 {status}\r\n{length}{headers}\r\n".encode() + body)
        await _ended(reader, writer)

    return answer


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Takes everything and never answers."""
    await reader.read()


async def dripping(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers one byte at a time, for ever."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers gigabytes as fast as they are taken."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
    while True:
        writer.write(b"x" * 65_536)
        await writer.drain()


async def closing_mid_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    await _ended(reader, writer)


async def babbling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers what is no HTTP."""
    writer.write(b"220 mail.example.cn ESMTP\r\n" * 50)
    await _ended(reader, writer)
