"""BM25 of documents that a Meilisearch server found, from the fields in which their words stand."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

import msgspec

from search.meilisearch_codes import ideograph_code, word_code
from search.meilisearch_documents import (
    CHARACTER_FIELDS,
    CHARACTER_LEVELS,
    WORD_FIELDS,
    WORD_LEVELS,
)
from search.meilisearch_reading import Stored
from search.port import WeightedTerm
from search.synonyms import Expansion
from search.typed import (
    COMPLETION_WEIGHT,
    EVERY_WORD_BONUS,
    IDEOGRAPH_WEIGHT,
    SLIP_WEIGHT,
    SYNONYM_WEIGHT,
    TypedText,
)

_COUNTS_BY_FIELD = {
    field: counts
    for fields, levels in ((WORD_FIELDS, WORD_LEVELS), (CHARACTER_FIELDS, CHARACTER_LEVELS))
    for field, (_, counts) in zip(fields, levels, strict=True)
}

Weights = dict[str, float]


class Frequencies(msgspec.Struct, frozen=True):
    """In how many documents of how many each searched code stands."""

    documents: int
    by_code: dict[str, int] = {}

    def idf(self, code: str) -> float:
        """The idf of BM25; 0 for a code that no document holds."""
        # A count may be older than the number of documents.
        df = min(self.by_code.get(code, 0), self.documents)
        return math.log(1 + (self.documents - df + 0.5) / (df + 0.5)) if df else 0.0

    def weights(self, codes: Iterable[str], factor: float = 1.0) -> Weights:
        return {code: idf * factor for code in codes if (idf := self.idf(code))}

    def with_more(self, by_code: Mapping[str, int]) -> "Frequencies":
        return Frequencies(self.documents, {**self.by_code, **by_code})


class Scoring(msgspec.Struct, frozen=True):
    """What each code adds to the score of a document; of each group the best member counts."""

    weights: Weights
    groups: tuple[tuple[Weights, ...], ...] = ()
    bonus: frozenset[str] = frozenset()

    @property
    def most(self) -> Weights:
        """Every code with the most that it can add."""
        most = dict(self.weights)
        for member in chain.from_iterable(self.groups):
            for code, weight in member.items():
                most[code] = max(weight, most.get(code, 0.0))
        return most

    def scores(
        self, documents: Iterable[Stored], fields: Sequence[str]
    ) -> list[tuple[float, Stored]]:
        """The documents with their scores, best first, equal ones by id."""
        wanted = frozenset(self.most)
        scored = [(self._score(each, fields, wanted), each) for each in documents]
        scored.sort(key=lambda pair: (-pair[0], pair[1].id or pair[1].key))
        return scored

    def _score(self, document: Stored, fields: Sequence[str], wanted: frozenset[str]) -> float:
        present = _present(document, fields, wanted)
        score = EVERY_WORD_BONUS if document.key in self.bonus else 0.0
        score += _sum(self.weights, present)
        return score + sum(max(_sum(member, present) for member in group) for group in self.groups)


def _present(document: Stored, fields: Sequence[str], wanted: frozenset[str]) -> Weights:
    """How much each wanted code counts in a document."""
    present: Weights = {}
    for field in fields:
        for code in wanted.intersection(getattr(document, field).split()):
            present[code] = _COUNTS_BY_FIELD[field]
    return present


def _sum(weights: Weights, present: Weights) -> float:
    if len(weights) < len(present):
        return sum(weight * present.get(code, 0.0) for code, weight in weights.items())
    return sum(weights.get(code, 0.0) * counts for code, counts in present.items())


def typed_scoring(
    typed: TypedText,
    frequencies: Frequencies,
    *,
    slips: Iterable[str] = (),
    completions: Iterable[str] = (),
    is_relaxed: bool = False,
    bonus: Iterable[str] = (),
) -> Scoring:
    """The words count wholly, what stands for them in part. `slips` and the like are codes."""
    weights = frequencies.weights(map(word_code, typed.words))
    if is_relaxed:
        extras = (
            (map(ideograph_code, typed.ideographs), IDEOGRAPH_WEIGHT),
            (slips, SLIP_WEIGHT),
            (completions, COMPLETION_WEIGHT),
        )
        for codes, factor in extras:
            for code, weight in frequencies.weights(codes, factor).items():
                weights[code] = weights.get(code, 0.0) + weight
    # The best alternative alone counts: many names of one thing are not many things.
    groups = tuple(_targets(expansion, frequencies) for expansion in typed.expansions)
    return Scoring(weights, tuple(filter(None, groups)), frozenset(bonus))


def _targets(expansion: Expansion, frequencies: Frequencies) -> tuple[Weights, ...]:
    return tuple(
        frequencies.weights(map(word_code, target.words), SYNONYM_WEIGHT * target.weight)
        for target in expansion.targets
    )


def terms_scoring(terms: Sequence[WeightedTerm], frequencies: Frequencies) -> Scoring:
    return Scoring(
        {
            code: term.weight * idf
            for term in terms
            if (idf := frequencies.idf(code := word_code(term.token)))
        }
    )
