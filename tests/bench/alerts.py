"""Saved searches held against new listings, as the worker does it: how long until all are told.

python -m tests.bench.alerts [--json] [--searches N] [--listings N] [--database-url URL]
"""

import argparse
import asyncio
import random
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from sqlalchemy import func, insert, select

from market.accounts.models import Organisation, User
from market.claiming import claim
from market.db import Database, Model, new_id, utc_now
from market.jobs import TELL_OF_LISTINGS, ClaimedJob, enqueue
from market.listings.models import Listing, ResultListing
from market.migrating import migrate
from market.settings import Settings
from market.subscriptions.finding import Finding
from market.subscriptions.models import Alert, Subscription
from schemas.listings import Result
from search.port import Filters
from tests.bench.clock import peak_memory_mb
from tests.bench.generator import synthetic_results, synthetic_searches
from tests.bench.table import Row, Section, arguments, at_most, count, note, run_alone, stated

_PEOPLE = 500
_ROWS_A_STATEMENT = 500
_LISTINGS = 100
_SINGLES = 7


def parser() -> argparse.ArgumentParser:
    made = arguments("tests.bench.alerts", "saved searches against new listings")
    made.set_defaults(listings=_LISTINGS)
    made.add_argument("--searches", type=count, default=10_000, metavar="N", help="saved searches")
    made.add_argument("--database-url", default="", help="an empty database; SQLite without")
    return made


def measure(chosen: argparse.Namespace) -> Section:
    return asyncio.run(_measure(chosen))


async def _measure(chosen: argparse.Namespace) -> Section:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_folder=Path(folder), database_url=chosen.database_url)
        database = Database(settings.url_of_database)
        await migrate(database)
        try:
            bench = _Bench(database, settings)
            rows = await bench.run(chosen.searches, chosen.listings, chosen.seed)
        finally:
            await database.close()
    title = f"alerts: {chosen.searches:,} saved searches, {chosen.listings} new listings"
    return Section(title, rows)


class _Bench:
    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._finding = Finding(database, settings)

    async def run(self, searches: int, listings: int, seed: int) -> list[Row]:
        note(f"alerts: {searches:,} saved searches")
        users, poster = await self._people()
        await self._insert(Subscription, _subscriptions(searches, seed, users))
        results = list(synthetic_results(1 + _SINGLES + listings, seed=seed))
        ids = await self._post(results, poster)
        cold_s = await self._seconds(ids[:1])
        singles_s = [await self._seconds([each]) for each in ids[1 : 1 + _SINGLES]]
        many_s = await self._seconds(ids[1 + _SINGLES :])
        told = await self._alerts()
        await self._insert(Subscription, _subscriptions(searches, seed, users, text="", plain=True))
        (fan_out,) = await self._post(results[:1], poster)
        fan_out_s = await self._seconds([fan_out])
        return [
            at_most("one new listing, median of several", median(singles_s), "s", target=1),
            at_most("one new listing, in a process that just started", cold_s, "s", target=4),
            at_most(f"{listings} new listings at once", many_s, "s", target=10),
            stated("alerts that these brought", told, "alerts"),
            at_most("one listing that everybody looks for", fan_out_s, "s", target=60),
            stated("alerts that it brought", await self._alerts() - told, "alerts"),
            stated("memory: peak of this process", peak_memory_mb(), "MB"),
        ]

    async def _people(self) -> tuple[list[User], uuid.UUID]:
        now = utc_now()
        houses = [
            Organisation(
                id=new_id(),
                kind="enterprise" if place else "institute",
                name=f"单位{place}",
                name_key=f"单位{place}",
                verified_at=now,
                created_at=now,
            )
            for place in range(_PEOPLE + 1)
        ]
        users = [
            User(
                id=new_id(),
                organisation_id=house.id,
                email=f"u{place}@example.cn",
                name="用户",
                password_hash="!",
                created_at=now,
            )
            for place, house in enumerate(houses[1:])
        ]
        async with self._database.writing() as session:
            session.add_all(houses)
            await session.flush()
            session.add_all(users)
        return users, houses[0].id

    async def _insert(self, table: type[Model], rows: Iterator[dict[str, Any]]) -> None:
        every = list(rows)
        for start in range(0, len(every), _ROWS_A_STATEMENT):
            async with self._database.writing() as session:
                await session.execute(insert(table), every[start : start + _ROWS_A_STATEMENT])

    async def _post(self, results: Sequence[Result], poster: uuid.UUID) -> list[uuid.UUID]:
        rows = [_row(result, poster) for result in results]
        async with self._database.writing() as session:
            session.add_all(rows)
        return [row.id for row in rows]

    async def _seconds(self, ids: Sequence[uuid.UUID]) -> float:
        jobs = await self._claimed(ids)
        begin_s = perf_counter()
        await self._finding.handle(jobs)
        return perf_counter() - begin_s

    async def _claimed(self, ids: Sequence[uuid.UUID]) -> list[ClaimedJob]:
        async with self._database.writing() as session:
            payload = {"kind": "result", "ids": [str(each) for each in ids]}
            await enqueue(session, TELL_OF_LISTINGS, payload)
        async with self._database.writing() as session:
            return await claim(session, [TELL_OF_LISTINGS], limit=1, lease_s=600)

    async def _alerts(self) -> int:
        async with self._database.reading() as session:
            return await session.scalar(select(func.count()).select_from(Alert)) or 0


def _subscriptions(
    number: int, seed: int, users: Sequence[User], *, text: str | None = None, plain: bool = False
) -> Iterator[dict[str, Any]]:
    chance, now = random.Random(seed), utc_now()
    for typed, filters in synthetic_searches(number, seed=seed):
        user = chance.choice(users)
        search_id = new_id()
        yield {
            "id": search_id,
            "user_id": user.id,
            "organisation_id": user.organisation_id,
            "kind": "results",
            "name": typed,
            "query": {"q": typed if text is None else text} | ({} if plain else _query(filters)),
            "frequency": "instant",
            "digest_minute": 540,
            "digest_weekday": 1,
            "time_zone": "Asia/Shanghai",
            "channels": ["inbox"],
            "stop_token": f"djt_{search_id.hex}",
            "created_at": now,
            "changed_at": now,
            "version": 1,
        }


def _query(filters: Filters) -> dict[str, Any]:
    return {
        "field": list(filters.fields),
        "industry": list(filters.industries),
        "division": list(filters.divisions),
        "mode": list(filters.modes),
        "trl_min": filters.trl_min,
        "trl_max": filters.trl_max,
        "price_min_cny": filters.price_min_cny,
        "price_max_cny": filters.price_max_cny,
    }


def _row(result: Result, poster: uuid.UUID) -> Listing:
    now = utc_now()
    return ResultListing(
        id=new_id(),
        organisation_id=poster,
        title=result.title[:200],
        text=result.summary,
        keywords=list(result.keywords),
        fields=list(result.fields),
        industries=list(result.industries),
        modes=list(result.modes),
        division=result.division,
        shows_organisation=True,
        trl=result.trl,
        price_min_cny=result.price_min_cny,
        price_max_cny=result.price_max_cny,
        status="published",
        published_at=now,
        created_at=now,
        changed_at=now,
    )


if __name__ == "__main__":
    run_alone(parser(), measure)
