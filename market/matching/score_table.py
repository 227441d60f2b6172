"""Scores one need with a whole set of results at once: the same numbers as one by one.

What only the results tell is worked out once a set, and what one value asked says of all values
stated once a value: needs and results repeat few codes.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from market.matching.asking import VETOED, Asking
from market.matching.score import (
    ENTERPRISE_WEIGHTS,
    INSTITUTE_WEIGHTS,
    Feature,
    Fit,
    fits,
    log_odds_of,
    mutual_score,
    organisation_key,
    text_fit,
)
from schemas.listings import Need, Result
from search.coverage import DocumentWords, WordTable

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Scores(NamedTuple):
    """Of each result of a table: the mutual score or VETOED, and both sides' log-odds."""

    mutual: list[float]
    enterprise: list[float]
    institute: list[float]


class ScoreTable:
    """A set of results, ready to be scored with one need after another."""

    def __init__(
        self, results: Sequence[Result], words: Sequence[DocumentWords], *, as_of: date
    ) -> None:
        self._columns = [_Column(fit, results) for fit in fits(as_of)]
        self._words = WordTable(words)
        self._has_words = self._words.lengths > 0
        self._vetoes = _Vetoes(results)

    def scores(self, asking: Asking) -> Scores:
        sums = _Sums(len(self._has_words))
        if asking.demand.has_words:
            sums.add("text", self._text_fits(asking), self._has_words)
        for column in self._columns:
            values, is_known = column.fits(asking.need)
            sums.add(column.feature, values, is_known)
        enterprise, institute = sums.log_odds()
        mutual = list(map(mutual_score, enterprise, institute))
        for place in self._vetoes.of(asking.need):
            mutual[place] = VETOED
        return Scores(mutual, enterprise, institute)

    def _text_fits(self, asking: Asking) -> Floats:
        # One by one: the powers of numpy differ from Python's in the last bit.
        return np.array([text_fit(each) for each in asking.demand.coverages(self._words).tolist()])


class _Sums:
    """Both sides' weighted sums of the features known so far."""

    def __init__(self, results: int) -> None:
        self._sides = tuple(
            (weights, np.zeros(results), np.zeros(results))
            for weights in (ENTERPRISE_WEIGHTS, INSTITUTE_WEIGHTS)
        )

    def add(self, feature: Feature, values: Floats, is_known: Flags) -> None:
        for weights, sums, totals in self._sides:
            weight = weights.get(feature, 0.0)
            sums[is_known] += weight * values[is_known]
            totals[is_known] += weight

    def log_odds(self) -> tuple[list[float], list[float]]:
        enterprise, institute = (
            list(map(log_odds_of, sums.tolist(), totals.tolist()))
            for _, sums, totals in self._sides
        )
        return enterprise, institute


class _Column:
    """What all results state for one feature."""

    def __init__(self, fit: Fit, results: Sequence[Result]) -> None:
        self.feature = fit.feature
        self._fit = fit
        places: dict[Any, int] = {}
        self._codes = np.array(
            [places.setdefault(fit.stated(each), len(places)) for each in results], dtype=np.int64
        )
        self._stated = list(places)
        self._known: dict[Any, tuple[Floats, Flags]] = {}

    def fits(self, need: Need) -> tuple[Floats, Flags]:
        """How each result fits, and of which results that is known."""
        asked = self._fit.asked(need)
        if asked not in self._known:
            found = [self._fit.of(asked, each) for each in self._stated]
            values = np.array([0.0 if each is None else each for each in found], dtype=float)
            is_known = np.array([each is not None for each in found], dtype=bool)
            self._known[asked] = values[self._codes], is_known[self._codes]
        return self._known[asked]


class _Vetoes:
    """Which results can't be for a need; see `score.veto`."""

    def __init__(self, results: Sequence[Result]) -> None:
        self._by_code: dict[str, list[int]] = {}
        self._by_name: dict[str, list[int]] = {}
        self._encumbered = [
            place for place, each in enumerate(results) if each.rights == "encumbered"
        ]
        for place, each in enumerate(results):
            self._by_code.setdefault(each.credit_code or "", []).append(place)
            self._by_name.setdefault(organisation_key(each.institute), []).append(place)

    def of(self, need: Need) -> list[int]:
        same_code = self._by_code.get(need.credit_code, ()) if need.credit_code else ()
        key = organisation_key(need.enterprise) if need.enterprise else None
        same_name = () if key is None else self._by_name.get(key, ())
        return [*self._encumbered, *same_code, *same_name]
