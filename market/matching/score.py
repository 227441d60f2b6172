"""The score of a pair: features → log-odds per side → the probability that both say yes.

Pure arithmetic, no I/O, no clock. For each side ℓ = base + Σ Δ_k over the features known on
both sides, Δ_k = 8·w_k·(f_k − 0.55) / Σ w; p = σ(ℓ); the mutual score is 100·√(p_E·p_I). A
feature that one side does not state is dropped from both sums, not punished.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any, Literal, NamedTuple

from schemas.listings import Need, Result
from schemas.matching import Part, Side
from search.text import fold

Feature = Literal["text", "industry", "field", "trl", "price", "mode", "region", "deadline"]
Features = dict[Feature, float]
Veto = Literal["same_organisation", "rights_encumbered"]

STEEPNESS = 8.0
MIDPOINT = 0.55

# A coverage of 0.1 makes it as likely as not that two texts mean the same thing: right pairs
# of the development set cover 0.25 in the median, the best wrong result of a need 0.18, any
# wrong one 0.01. The odds grow with the coverage to the power of 0.8.
TEXT_EVEN_COVERAGE = 0.1
TEXT_POWER = 0.8

# A need whose best score is below counts as without a good result. On the development set one
# pair in thirty with a score of 50–60 is right, one in four at 80–90, eight in ten above 90;
# pairs of files without codes reach 70 by words alone. To be set anew from answers of users.
GOOD_SCORE = 60.0

# Expert weights; a side that does not care about a feature has no row for it.
ENTERPRISE_WEIGHTS: Mapping[Feature, float] = {
    "text": 0.45,
    "industry": 0.20,
    "field": 0.10,
    "trl": 0.12,
    "price": 0.10,
    "mode": 0.06,
    "region": 0.03,
    "deadline": 0.04,
}
INSTITUTE_WEIGHTS: Mapping[Feature, float] = {
    "text": 0.45,
    "industry": 0.15,
    "field": 0.10,
    "price": 0.15,
    "mode": 0.15,
    "region": 0.05,
}

SAME_CITY = 1.0
# What stands at the third and fourth place of a division's code when no prefecture does.
WHOLE_PROVINCE = "00"
COUNTIES_WITHOUT_CITY = "90"

# The deadline feature of a result that can be had on the very last day.
ON_THE_DAY = 0.5

# Shared leading characters of two GB/T 4754 codes (C1954): class, group, division, section.
_INDUSTRY_STEPS = ((5, 1.0), (4, 0.8), (3, 0.55), (1, 0.2))


def features(need: Need, result: Result, *, text: float | None, as_of: date) -> Features:
    """The features that both sides state, each in [0, 1]; `text` is worked out by the caller."""
    known: Features = {} if text is None else {"text": text}
    for feature, stated, fit in _structured(need, as_of):
        value = fit(stated(result))
        if value is not None:
            known[feature] = value
    return known


class Fit(NamedTuple):
    """A structured feature: what a need asks, what a result states, and how they go together.

    `of(asked, stated)` is in [0, 1], or None where one of them says nothing.
    """

    feature: Feature
    asked: Callable[[Need], Any]
    stated: Callable[[Result], Any]
    of: Callable[[Any, Any], float | None]


def fits(as_of: date) -> tuple[Fit, ...]:
    """All structured features, in the order in which their sums are made."""
    return (*_TIMELESS_FITS, Fit("deadline", *_DEADLINE, partial(deadline_fit, as_of=as_of)))


# A structured feature of one need: its name, what a result states for it, and how that fits.
_Structured = tuple[Feature, Callable[[Result], Any], Callable[[Any], float | None]]


def _structured(need: Need, as_of: date) -> Iterator[_Structured]:
    for feature, asked, stated, fit in fits(as_of):
        yield feature, stated, partial(fit, asked(need))


# How a structured feature is read off a result, its fit, its weight for either side, and the
# fits worked out so far.
_WeighedFit = tuple[
    Callable[[Result], Any], Callable[[Any], float | None], float, float, dict[Any, float | None]
]


class NeedScore:
    """The mutual score of one need with many results.

    The same numbers as `features` and `log_odds` give; since results repeat few codes, each fit
    of the need is worked out once.
    """

    def __init__(self, need: Need, *, as_of: date) -> None:
        self._rows: list[_WeighedFit] = [
            (stated, fit, ENTERPRISE_WEIGHTS.get(name, 0.0), INSTITUTE_WEIGHTS.get(name, 0.0), {})
            for name, stated, fit in _structured(need, as_of)
        ]

    def of(self, result: Result, *, text: float | None) -> float:
        total_e = total_i = sum_e = sum_i = 0.0
        if text is not None:
            total_e, total_i = _TEXT_WEIGHTS
            sum_e, sum_i = total_e * text, total_i * text
        for stated, fit, weight_e, weight_i, memory in self._rows:
            value = stated(result)
            if value in memory:
                known = memory[value]
            else:
                known = memory[value] = fit(value)
            if known is not None:
                total_e += weight_e
                sum_e += weight_e * known
                total_i += weight_i
                sum_i += weight_i * known
        return mutual_score(log_odds_of(sum_e, total_e), log_odds_of(sum_i, total_i))


_TEXT_WEIGHTS = ENTERPRISE_WEIGHTS["text"], INSTITUTE_WEIGHTS["text"]


def veto(need: Need, result: Result) -> Veto | None:
    """Why this pair can't be, whatever its score; None where nothing forbids it."""
    same_code = need.credit_code and need.credit_code == result.credit_code
    same_name = need.enterprise and organisation_key(need.enterprise) == organisation_key(
        result.institute
    )
    if same_code or same_name:
        return "same_organisation"
    return "rights_encumbered" if result.rights == "encumbered" else None


# Every candidate of a need asks for the same two names or so.
@lru_cache(maxsize=65_536)
def organisation_key(name: str) -> str:
    """A name without what differs from table to table: width, case, blanks."""
    return "".join(fold(name).split())


def side(known: Features, weights: Mapping[Feature, float], *, base: float = 0.0) -> Side:
    """One side's log-odds with the part of each known feature, in the order of the weights."""
    shared = [feature for feature in weights if feature in known]
    total = sum(weights[feature] for feature in shared)
    parts = tuple(
        Part(
            feature=feature,
            value=known[feature],
            points=STEEPNESS * weights[feature] * (known[feature] - MIDPOINT) / total,
        )
        for feature in shared
    )
    return Side(base=base, parts=parts, log_odds=base + sum(part.points for part in parts))


def log_odds(known: Features, weights: Mapping[Feature, float]) -> float:
    """`side(known, weights).log_odds` without its parts."""
    shared = [(weights.get(feature, 0.0), value) for feature, value in known.items()]
    total = sum(weight for weight, _ in shared)
    return log_odds_of(sum(weight * value for weight, value in shared), total)


def log_odds_of(weighted: float, total: float) -> float:
    return STEEPNESS * (weighted / total - MIDPOINT) if total else 0.0


def mutual_score(enterprise_log_odds: float, institute_log_odds: float) -> float:
    """100·√(p_E·p_I): the geometric mean of both sides' probability to say yes, 0–100."""
    return 100 * math.sqrt(_sigmoid(enterprise_log_odds) * _sigmoid(institute_log_odds))


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def text_fit(coverage: float) -> float:
    """How likely two texts with this coverage mean the same thing, 0 to below 1."""
    odds = (coverage / TEXT_EVEN_COVERAGE) ** TEXT_POWER
    return float(odds / (1 + odds))


def industry_closeness(need: tuple[str, ...], result: tuple[str, ...]) -> float | None:
    """The best pair of codes by their common beginning: class 1, group 0.8, division 0.55."""
    if not need or not result:
        return None
    return max(_shared_steps(a, b) for a in need for b in result)


def _shared_steps(a: str, b: str) -> float:
    return next((value for length, value in _INDUSTRY_STEPS if _agree(a, b, length)), 0.0)


def _agree(a: str, b: str, length: int) -> bool:
    return len(a) >= length and len(b) >= length and a[:length] == b[:length]


def field_closeness(need: tuple[str, ...], result: tuple[str, ...]) -> float | None:
    if not need or not result:
        return None
    return 1.0 if set(need) & set(result) else 0.0


def trl_fit(asked: int | None, offered: int | None) -> float | None:
    """1 when ripe enough, a little less when far riper, falling fast when not ripe enough."""
    if asked is None or offered is None:
        return None
    gap = asked - offered
    return math.exp(-gap / 2) if gap > 0 else max(0.7, 1 - 0.06 * max(0, -gap - 2))


def price_fit(budget_cny: int | None, price_cny: int | None) -> float | None:
    if budget_cny is None or price_cny is None:
        return None
    return 1.0 if price_cny <= budget_cny else float((budget_cny / price_cny) ** 1.5)


def mode_fit(need: tuple[str, ...], result: tuple[str, ...]) -> float | None:
    """0.1 without a common mode, else 0.6 and up by the share of the need's modes on offer."""
    if not need or not result:
        return None
    offered = {_mode_family(mode) for mode in result}
    shared = [mode for mode in need if mode in result or _mode_family(mode) in offered]
    return 0.6 + 0.4 * len(shared) / len(need) if shared else 0.1


def _mode_family(mode: str) -> str:
    """licence_exclusive and licence_open are both a licence: the parties can settle the rest."""
    return mode.partition("_")[0] if mode.startswith("licence") else mode


def region_closeness(need: str | None, result: str | None) -> float | None:
    if not need or not result:
        return None
    if _share_city(need, result):
        return SAME_CITY
    return 0.7 if need[:2] == result[:2] else 0.4


def _share_city(a: str, b: str) -> bool:
    if a[2:4] == COUNTIES_WITHOUT_CITY:
        return a == b
    return a[:4] == b[:4] and a[2:4] != WHOLE_PROVINCE


def deadline_fit(deadline: date | None, ready_on: date | None, *, as_of: date) -> float | None:
    """σ of the quarters between the day it can be had (never before `as_of`) and the deadline."""
    if deadline is None or ready_on is None:
        return None
    return _sigmoid((deadline - max(ready_on, as_of)).days / 91)


_DEADLINE = attrgetter("deadline"), attrgetter("ready_on")
_TIMELESS_FITS = (
    Fit("industry", attrgetter("industries"), attrgetter("industries"), industry_closeness),
    Fit("field", attrgetter("fields"), attrgetter("fields"), field_closeness),
    Fit("trl", attrgetter("trl_min"), attrgetter("trl"), trl_fit),
    Fit("price", attrgetter("budget_max_cny"), attrgetter("price_min_cny"), price_fit),
    Fit("mode", attrgetter("modes"), attrgetter("modes"), mode_fit),
    Fit("region", attrgetter("division"), attrgetter("division"), region_closeness),
)
