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
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
from sqlalchemy import delete, func, select

from market.db import Database
from market.indexing.documents import document_of_result
from market.jobs import REMATCH, Job
from market.migrating import migrate
from schemas.listings import Result
from search.embedded import EmbeddedEngine
from search.port import FacetName, Filters, SearchQuery
from search.synonyms import shipped_synonyms
from tests.bench.bare import BareServer
from tests.bench.generator import (
    need_row,
    result_row,
    synthetic_needs,
    synthetic_results,
    synthetic_searches,
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
from tests.hard.processes import Server
from tests.market.accounts.factories import Account, make_account

_FACETS: tuple[FacetName, ...] = ("fields", "industry_sections", "trl")
_NEEDS = 1_000
_PAGE = 20
_UPLOAD_BYTES = 1_000_000_000
_POLL_S = 0.005
_LIMIT_S = 3_600.0
_ROUNDS = 5
_REMATCH_S = 20

_Value = str | int | float | bool | None


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
    async with _market(folder) as market:
        needs = synthetic_needs(_NEEDS, seed=chosen.seed)
        await market.upload("need", _file_of(map(need_row, needs)))
        await market.settled()
        rows = await _json_routes(market)
        note(f"api: import of {tenth:,} results")
        await market.upload("result", _file_of(map(result_row, results[:tenth])))
        await market.leave_rematching()
        rows += await _publishing(market, chosen.published, f"{tenth:,} results")
        note(f"api: import of {chosen.listings - tenth:,} results more")
        rows += await _importing(market, results[tenth:])
        rows += await _publishing(market, chosen.published, f"{chosen.listings:,} results")
        await market.leave_rematching()
        return rows + await _searching(market, chosen)


class _Market:
    """A served marketplace with an institute and an enterprise signed in."""

    def __init__(self, client: httpx.AsyncClient, folder: Path, accounts: Sequence[Account]):
        self.client = client
        self.folder = folder
        self.institute, self.enterprise, self._administrator = accounts

    async def upload(self, kind: str, content: bytes) -> None:
        """Import a file and publish what it holds; done when the index has it."""
        account = self.institute if kind == "result" else self.enterprise
        begun = await self.client.post(
            "/api/v1/imports",
            files={"file": ("listings.jsonl", content)},
            data={"kind": kind, "publishes": "true"},
            headers=account.headers,
        )
        begun.raise_for_status()
        path = f"/api/v1/imports/{begun.json()['id']}"
        await self._reached(path, "checked", account)
        (await self.client.post(f"{path}/apply", headers=account.headers)).raise_for_status()
        await self._reached(path, "applied", account)
        await self._jobs_done("index.sync")

    async def settled(self) -> None:
        """Wait until nothing is due."""
        await self._jobs_done("")

    async def rematched_per_s(self) -> float:
        """How many of the waiting listings are matched anew in a second, over some seconds."""
        before = await self._waiting_for_rematch()
        await asyncio.sleep(_REMATCH_S)
        return (before - await self._waiting_for_rematch()) / _REMATCH_S

    async def leave_rematching(self) -> None:
        """Drop what waits for matching: a hundred thousand would take an hour."""
        async with self._database() as database, database.writing() as session:
            await session.execute(delete(Job).where(Job.kind == REMATCH, Job.state == "queued"))
        await self.settled()

    async def _waiting_for_rematch(self) -> int:
        async with self._database() as database, database.reading() as session:
            waiting = await session.scalars(
                select(Job.payload).where(Job.kind == REMATCH, Job.state.in_(("queued", "running")))
            )
            return sum(len(payload["ids"]) for payload in waiting)

    async def _reached(self, path: str, state: str, account: Account) -> None:
        told = ""
        while told != state:
            answer = await self.client.get(path, headers=account.headers)
            told = answer.raise_for_status().json()["state"]
            if told == "failed":
                raise RuntimeError(answer.text)
            await asyncio.sleep(0.05)

    async def _jobs_done(self, kind: str) -> None:
        async with self._database() as database:
            left: int | None = 1
            while left:
                async with database.reading() as session:
                    left = await session.scalar(
                        select(func.count()).where(
                            Job.kind.startswith(kind), Job.state.in_(("queued", "running"))
                        )
                    )
                await asyncio.sleep(0.05)

    @asynccontextmanager
    async def _database(self) -> AsyncIterator[Database]:
        database = Database(f"sqlite+aiosqlite:///{self.folder / 'duijie.db'}")
        try:
            yield database
        finally:
            await database.close()


def _file_of(rows: Iterator[dict[str, Any]]) -> bytes:
    return b"\n".join(map(msgspec.json.encode, rows))


@asynccontextmanager
async def _market(folder: Path) -> AsyncIterator[_Market]:
    database = Database(f"sqlite+aiosqlite:///{folder / 'duijie.db'}")
    await migrate(database)
    accounts = [
        await make_account(database, "institute"),
        await make_account(database, "enterprise"),
        await make_account(database, None, is_administrator=True),
    ]
    await database.close()
    server = Server(
        {
            "DUIJIE_DATA_FOLDER": str(folder),
            "DUIJIE_UPLOAD_LIMIT_BYTES": str(_UPLOAD_BYTES),
            "DUIJIE_LOG_LEVEL": "WARNING",
        }
    )
    await server.start()
    try:
        async with httpx.AsyncClient(base_url=server.url or "", timeout=_LIMIT_S) as client:
            yield _Market(client, folder, accounts)
    finally:
        await server.stop()


async def _json_routes(market: _Market) -> list[Row]:
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


async def _importing(market: _Market, results: Sequence[Result]) -> list[Row]:
    began_s = time.perf_counter()
    PlainIndex().write(map(document_of_result, results))
    plain_s = time.perf_counter() - began_s
    content = _file_of(map(result_row, results))
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


async def _publishing(market: _Market, number: int, among: str) -> list[Row]:
    """One result after another: created, published, found by its own word, and matched."""
    note(f"api: single publishes among {among}")
    took_s = [await _publish(market, place) for place in range(number)]
    return [
        stated(f"publish → searchable and matched, p50, {among}", median(took_s) * 1000, "ms"),
        stated(
            f"publish → searchable and matched, p95, {among}",
            (quantiles(took_s, n=20)[-1] if len(took_s) > 1 else took_s[0]) * 1000,
            "ms",
        ),
    ]


async def _publish(market: _Market, place: int) -> float:
    result = next(islice(synthetic_results(place + 1, seed=7), place, None))
    word = f"ZQ{place}X{time.time_ns()}"
    form = {
        "title": f"{result.title} {word}",
        "summary": result.summary,
        "keywords": list(result.keywords),
        "fields": list(result.fields),
        "industries": list(result.industries),
        "trl": result.trl,
        "modes": list(result.modes),
    }
    headers = market.institute.headers
    made = await market.client.post("/api/v1/results", json=form, headers=headers)
    path = f"/api/v1/results/{made.raise_for_status().json()['id']}"
    began_s = time.perf_counter()
    (
        await market.client.post(
            f"{path}/publish", headers=headers | {"If-Match": made.headers["ETag"]}
        )
    ).raise_for_status()
    while not await _is_matched(market, path, word):  # noqa: ASYNC110 - another process's work.
        await asyncio.sleep(_POLL_S)
    return time.perf_counter() - began_s


async def _is_matched(market: _Market, path: str, word: str) -> bool:
    found = await market.client.get("/api/v1/results", params={"q": word, "limit": 1})
    if not found.json()["items"]:
        return False
    matched = await market.client.get(f"{path}/matches", headers=market.institute.headers)
    return bool(matched.json()["items"])


async def _searching(market: _Market, chosen: argparse.Namespace) -> list[Row]:
    """Each search over HTTP and then on the same index in this process."""
    note("api: searches")
    engine = EmbeddedEngine.open(
        market.folder / "index" / "results", writable=False, synonyms=shipped_synonyms()
    )
    ours_s: list[float] = []
    engine_s: list[float] = []
    async with connected(str(market.client.base_url)) as connection:
        for text, filters in synthetic_searches(chosen.searches, seed=chosen.seed):
            path = f"/api/v1/results?{urlencode(_parameters(text, filters))}"
            began_s = time.perf_counter()
            await connection.get(path)
            ours_s.append(time.perf_counter() - began_s)
            query = SearchQuery(text=text, filters=filters, facets=_FACETS, limit=_PAGE)
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


def _parameters(text: str, filters: Filters) -> list[tuple[str, _Value]]:
    asked: list[tuple[str, _Value]] = [
        ("q", text),
        ("limit", str(_PAGE)),
        ("facets", ",".join(_FACETS)),
    ]
    asked += [("field", code) for code in filters.fields]
    asked += [("industry", code) for code in filters.industries]
    asked += [("division", code) for code in filters.divisions]
    numbers = {
        "trl_min": filters.trl_min,
        "trl_max": filters.trl_max,
        "price_max_cny": filters.price_max_cny,
    }
    return asked + [(name, value) for name, value in numbers.items() if value is not None]


if __name__ == "__main__":
    run_alone(parser(), measure)
