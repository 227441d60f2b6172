"""kill −9 under load: nothing acknowledged is lost, nothing doubled, index equals database."""

from pathlib import Path
from random import Random

from market.settings import Settings
from tests.conftest import POSTGRESQL, empty_database_url
from tests.hard.chaos import chaos

_ROUNDS = 20


async def test_kills_under_load_lose_and_double_nothing(tmp_path: Path) -> None:
    async with empty_database_url(tmp_path) as url:
        # SQLite lies in the data folder, as it does where nothing is set.
        settings = Settings(data_folder=tmp_path, database_url=url if POSTGRESQL else "")

        figures, faults = await chaos(settings, rounds=_ROUNDS, seed=Random().randrange(10**6))

    print(f"\n{figures.line}")
    assert "\n".join(faults) == ""
    assert figures.kills == _ROUNDS
    assert min(figures.acknowledged, figures.unanswered, figures.matches, figures.imports) > 0
