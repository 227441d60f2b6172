"""A square for each test that asks for one."""

import httpx
import pytest_asyncio

from market.db import Database
from market.indexing.engines import Indexes
from market.settings import Settings
from tests.market.subscriptions.square import Square


@pytest_asyncio.fixture(loop_scope="session")
async def square(
    client: httpx.AsyncClient, database: Database, indexes: Indexes, settings: Settings
) -> Square:
    return await Square(client, database, indexes, settings).open()
