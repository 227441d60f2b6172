"""A bare application with one JSON route, served as ours is: what ours is compared with."""

import asyncio
import os
import sys
from types import TracebackType
from typing import Any, Self

import uvicorn
from litestar import Litestar, get

_START = "listening on "


@get("/bare")
async def bare() -> dict[str, str]:
    return {"status": "ok"}


class BareServer:
    """The bare application in a process of its own, on a free port."""

    def __init__(self) -> None:
        self.url = ""
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.bench.bare",
            stdout=asyncio.subprocess.PIPE,
            env=os.environ,
        )
        assert self._process.stdout is not None
        line = (await self._process.stdout.readline()).decode()
        self.url = f"http://127.0.0.1:{line.removeprefix(_START).strip()}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            await self._process.wait()


class _Telling(uvicorn.Server):
    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        sys.stdout.write(f"{_START}{port}\n")
        sys.stdout.flush()


def main() -> None:
    app = Litestar([bare], openapi_config=None, logging_config=None)
    config = uvicorn.Config(
        app, port=0, lifespan="off", log_config=None, access_log=False, server_header=False
    )
    _Telling(config).run()


if __name__ == "__main__":
    main()
