"""The spreadsheet of a fair: what is understood, what is refused, and with which place."""

from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.errors import FileRefused
from market.exchange.fair_book import BroughtListing, Delegate, FairSlot, FairTable, Participant
from market.exchange.fair_file import FairFile, FairSettings, SheetParticipant, SheetWish
from market.exchange.fair_reader import read_fair
from tests.market.exchange.fair_workbooks import (
    NEEDS,
    PARTICIPANTS,
    RESULTS,
    SHEETS,
    SLOTS,
    Rows,
    changed,
    fair_workbook,
)


def utc(hour: int, minute: int, day: int = 18) -> datetime:
    return datetime(2027, 6, day, hour, minute, tzinfo=UTC)


def read(folder: Path, **sheets: Rows | None) -> FairFile:
    return read_fair(fair_workbook(folder / "fair.xlsx", changed(**sheets)))


def refusals(fair: FairFile) -> list[tuple[str, int, str, str]]:
    return [(each.file, each.line, each.column, each.code) for each in fair.refused]


def warnings(fair: FairFile) -> list[tuple[str, int, str, str]]:
    return [(each.file, each.line, each.column, each.code) for each in fair.warnings]


def participants(*rows: tuple[Any, ...], header: tuple[str, ...] = ()) -> Rows:
    return (PARTICIPANTS[0] + header, *rows)


def test_small_fair_is_read_whole(tmp_path: Path) -> None:
    fair = read(tmp_path)

    assert fair.settings == FairSettings(name="鞋服专场", organizer="晋江市科技局")
    assert fair.slots == (
        FairSlot(id="S1", begins_at=utc(1, 0), ends_at=utc(1, 20)),
        FairSlot(id="S2", begins_at=utc(1, 20), ends_at=utc(1, 40)),
        FairSlot(id="S3", begins_at=utc(1, 40), ends_at=utc(2, 0)),
    )
    assert fair.tables == (
        FairTable(id="A-01", name="A-01", hall="1号馆"),
        FairTable(id="A-02", name="A-02", hall="1号馆"),
    )
    assert fair.participants == (
        SheetParticipant(
            participant=Participant(
                id="U1",
                kind="institute",
                name="刺桐大学",
                listings=(
                    BroughtListing(
                        id="result/R1",
                        kind="result",
                        title="高湿摩擦系数橡胶鞋底材料",
                        summary="用白炭黑补强橡胶鞋底，湿摩擦系数由0.32提升到0.55。",
                    ),
                ),
            ),
            line=2,
        ),
        SheetParticipant(
            participant=Participant(
                id="E1",
                kind="enterprise",
                name="晋江某鞋业有限公司",
                listings=(
                    BroughtListing(
                        id="need/N1",
                        kind="need",
                        title="橡胶鞋底湿摩擦系数不够",
                        summary="橡胶鞋底在湿地面打滑，求湿摩擦系数高的配方。",
                    ),
                ),
            ),
            line=3,
        ),
        SheetParticipant(
            participant=Participant(id="I1", kind="investor", name="海丝基金"), line=4
        ),
    )
    assert fair.owners == {("result", "R1"): "U1", ("need", "N1"): "E1"}
    assert fair.wishes == [
        SheetWish(who="I1", whom="U1", wish="like", sheet="意愿", line=2, column="想见")
    ]
    assert (fair.refused, fair.warnings) == ([], [])


def test_english_names_and_another_order_say_the_same(tmp_path: Path) -> None:
    sheets: dict[str, Rows] = {
        "Tables": (("booth", "hall"), ("A-01", "1号馆"), ("A-02", "1号馆")),
        "schedule": (
            ("Slot minutes", "date", "Begins", "Ends"),
            (20, datetime(2027, 6, 18), time(9), time(10)),  # noqa: DTZ001 - cells have no zone
        ),
        "Wishes": (("to", "from", "wish"), ("R1", "I1", None)),
        "NEEDS": (("id", "title", "description", "industry", "company", "budget"), *NEEDS[1:]),
        "results": (
            ("id", "title", "abstract", "industry", "institute", "phone"),
            *RESULTS[1:],
        ),
        "organisations": (
            ("name", "type", "id"),
            *((name, kind, number) for number, name, kind in PARTICIPANTS[1:]),
        ),
        "Fair": (("item", "value"), ("Name", "鞋服专场"), ("organiser", "晋江市科技局")),
    }
    english = read_fair(fair_workbook(tmp_path / "en.xlsx", sheets))
    chinese = read(tmp_path)

    assert english.settings == chinese.settings
    assert english.slots == chinese.slots
    assert english.tables == chinese.tables
    assert [each.participant for each in english.participants] == [
        each.participant for each in chinese.participants
    ]
    assert [(each.who, each.whom, each.wish) for each in english.wishes] == [("I1", "U1", "like")]
    assert english.refused == []


def test_further_rows_of_a_participant_add_its_people(tmp_path: Path) -> None:
    header = ("参会人", "职务", "手机", "邮箱", "同意公开联系方式")
    fair = read(
        tmp_path,
        参会单位=participants(
            ("U1", "刺桐大学", "高校院所", "王芳", "所长", "1", "a@example.org", "是"),
            (None, "刺桐大学", None, "陈明", None, "2", "b@example.org", "否"),
            ("U1", "刺 桐 大 学", "企业", "林静", None, "3", "c@example.org", "也许"),
            ("E1", "晋江某鞋业有限公司", "公司", None, None, "4", None, "是"),
            ("I1", "海丝基金", "基金"),
            header=header,
        ),
    )

    assert fair.participants[0].participant.delegates == (
        Delegate(name="王芳", post="所长", phone="1", email="a@example.org", consents=True),
        Delegate(name="陈明"),
        Delegate(name="林静"),
    )
    assert [each.participant.kind for each in fair.participants] == [
        "institute",
        "enterprise",
        "investor",
    ]
    assert fair.participants[1].participant.delegates == ()
    assert warnings(fair) == [
        ("参会单位", 4, "类别", "kind_differs"),
        ("参会单位", 4, "同意公开联系方式", "consent_unread"),
    ]


def test_contact_without_consent_never_enters_the_file(tmp_path: Path) -> None:
    fair = read(
        tmp_path,
        参会单位=participants(
            ("U1", "刺桐大学", "高校院所", "陈明", "13911113333", "x@example.org", "否"),
            *PARTICIPANTS[2:],
            header=("参会人", "电话", "邮箱", "同意公开"),
        ),
    )

    shown = str([each.participant for each in fair.participants])
    # That of the results' own column of telephones, too.
    secrets = ("13911113333", "x@example.org", "13900002222", "870000", "87")
    assert [secret for secret in secrets if secret in shown] == []


def test_participant_says_what_the_planner_must_know(tmp_path: Path) -> None:
    header = ("洽谈组数", "最多会面", "至少会面", "缺席场次", "固定桌号", "展区", "简介")
    fair = read(
        tmp_path,
        参会单位=participants(
            ("U1", "刺桐大学", "院校", 2, 5, 1, "1-2、3", "A-02、A-01", "鞋服", "橡胶\n纺织"),
            *PARTICIPANTS[2:],
            header=header,
        ),
    )

    first = fair.participants[0]
    assert (first.participant.teams, first.participant.zone) == (2, "鞋服")
    assert first.participant.profile == "橡胶\n纺织"
    assert (first.most_meetings, first.floor) == (5, 1)
    assert (first.absent, first.tables) == (frozenset({1, 2, 3}), ("A-02", "A-01"))


@pytest.mark.parametrize(
    ("header", "cell", "code"),
    [
        ("类别", "外星人", "kind_unread"),
        ("类别", None, "cell_missing"),
        ("洽谈组数", 0, "number_unread"),
        ("洽谈组数", 11, "number_unread"),
        ("洽谈组数", "两组", "number_unread"),
        ("最多会面", 1.5, "number_unread"),
        ("至少会面", -1, "number_unread"),
        ("缺席场次", "4", "slots_unread"),
        ("缺席场次", "0-1", "slots_unread"),
        ("缺席场次", "3-1", "slots_unread"),
        ("缺席场次", "上午", "slots_unread"),
        ("固定桌号", "Z-99", "table_unknown"),
        ("固定桌号", "A-01、A-02", "tables_too_few"),
    ],
)
def test_bad_participant_is_refused_with_its_column(
    header: str, cell: object, code: str, tmp_path: Path
) -> None:
    headers = ["单位名称", "类别"]
    row: list[object] = ["坏单位", "企业"]
    if header in headers:
        row[headers.index(header)] = cell
    else:
        headers.append(header)
        row.append(cell)
    fair = read(tmp_path, 参会单位=(tuple(headers), tuple(row), ("好单位", "企业")))

    own = [each for each in refusals(fair) if each[0] == "参会单位"]
    assert own == [("参会单位", 2, header, code)]
    assert [each.participant.name for each in fair.participants] == ["好单位"]
    assert all(problem.reason(lang) for problem in fair.refused for lang in ("zh", "en"))


def test_id_of_another_participant_is_refused(tmp_path: Path) -> None:
    fair = read(tmp_path, 参会单位=(*PARTICIPANTS, ("U1", "别的大学", "高校院所")))

    assert refusals(fair) == [("参会单位", 5, "编号", "participant_id_repeated")]


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        (("2027-06-19", "9点", "25:00"), "结束", "time_unread"),
        (("2027-06-19", "早上", "10:00"), "开始", "time_unread"),
        (("2027-06-19", "10:00", "10:00"), "结束", "times_backwards"),
        (("2027-06", "09:00", "10:00"), "日期", "date_unread"),
        (("某天", "09:00", "10:00"), "日期", "date_unread"),
        (("2027-06-19", None, "10:00"), "开始", "cell_missing"),
        (("2027-06-18", "09:30", "09:50"), "开始", "slots_overlap"),
        (("2027-06-19", "09:00", "09:10", 20), "每场分钟", "number_unread"),
        (("2027-06-19", "09:00", "09:10", 0), "每场分钟", "number_unread"),
    ],
)
def test_bad_slot_is_refused_with_its_column(
    row: tuple[object, ...], column: str, code: str, tmp_path: Path
) -> None:
    fair = read(tmp_path, 场次=(*SLOTS, row))

    assert refusals(fair) == [("场次", 3, column, code)]
    assert len(fair.slots) == 3


def test_slots_are_sorted_cut_with_gaps_and_keep_their_day(tmp_path: Path) -> None:
    header = ("日期", "开始", "结束", "每场分钟", "间隔分钟")
    fair = read(
        tmp_path,
        场次=(
            header,
            ("2027-06-19", "09:00", "10:00", 20, 10),
            (None, "08:00", "08:30", None, None),
            ("2027-06-18", 0.375, 0.4375, None, None),
        ),
    )

    assert [(slot.id, slot.begins_at, slot.ends_at) for slot in fair.slots] == [
        ("S1", utc(1, 0), utc(2, 30)),
        ("S2", utc(0, 0, 19), utc(0, 30, 19)),
        ("S3", utc(1, 0, 19), utc(1, 20, 19)),
        ("S4", utc(1, 30, 19), utc(1, 50, 19)),
    ]


def test_first_row_without_a_day_is_refused(tmp_path: Path) -> None:
    fair = read(tmp_path, 场次=(SLOTS[0], (None, "08:00", "08:20"), SLOTS[1]))

    assert refusals(fair) == [("场次", 2, "日期", "cell_missing")]


def test_slots_have_an_end(tmp_path: Path) -> None:
    fair = read(tmp_path, 场次=(SLOTS[0], ("2027-06-18", "00:00", "23:59", 1)))

    assert refusals(fair) == [("场次", 2, "", "too_many_slots")]
    assert len(fair.slots) == 200


def test_time_zone_of_the_fair_counts(tmp_path: Path) -> None:
    fair = read(tmp_path, 对接会=(("项目", "内容"), ("时区", "Europe/Berlin")))

    assert fair.settings.name == "fair"
    assert fair.slots[0].begins_at == utc(7, 0)


def test_settings_are_read_and_strange_ones_told(tmp_path: Path) -> None:
    fair = read(
        tmp_path,
        对接会=(
            ("项目", "内容"),
            ("名称", "第一名"),
            ("名称", "第二名"),
            ("座位", "自由"),
            ("保底会面", 2),
            ("最多会面", "很多"),
            ("时区", "Mars/Base"),
            ("天气", "晴"),
            ("地址", None),
        ),
    )

    assert fair.settings == FairSettings(name="第一名", seating="free", floor=2)
    assert refusals(fair) == [
        ("对接会", 6, "内容", "number_unread"),
        ("对接会", 7, "内容", "time_zone_unknown"),
    ]
    assert warnings(fair) == [("对接会", 8, "项目", "setting_unknown")]


def test_tables_are_counted_out(tmp_path: Path) -> None:
    header = ("桌号", "数量", "展厅", "展区")
    fair = read(
        tmp_path,
        洽谈桌=(header, ("A-", 2, "1号馆", "鞋服"), ("B", None, None, None), ("A-02", None)),
    )

    assert fair.tables == (
        FairTable(id="A-01", name="A-01", hall="1号馆", zone="鞋服"),
        FairTable(id="A-02", name="A-02", hall="1号馆", zone="鞋服"),
        FairTable(id="B", name="B"),
    )
    assert refusals(fair) == [("洽谈桌", 4, "桌号", "table_repeated")]


def test_tables_have_an_end(tmp_path: Path) -> None:
    header = ("桌号", "数量")
    fair = read(tmp_path, 洽谈桌=(header, ("A-", 2_000), ("B-", 1), ("C-", 2_001)))

    assert [row[3] for row in refusals(fair)] == ["too_many_tables", "number_unread"]
    assert len(fair.tables) == 2_000


def test_without_tables_each_team_of_an_institute_gets_one(tmp_path: Path) -> None:
    fair = read(
        tmp_path,
        洽谈桌=None,
        参会单位=participants(
            ("U1", "刺桐大学", "高校院所", 3), *PARTICIPANTS[2:], header=("洽谈组数",)
        ),
    )

    assert [table.id for table in fair.tables] == ["01", "02", "03"]
    assert warnings(fair) == [("fair.xlsx", 0, "", "tables_assumed")]


def test_without_participants_those_who_bring_something_take_part(tmp_path: Path) -> None:
    fair = read(tmp_path, 参会单位=None, 意愿=None)

    assert [(each.participant.name, each.participant.kind) for each in fair.participants] == [
        ("刺桐大学", "institute"),
        ("晋江某鞋业有限公司", "enterprise"),
    ]
    assert warnings(fair) == [("fair.xlsx", 0, "", "participants_assumed")]


def test_listing_of_nobody_here_is_refused(tmp_path: Path) -> None:
    fair = read(
        tmp_path,
        成果=(
            *RESULTS,
            ("R2", "别人的成果", "", "", "远方大学"),
            ("R3", "没有单位", "", "", None),
            ("R1", "重复的编号", "", "", "刺桐大学"),
        ),
        需求=(*NEEDS, ("N2", None, "没有名称", "", "晋江某鞋业有限公司")),
    )

    assert refusals(fair) == [
        ("成果", 5, "成果编号", "duplicate_id"),
        ("需求", 3, "", "title_missing"),
        ("成果", 3, "完成单位", "organisation_unknown"),
        ("成果", 4, "完成单位", "organisation_missing"),
    ]
    assert [result.id for result in fair.results] == ["R1"]


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        (("远方大学", "R1", "愿意"), "单位", "organisation_unknown"),
        (("海丝基金", "没有的", "愿意"), "想见", "wish_target_unknown"),
        (("海丝基金", None, "愿意"), "想见", "cell_missing"),
        (("海丝基金", "R1", "随缘"), "意愿", "wish_unread"),
        (("刺桐大学", "R1", "愿意"), "想见", "wish_for_oneself"),
        (("刺桐大学", "刺桐大学", "不见"), "想见", "wish_for_oneself"),
    ],
)
def test_bad_wish_is_refused_with_its_column(
    row: tuple[object, ...], column: str, code: str, tmp_path: Path
) -> None:
    fair = read(tmp_path, 意愿=(SHEETS["意愿"][0], row))

    assert refusals(fair) == [("意愿", 2, column, code)]
    assert fair.wishes == []


@pytest.mark.parametrize(
    "whom", ["R1", "高湿摩擦系数橡胶鞋底材料", "U1", "刺桐大学", "刺 桐大学。"]
)
@pytest.mark.parametrize(("word", "wish"), [("必须", "must"), (None, "like"), ("不见", "no")])
def test_wish_may_name_a_participant_or_what_it_brings(
    whom: str, word: str | None, wish: str, tmp_path: Path
) -> None:
    fair = read(tmp_path, 意愿=(SHEETS["意愿"][0], ("海丝基金", whom, word)))

    assert [(each.who, each.whom, each.wish) for each in fair.wishes] == [("I1", "U1", wish)]


def test_name_of_two_participants_is_ambiguous(tmp_path: Path) -> None:
    fair = read(tmp_path, 参会单位=(*PARTICIPANTS, ("U2", "刺桐大学", "高校院所")), 成果=RESULTS)

    # Two ids, two participants: the results' sheet must say which.
    assert len(fair.participants) == 4
    assert refusals(fair) == [
        ("成果", 2, "完成单位", "organisation_ambiguous"),
        ("意愿", 2, "想见", "wish_target_unknown"),
    ]


def test_sheets_and_columns_that_nobody_knows_are_told(tmp_path: Path) -> None:
    fair = read(
        tmp_path,
        备忘=(("别忘", "盒饭"),),
        说明=(("怎么填", ""),),
        洽谈桌=(("桌号", "靠窗"), ("A-01", "是")),
    )

    assert warnings(fair) == [
        ("fair.xlsx", 0, "", "sheets_unread"),
        ("洽谈桌", 1, "靠窗", "column_unknown"),
    ]


def test_title_above_the_header_is_passed_over(tmp_path: Path) -> None:
    fair = read(
        tmp_path, 参会单位=(("2027 年参会单位",), (), *PARTICIPANTS), 场次=(("日程表",), *SLOTS)
    )

    assert [each.line for each in fair.participants] == [4, 5, 6]
    assert fair.refused == []


@pytest.mark.parametrize(
    ("sheets", "reason"),
    [
        ({"场次": None}, "没有可用的“场次”表：至少要有一行日期、开始、结束"),
        (
            {"场次": (("日期", "开始", "结束"), ("2027-06-18", "早", "晚"))},
            (
                "没有可用的“场次”表：至少要有一行日期、开始、结束 "
                "(场次 第 2 行 “开始”列：时间“早”无法理解（应如 09:00）)"
            ),
        ),
        ({"参会单位": PARTICIPANTS[:1]}, "没有参会单位"),
    ],
)
def test_fair_without_when_or_who_is_refused(
    sheets: dict[str, Rows | None], reason: str, tmp_path: Path
) -> None:
    with pytest.raises(FileRefused) as refusal:
        read(tmp_path, **sheets)

    assert refusal.value.reason == reason


@pytest.mark.parametrize("name", ["fair.csv", "fair.txt", "fair.jsonl"])
def test_other_formats_are_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("单位名称\n", encoding="utf-8")

    with pytest.raises(FileRefused, match=r"一个 \.xlsx 工作簿"):
        read_fair(tmp_path / name)


def test_what_is_no_workbook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "fair.xlsx").write_bytes(b"PK\x03\x04 and then nothing")

    with pytest.raises(FileRefused, match="损坏"):
        read_fair(tmp_path / "fair.xlsx")


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["参会单位", "成果", "需求", "意愿", "洽谈桌", "对接会"]),
            st.lists(
                st.one_of(st.none(), st.text(max_size=12), st.floats(-5, 60000), st.booleans()),
                max_size=6,
            ),
        ),
        max_size=12,
    )
)
def test_any_cells_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, list[object]]]
) -> None:
    sheets: dict[str, Any] = {name: list(cells) for name, cells in SHEETS.items()}
    for sheet, cells in rows:
        sheets[sheet].append(["" if cell is None else cell for cell in cells])
    folder = tmp_path_factory.mktemp("any")

    fair = read_fair(fair_workbook(folder / "fair.xlsx", sheets))

    ids = {each.participant.id for each in fair.participants}
    assert {"U1", "E1", "I1"} <= ids
    assert {*fair.owners.values(), *(w.who for w in fair.wishes)} <= ids
    assert all(problem.text("en") and problem.text("zh") for problem in fair.refused)
