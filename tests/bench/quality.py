"""nDCG@10 and recall@50 on the development needs and searches of data/.

Means over the needs (searches) that have a judged result: nDCG with gain 2^grade − 1 and the
ideal order over the judged; recall counts every judged result, whatever its grade.

python -m tests.bench.quality [--json]
"""

import argparse
import asyncio
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import msgspec

from market.exchange.readers import read_needs, read_results
from market.indexing.documents import document_of_result, text_of_need
from market.matching.pairing import Matcher
from schemas.listings import Need, Result
from search.embedded import EmbeddedEngine
from search.port import SearchQuery
from search.synonyms import shipped_synonyms
from search.text import words
from tests.bench.bm25 import BM25, bigrams
from tests.bench.lexicon import DATA
from tests.bench.served import found_results, index_results, live_engine, matched_results
from tests.bench.table import Row, Section, arguments, at_least, note, run_alone, stated
from tests.search.live import missing_server

# Of the day that the development set was made, so that its deadlines lie ahead for ever.
AS_OF = date(2026, 11, 23)
# So much nDCG another engine may cost.
MOST_LOST = 0.02
_NDCG_DEPTH = 10
_RECALL_DEPTH = 50
_NEED_TITLE_WEIGHT = 2.0

Grades = Mapping[str, int]
Cut = Callable[[str], list[str]]


class Quality(NamedTuple):
    ndcg: float
    recall: float


class TypedSearch(msgspec.Struct):
    """A line of queries-dev.jsonl; `relevant` maps result ids to grades."""

    id: str
    q: str
    relevant: dict[str, int]


def parser() -> argparse.ArgumentParser:
    return arguments("tests.bench.quality", "ranking quality on the development set")


def measure(_chosen: argparse.Namespace) -> Section:
    results = read_results(DATA / "results.jsonl").listings
    needs = read_needs(DATA / "needs-dev.jsonl").listings
    judged = judged_pairs()
    wanted = {need.id: judged[need.id] for need in needs if need.id in judged}
    words_only = _matched([result_text(r) for r in results], [need_text(n) for n in needs])
    structured = _matched(results, needs)
    searches = typed_searches()
    asked = {search.id: search.relevant for search in searches if search.relevant}
    found = _searched(results, searches)
    rows = [
        *_rows("needs, words only", quality(words_only, wanted), target=0.68),
        *_rows("needs, words + structure", quality(structured, wanted), target=0.84),
        *_rows("searches", quality(found, asked), target=0.70),
    ]
    for name, cut in (("words", words), ("bigrams", bigrams)):
        index = _bm25(results, cut)
        ranked = {need.id: index.ranked(_need_terms(need, cut)) for need in needs}
        rows += _rows(f"needs, BM25 of {name}", quality(ranked, wanted))
        ranked = {each.id: index.ranked(dict.fromkeys(cut(each.q), 1.0)) for each in searches}
        rows += _rows(f"searches, BM25 of {name}", quality(ranked, asked))
    if missing_server():
        note(f"quality: no rows of Meilisearch, which {missing_server()}")
    else:
        rows += asyncio.run(_served_rows(results, needs, wanted, searches, asked))
    title = f"quality: {len(results)} results, {len(wanted)} needs, {len(asked)} searches"
    return Section(title, rows)


async def _served_rows(
    results: Sequence[Result],
    needs: Sequence[Need],
    wanted: Mapping[str, Grades],
    searches: Sequence[TypedSearch],
    asked: Mapping[str, Grades],
) -> list[Row]:
    """The same on a Meilisearch server: needs must come out as on the embedded engine."""
    matcher = Matcher(results, needs, as_of=AS_OF)
    own = {
        need.id: [m.result_id for m in found]
        for need, found in zip(needs, matcher.results_for_needs(top=_RECALL_DEPTH), strict=True)
    }
    async with live_engine() as engine:
        await index_results(engine, results)
        matched = await matched_results(engine, matcher, top=_RECALL_DEPTH)
        typed = [(search.id, search.q) for search in searches]
        found = await found_results(engine, typed, top=_RECALL_DEPTH)
    target = quality(own, wanted).ndcg - MOST_LOST
    return [
        *_rows("needs on Meilisearch", quality(matched, wanted), target=target),
        *_rows("searches on Meilisearch", quality(found, asked)),
    ]


def ndcg(ranking: Sequence[str], grades: Grades, *, depth: int = _NDCG_DEPTH) -> float:
    """DCG of the ranking ÷ DCG of the best order of the judged. `grades` has one above 0."""
    ideal = sorted(grades.values(), reverse=True)
    return _dcg([grades.get(each, 0) for each in ranking[:depth]]) / _dcg(ideal[:depth])


def _dcg(grades: Iterable[int]) -> float:
    return sum((math.exp2(grade) - 1) / math.log2(place + 2) for place, grade in enumerate(grades))


def recall(ranking: Sequence[str], grades: Grades, *, depth: int = _RECALL_DEPTH) -> float:
    """The share of the judged that stands among the first `depth`."""
    return len(set(ranking[:depth]) & grades.keys()) / len(grades)


def quality(rankings: Mapping[str, Sequence[str]], judged: Mapping[str, Grades]) -> Quality:
    """Means over all that is judged; a ranking that is missing counts as empty."""
    pairs = [(rankings.get(each, ()), grades) for each, grades in judged.items()]
    return Quality(
        ndcg=sum(ndcg(ranking, grades) for ranking, grades in pairs) / len(pairs),
        recall=sum(recall(ranking, grades) for ranking, grades in pairs) / len(pairs),
    )


def _rows(name: str, measured: Quality, *, target: float | None = None) -> Iterator[Row]:
    ndcg_name = f"{name}: nDCG@{_NDCG_DEPTH}"
    if target is None:
        yield stated(ndcg_name, measured.ndcg, "")
    else:
        yield at_least(ndcg_name, measured.ndcg, "", target=target)
    yield stated(f"{name}: recall@{_RECALL_DEPTH}", measured.recall, "")


def judged_pairs() -> dict[str, dict[str, int]]:
    """Need id → result id → grade, from qrels-dev.jsonl; grades of 0 are left out."""
    judged: dict[str, dict[str, int]] = {}
    for line in _lines("qrels-dev.jsonl"):
        pair: dict[str, Any] = msgspec.json.decode(line)
        if pair["grade"]:
            judged.setdefault(pair["need"], {})[pair["result"]] = pair["grade"]
    return judged


def typed_searches() -> list[TypedSearch]:
    return [msgspec.json.decode(line, type=TypedSearch) for line in _lines("queries-dev.jsonl")]


def _lines(name: str) -> list[bytes]:
    return (DATA / name).read_bytes().splitlines()


def result_text(result: Result) -> Result:
    """The result without its structure: codes, maturity, modes, price and place."""
    return Result(
        id=result.id, title=result.title, summary=result.summary, keywords=result.keywords
    )


def need_text(need: Need) -> Need:
    """The need without its structure."""
    return Need(
        id=need.id,
        title=need.title,
        description=need.description,
        keywords=need.keywords,
        indicators=need.indicators,
    )


def _matched(results: Sequence[Result], needs: Sequence[Need]) -> dict[str, list[str]]:
    matcher = Matcher(results, needs, as_of=AS_OF)
    found = matcher.results_for_needs(top=_RECALL_DEPTH)
    return {
        need.id: [match.result_id for match in matches]
        for need, matches in zip(needs, found, strict=True)
    }


def _searched(results: Sequence[Result], searches: Iterable[TypedSearch]) -> dict[str, list[str]]:
    with EmbeddedEngine.in_memory(synonyms=shipped_synonyms()) as engine:
        engine.upsert_now(map(document_of_result, results))
        pages = {
            each.id: engine.search_now(SearchQuery(text=each.q, limit=_RECALL_DEPTH))
            for each in searches
        }
    return {search_id: [hit.id for hit in page.hits] for search_id, page in pages.items()}


def _bm25(results: Iterable[Result], cut: Cut) -> BM25:
    return BM25(
        {
            each.id: cut(each.title) * 2 + cut(" ".join(each.keywords)) + cut(each.summary)
            for each in results
        }
    )


def _need_terms(need: Need, cut: Cut) -> dict[str, float]:
    body = dict.fromkeys(cut(text_of_need(need)), 1.0)
    return body | dict.fromkeys(cut(need.title), _NEED_TITLE_WEIGHT)


if __name__ == "__main__":
    run_alone(parser(), measure)
