"""Fixtures of the tests of deals."""

import httpx
import pytest_asyncio

from market.db import Database
from tests.market.deals.factories import Dealing, make_dealing
from tests.market.deals.signing import Signing, make_signing


@pytest_asyncio.fixture(loop_scope="session")
async def dealing(client: httpx.AsyncClient, database: Database) -> Dealing:
    """An institute with a result and an enterprise with a need that fits."""
    return await make_dealing(client, database)


@pytest_asyncio.fixture(loop_scope="session")
async def signing(client: httpx.AsyncClient, database: Database) -> Signing:
    """An organizer of signing ceremonies."""
    return await make_signing(client, database)
