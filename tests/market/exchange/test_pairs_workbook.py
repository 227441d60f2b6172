"""The workbook of pairs: what stands in which sheet, what leads where, and how it prints."""

import io
import re
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest

from market.exchange import sheets
from market.exchange.pair_report import PairReport, PairRow
from market.exchange.problems import Lang
from tests.market.commands.runs import all_text, column, sheets_of
from tests.market.exchange.reports import (
    GOOD,
    KILN_NEED,
    LONE_WITHOUT,
    POOR,
    both_ways,
    growing_report,
    make_report,
    written,
)
from tests.market.factories import bare_need, bare_result

NAMESPACE = {
    "x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
}
CHINESE = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")
TABS = ["配对", "需求一览", "无合适成果", "退回行", "说明"]


def part(path: Path, name: str) -> ET.Element:
    with zipfile.ZipFile(path) as archive:
        return ET.fromstring(archive.read(name))


def worksheets(path: Path) -> dict[str, ET.Element]:
    """The XML of each sheet under its name; they are numbered in the order of their tabs."""
    book = part(path, "xl/workbook.xml")
    names = [str(sheet.get("name")) for sheet in book.iterfind(".//x:sheet", NAMESPACE)]
    return {n: part(path, f"xl/worksheets/sheet{i}.xml") for i, n in enumerate(names, 1)}


def links(path: Path) -> dict[str, list[tuple[str, str]]]:
    """Of each sheet that has any: from which cell to which place a link leads."""
    found = {
        name: [
            (str(link.get("ref")), str(link.get("location")))
            for link in sheet.iterfind(".//x:hyperlink", NAMESPACE)
        ]
        for name, sheet in worksheets(path).items()
    }
    return {name: leads for name, leads in found.items() if leads}


def about(path: Path, tab: str = "说明") -> dict[str, Any]:
    return {row[0]: row[1] for row in sheets_of(path)[tab][1:]}


@pytest.fixture
def grown(tmp_path: Path) -> Path:
    """A workbook whose needs without a result were noted only while it was written."""
    return written(tmp_path, "grown.xlsx", growing_report())


def test_pairs_stand_in_their_order_with_reasons_on_lines(grown: Path) -> None:
    rows = sheets_of(grown)["配对"]

    assert [row[:9] for row in rows] == [
        [
            *("需求编号", "需求名称", "名次", "成果编号", "成果名称", "得分", "理由", "不利因素"),
            "提醒",
        ],
        [
            *("N1", "橡胶鞋底湿摩擦系数不够", 1, "R1", "高湿摩擦系数橡胶鞋底材料", 91.5),
            *("行业一致\n同属新材料领域", "两地相隔", ""),
        ],
        ["N1", "橡胶鞋底湿摩擦系数不够", 2, "R2", "茶叶热泵烘干机", 40, "", "", ""],
        [
            *("N2", "水泥窑脱硝", 1, "R2", "茶叶热泵烘干机", 31.2),
            *("同城", "文字相近处少\n行业不同", ""),
        ],
    ]
    assert rows[0][-2:] == ["需求·场次", "成果·展位"]


def test_overview_tells_good_needs_from_those_without(grown: Path) -> None:
    assert sheets_of(grown)["需求一览"] == [
        ["需求编号", "需求名称", "企业", "合适成果", "最高得分", "最佳成果"],
        [
            *("N1", "橡胶鞋底湿摩擦系数不够", "晋江某鞋业有限公司"),
            *("有", 91.5, "高湿摩擦系数橡胶鞋底材料"),
        ],
        ["N2", "水泥窑脱硝", "水泥厂", "无", 31.2, "茶叶热泵烘干机"],
        ["N3", "没有成果的需求", "某厂", "无", "", ""],
    ]


def test_needs_without_a_result_say_why(grown: Path) -> None:
    rows = sheets_of(grown)["无合适成果"]

    assert [row[:5] for row in rows[1:]] == [
        ["N2", "水泥窑脱硝", "水泥厂", 31.2, "最高分低于 60"],
        ["N3", "没有成果的需求", "某厂", "", "没有可比的成果"],
    ]
    assert column(rows, "需求描述")[0] == KILN_NEED.description


def test_links_lead_from_need_to_pairs_and_back(grown: Path) -> None:
    assert links(grown) == {
        "配对": [("A2", "'需求一览'!A2"), ("A3", "'需求一览'!A2"), ("A4", "'需求一览'!A3")],
        "需求一览": [("A2", "'配对'!A2"), ("A3", "'配对'!A4"), ("A4", "'无合适成果'!A3")],
        "无合适成果": [("A2", "'配对'!A4")],
    }


def test_links_lead_to_the_sheet_on_which_the_pairs_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "MAX_SHEET_ROWS", 3)

    path = written(tmp_path, "p.xlsx", growing_report())

    found = sheets_of(path)
    assert list(found) == [*TABS, "配对 (2)", "需求一览 (2)", "说明 (2)", "说明 (3)"]
    assert column(found["配对 (2)"], "成果编号") == ["R2"]
    assert links(path)["需求一览"] == [("A2", "'配对'!A2"), ("A3", "'配对 (2)'!A2")]
    assert links(path)["配对 (2)"] == [("A2", "'需求一览'!A3")]


def test_every_link_leads_to_a_row_that_exists(tmp_path: Path) -> None:
    path = written(tmp_path, "p.xlsx", make_report(**both_ways()))

    rows = {name: len(cells) for name, cells in sheets_of(path).items()}

    for leads in links(path).values():
        for _, place in leads:
            found = re.fullmatch(r"'(.+)'!A(\d+)", place)
            assert found is not None
            assert 2 <= int(found[2]) <= rows[found[1]]


def test_about_holds_the_counts_that_are_known_at_the_end(grown: Path) -> None:
    told = about(grown)

    assert list(told) == [
        *("计算日期", "每项需求最多成果数", "配对数", "无合适成果的需求数", "得分", "链接")
    ]
    assert (told["计算日期"], told["每项需求最多成果数"]) == ("2026-12-01", 10)
    assert (told["配对数"], told["无合适成果的需求数"]) == (3, 2)


def test_refused_rows_come_before_warnings(grown: Path) -> None:
    assert sheets_of(grown)["退回行"] == [
        ["文件", "行", "列", "类别", "原因", "原值"],
        ["results.csv", 5, "成果编号", "退回", "编号“R1”与第 2 行重复", "R1"],
        ["needs.csv", 3, "专利号", "提醒", "专利号“=ZL1”校验不通过", "=ZL1"],
    ]


def test_both_ways_has_a_sheet_for_each(tmp_path: Path) -> None:
    found = sheets_of(written(tmp_path, "p.xlsx", make_report(**both_ways())))

    assert list(found) == ["配对", "需求一览", "无合适成果", "成果找需求", "退回行", "说明"]
    for tab in ("配对", "成果找需求"):
        assert column(found[tab], "互选") == ["是", "否"]
        assert "方向" not in found[tab][0]


def test_pairs_of_results_stay_out_of_one_way_sheets(tmp_path: Path) -> None:
    changes = {**both_ways(), "both_ways": False}

    found = sheets_of(written(tmp_path, "p.xlsx", make_report(**changes)))

    assert list(found) == TABS
    assert len(found["配对"]) == 3


def english_report() -> PairReport:
    need = bare_need("N1", "Sole slips", "Wet floors", fields=("materials",), keywords=("a", "b"))
    result = bare_result("R1", "Rubber sole", industries=("C1954", "C3463"), rights="granted")
    pair = msgspec.structs.replace(
        GOOD, need=need, result=result, reasons=("one", "two"), counter_reasons=()
    )
    lone = LONE_WITHOUT._replace(need=bare_need("N9", "Kiln"), reason="Nothing to compare with")
    changes: dict[str, Any] = {
        "need_columns": (),
        "result_columns": (),
        "warnings": [],
        "refused": [],
    }
    return make_report(**{**both_ways((pair,)), **changes, "without_result": [lone], "lang": "en"})


def test_english_workbook_holds_no_chinese(tmp_path: Path) -> None:
    path = written(tmp_path, "p.xlsx", english_report())

    assert CHINESE.findall(all_text(path)) == []
    assert list(sheets_of(path)) == [
        *("Pairs", "Needs", "Needs without a result"),
        *("Needs for results", "Refused rows", "About"),
    ]
    assert column(sheets_of(path)["Pairs"], "Need: keywords") == ["a; b"]
    assert column(sheets_of(path)["Needs"], "Good result") == ["yes", "no"]


def test_every_sheet_prints_on_landscape_a4_with_its_header_repeated(tmp_path: Path) -> None:
    path = written(tmp_path, "p.xlsx", make_report(**both_ways()))

    pages = [sheet.find("x:pageSetup", NAMESPACE) for sheet in worksheets(path).values()]
    set_up = {
        (page.get("paperSize"), page.get("orientation"), page.get("fitToHeight"))
        for page in pages
        if page is not None
    }
    names = part(path, "xl/workbook.xml").findall(".//x:definedName", NAMESPACE)
    titles = [name.text for name in names if name.get("name") == "_xlnm.Print_Titles"]

    assert len(pages) == 6
    assert set_up == {("9", "landscape", "0")}
    assert set(titles) == {
        *("配对!$1:$1", "需求一览!$1:$1", "无合适成果!$1:$1"),
        *("成果找需求!$1:$1", "退回行!$1:$1", "说明!$1:$1"),
    }


def test_paper_shows_the_pair_and_why_but_not_every_field(grown: Path) -> None:
    names = part(grown, "xl/workbook.xml").findall(".//x:definedName", NAMESPACE)

    areas = [name.text for name in names if name.get("name") == "_xlnm.Print_Area"]

    assert set(areas) == {
        "配对!$A$1:$I$4",
        "需求一览!$A$1:$F$4",
        "无合适成果!$A$1:$F$3",
        "退回行!$A$1:$F$3",
        "说明!$A$1:$B$7",
    }


def test_ids_stay_in_view_and_tabs_differ_in_colour(tmp_path: Path) -> None:
    path = written(tmp_path, "p.xlsx", make_report(**both_ways()))

    panes = {name: sheet.find(".//x:pane", NAMESPACE) for name, sheet in worksheets(path).items()}
    tabs = [sheet.find(".//x:tabColor", NAMESPACE) for sheet in worksheets(path).values()]

    frozen = {
        name: None if pane is None else (pane.get("xSplit"), pane.get("ySplit"))
        for name, pane in panes.items()
    }
    assert frozen == {
        "配对": ("4", "1"),
        "需求一览": ("1", "1"),
        "无合适成果": ("1", "1"),
        "成果找需求": ("4", "1"),
        "退回行": (None, "1"),
        "说明": (None, "1"),
    }
    assert len({None if tab is None else tab.get("rgb") for tab in tabs}) == 6


def test_long_description_does_not_stretch_its_row(tmp_path: Path) -> None:
    need = bare_need("N1", "鞋底", "很长\n" * 2_000, extra={"场次": "上\n" * 500})
    pair = msgspec.structs.replace(GOOD, need=need)

    path = written(tmp_path, "p.xlsx", make_report(pairs=[pair]))

    row = worksheets(path)["配对"].find(".//x:row[@r='2']", NAMESPACE)
    assert row is not None
    # Two reasons are two lines.
    assert float(row.get("ht", "0")) <= 40
    assert column(sheets_of(path)["配对"], "需求描述") == [need.description.strip()]


def test_every_row_states_a_height(grown: Path) -> None:
    heights = [
        row.get("ht")
        for sheet in worksheets(grown).values()
        for row in sheet.iterfind(".//x:row", NAMESPACE)
    ]

    assert len(heights) == 4 + 4 + 3 + 3 + 7
    assert None not in heights


def hostile(text: str) -> PairRow:
    return msgspec.structs.replace(
        GOOD,
        need=bare_need(text, text, text, enterprise=text, extra={"场次": text}),
        result=bare_result(text, text, text),
        reasons=(text, text),
    )


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "@a", "<r><t>x</t></r>", "a\x0bb\ufffec", "_x0041_", "😀" * 20_000]
)
def test_hostile_text_is_text_in_every_sheet(text: str, tmp_path: Path) -> None:
    without = [LONE_WITHOUT._replace(need=hostile(text).need, reason=text)]
    report = make_report(
        pairs=[hostile(text)], without_result=without, summary=lambda: {text: text}
    )

    path = written(tmp_path, "p.xlsx", report)

    assert list(sheets_of(path)) == TABS
    for sheet in worksheets(path).values():
        assert sheet.find(".//x:f", NAMESPACE) is None
    (pair,) = sheets_of(path)["配对"][1:]
    assert len({pair[0].strip(), pair[1].strip(), pair[3].strip(), pair[4].strip()}) == 1
    assert pair[0].strip()[:2] == re.sub("[\x0b\ufffe]", " ", text)[:2]


def test_id_of_digits_stays_text(tmp_path: Path) -> None:
    pair = msgspec.structs.replace(GOOD, need=bare_need("007", "a"), result=bare_result("00", "b"))

    path = written(tmp_path, "p.xlsx", make_report(pairs=[pair], without_result=[]))

    assert column(sheets_of(path)["配对"], "需求编号") == ["007"]
    assert column(sheets_of(path)["配对"], "成果编号") == ["00"]
    assert column(sheets_of(path)["需求一览"], "需求编号") == ["007"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_bytes_depend_on_the_report_alone(lang: Lang, tmp_path: Path) -> None:
    first = written(tmp_path, "a.xlsx", growing_report(lang=lang)).read_bytes()
    again = written(tmp_path, "b.xlsx", growing_report(lang=lang)).read_bytes()
    other = written(tmp_path, "c.xlsx", make_report(lang=lang, pairs=[GOOD, POOR])).read_bytes()

    assert again == first
    assert other != first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.testzip() is None
