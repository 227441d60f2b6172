"""Listings for tests: complete enough to be paired, each value open to change."""

from typing import Any

import msgspec

from schemas.listings import Need, Result

_RESULT = Result(
    id="R1",
    title="高湿摩擦系数橡胶鞋底材料",
    summary="用白炭黑补强橡胶，湿摩擦系数由0.32提升到0.55。",
    keywords=("鞋底", "湿摩擦系数"),
    fields=("materials",),
    industries=("C1954",),
    trl=7,
    modes=("licence", "service"),
    price_min_cny=600_000,
    price_max_cny=600_000,
    division="350503",
    institute="刺桐大学",
)
_NEED = Need(
    id="N1",
    title="橡胶鞋底湿摩擦系数不够",
    description="现有橡胶鞋底在湿地面上打滑，求配方。",
    indicators="湿摩擦系数≥0.5",
    fields=("materials",),
    industries=("C1954",),
    trl_min=6,
    modes=("licence",),
    budget_max_cny=800_000,
    division="350582",
    enterprise="晋江某鞋业有限公司",
)


def make_result(**changes: Any) -> Result:
    """A result with every common field filled, but for the changes."""
    return msgspec.structs.replace(_RESULT, **changes)


def make_need(**changes: Any) -> Need:
    """A need that `make_result()` fits well, but for the changes."""
    return msgspec.structs.replace(_NEED, **changes)


def bare_result(result_id: str, title: str, summary: str = "", **changes: Any) -> Result:
    """A result of which only the texts and the changes are known."""
    return Result(id=result_id, title=title, summary=summary, **changes)


def bare_need(need_id: str, title: str, description: str = "", **changes: Any) -> Need:
    """A need of which only the texts and the changes are known."""
    return Need(id=need_id, title=title, description=description, **changes)
