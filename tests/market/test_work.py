"""All the work of the marketplace: every kind is known, and what the clock asks for is done."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from market.accounts.models import LoginSession
from market.crons import Cron, next_slot
from market.db import Database, utc_now
from market.http.idempotency import KEPT_HOURS, StoredAnswer
from market.indexing.engines import Indexes
from market.job_upkeep import PRUNED_AT_ONCE
from market.jobs import INDEX, REMATCH, Job
from market.settings import Settings
from market.work import CRONS, all_kinds, worker_of
from market.worker import Worker
from tests.market.accounts.factories import make_account
from tests.market.job_trials import START, change_jobs, make_all_due, put, rows

DAY = timedelta(days=1)


async def test_every_cron_has_a_handler_and_a_name_of_its_own(
    settings: Settings, database: Database, indexes: Indexes
) -> None:
    kinds = all_kinds(settings, database, indexes)

    assert {cron.kind for cron in CRONS} - set(kinds) == set()
    assert len({cron.name for cron in CRONS}) == len(CRONS)


async def test_kinds_that_the_services_enqueue_are_known(
    settings: Settings, database: Database, indexes: Indexes
) -> None:
    kinds = all_kinds(settings, database, indexes)

    assert {INDEX, REMATCH, "imports.check", "imports.apply", "imports.undo"} - set(kinds) == set()


def test_nightly_work_is_done_at_night_in_china() -> None:
    (nightly,) = (cron for cron in CRONS if cron.name == "index.reconcile")

    assert next_slot(nightly.every, START).isoformat() == "2026-10-31T19:00:00+00:00"


@pytest.mark.parametrize("cron", CRONS, ids=[cron.name for cron in CRONS])
async def test_recurring_job_ends_well_on_an_empty_marketplace(
    settings: Settings, database: Database, indexes: Indexes, cron: Cron
) -> None:
    await put(database, kind=cron.kind)
    await change_jobs(database, payload=cron.payload)

    await worker_of(settings, database, indexes).run_until_idle()

    jobs = [(job.kind, job.state, job.error) for job in await rows(database)]
    assert jobs[0] == (cron.kind, "done", None)
    assert {state for _, state, _ in jobs} == {"done"}


async def test_old_jobs_are_pruned_in_more_than_one_part(
    settings: Settings, database: Database, indexes: Indexes
) -> None:
    old = {"state": "done", "done_at": START - 365 * DAY}
    async with database.writing() as session:
        session.add_all(
            Job(kind="old", payload={}, run_at=START, created_at=START, **old)
            for _ in range(PRUNED_AT_ONCE + 5)
        )
    await put(database, kind="jobs.prune")
    await make_all_due(database)

    await Worker(database, all_kinds(settings, database, indexes)).run_until_idle()

    assert [(job.kind, job.state) for job in await rows(database)] == [("jobs.prune", "done")]


async def test_keys_of_long_ago_are_forgotten_and_the_others_kept(
    settings: Settings, database: Database, indexes: Indexes
) -> None:
    now, actor = utc_now(), uuid.uuid4()
    async with database.writing() as session:
        session.add_all(
            StoredAnswer(
                actor_id=actor,
                key=key,
                fingerprint=b"-" * 32,
                headers={},
                created_at=now - timedelta(hours=hours),
            )
            for key, hours in [("old", KEPT_HOURS + 1), ("young", KEPT_HOURS - 1)]
        )
    await put(database, kind="answers.prune")

    await worker_of(settings, database, indexes).run_until_idle()

    async with database.reading() as session:
        assert (await session.scalars(select(StoredAnswer.key))).all() == ["young"]


async def test_sessions_that_ended_are_removed_and_the_others_kept(
    settings: Settings, database: Database, indexes: Indexes
) -> None:
    ended, present = [await make_account(database) for _ in range(2)]
    async with database.writing() as session:
        of_ended = LoginSession.user_id == ended.user.id
        (login,) = await session.scalars(select(LoginSession).where(of_ended))
        login.expires_at = utc_now() - 365 * DAY
        login.created_at = login.last_used_at = login.expires_at - DAY
    await put(database, kind="accounts.prune")

    await worker_of(settings, database, indexes).run_until_idle()

    async with database.reading() as session:
        left = (await session.scalars(select(LoginSession.user_id))).all()
    assert left == [present.user.id]
