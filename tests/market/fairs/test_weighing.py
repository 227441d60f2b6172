"""What a meeting is worth: chances multiply, a refusal forbids, a must counts more."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.fairs.meeting_rules import MAY_MEET, is_host, may_meet
from market.fairs.weighing import (
    FLOOR,
    INTERESTED,
    UNKNOWN,
    Likings,
    Weighed,
    Wish,
    stronger,
    weigh,
)
from tests.market.test_matrix import ACTORS

WISHES: list[Wish | None] = [None, "must", "like", "no"]


def test_weight_is_the_chance_that_both_want_it() -> None:
    found = weigh(Likings(score=80.0, first_log_odds=math.log(4), second_log_odds=math.log(1.5)))

    assert found is not None
    assert (round(found.first_likes, 6), round(found.second_likes, 6)) == (0.8, 0.6)
    assert found.weight == 480


@pytest.mark.parametrize(
    ("likings", "weight"),
    [
        (Likings(first_wish="like"), round(1000 * INTERESTED * UNKNOWN)),
        (Likings(first_wish="like", second_wish="like"), round(1000 * INTERESTED**2)),
        (Likings(first_wish="must", second_wish="like"), round(1500 * INTERESTED**2)),
        (Likings(first_wish="must", second_wish="must"), round(2250 * INTERESTED**2)),
        (Likings(first_wish="like", met_before=True), round(500 * INTERESTED * UNKNOWN)),
        (Likings(first_wish="like", unmet_need=True), round(1250 * INTERESTED * UNKNOWN)),
        (Likings(first_wish="must", second_wish="no"), 0),
        (Likings(score=90.0, second_wish="no"), 0),
    ],
)
def test_wishes_and_the_series_count(likings: Likings, weight: int) -> None:
    found = weigh(likings)

    assert found is not None
    assert (found.weight, found.is_forbidden) == (weight, weight == 0)


@pytest.mark.parametrize(
    "likings", [Likings(), Likings(score=FLOOR - 0.1), Likings(first_wish="no")]
)
def test_pair_that_nobody_wants_is_none(likings: Likings) -> None:
    assert weigh(likings) is None


def test_floor_may_be_another_and_a_wish_needs_none() -> None:
    near, wished = Likings(score=FLOOR - 20), Likings(score=1.0, first_wish="like")

    assert weigh(near, floor=FLOOR - 20) is not None
    assert weigh(near, floor=FLOOR - 19.9) is None
    assert weigh(wished, floor=100.0) == weigh(wished)


@given(
    st.none() | st.floats(0, 100),
    st.none() | st.floats(-1e6, 1e6),
    st.none() | st.floats(-1e6, 1e6),
    st.sampled_from(WISHES),
    st.sampled_from(WISHES),
    st.booleans(),
    st.booleans(),
)
def test_weight_is_a_bounded_integer_and_only_refusals_are_zero(  # noqa: PLR0917 - one a field
    score: float | None,
    first: float | None,
    second: float | None,
    first_wish: Wish | None,
    second_wish: Wish | None,
    met: bool,
    unmet: bool,
) -> None:
    likings = Likings(
        score=score,
        first_log_odds=first,
        second_log_odds=second,
        first_wish=first_wish,
        second_wish=second_wish,
        met_before=met,
        unmet_need=unmet,
    )

    found = weigh(likings)

    if found is None:
        return
    assert isinstance(found, Weighed)
    assert isinstance(found.weight, int)
    assert 0 <= found.weight <= 3_000
    assert found.is_forbidden is ("no" in (first_wish, second_wish))


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        (None, None, None),
        (None, "like", "like"),
        ("like", "must", "must"),
        ("no", "must", "no"),
        ("must", "no", "no"),
        ("like", None, "like"),
    ],
)
def test_of_two_wishes_the_stronger_counts_and_a_refusal_always(
    one: Wish | None, other: Wish | None, told: Wish | None
) -> None:
    assert stronger(one, other) == told


def test_each_two_kinds_that_meet_agree_on_the_host() -> None:
    kinds = {name for name in ACTORS if name.isidentifier()}

    for one in kinds:
        for other in kinds:
            assert may_meet(one, other) is may_meet(other, one)
            if may_meet(one, other):
                assert is_host(one, other) is not is_host(other, one)
    assert not any(may_meet(kind, kind) for kind in kinds)
    assert not any("organizer" in pair for pair in MAY_MEET)
