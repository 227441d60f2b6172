"""Asks every route as everybody, rightly and wrongly, and reads each answer.

`python -m tests.hard.fuzzing --cases 10000` prints one line of figures; with `--json` as JSON.
"""

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

import msgspec
from litestar import Litestar
from sqlalchemy import func, select

from market.app import create_app
from market.db import Database
from market.indexing.engines import Indexes, indexes_in_memory
from market.jobs import Job
from market.migrating import migrate
from market.settings import Settings
from tests.hard.asgi import WireRequest, ask
from tests.hard.fuzz_case import Finding, Fuzz, listening
from tests.hard.request_log import without_request_log
from tests.hard.subscribed import modest
from tests.hard.wares import stock, work
from tests.hard.world import heal, people

DOCUMENT = "/schema/openapi.json"
_LANES = 4
_HEALED_EVERY = 250
_WORKED_EVERY = 1_000
_ENOUGH_FINDINGS = 25


class Figures(msgspec.Struct, kw_only=True):
    """What a run did. `reached`: operations that answered 2xx at least once."""

    database: str
    seed: int
    cases: int
    seconds: float
    operations: int
    reached: int
    statuses: dict[int, int]
    jobs_done: int
    jobs_dead: int
    faults: int

    @property
    def line(self) -> str:
        by_class = Counter[str]()
        for status, count in self.statuses.items():
            by_class[f"{status // 100}xx"] += count
        told = ", ".join(f"{count} × {name}" for name, count in sorted(by_class.items()))
        return (
            f"fuzz {self.database}: {self.cases} cases in {self.seconds:.1f} s, "
            f"{self.reached} of {self.operations} operations reached, {told}, "
            f"{self.jobs_done} jobs done, {self.jobs_dead} dead, {self.faults} faults, "
            f"seed {self.seed}"
        )


async def fuzz(
    settings: Settings, database: Database, indexes: Indexes, *, cases: int, seed: int
) -> tuple[Figures, Sequence[Finding]]:
    """Populate a database that has its tables and no rows, and ask so many times.

    Ends early when there is enough to mend.
    """
    app = create_app(settings, database, indexes)
    world = await people(database)
    await stock(world, settings, indexes)
    run = Fuzz(app, world, await _document(app), seed)
    begin_s = perf_counter()
    with listening(), without_request_log():
        for first in range(0, cases, _HEALED_EVERY):
            await _run_cases(run, iter(range(first, min(cases, first + _HEALED_EVERY))))
            await heal(world)
            if first % _WORKED_EVERY == 0:
                await work(world, settings, indexes)
            if len(run.findings) >= _ENOUGH_FINDINGS:
                break
        await work(world, settings, indexes)
    return await _figures(run, database, seed, perf_counter() - begin_s), run.findings


async def _run_cases(run: Fuzz, numbers: Iterator[int]) -> None:
    async def lane() -> None:
        for number in numbers:
            await run.run_case(number)

    await asyncio.gather(*(lane() for _ in range(_LANES)))


async def _document(app: Litestar) -> Mapping[str, Any]:
    answer = await ask(app, WireRequest(method="GET", path=DOCUMENT.encode()))
    document: dict[str, Any] = json.loads(answer.body)
    return document


async def _figures(run: Fuzz, database: Database, seed: int, seconds: float) -> Figures:
    async with database.reading() as session:
        counted = await session.execute(select(Job.state, func.count()).group_by(Job.state))
        jobs: dict[str, int] = {row[0]: row[1] for row in counted}
    return Figures(
        database="SQLite" if database.is_sqlite else "PostgreSQL",
        seed=seed,
        cases=run.statuses.total(),
        seconds=round(seconds, 1),
        operations=len(run.operations),
        reached=len(run.experience.reached),
        statuses=dict(sorted(run.statuses.items())),
        jobs_done=jobs.get("done", 0),
        jobs_dead=jobs.get("dead", 0),
        faults=len(run.findings),
    )


@contextlib.asynccontextmanager
async def _opened() -> AsyncIterator[tuple[Settings, Database]]:
    with tempfile.TemporaryDirectory() as folder:
        settings = modest(Settings(data_folder=Path(folder)))
        database = Database(settings.url_of_database)
        await migrate(database)
        try:
            yield settings, database
        finally:
            await database.close()


async def _run(cases: int, seed: int) -> tuple[Figures, Sequence[Finding]]:
    async with _opened() as (settings, database):
        return await fuzz(settings, database, indexes_in_memory(), cases=cases, seed=seed)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.hard.fuzzing", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=Random().randrange(10**6))
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    figures, findings = asyncio.run(_run(asked.cases, asked.seed))
    sys.stdout.write(
        f"{json.dumps(msgspec.to_builtins(figures)) if asked.json else figures.line}\n"
    )
    for finding in findings:
        sys.stderr.write(f"{finding}\n")
    return 1 if findings or figures.jobs_dead else 0


if __name__ == "__main__":
    sys.exit(main())
