"""The real application with the routes of these tests beside its own."""

import pytest
from litestar import Litestar

from market.app import assemble
from market.settings import Settings
from tests.market.http.routes import ROUTES


@pytest.fixture(scope="session")
def assembled() -> Litestar:
    return assemble(ROUTES, body_limit_bytes=Settings().body_limit_bytes)
