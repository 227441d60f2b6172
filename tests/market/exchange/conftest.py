"""Fixtures of the tests of imports and exports."""

import httpx
import pytest_asyncio

from market.db import Database
from market.settings import Settings
from tests.market.accounts.factories import make_account
from tests.market.exchange.importing import Importing


@pytest_asyncio.fixture(loop_scope="session")
async def importing(client: httpx.AsyncClient, database: Database, settings: Settings) -> Importing:
    """Someone of a verified institute, who imports."""
    return Importing(client, database, settings, await make_account(database, name="刺桐大学"))


@pytest_asyncio.fixture(loop_scope="session")
async def asking(client: httpx.AsyncClient, database: Database, settings: Settings) -> Importing:
    """Someone of a verified enterprise, who imports needs."""
    account = await make_account(database, "enterprise", name="晋江某鞋业有限公司")
    return Importing(client, database, settings, account)
