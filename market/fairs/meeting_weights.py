"""What a pair of participants weighs for the planner. Pure.

weight = round(1000·p·q), p and q being how likely either side is to want the talk: the model's
estimate, 0.98 after an expressed wish (matching.score; notes on planning, A.7). The plan's weight
is then a thousand times the number of mutually wanted meetings to be expected. A "must" counts
double, so that it is not traded for two lukewarm talks.
"""

import math

# After an expressed wish: people change their minds, but seldom.
WISHED = 0.98
# Of a side that said nothing and about whose interest nothing is known.
UNKNOWN = 0.4
_MUST_FACTOR = 2
_WISHES = frozenset({"must", "like"})


def likelihood(log_odds: float) -> float:
    """The probability of a side's yes from the log-odds of a match."""
    return 1 / (1 + math.exp(-log_odds))


def weight_of(
    first_likes: float | None,
    second_likes: float | None,
    first_wish: str | None = None,
    second_wish: str | None = None,
) -> int:
    """The weight of a pair, 1 at least; None is a side of which the model knows nothing."""
    likes = _likes(first_likes, first_wish) * _likes(second_likes, second_wish)
    musts = [first_wish, second_wish].count("must")
    return max(1, round(1000 * likes * int(_MUST_FACTOR**musts)))


def _likes(model: float | None, wish: str | None) -> float:
    if wish in _WISHES:
        return WISHED
    return UNKNOWN if model is None else model
