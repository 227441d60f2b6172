"""Migrations and models must agree on both databases."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import inspect, text

from market.db import Database, utc_now
from market.migrating import MigrationRefused, differences, migrate, pending
from market.tables import metadata
from tests.conftest import empty_database_url


@pytest_asyncio.fixture(loop_scope="session")
async def empty(tmp_path: Path) -> AsyncIterator[Database]:
    """A database without a table."""
    async with empty_database_url(tmp_path) as url:
        database = Database(url)
        yield database
        await database.close()


async def test_migrations_make_what_the_models_say(empty: Database) -> None:
    missing = await pending(empty)

    ran = await migrate(empty)

    assert missing == ran
    assert len(ran) >= 1
    assert await differences(empty) == []
    assert await pending(empty) == []


async def test_every_table_is_there(empty: Database) -> None:
    await migrate(empty)

    async with empty.engine.connect() as connection:
        names = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
    assert names == {*metadata.tables, "alembic_version"}


async def test_a_second_run_does_nothing(empty: Database) -> None:
    await migrate(empty)

    assert await migrate(empty) == []


async def test_five_at_once_run_each_migration_once(empty: Database) -> None:
    ran = await asyncio.gather(*(migrate(empty) for _ in range(5)))

    everything = await migrate(empty)
    assert everything == []
    assert max(map(len, ran)) >= 1
    assert sum(map(len, ran)) == max(map(len, ran))


async def test_database_of_a_newer_version_is_refused(empty: Database) -> None:
    await migrate(empty)
    async with empty.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = 'fffffffffff'"))

    with pytest.raises(MigrationRefused, match="fffffffffff"):
        await migrate(empty)


async def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'file' / 'duijie.db'}")

    with pytest.raises(MigrationRefused, match="file"):
        await migrate(database)
    await database.close()


async def test_checks_of_the_models_are_in_the_migrated_tables(empty: Database) -> None:
    """Alembic compares no CHECKs: a row that breaks one must be refused after migrating."""
    await migrate(empty)
    insert = text(
        "INSERT INTO jobs (id, kind, payload, state, priority, run_at, attempts, max_attempts,"
        " created_at) VALUES (:id, 'x', '{}', 'lost', 0, :at, 0, 1, :at)"
    )

    with pytest.raises(Exception, match="state"):
        async with empty.engine.begin() as connection:
            await connection.execute(insert, {"id": "0" * 32, "at": utc_now().isoformat()})
