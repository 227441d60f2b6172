"""The development needs, matched with candidates of a Meilisearch server that were recorded."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from market.exchange.readers import read_needs, read_results
from market.matching.pairing import Matcher
from search.meilisearch import MeilisearchConnection, MeilisearchEngine
from tests.bench.lexicon import DATA
from tests.bench.quality import AS_OF, MOST_LOST, judged_pairs, quality
from tests.bench.served import index_results, matched_results
from tests.search.exchanges import RECORDED_INDEX, Recording, start_recording

_TOP = 50


@pytest.fixture(scope="module")
def recording() -> Iterator[Recording]:
    with Recording("matching") as recording:
        yield recording


@pytest_asyncio.fixture
async def engine(
    recording: Recording, request: pytest.FixtureRequest
) -> AsyncIterator[MeilisearchEngine]:
    await start_recording()
    transport = recording.transport(request)
    async with MeilisearchConnection("http://recorded", "", transport=transport) as connection:
        yield MeilisearchEngine(connection, RECORDED_INDEX)


async def test_replayed_needs_are_matched_as_well_as_by_the_embedded_engine(
    engine: MeilisearchEngine,
) -> None:
    results = read_results(DATA / "results.jsonl").listings
    needs = read_needs(DATA / "needs-dev.jsonl").listings
    judged = judged_pairs()
    wanted = {need.id: judged[need.id] for need in needs if need.id in judged}
    matcher = Matcher(results, needs, as_of=AS_OF)
    found = matcher.results_for_needs(top=_TOP)
    own = {
        need.id: [match.result_id for match in matches]
        for need, matches in zip(needs, found, strict=True)
    }

    await index_results(engine, results)
    matched = await matched_results(engine, matcher, top=_TOP)

    best, served = quality(own, wanted), quality(matched, wanted)
    assert served.ndcg >= best.ndcg - MOST_LOST
    assert served.recall >= best.recall - MOST_LOST
