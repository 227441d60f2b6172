"""A proxy on loopback that stands before a server and can be told to misbehave."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal

# pass: as if it were not there. refused: nobody listens. hanging: takes the request, never
# answers. failing: answers 500. slow: answers late. cut: the server does what it is asked, and
# its answer is lost.
Mode = Literal["pass", "refused", "hanging", "failing", "slow", "cut"]
FAULTS: tuple[Mode, ...] = ("refused", "hanging", "failing", "slow", "cut")

_ERROR = b'{"message":"broken","code":"internal","type":"internal","link":""}'
_ANSWER_500 = (
    b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(_ERROR), _ERROR)
)


class FaultyProxy:
    """Changes of `become` hold for what is asked afterwards; connections from before are cut."""

    def __init__(self, port: int, *, late_s: float) -> None:
        self._upstream = port
        self._late_s = late_s
        self._mode: Mode = "pass"
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self.port = 0
        self.asked = 0
        """How many connections were made."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def become(self, mode: Mode) -> None:
        self._mode = mode
        if mode == "refused":
            await self.close()
            return
        await self._cut_all()
        await self._listen()

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._cut_all()

    async def _cut_all(self) -> None:
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._mode == "hanging":
            await asyncio.Event().wait()
        if self._mode == "failing":
            await reader.readuntil(b"\r\n\r\n")
            writer.write(_ANSWER_500)
            await writer.drain()
            return
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        try:
            forth = asyncio.create_task(_pump(reader, up_writer))
            try:
                await self._answer(up_reader, writer)
            finally:
                forth.cancel()
                with suppress(asyncio.CancelledError, OSError):
                    await forth
        finally:
            up_writer.close()

    async def _answer(self, upstream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await upstream.read(65_536):
            if self._mode == "cut":
                return
            if self._mode == "slow":
                await asyncio.sleep(self._late_s)
            writer.write(data)
            await writer.drain()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()


@asynccontextmanager
async def faulty_proxy(port: int, *, late_s: float) -> AsyncIterator[FaultyProxy]:
    """In front of the server on this port of loopback; it passes everything on at first."""
    proxy = FaultyProxy(port, late_s=late_s)
    await proxy.become("pass")
    try:
        yield proxy
    finally:
        await proxy.close()
