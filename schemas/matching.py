"""What a match tells: the score of a pair, its parts per side, and the reasons in words."""

import msgspec


class Part(msgspec.Struct, frozen=True):
    """One feature's share of a side's log-odds.

    `value` is the feature in [0, 1]; `points` is what it adds to the side's log-odds.
    """

    feature: str
    value: float
    points: float


class Side(msgspec.Struct, frozen=True):
    """One side's view of a pair: log_odds = base + the sum of the points of its parts."""

    base: float
    parts: tuple[Part, ...]
    log_odds: float


class Reason(msgspec.Struct, frozen=True):
    """One reason for (`supports`) or against a pair, as a sentence in the asked language."""

    feature: str
    supports: bool
    text: str


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """A scored pair. `score` is 100·√(p_E·p_I), rounded to one decimal, 0–100."""

    need_id: str
    result_id: str
    score: float
    enterprise: Side
    institute: Side
    reasons: tuple[Reason, ...]
