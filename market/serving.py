"""Runs the marketplace: the web server, and with it, unless it is told otherwise, the worker.

One process is all that the embedded way needs. Many web processes share their port by uvicorn's
own supervisor; each then opens what it needs by itself, and workers run apart.
"""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

import uvicorn

from market.app import create_app
from market.db import Database
from market.http.requests import set_up_logging
from market.indexing.engines import Indexes, open_indexes
from market.matching.synonyms import follow_synonyms
from market.migrating import migrate
from market.settings import Settings, settings_from
from market.subscriptions.streaming import streams_of
from market.work import worker_of

_log = logging.getLogger("duijie.serving")

_KEEP_ALIVE_S = 15
_MOST_CONNECTIONS = 500
# Imports and jobs make hundreds of thousands of objects without cycles: looked through after
# every 700, they cost a tenth of their time.
_OBJECTS_BETWEEN_LOOKS = 10_000
# A request changes threads some six times, and each time waits so long for a job that computes:
# with Python's own 5 ms a search took 35 ms while listings were matched.
_SWITCH_S = 0.0005


async def serve(settings: Settings, *, on_ready: Callable[[int], None]) -> None:
    """Serve with a worker inside until SIGTERM or SIGINT; `on_ready` gets the port.

    A stop lets running requests and jobs finish within `shutdown_s`.
    """
    database = Database(settings.url_of_database, pool_size=settings.database_pool_size)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        await migrate(database)
        indexes = await stack.enter_async_context(
            open_indexes(settings, database, for_writing=True)
        )
        worker = worker_of(settings, database, indexes)
        app = create_app(settings, database, indexes)
        settle_interpreter()

        def stop() -> None:
            worker.stop()
            streams_of(app.state).end()

        with _signals_end_here():
            async with worker.running(), following_synonyms(database, indexes):
                await _Server(_config(settings, app), on_ready, stop).serve()


def settle_interpreter() -> None:
    """For a process that serves from now on: requests come before jobs, as far as Python can.

    Garbage is looked for less often, and never among what is there by now: it stays. Threads
    that compute let others in ten times as often as they would.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_LOOKS, *gc.get_threshold()[1:])
    sys.setswitchinterval(_SWITCH_S)


def serve_many(settings: Settings, processes: int) -> None:
    """Serve with so many web processes and no worker, until SIGTERM or SIGINT."""
    options = _options(settings)
    uvicorn.run("market.serving:application", factory=True, workers=processes, **options)


def application() -> Any:
    """The ASGI application of one of many web processes: opens at startup, closes at shutdown."""
    return _SelfOpening(settings_from(os.environ))


class _SelfOpening:
    """Makes the application when the server starts, because opening needs its event loop."""

    def __init__(self, settings: Settings) -> None:
        set_up_logging(settings)
        self._settings = settings
        self._app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        async with AsyncExitStack() as stack:
            await receive()
            self._app = await self._opened(stack)
            settle_interpreter()
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _opened(self, stack: AsyncExitStack) -> Any:
        settings = self._settings
        database = Database(settings.url_of_database, pool_size=settings.database_pool_size)
        stack.push_async_callback(database.close)
        indexes = await stack.enter_async_context(
            open_indexes(settings, database, for_writing=False)
        )
        await stack.enter_async_context(following_synonyms(database, indexes))
        return create_app(settings, database, indexes)


@asynccontextmanager
async def following_synonyms(database: Database, indexes: Indexes) -> AsyncIterator[None]:
    """Let searches of this process know the lines that administrators add, during the block."""
    following = asyncio.create_task(follow_synonyms(database, (indexes.results, indexes.needs)))
    following.add_done_callback(_tell_failure)
    try:
        yield
    finally:
        following.cancel()
        await asyncio.wait([following])


def _tell_failure(following: asyncio.Task[None]) -> None:
    # Searches go on with the synonyms known so far.
    if not following.cancelled() and (error := following.exception()):
        _log.error("the synonyms are not followed any more", exc_info=error)


class _Server(uvicorn.Server):
    """Tells when it ends, and when it listens and on which port: 0 means any that is free."""

    def __init__(
        self,
        config: uvicorn.Config,
        on_ready: Callable[[int], None],
        on_stop: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._on_stop = on_stop

    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        # Jobs end while requests do: one patience for both.
        self._on_stop()
        await super().shutdown(sockets)

    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            port: int = self.servers[0].sockets[0].getsockname()[1]
            self._on_ready(port)


def _config(settings: Settings, app: Any) -> uvicorn.Config:
    return uvicorn.Config(app, lifespan="off", **_options(settings))


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "host": settings.host,
        "port": settings.port,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": settings.shutdown_s,
        "timeout_keep_alive": _KEEP_ALIVE_S,
        "limit_concurrency": _MOST_CONNECTIONS,
        # Only a named proxy may say who the client is: anybody else could take any address.
        "proxy_headers": bool(settings.forwarded_allow_ips),
        "forwarded_allow_ips": settings.forwarded_allow_ips or None,
    }


@contextmanager
def _signals_end_here() -> Iterator[None]:
    """Let the server have the signals, and keep it from raising them once more at its end."""
    signals = (signal.SIGTERM, signal.SIGINT)
    before = {each: signal.signal(each, _ignore) for each in signals}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _ignore(*_: object) -> None:
    return None
