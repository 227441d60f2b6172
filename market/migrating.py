"""Brings a database's tables to the present version (Alembic, without an ini file).

Both kinds of database run the same migrations: in one transaction, one process at a time, with
all others waiting at the lock and then finding nothing left to do.

`python -m market.migrating "what changes"` writes the next migration from the models; read it.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from market.db import Database
from market.errors import DuijieError
from market.sqlite import keep_write_ahead_log, sqlite_engine
from market.tables import metadata

# Any number will do, as long as every version of ours takes the same.
_ADVISORY_LOCK = 0x64756A6965
_FOLDER = Path(__file__).parent / "migrations"


class MigrationRefused(DuijieError):
    """The database can't be brought to this version."""


async def migrate(database: Database) -> list[str]:
    """Run what is missing; the ids of the migrations that ran. Safe to run at the same time."""
    _make_folder(database)
    async with _connection(database) as connection:
        before = await connection.run_sync(_applied)
        _refuse_unknown(before)
        await connection.run_sync(_upgrade)
        await _refuse_broken_references(database, connection)
    return [revision for revision in _revisions() if revision not in before]


async def pending(database: Database) -> list[str]:
    """Ids of migrations that this database still lacks, the next one first."""
    async with database.engine.connect() as connection:
        applied = await connection.run_sync(_applied)
    return [revision for revision in _revisions() if revision not in applied]


async def differences(database: Database) -> list[Any]:
    """What a new migration would have to change, so that tables and models agree."""
    async with _connection(database) as connection:
        return await connection.run_sync(_differences)


@asynccontextmanager
async def _connection(database: Database) -> AsyncIterator[AsyncConnection]:
    """A transaction that nobody else migrates in at the same time."""
    if database.is_sqlite:
        # A table that is made anew would take the rows that refer to it along, if references
        # were enforced meanwhile; they are looked at before the commit instead.
        path = Path(make_url(database.url).database or "")
        await asyncio.to_thread(keep_write_ahead_log, path)
        engine = sqlite_engine(
            path, pool_size=1, read_only=False, synchronous="FULL", foreign_keys=False
        )
    else:
        engine = create_async_engine(database.url, pool_size=1)
    try:
        async with engine.begin() as connection:
            if not database.is_sqlite:
                await connection.execute(text("SET LOCAL lock_timeout = '30s'"))
                await connection.execute(
                    text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK}
                )
            yield connection
    finally:
        await engine.dispose()


def _make_folder(database: Database) -> None:
    if database.is_sqlite:
        path = Path(make_url(database.url).database or "")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise MigrationRefused(f"{path.parent}: {error.strerror or error}") from None


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _revisions() -> list[str]:
    scripts = ScriptDirectory.from_config(_config())
    return [script.revision for script in scripts.walk_revisions()][::-1]


def _applied(connection: Connection) -> set[str]:
    """Every migration that the database has, not only its latest."""
    heads = MigrationContext.configure(connection).get_current_heads()
    scripts = ScriptDirectory.from_config(_config())
    known = {script.revision for script in scripts.walk_revisions()}
    applied = {
        script.revision
        for head in heads
        if head in known
        for script in scripts.iterate_revisions(head, "base")
    }
    return applied | set(heads)


def _refuse_unknown(applied: set[str]) -> None:
    unknown = applied - set(_revisions())
    if unknown:
        raise MigrationRefused(
            f"数据库来自更新的版本（{', '.join(sorted(unknown))}），请升级程序 · "
            "The database is of a newer version; update the program."
        )


def _upgrade(connection: Connection) -> None:
    command.upgrade(_config(connection), "head")


def _differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


async def _refuse_broken_references(database: Database, connection: AsyncConnection) -> None:
    if not database.is_sqlite:
        return
    broken = (await connection.execute(text("PRAGMA foreign_key_check"))).all()
    if broken:
        raise MigrationRefused(f"foreign_key_check: {len(broken)} 行 · rows ({broken[0]})")


async def write_migration(message: str) -> None:
    """Compare the models with a fresh database that has all migrations, and write the rest."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite+aiosqlite:///{Path(folder) / 'fresh.db'}")
        await migrate(database)
        async with database.engine.begin() as connection:
            await connection.run_sync(_revise, message)
        await database.close()


def _revise(connection: Connection, message: str) -> None:
    config = _config(connection)
    config.set_main_option("file_template", "%%(year)d%%(month).2d%%(day).2d_%%(slug)s")
    command.revision(config, message, autogenerate=True)


if __name__ == "__main__":
    asyncio.run(write_migration(sys.argv[1]))
