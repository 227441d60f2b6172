"""Sums of projects: exact, every part adds up to its whole, framework agreements apart."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from market.deals.totals import Group, totals_of
from schemas.signings import SigningPart, SigningSum, SigningTotals
from schemas.vocab import signing_kinds

groups = st.builds(
    Group,
    kind=st.sampled_from([entry.code for entry in signing_kinds()]),
    is_on_stage=st.booleans(),
    batch=st.sampled_from(["", "第一批", "第二批"]),
    projects=st.integers(0, 10**4),
    amount_cny=st.integers(0, 10**17),
)


def test_nothing_comes_to_nothing() -> None:
    nothing = SigningSum(projects=0, amount_cny=0)

    assert totals_of([]) == SigningTotals(
        total=nothing,
        framework=nothing,
        by_kind=[],
        by_stage=[],
        by_kind_and_stage=[],
        by_batch=[],
    )


def test_parts_are_named_and_in_order() -> None:
    found = totals_of(
        [
            Group("finance", False, "第二批", 1, 300),
            Group("industry", False, "第一批", 2, 20),
            Group("industry", True, "第一批", 4, 1),
            Group("framework", True, "第一批", 8, 7_000),
        ]
    )

    assert found == SigningTotals(
        total=SigningSum(projects=7, amount_cny=321),
        framework=SigningSum(projects=8, amount_cny=7_000),
        by_kind=[
            SigningPart(kind="finance", projects=1, amount_cny=300),
            SigningPart(kind="industry", projects=6, amount_cny=21),
        ],
        by_stage=[
            SigningPart(is_on_stage=True, projects=4, amount_cny=1),
            SigningPart(is_on_stage=False, projects=3, amount_cny=320),
        ],
        by_kind_and_stage=[
            SigningPart(kind="finance", is_on_stage=False, projects=1, amount_cny=300),
            SigningPart(kind="industry", is_on_stage=True, projects=4, amount_cny=1),
            SigningPart(kind="industry", is_on_stage=False, projects=2, amount_cny=20),
        ],
        by_batch=[
            SigningPart(batch="第一批", projects=6, amount_cny=21),
            SigningPart(batch="第二批", projects=1, amount_cny=300),
        ],
    )


@given(st.lists(groups, max_size=30))
def test_every_part_adds_up_to_its_whole(given_groups: list[Group]) -> None:
    found = totals_of(given_groups)

    for parts in (found.by_kind, found.by_stage, found.by_kind_and_stage, found.by_batch):
        assert sum(part.projects for part in parts) == found.total.projects
        assert sum(part.amount_cny for part in parts) == found.total.amount_cny
    whole = found.total.amount_cny + found.framework.amount_cny
    assert whole == sum(group.amount_cny for group in given_groups)


@given(st.lists(groups, max_size=12), st.randoms())
def test_the_order_of_groups_does_not_matter(given_groups: list[Group], random: object) -> None:
    shuffled = list(given_groups)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a Random

    assert totals_of(shuffled) == totals_of(given_groups)


@given(st.lists(groups, min_size=1, max_size=12))
def test_groups_may_come_in_parts(given_groups: list[Group]) -> None:
    first, *rest = given_groups
    split = [first._replace(projects=0), first._replace(amount_cny=0), *rest]

    assert msgspec.json.encode(totals_of(split)) == msgspec.json.encode(totals_of(given_groups))
