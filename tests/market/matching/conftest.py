"""A marketplace with an institute and an enterprise."""

import pytest_asyncio

from market.db import Database
from market.indexing.engines import Indexes
from market.settings import Settings
from tests.market.matching.bazaar import Bazaar


@pytest_asyncio.fixture(loop_scope="session")
async def bazaar(database: Database, indexes: Indexes, settings: Settings) -> Bazaar:
    return await Bazaar(database, indexes, settings).open()
