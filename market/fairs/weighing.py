"""What a meeting of two participants is worth to the planner. Pure.

weight = round(1000 · p · q) with p and q the chances that either side wants it: the plan's
weight is then the expected number of mutually wanted meetings, in thousandths. A refusal of
either side forbids the pair; a "must" and what a series carries over make it count more or less.
"""

import math
from typing import Literal

import msgspec

from market.matching.score import GOOD_SCORE

Wish = Literal["must", "like", "no"]

# Who says so wants it, but for the few that change their minds.
INTERESTED = 0.98
# Nothing is known of what a side thinks of the other: an investor without a listing.
UNKNOWN = 0.2
# A pair that nobody wished for counts from this score on, in a marketplace as for `duijie fair`.
# From 30 on (as matching keeps its matches) the sample fair has the same 70 meetings, but meets
# 13 of its 17 wishes instead of 15; a fair of 400 has twice the pairs, and meets fewer wishes too.
FLOOR = GOOD_SCORE
MUST_FACTOR = 1.5
MET_BEFORE_FACTOR = 0.5
UNMET_NEED_FACTOR = 1.25
_STRENGTH = {"must": 2, "like": 1}


class Likings(msgspec.Struct, frozen=True, kw_only=True):
    """All that speaks for and against a pair; log-odds are None without a scored listing pair."""

    score: float | None = None
    first_log_odds: float | None = None
    second_log_odds: float | None = None
    first_wish: Wish | None = None
    second_wish: Wish | None = None
    met_before: bool = False
    unmet_need: bool = False


class Weighed(msgspec.Struct, frozen=True):
    """The chances of both sides, and what the pair weighs; a forbidden one weighs 0."""

    first_likes: float
    second_likes: float
    weight: int

    @property
    def is_forbidden(self) -> bool:
        return self.weight == 0


def weigh(likings: Likings, *, floor: float = FLOOR) -> Weighed | None:
    """None for a pair that nobody wants: no wish, and no score from `floor` on."""
    wishes = likings.first_wish, likings.second_wish
    is_wished = any(wish in _STRENGTH for wish in wishes)
    is_near = likings.score is not None and likings.score >= floor
    if not (is_wished or is_near):
        return None
    first = _likes(likings.first_log_odds, likings.first_wish)
    second = _likes(likings.second_log_odds, likings.second_wish)
    if "no" in wishes:
        return Weighed(first, second, 0)
    factor = MUST_FACTOR ** wishes.count("must")
    factor *= MET_BEFORE_FACTOR if likings.met_before else 1.0
    factor *= UNMET_NEED_FACTOR if likings.unmet_need else 1.0
    return Weighed(first, second, max(1, round(1000 * first * second * factor)))


def stronger(one: Wish | None, other: Wish | None) -> Wish | None:
    """Of two wishes for the same participant the one that counts; a "no" always does."""
    if "no" in (one, other):
        return "no"
    return max(one, other, key=lambda wish: _STRENGTH.get(wish or "", 0))


def _likes(log_odds: float | None, wish: Wish | None) -> float:
    if wish == "no":
        return 0.0
    if wish is not None:
        return INTERESTED
    if log_odds is None:
        return UNKNOWN
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, log_odds))))
