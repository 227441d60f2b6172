"""The engine and the matcher against tantivy used directly, on synthetic results.

python -m tests.bench.engine [--json] [--listings N] [--searches N] [--needs N]
"""

import argparse
from collections.abc import Callable, Sequence
from datetime import date

from market.indexing.documents import document_of_result, text_of_need
from market.matching.pairing import Matcher
from schemas.listings import Need, Result
from search.coverage import Demand
from search.documents import SearchDocument
from search.embedded import EmbeddedEngine
from search.port import Filters, SearchPage, SearchQuery, WeightedTerm
from search.synonyms import shipped_synonyms
from tests.bench.clock import compare, peak_memory_mb, seconds
from tests.bench.generator import synthetic_needs, synthetic_results, synthetic_searches
from tests.bench.plain_index import FACETS, PlainIndex, PlainPage
from tests.bench.table import (
    Row,
    Section,
    arguments,
    at_least,
    at_most,
    count,
    note,
    run_alone,
    stated,
)

_AS_OF = date(2026, 11, 24)
_TOP = 10
_RAW_LIMIT = 200
_CHUNKS = 5

Search = tuple[str, Filters]


def parser() -> argparse.ArgumentParser:
    made = arguments("tests.bench.engine", "engine and matcher against raw tantivy")
    made.add_argument("--searches", type=count, default=600, metavar="N", help="typed searches")
    made.add_argument("--needs", type=count, default=220, metavar="N", help="needs to match")
    return made


def measure(chosen: argparse.Namespace) -> Section:
    note(f"engine: {chosen.listings:,} synthetic results")
    results = list(synthetic_results(chosen.listings, seed=chosen.seed))
    documents = [document_of_result(result) for result in results]
    engine, plain = EmbeddedEngine.in_memory(), PlainIndex()
    indexing = _indexing(engine, plain, documents)
    searches = list(synthetic_searches(chosen.searches, seed=chosen.seed))
    searching = _searching(engine, plain, searches)
    # The matcher has an index of its own; two of them at once would falsify its memory.
    engine.close()
    del engine, documents
    matching = _matching(plain, results, list(synthetic_needs(chosen.needs, seed=chosen.seed)))
    memory = stated("memory: peak of this process, both indexes in it", peak_memory_mb(), "MB")
    title = f"engine: {chosen.listings:,} results, {len(searches)} searches, {chosen.needs} needs"
    return Section(title, [*searching, *indexing, *matching, memory])


def _indexing(
    engine: EmbeddedEngine, plain: PlainIndex, documents: Sequence[SearchDocument]
) -> list[Row]:
    """Both write the same documents chunk by chunk, in turns."""
    engine_s = plain_s = 0.0
    size = -(-len(documents) // _CHUNKS)
    for start in range(0, len(documents), size):
        chunk = documents[start : start + size]
        engine_s += seconds(engine.upsert_now, chunk)
        plain_s += seconds(plain.write, chunk)
    return [
        at_least("indexing: ÷ raw", plain_s / engine_s, "×", target=0.4),
        stated("indexing: engine", len(documents) / engine_s, "documents/s"),
        stated("indexing: raw", len(documents) / plain_s, "documents/s"),
    ]


def _searching(engine: EmbeddedEngine, plain: PlainIndex, searches: Sequence[Search]) -> list[Row]:
    def raw(search: Search) -> PlainPage:
        return plain.search(*search)

    ours = _search_with(engine)
    timed = compare(searches, ours, raw)
    strict = [search for search in searches if raw(search).with_all_words]
    relaxed = [search for search in searches if not raw(search).with_all_words]
    same = sum(ours(search).total == raw(search).total for search in searches)
    expanding = EmbeddedEngine(
        engine._index, generation=None, writable=False, synonyms=shipped_synonyms()
    )
    expanded = compare(searches, _search_with(expanding), raw)
    return [
        at_most("search: with filter and 3 facets ÷ raw", timed.ratio, "×", target=1.5),
        stated("search: engine", timed.ours_s * 1000, "ms"),
        stated("search: raw", timed.plain_s * 1000, "ms"),
        *(
            stated(f"search: only those that {kind} ÷ raw", compare(some, ours, raw).ratio, "×")
            for kind, some in (("find all words", strict), ("find too few", relaxed))
            if some
        ),
        stated("search: share of those that find too few", 100 * len(relaxed) / len(searches), "%"),
        stated("search: share with the same total on both sides", 100 * same / len(searches), "%"),
        stated("search: engine with synonyms ÷ raw without", expanded.ratio, "×"),
    ]


def _search_with(engine: EmbeddedEngine) -> Callable[[Search], SearchPage]:
    def run(search: Search) -> SearchPage:
        text, filters = search
        return engine.search_now(SearchQuery(text=text, filters=filters, facets=FACETS))

    return run


def _matching(plain: PlainIndex, results: Sequence[Result], needs: Sequence[Need]) -> list[Row]:
    matcher = Matcher(results, needs, as_of=_AS_OF)
    terms = {need.id: _terms(matcher, need) for need in needs}

    found = matcher.results_for_needs(top=_TOP)

    def ours(_: Need) -> object:
        # The needs come in the order in which the matcher answers.
        return next(found)

    def raw(need: Need) -> object:
        return plain.match(terms[need.id], limit=_RAW_LIMIT)

    timed = compare(needs, ours, raw)
    return [
        at_most("match: one need, top 10 with reasons ÷ raw OR", timed.ratio, "×", target=6),
        stated("match: matcher", timed.ours_s * 1000, "ms"),
        stated("match: raw OR", timed.plain_s * 1000, "ms"),
        stated("match: terms a need", sum(map(len, terms.values())) / len(terms), "terms"),
    ]


def _terms(matcher: Matcher, need: Need) -> list[WeightedTerm]:
    catalogue = matcher._results_shelf.catalogue
    text = text_of_need(need)
    demand = Demand(need.title, text, catalogue=catalogue, synonyms=shipped_synonyms())
    return demand.terms()


if __name__ == "__main__":
    run_alone(parser(), measure)
