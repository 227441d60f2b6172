"""The best pair of every two owners in a set of listings, on a real database."""

import uuid
from collections.abc import Mapping

import pytest

from market.db import utc_now
from market.matching.catalogue import published_needs, published_results
from market.matching.models import MatchRow
from market.matching.scales import Scales
from market.matching.set_scores import SetScore, SetScores
from tests.bench.generator import synthetic_needs, synthetic_results
from tests.market.factories import make_need, make_result
from tests.market.matching.bazaar import Bazaar

Id = uuid.UUID
_RESULTS, _NEEDS, _OWNERS = 24, 12, 4


class Everybody:
    """All may meet, and nobody said anything, but for what is given."""

    def __init__(
        self,
        apart: set[tuple[Id, Id]] | None = None,
        said: Mapping[Id, Mapping[Id, float | None]] | None = None,
    ) -> None:
        self._apart = apart or set()
        self._said = said or {}

    def may_meet(self, result_owner: Id, need_owner: Id) -> bool:
        return (result_owner, need_owner) not in self._apart

    def bonuses(self, need_id: Id) -> Mapping[Id, float | None]:
        return self._said.get(need_id, {})


async def best(
    bazaar: Bazaar, results: Mapping[Id, Id], needs: Mapping[Id, Id], ranking: Everybody
) -> tuple[dict[tuple[Id, Id], SetScore], list[float]]:
    """The best pairs, and the shares that were told as done."""
    shares: list[float] = []

    async def progress(done: float) -> None:
        shares.append(done)

    found = await SetScores(bazaar.database).best(results, needs, ranking, progress=progress)
    return found, shares


async def one_by_one(bazaar: Bazaar, results: list[Id], needs: list[Id]) -> dict[Id, list[float]]:
    """The score of every result with each need, as matching works it out."""
    async with bazaar.database.reading() as session:
        scale = await Scales().current(session, utc_now())
        offered = await published_results(session, results)
        asked = await published_needs(session, needs)
    catalogue = scale.wishes.results.catalogue()
    words = {each: catalogue.add(offered[each].words) for each in sorted(offered)}
    return {
        need_id: [
            scale.asking(asked[need_id], catalogue).score(offered[each].listing, words[each])
            for each in results
        ]
        for need_id in needs
    }


@pytest.mark.asyncio(loop_scope="session")
async def test_of_every_two_owners_the_best_pair_is_found(bazaar: Bazaar) -> None:
    results = await bazaar.post(*synthetic_results(_RESULTS))
    needs = await bazaar.post(*synthetic_needs(_NEEDS))
    owners = [uuid.uuid4() for _ in range(_OWNERS)]
    askers = [uuid.uuid4() for _ in range(_OWNERS - 1)] + [owners[0]]
    offered = {each: owners[place % _OWNERS] for place, each in enumerate(results)}
    asked = {each: askers[place % _OWNERS] for place, each in enumerate(needs)}
    refused, wished = (results[0], needs[1]), (results[1], needs[2])
    apart = {(owners[2], askers[2])}
    said: dict[Id, dict[Id, float | None]] = {
        refused[1]: {refused[0]: None},
        wished[1]: {wished[0]: 1_000.0},
    }

    found, shares = await best(bazaar, offered, asked, Everybody(apart, said))

    scores = await one_by_one(bazaar, results, needs)
    expected: dict[tuple[Id, Id], tuple[float, float, Id, Id]] = {}
    for need_id in needs:
        for result_id, score in zip(results, scores[need_id], strict=True):
            group = offered[result_id], asked[need_id]
            if group[0] == group[1] or group in apart or (result_id, need_id) == refused:
                continue
            rank = score + (1_000.0 if (result_id, need_id) == wished else 0.0)
            pair = rank, score, result_id, need_id
            expected[group] = max(expected.get(group, pair), pair)
    assert {group: (each.score, each.result_id, each.need_id) for group, each in found.items()} == {
        group: each[1:] for group, each in expected.items()
    }
    assert shares == [1.0]


@pytest.mark.asyncio(loop_scope="session")
async def test_what_the_marketplace_scored_already_is_taken_as_it_is(bazaar: Bazaar) -> None:
    result_id, need_id = await bazaar.post_pair()
    owner, asker = uuid.uuid4(), uuid.uuid4()
    async with bazaar.database.writing() as session:
        (row,) = await bazaar.matches()
        (await session.get_one(MatchRow, row.id)).score = 12.5

    found, _ = await best(bazaar, {result_id: owner}, {need_id: asker}, Everybody())

    assert [(group, each.score) for group, each in found.items()] == [((owner, asker), 12.5)]


@pytest.mark.asyncio(loop_scope="session")
async def test_a_vetoed_pair_has_no_score_though_somebody_wishes_for_it(bazaar: Bazaar) -> None:
    (result_id,) = await bazaar.post(make_result(rights="encumbered"))
    (need_id,) = await bazaar.post(make_need())
    owners = uuid.uuid4(), uuid.uuid4()
    wished = Everybody(said={need_id: {result_id: 1_000.0}})

    found, _ = await best(bazaar, {result_id: owners[0]}, {need_id: owners[1]}, wished)

    assert found == {}


@pytest.mark.asyncio(loop_scope="session")
async def test_what_is_not_published_and_what_is_not_in_the_set_is_left_out(
    bazaar: Bazaar,
) -> None:
    draft, stranger = await bazaar.post(make_result(), make_result(), status="draft")
    (need_id,) = await bazaar.post(make_need())
    owners = uuid.uuid4(), uuid.uuid4()
    wished = Everybody(said={need_id: {stranger: 1_000.0}})

    found, shares = await best(bazaar, {draft: owners[0]}, {need_id: owners[1]}, wished)

    assert found == {}
    assert shares == [1.0]
