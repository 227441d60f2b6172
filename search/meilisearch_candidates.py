"""Documents of a Meilisearch index that share terms with a long text: two requests in all.

One multi-search asks for each term alone, as the server has no OR: its hits come in the order of
BM25. The documents with the highest sums over these lists are read, and scored by all terms.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from search.meilisearch_codes import word_code
from search.meilisearch_documents import WORD_FIELDS
from search.meilisearch_filters import all_of, filter_conditions, has_word
from search.meilisearch_reading import Found, IndexReader, Question, Stored
from search.meilisearch_scoring import Frequencies, Scoring, fused, terms_scoring
from search.port import Filters, Hit, WeightedTerm
from search.typed import heaviest_terms

# On 30,000 synthetic results …
MAX_TERMS = 32
_HITS_A_TERM = 100
_READ_A_WANTED = 3
_FEWEST_READ = 60


class Wanted(NamedTuple):
    """Documents that meet the filters and share terms; `is_filled` with others that share none."""

    terms: Sequence[WeightedTerm]
    filters: Filters
    limit: int
    is_filled: bool = False


class _Asked(NamedTuple):
    """The questions for one Wanted, and the answers once they are there."""

    terms: list[WeightedTerm]
    lists: list[Question]
    fill: list[Question]
    limit: int


async def candidates(reader: IndexReader, wanted: Sequence[Wanted]) -> list[list[Hit]]:
    """The hits of each Wanted, best first, equal ones by id."""
    asked = [_asked(each) for each in wanted]
    tokens = list(dict.fromkeys(term.token for each in asked for term in each.terms))
    questions = [question for each in asked for question in (*each.lists, *each.fill)]
    if not questions:
        return [[] for _ in wanted]
    counting = [Question(), *(Question(filter=has_word(token)) for token in tokens)]
    answers = iter(await reader.answers([*counting, *questions]))
    documents = next(answers).total
    frequencies = Frequencies(
        documents, {word_code(token): next(answers).total for token in tokens}
    )
    found = [_taken(each, answers) for each in asked]
    scorings = [terms_scoring(each.terms, frequencies) for each in asked]
    keys = [
        fused(zip(_weights(each, scoring), lists, strict=True), _read(each.limit))
        for each, scoring, (lists, _) in zip(asked, scorings, found, strict=True)
    ]
    stored = await reader.stored(
        list(dict.fromkeys(chain.from_iterable(keys))), fields=["key", "id", *WORD_FIELDS]
    )
    by_key = {each.key: each for each in stored}
    return [
        _hits(scoring, [by_key[key] for key in some if key in by_key], fill, each.limit)
        for each, scoring, some, (_, fill) in zip(asked, scorings, keys, found, strict=True)
    ]


def _asked(wanted: Wanted) -> _Asked:
    kept = all_of(filter_conditions(wanted.filters))
    limit = max(0, wanted.limit)
    terms = heaviest_terms(wanted.terms, MAX_TERMS) if limit else []
    return _Asked(
        terms=terms,
        lists=[
            Question(filter=kept, words=[word_code(term.token)], limit=_HITS_A_TERM)
            for term in terms
        ],
        fill=[Question(filter=kept, limit=limit)] if wanted.is_filled and limit else [],
        limit=limit,
    )


def _taken(asked: _Asked, answers: Iterable[Found]) -> tuple[list[Found], list[Found]]:
    following = iter(answers)
    return [next(following) for _ in asked.lists], [next(following) for _ in asked.fill]


def _weights(asked: _Asked, scoring: Scoring) -> list[float]:
    return [scoring.weights.get(word_code(term.token), 0.0) for term in asked.terms]


def _read(limit: int) -> int:
    return max(_FEWEST_READ, _READ_A_WANTED * limit)


def _hits(
    scoring: Scoring, stored: Iterable[Stored], fill: Iterable[Found], limit: int
) -> list[Hit]:
    hits = [Hit(each.id or each.key, score) for score, each in scoring.scores(stored, WORD_FIELDS)][
        :limit
    ]
    known = {hit.id for hit in hits}
    others = (hit.id or hit.key for found in fill for hit in found.hits)
    return (hits + [Hit(each, 0.0) for each in others if each not in known])[:limit]
