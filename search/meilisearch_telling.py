"""Which documents of an index are worth reading, told by a filter.

A server without OR can't rank by a sum over many words, and reading all documents that hold any
word would take long. But a document of the highest sums holds a very telling word, or two telling
ones: with a threshold that the weights of these reach, a filter keeps few documents and hardly
loses one of the best. On 30,000 synthetic results 780 documents are read for a need of 20 words
of the index, and 99.8 % of the 120 best by BM25 are among them.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from search.meilisearch_filters import all_of, any_of, one_of

# So many documents are read, as one expects of words that don't go together.
EXPECTED_DOCUMENTS = 600
# Words that do go together bring more; with so many the reading ends.
MOST_DOCUMENTS = 3_000
_HALVINGS = 30


class Telling(NamedTuple):
    """A code in a field, what it adds to a score, and how many documents hold it."""

    weight: float
    field: str
    code: str
    documents: float


def telling_filter(words: Iterable[Telling], documents: float) -> str:
    """Documents that are worth reading, among so many in the index."""
    known = sorted((w for w in words if w.documents and w.weight > 0), key=lambda w: -w.weight)
    if not known:
        return any_of(())
    threshold = _threshold(known, documents)
    return any_of(
        condition
        for place, word in enumerate(known)
        if (condition := _with_partners(word, known[place + 1 :], threshold))
    )


def _threshold(known: Sequence[Telling], documents: float) -> float:
    """The lowest that is expected to keep few documents; one that keeps some in any case."""
    low, high = 0.0, known[0].weight + (known[1].weight if len(known) > 1 else 0.0)
    if _expected(known, low, documents) <= EXPECTED_DOCUMENTS:
        return low
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _expected(known, middle, documents) <= EXPECTED_DOCUMENTS:
            high = middle
        else:
            low = middle
    return high


def _expected(known: Sequence[Telling], threshold: float, documents: float) -> float:
    expected = 0.0
    for place, word in enumerate(known):
        if word.weight >= threshold:
            expected += word.documents
            continue
        for other in known[place + 1 :]:
            if word.weight + other.weight < threshold:
                break
            expected += word.documents * other.documents / max(1, documents)
    return expected


def _with_partners(word: Telling, others: Sequence[Telling], threshold: float) -> str:
    own = one_of(word.field, [word.code])
    if word.weight >= threshold:
        return own
    partners = [other for other in others if word.weight + other.weight >= threshold]
    if not partners:
        return ""
    fields = dict.fromkeys(partner.field for partner in partners)
    return all_of(
        [own, any_of(one_of(f, [p.code for p in partners if p.field == f]) for f in fields)]
    )
