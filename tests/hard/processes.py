"""Processes of the marketplace that tests start, kill and start again."""

import asyncio
import os
import re
import signal
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import httpx

_PORT = re.compile(r"http://127\.0\.0\.1:(\d+)/")
_REPOSITORY = Path(__file__).parents[2]
_START_LIMIT_S = 60.0
_STOP_LIMIT_S = 40.0
_LINES_KEPT = 80


class ProcessFailed(Exception):
    """A process did not start, did not answer or did not end well; with what it said."""


class Process:
    """`python -m market …`, which may be started any number of times.

    What it says on stderr is read all the time, so that it never waits for its reader.
    """

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self._arguments = arguments
        self._environment = {**os.environ, **environment}
        # The tests' own variable is no setting of the marketplace.
        self._environment.pop("DUIJIE_TEST_DATABASE_URL", None)
        self._said: deque[str] = deque(maxlen=_LINES_KEPT)
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self.starts = 0

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def said(self) -> str:
        return "".join(self._said)

    async def start(self) -> None:
        self._said.clear()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "market",
            *self._arguments,
            cwd=_REPOSITORY,
            env=self._environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        self._reader = asyncio.create_task(self._read())
        self.starts += 1

    async def kill(self) -> None:
        """SIGKILL: no last word. Raises ProcessFailed when it had ended before by itself."""
        await self._end(signal.SIGKILL, expected=-signal.SIGKILL)

    async def stop(self) -> None:
        """SIGTERM. Raises ProcessFailed when it does not end in time with exit code 0."""
        await self._end(signal.SIGTERM, expected=0)

    async def finished(self) -> None:
        """Wait for the end of what ends by itself. Raises ProcessFailed."""
        await self._ended(expected=0)

    async def close(self) -> None:
        """End it in any case, without a word about how."""
        if self._process is not None and self.is_running:
            self._process.kill()
            await self._process.wait()
        if self._reader is not None:
            await self._reader

    async def _end(self, number: signal.Signals, *, expected: int) -> None:
        if self._process is None or self._process.returncode is not None:
            raise ProcessFailed(f"It ended by itself: {self.said}")
        self._process.send_signal(number)
        await self._ended(expected=expected)

    async def _ended(self, *, expected: int) -> None:
        assert self._process is not None
        try:
            async with asyncio.timeout(_STOP_LIMIT_S):
                code = await self._process.wait()
        except TimeoutError:
            raise ProcessFailed(f"It does not end: {self.said}") from None
        if self._reader is not None:
            await self._reader
        if code != expected:
            raise ProcessFailed(f"It ended with {code}: {self.said}")

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self._hear(line.decode(errors="replace"))

    def _hear(self, line: str) -> None:
        self._said.append(line)


class Server(Process):
    """`python -m market serve` on a free port, another one after every start."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__(["serve", "--port", "0"], environment)
        self._port: asyncio.Future[int] | None = None

    @property
    def url(self) -> str | None:
        """Where it listens; None while it is not up."""
        is_known = self._port is not None and self._port.done() and self.is_running
        return f"http://127.0.0.1:{self._port.result()}" if is_known and self._port else None

    async def start(self) -> None:
        """Start and wait until it answers. Raises ProcessFailed."""
        self._port = asyncio.get_running_loop().create_future()
        await super().start()
        try:
            async with asyncio.timeout(_START_LIMIT_S), httpx.AsyncClient() as client:
                while not self._port.done():
                    if not self.is_running:
                        raise ProcessFailed(f"It ended while it started: {self.said}")
                    await asyncio.wait([self._port], timeout=0.2)
                await self._wait_for_life(client)
        except TimeoutError:
            raise ProcessFailed(f"It does not start: {self.said}") from None

    async def _wait_for_life(self, client: httpx.AsyncClient) -> None:
        while True:
            with suppress(httpx.TransportError):
                answer = await client.get(f"{self.url}/health/live", timeout=5)
                if answer.status_code == 200:
                    return
            await asyncio.sleep(0.05)

    def _hear(self, line: str) -> None:
        super()._hear(line)
        found = _PORT.search(line)
        if found and self._port is not None and not self._port.done():
            self._port.set_result(int(found[1]))
