"""A process of its own on a test's database: python -m tests.market.job_process WHAT URL …

work: a worker whose handler leaves effects, and dies with its process at the payload {"n": "kill"}
count: eight coroutines that each read a counter and write it back one higher, so many times
lock: hold SQLite's lock for some seconds; says so on stdout when it has it
"""

import asyncio
import os
import sys
from collections.abc import Sequence

from sqlalchemy import text

from market.db import Database
from market.jobs import ClaimedJob, JobKind
from market.worker import Pace, Worker
from tests.market.job_trials import KIND, leave_effects


async def start(what: str, url: str, *options: object) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.market.job_process",
        what,
        url,
        *map(str, options),
        stdout=asyncio.subprocess.PIPE,
    )


async def work(database: Database, lease_s: str) -> None:
    async def handle(jobs: Sequence[ClaimedJob]) -> None:
        if any(job.payload["n"] == "kill" for job in jobs):
            os._exit(9)
        await leave_effects(database, jobs)

    pace = Pace(lease_s=float(lease_s), poll_s=0.05)
    await Worker(database, {KIND: JobKind(handle, batch=20)}, pace=pace).run()


async def count(database: Database, times: str) -> None:
    await asyncio.gather(*(add_one(database, int(times)) for _ in range(8)))


async def add_one(database: Database, times: int) -> None:
    # PostgreSQL reads what others are about to change, unless it is asked for the row's lock.
    lock = "" if database.is_sqlite else " FOR UPDATE"
    for _ in range(times):
        async with database.writing() as session:
            value = await session.scalar(text(f"SELECT value FROM counter{lock}"))
            await asyncio.sleep(0)
            await session.execute(text("UPDATE counter SET value = :new"), {"new": value + 1})


async def lock(database: Database, seconds: str) -> None:
    async with database.writing() as session:
        await session.execute(text("SELECT 1"))
        print("locked", flush=True)
        await asyncio.sleep(float(seconds))


async def _run(what: str, url: str, *options: str) -> None:
    database = Database(url)
    try:
        await {"work": work, "count": count, "lock": lock}[what](database, *options)
    finally:
        await database.close()


if __name__ == "__main__":
    asyncio.run(_run(*sys.argv[1:]))
