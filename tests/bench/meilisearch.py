"""The marketplace on a real Meilisearch server: speed of indexing, searches, matches, publishes.

python -m tests.bench.meilisearch [--json] [--listings N] [--searches N] [--published N]
    [--matches N]

It needs a server (MEILI_URL and MEILI_KEY, or a `meilisearch` program on PATH). The engine's
own time is the sum of the `processingTimeMs` of all that one search asks it.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
from sqlalchemy import select

from market.db import Database
from market.indexing.engines import open_indexes
from market.indexing.published import published_documents
from market.indexing.remote import index_uid
from market.listings.models import Listing
from market.matching.rematching import Rematching
from market.settings import Settings
from search.admin import MeilisearchAdmin
from search.meilisearch import MeilisearchConnection, MeilisearchEngine
from search.port import SearchQuery
from search.synonyms import shipped_synonyms
from tests.bench.generator import (
    need_row,
    result_row,
    synthetic_needs,
    synthetic_results,
    synthetic_searches,
)
from tests.bench.market import (
    FACETS,
    PAGE,
    Market,
    file_of,
    publishing,
    search_parameters,
    served_market,
)
from tests.bench.table import Row, Section, arguments, at_most, count, note, run_alone, stated
from tests.bench.throughput import connected
from tests.market.indexing.outage import engine_variables
from tests.search.live import LiveServer, live_server

_WARM = 20


def parser() -> argparse.ArgumentParser:
    made = arguments("tests.bench.meilisearch", "the marketplace on a Meilisearch server")
    made.add_argument("--searches", type=count, default=200, metavar="N", help="typed searches")
    made.add_argument("--published", type=count, default=40, metavar="N", help="single publishes")
    made.add_argument("--matches", type=count, default=1_000, metavar="N", help="needs matched")
    return made


def measure(chosen: argparse.Namespace) -> Section:
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(_measured(Path(folder), chosen))
    title = f"Meilisearch 1.50, {chosen.listings:,} results (SQLite, one process of ours)"
    return Section(title, rows)


async def _measured(folder: Path, chosen: argparse.Namespace) -> list[Row]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(live_server())
        market = await stack.enter_async_context(served_market(folder, engine_variables(server)))
        needs = synthetic_needs(chosen.matches, seed=chosen.seed)
        await market.upload("need", file_of(map(need_row, needs)))
        await market.leave_rematching()
        rows = await _importing(market, chosen)
        rows += await publishing(market, chosen.published, f"{chosen.listings:,} results")
        await market.leave_rematching()
        rows += await _searching(market, server, chosen)
        rows += await _matching(folder, server, chosen.matches)
        rows += await _rebuilding(folder, server)
        return rows + await _sizes(server)


async def _importing(market: Market, chosen: argparse.Namespace) -> list[Row]:
    note(f"meilisearch: import of {chosen.listings:,} results")
    results = synthetic_results(chosen.listings, seed=chosen.seed)
    content = file_of(map(result_row, results))
    began_s = time.perf_counter()
    await market.upload("result", content)
    took_s = time.perf_counter() - began_s
    await market.leave_rematching()
    return [stated(f"import of {chosen.listings:,} results, upload to searchable", took_s, "s")]


class _Tally(httpx.AsyncHTTPTransport):
    """Adds up what the server says its searches took, and counts the calls."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.own_s = 0.0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        await response.aread()
        self.calls += 1
        told = msgspec.json.decode(response.content)
        for each in told.get("results", [told]) if isinstance(told, dict) else []:
            self.own_s += each.get("processingTimeMs", 0) / 1000
        return response


async def _searching(market: Market, server: LiveServer, chosen: argparse.Namespace) -> list[Row]:
    """Each search over HTTP, and straight from here with the server's own time added up."""
    note("meilisearch: searches")
    tally, ours_s, straight_s, own_s, calls = _Tally(), [], [], [], []
    key = server.keys["searcher"]
    async with (
        connected(str(market.client.base_url)) as connection,
        MeilisearchConnection(server.url, key, transport=tally) as straight,
    ):
        uid = index_uid(server.prefix, "result")
        engine = MeilisearchEngine(straight, uid, synonyms=shipped_synonyms())
        for text, filters in synthetic_searches(chosen.searches, seed=chosen.seed):
            path = f"/api/v1/results?{urlencode(search_parameters(text, filters))}"
            began_s = time.perf_counter()
            await connection.get(path)
            ours_s.append(time.perf_counter() - began_s)
            tally.calls, tally.own_s = 0, 0.0
            query = SearchQuery(text=text, filters=filters, facets=FACETS, limit=PAGE)
            began_s = time.perf_counter()
            await engine.search(query)
            straight_s.append(time.perf_counter() - began_s)
            own_s.append(tally.own_s)
            calls.append(tally.calls)
    warm = min(_WARM, len(ours_s) // 2)
    return [
        stated("search with filter and 3 facets over HTTP, p50", _ms(ours_s[warm:]), "ms"),
        stated("search with filter and 3 facets over HTTP, p95", _ms95(ours_s[warm:]), "ms"),
        stated("– the same from the engine class alone, p50", _ms(straight_s[warm:]), "ms"),
        stated("– the server's own processingTimeMs, p50", _ms(own_s[warm:]), "ms"),
        stated("– calls of the server a search, mean", sum(calls) / len(calls), "calls"),
    ]


async def _matching(folder: Path, server: LiveServer, matches: int) -> list[Row]:
    """Needs matched anew as the worker does it: one after the other, then two at a time."""
    note(f"meilisearch: {matches:,} matches")
    database = Database(f"sqlite+aiosqlite:///{folder / 'duijie.db'}")
    try:
        async with open_indexes(_settings(folder, server), database, for_writing=False) as indexes:
            async with database.reading() as session:
                ids = list(
                    await session.scalars(
                        select(Listing.id).where(Listing.kind == "need").limit(matches)
                    )
                )
            rematching = Rematching(database, indexes)
            singles_s = []
            for need_id in ids[: min(60, len(ids))]:
                began_s = time.perf_counter()
                await rematching.rematch("need", [need_id])
                singles_s.append(time.perf_counter() - began_s)
            began_s = time.perf_counter()
            halves = ids[::2], ids[1::2]
            await asyncio.gather(*(_one_by_one(rematching, half) for half in halves))
            all_s = time.perf_counter() - began_s
    finally:
        await database.close()
    return [
        stated("one match of a need, p50", _ms(singles_s), "ms"),
        stated("one match of a need, p95", _ms95(singles_s), "ms"),
        stated(f"{len(ids):,} matches, 2 at a time", all_s, "s"),
    ]


async def _one_by_one(rematching: Rematching, ids: Sequence[Any]) -> None:
    for need_id in ids:
        await rematching.rematch("need", [need_id])


async def _rebuilding(folder: Path, server: LiveServer) -> list[Row]:
    """The index of results made anew from the database, beside the one that is searched."""
    note("meilisearch: rebuild")
    database = Database(f"sqlite+aiosqlite:///{folder / 'duijie.db'}")
    admin = MeilisearchAdmin(server.url, server.keys["admin"])
    done = 0

    async def counted() -> AsyncIterator[list[Any]]:
        nonlocal done
        async for batch in published_documents(database, "result"):
            done += len(batch)
            yield batch

    try:
        began_s = time.perf_counter()
        await admin.rebuild(index_uid(server.prefix, "result"), counted())
        took_s = time.perf_counter() - began_s
    finally:
        await database.close()
    return [
        at_most(f"index of {done:,} results made anew", took_s / done * 100_000, "s a 100,000",
                target=120),
    ]  # fmt: skip


async def _sizes(server: LiveServer) -> list[Row]:
    async with httpx.AsyncClient() as client:
        answer = await client.get(
            f"{server.url}/stats", headers={"Authorization": f"Bearer {server.master_key}"}
        )
    told = answer.raise_for_status().json()
    return [
        stated("size of the server's database on disk", told["databaseSize"] / 1e6, "MB"),
        stated("– of it in use", told["usedDatabaseSize"] / 1e6, "MB"),
    ]


def _settings(folder: Path, server: LiveServer) -> Settings:
    return Settings(
        data_folder=folder,
        search_url=server.url,
        search_prefix=server.prefix,
        search_key=server.keys["searcher"],
    )


def _ms(taken_s: Sequence[float]) -> float:
    return median(taken_s) * 1000


def _ms95(taken_s: Sequence[float]) -> float:
    return (quantiles(taken_s, n=20)[-1] if len(taken_s) > 1 else taken_s[0]) * 1000


if __name__ == "__main__":
    run_alone(parser(), measure)
