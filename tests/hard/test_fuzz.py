"""No request of anybody brings a 5xx, an answer that is no problem, or another's secret."""

import gc
import os
from random import Random

import pytest

from market.db import Database
from market.indexing.engines import Indexes
from market.settings import Settings
from tests.hard.fuzzing import fuzz

_CASES = 32_000

# The framework leaves the files of a form that it could not read on to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning")


@pytest.mark.timeout(1_200)
async def test_no_request_breaks_a_promise(
    settings: Settings, database: Database, indexes: Indexes
) -> None:
    seed = int(os.environ.get("FUZZ_SEED", "") or Random().randrange(10**6))

    figures, findings = await fuzz(settings, database, indexes, cases=_CASES, seed=seed)
    gc.collect()

    print(f"\n{figures.line}")
    assert "\n".join(str(finding) for finding in findings) == ""
    assert figures.jobs_dead == 0
    assert figures.reached >= figures.operations * 0.9
