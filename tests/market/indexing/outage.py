"""A marketplace in this process whose search engine is a server behind a faulty proxy."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, cast

import httpx
import msgspec
import uvicorn
from litestar import Litestar
from sqlalchemy import func, select

from market.app import open_for
from market.db import Database
from market.indexing.drift import Drift, compare
from market.indexing.engines import KINDS, Indexes, open_indexes
from market.jobs import Job
from market.settings import Settings
from market.work import CRONS, all_kinds
from market.worker import Pace, Worker
from tests.faulty_proxy import FaultyProxy, faulty_proxy
from tests.search.live import LiveServer

TIMEOUT_S = 0.5
# What comes so late is as good as lost.
LATE_S = 3 * TIMEOUT_S
_PACE = Pace(poll_s=0.05, away_s=0.2)
_LIMIT_S = 30.0


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[int]:
    """An ASGI application on a port of loopback."""
    config = uvicorn.Config(app, port=0, lifespan="off", log_config=None, log_level="error")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - the server tells nobody.
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        server.force_exit = True
        await serving


def engine_variables(server: LiveServer) -> dict[str, str]:
    """The settings that name a server, its indexes and its keys."""
    return {
        "DUIJIE_SEARCH_URL": server.url,
        "DUIJIE_SEARCH_PREFIX": server.prefix,
        "DUIJIE_SEARCH_KEY": server.keys["searcher"],
        "DUIJIE_SEARCH_WRITER_KEY": server.keys["writer"],
        "DUIJIE_SEARCH_ADMIN_KEY": server.keys["admin"],
    }


class Marketplace:
    """API and worker on one database; the engine is behind `proxy`."""

    def __init__(
        self,
        database: Database,
        indexes: Indexes,
        proxy: FaultyProxy,
        client: httpx.AsyncClient,
    ) -> None:
        self.database = database
        self.indexes = indexes
        self.proxy = proxy
        self.client = client

    async def drifts(self) -> list[Drift]:
        """How far each copy of each index is from the database."""
        return [
            await compare(self.database, engine, kind)
            for kind in KINDS
            for engine in self.indexes.copies_of(kind)
        ]

    async def unfinished(self) -> dict[str, int]:
        """How many jobs wait, run or are dead, by kind; those that come by the clock left out."""
        async with self.database.reading() as session:
            rows = await session.execute(
                select(Job.kind, func.count().label("waiting"))
                .where(Job.state != "done", Job.kind.not_in([cron.kind for cron in CRONS]))
                .group_by(Job.kind)
            )
            return {row.kind: row.waiting for row in rows}

    async def settled(self) -> None:
        """Wait until nothing is to be done. Raises TimeoutError."""
        await until(self._is_settled)

    async def _is_settled(self) -> bool:
        return await self.unfinished() == {}


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(_LIMIT_S):
        while not await is_so():  # noqa: ASYNC110 - another process or task does it.
            await asyncio.sleep(0.05)


@asynccontextmanager
async def marketplace(
    assembled: Litestar, settings: Settings, database: Database, port: int
) -> AsyncIterator[Marketplace]:
    """`settings` name the keys; the engine listens on `port`."""
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(faulty_proxy(port, late_s=LATE_S))
        settings = msgspec.structs.replace(
            settings, search_url=proxy.url, search_timeout_ms=round(TIMEOUT_S * 1000)
        )
        indexes = await stack.enter_async_context(
            open_indexes(settings, database, for_writing=True, retry_s=0.1)
        )
        kinds = all_kinds(settings, database, indexes)
        worker = Worker(database, kinds, pace=_PACE)
        await stack.enter_async_context(worker.running())
        open_for(assembled, settings, database, indexes)
        transport = httpx.ASGITransport(app=cast(Any, assembled), raise_app_exceptions=False)
        client = await stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://test")
        )
        yield Marketplace(database, indexes, proxy, client)
