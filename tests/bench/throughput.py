"""How fast a server answers, asked by a client that costs little."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

_CONNECTIONS = 16
_SECONDS = 1.5


async def requests_per_s(url: str, path: str) -> float:
    """Sixteen connections, each sending its next request when it has the last answer."""
    end_s = time.perf_counter() + _SECONDS
    began_s = time.perf_counter()
    answered = await asyncio.gather(*(_ask(url, path, end_s) for _ in range(_CONNECTIONS)))
    return sum(answered) / (time.perf_counter() - began_s)


async def _ask(url: str, path: str, end_s: float) -> int:
    answered = 0
    async with connected(url) as connection:
        while time.perf_counter() < end_s:
            await connection.get(path)
            answered += 1
    return answered


class Connection:
    """One kept connection, which sends what it is told and reads whole answers."""

    def __init__(
        self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._host = host
        self._reader = reader
        self._writer = writer

    async def get(self, path: str) -> bytes:
        """The body of the answer. Raises RuntimeError for any status but 200."""
        self._writer.write(f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n\r\n".encode())
        head = await self._reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            raise RuntimeError(head.decode("latin-1"))
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        return await self._reader.readexactly(int(length))


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    """A connection to the server at a URL, closed after the block."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port or 80)
    try:
        yield Connection(address.netloc, reader, writer)
    finally:
        writer.close()
        await writer.wait_closed()
