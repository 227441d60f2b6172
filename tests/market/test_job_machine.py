"""Any sequence of enqueueing, claiming, ending and waiting leaves the table as it must be."""

import asyncio

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from market.db import Database
from tests.market.job_machine import JobMachine
from tests.market.job_trials import make_effects_table

MACHINES, STEPS = 15, 20


def run_machines(url: str, machines: int, steps: int) -> None:
    # A loop of its own: the machine's steps are no coroutines.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        run_state_machine_as_test(
            lambda: JobMachine(url, runner),  # type: ignore[arg-type] # It may be any maker of one.
            settings=settings(
                max_examples=machines,
                stateful_step_count=steps,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


async def test_table_of_jobs_behaves_like_its_model(database_url: str, database: Database) -> None:
    await make_effects_table(database)

    await asyncio.to_thread(run_machines, database_url, MACHINES, STEPS)
