"""Scores every pair of two sets of listings, such as those that are brought to a fair.

What the marketplace has scored already is taken as it is; the rest is scored in the same way.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple, Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database, utc_now
from market.listings.plain import in_parts
from market.matching.asking import VETOED
from market.matching.catalogue import (
    PublishedNeed,
    PublishedResult,
    published_needs,
    published_results,
)
from market.matching.models import MatchFeedback, MatchRow
from market.matching.scales import Scales
from market.matching.score_table import Scores, ScoreTable
from market.matching.scoring import Scale

Id = uuid.UUID
# A quarter of a second of scoring: between two parts others get their turn.
_SCORES_A_PART = 50_000


class SetScore(NamedTuple):
    """A pair with its score, 0–100, and both sides' log-odds."""

    result_id: Id
    need_id: Id
    score: float
    enterprise_log_odds: float
    institute_log_odds: float


class Feedback(NamedTuple):
    """What an organisation said of a match: saved or declined."""

    result_id: Id
    need_id: Id
    organisation_id: Id
    verdict: str


# A result and a need, or the owners of both.
Group = tuple[Id, Id]
Progress = Callable[[float], Awaitable[None]]


class Ranking(Protocol):
    """What pairs are worth among those of the same two owners, besides their score."""

    def may_meet(self, result_owner: Id, need_owner: Id) -> bool:
        """Whether pairs between these two count at all."""

    def bonuses(self, need_id: Id) -> Mapping[Id, float | None]:
        """What comes on top of the score of results with this need; None for a pair that must
        not be. Results that it does not name count by their score."""


class SetScores:
    """Scores sets; holds what one process needs for it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._scales = Scales()

    async def best(
        self,
        results: Mapping[Id, Id],
        needs: Mapping[Id, Id],
        ranking: Ranking,
        *,
        progress: Progress,
    ) -> dict[Group, SetScore]:
        """For each owner of results and each owner of needs their best pair.

        `results` and `needs` give the owner of each listing. `progress` gets the share that is
        done, now and then.
        Listings that are not published, and pairs that are vetoed, have no score.
        """
        async with self._database.reading() as session:
            scale = await self._scales.current(session, utc_now())
            found_results = await published_results(session, results)
            found_needs = await published_needs(session, needs)
            known = await _stored(session, found_results, found_needs)
        work = await asyncio.to_thread(_Work, found_results, scale, known, results, ranking)
        each = max(1, _SCORES_A_PART // max(1, len(found_results)))
        ordered = sorted(found_needs)
        for start in range(0, len(ordered), each):
            some = [_Asked(i, found_needs[i], needs[i]) for i in ordered[start : start + each]]
            await asyncio.to_thread(work.take, some)
            await progress((start + len(some)) / len(ordered))
        return work.best


async def feedback_between(
    session: AsyncSession, results: Collection[Id], needs: Collection[Id]
) -> list[Feedback]:
    """What anybody said of matches between these results and these needs."""
    wanted, found = set(needs), []
    for some in in_parts(results):
        rows = await session.execute(
            select(
                MatchRow.result_id,
                MatchRow.need_id,
                MatchFeedback.organisation_id,
                MatchFeedback.verdict,
            )
            .join(MatchFeedback, MatchFeedback.match_id == MatchRow.id)
            .where(MatchRow.result_id.in_(some))
        )
        found += [Feedback(*row) for row in rows if row.need_id in wanted]
    return found


async def _stored(
    session: AsyncSession,
    results: Mapping[Id, PublishedResult],
    needs: Mapping[Id, PublishedNeed],
) -> dict[Group, float]:
    """The scores of open matches between these listings, as far as both are what was scored."""
    known: dict[Group, float] = {}
    for some in in_parts(results):
        rows = await session.execute(
            select(
                MatchRow.result_id,
                MatchRow.need_id,
                MatchRow.score,
                MatchRow.result_version,
                MatchRow.need_version,
            ).where(MatchRow.result_id.in_(some), MatchRow.state == "open")
        )
        known |= {
            (row.result_id, row.need_id): row.score
            for row in rows
            if row.need_id in needs
            and needs[row.need_id].version == row.need_version
            and results[row.result_id].version == row.result_version
        }
    return known


class _Asked(NamedTuple):
    need_id: Id
    need: PublishedNeed
    owner: Id


class _Work:
    """One set being scored, need by need, in a thread.

    The results of one owner stand beside each other, so that their best is found at once.
    """

    def __init__(
        self,
        results: Mapping[Id, PublishedResult],
        scale: Scale,
        known: Mapping[Group, float],
        owners: Mapping[Id, Id],
        ranking: Ranking,
    ) -> None:
        self.best: dict[Group, SetScore] = {}
        self._ranks: dict[Group, tuple[float, float, Id, Id]] = {}
        self._scale = scale
        self._ranking = ranking
        self._ids = sorted(results, key=lambda each: (owners[each], each))
        self._places = {each: place for place, each in enumerate(self._ids)}
        self._by_owner = {
            owner: [self._places[each] for each in theirs]
            for owner, theirs in groupby(self._ids, key=lambda each: owners[each])
        }
        self._known = _by_need(known, self._places)
        self._catalogue = scale.wishes.results.catalogue()
        # The numbers of words do not depend on the owners, nor do sums in their order.
        words = {each: self._catalogue.add(results[each].words) for each in sorted(results)}
        self._table = ScoreTable(
            [results[each].listing for each in self._ids],
            [words[each] for each in self._ids],
            as_of=scale.as_of,
        )

    def take(self, asked: Sequence[_Asked]) -> None:
        for need_id, need, owner in asked:
            scores = self._table.scores(self._scale.asking(need, self._catalogue))
            for place, score in self._known.get(need_id, ()):
                scores.mutual[place] = score
            ranks = self._ranked(need_id, scores.mutual)
            for result_owner, places in self._by_owner.items():
                if result_owner != owner and self._ranking.may_meet(result_owner, owner):
                    self._keep((result_owner, owner), need_id, places, ranks, scores)

    def _ranked(self, need_id: Id, scores: Sequence[float]) -> list[float]:
        """What each result counts; below 0 where the pair must not be."""
        ranks = list(scores)
        for result_id, bonus in self._ranking.bonuses(need_id).items():
            place = self._places.get(result_id)
            if place is not None:
                is_vetoed = bonus is None or scores[place] < 0
                ranks[place] = VETOED if is_vetoed else scores[place] + (bonus or 0.0)
        return ranks

    def _keep(
        self,
        owners: Group,
        need_id: Id,
        places: Sequence[int],
        ranks: Sequence[float],
        scores: Scores,
    ) -> None:
        best = max(places, key=lambda place: (ranks[place], scores.mutual[place], place))
        if ranks[best] < 0:
            return
        found = ranks[best], scores.mutual[best], self._ids[best], need_id
        if owners not in self._ranks or found > self._ranks[owners]:
            self._ranks[owners] = found
            sides = scores.enterprise[best], scores.institute[best]
            self.best[owners] = SetScore(self._ids[best], need_id, scores.mutual[best], *sides)


def _by_need(
    known: Mapping[Group, float], places: Mapping[Id, int]
) -> dict[Id, list[tuple[int, float]]]:
    found: dict[Id, list[tuple[int, float]]] = {}
    for (result_id, need_id), score in known.items():
        found.setdefault(need_id, []).append((places[result_id], score))
    return found
