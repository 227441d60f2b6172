"""Told ⇔ found: whatever is posted and whoever looks, the index itself is the judge."""

import random
from typing import Any

import pytest
from tantivy import Query

from market.db import Database, utc_now
from market.indexing.published import published_documents
from market.indexing.upkeep import Kind
from market.jobs import TELL_OF_LISTINGS, enqueue
from market.matching.synonyms import marketplace_synonyms
from market.subscriptions.asked import exact_filters
from schemas.subscriptions import SavedQuery
from search.embedded import EmbeddedEngine
from search.embedded_filters import filter_conditions, filtered
from search.embedded_queries import QueryBuilder
from search.typed import read_typed
from tests.bench.generator import synthetic_needs, synthetic_results, synthetic_searches
from tests.market.matching.bazaar import need_row, result_row
from tests.market.subscriptions.square import Square

_LISTINGS = 60
_SEARCHES = 60
_KINDS: dict[str, Kind] = {"results": "result", "needs": "need"}


@pytest.mark.parametrize("kind", ["results", "needs"])
@pytest.mark.parametrize("seed", [1, 2])
async def test_exactly_what_a_saved_search_finds_strictly_is_told(
    square: Square, database: Database, kind: str, seed: int
) -> None:
    if kind == "needs":
        square.poster, square.seeker = square.seeker, square.poster
    await _post(square, kind, seed)
    saved = [await square.save(kind=kind, query=each, name="x") for each in _queries(kind, seed)]

    async with database.writing() as session:
        ids = [doc.id async for some in published_documents(database, _KINDS[kind]) for doc in some]
        await enqueue(session, TELL_OF_LISTINGS, {"kind": _KINDS[kind], "ids": ids})
    await square.work()

    told: dict[str, set[str]] = {each["id"]: set() for each in saved}
    for alert in await square.alerts():
        told[str(alert.subscription_id)].add(str(alert.listing_id))
    engine = EmbeddedEngine.in_memory()
    async for some in published_documents(database, _KINDS[kind]):
        engine.upsert_now(some)
    async with database.reading() as session:
        synonyms = await marketplace_synonyms(session)
    found = {each["id"]: _found(engine, kind, each["query"], synonyms) for each in saved}
    assert told == found
    assert sum(map(len, found.values())) > _SEARCHES / 2


async def _post(square: Square, kind: str, seed: int) -> None:
    if kind == "results":
        rows: list[Any] = [
            result_row(square.poster, each) for each in synthetic_results(_LISTINGS, seed=seed)
        ]
    else:
        rows = [need_row(square.poster, each) for each in synthetic_needs(_LISTINGS, seed=seed)]
    async with square.database.writing() as session:
        for row in rows:
            row.title, row.published_at = row.title[:200], utc_now()
            session.add(row)


def _queries(kind: str, seed: int) -> list[dict[str, Any]]:
    """Real searches; some with one word of theirs only, or with filters alone."""
    chance = random.Random(seed)
    queries: list[dict[str, Any]] = []
    for text, filters in synthetic_searches(_SEARCHES, seed=seed):
        words = text.split() or [""]
        query: dict[str, Any] = {"q": chance.choice([text, words[0], words[0][:2], ""])}
        if chance.random() < 0.5:
            query |= {"field": list(filters.fields), "industry": list(filters.industries)}
            query |= {"trl_min": filters.trl_min, "division": list(filters.divisions)}
            price = "price_max_cny" if kind == "results" else "budget_max_cny"
            query[price] = filters.price_max_cny
        queries.append(query)
    return queries


def _found(engine: EmbeddedEngine, kind: str, query: dict[str, Any], synonyms: Any) -> set[str]:
    saved = SavedQuery(**query)
    filters, typed = exact_filters(kind, saved), read_typed(saved.q, synonyms)
    snapshot = engine._fresh()
    if typed.finds_nothing and not typed.is_blank:
        return set()
    wanted = Query.all_query()
    if not typed.is_blank:
        wanted = QueryBuilder(snapshot.schema, snapshot.searcher).strict(typed).finding
    conditions = filter_conditions(snapshot.schema, filters)
    page = snapshot.by_id(filtered(wanted, conditions), offset=0, limit=1_000)
    return {hit.id for hit in page.found}
