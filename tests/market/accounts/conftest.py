"""One database and one application for all tests of accounts, emptied after each of them.

To make an application takes longer than most of these tests.
"""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar
from sqlalchemy import delete

from market.accounts.models import (
    ApiKey,
    AttemptCount,
    LoginSession,
    OneTimeLink,
    Organisation,
    User,
)
from market.app import create_app
from market.db import Database
from market.indexing.engines import Indexes, indexes_in_memory
from market.jobs import Job
from market.settings import Settings
from market.tables import metadata
from tests.conftest import empty_database_url
from tests.market.accounts.factories import talking_to

# What tests of accounts leave rows in, those first that refer to others.
WRITTEN = (AttemptCount, OneTimeLink, ApiKey, LoginSession, User, Organisation, Job)


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def database_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    async with empty_database_url(tmp_path_factory.mktemp("accounts")) as url:
        yield url


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def kept_database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, synchronous="NORMAL")
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    yield database
    await database.close()


@pytest_asyncio.fixture(loop_scope="session")
async def database(kept_database: Database) -> AsyncIterator[Database]:
    """Empty at the beginning of each test."""
    yield kept_database
    async with kept_database.writing() as session:
        for table in WRITTEN:
            await session.execute(delete(table))


@pytest.fixture(scope="package")
def indexes() -> Indexes:
    return indexes_in_memory()


@pytest.fixture(scope="package")
def settings(database_url: str) -> Settings:
    return Settings(database_url=database_url)


@pytest.fixture(scope="package")
def app(settings: Settings, kept_database: Database, indexes: Indexes) -> Litestar:
    return create_app(settings, kept_database, indexes)


@pytest_asyncio.fixture(loop_scope="session")
async def client(app: Litestar, database: Database) -> AsyncIterator[httpx.AsyncClient]:  # noqa: ARG001
    """Talks to the application; the database is empty."""
    async with talking_to(app) as client:
        yield client
