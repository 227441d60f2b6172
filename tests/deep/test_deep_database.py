"""Units of work and the table of jobs for long: ten and more times what the normal suite does."""

import asyncio
from random import Random

import pytest

from market.db import Database
from tests.market.job_trials import make_effects_table
from tests.market.test_db import cancel_at_random, count_in_two_processes
from tests.market.test_job_machine import run_machines

_COUNTED = 1_500
_CANCELLED = 10_000
_MACHINES, _STEPS = 400, 50


@pytest.mark.deep
@pytest.mark.timeout(3_600)
async def test_two_processes_lose_none_of_very_many_updates(
    database_url: str, database: Database
) -> None:
    counted = await count_in_two_processes(database_url, database, _COUNTED)

    assert counted == 2 * 8 * _COUNTED


@pytest.mark.deep
@pytest.mark.timeout(3_600)
async def test_very_many_cancelled_tasks_tear_nothing(database: Database) -> None:
    seed = Random().randrange(10**6)

    ends = await cancel_at_random(database, tasks=_CANCELLED, seed=seed)

    print(f"\n{_CANCELLED} tasks, seed {seed}")
    assert ends == (1_000_000, 0)


@pytest.mark.deep
@pytest.mark.timeout(3_600)
async def test_table_of_jobs_behaves_like_its_model_for_long(
    database_url: str, database: Database
) -> None:
    await make_effects_table(database)

    await asyncio.to_thread(run_machines, database_url, _MACHINES, _STEPS)
