"""A served marketplace as benches meet it: filled by imports, published to, searched over HTTP."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import httpx
import msgspec
from sqlalchemy import delete, func, select

from market.db import Database
from market.jobs import REMATCH, Job
from market.migrating import migrate
from search.port import FacetName, Filters
from tests.bench.generator import synthetic_results
from tests.bench.table import Row, note, stated
from tests.hard.processes import Server
from tests.market.accounts.factories import Account, make_account

FACETS: tuple[FacetName, ...] = ("fields", "industry_sections", "trl")
PAGE = 20
_UPLOAD_BYTES = 1_000_000_000
_POLL_S = 0.005
_LIMIT_S = 3_600.0
_REMATCH_S = 20

_Value = str | int | float | bool | None


class Market:
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


def file_of(rows: Iterable[dict[str, Any]]) -> bytes:
    """A file to be imported."""
    return b"\n".join(map(msgspec.json.encode, rows))


@asynccontextmanager
async def served_market(
    folder: Path, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Market]:
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
            **(environment or {}),
        }
    )
    await server.start()
    try:
        async with httpx.AsyncClient(base_url=server.url or "", timeout=_LIMIT_S) as client:
            yield Market(client, folder, accounts)
    finally:
        await server.stop()


async def publishing(market: Market, number: int, among: str) -> list[Row]:
    """One result after another: created, published, found by its own word, and matched."""
    note(f"api: single publishes among {among}")
    took_s = [await publish(market, place) for place in range(number)]
    return [
        stated(f"publish → searchable and matched, p50, {among}", median(took_s) * 1000, "ms"),
        stated(
            f"publish → searchable and matched, p95, {among}",
            (quantiles(took_s, n=20)[-1] if len(took_s) > 1 else took_s[0]) * 1000,
            "ms",
        ),
    ]


async def publish(market: Market, place: int) -> float:
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


async def _is_matched(market: Market, path: str, word: str) -> bool:
    found = await market.client.get("/api/v1/results", params={"q": word, "limit": 1})
    if not found.json()["items"]:
        return False
    matched = await market.client.get(f"{path}/matches", headers=market.institute.headers)
    return bool(matched.json()["items"])


def search_parameters(text: str, filters: Filters) -> list[tuple[str, _Value]]:
    asked: list[tuple[str, _Value]] = [
        ("q", text),
        ("limit", str(PAGE)),
        ("facets", ",".join(FACETS)),
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
