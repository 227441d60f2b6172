"""The funnel as numbers, and the words that define them."""

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from market.deals.definitions import DEFINITIONS
from market.deals.funnel import funnel_of, share_of
from schemas.stats import FunnelStep

STEPS = get_args(FunnelStep)


def test_every_step_is_defined_in_both_languages_in_its_order() -> None:
    assert tuple(each.step for each in DEFINITIONS) == STEPS
    assert all(each.means_zh.endswith("。") and each.means_en.endswith(".") for each in DEFINITIONS)
    assert all("年" in each.means_zh and "year" in each.means_en for each in DEFINITIONS)
    assert [each.unit for each in DEFINITIONS] == [
        *("registration", "registration"),
        *("meeting", "meeting"),
        *("order", "order"),
    ]


def test_shares_compare_like_with_like() -> None:
    numbers = funnel_of(
        {"registered": 110, "checked_in": 99, "planned": 400, "held": 300, "intent": 40}, 0, "zh"
    )

    assert [(each.name, each.count, each.share) for each in numbers] == [
        ("报名", 110, None),
        ("签到", 99, 0.9),
        ("安排对接", 400, None),
        ("实际对接", 300, 0.75),
        ("意向订单", 40, None),
        ("签订合同", 0, 0.0),
    ]


def test_contracts_alone_have_an_amount() -> None:
    numbers = funnel_of({"contract": 2}, 1_300_000, "en")

    assert [each.amount_cny for each in numbers] == [None] * 5 + [1_300_000]
    assert numbers[-1].name == "Contracts"
    assert numbers[-1].definition == DEFINITIONS[-1].means_en


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_share_is_of_something(count: int, whole: int) -> None:
    share = share_of(count, whole)

    assert (share is None) == (whole == 0)
    if share is not None:
        assert abs(share - count / whole) <= 0.00005
