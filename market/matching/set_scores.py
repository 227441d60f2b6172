"""Scores every pair of two sets of listings, such as those that are brought to a fair.

What the marketplace has scored already is taken as it is; the rest is scored in the same way.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database, utc_now
from market.listings.plain import in_parts
from market.matching.asking import Asking
from market.matching.catalogue import (
    PublishedNeed,
    PublishedResult,
    published_needs,
    published_results,
)
from market.matching.models import MatchFeedback, MatchRow
from market.matching.scales import Scales
from market.matching.score import ENTERPRISE_WEIGHTS, INSTITUTE_WEIGHTS, features, log_odds
from market.matching.scoring import Scale
from search.coverage import DocumentWords

Id = uuid.UUID
# Half a second of scoring: between two parts others get their turn.
_SCORES_A_PART = 10_000


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


# Of a result's and a need's owners the pairs that count; which of theirs is the best, by rank.
Group = tuple[Id, Id]
RankOf = Callable[[Id, Id, float], float | None]


class SetScores:
    """Scores sets; holds what one process needs for it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._scales = Scales()

    async def best(
        self,
        results: Mapping[Id, Id],
        needs: Mapping[Id, Id],
        rank_of: RankOf,
        *,
        progress: Callable[[float], Awaitable[None]],
    ) -> dict[Group, SetScore]:
        """For each owner of results and each owner of needs their best pair.

        `results` and `needs` give the owner of each listing. `rank_of(result, need, score)` says
        what the pair is worth among the owners' pairs, None for one that must not be. `progress`
        gets the share that is done, now and then.
        Listings that are not published, and pairs that are vetoed, have no score.
        """
        async with self._database.reading() as session:
            scale = await self._scales.current(session, utc_now())
            found_results = await published_results(session, results)
            found_needs = await published_needs(session, needs)
            known = await _stored(session, found_results, found_needs)
        work = _Work(found_results, scale, known, results, needs, rank_of)
        each = max(1, _SCORES_A_PART // max(1, len(found_results)))
        ordered = sorted(found_needs)
        for start in range(0, len(ordered), each):
            some = [(need_id, found_needs[need_id]) for need_id in ordered[start : start + each]]
            await asyncio.to_thread(work.take, some)
            await progress((start + len(some)) / len(ordered))
        return await asyncio.to_thread(work.told)


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


class _Work:
    """One set being scored, need by need, in a thread."""

    def __init__(
        self,
        results: Mapping[Id, PublishedResult],
        scale: Scale,
        known: Mapping[Group, float],
        result_owners: Mapping[Id, Id],
        need_owners: Mapping[Id, Id],
        rank_of: RankOf,
    ) -> None:
        self._results = results
        self._scale = scale
        self._known = known
        self._result_owners = result_owners
        self._need_owners = need_owners
        self._rank_of = rank_of
        self._catalogue = scale.wishes.results.catalogue()
        self._words: dict[Id, DocumentWords] = {
            each: self._catalogue.add(result.words) for each, result in sorted(results.items())
        }
        self._best: dict[Group, tuple[float, float, Id, Id]] = {}
        self._asking: dict[Id, Asking] = {}

    def take(self, needs: Sequence[tuple[Id, PublishedNeed]]) -> None:
        for need_id, need in needs:
            self._asking[need_id] = asking = self._scale.asking(need, self._catalogue)
            for result_id, score in self._scores(need_id, asking):
                rank = self._rank_of(result_id, need_id, score)
                owners = self._result_owners[result_id], self._need_owners[need_id]
                if rank is not None and owners[0] != owners[1]:
                    found = rank, score, result_id, need_id
                    self._best[owners] = max(self._best.get(owners, found), found)

    def _scores(self, need_id: Id, asking: Asking) -> Iterator[tuple[Id, float]]:
        for result_id, result in self._results.items():
            score = self._known.get((result_id, need_id))
            if score is None:
                score = asking.score(result.listing, self._words[result_id])
            if score >= 0:
                yield result_id, score

    def told(self) -> dict[Group, SetScore]:
        return {
            owners: self._with_sides(score, result_id, need_id)
            for owners, (_, score, result_id, need_id) in self._best.items()
        }

    def _with_sides(self, score: float, result_id: Id, need_id: Id) -> SetScore:
        asking, result = self._asking[need_id], self._results[result_id].listing
        text = asking.text_fit(self._words[result_id])
        known = features(asking.need, result, text=text, as_of=self._scale.as_of)
        return SetScore(
            result_id,
            need_id,
            score,
            log_odds(known, ENTERPRISE_WEIGHTS),
            log_odds(known, INSTITUTE_WEIGHTS),
        )
