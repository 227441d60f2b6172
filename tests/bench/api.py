"""The marketplace as its users meet it: a served process on loopback, and a client.

python -m tests.bench.api [--json] [--listings N] [--searches N] [--published N]

Two sizes are measured: a tenth of the listings, then all of them. The import is timed from the
upload to the last index job; re-matching is left to a time of its own. Searches are timed on one
plain connection that is kept, because the figure is about the API: the client of the other steps
(httpx) adds about a millisecond of its own to each request.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from market.indexing.documents import document_of_result
from schemas.listings import Result
from search.embedded import EmbeddedEngine
from search.port import SearchQuery
from search.synonyms import shipped_synonyms
from tests.bench.bare import BareServer
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
from tests.bench.plain_index import PlainIndex
from tests.bench.table import (
    Row,
    Section,
    arguments,
    at_least,
    at_most,
    count,
    note,
    run_alone,
    stated,
)
from tests.bench.throughput import connected, requests_per_s

_NEEDS = 1_000
_ROUNDS = 5


def parser() -> argparse.ArgumentParser:
    made = arguments("tests.bench.api", "the marketplace over HTTP")
    made.add_argument("--searches", type=count, default=200, metavar="N", help="typed searches")
    made.add_argument("--published", type=count, default=60, metavar="N", help="single publishes")
    return made


def measure(chosen: argparse.Namespace) -> Section:
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(_measured(Path(folder), chosen))
    return Section("The marketplace over HTTP (SQLite, embedded engine, one process)", rows)


async def _measured(folder: Path, chosen: argparse.Namespace) -> list[Row]:
    results = list(synthetic_results(chosen.listings, seed=chosen.seed))
    tenth = max(1, chosen.listings // 10)
    async with served_market(folder) as market:
        needs = synthetic_needs(_NEEDS, seed=chosen.seed)
        await market.upload("need", file_of(map(need_row, needs)))
        await market.settled()
        rows = await _json_routes(market)
        note(f"api: import of {tenth:,} results")
        await market.upload("result", file_of(map(result_row, results[:tenth])))
        await market.leave_rematching()
        rows += await publishing(market, chosen.published, f"{tenth:,} results")
        note(f"api: import of {chosen.listings - tenth:,} results more")
        rows += await _importing(market, results[tenth:])
        rows += await publishing(market, chosen.published, f"{chosen.listings:,} results")
        await market.leave_rematching()
        return rows + await _searching(market, chosen)


async def _json_routes(market: Market) -> list[Row]:
    """A JSON route of ours against the same of a bare application, in turns."""
    note("api: JSON routes")
    ours: list[float] = []
    bare: list[float] = []
    async with BareServer() as other:
        for _ in range(_ROUNDS):
            ours.append(await requests_per_s(str(market.client.base_url), "/health/live"))
            bare.append(await requests_per_s(other.url, "/bare"))
    ratio = median(mine / theirs for mine, theirs in zip(ours, bare, strict=True))
    return [
        at_least("JSON route ÷ the same of a bare application", ratio, "×", target=0.6),
        stated("JSON route", median(ours), "requests/s"),
    ]


async def _importing(market: Market, results: Sequence[Result]) -> list[Row]:
    began_s = time.perf_counter()
    PlainIndex().write(map(document_of_result, results))
    plain_s = time.perf_counter() - began_s
    content = file_of(map(result_row, results))
    began_s = time.perf_counter()
    await market.upload("result", content)
    ours_s = time.perf_counter() - began_s
    rematched_per_s = await market.rematched_per_s()
    await market.leave_rematching()
    number = f"{len(results):,} results"
    return [
        at_least(
            f"import of {number}, upload to searchable: plain script ÷ ours",
            plain_s / ours_s,
            "×",
            target=0.15,
        ),
        stated(f"import of {number}, upload to searchable", ours_s, "s"),
        stated(f"re-matching with {_NEEDS:,} needs, apart", rematched_per_s, "results/s"),
    ]


async def _searching(market: Market, chosen: argparse.Namespace) -> list[Row]:
    """Each search over HTTP and then on the same index in this process."""
    note("api: searches")
    engine = EmbeddedEngine.open(
        market.folder / "index" / "results", writable=False, synonyms=shipped_synonyms()
    )
    ours_s: list[float] = []
    engine_s: list[float] = []
    async with connected(str(market.client.base_url)) as connection:
        for text, filters in synthetic_searches(chosen.searches, seed=chosen.seed):
            path = f"/api/v1/results?{urlencode(search_parameters(text, filters))}"
            began_s = time.perf_counter()
            await connection.get(path)
            ours_s.append(time.perf_counter() - began_s)
            query = SearchQuery(text=text, filters=filters, facets=FACETS, limit=PAGE)
            began_s = time.perf_counter()
            engine.search_now(query)
            engine_s.append(time.perf_counter() - began_s)
    warm = min(20, len(ours_s) // 2)
    p50_s, engine_p50_s = median(ours_s[warm:]), median(engine_s[warm:])
    return [
        at_most(
            "search with filter and 3 facets: p50 over HTTP ÷ the engine's own p50",
            p50_s / engine_p50_s,
            "×",
            target=3,
        ),
        stated("search with filter and 3 facets over HTTP, p50", p50_s * 1000, "ms"),
        stated("the engine's own time, p50", engine_p50_s * 1000, "ms"),
    ]


if __name__ == "__main__":
    run_alone(parser(), measure)
