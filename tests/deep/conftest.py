"""Settings of long runs: nothing waits, and nothing leaves this machine."""

import pytest

from market.settings import Settings
from tests.hard.subscribed import modest


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return modest(settings)
