"""Whether the process lives, whether it is ready, and who may see its figures."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import event, text

from market.app import create_app
from market.db import Database, utc_now
from market.indexing.engines import Indexes
from market.jobs import INDEX, Job, enqueue
from market.migrating import migrate
from market.settings import Settings
from search.embedded import EmbeddedEngine
from search.port import SearchPage, SearchQuery, SearchUnavailable
from tests.conftest import empty_database_url
from tests.market.accounts.factories import make_account
from tests.market.http.test_metrics import figures_of


class AwayEngine(EmbeddedEngine):
    """An engine whose server does not answer."""

    async def search(self, query: SearchQuery) -> SearchPage:  # noqa: ARG002 - named by the port.
        raise SearchUnavailable("no answer within 5 s")


def client_of(settings: Settings, database: Database, indexes: Indexes) -> httpx.AsyncClient:
    app: Any = create_app(settings, database, indexes)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test")


@pytest_asyncio.fixture(loop_scope="session")
async def migrated(tmp_path: Path) -> AsyncIterator[Database]:
    """A database that the migrations made."""
    async with empty_database_url(tmp_path) as url:
        database = Database(url)
        await migrate(database)
        yield database
        await database.close()


async def test_process_lives_even_without_a_database(settings: Settings, indexes: Indexes) -> None:
    away = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing")

    async with client_of(settings, away, indexes) as client:
        answer = await client.get("/health/live")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_migrated_database_and_answering_search_are_ready(
    settings: Settings, migrated: Database, indexes: Indexes
) -> None:
    async with client_of(settings, migrated, indexes) as client:
        answer = await client.get("/health/ready")

    assert (answer.status_code, answer.json()) == (
        200,
        {
            "status": "ready",
            "checks": {"database": "ok", "migrations": "ok", "search": "ok"},
            "oldest_due_job_s": 0.0,
        },
    )


async def test_search_that_is_away_degrades_and_does_not_fail(
    settings: Settings, migrated: Database
) -> None:
    indexes = Indexes(AwayEngine.in_memory(), AwayEngine.in_memory())

    async with client_of(settings, migrated, indexes) as client:
        answer = await client.get("/health/ready")

    assert (answer.status_code, answer.json()["status"], answer.json()["checks"]) == (
        200,
        "degraded",
        {"database": "ok", "migrations": "ok", "search": "away"},
    )


async def test_database_behind_its_migrations_is_not_ready(
    database: Database, client: httpx.AsyncClient
) -> None:
    async with database.writing() as session:
        await session.execute(text("DELETE FROM alembic_version"))

    answer = await client.get("/health/ready")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json() == {
        "status": "unready",
        "checks": {"database": "ok", "migrations": "pending", "search": "ok"},
        "oldest_due_job_s": 0.0,
    }


async def test_database_that_is_away_is_told_without_its_address(
    settings: Settings, indexes: Indexes
) -> None:
    away = Database("postgresql+psycopg://nobody:a-secret@127.0.0.1:1/nothing")

    async with client_of(settings, away, indexes) as client:
        answer = await client.get("/health/ready")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json() == {
        "status": "unready",
        "checks": {"database": "away", "migrations": "away", "search": "ok"},
        "oldest_due_job_s": None,
    }


async def test_ready_process_stays_ready_while_a_change_is_being_written(
    settings: Settings, migrated: Database, indexes: Indexes
) -> None:
    async with client_of(settings, migrated, indexes) as client:
        await client.get("/health/ready")

        async with migrated.writing() as session:
            await enqueue(session, INDEX, {"kind": "result", "ids": []})
            answer = await client.get("/health/ready")

    assert (answer.status_code, answer.json()["status"]) == (200, "ready")


async def _make_jobs(database: Database, *jobs: tuple[str, float]) -> None:
    """Jobs by state, and since how many seconds each is due; below 0 it is due later."""
    now = utc_now()
    async with database.writing() as session:
        session.add_all(
            Job(
                kind=INDEX,
                payload={},
                state=state,
                run_at=now - timedelta(seconds=waited_s),
                created_at=now,
            )
            for state, waited_s in jobs
        )


_JOBS: Sequence[tuple[str, float]] = (
    ("queued", 90.0),
    ("queued", 30.0),
    ("queued", -500.0),
    ("running", 900.0),
    ("dead", 9_000.0),
    ("done", 90_000.0),
)


async def test_readiness_tells_how_long_the_oldest_due_job_waits(
    client: httpx.AsyncClient, database: Database
) -> None:
    await _make_jobs(database, *_JOBS)

    answer = await client.get("/health/ready")

    assert 90.0 <= answer.json()["oldest_due_job_s"] < 900.0


async def test_figures_count_unfinished_and_dead_jobs_only(
    client: httpx.AsyncClient, database: Database
) -> None:
    await _make_jobs(database, *_JOBS)
    account = await make_account(database, is_administrator=True)

    answer = await client.get("/metrics", headers=account.headers)

    assert answer.headers["content-type"].partition(";")[0] == "text/plain"
    assert figures_of(answer.text, "duijie_jobs") == {
        (("state", "queued"),): 3.0,
        (("state", "running"),): 1.0,
        (("state", "dead"),): 1.0,
    }
    (waited_s,) = figures_of(answer.text, "duijie_oldest_due_job_seconds").values()
    assert 90.0 <= waited_s < 900.0


async def test_figures_of_jobs_are_one_query(database: Database, settings: Settings) -> None:
    asked: list[str] = []
    engines = {database.engine.sync_engine, database._reading.sync_engine}
    for engine in engines:
        event.listen(
            engine, "before_cursor_execute", lambda _c, _cursor, text, *_: asked.append(text)
        )
    is_open = Settings(
        data_folder=settings.data_folder, database_url=settings.database_url, metrics_open=True
    )

    async with client_of(is_open, database, Indexes(_engine(), _engine())) as client:
        answer = await client.get("/metrics")

    about_jobs = [text for text in asked if "jobs" in text]
    assert (answer.status_code, len(about_jobs)) == (200, 1)


def _engine() -> EmbeddedEngine:
    return EmbeddedEngine.in_memory()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"is_administrator": True}, (200, None)),
        ({"is_moderator": True}, (403, "role_refused")),
        ({}, (403, "role_refused")),
    ],
)
async def test_figures_are_for_administrators(
    client: httpx.AsyncClient,
    database: Database,
    changes: dict[str, Any],
    told: tuple[int, str | None],
) -> None:
    account = await make_account(database, **changes)

    answer = await client.get("/metrics", headers=account.headers)

    code = answer.json()["code"] if answer.status_code != 200 else None
    assert (answer.status_code, code) == told


async def test_whoever_is_not_signed_in_is_asked_to(client: httpx.AsyncClient) -> None:
    answer = await client.get("/metrics")

    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_required")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_figures_open_by_setting_need_no_one_signed_in(
    settings: Settings, database: Database, indexes: Indexes
) -> None:
    is_open = Settings(
        data_folder=settings.data_folder, database_url=settings.database_url, metrics_open=True
    )

    async with client_of(is_open, database, indexes) as client:
        answer = await client.get("/metrics")

    assert answer.status_code == 200
