"""Kills the marketplace with SIGKILL while it is written to, again and again, and looks after.

`python -m tests.hard.chaos --rounds 20` prints one line of figures; with `--json` as JSON. With
`--database-url` it takes an empty PostgreSQL database, and kills a second worker process too.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from time import perf_counter

import msgspec
from sqlalchemy import func, select

from market.db import Database
from market.indexing.engines import open_indexes
from market.jobs import Job
from market.listings.models import Listing
from market.matching.models import MatchRow
from market.migrating import migrate
from market.settings import Settings
from tests.hard.aftermath import faults_left, jobs_by, wait_for_rest
from tests.hard.processes import Process, Server
from tests.hard.writers import Writer
from tests.market.accounts.factories import make_account

# A killed worker's jobs are taken over after this.
_LEASE_S = 2
_REST_LIMIT_S = 120.0
_WRITERS = ("result", "need", "result", "need")
_OWNERS = {"result": "institute", "need": "enterprise"}


class ChaosFigures(msgspec.Struct, kw_only=True):
    """What a run did. `unanswered`: sent, and killed before the answer; the writes among them
    may have happened or not."""

    database: str
    seed: int
    rounds: int
    kills: int
    worker_kills: int
    seconds: float
    acknowledged: int
    unanswered: int
    retried: int
    not_now: int
    imports: int
    given_up: int
    listings: int
    matches: int
    jobs_done: int
    taken_over: int
    faults: int

    @property
    def line(self) -> str:
        return (
            f"chaos {self.database}: {self.kills} kills of the server and {self.worker_kills} of "
            f"a worker in {self.seconds:.0f} s, {self.acknowledged} writes acknowledged, "
            f"{self.unanswered} requests unanswered, {self.retried} retried, {self.not_now} put "
            f"off, {self.imports} imports ({self.given_up} sent again); {self.listings} listings, "
            f"{self.matches} matches, {self.jobs_done} jobs done, {self.taken_over} of them taken "
            f"over; {self.faults} faults, seed {self.seed}"
        )


async def chaos(
    settings: Settings, *, rounds: int, seed: int
) -> tuple[ChaosFigures, Sequence[str]]:
    """So many kills on a database without tables; the figures, and each broken promise."""
    begin_s = perf_counter()
    database = Database(settings.url_of_database)
    try:
        await migrate(database)
        random = Random(seed)
        server = Server(_environment(settings))
        workers = [] if database.is_sqlite else [Process(["worker"], _environment(settings))]
        writers = await _writers(database, server, random)
        async with _ended(server, *workers):
            kills = await _rounds(server, workers, writers, random, rounds)
            await wait_for_rest(database, limit_s=_REST_LIMIT_S)
            for process in (server, *workers):
                await process.stop()
        async with open_indexes(settings, database, for_writing=False) as indexes:
            faults = await faults_left(database, indexes, writers)
        seconds = perf_counter() - begin_s
        return await _figures(database, writers, kills, faults, (seed, rounds, seconds)), faults
    finally:
        await database.close()


def _environment(settings: Settings) -> dict[str, str]:
    return {
        "DUIJIE_DATA_FOLDER": str(settings.data_folder),
        "DUIJIE_DATABASE_URL": settings.database_url,
        "DUIJIE_WORKER_LEASE_S": str(_LEASE_S),
        "DUIJIE_LOG_LEVEL": "WARNING",
    }


async def _writers(database: Database, server: Server, random: Random) -> list[Writer]:
    writers: list[Writer] = []
    for kind in _WRITERS:
        account = await make_account(database, _OWNERS[kind])
        own = Random(random.random())
        writers.append(Writer(kind, account.headers, lambda: server.url, own))
    return writers


@asynccontextmanager
async def _ended(*processes: Process) -> AsyncIterator[None]:
    try:
        yield
    finally:
        for process in processes:
            await process.close()


async def _rounds(
    server: Server,
    workers: Sequence[Process],
    writers: Sequence[Writer],
    random: Random,
    rounds: int,
) -> Counter[str]:
    """Kill and start again; in the end everything runs, and the writers have what they began."""
    kills: Counter[str] = Counter()
    for worker in workers:
        await worker.start()
    await server.start()
    writing = [asyncio.create_task(writer.run()) for writer in writers]
    try:
        for _ in range(rounds):
            await asyncio.sleep(random.uniform(0.7, 1.5))
            await server.kill()
            kills["server"] += 1
            for worker in workers:
                if random.random() < 0.5:
                    await worker.kill()
                    kills["worker"] += 1
                    await worker.start()
            await server.start()
        for writer in writers:
            writer.stop()
        async with asyncio.timeout(_REST_LIMIT_S):
            await asyncio.gather(*writing)
    finally:
        for task in writing:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
    return kills


async def _figures(
    database: Database,
    writers: Sequence[Writer],
    kills: Counter[str],
    faults: Sequence[str],
    run: tuple[int, int, float],
) -> ChaosFigures:
    seed, rounds, seconds = run
    counts = sum((writer.counts for writer in writers), Counter[str]())
    async with database.reading() as session:
        listings = await session.scalar(select(func.count()).select_from(Listing.__table__))
        matches = await session.scalar(select(func.count()).select_from(MatchRow))
        again = await session.scalar(
            select(func.count()).select_from(Job).where(Job.state == "done", Job.attempts > 1)
        )
    done = await jobs_by(database, Job.state, ("done",))
    return ChaosFigures(
        database="SQLite" if database.is_sqlite else "PostgreSQL",
        seed=seed,
        rounds=rounds,
        kills=kills["server"],
        worker_kills=kills["worker"],
        seconds=round(seconds, 1),
        acknowledged=counts["acknowledged"],
        unanswered=counts["unanswered"],
        retried=counts["retried"],
        not_now=counts["not now"],
        imports=counts["imports"],
        given_up=counts["given up"],
        listings=listings or 0,
        matches=matches or 0,
        jobs_done=done.get("done", 0),
        taken_over=again or 0,
        faults=len(faults),
    )


async def _run(rounds: int, seed: int, database_url: str) -> tuple[ChaosFigures, Sequence[str]]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_folder=Path(folder), database_url=database_url)
        return await chaos(settings, rounds=rounds, seed=seed)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.hard.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=Random().randrange(10**6))
    parser.add_argument("--database-url", default="")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    figures, faults = asyncio.run(_run(asked.rounds, asked.seed, asked.database_url))
    told = json.dumps(msgspec.to_builtins(figures)) if asked.json else figures.line
    sys.stdout.write(f"{told}\n")
    for fault in faults:
        sys.stderr.write(f"{fault}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
