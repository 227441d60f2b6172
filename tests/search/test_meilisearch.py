"""The Meilisearch engine: the contract on a real server, live where there is one, and replayed."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from search.meilisearch import MeilisearchConnection, MeilisearchEngine
from tests.search.contract import Run, SearchEngineContract
from tests.search.exchanges import RECORDED_INDEX, Recording
from tests.search.live import make_empty
from tests.search.record import RECORD_KEY, RECORD_URL


@pytest.fixture(scope="module")
def recording() -> Iterator[Recording]:
    """Replays, or records where the command to record runs the tests."""
    recording = Recording("contract", is_new=RECORD_URL in os.environ)
    yield recording
    if RECORD_URL in os.environ:
        recording.save()


class TestMeilisearchReplayed(SearchEngineContract):
    @pytest.fixture
    def engine(
        self, run: Run[Any], recording: Recording, request: pytest.FixtureRequest
    ) -> Iterator[MeilisearchEngine]:
        test = request.node.name
        if RECORD_URL in os.environ:
            url, key = os.environ[RECORD_URL], os.environ[RECORD_KEY]
            run(make_empty(url, key, RECORDED_INDEX))
            transport = recording.record(test, url, key)
        else:
            transport = recording.replay(test)
        connection = MeilisearchConnection("http://recorded", "", transport=transport)
        yield MeilisearchEngine(connection, RECORDED_INDEX)
        run(connection.aclose())
