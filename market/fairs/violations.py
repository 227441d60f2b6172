"""What the planner's checker says of a plan, told to its organizer."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from market.errors import Conflict, FieldError
from market.fairs.plan_input import PlanInput
from market.planner.check import check_plan
from market.planner.model import Breach, Meeting, Violation

_SENTENCES: Mapping[Breach, tuple[str, str]] = {
    "unknown_pair": ("这两方不在配对之中", "These two are no pair of the fair."),
    "unknown_slot": ("没有这个时段", "There is no such slot."),
    "unknown_table": ("没有这张桌，或已停用", "There is no such table in use."),
    "repeated_pair": ("双方已有一场对接", "These two have a meeting already."),
    "forbidden_pair": ("其中一方不愿与对方对接", "One of both does not want to meet."),
    "slot_not_allowed": ("双方不能在此时段对接", "These two can't meet in this slot."),
    "absent": ("其中一方此时段不在", "One of both is not there in this slot."),
    "double_booked": ("其中一方此时段已有对接", "One of both has a meeting in this slot already."),
    "over_capacity": ("其中一方的对接已达上限", "One of both has all the meetings it may have."),
    "table_taken": ("该桌此时段已有安排", "The table is taken in this slot."),
    "pin_missing": ("固定的对接不见了", "A pinned meeting is missing."),
    "host_moved": ("主位方全天只用一张桌", "The host keeps one table all day."),
}
_SHOWN = 100


def violations_of(asked: PlanInput, meetings: Iterable[Meeting]) -> list[Violation]:
    return check_plan(asked.request, meetings)


def refuse_new(before: Sequence[Violation], after: Sequence[Violation]) -> None:
    """Raises Conflict for what an edit breaks; what was broken before keeps nobody from mending."""
    new = list((Counter(after) - Counter(before)).elements())
    if new:
        raise _refusal(new)


def refuse_any(violations: Sequence[Violation]) -> None:
    """Raises Conflict, each violation told."""
    if violations:
        raise _refusal(violations)


def _refusal(violations: Sequence[Violation]) -> Conflict:
    return Conflict(
        "plan_violation",
        "排程有冲突，请先调整",
        "The plan breaks rules: please change it first.",
        errors=[_error(each) for each in violations[:_SHOWN]],
    )


def _error(violation: Violation) -> FieldError:
    zh, en = _SENTENCES[violation.breach]
    return FieldError(f"#/meetings/{violation.pair}", zh, en)
