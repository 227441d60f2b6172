"""Handbook and badges: what their data holds, that text stays text, that bytes do not change."""

import re
import sys
import zlib

import pytest

from market.exchange.fair_agendas import FairView
from market.exchange.fair_handbook import badges_of, handbook_of
from market.exchange.fair_pdf import PdfMissing, badges_pdf, handbook_pdf, qr_svg
from tests.market.exchange.fair_books import (
    HOSTILE_TEXTS,
    QUIET_NAME,
    SECRET_EMAIL,
    SECRET_PHONE,
    english_book,
    hostile_book,
    make_slots,
    make_view,
)
from tests.market.exchange.test_pairs_workbook import CHINESE


def pages_of(pdf: bytes) -> int:
    """How many pages a PDF has, its compressed objects looked into."""
    whole = pdf
    for stream in re.finditer(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            whole += zlib.decompress(stream[1])
        except zlib.error:
            continue
    return max(int(count) for count in re.findall(rb"/Count (\d+)", whole))


def told(payload: str) -> str:
    """Instead of the picture of a code what it says."""
    return f"<{payload}>"


def test_handbook_shows_a_participant_with_listings_and_agenda() -> None:
    groups = handbook_of(make_view(), told)["groups"]

    assert [(group["name"], len(group["participants"])) for group in groups] == [
        ("高校院所", 1),
        ("企业", 2),
        ("投资机构", 1),
    ]
    assert groups[0]["participants"] == [
        {
            "number": 1,
            "name": "刺桐大学",
            "kind": "institute",
            "kind_name": "高校院所",
            "zone": "鞋服",
            "profile": ["做橡胶与纺织材料。"],
            "qr": "<fair-1/P1>",
            "listings": [
                {
                    "kind": "成果",
                    "title": "高湿摩擦系数橡胶鞋底材料",
                    "facts": "TRL 7 · 技术许可",
                    "summary": ["湿摩擦系数由0.32提升到0.55。"],
                }
            ],
            "agenda": [
                {
                    "day": "06-18",
                    "clock": "09:00–09:20",
                    "table": "A-01",
                    "partner": "晋江某鞋业有限公司",
                    "subject": "高湿摩擦系数橡胶鞋底材料 ↔ 橡胶鞋底湿摩擦系数不够",
                },
                {
                    "day": "06-18",
                    "clock": "09:20–09:40",
                    "table": "A-01",
                    "partner": "海丝基金",
                    "subject": "",
                },
            ],
        }
    ]


def test_handbook_shows_programme_zones_and_table_plan() -> None:
    book = handbook_of(make_view(url="https://fair.example"), told)

    assert book["days"] == [
        {
            "name": "2027-06-18 周五",
            "slots": [
                {"number": 1, "clock": "09:00–09:20", "meetings": 1},
                {"number": 2, "clock": "09:20–09:40", "meetings": 1},
                {"number": 3, "clock": "09:40–10:00", "meetings": 0},
            ],
        }
    ]
    assert book["zones"] == [
        {"name": "鞋服", "tables": "A-01", "participants": ["刺桐大学", "晋江某鞋业有限公司"]},
        {"name": "综合", "tables": "", "participants": []},
    ]
    assert book["grids"] == [
        {
            "name": "2027-06-18 周五  09:00–10:00",
            "slots": ["1\n09:00–09:20", "2\n09:20–09:40", "3\n09:40–10:00"],
            "rows": [
                {
                    "table": "A-01",
                    "cells": [("刺桐大学", "晋江某鞋业有限公司"), ("刺桐大学", "海丝基金"), None],
                }
            ],
        }
    ]
    assert book["qr"] == "<https://fair.example>"


def test_badges_are_there_for_each_delegate_and_nameless_ones_for_teams() -> None:
    badges = badges_of(make_view(), told)["badges"]

    keys = ("name", "post", "organisation", "kind_name", "qr")
    assert [tuple(badge[key] for key in keys) for badge in badges] == [
        ("王芳", "所长", "刺桐大学", "高校院所", "<fair-1/P1/1>"),
        (QUIET_NAME, "助理", "刺桐大学", "高校院所", "<fair-1/P1/2>"),
        ("李强", "", "晋江某鞋业有限公司", "企业", "<fair-1/P2/1>"),
        ("海丝基金", "", "", "投资机构", "<fair-1/P3/1>"),
        ("晚到的企业", "", "", "企业", "<fair-1/P4/1>"),
    ]


def test_handbook_leaks_nobody_and_badges_no_contact() -> None:
    handbook = str(handbook_of(make_view(), told))
    badges = str(badges_of(make_view(), told))

    # Everybody gets the handbook; people consent to be known to those whom they meet.
    contacts = (SECRET_PHONE, SECRET_EMAIL, "open@example.org", "0595-22690001")
    secrets = (*contacts, QUIET_NAME, "李强", "王芳")
    assert [secret for secret in secrets if secret in handbook] == []
    assert [contact for contact in contacts if contact in badges] == []


def test_english_pages_hold_no_chinese() -> None:
    view = FairView(english_book())

    assert CHINESE.findall(str(handbook_of(view, told)) + str(badges_of(view, told))) == []
    assert pages_of(handbook_pdf(view)) >= 5


def test_pages_are_set() -> None:
    assert pages_of(handbook_pdf(make_view())) == 5
    assert pages_of(badges_pdf(make_view())) == 1


def test_long_days_go_over_several_grids() -> None:
    grids = handbook_of(make_view(slots=make_slots(20)), told)["grids"]

    assert [len(grid["slots"]) for grid in grids] == [8]
    assert grids[0]["name"].endswith("09:00–11:40")


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_hostile_text_is_set_as_text(text: str) -> None:
    view = FairView(hostile_book(text))

    assert handbook_pdf(view).startswith(b"%PDF-")
    assert badges_pdf(view).startswith(b"%PDF-")


def test_fair_without_anything_has_a_handbook_too() -> None:
    empty = make_view(
        participants=(), pairs=(), meetings=(), unplanned=(), slots=(), tables=(), zones=()
    )

    assert handbook_pdf(empty).startswith(b"%PDF-")
    assert pages_of(badges_pdf(empty)) == 1


def test_same_fair_gives_the_same_bytes() -> None:
    assert handbook_pdf(make_view()) == handbook_pdf(make_view())
    assert badges_pdf(make_view()) == badges_pdf(make_view())
    assert handbook_pdf(make_view(name="另一场")) != handbook_pdf(make_view())


def test_code_that_fits_into_no_picture_is_left_out() -> None:
    assert qr_svg("") == ""
    assert qr_svg("x" * 5_000) == ""
    assert qr_svg("fair-1/P1").startswith("<svg ")


def test_without_the_extra_the_reason_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)

    with pytest.raises(PdfMissing, match=re.escape("pip install 'duijie[fairs]'")):
        handbook_pdf(make_view())
