"""The Meilisearch engine on a live server: its speed, and how near it comes to the embedded one.

python -m tests.bench.served [--json] [--listings N] [--searches N] [--needs N]
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from market.indexing.documents import document_of_result, text_of_need
from market.matching.pairing import CANDIDATES_BY_WORDS, Matcher, neighbours_in_industry
from schemas.listings import Result
from search.documents import SearchDocument, document_words
from search.embedded import EmbeddedEngine
from search.meilisearch import MeilisearchConnection, MeilisearchEngine
from search.port import Hit, SearchEngine, SearchPage, SearchQuery, WeightedTerm
from search.synonyms import shipped_synonyms
from search.terms import WordStatistics, key_terms
from tests.bench.generator import synthetic_needs, synthetic_results, synthetic_searches
from tests.bench.plain_index import FACETS
from tests.bench.table import Row, Section, arguments, at_least, count, note, run_alone, stated
from tests.search.live import live_server, make_empty, missing_server

T = TypeVar("T")
Answer = TypeVar("Answer")

_BATCH = 5_000
_BEST = 20


def parser() -> argparse.ArgumentParser:
    made = arguments("tests.bench.served", "the Meilisearch engine on a live server")
    made.add_argument("--searches", type=count, default=200, metavar="N", help="typed searches")
    made.add_argument("--needs", type=count, default=100, metavar="N", help="needs to match")
    return made


def measure(chosen: argparse.Namespace) -> Section:
    """No rows where no server can be had."""
    if missing_server():
        note(f"served: {missing_server()}")
        return Section("served: no server", [])
    rows = asyncio.run(_measured(chosen))
    return Section(f"served: Meilisearch, {chosen.listings:,} results", rows)


async def _measured(chosen: argparse.Namespace) -> list[Row]:
    documents = [
        document_of_result(each) for each in synthetic_results(chosen.listings, seed=chosen.seed)
    ]
    embedded = EmbeddedEngine.in_memory(synonyms=shipped_synonyms())
    embedded.upsert_now(documents)
    async with live_engine() as engine:
        note(f"served: {len(documents):,} synthetic results")
        return [
            *await _writing(engine, documents),
            *await _searching(engine, embedded, chosen),
            *await _matching(engine, embedded, documents, chosen),
        ]


@asynccontextmanager
async def live_engine() -> AsyncIterator[MeilisearchEngine]:
    """An engine on an empty index of a live server."""
    async with live_server() as server:
        index_uid = f"{server.prefix}results"
        await make_empty(server.url, server.master_key, index_uid)
        async with MeilisearchConnection(
            server.url, server.keys["writer"], timeout_s=60, task_timeout_s=1_800
        ) as connection:
            yield MeilisearchEngine(connection, index_uid, synonyms=shipped_synonyms())


async def _writing(engine: SearchEngine, documents: Sequence[SearchDocument]) -> list[Row]:
    began = time.perf_counter()
    for start in range(0, len(documents), _BATCH):
        await engine.upsert(documents[start : start + _BATCH])
    all_s = time.perf_counter() - began
    one_s, _ = await _timed(documents[:5], lambda each: engine.upsert([each]))
    return [
        stated("indexing", len(documents) / all_s, "documents/s"),
        stated("one document until a search finds it", 1_000 * statistics.median(one_s), "ms"),
    ]


async def _searching(
    engine: SearchEngine, embedded: EmbeddedEngine, chosen: argparse.Namespace
) -> list[Row]:
    queries = [
        SearchQuery(text=text, filters=filters, facets=FACETS)
        for text, filters in synthetic_searches(chosen.searches, seed=chosen.seed)
    ]
    taken_s, pages = await _timed(queries, engine.search)
    expected = list(map(embedded.search_now, queries))
    same = sum(map(_counts_alike, pages, expected))
    return [
        *_times("search with filter and 3 facets", taken_s),
        at_least(
            "search: share with the totals and facets of the embedded engine",
            100 * same / len(queries),
            "%",
            target=100,
        ),
    ]


def _counts_alike(page: SearchPage, other: SearchPage) -> bool:
    return (page.total, page.facets) == (other.total, other.facets)


async def _matching(
    engine: SearchEngine,
    embedded: EmbeddedEngine,
    documents: Iterable[SearchDocument],
    chosen: argparse.Namespace,
) -> list[Row]:
    words = WordStatistics()
    for document in documents:
        words.add(document_words(document))
    needs = synthetic_needs(chosen.needs, seed=chosen.seed)
    asked = [
        (key_terms(each.title, text_of_need(each), words), tuple(each.industries)) for each in needs
    ]
    taken_s, found = await _timed(asked, lambda terms_of: _candidates(engine, *terms_of))
    lost = [
        len({hit.id for hit in embedded.candidates_now(terms, limit=_BEST)} - set(ids))
        for (terms, _), ids in zip(asked, found, strict=True)
    ]
    kept = 100 * (1 - sum(lost) / (_BEST * len(lost)))
    name = f"match: share of the {_BEST} nearest of the embedded engine among the candidates"
    return [
        *_times("match: candidates of a need, with neighbours", taken_s),
        at_least(name, kept, "%", target=98),
    ]


async def _candidates(
    engine: SearchEngine, terms: Sequence[WeightedTerm], industries: Sequence[str]
) -> list[str]:
    near = neighbours_in_industry(terms, industries)
    hits: list[Hit]
    if near is None:
        hits = await engine.candidates(terms, limit=CANDIDATES_BY_WORDS)
    else:
        hits = await engine.candidates_and_neighbours(terms, near, limit=CANDIDATES_BY_WORDS)
    return [hit.id for hit in hits]


async def _timed(
    items: Iterable[T], ask: Callable[[T], Awaitable[Answer]]
) -> tuple[list[float], list[Answer]]:
    """Seconds and answers, one after the other."""
    taken_s, answers = [], []
    for item in items:
        began = time.perf_counter()
        answers.append(await ask(item))
        taken_s.append(time.perf_counter() - began)
    return taken_s, answers


def _times(name: str, taken_s: Sequence[float]) -> list[Row]:
    ordered = sorted(taken_s)
    late = ordered[int(0.95 * len(ordered))]
    return [
        stated(f"{name}: median", 1_000 * statistics.median(ordered), "ms"),
        stated(f"{name}: 95 of 100 within", 1_000 * late, "ms"),
    ]


# On the development set


async def index_results(engine: SearchEngine, results: Iterable[Result]) -> None:
    await engine.upsert(map(document_of_result, results))


async def matched_results(
    engine: SearchEngine, matcher: Matcher, *, top: int
) -> dict[str, list[str]]:
    """Need → its best results: candidates of the engine in the order of the matcher's score."""
    found: dict[str, list[str]] = {}
    shelf = matcher._results_shelf
    for place, need in enumerate(matcher.needs):
        asking = matcher._asking_of(place)
        ids = await _candidates(engine, asking.demand.terms(), need.industries)
        places = sorted(shelf.places[each] for each in ids)
        scored = [(-asking.score(matcher.results[p], shelf.words[p]), p) for p in places]
        found[need.id] = [matcher.results[p].id for score, p in sorted(scored)[:top] if score <= 0]
    return found


async def found_results(
    engine: SearchEngine, searches: Iterable[tuple[str, str]], *, top: int
) -> dict[str, list[str]]:
    """Search → its best results, for pairs of the search's id and its text."""
    return {
        search_id: [hit.id for hit in (await engine.search(SearchQuery(text=text, limit=top))).hits]
        for search_id, text in searches
    }


if __name__ == "__main__":
    run_alone(parser(), measure)
