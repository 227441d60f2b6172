"""Pairs as .csv and .jsonl, read back cell by cell and key by key."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.exchange.cells import undefuse
from market.exchange.csv_rows import write_csv_rows
from market.exchange.headers import Column
from market.exchange.pair_report import PairReport
from tests.market.exchange.reports import GOOD, OTHER_RESULT, both_ways, make_report, written
from tests.market.factories import bare_need, bare_result, make_need, make_result

CHINESE = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")


def table(folder: Path, report: PairReport) -> list[list[str]]:
    text = written(folder, "p.csv", report).read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def rows(folder: Path, report: PairReport) -> list[dict[str, str]]:
    headers, *cells = table(folder, report)
    return [dict(zip(headers, row, strict=True)) for row in cells]


def objects(folder: Path, report: PairReport) -> list[dict[str, Any]]:
    lines = written(folder, "p.jsonl", report).read_bytes().splitlines()
    return [msgspec.json.decode(line) for line in lines]


def english_pair() -> dict[str, Any]:
    """Changes for a report whose data holds no Chinese."""
    need = make_need(
        title="Sole slips",
        description="Wet floors",
        indicators="0.5",
        enterprise="Jinjiang Shoes",
        modes=("licence", "service"),
        keywords=("sole", "grip"),
    )
    result = make_result(
        title="Rubber sole",
        summary="Silica",
        keywords=("sole", "silica"),
        institute="Citong University",
        rights="know_how",
        patents=("ZL1", "ZL2"),
    )
    pair = msgspec.structs.replace(
        GOOD, need=need, result=result, reasons=("a", "b"), counter_reasons=("c", "d")
    )
    return {"need_columns": (), "result_columns": (), "lang": "en", **both_ways((pair,))}


def test_csv_is_utf_8_with_bom_and_ends_lines_as_excel_expects(tmp_path: Path) -> None:
    content = written(tmp_path, "p.csv", make_report()).read_bytes()

    assert content.startswith("\ufeff需求编号,需求名称,名次,".encode())
    assert content.endswith(b"\r\n")
    # The summary of one result holds a line end of its own.
    assert content.count(b"\r\n") == 4


def test_csv_row_says_who_is_paired_and_why(tmp_path: Path) -> None:
    first = rows(tmp_path, make_report())[0]

    assert list(first.items())[:9] == [
        ("需求编号", "N1"),
        ("需求名称", "橡胶鞋底湿摩擦系数不够"),
        ("名次", "1"),
        ("成果编号", "R1"),
        ("成果名称", "高湿摩擦系数橡胶鞋底材料"),
        ("得分", "91.5"),
        ("理由", "行业一致；同属新材料领域"),
        ("不利因素", "两地相隔"),
        ("提醒", ""),
    ]
    assert list(first.items())[-2:] == [("需求·场次", "上午"), ("成果·展位", "A区01")]
    assert (first["需求关键词"], first["价格下限（元）"]) == ("鞋底、防滑", "600000")


def test_csv_keeps_line_ends_inside_of_cells(tmp_path: Path) -> None:
    second = rows(tmp_path, make_report())[1]

    assert (second["成果编号"], second["成果简介"]) == ("R2", OTHER_RESULT.summary)


def test_csv_names_the_direction_only_both_ways(tmp_path: Path) -> None:
    one_way = rows(tmp_path, make_report())
    two_ways = rows(tmp_path, make_report(**both_ways()))

    assert {"方向", "互选", "成果方名次"}.isdisjoint(one_way[0])
    assert [(row["方向"], row["互选"], row["成果方名次"]) for row in two_ways] == [
        ("需求找成果", "是", "1"),
        ("需求找成果", "否", "1"),
        ("成果找需求", "是", "1"),
        ("成果找需求", "否", "1"),
    ]


@pytest.mark.parametrize("name", ["p.csv", "p.jsonl"])
def test_english_text_holds_no_chinese_but_data(name: str, tmp_path: Path) -> None:
    text = written(tmp_path, name, make_report(**english_pair())).read_text("utf-8-sig")

    assert CHINESE.findall(text) == []


def test_english_lists_are_joined_by_semicolons(tmp_path: Path) -> None:
    first = rows(tmp_path, make_report(**english_pair()))[0]

    assert (first["Reasons"], first["Counter-reasons"]) == ("a; b", "c; d")
    assert (first["Need: keywords"], first["Patents"]) == ("sole; grip", "ZL1; ZL2")
    assert (first["Direction"], first["Mutual"]) == ("need → results", "no")


def test_formulas_are_defused_in_cells_and_headers(tmp_path: Path) -> None:
    attack = '=HYPERLINK("http://x.example")'
    pair = msgspec.structs.replace(
        GOOD,
        need=bare_need("@N1", "+1+1", "-2", extra={"=H1": "\t=1"}),
        result=bare_result("＝R", attack),
    )
    report = make_report(pairs=[pair], need_columns=(Column("=H1", "extra"),), result_columns=())

    headers, row = table(tmp_path, report)

    cells = dict(zip(headers, row, strict=True))
    assert (cells["需求编号"], cells["成果编号"]) == ("'@N1", "'＝R")
    assert (cells["需求名称"], cells["需求描述"]) == ("'+1+1", "'-2")
    assert cells["成果名称"] == f"'{attack}"
    # A prefix before the header of a source makes it harmless.
    assert headers[-1] == "需求·=H1"
    assert row[-1] == "'\t=1"


def test_ids_keep_their_leading_noughts(tmp_path: Path) -> None:
    pair = msgspec.structs.replace(GOOD, need=bare_need("007", "a"), result=bare_result("00", "b"))

    (row,) = rows(tmp_path, make_report(pairs=[pair]))

    assert (row["需求编号"], row["成果编号"]) == ("007", "00")


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=20), min_size=2, max_size=4))
def test_any_cells_come_back_from_csv(cells: list[str]) -> None:
    buffer = io.BytesIO()
    write_csv_rows(["a", *cells], [[*cells, 7]], buffer)

    text = buffer.getvalue().decode("utf-8-sig")
    headers, row = csv.reader(io.StringIO(text, newline=""), strict=True)

    assert [undefuse(cell) for cell in headers] == ["a", *cells]
    assert [undefuse(cell) for cell in row] == [*cells, "7"]
    assert [cell for cell in (*headers, *row) if cell[:1] in set("=+-@\t\r＝＋－＠")] == []


def test_file_stays_open_after_the_rows() -> None:
    buffer = io.BytesIO()

    write_csv_rows(["a"], [["\ud800"]], buffer)

    assert buffer.getvalue() == "\ufeffa\r\n?\r\n".encode()


def test_json_object_of_a_pair(tmp_path: Path) -> None:
    first = objects(tmp_path, make_report())[0]

    assert first == {
        "need_id": "N1",
        "result_id": "R1",
        "rank": 1,
        "score": 91.5,
        "reasons": ["行业一致", "同属新材料领域"],
        "counter_reasons": ["两地相隔"],
        "warnings": [],
        "need": {
            "id": "N1",
            "title": "橡胶鞋底湿摩擦系数不够",
            "description": "现有橡胶鞋底在湿地面上打滑，求配方。",
            "keywords": ["鞋底", "防滑"],
            "indicators": "湿摩擦系数≥0.5",
            "fields": ["新材料"],
            "industries": ["橡胶鞋制造 C1954"],
            "trl_min": 6,
            "trl_max": None,
            "modes": ["技术许可"],
            "budget_min_cny": None,
            "budget_max_cny": 800_000,
            "deadline": None,
            "division": "晋江市 350582",
            "enterprise": "晋江某鞋业有限公司",
            "credit_code": "",
            "extra": {"场次": "上午"},
        },
        "result": {
            "id": "R1",
            "title": "高湿摩擦系数橡胶鞋底材料",
            "summary": "用白炭黑补强橡胶，湿摩擦系数由0.32提升到0.55。",
            "keywords": ["鞋底", "湿摩擦系数"],
            "fields": ["新材料"],
            "industries": ["橡胶鞋制造 C1954"],
            "trl": 7,
            "modes": ["技术许可", "技术服务"],
            "price_min_cny": 600_000,
            "price_max_cny": 600_000,
            "division": "丰泽区 350503",
            "institute": "刺桐大学",
            "credit_code": "",
            "patents": [],
            "rights": "已授权",
            "ready_on": None,
            "extra": {"展位": "A区01"},
        },
    }


def test_keys_stand_in_the_same_order_in_every_line(tmp_path: Path) -> None:
    lines = objects(tmp_path, make_report(with_contacts=True, **both_ways()))

    assert {tuple(line) for line in lines} == {
        (
            *("need_id", "result_id", "rank", "score", "reasons", "counter_reasons", "warnings"),
            *("direction", "result_rank", "mutual", "need", "result"),
        )
    }
    assert {tuple(line["need"])[-2:] for line in lines} == {("extra", "contacts")}
