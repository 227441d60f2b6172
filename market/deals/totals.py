"""Sums of signed projects, exact: whole 元 are added up, and every part adds up to its whole."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from schemas.signings import SigningPart, SigningSum, SigningTotals

# A framework agreement is no transfer, and counts apart.
FRAMEWORK = "framework"


class Group(NamedTuple):
    """Projects that are alike in what is counted. `amount_cny` is their sum."""

    kind: str
    is_on_stage: bool
    batch: str
    projects: int
    amount_cny: int


def totals_of(groups: Iterable[Group]) -> SigningTotals:
    """The sums of groups, in whatever parts these come."""
    everything = list(groups)
    counted = [group for group in everything if group.kind != FRAMEWORK]
    return SigningTotals(
        total=_sum(counted),
        framework=_sum(group for group in everything if group.kind == FRAMEWORK),
        by_kind=_parts(counted, lambda g: {"kind": g.kind}),
        by_stage=_parts(counted, lambda g: {"is_on_stage": g.is_on_stage}),
        by_kind_and_stage=_parts(counted, lambda g: {"kind": g.kind, "is_on_stage": g.is_on_stage}),
        by_batch=_parts(counted, lambda g: {"batch": g.batch}),
    )


def _sum(groups: Iterable[Group]) -> SigningSum:
    projects = amount_cny = 0
    for group in groups:
        projects += group.projects
        amount_cny += group.amount_cny
    return SigningSum(projects=projects, amount_cny=amount_cny)


def _parts(groups: list[Group], named: Callable[[Group], dict[str, Any]]) -> list[SigningPart]:
    """What is on stage comes first, all else in the order of its names."""
    parts: dict[tuple[Any, ...], SigningPart] = {}
    for group in groups:
        names = named(group)
        part = parts.setdefault(
            tuple(names.values()), SigningPart(projects=0, amount_cny=0, **names)
        )
        part.projects += group.projects
        part.amount_cny += group.amount_cny
    return [parts[key] for key in sorted(parts, key=_place)]


def _place(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(not each if isinstance(each, bool) else each for each in key)
