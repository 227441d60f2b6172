"""Index jobs: the index becomes what the rows say, and matching hears of it."""

import asyncio
import uuid
from typing import Any

import pytest
from sqlalchemy import select, update

from market.accounts.models import Organisation
from market.claiming import claim
from market.db import Database
from market.indexing.engines import Indexes
from market.indexing.models import ListingWords
from market.indexing.sync import sync_listings
from market.jobs import INDEX, LATER, NOW, REMATCH, SOON, enqueue
from market.settings import Settings
from search.documents import SearchDocument
from search.embedded import EmbeddedEngine
from search.port import DocumentRefused, SearchQuery, SearchUnavailable
from search.synonyms import Synonyms
from search.text import PIPELINE_VERSION
from tests.market.accounts.factories import make_account
from tests.market.indexing.factories import (
    announce,
    change,
    ids_of,
    jobs_of,
    made_listing,
    post,
    remove,
    run_jobs,
)


@pytest.fixture
async def owner(database: Database) -> Organisation:
    organisation = (await make_account(database)).organisation
    assert organisation is not None
    return organisation


async def words_of(database: Database) -> dict[uuid.UUID, tuple[int, int, str]]:
    async with database.reading() as session:
        rows = await session.scalars(select(ListingWords))
        return {
            row.listing_id: (row.listing_version, row.pipeline_version, row.words) for row in rows
        }


async def asked_rematches(database: Database) -> list[tuple[int, str, list[str]]]:
    jobs = await jobs_of(database, REMATCH)
    return [(job.priority, job.payload["kind"], sorted(job.payload["ids"])) for job in jobs]


@pytest.mark.parametrize("kind", ["result", "need"])
async def test_published_listing_is_found_with_its_version(
    settings: Settings, database: Database, indexes: Indexes, owner: Organisation, kind: str
) -> None:
    listing = await post(database, owner, kind)
    await announce(database, listing)

    await run_jobs(settings, database, indexes)

    assert await indexes.of(kind).versions() == {str(listing.id): 1}
    assert await indexes.of("need" if kind == "result" else "result").versions() == {}
    assert await asked_rematches(database) == [(NOW, kind, ids_of([listing]))]


@pytest.mark.parametrize("status", ["draft", "paused", "closed", "withdrawn", "expired"])
async def test_listing_that_is_not_published_leaves_the_index(
    settings: Settings, database: Database, indexes: Indexes, owner: Organisation, status: str
) -> None:
    listing, other = await post(database, owner), await post(database, owner)
    await announce(database, listing, other)
    await run_jobs(settings, database, indexes)
    await change(database, listing, status=status)
    await announce(database, listing)

    await run_jobs(settings, database, indexes)

    assert await indexes.results.versions() == {str(other.id): 1}
    assert (await asked_rematches(database))[1:] == [(NOW, "result", ids_of([listing]))]


async def test_deleted_row_leaves_the_index(
    settings: Settings, database: Database, indexes: Indexes, owner: Organisation
) -> None:
    listing = await post(database, owner)
    await announce(database, listing)
    await run_jobs(settings, database, indexes)
    await remove(database, listing)
    await announce(database, listing)

    await run_jobs(settings, database, indexes)

    assert await indexes.results.versions() == {}
    assert await words_of(database) == {}


async def test_listing_of_the_other_kind_is_no_listing_of_this_kind(
    settings: Settings, database: Database, indexes: Indexes, owner: Organisation
) -> None:
    listing = await post(database, owner, "need")
    await announce(database, listing, kind="result")

    await run_jobs(settings, database, indexes)

    assert await indexes.results.versions() == {}


async def test_change_is_found_and_the_old_words_are_not(
    settings: Settings, database: Database, indexes: Indexes, owner: Organisation
) -> None:
    listing = await post(database, owner, title="石墨烯涂料")
    await announce(database, listing)
    await run_jobs(settings, database, indexes)
    await change(database, listing, title="陶瓷釉料")
    await announce(database, listing)

    await run_jobs(settings, database, indexes)

    found = [
        (await indexes.results.search(SearchQuery(text=word))).total
        for word in ("石墨烯涂料", "陶瓷釉料")
    ]
    assert found == [0, 1]
    assert await indexes.results.versions() == {str(listing.id): 2}


async def test_words_of_the_whole_listing_are_stored(
    settings: Settings, database: Database, indexes: Indexes, owner: Organisation
) -> None:
    need = await post(
        database,
        owner,
        "need",
        title="鞋底打滑",
        keywords=["防滑"],
        text="求配方",
        shows_terms=False,
    )
    await announce(database, need)

    await run_jobs(settings, database, indexes)

    assert await words_of(database) == {
        need.id: (
            1,
            PIPELINE_VERSION,
            "鞋底 打滑 鞋底 打滑 防滑 求 配方 剥离 强度 剥离强度 97531 n cm",
        )
    }


async def test_words_follow_a_change_and_older_ones_never_replace_them(
    settings: Settings, database: Database, indexes: Indexes, owner: Organisation
) -> None:
    listing = await post(database, owner, title="鞋底", keywords=[], text="")
    await announce(database, listing)
    await run_jobs(settings, database, indexes)
    await change(database, listing, title="釉料")
    await announce(database, listing)
    await run_jobs(settings, database, indexes)
    changed = await words_of(database)
    async with database.writing() as session:
        await session.execute(update(ListingWords).values(listing_version=9, words="新"))
    await announce(database, listing)

    await run_jobs(settings, database, indexes)

    assert changed == {listing.id: (2, PIPELINE_VERSION, "釉料 釉料")}
    assert await words_of(database) == {listing.id: (9, PIPELINE_VERSION, "新")}


async def test_jobs_done_together_write_once_and_ask_for_one_rematch(
    settings: Settings, database: Database, owner: Organisation
) -> None:
    engine = CountingEngine(EmbeddedEngine.in_memory())
    indexes = Indexes(engine, EmbeddedEngine.in_memory())
    listings = [await post(database, owner) for _ in range(3)]
    gone = await post(database, owner, status="withdrawn")
    for listing in [*listings, gone, *listings]:
        await announce(database, listing)

    await run_jobs(settings, database, indexes)

    assert engine.writes == [("upsert", 3), ("delete", 1)]
    assert await asked_rematches(database) == [(NOW, "result", sorted(ids_of([*listings, gone])))]


async def test_rematch_is_as_urgent_as_the_change(
    settings: Settings, database: Database, indexes: Indexes, owner: Organisation
) -> None:
    listings = [await post(database, owner) for _ in range(3)]
    for listing, priority in zip(listings, (LATER, NOW, SOON), strict=True):
        await announce(database, listing, priority=priority)

    await run_jobs(settings, database, indexes)

    assert sorted(await asked_rematches(database)) == [
        (NOW, "result", ids_of(listings[1:2])),
        (SOON, "result", ids_of(listings[2:])),
        (LATER, "result", ids_of(listings[:1])),
    ]


async def test_many_listings_are_rematched_in_parts_each_once(
    settings: Settings, database: Database, indexes: Indexes, owner: Organisation
) -> None:
    listings = [made_listing(owner, title=f"鞋底 {place}", text="") for place in range(120)]
    async with database.writing() as session:
        session.add_all(listings)
    await announce(database, *listings, priority=SOON)
    await announce(database, *listings[:10], priority=SOON)

    await run_jobs(settings, database, indexes)

    asked = await asked_rematches(database)
    assert sorted(len(ids) for _, _, ids in asked) == [20] * 6
    assert sorted(each for _, _, ids in asked for each in ids) == sorted(ids_of(listings))


async def test_more_ids_than_one_write_takes_are_all_written(
    settings: Settings, database: Database, owner: Organisation
) -> None:
    engine = CountingEngine(EmbeddedEngine.in_memory())
    indexes = Indexes(engine, EmbeddedEngine.in_memory())
    listings = [await post(database, owner) for _ in range(2)]
    strangers = [made_listing(owner) for _ in range(1_500)]
    await announce(database, *strangers, listings[0])
    await announce(database, *strangers, listings[1])

    await run_jobs(settings, database, indexes)

    assert set(await engine.versions()) == set(ids_of(listings))
    assert engine.writes == [("upsert", 1), ("delete", 1_500)] * 2
    assert len(await jobs_of(database, INDEX, "done")) == 2


async def test_jobs_wait_unharmed_while_the_engine_is_away(
    settings: Settings, database: Database, owner: Organisation
) -> None:
    engine = CountingEngine(EmbeddedEngine.in_memory())
    engine.is_away = True
    listing = await post(database, owner)
    await announce(database, listing)

    await run_jobs(settings, database, Indexes(engine, EmbeddedEngine.in_memory()))

    waiting = await jobs_of(database, INDEX)
    assert [(job.attempts, job.error) for job in waiting] == [(0, None)]
    assert await asked_rematches(database) == []


async def test_listings_that_no_index_can_hold_get_jobs_of_their_own_and_keep_no_other_back(
    settings: Settings, database: Database, owner: Organisation
) -> None:
    engine = CountingEngine(EmbeddedEngine.in_memory())
    indexes = Indexes(engine, EmbeddedEngine.in_memory())
    listings = [await post(database, owner) for _ in range(9)]
    engine.poison = set(ids_of(listings[3:5]))
    await announce(database, *listings)

    await run_jobs(settings, database, indexes)

    sound = [*listings[:3], *listings[5:]]
    assert await engine.versions() == dict.fromkeys(ids_of(sound), 1)
    assert set(await words_of(database)) == {listing.id for listing in sound}
    waiting = await jobs_of(database, INDEX)
    assert [(job.payload["ids"], job.attempts, job.error) for job in waiting] == [
        ([each], 1, f"DocumentRefused: No index can hold ['{each}'].")
        for each in sorted(engine.poison)
    ]


async def test_poison_that_came_with_others_in_jobs_of_their_own_fails_alone(
    settings: Settings, database: Database, owner: Organisation
) -> None:
    engine = CountingEngine(EmbeddedEngine.in_memory())
    listings = [await post(database, owner) for _ in range(3)]
    engine.poison = set(ids_of(listings[1:2]))
    for listing in listings:
        await announce(database, listing)

    await run_jobs(settings, database, Indexes(engine, EmbeddedEngine.in_memory()))

    assert set(await engine.versions()) == set(ids_of([listings[0], listings[2]]))
    assert [job.payload["ids"] for job in await jobs_of(database, INDEX)] == [ids_of(listings[1:2])]


async def test_change_while_the_index_is_written_is_indexed_after_it(
    settings: Settings, database: Database, owner: Organisation
) -> None:
    """Also when the job of the change ran before the older state was written."""
    engine = CountingEngine(EmbeddedEngine.in_memory())
    indexes = Indexes(engine, EmbeddedEngine.in_memory())
    listing = await post(database, owner)
    await announce(database, listing)

    async def change_it_and_let_another_worker_index_it() -> None:
        engine.before_writing = None
        await change(database, listing, status="withdrawn")
        await engine.delete([str(listing.id)])

    engine.before_writing = change_it_and_let_another_worker_index_it
    await run_jobs(settings, database, indexes)

    assert await engine.versions() == {}
    assert engine.writes == [("delete", 1), ("upsert", 1), ("delete", 1)]


async def test_jobs_done_twice_and_at_once_end_as_one(
    database: Database, indexes: Indexes, owner: Organisation
) -> None:
    listings = [await post(database, owner) for _ in range(4)]
    for listing in listings:
        await announce(database, listing)
        await announce(database, *listings)
    async with database.writing() as session:
        jobs = await claim(session, [INDEX], limit=8, lease_s=60)

    await asyncio.gather(
        *(sync_listings(database, indexes, [job]) for job in jobs),
    )

    assert await indexes.results.versions() == dict.fromkeys(ids_of(listings), 1)
    assert len(await jobs_of(database, INDEX, "done")) == 8


async def test_ids_that_nothing_has_are_no_error(
    settings: Settings, database: Database, indexes: Indexes
) -> None:
    async with database.writing() as session:
        await enqueue(session, INDEX, {"kind": "result", "ids": [str(uuid.uuid4())]})
        await enqueue(session, INDEX, {"kind": "need", "ids": []})

    await run_jobs(settings, database, indexes)

    assert len(await jobs_of(database, INDEX, "done")) == 2


class CountingEngine:
    """A real engine that notes its writes, may be away, refuses what is poison to it, and lets
    others act before a write."""

    def __init__(self, engine: EmbeddedEngine) -> None:
        self._engine = engine
        self.writes: list[tuple[str, int]] = []
        self.is_away = False
        self.poison: set[str] = set()
        self.before_writing: Any = None

    async def upsert(self, documents: Any) -> None:
        await self._before()
        found: list[SearchDocument] = list(documents)
        if bad := self.poison.intersection(document.id for document in found):
            raise DocumentRefused(f"No index can hold {sorted(bad)}.")
        self.writes.append(("upsert", len(found)))
        await self._engine.upsert(found)

    async def delete(self, ids: Any) -> None:
        await self._before()
        found = list(ids)
        self.writes.append(("delete", len(found)))
        await self._engine.delete(found)

    def use_synonyms(self, synonyms: Synonyms | None) -> None:
        self._engine.use_synonyms(synonyms)

    async def _before(self) -> None:
        if self.is_away:
            raise SearchUnavailable("It is away.")
        if self.before_writing is not None:
            await self.before_writing()

    async def search(self, query: SearchQuery) -> Any:
        return await self._engine.search(query)

    async def candidates(self, *terms: Any, **wanted: Any) -> Any:
        return await self._engine.candidates(*terms, **wanted)

    async def candidates_and_neighbours(self, *terms: Any, **wanted: Any) -> Any:
        return await self._engine.candidates_and_neighbours(*terms, **wanted)

    async def suggest(self, typed: str, *, limit: int = 8) -> list[str]:
        return await self._engine.suggest(typed, limit=limit)

    async def versions(self) -> dict[str, int]:
        return await self._engine.versions()
