"""Needs and searches of the development set on an engine that is asked over a network."""

from collections.abc import Iterable

from market.indexing.documents import document_of_result
from market.matching.pairing import CANDIDATES_BY_WORDS, Matcher, neighbours_in_industry
from schemas.listings import Result
from search.port import SearchEngine, SearchQuery


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
        terms = asking.demand.terms()
        near = neighbours_in_industry(terms, need.industries)
        limit = max(CANDIDATES_BY_WORDS, 2 * top)
        if near is None:
            hits = await engine.candidates(terms, limit=limit)
        else:
            hits = await engine.candidates_and_neighbours(terms, near, limit=limit)
        places = sorted(shelf.places[hit.id] for hit in hits)
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
