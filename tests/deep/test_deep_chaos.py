"""kill −9 under load for long: ten times as many kills as in the normal suite."""

from pathlib import Path
from random import Random

import pytest

from market.settings import Settings
from tests.conftest import POSTGRESQL, empty_database_url
from tests.hard.chaos import chaos

_ROUNDS = 200


@pytest.mark.deep
@pytest.mark.timeout(3_600)
async def test_many_kills_under_load_lose_and_double_nothing(tmp_path: Path) -> None:
    async with empty_database_url(tmp_path) as url:
        settings = Settings(data_folder=tmp_path, database_url=url if POSTGRESQL else "")

        figures, faults = await chaos(settings, rounds=_ROUNDS, seed=Random().randrange(10**6))

    print(f"\n{figures.line}")
    assert "\n".join(faults) == ""
    assert figures.kills == _ROUNDS
    assert min(figures.acknowledged, figures.unanswered, figures.matches, figures.imports) > 0
