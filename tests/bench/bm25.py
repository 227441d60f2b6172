"""BM25 in its plainest form, for comparison: Robertson and Zaragoza (2009), with Lucene's idf."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from search.text import fold

K1 = 1.2
B = 0.75

_IDEOGRAPH_RUN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]{2,}")


def bigrams(text: str) -> list[str]:
    """Every two neighbouring ideographs of a text: they find words that were cut otherwise."""
    return [
        run[i : i + 2] for run in _IDEOGRAPH_RUN.findall(fold(text)) for i in range(len(run) - 1)
    ]


class BM25:
    """Scores of a few documents, given as id → tokens."""

    def __init__(self, documents: Mapping[str, Sequence[str]]) -> None:
        self._counts = {each: Counter(tokens) for each, tokens in documents.items()}
        self._average = sum(map(len, documents.values())) / len(documents)
        self._frequencies = Counter(token for each in self._counts.values() for token in each)

    def idf(self, token: str) -> float:
        frequency = self._frequencies[token]
        return math.log(1 + (len(self._counts) - frequency + 0.5) / (frequency + 0.5))

    def score(self, document_id: str, weights: Mapping[str, float]) -> float:
        counts = self._counts[document_id]
        k = K1 * (1 - B + B * counts.total() / self._average)
        return sum(
            weight * self.idf(token) * counts[token] * (K1 + 1) / (counts[token] + k)
            for token, weight in weights.items()
            if token in counts
        )

    def ranked(self, weights: Mapping[str, float]) -> list[str]:
        """The ids of all documents that score, best first, equal scores by id."""
        scores = {each: self.score(each, weights) for each in self._counts}
        return sorted((e for e in scores if scores[e]), key=lambda each: (-scores[each], each))
