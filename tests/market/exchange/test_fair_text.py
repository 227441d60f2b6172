"""A fair's lists as .csv and .jsonl: read back whole, no formulas, no contact without consent."""

import csv
import io
from typing import Any

import msgspec
import pytest

from market.exchange.fair_agendas import FairView
from market.exchange.fair_book import FunnelFigure
from market.exchange.fair_text import (
    FAIR_LISTS,
    CsvEncoding,
    ListName,
    write_fair_csv,
    write_fair_jsonl,
)
from tests.market.commands.runs import parsed
from tests.market.exchange.fair_books import (
    HOSTILE_TEXTS,
    OPEN_LINE,
    QUIET_NAME,
    SECRET_EMAIL,
    SECRET_PHONE,
    english_book,
    hostile_book,
    make_view,
)

NAMES: tuple[ListName, ...] = (
    *("participants", "pairs", "meetings", "agendas"),
    *("table_plan", "unplanned", "signings", "statistics"),
)


def jsonl(view: FairView, name: ListName) -> bytes:
    file = io.BytesIO()
    write_fair_jsonl(view, name, file)
    return file.getvalue()


def csv_bytes(view: FairView, name: ListName, encoding: CsvEncoding = "utf-8-sig") -> bytes:
    file = io.BytesIO()
    write_fair_csv(view, name, file, encoding)
    return file.getvalue()


def csv_rows(content: bytes, encoding: str = "utf-8-sig") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(encoding), newline="")))


def test_lists_that_can_be_written_are_these() -> None:
    assert tuple(FAIR_LISTS) == NAMES


def test_meetings_stand_in_their_order_of_time() -> None:
    common = {"hall": "1号馆", "first": "刺桐大学", "first_kind": "高校院所"}

    assert parsed(jsonl(make_view(), "meetings")) == [
        {
            "slot": 1,
            "begins_at": "2027-06-18T09:00:00+08:00",
            "ends_at": "2027-06-18T09:20:00+08:00",
            "table": "A-01",
            **common,
            "second": "晋江某鞋业有限公司",
            "second_kind": "企业",
            "state": "已排定",
            "result": "高湿摩擦系数橡胶鞋底材料",
            "need": "橡胶鞋底湿摩擦系数不够",
            "score": 91.5,
            "reasons": ["行业一致", "同属新材料领域"],
            "uid": "m-1",
        },
        {
            "slot": 1,
            "begins_at": "2027-06-18T09:00:00+08:00",
            "ends_at": "2027-06-18T09:20:00+08:00",
            "table": "A-02",
            **common,
            "second": "晚到的企业",
            "second_kind": "企业",
            "state": "已取消",
            "result": "",
            "need": "",
            "score": None,
            "reasons": [],
            "uid": "m-0",
        },
        {
            "slot": 2,
            "begins_at": "2027-06-18T09:20:00+08:00",
            "ends_at": "2027-06-18T09:40:00+08:00",
            "table": "A-01",
            **common,
            "second": "海丝基金",
            "second_kind": "投资机构",
            "state": "已排定",
            "result": "",
            "need": "",
            "score": None,
            "reasons": [],
            "uid": "m-2",
        },
    ]


def test_pairs_say_who_wished_what_and_whether_they_meet() -> None:
    pairs = parsed(jsonl(make_view(), "pairs"))

    keys = ("pair", "first_wish", "second_wish", "score", "weight", "planned")
    assert [tuple(pair[key] for key in keys) for pair in pairs] == [
        ("A", "愿意", "必须", 91.5, 960, True),
        ("B", "", "愿意", None, 300, True),
        ("C", "", "愿意", None, 120, False),
        ("D", "不见", "", None, 1, False),
    ]


def test_agendas_name_the_partner_and_its_consenting_people() -> None:
    agendas = parsed(jsonl(make_view(), "agendas"))

    keys = ("organisation", "number", "slot", "table", "partner", "contacts")
    assert [tuple(each[key] for key in keys) for each in agendas] == [
        ("刺桐大学", 1, 1, "A-01", "晋江某鞋业有限公司", []),
        ("刺桐大学", 2, 2, "A-01", "海丝基金", []),
        ("晋江某鞋业有限公司", 1, 1, "A-01", "刺桐大学", [OPEN_LINE]),
        ("海丝基金", 1, 2, "A-01", "刺桐大学", [OPEN_LINE]),
    ]


def test_table_plan_has_every_table_in_every_slot() -> None:
    rows = parsed(jsonl(make_view(), "table_plan"))

    seats = [(row["slot"], row["table"], row["zone"], row["first"], row["second"]) for row in rows]
    assert seats == [
        (1, "A-01", "鞋服", "刺桐大学", "晋江某鞋业有限公司"),
        (1, "A-02", "", None, None),
        (2, "A-01", "鞋服", "刺桐大学", "海丝基金"),
        (2, "A-02", "", None, None),
        (3, "A-01", "鞋服", None, None),
        (3, "A-02", "", None, None),
    ]
    assert (rows[0]["begins_at"], rows[0]["hall"]) == ("2027-06-18T09:00:00+08:00", "1号馆")


def test_statistics_end_with_what_came_of_the_fair_and_what_it_counts() -> None:
    funnel = (
        FunnelFigure(name="意向订单", definition="双方都确认过的意向订单", count=3),
        FunnelFigure(name="签订合同", definition="双方都确认", count=1, amount_cny=650_000),
    )

    rows = csv_rows(csv_bytes(make_view(funnel=funnel), "statistics"))

    assert rows[0] == ["项目", "内容", "统计口径"]
    assert rows[-3:] == [
        ["意向订单", "3", "双方都确认过的意向订单"],
        ["签订合同", "1", "双方都确认"],
        ["签订合同 金额（元）", "650000", ""],
    ]


def test_who_has_left_is_in_no_list_but_in_the_cancelled_meeting() -> None:
    participants = make_view().book.participants
    left = msgspec.structs.replace(participants[3], has_left=True)
    view = make_view(participants=(*participants[:3], left))

    texts = {name: jsonl(view, name).decode() for name in NAMES}
    naming = [name for name, text in texts.items() if "晚到的企业" in text]
    assert naming == ["pairs", "meetings", "unplanned"]
    assert [agenda.participant.id for agenda in view.agendas()] == ["P1", "P2", "P3"]


def test_csv_shows_local_times_and_lists_as_lines() -> None:
    header, first, *_ = csv_rows(csv_bytes(make_view(), "meetings"))

    assert dict(zip(header, first, strict=True)) == {
        "场次": "1",
        "开始": "2027-06-18 09:00",
        "结束": "09:20",
        "桌号": "A-01",
        "展厅": "1号馆",
        "甲方（固定）": "刺桐大学",
        "甲方类别": "高校院所",
        "乙方": "晋江某鞋业有限公司",
        "乙方类别": "企业",
        "成果": "高湿摩擦系数橡胶鞋底材料",
        "需求": "橡胶鞋底湿摩擦系数不够",
        "匹配得分": "91.5",
        "理由": "行业一致\n同属新材料领域",
        "状态": "已排定",
        "会面编号": "m-1",
    }


@pytest.mark.parametrize("name", NAMES)
def test_both_encodings_hold_the_same_table(name: ListName) -> None:
    view = make_view()

    assert csv_rows(csv_bytes(view, name, "gb18030"), "gb18030") == csv_rows(csv_bytes(view, name))
    assert csv_bytes(view, name).startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("name", NAMES)
def test_english_lists_hold_no_chinese(name: ListName) -> None:
    view = FairView(english_book())

    assert csv_bytes(view, name).decode("utf-8-sig").isascii()
    assert jsonl(view, name).isascii()


@pytest.mark.parametrize("name", NAMES)
def test_contacts_without_consent_are_in_no_list(name: ListName) -> None:
    view = make_view()
    texts = [jsonl(view, name).decode(), csv_bytes(view, name).decode()]

    secrets: tuple[str, ...] = (SECRET_PHONE, SECRET_EMAIL)
    # The organizer's own list names everybody who comes.
    secrets = secrets if name == "participants" else (*secrets, QUIET_NAME, "李强")
    assert [word for word in secrets if word in str(texts)] == []


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
@pytest.mark.parametrize("name", NAMES)
def test_no_cell_is_run_as_a_formula(name: ListName, text: str) -> None:
    view = FairView(hostile_book(text))

    cells = [cell for row in csv_rows(csv_bytes(view, name)) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
@pytest.mark.parametrize("name", NAMES)
def test_every_line_stays_one_object(name: ListName, text: str) -> None:
    lines = jsonl(FairView(hostile_book(text)), name).splitlines()

    shown = text.encode("utf-8", "replace").decode()
    objects = [msgspec.json.decode(line, type=dict[str, Any]) for line in lines]
    assert len({tuple(each) for each in objects}) == 1
    if name in {"pairs", "meetings", "agendas"}:
        assert len(objects) == (2 if name == "agendas" else 1)
        assert {each["result"] for each in objects} == {shown}


@pytest.mark.parametrize("name", NAMES)
def test_same_fair_gives_the_same_bytes(name: ListName) -> None:
    once: list[Any] = [jsonl(make_view(), name), csv_bytes(make_view(), name)]
    again = [jsonl(make_view(), name), csv_bytes(make_view(), name)]

    assert again == once


def test_order_of_the_book_does_not_move_meetings() -> None:
    view = make_view()
    turned = make_view(meetings=tuple(reversed(view.book.meetings)))

    assert jsonl(turned, "meetings") == jsonl(view, "meetings")
    assert msgspec.json.encode(view.book) != msgspec.json.encode(turned.book)
