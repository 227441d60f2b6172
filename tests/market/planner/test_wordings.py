"""Sentences for pairs that do not meet: every cause and every change, in both languages."""

import re
from typing import Any, get_args

import pytest

from market.planner.model import Cause, Change, ChangeKind, Fix, Unplanned
from market.planner.wordings import PlanNames, fix_of, reason_of, slot_names

NAMES = PlanNames(
    parties={"u": "University", "e": "Works", "f": "Fund"},
    slots=slot_names(["S1", "S2", "S3"]),
    sides={"ue": ("u", "e"), "uf": ("u", "f")}.__getitem__,
)
CHINESE = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")


def unplanned(cause: Cause, *changes: Change, **more: Any) -> Unplanned:
    fix = Fix("S2", changes) if changes else None
    return Unplanned(pair="ue", cause=cause, fix=fix, **more)


@pytest.mark.parametrize(
    ("why", "zh", "en"),
    [
        (
            unplanned("party_full", party="u", kept_weight=3),
            "“University”在场的场次都已排满，其中最轻的一场权重 3",
            "University has a meeting in every slot; the lightest weighs 3",
        ),
        (
            unplanned("capacity", party="e"),
            "“Works”已达到自己的会面上限",
            "Works has as many meetings as it may have",
        ),
        (
            unplanned("tables_full", slots=("S1", "S3")),
            "双方都空闲的第 1、3 场洽谈桌已用完",
            "All tables are taken in the slots in which both are free: 1, 3",
        ),
    ],
)
def test_reason_names_who_and_when(why: Unplanned, zh: str, en: str) -> None:
    assert reason_of(why, NAMES, "zh") == zh
    assert reason_of(why, NAMES, "en") == en


@pytest.mark.parametrize("cause", get_args(Cause))
def test_every_cause_has_a_sentence_in_both_languages(cause: Cause) -> None:
    why = unplanned(cause, party="u", kept_weight=1, slots=("S1",))

    assert CHINESE.search(reason_of(why, NAMES, "zh"))
    assert CHINESE.findall(reason_of(why, NAMES, "en")) == []


@pytest.mark.parametrize("kind", get_args(ChangeKind))
def test_every_change_has_a_sentence_in_both_languages(kind: ChangeKind) -> None:
    change = Change(kind=kind, party="u", pair="uf", weight=3)
    why = unplanned("party_full", change, party="u")

    assert fix_of(why, NAMES, "zh").startswith("安排在第 2 场：")
    assert CHINESE.findall(fix_of(why, NAMES, "en")) == []


def test_fix_names_all_its_changes() -> None:
    changes = (
        Change(kind="displace", pair="uf", weight=3),
        Change(kind="add_table"),
    )
    why = unplanned("party_full", *changes, party="u")

    assert fix_of(why, NAMES, "zh") == (
        "安排在第 2 场：取消“University” 与 “Fund”的会面（权重 3）；第 2 场加一张桌"
    )
    assert fix_of(why, NAMES, "en") == (
        "In slot 2: give up the meeting of University with Fund (weight 3); add a table in slot 2"
    )


def test_where_nothing_helps_nothing_is_said() -> None:
    assert fix_of(unplanned("no_common_slot"), NAMES, "zh") == ""
    direct = Unplanned(pair="ue", cause="not_placeable", fix=Fix("S2", ()))
    assert fix_of(direct, NAMES, "en") == "Fits into slot 2 as it is"
    assert fix_of(direct, NAMES, "zh") == "可直接排入第 2 场"
