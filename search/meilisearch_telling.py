"""The documents of an index that are worth reading, as a search by many words can't rank there.

A server without OR can't order by a sum over many words, and reading all documents that hold any
word would take long. But a document of the highest sums holds a very telling word, or two telling
ones: with a threshold that their weights reach, a filter keeps few documents and hardly loses one
of the best. On 30,000 synthetic results 780 documents are read for a need of 20 words of the
index, and 99.8 % of the 120 best by BM25 are among them.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby
from operator import itemgetter
from typing import NamedTuple

from search.meilisearch_filters import Scope, all_of, one_of
from search.meilisearch_reading import IndexReader, Question, Stored

# As few are read where a search wants few. Words that go together bring more than is expected of
# words that don't; at so many the reading ends.
FEWEST_DOCUMENTS = 300
MOST_DOCUMENTS = 3_000
_READ_A_WANTED = 5
# Where the filter keeps too few, so many words bring their best by themselves.
_WORDS_BY_THEMSELVES = 8


class Telling(NamedTuple):
    """A code in a field, what it adds to a score, and how many documents hold it."""

    weight: float
    field: str
    code: str
    documents: float


class Told(NamedTuple):
    """Alternatives of a filter; `is_all` where they keep every document that holds any word."""

    alternatives: list[str]
    is_all: bool


async def worth_reading(
    reader: IndexReader,
    scope: Scope,
    told: Told,
    words: Iterable[Telling],
    *,
    wanted: int,
    fields: Sequence[str],
) -> list[Stored]:
    """The documents that the filter keeps; where these are fewer than wanted, also the best of
    each of the heaviest words."""
    if not told.alternatives:
        return []
    kept = await reader.stored_where(
        scope.having(told.alternatives), fields=fields, limit=MOST_DOCUMENTS
    )
    if told.is_all or len(kept) >= wanted:
        return kept
    codes = [word.code for word in _known(words) if word.field == "words"]
    answers = await reader.answers(
        Question(scope, words=[code], limit=wanted) for code in codes[:_WORDS_BY_THEMSELVES]
    )
    keys = dict.fromkeys(hit.key for answer in answers for hit in answer.hits)
    others = [key for key in keys if key not in {each.key for each in kept}]
    return kept + await reader.stored(others, fields=fields)


def told_by(words: Iterable[Telling], documents: float, *, wanted: int) -> Told:
    """Which of so many documents may be among the wanted best."""
    known = _known(words)
    if not known:
        return Told([], is_all=True)
    most = max(FEWEST_DOCUMENTS, _READ_A_WANTED * wanted)
    threshold = _threshold(known, documents, most)
    alternatives = (
        _with_partners(word, known[place + 1 :], threshold) for place, word in enumerate(known)
    )
    return Told(list(filter(None, alternatives)), is_all=threshold <= known[-1].weight)


def _known(words: Iterable[Telling]) -> list[Telling]:
    """The words that some document holds, the heaviest first."""
    return sorted((w for w in words if w.documents and w.weight > 0), key=lambda w: -w.weight)


def _threshold(known: Sequence[Telling], documents: float, most: int) -> float:
    """The lowest that is expected to keep so few documents; the highest where none is."""
    more = sorted(_more_by_threshold(known, documents), reverse=True)
    threshold, expected = more[0][0], 0.0
    for lower, some in groupby(more, key=itemgetter(0)):
        expected += sum(count for _, count in some)
        if expected > most:
            break
        threshold = lower
    return threshold


def _more_by_threshold(known: Sequence[Telling], documents: float) -> Iterator[tuple[float, float]]:
    """How many documents each threshold is expected to add to what higher ones keep."""
    for place, word in enumerate(known):
        with_partners = 0.0
        for other in known[place + 1 :]:
            both = word.documents * other.documents / max(1.0, documents)
            with_partners += both
            yield word.weight + other.weight, both
        yield word.weight, word.documents - with_partners


def _with_partners(word: Telling, others: Sequence[Telling], threshold: float) -> str:
    own = one_of(word.field, [word.code])
    if word.weight >= threshold:
        return all_of([own])
    partners = [other for other in others if word.weight + other.weight >= threshold]
    if not partners:
        return ""
    fields = dict.fromkeys(partner.field for partner in partners)
    by_field = (one_of(f, [p.code for p in partners if p.field == f]) for f in fields)
    return all_of([own, list(chain.from_iterable(by_field))])
