"""A fresh database, fresh indexes and the real application for each test that asks for them."""

import os
import shutil
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from market.app import assemble, open_for
from market.db import Database
from market.indexing.engines import Indexes, indexes_in_memory
from market.migrating import migrate
from market.settings import Settings

# Set it, and every test that uses a database runs on PostgreSQL.
POSTGRESQL = os.environ.get("DUIJIE_TEST_DATABASE_URL", "")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """First the tests that fork: later this process has threads, and would not."""
    items.sort(key=lambda item: item.get_closest_marker("single_threaded") is None)


async def _create_tables(url: str) -> None:
    database = Database(url)
    await migrate(database)
    await database.close()


async def _on_server(statement: str) -> None:
    engine = create_async_engine(POSTGRESQL, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


@asynccontextmanager
async def empty_database_url(folder: Path) -> AsyncIterator[str]:
    """The URL of a database without tables, gone after the block."""
    if not POSTGRESQL:
        yield f"sqlite+aiosqlite:///{folder / 'empty.db'}"
        return
    name = f"duijie_empty_{uuid.uuid4().hex[:12]}"
    await _on_server(f"CREATE DATABASE {name}")
    yield _url_of(name)
    await _on_server(f"DROP DATABASE {name} WITH (FORCE)")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database_template(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """An empty database with all tables, to be copied: a file's path or a database's name."""
    if not POSTGRESQL:
        path = tmp_path_factory.mktemp("template") / "template.db"
        await _create_tables(f"sqlite+aiosqlite:///{path}")
        yield str(path)
        return
    name = f"duijie_template_{uuid.uuid4().hex[:12]}"
    await _on_server(f"CREATE DATABASE {name}")
    await _create_tables(_url_of(name))
    yield name
    await _on_server(f"DROP DATABASE {name} WITH (FORCE)")


def _url_of(name: str) -> str:
    return make_url(POSTGRESQL).set(database=name).render_as_string(hide_password=False)


@pytest_asyncio.fixture(loop_scope="session")
async def database_url(database_template: str, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a database of this test's own, with all tables and no rows."""
    if not POSTGRESQL:
        path = tmp_path / "duijie.db"
        shutil.copy(database_template, path)
        yield f"sqlite+aiosqlite:///{path}"
        return
    name = f"duijie_test_{uuid.uuid4().hex[:12]}"
    await _on_server(f"CREATE DATABASE {name} TEMPLATE {database_template}")
    yield _url_of(name)
    await _on_server(f"DROP DATABASE {name} WITH (FORCE)")


@pytest_asyncio.fixture(loop_scope="session")
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
def indexes() -> Indexes:
    return indexes_in_memory()


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(data_folder=tmp_path, database_url=database_url)


@pytest.fixture(scope="session")
def assembled() -> Litestar:
    """The routes, assembled once: that takes longer than most tests."""
    return assemble(body_limit_bytes=Settings().body_limit_bytes)


@pytest.fixture
def app(assembled: Litestar, settings: Settings, database: Database, indexes: Indexes) -> Litestar:
    open_for(assembled, settings, database, indexes)
    return assembled


@pytest_asyncio.fixture(loop_scope="session")
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """Talks to the application without a network, in the loop of the test."""
    transport = httpx.ASGITransport(app=cast(Any, app), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client
