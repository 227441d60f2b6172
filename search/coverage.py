"""How much of what one text asks for another text covers: the text part of a match.

coverage = Σ weight·saturation(tf) / Σ weight over the key terms of the asking text, at most 1, with
BM25's saturation tf·(k1 + 1)/(tf + k1·(1 − b + b·length/average)). It is normalised by the asking
text itself, never by its best hit, so that a hopeless demand does not look like a good one. A
synonym covers its trigger by its own weight: an equivalent wholly, a one-way target in part. The
best one counts, so that many synonyms give no more than one.
"""

import math
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from itertools import chain, pairwise
from typing import Self

import msgspec
import numpy as np
import numpy.typing as npt

from search.port import WeightedTerm
from search.synonyms import Expansion, Synonyms
from search.terms import SettledStatistics, WordStatistics, key_terms
from search.text import plain_words

Floats = npt.NDArray[np.float64]

K1 = 1.2
B = 0.75
# Counts above 7 say hardly more: the saturation of 7 is 0.85.
_COUNT_BITS = 3
_HIGHEST_COUNT = 2**_COUNT_BITS - 1


class DocumentWords(msgspec.Struct, frozen=True):
    """The distinct words of a document as `word id << 3 | count`, and its length in words."""

    packed: tuple[int, ...]
    length: int


class _PackedWords(dict[str, int]):
    """`word id << 3 | count` of each word for one count.

    Documents share these numbers: a catalogue holds each once, and not once a document.
    """

    def __init__(self, ids: dict[str, int], count: int) -> None:
        super().__init__()
        self._ids = ids
        self._count = count

    def __missing__(self, word: str) -> int:
        word_id = self._ids.setdefault(word, len(self._ids))
        self[word] = packed = word_id << _COUNT_BITS | self._count
        return packed


class TextCatalogue:
    """The words of all documents of one side, with their statistics.

    Add every document before the first demand is made:
    weights depend on how common a word is among all of them.
    """

    def __init__(
        self, settled: SettledStatistics | None = None, *, average_length: float = 1.0
    ) -> None:
        """With `settled` and `average_length` (in words), texts are weighed as in the large
        collection that these tell of, and the documents added here are only a few of it."""
        self.statistics: WordStatistics = WordStatistics() if settled is None else settled
        self._is_counting = settled is None
        self._settled_length = average_length
        self._ids: dict[str, int] = {}
        self._packed = [_PackedWords(self._ids, count) for count in range(_HIGHEST_COUNT + 1)]
        self._lengths = 0

    def add(self, found: Sequence[str]) -> DocumentWords:
        """A document by its words (search.documents.document_words)."""
        counts = Counter(found)
        if self._is_counting:
            self.statistics.add(counts)
            self._lengths += len(found)
        if counts and max(counts.values()) > _HIGHEST_COUNT:
            counts = Counter({word: min(n, _HIGHEST_COUNT) for word, n in counts.items()})
        by_count = self._packed
        packed = tuple([by_count[count][word] for word, count in counts.items()])
        return DocumentWords(packed=packed, length=len(found))

    def word_id(self, word: str) -> int | None:
        return self._ids.get(word)

    @property
    def average_length(self) -> float:
        """In words; 1 for a catalogue without any."""
        if not self._is_counting:
            return self._settled_length
        return self._lengths / self.statistics.documents if self._lengths else 1.0


class WordTable:
    """Documents of one catalogue by their words, to be compared with a demand all at once."""

    def __init__(self, documents: Sequence[DocumentWords]) -> None:
        self.lengths = np.array([each.length for each in documents], dtype=float)
        packed = np.fromiter(chain.from_iterable(each.packed for each in documents), dtype=np.int64)
        rows = np.repeat(np.arange(len(documents)), [len(each.packed) for each in documents])
        order = np.argsort(packed, kind="stable")
        self._rows = rows[order]
        self._counts = (packed[order] & _HIGHEST_COUNT).astype(float)
        words, starts = np.unique(packed[order] >> _COUNT_BITS, return_index=True)
        bounds = [*starts.tolist(), len(order)]
        self._places = {
            word: slice(begin, end)
            for word, (begin, end) in zip(words.tolist(), pairwise(bounds), strict=True)
        }

    def holding(self, word: int) -> tuple[npt.NDArray[np.int64], Floats] | None:
        """The places of the documents that hold a word, and how often each does."""
        found = self._places.get(word)
        return None if found is None else (self._rows[found], self._counts[found])


class _Alternative(msgspec.Struct, frozen=True):
    """A synonym of some words of the demand: (word id, share of the gain) for each of its words.

    Words that no document holds have no id: a phrase with such a word is never whole.
    """

    phrase: str
    words: tuple[tuple[int, float], ...]
    is_known: bool


class _Concept(msgspec.Struct, frozen=True):
    """Words of the demand that a synonym can stand for, as word id → weight.

    `is_known` is False when no document holds one of the words: `own` is then without it.
    """

    trigger: str
    own: tuple[tuple[int, float], ...]
    is_known: bool
    alternatives: tuple[_Alternative, ...]


class Wish:
    """What a text asks for, before one knows the documents: its key terms and synonyms."""

    def __init__(
        self, title: str, text: str, *, statistics: WordStatistics, synonyms: Synonyms
    ) -> None:
        self._text = f"{title}\n{text}"
        self.key = key_terms(title, text, statistics)
        self.full_weight = sum(term.weight for term in self.key) or 1.0
        self.expansions = synonyms.expansions(self._text)

    @cached_property
    def whole_words(self) -> tuple[str, ...]:
        """The key words that are no words inside words, the heaviest first."""
        weights = {term.token: term.weight for term in self.key}
        whole = {word for word in plain_words(self._text) if word in weights}
        return tuple(sorted(whole, key=lambda word: (-weights[word], word)))


class Demand:
    """What a text asks for, ready to be compared with the documents of a catalogue."""

    def __init__(
        self, title: str, text: str, *, catalogue: TextCatalogue, synonyms: Synonyms
    ) -> None:
        self._ask(Wish(title, text, statistics=catalogue.statistics, synonyms=synonyms), catalogue)

    @classmethod
    def of(cls, wish: Wish, catalogue: TextCatalogue) -> Self:
        """A wish, worked out with the same statistics, asked of this catalogue."""
        demand = cls.__new__(cls)
        demand._ask(wish, catalogue)  # noqa: SLF001 - the other constructor of the same class.
        return demand

    def _ask(self, wish: Wish, catalogue: TextCatalogue) -> None:
        self._catalogue = catalogue
        self._average_length = catalogue.average_length
        self._wish = wish
        self._weights = {
            word_id: term.weight
            for term in wish.key
            if (word_id := catalogue.word_id(term.token)) is not None
        }
        by_word = {term.token: term.weight for term in wish.key}
        self._concepts = [
            concept
            for expansion in wish.expansions
            if (concept := self._concept(expansion, by_word))
        ]
        self._concepts_by_word: dict[int, list[int]] = {}
        for place, concept in enumerate(self._concepts):
            for word in {i for each in concept.alternatives for i, _ in each.words}:
                self._concepts_by_word.setdefault(word, []).append(place)
        own = (i for concept in self._concepts for i, _ in concept.own)
        self._in_concepts = {*self._concepts_by_word, *own}

    @cached_property
    def _wanted(self) -> frozenset[int]:
        return frozenset(
            word << _COUNT_BITS | count
            for word in {*self._weights, *self._in_concepts}
            for count in range(1, _HIGHEST_COUNT + 1)
        )

    def _concept(self, expansion: Expansion, by_word: dict[str, float]) -> _Concept | None:
        own = [(word, by_word[word]) for word in expansion.words if word in by_word]
        weight = sum(w for _, w in own)
        alternatives = tuple(
            _Alternative(
                phrase=target.phrase, words=gains, is_known=len(gains) == len(target.words)
            )
            for target in expansion.targets
            if (gains := self._gains(target.words, weight * target.weight))
        )
        if not own or not alternatives:
            return None
        with_ids = ((self._catalogue.word_id(word), w) for word, w in own)
        known = tuple((i, w) for i, w in with_ids if i is not None)
        return _Concept(
            trigger=expansion.trigger,
            own=known,
            is_known=len(known) == len(own),
            alternatives=alternatives,
        )

    def _gains(self, target: Sequence[str], weight: float) -> tuple[tuple[int, float], ...]:
        ids = [self._catalogue.word_id(word) for word in target]
        if not any(i is not None for i in ids):
            return ()
        idf = [self._catalogue.statistics.idf(word) for word in target]
        total = sum(idf) or 1.0
        return tuple(
            (i, weight * share / total) for i, share in zip(ids, idf, strict=True) if i is not None
        )

    def terms(self) -> list[WeightedTerm]:
        """Key terms and the words of synonyms, each once at its highest weight, for an engine."""
        weights = {term.token: term.weight for term in self._wish.key}
        for expansion in self._wish.expansions:
            trigger = max((weights.get(word, 0.0) for word in expansion.words), default=0.0)
            for target in expansion.targets:
                for word in target.words:
                    share = target.weight * trigger / math.sqrt(len(target.words))
                    weights[word] = max(weights.get(word, 0.0), share)
        return [
            WeightedTerm(token=token, weight=weight) for token, weight in weights.items() if weight
        ]

    @property
    def has_words(self) -> bool:
        """False for a text of punctuation and stop words only: no coverage says anything then."""
        return bool(self._wish.key)

    def coverage(self, document: DocumentWords) -> float:
        """The share of the demand's weight that the document covers, 0–1."""
        k = K1 * (1 - B + B * document.length / self._average_length)
        present: dict[int, float] = {}
        covered = 0.0
        concepts: set[int] = set()
        for word, count in self._counts(document):
            present[word] = saturation = count / (count + k)
            covered += self._weights.get(word, 0.0) * saturation
            concepts.update(self._concepts_by_word.get(word, ()))
        for place in sorted(concepts):
            covered += _gain(self._concepts[place], present)
        return min(1.0, (K1 + 1) * covered / self._wish.full_weight)

    def coverages(self, table: WordTable) -> Floats:
        """The coverage by each document of a table, to the last bit as `coverage` has it."""
        k = K1 * (1 - B + B * table.lengths / self._average_length)
        covered = np.zeros(len(k))
        present: dict[int, Floats] = {}
        # In the order in which `coverage` adds: sums of floats depend on it.
        for word in sorted({*self._weights, *self._in_concepts}):
            if held := table.holding(word):
                rows, counts = held
                saturation = counts / (counts + k[rows])
                covered[rows] += self._weights.get(word, 0.0) * saturation
                if word in self._in_concepts:
                    present[word] = np.zeros(len(k))
                    present[word][rows] = saturation
        for concept in self._concepts:
            covered += _gains(concept, present, len(k))
        whole: Floats = np.minimum(1.0, (K1 + 1) * covered / self._wish.full_weight)
        return whole

    def _counts(self, document: DocumentWords) -> list[tuple[int, int]]:
        """Ids of the wanted words that the document holds, in their order, with their counts."""
        # One intersection of numbers is much faster than a look at every word of the document.
        held = sorted(self._wanted.intersection(document.packed))
        return [(packed >> _COUNT_BITS, packed & _HIGHEST_COUNT) for packed in held]

    def shared_words(self, document: DocumentWords) -> tuple[list[str], int]:
        """The whole words (no words inside words) that both texts hold, the heaviest first.

        Also how many whole key words the demand has, to be read as "9 of 12".
        """
        present = {word for word, _ in self._counts(document)}
        shared = [word for word, word_id in self._whole_words if word_id in present]
        return shared, len(self._whole_words)

    @cached_property
    def _whole_words(self) -> list[tuple[str, int | None]]:
        return [(word, self._catalogue.word_id(word)) for word in self._wish.whole_words]

    def met_synonyms(self, document: DocumentWords) -> list[tuple[str, str]]:
        """(trigger in the demand, other wording in the document), where the trigger is not."""
        present = {word for word, _ in self._counts(document)}
        return [
            (concept.trigger, wording)
            for concept in self._concepts
            if not (concept.is_known and all(i in present for i, _ in concept.own))
            and (wording := _whole_wording(concept, present))
        ]


def _whole_wording(concept: _Concept, present: set[int]) -> str:
    return next(
        (
            alternative.phrase
            for alternative in concept.alternatives
            if alternative.is_known and all(i in present for i, _ in alternative.words)
        ),
        "",
    )


def _gain(concept: _Concept, present: dict[int, float]) -> float:
    """What the best alternative covers beyond the trigger's own words."""
    best = own = 0.0
    for alternative in concept.alternatives:
        covered = 0.0
        for word, share in alternative.words:
            if word in present:
                covered += share * present[word]
        best = max(best, covered)
    for word, weight in concept.own:
        if word in present:
            own += weight * present[word]
    return max(0.0, best - own)


def _gains(concept: _Concept, present: dict[int, Floats], documents: int) -> Floats:
    """`_gain` of a concept in each document."""
    best, own = np.zeros(documents), np.zeros(documents)
    for alternative in concept.alternatives:
        covered = np.zeros(documents)
        for word, share in alternative.words:
            if word in present:
                covered += share * present[word]
        best = np.maximum(best, covered)
    for word, weight in concept.own:
        if word in present:
            own += weight * present[word]
    gains: Floats = np.maximum(0.0, best - own)
    return gains
