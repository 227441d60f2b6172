"""Matches listings with the other side, as both are now: candidates → score → stored pairs.

A listing is written to the index before it is matched, and looks at both the index and the pairs
that are stored: of two listings that appear at once, the later match sees the other one. Each
rematch works on what it read; a listing that changed meanwhile is left to its own rematch.
"""

import asyncio
import heapq
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database, utc_now
from market.indexing.engines import Indexes
from market.jobs import REMATCH, SOON, TELL_OF_MATCHES, ClaimedJob, enqueue, finish
from market.listings.queries import published_after
from market.matching.catalogue import (
    Published,
    PublishedResult,
    other_kind,
    published_needs,
    published_results,
)
from market.matching.pairing import CANDIDATES_BY_WORDS, neighbours_in_industry
from market.matching.pairs import (
    Pair,
    close_pairs,
    partners_of,
    scores_to_beat,
    store_pairs,
    unchanged_versions,
)
from market.matching.scales import Scales
from market.matching.scoring import (
    Scale,
    ScoredPair,
    Scorer,
    explanation_of,
    terms_of,
)
from search.port import SearchEngine, WeightedTerm

# So many pairs each listing keeps, if they score so much: less is no match.
KEPT = 50
FLOOR = 30.0
# Listings matched in one unit of work: their pairs, with explanations, are a few megabytes.
LISTINGS_AT_ONCE = 20
_RETRY_AFTER = timedelta(seconds=2)

Id = uuid.UUID


class _Read(NamedTuple):
    """Listings of one kind that are published, and what each is to be scored with."""

    own: Mapping[Id, Published]
    gone: Collection[Id]
    partners: Mapping[Id, set[Id]]
    scale: Scale


class Rematching:
    """Matches listings; holds what one process needs for it."""

    def __init__(
        self, database: Database, indexes: Indexes, *, kept: int = KEPT, floor: float = FLOOR
    ) -> None:
        self._database = database
        self._indexes = indexes
        self._kept = kept
        self._floor = floor
        self._scales = Scales()

    async def handle(self, jobs: Sequence[ClaimedJob]) -> None:
        """Do jobs REMATCH {"kind", "ids"}: the listings that they name, each once.

        Many listings are matched part by part, each part in a transaction of its own: a rematch
        changes nothing when it is done again. The jobs are finished with the last one.
        """
        *first, (kind, ids) = _parts(jobs)
        for each, some in first:
            await self.rematch(each, some)
        await self.rematch(kind, ids, finishing=jobs)

    async def rematch(
        self, kind: str, ids: Collection[Id], *, finishing: Sequence[ClaimedJob] = ()
    ) -> None:
        """Match these listings of a kind anew and finish the jobs, in one transaction.

        Raises SearchUnavailable, and LeaseLost for the jobs; nothing is stored then.
        """
        read = await self._read(kind, ids)
        if read.gone:
            async with self._database.writing() as session:
                await close_pairs(session, kind, read.gone)
        scored = await self._scored(kind, read)
        pairs = await self._chosen(kind, read, scored)
        async with self._database.writing() as session:
            await self._store(session, kind, pairs)
            await finish(session, finishing)

    async def _read(self, kind: str, ids: Collection[Id]) -> _Read:
        now = utc_now()
        async with self._database.reading() as session:
            own = await _published(session, kind, ids)
            scale = await self._scales.current(session, now)
            partners = await partners_of(session, kind, own)
        return _Read(own, set(ids) - own.keys(), partners, scale)

    async def _scored(self, kind: str, read: _Read) -> dict[Id, list[ScoredPair]]:
        """All pairs worth a look of each listing."""
        found = await self._candidates(kind, read)
        wanted = {each for candidates in found.values() for each in candidates}
        async with self._database.reading() as session:
            others = await _published(session, other_kind(kind), wanted)

        def score() -> dict[Id, list[ScoredPair]]:
            sides = (*read.own.values(), *others.values())
            results = [each for each in sides if isinstance(each, PublishedResult)]
            scorer = Scorer(read.scale, results)
            return {
                listing_id: scorer.pairs(
                    read.own[listing_id],
                    [others[each] for each in sorted(candidates & others.keys())],
                )
                for listing_id, candidates in found.items()
            }

        return await asyncio.to_thread(score)

    async def _candidates(self, kind: str, read: _Read) -> dict[Id, set[Id]]:
        """Those near in words, of the same industry group, or matched before."""
        if not read.own:
            return {}
        async with self._database.reading() as session:
            all_others = await published_after(
                session, other_kind(kind), None, limit=CANDIDATES_BY_WORDS + 1
            )
        if len(all_others) <= CANDIDATES_BY_WORDS:
            return {each: set(all_others) for each in read.own}
        engine = self._indexes.of(other_kind(kind))
        found: dict[Id, set[Id]] = {}
        for listing_id, own in read.own.items():
            terms = await asyncio.to_thread(terms_of, own, read.scale)
            near = await _found(engine, terms, own.listing.industries)
            found[listing_id] = near | read.partners[listing_id]
        return found

    async def _chosen(
        self, kind: str, read: _Read, scored: Mapping[Id, list[ScoredPair]]
    ) -> list[Pair]:
        """The pairs to be written: the best of each listing, what belongs to the best of a
        partner, and all that are stored, whose score may be another now."""
        good = {
            pair.partner_of(kind)
            for pairs in scored.values()
            for pair in pairs
            if pair.score >= self._floor
        }
        async with self._database.reading() as session:
            to_beat = await scores_to_beat(session, other_kind(kind), good, kept=self._kept)

        def choose() -> list[Pair]:
            return [
                chosen
                for listing_id, pairs in scored.items()
                for chosen in self._chosen_of(kind, pairs, read.partners[listing_id], to_beat)
            ]

        return await asyncio.to_thread(choose)

    def _chosen_of(
        self,
        kind: str,
        pairs: Sequence[ScoredPair],
        stored: Collection[Id],
        to_beat: Mapping[Id, float],
    ) -> Iterable[Pair]:
        good = [pair for pair in pairs if pair.score >= self._floor]
        best = heapq.nlargest(self._kept, good, key=lambda pair: pair.score)
        kept = {pair.partner_of(kind) for pair in best}
        for pair in pairs:
            partner = pair.partner_of(kind)
            is_wanted = pair.score >= max(self._floor, to_beat.get(partner, 0.0))
            if partner in kept or is_wanted or partner in stored:
                yield _pair(pair, is_kept=partner in kept, is_wanted=is_wanted)

    async def _store(self, session: AsyncSession, kind: str, pairs: Sequence[Pair]) -> None:
        ids = {each for pair in pairs for each in (pair.result_id, pair.need_id)}
        versions = await unchanged_versions(session, ids)
        now = utc_now()
        sure = (pair for pair in pairs if _is_of(pair, versions))
        await store_pairs(session, kind, sure, now=now, floor=self._floor)
        if told := {_own_id(pair, kind) for pair in pairs if pair.score >= self._floor}:
            payload = {"kind": kind, "ids": [str(each) for each in sorted(told)]}
            await enqueue(session, TELL_OF_MATCHES, payload, priority=SOON)
        left_out = {_own_id(pair, kind) for pair in pairs if not _is_of(pair, versions)}
        await _match_again(session, kind, left_out, now)


async def _published(session: AsyncSession, kind: str, ids: Collection[Id]) -> dict[Id, Published]:
    if kind == "result":
        return {**await published_results(session, ids)}
    return {**await published_needs(session, ids)}


async def _found(
    engine: SearchEngine, terms: Sequence[WeightedTerm], industries: Sequence[str]
) -> set[Id]:
    neighbours = neighbours_in_industry(terms, industries)
    if neighbours is None:
        hits = await engine.candidates(terms, limit=CANDIDATES_BY_WORDS)
    else:
        hits = await engine.candidates_and_neighbours(terms, neighbours, limit=CANDIDATES_BY_WORDS)
    return {uuid.UUID(hit.id) for hit in hits}


def _pair(pair: ScoredPair, *, is_kept: bool, is_wanted: bool) -> Pair:
    return Pair(
        result_id=uuid.UUID(pair.result.listing.id),
        need_id=uuid.UUID(pair.need.listing.id),
        result_version=pair.result.version,
        need_version=pair.need.version,
        score=max(0.0, pair.score),
        explanation=explanation_of(pair),
        is_kept=is_kept,
        is_wanted=is_wanted,
    )


def _own_id(pair: Pair, kind: str) -> Id:
    return pair.result_id if kind == "result" else pair.need_id


def _is_of(pair: Pair, versions: Mapping[Id, int]) -> bool:
    """Whether both listings still are what was scored."""
    return (
        versions.get(pair.result_id) == pair.result_version
        and versions.get(pair.need_id) == pair.need_version
    )


async def _match_again(
    session: AsyncSession, kind: str, ids: Collection[Id], now: datetime
) -> None:
    """Whoever changes a listing asks for its rematch, unless the change comes to nothing."""
    if ids:
        payload = {"kind": kind, "ids": [str(each) for each in sorted(ids)]}
        await enqueue(session, REMATCH, payload, priority=SOON, run_at=now + _RETRY_AFTER)


def _parts(jobs: Iterable[ClaimedJob]) -> Iterator[tuple[str, list[Id]]]:
    """The listings of all jobs, each once, in parts of one kind."""
    wanted: dict[str, dict[Id, None]] = {}
    for job in jobs:
        ids = msgspec.convert(job.payload["ids"], list[Id])
        wanted.setdefault(job.payload["kind"], {}).update(dict.fromkeys(ids))
    for kind, found in wanted.items():
        ids = list(found)
        for start in range(0, max(1, len(ids)), LISTINGS_AT_ONCE):
            yield kind, ids[start : start + LISTINGS_AT_ONCE]
