"""The organizer's workbook: every sheet read back, its print set-up, and who is in it."""

import io
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from market.exchange.fair_agendas import FairView
from market.exchange.fair_book import FairSlot
from market.exchange.fair_workbook import write_fair_workbook
from market.exchange.problems import RowProblem
from tests.market.commands.runs import all_text, column, sheets_of
from tests.market.exchange.fair_books import (
    HOSTILE_TEXTS,
    OPEN_LINE,
    QUIET_NAME,
    SECRET_EMAIL,
    SECRET_PHONE,
    english_book,
    hostile_book,
    make_slots,
    make_view,
)
from tests.market.exchange.test_pairs_workbook import CHINESE, NAMESPACE, part, worksheets

TABS = [
    *("概况", "参会单位", "配对", "会面", "各单位日程", "桌位表 06-18", "未排定", "签约", "统计"),
]
REFUSED = RowProblem("成果", 5, "成果编号", "duplicate_id", {"value": "R1", "first": "2"})


def written(view: FairView, path: Path, **more: Any) -> Path:
    with path.open("wb") as file:
        write_fair_workbook(view, file, **more)
    return path


@pytest.fixture
def fair(tmp_path: Path) -> Path:
    return written(make_view(), tmp_path / "fair.xlsx")


def test_sheets_stand_in_the_order_of_the_work(fair: Path) -> None:
    assert list(sheets_of(fair)) == TABS


def test_overview_tells_the_fair(fair: Path) -> None:
    assert sheets_of(fair)["概况"] == [
        ["项目", "内容"],
        ["名称", "科技成果面对面·鞋服专场"],
        ["主办方", "晋江市科技局"],
        ["地点", "晋江国际会展中心"],
        ["地址", "晋江市世纪大道"],
        ["时区", "Asia/Shanghai"],
        ["日期", "2027-06-18 周五 09:00–10:00 (3 场)"],
        ["展区", "鞋服、综合"],
        ["展厅", "1号馆"],
        ["洽谈桌", 2],
        ["简介", "鞋服行业成果与需求一对一洽谈。"],
        ["排定时间", "2027-06-01 09:30"],
        ["联系方式", "电话和邮箱仅在本人单独同意后列出（个人信息保护法第二十三条）。"],
    ]


def test_participants_show_contacts_of_those_who_consent(fair: Path) -> None:
    assert sheets_of(fair)["参会单位"] == [
        [
            *("编号", "单位名称", "类别", "展区", "洽谈组数", "成果数", "需求数", "会面数"),
            *("空等场次", "参会人员", "简介"),
        ],
        [
            *("P1", "刺桐大学", "高校院所", "鞋服", 2, 1, 0, 2, 1),
            *(f"{OPEN_LINE}\n{QUIET_NAME} 助理", "做橡胶与纺织材料。"),
        ],
        ["P2", "晋江某鞋业有限公司", "企业", "鞋服", 1, 0, 1, 1, 0, "李强", ""],
        ["P3", "海丝基金", "投资机构", "", 1, 0, 0, 1, 0, "", ""],
        ["P4", "晚到的企业", "企业", "", 1, 0, 0, 0, 0, "", ""],
    ]


def test_table_plan_is_a_grid_of_tables_and_slots(fair: Path) -> None:
    assert sheets_of(fair)["桌位表 06-18"] == [
        ["桌号", "1\n09:00–09:20", "2\n09:20–09:40", "3\n09:40–10:00"],
        ["A-01\n1号馆", "刺桐大学\n晋江某鞋业有限公司", "刺桐大学\n海丝基金", ""],
        ["A-02\n1号馆", "", "", ""],
    ]


def test_unplanned_pairs_say_why_and_what_helps(fair: Path) -> None:
    assert sheets_of(fair)["未排定"] == [
        ["甲方", "乙方", "匹配得分", "权重", "原因类别", "原因", "最小代价的办法", "代价"],
        [
            *("刺桐大学", "晚到的企业", "", 120, "日程已满", "“刺桐大学”的日程已满"),
            *("第 3 场：取消较轻的一场", 80),
        ],
        [
            *("晋江某鞋业有限公司", "海丝基金", "", 1, "一方不愿会面", "一方不愿会面", "", 0),
        ],
    ]


def test_signing_list_and_statistics(fair: Path) -> None:
    rows = sheets_of(fair)

    assert rows["签约"][1:] == [
        [
            *(1, "鞋底材料产业化", "刺桐大学\n晋江某鞋业有限公司", "高新技术产业项目"),
            *(12_000_000, "是"),
        ]
    ]
    assert rows["统计"][1:] == [
        ["参会单位：高校院所", 1, ""],
        ["参会单位：企业", 2, ""],
        ["参会单位：投资机构", 1, ""],
        ["成果", 1, ""],
        ["需求", 1, ""],
        ["场次", 3, ""],
        ["洽谈桌", 2, ""],
        ["可会面的配对", 3, ""],
        ["已排定会面", 2, ""],
        ["已取消会面", 1, ""],
        ["表达的意愿", 4, ""],
        ["满足的意愿", 3, ""],
        ["意愿满足率", "75.0 %", ""],
        ["方案总权重", 1260, ""],
        ["权重上界", 1300, ""],
        ["达到上界的比例", "96.9 %", ""],
        ["没有会面的单位", 1, ""],
        ["其中", "晚到的企业", ""],
        ["空等场次合计", 1, ""],
        ["桌位利用率", "33.3 %", ""],
        ["未排定：一方不愿会面", 1, ""],
        ["未排定：日程已满", 1, ""],
    ]


def test_refused_rows_name_their_sheet(tmp_path: Path) -> None:
    path = written(make_view(signings=()), tmp_path / "f.xlsx", problems=[REFUSED])

    found = sheets_of(path)
    assert list(found) == [*(tab for tab in TABS if tab != "签约"), "退回行"]
    assert found["退回行"] == [
        ["工作表", "行", "列", "类别", "原因", "原值"],
        ["成果", 5, "成果编号", "退回", "编号“R1”与第 2 行重复", "R1"],
    ]


def test_fair_of_several_days_has_a_grid_for_each(tmp_path: Path) -> None:
    later = tuple(
        FairSlot(id=f"L{each.id}", begins_at=each.begins_at, ends_at=each.ends_at)
        for each in make_slots(20, day=19)
    )
    path = written(make_view(slots=(*make_slots(), *later)), tmp_path / "f.xlsx")

    found = sheets_of(path)
    assert [tab for tab in found if tab.startswith("桌位表")] == ["桌位表 06-18", "桌位表 06-19"]
    assert found["桌位表 06-19"][0][1] == "4\n09:00–09:20"
    pages = worksheets(path)["桌位表 06-19"].find("x:pageSetup", NAMESPACE)
    assert pages is not None
    assert pages.get("fitToWidth") == "3"


def test_every_sheet_prints_on_landscape_a4_with_a_frozen_header(fair: Path) -> None:
    found = worksheets(fair)

    pages = [sheet.find("x:pageSetup", NAMESPACE) for sheet in found.values()]
    assert {
        (page.get("paperSize"), page.get("orientation")) for page in pages if page is not None
    } == {("9", "landscape")}
    panes = [sheet.find(".//x:pane", NAMESPACE) for sheet in found.values()]
    assert [pane.get("ySplit") for pane in panes if pane is not None] == ["1"] * len(TABS)
    filtered = [
        name for name, sheet in found.items() if sheet.find("x:autoFilter", NAMESPACE) is not None
    ]
    assert filtered == ["参会单位", "配对", "会面", "各单位日程", "未排定", "签约"]
    names = part(fair, "xl/workbook.xml").findall(".//x:definedName", NAMESPACE)
    titles = {name.text for name in names if name.get("name") == "_xlnm.Print_Titles"}
    assert len(titles) == len(TABS)


def test_wide_grid_repeats_its_tables_on_every_page(tmp_path: Path) -> None:
    path = written(make_view(slots=make_slots(17)), tmp_path / "f.xlsx")

    names = part(path, "xl/workbook.xml").findall(".//x:definedName", NAMESPACE)
    titles = [name.text for name in names if name.get("name") == "_xlnm.Print_Titles"]
    assert "'桌位表 06-18'!$A:$A,'桌位表 06-18'!$1:$1" in titles


def test_contacts_without_consent_are_nowhere(fair: Path) -> None:
    text = all_text(fair)

    assert [secret for secret in (SECRET_PHONE, SECRET_EMAIL) if secret in text] == []
    assert OPEN_LINE in text
    agendas = sheets_of(fair)["各单位日程"]
    assert set(column(agendas, "对方联系人（经同意）")) == {"", OPEN_LINE}
    assert QUIET_NAME not in str(agendas)


def test_english_workbook_holds_no_chinese(tmp_path: Path) -> None:
    path = written(FairView(english_book()), tmp_path / "f.xlsx", problems=())

    assert CHINESE.findall(all_text(path)) == []
    assert list(sheets_of(path)) == [
        *("Overview", "Participants", "Matched pairs", "Meetings", "Agendas"),
        *("Table plan 06-18", "Unplanned", "Signing list", "Statistics"),
    ]


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_hostile_text_is_text_in_every_sheet(text: str, tmp_path: Path) -> None:
    path = written(FairView(hostile_book(text)), tmp_path / "f.xlsx")

    assert list(sheets_of(path)) == TABS
    for sheet in worksheets(path).values():
        assert sheet.find(".//x:f", NAMESPACE) is None
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            ET.fromstring(archive.read(name))


def test_fair_without_anything_is_a_workbook_too(tmp_path: Path) -> None:
    empty = make_view(
        participants=(), pairs=(), meetings=(), unplanned=(), slots=(), tables=(), signings=()
    )

    found = sheets_of(written(empty, tmp_path / "f.xlsx"))

    assert list(found) == [tab for tab in TABS if tab not in {"桌位表 06-18", "签约"}]
    assert [len(found[tab]) for tab in ("参会单位", "配对", "会面", "未排定")] == [1, 1, 1, 1]


def test_bytes_depend_on_the_book_alone() -> None:
    files = [io.BytesIO(), io.BytesIO(), io.BytesIO()]
    write_fair_workbook(make_view(), files[0])
    write_fair_workbook(make_view(), files[1])
    write_fair_workbook(make_view(name="另一场"), files[2])

    assert files[1].getvalue() == files[0].getvalue()
    assert files[2].getvalue() != files[0].getvalue()
