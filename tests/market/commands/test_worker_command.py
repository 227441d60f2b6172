"""`duijie worker`: does what is due, and ends in good order when it is asked to."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from market.db import Database
from tests.market.commands.runs import DuijieOnMarket, Ran, command, environment
from tests.market.job_trials import put, rows, states, until

pytestmark = pytest.mark.usefixtures("duijie_on_market")
# Jobs that need no listings, and end at once.
KIND = "jobs.prune"


@asynccontextmanager
async def _worker(
    folder: Path, url: str, *arguments: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *command("worker", *arguments),
        cwd=folder,
        env=environment(DUIJIE_DATABASE_URL=url, DUIJIE_WORKER_POLL_MS="20"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def _ended(process: asyncio.subprocess.Process) -> Ran:
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Ran(process.returncode, out.decode(), err.decode())


async def _ends(database: Database, kind: str) -> list[tuple[str, int]]:
    """Of one kind only: a worker that finds no index enqueues more than was put."""
    return [(job.state, job.attempts) for job in await rows(database) if job.kind == kind]


async def test_once_does_what_is_due_and_leaves(
    folder: Path, database_url: str, database: Database
) -> None:
    await put(database, 3, kind=KIND)
    await put(database, kind="unknown")

    async with _worker(folder, database_url, "--once") as process:
        ran = await _ended(process)

    assert (ran.code, ran.out, "Traceback" in ran.err) == (0, "", False)
    assert await _ends(database, KIND) == [("done", 1)] * 3
    assert await _ends(database, "unknown") == [("queued", 0)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_signal_ends_it_in_good_order(
    folder: Path, database_url: str, database: Database, number: signal.Signals
) -> None:
    async def is_done() -> bool:
        return await _ends(database, KIND) == [("done", 1)]

    await put(database, kind=KIND)

    async with _worker(folder, database_url) as process:
        await until(is_done)
        process.send_signal(number)
        ran = await _ended(process)

    assert (ran.code, ran.out, "Traceback" in ran.err) == (0, "", False)
    assert "running" not in await states(database)


async def test_wrong_setting_is_told_before_anything_runs(
    duijie_on_market: DuijieOnMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUIJIE_WORKER_LEASE_S", "soon")

    ran = await duijie_on_market("worker", "--once")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("错误 · Error: DUIJIE_WORKER_LEASE_S='soon'：无法理解")
