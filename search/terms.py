"""Weighted key terms of a long text: what a need is about, in the words of the catalogue."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

from search.background import MODEL_IDF, background_idf
from search.port import WeightedTerm
from search.text import data_lines, fold, words

# Below this many documents the background table speaks louder than the catalogue's own counts.
BACKGROUND_DOCUMENTS = 500
TITLE_WEIGHT = 1.5
BOILERPLATE_WEIGHT = 0.25
NUMBER_WEIGHT = 0.25


class WordStatistics:
    """In how many documents of a catalogue each word occurs."""

    def __init__(self) -> None:
        self.documents = 0
        self.frequencies: Counter[str] = Counter()

    def add(self, found: Iterable[str]) -> None:
        """Count one document by its words; how often it repeats one is of no account."""
        self.documents += 1
        # A counter that is given to update() would add its counts, not one a word.
        self.frequencies.update(set(found))

    def idf(self, word: str) -> float:
        """How telling a word is, between 0 (in every document) and 1 (in none).

        The probabilistic idf of BM25 in the catalogue, divided by its highest value, mixed
        with the same of the background table; the share of the catalogue grows with its size.
        """
        own = self._own_idf(word)
        share = self.documents / (self.documents + BACKGROUND_DOCUMENTS)
        return share * own + (1 - share) * background_idf(word) / MODEL_IDF

    def _own_idf(self, word: str) -> float:
        n, df = self.documents, self.frequencies[word]
        return math.log(1 + (n - df + 0.5) / (df + 0.5)) / math.log(2 * n + 2)


class SettledStatistics(WordStatistics):
    """Counts that were made elsewhere and change no more: each word is weighed once.

    May be shared by threads.
    """

    # Words that no count knows are weighed too; a market of 100,000 listings has some 200,000.
    _MOST_WEIGHED = 400_000

    def __init__(self, documents: int = 0, frequencies: Mapping[str, int] | None = None) -> None:
        super().__init__()
        self.documents = documents
        self.frequencies = Counter(frequencies)
        self._weighed: dict[str, float] = {}

    def idf(self, word: str) -> float:
        known = self._weighed.get(word)
        if known is None:
            if len(self._weighed) >= self._MOST_WEIGHED:
                self._weighed.clear()
            known = self._weighed[word] = super().idf(word)
        return known


@cache
def boilerplate() -> frozenset[str]:
    """Words that every listing uses and that say nothing of its technology."""
    return frozenset(fold(word) for line in data_lines("boilerplate.txt") for word in line.split())


def key_terms(
    title: str, text: str, statistics: WordStatistics, *, limit: int = 64
) -> list[WeightedTerm]:
    """The `limit` most telling words of a listing, the heaviest first, ties by first appearance.

    weight = (1 + ln tf) · idf · 1.5 if it stands in the title, · (1 + 0.2 / (1 + place / 20)) for
    an early place; boilerplate and bare numbers keep a quarter of it.
    """
    in_title = words(title)
    in_order = in_title + words(text)
    counts = Counter(in_order)
    places = {word: place for place, word in reversed(list(enumerate(in_order)))}
    titled = set(in_title)
    terms = [
        WeightedTerm(
            token=word,
            weight=(1 + math.log(count))
            * statistics.idf(word)
            * (TITLE_WEIGHT if word in titled else 1.0)
            * (1 + 0.2 / (1 + places[word] / 20))
            * _plainness(word),
        )
        for word, count in counts.items()
    ]
    terms.sort(key=lambda term: (-term.weight, places[term.token]))
    return terms[:limit]


# The same words come again and again; a market has some 200,000.
@lru_cache(maxsize=200_000)
def _plainness(word: str) -> float:
    if word in boilerplate():
        return BOILERPLATE_WEIGHT
    return NUMBER_WEIGHT if word.replace(".", "", 1).isdecimal() else 1.0
