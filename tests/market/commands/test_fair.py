"""`duijie fair`: one spreadsheet in, a folder of files out; the same input, the same bytes."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.market.commands.runs import (
    Duijie,
    all_text,
    column,
    names_in,
    pairs_of,
    run_apart,
    sheets_of,
)
from tests.market.exchange.fair_workbooks import (
    PARTICIPANTS,
    Rows,
    changed,
    fair_workbook,
)
from tests.market.exchange.test_fair_calendars import events
from tests.market.exchange.test_fair_pdf import pages_of

FILES = [
    *("agendas.csv", "agendas.jsonl", "badges.pdf", "calendars", "fair.xlsx", "handbook.pdf"),
    *("meetings.csv", "meetings.jsonl", "pairs.csv", "pairs.jsonl"),
    *("participants.csv", "participants.jsonl", "statistics.csv", "statistics.jsonl"),
    *("table_plan.csv", "table_plan.jsonl", "unplanned.csv", "unplanned.jsonl"),
]
CALENDARS = ["001-刺桐大学.ics", "002-晋江某鞋业有限公司.ics", "003-海丝基金.ics"]
DAY = ("--as-of", "2027-01-01")
SPREADSHEET = "对接会.xlsx"


@pytest.fixture
def held(folder: Path, duijie: Duijie) -> Callable[..., dict[str, Any]]:
    """Plans the small fair with changes into `out`; the summary as an object."""

    def hold(*options: str, code: int = 0, **sheets: Rows | None) -> dict[str, Any]:
        fair_workbook(folder / SPREADSHEET, changed(**sheets))
        ran = duijie("fair", SPREADSHEET, "-o", "out", *DAY, "--json", *options)
        assert ran.code == code, ran.err
        return msgspec.json.decode(ran.out, type=dict)

    return hold


def bytes_in(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_all_files_are_written_and_told(folder: Path, held: Callable[..., dict[str, Any]]) -> None:
    summary = held()

    assert names_in(folder / "out") == FILES
    assert names_in(folder / "out" / "calendars") == CALENDARS
    assert sorted(summary["files"]) == sorted(
        [*(name for name in FILES if name != "calendars"), *(f"calendars/{c}" for c in CALENDARS)]
    )
    weight = summary["statistics"]["weight"]
    assert summary == {
        "workbook": SPREADSHEET,
        "output": "out",
        "as_of": "2027-01-01",
        "refused": 0,
        "warnings": 0,
        "problems": [],
        "statistics": {
            "participants": {"institute": 1, "enterprise": 1, "investor": 1},
            "results": 1,
            "needs": 1,
            "slots": 3,
            "tables": 2,
            "pairs": 2,
            "meetings": 2,
            "cancelled": 0,
            "wishes": 1,
            "wishes_met": 1,
            "wish_share": 1.0,
            "weight": weight,
            "upper_bound": weight,
            "weight_share": 1.0,
            "without_meeting": [],
            "idle_slots": 0,
            "table_share": 0.3333,
            "unplanned": {},
        },
        "files": summary["files"],
        "what_if": [],
    }


def test_files_tell_the_same_plan(folder: Path, held: Callable[..., dict[str, Any]]) -> None:
    held()

    meetings = pairs_of(folder / "out" / "meetings.jsonl")
    sheets = sheets_of(folder / "out" / "fair.xlsx")
    assert column(sheets["会面"], "会面编号") == [meeting["uid"] for meeting in meetings]
    told = events((folder / "out" / "calendars" / CALENDARS[0]).read_bytes())
    assert {event["uid"]: event["dtstart"].isoformat() for event in told} == {
        meeting["uid"]: meeting["begins_at"] for meeting in meetings
    }
    agendas = pairs_of(folder / "out" / "agendas.jsonl")
    assert [agenda["organisation"] for agenda in agendas] == [
        *("刺桐大学", "刺桐大学", "晋江某鞋业有限公司", "海丝基金"),
    ]
    assert {agenda["slot"] for agenda in agendas} == {meeting["slot"] for meeting in meetings}
    assert pages_of((folder / "out" / "handbook.pdf").read_bytes()) >= 4
    assert pages_of((folder / "out" / "badges.pdf").read_bytes()) == 1


def test_same_spreadsheet_gives_the_same_bytes(
    folder: Path, held: Callable[..., dict[str, Any]]
) -> None:
    held()
    once = bytes_in(folder / "out")
    held()

    assert bytes_in(folder / "out") == once
    assert len(once) == len(FILES) - 1 + len(CALENDARS)


def test_refused_rows_are_told_with_sheet_row_and_column(
    folder: Path, duijie: Duijie, held: Callable[..., dict[str, Any]]
) -> None:
    bad: dict[str, Rows] = {
        "参会单位": (*PARTICIPANTS, ("X", "外星公司", "外星人")),
        "意愿": (("单位", "想见", "意愿"), ("海丝基金", "R1", "随缘")),
    }
    summary = held(code=3, **bad)
    ran = duijie("fair", SPREADSHEET, "-o", "out", *DAY, "--lang", "en")

    assert summary["refused"] == 2
    assert summary["problems"] == [
        {
            "sheet": "参会单位",
            "row": 5,
            "column": "类别",
            "kind": "refused",
            "code": "kind_unread",
            "reason": "类别“外星人”无法理解，应为：高校院所、企业、投资机构、飞地、技术经理人",
        },
        {
            "sheet": "意愿",
            "row": 2,
            "column": "意愿",
            "kind": "refused",
            "code": "wish_unread",
            "reason": "意愿“随缘”无法理解，应为：必须、愿意、不见",
        },
    ]
    assert ran.code == 3
    assert ran.err.splitlines()[:2] == [
        (
            "refused · 参会单位, row 5, column “类别”: the kind “外星人” is not understood; "
            "one of: Institute, Enterprise, Investor, Outpost, Broker"
        ),
        (
            "refused · 意愿, row 2, column “意愿”: the wish “随缘” is not understood; "
            "one of: Must, Like, No"
        ),
    ]
    rows = sheets_of(folder / "out" / "fair.xlsx")["Refused rows"]
    assert [row[:3] for row in rows[1:]] == [["参会单位", 5, "类别"], ["意愿", 2, "意愿"]]


def test_contacts_leave_only_with_consent(
    folder: Path, held: Callable[..., dict[str, Any]]
) -> None:
    header = (*PARTICIPANTS[0], "参会人", "电话", "邮箱", "同意公开联系方式")
    held(
        参会单位=(
            header,
            (*PARTICIPANTS[1], "王芳", "0595-22690001", "open@example.org", "是"),
            (*PARTICIPANTS[1], "沉默人", "13911113333", "secret@example.org", "否"),
            *PARTICIPANTS[2:],
        )
    )

    texts = {
        path.name: all_text(path)
        for path in (folder / "out").rglob("*")
        if path.is_file() and path.suffix != ".pdf"
    }
    # The results' sheet has a telephone of its own, the needs' sheet a budget.
    for secret in ("13911113333", "secret@example.org", "13900002222", "870000", "87 万"):
        assert [name for name, text in texts.items() if secret in text] == []
    quiet = [name for name, text in texts.items() if "沉默人" in text]
    # What is the organizer's own.
    assert sorted(quiet) == ["fair.xlsx", "participants.csv", "participants.jsonl"]
    shown = [name for name, text in texts.items() if "0595-22690001" in text]
    assert sorted(shown) == [
        *("002-晋江某鞋业有限公司.ics", "003-海丝基金.ics", "agendas.csv", "agendas.jsonl"),
        *("fair.xlsx", "participants.csv", "participants.jsonl"),
    ]


def test_calendars_of_those_who_left_are_removed_and_nothing_else(
    folder: Path, held: Callable[..., dict[str, Any]]
) -> None:
    held()
    own = folder / "out" / "calendars" / "mine.ics"
    own.write_text("mine")

    held(参会单位=PARTICIPANTS[:3], 意愿=None)

    assert names_in(folder / "out" / "calendars") == [*CALENDARS[:2], "mine.ics"]


def test_names_that_no_file_system_takes_are_made_fit(
    folder: Path, held: Callable[..., dict[str, Any]]
) -> None:
    names = ("../../etc/passwd", 'a\\b:c*d?"<>|', "长" * 300, ".")
    rows = tuple((None, name, "投资机构") for name in names)
    held(参会单位=(*PARTICIPANTS, *rows))

    assert names_in(folder / "out" / "calendars")[3:] == [
        "004-.. .. etc passwd.ics".replace("-.. .. ", "-"),
        "005-a b c d.ics",
        f"006-{'长' * 40}.ics",
        "007-_.ics",
    ]
    assert names_in(folder) == ["out", SPREADSHEET]


def test_what_if_alone_writes_nothing(folder: Path, duijie: Duijie) -> None:
    fair_workbook(folder / SPREADSHEET)

    ran = duijie("fair", SPREADSHEET, "--what-if", *DAY)

    assert (ran.code, ran.err) == (0, "")
    assert names_in(folder) == [SPREADSHEET]
    assert [line.split() for line in ran.out.splitlines()] == [
        ["院所洽谈组数", "1", "场", "3", "场", "4", "场", "6", "场"],
        ["1", "50%", "/", "82%", *["100%", "/", "100%"] * 3],
        ["2", *["100%", "/", "100%"] * 4],
        ["3", *["100%", "/", "100%"] * 4],
        ["可安排配对中能会面的比例", "/", "按权重计的比例"],
    ]


def test_what_if_goes_into_the_summary(held: Callable[..., dict[str, Any]]) -> None:
    rows = held("--what-if")["what_if"]

    assert [(row["delegations"], row["slots"]) for row in rows] == [
        (teams, slots) for teams in (1, 2, 3) for slots in (1, 3, 4, 6)
    ]
    assert [row["meetings"] for row in rows[:2]] == [1, 2]


def test_floor_and_score_reach_the_planner(held: Callable[..., dict[str, Any]]) -> None:
    few = held("--min-score", "100")

    assert few["statistics"]["pairs"] == 1
    assert few["statistics"]["meetings"] == 1
    assert held("--floor", "0", "--seed", "5")["statistics"]["meetings"] == 2


def test_csv_in_the_encoding_of_old_spreadsheets(
    folder: Path, held: Callable[..., dict[str, Any]]
) -> None:
    held()
    usual = (folder / "out" / "agendas.csv").read_text("utf-8-sig")
    held("--csv-encoding", "gb18030")

    assert (folder / "out" / "agendas.csv").read_text("gb18030") == usual


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_template_runs_without_a_problem(lang: str, duijie: Duijie) -> None:
    made = duijie("fair", "--template", "空表.xlsx", "--lang", lang)
    ran = duijie("fair", "空表.xlsx", "-o", "out", "--lang", lang, "--json", *DAY)

    assert (made.code, made.out, made.err) == (0, "空表.xlsx\n", "")
    assert (ran.code, ran.err) == (0, "")
    summary = msgspec.json.decode(ran.out, type=dict)
    assert (summary["refused"], summary["warnings"]) == (0, 0)
    assert summary["statistics"]["meetings"] == 4
    assert summary["statistics"]["wish_share"] == 1.0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "请指明工作簿，或用 --template"),
        ((SPREADSHEET,), "请用 -o 指明输出文件夹，或用 --what-if"),
        ((SPREADSHEET, "--template", "t.xlsx"), "--template 单独使用"),
        (("--template", "t.csv"), "空表只能写成 .xlsx"),
        ((SPREADSHEET, "-o", "out", "--floor", "-1"), "--floor"),
        ((SPREADSHEET, "-o", "out", "--lang", "fr"), "--lang"),
    ],
)
def test_senseless_wishes_are_usage_errors(
    arguments: tuple[str, ...], told: str, folder: Path, duijie: Duijie
) -> None:
    fair_workbook(folder / SPREADSHEET)

    ran = duijie("fair", *arguments)

    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert names_in(folder) == [SPREADSHEET]


def test_spreadsheet_is_never_overwritten(folder: Path, duijie: Duijie) -> None:
    (folder / "out").mkdir()
    path = fair_workbook(folder / "out" / "fair.xlsx")
    before = path.read_bytes()

    ran = duijie("fair", "out/fair.xlsx", "-o", "out")

    assert ran.code == 2
    assert "会被输出覆盖" in ran.err
    assert path.read_bytes() == before
    assert names_in(folder / "out") == ["fair.xlsx"]


@pytest.mark.parametrize(("target", "told"), [("taken", "已存在"), ("taken/below", "taken/below")])
def test_folder_that_can_not_be_made_is_named(
    target: str, told: str, folder: Path, duijie: Duijie
) -> None:
    fair_workbook(folder / SPREADSHEET)
    (folder / "taken").write_text("a file")

    ran = duijie("fair", SPREADSHEET, "-o", target)

    assert (ran.code, ran.out) == (1, "")
    assert told in ran.err
    assert (folder / "taken").read_text() == "a file"


@pytest.mark.parametrize("name", ["missing.xlsx", "fair.csv"])
def test_file_that_can_not_be_read_is_named(name: str, folder: Path, duijie: Duijie) -> None:
    (folder / "fair.csv").write_text("单位\n")

    ran = duijie("fair", name, "-o", "out")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"错误 · Error: {name}: ")
    assert not (folder / "out").exists()


def test_failed_run_leaves_the_files_of_the_last_one(
    folder: Path, duijie: Duijie, held: Callable[..., dict[str, Any]]
) -> None:
    held()
    (folder / "out" / "handbook.pdf").unlink()
    (folder / "out" / "handbook.pdf").mkdir()
    before = bytes_in(folder / "out")

    ran = duijie("fair", SPREADSHEET, "-o", "out", *DAY)

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("错误 · Error: out/handbook.pdf: ")
    assert bytes_in(folder / "out") == before


def test_without_the_extra_pages_are_left_out_with_a_hint(
    folder: Path, duijie: Duijie, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    fair_workbook(folder / SPREADSHEET)

    ran = duijie("fair", SPREADSHEET, "-o", "out")

    assert ran.code == 0
    assert ran.err.splitlines()[-1] == (
        "没有生成手册和胸卡（PDF）：请先安装 pip install 'duijie[fairs]'"
    )
    assert names_in(folder / "out") == [name for name in FILES if not name.endswith(".pdf")]


def test_fair_runs_as_a_process_in_a_pipe(folder: Path) -> None:
    fair_workbook(folder / SPREADSHEET)

    ran = run_apart(folder, "fair", SPREADSHEET, "-o", "out", *DAY)

    assert (ran.code, ran.out) == (0, "")
    assert ran.err == (
        "3 个单位排定 2 场会面，满足意愿 1/1，达到上界的 100.0%；退回 0 行；写出 20 个文件 → out\n"
    )
