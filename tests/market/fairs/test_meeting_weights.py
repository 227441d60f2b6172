"""What a pair weighs: the expected number of mutual wishes, in thousandths."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.fairs.meeting_weights import likelihood, weight_of

PROBABILITY = st.floats(0, 1)
WISH = st.sampled_from([None, "like", "must", "no"])


@pytest.mark.parametrize(
    ("arguments", "weight"),
    [
        ((0.9, 0.8), 720),
        ((0.9, 0.8, "like"), 784),
        ((0.9, 0.8, None, "like"), 882),
        ((0.9, 0.8, "like", "like"), 960),
        ((0.9, 0.8, "must", "like"), 1921),
        ((0.9, 0.8, "must", "must"), 3842),
        ((None, None, "like"), 392),
        ((None, None, "must"), 784),
        ((0.0, 0.0), 1),
        ((0.9, 0.8, "no"), 720),
    ],
)
def test_weight_follows_the_formula(arguments: tuple[float | None, ...], weight: int) -> None:
    assert weight_of(*arguments) == weight  # type: ignore[arg-type]


@given(PROBABILITY, PROBABILITY, WISH, WISH)
def test_weight_is_positive_and_turns_with_its_sides(
    first: float, second: float, first_wish: str | None, second_wish: str | None
) -> None:
    weight = weight_of(first, second, first_wish, second_wish)

    assert 1 <= weight <= 4_000
    assert weight_of(second, first, second_wish, first_wish) == weight


@given(PROBABILITY, st.floats(0, 0.98))
def test_wish_never_makes_a_pair_lighter(first: float, second: float) -> None:
    silent, liked, must = (weight_of(first, second, None, wish) for wish in (None, "like", "must"))

    assert silent <= liked <= must


@given(st.floats(-30, 30))
def test_likelihood_is_the_logistic_function(log_odds: float) -> None:
    found = likelihood(log_odds)

    assert 0 < found < 1 or abs(log_odds) > 29
    assert math.isclose(found + likelihood(-log_odds), 1)
