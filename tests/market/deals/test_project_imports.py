"""Projects by spreadsheet: a dry run, problems row by row, and the same file twice is as once."""

import io
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market.deals.project_rows import MAX_ROWS, ReadProjects, read_projects
from market.errors import FileRefused
from tests.market.accounts.factories import places, told
from tests.market.deals.signing import HEADERS, YI, Signing, csv_bytes, document_rows

ROW = [
    "QY-001",
    "鞋底材料产业化",
    "刺桐大学、某鞋业",
    "高新技术产业项目",
    "3.5",
    "上台",
    "第一批",
    "2",
]


def read(*rows: list[str], headers: list[str] = HEADERS) -> ReadProjects:
    return read_projects(csv_bytes([headers, *rows]), "签约.csv")


def changed(**changes: str) -> list[str]:
    names = ("id", "title", "parties", "kind", "amount", "stage", "batch", "place")
    return [changes.get(name, cell) for name, cell in zip(names, ROW, strict=True)]


def problems(found: ReadProjects) -> list[tuple[int, str, str]]:
    return [(each.line, each.column, each.code) for each in found.problems]


def test_a_row_is_read_with_its_own_words() -> None:
    (line,) = read(ROW).lines

    assert (line.line, line.reference, line.title) == (2, "QY-001", "鞋底材料产业化")
    assert line.parties == ("刺桐大学", "某鞋业")
    assert (line.kind, line.amount_cny, line.is_on_stage) == ("industry", 350_000_000, True)
    assert (line.batch, line.place, line.note) == ("第一批", 2, "")
    assert line.source == dict(zip(HEADERS, ROW, strict=True))


@pytest.mark.parametrize(
    ("changes", "column", "code"),
    [
        ({"title": ""}, "", "title_missing"),
        ({"title": "长" * 201}, "项目名称", "cell_too_long"),
        ({"kind": "扶贫项目"}, "项目类别", "signing_kind_unread"),
        ({"kind": ""}, "", "signing_kind_unread"),
        ({"amount": "3-5"}, "签约金额（亿元）", "amount_unread"),
        ({"amount": "很多"}, "签约金额（亿元）", "amount_unread"),
        ({"amount": "0.123456789"}, "签约金额（亿元）", "amount_unread"),
        ({"stage": "半台"}, "签约形式", "stage_unread"),
        ({"place": "第二"}, "上台顺序", "place_unread"),
        ({"place": "9999999"}, "上台顺序", "place_unread"),
        ({"parties": "、".join(f"单位{n}" for n in range(21))}, "签约单位", "too_many_parties"),
        ({"batch": "批" * 41}, "批次", "cell_too_long"),
        ({"id": "号" * 201}, "项目编号", "cell_too_long"),
    ],
)
def test_a_row_that_could_spoil_a_sum_is_refused(
    changes: dict[str, str], column: str, code: str
) -> None:
    found = read(changed(**changes), changed(id="QY-002", title="另一个"))

    assert [line.reference for line in found.lines] == ["QY-002"]
    assert problems(found) == [(2, column, code)]
    assert found.refused == 1


@pytest.mark.parametrize(
    ("header", "cell", "amount_cny"),
    [
        ("签约金额（亿元）", "352.55", 35_255_000_000),
        ("投资额（万元）", "1,234.5", 12_345_000),
        ("合同金额（元）", "800000", 800_000),
        ("总投资", "3.5亿元", 350_000_000),
        ("金额（万元）", "2亿", 200_000_000),
        ("金额（亿元）", "面议", None),
    ],
)
def test_an_amount_takes_its_own_unit_or_the_header_s(
    header: str, cell: str, amount_cny: int | None
) -> None:
    headers = [header if each.startswith("签约金额") else each for each in HEADERS]

    (line,) = read(changed(amount=cell), headers=headers).lines

    assert line.amount_cny == amount_cny


def test_an_amount_without_a_unit_is_not_guessed() -> None:
    headers = ["总投资" if each.startswith("签约金额") else each for each in HEADERS]

    assert problems(read(changed(amount="80"), headers=headers)) == [(2, "总投资", "amount_unread")]


@pytest.mark.parametrize(
    ("cell", "is_on_stage"),
    [
        ("上台", True),
        ("是", True),
        ("", True),
        ("线下签约", False),
        ("否", False),
        ("Off stage", False),
    ],
)
def test_on_stage_or_off(cell: str, is_on_stage: bool) -> None:
    (line,) = read(changed(stage=cell)).lines

    assert line.is_on_stage is is_on_stage


def test_a_missing_amount_is_told_but_for_a_framework_agreement() -> None:
    found = read(
        changed(amount=""),
        changed(id="KJ-1", title="战略合作", kind="战略合作框架协议", amount=""),
    )

    assert problems(found) == [(2, "", "amount_missing")]
    assert [line.amount_cny for line in found.lines] == [None, None]


def test_a_repeated_label_is_warned_of_and_both_rows_stay() -> None:
    """As the second document prints 省级众创空间 twice, with 9 and with 3."""
    headers = ["标签", "类别", "金额（亿元）"]
    rows = [
        ["省级众创空间", "产业", "9"],
        ["省级孵化器", "产业", "4"],
        ["省级众创空间", "产业", "3"],
    ]

    found = read(*rows, headers=headers)

    assert problems(found) == [(4, "标签", "label_repeated")]
    assert found.refused == 0
    warning = found.problems[0]
    assert warning.reason("zh") == "“省级众创空间”与第 2 行重复，两行都保留原文，请核对"
    assert [line.amount_cny for line in found.lines] == [9 * YI, 4 * YI, 3 * YI]
    assert [line.source for line in found.lines] == [
        dict(zip(headers, row, strict=True)) for row in rows
    ]
    references = [line.reference for line in found.lines]
    assert len(set(references)) == 3
    assert references == [line.reference for line in read(*rows, headers=headers).lines]


def test_an_id_that_stands_twice_is_refused() -> None:
    found = read(ROW, changed(title="另一个"))

    assert problems(found) == [(3, "项目编号", "duplicate_id")]


def test_contact_columns_are_not_kept() -> None:
    found = read([*ROW, "13800000000"], headers=[*HEADERS, "联系电话"])

    assert "13800000000" not in str(found.lines)


def test_other_columns_stay_in_the_source() -> None:
    (line,) = read([*ROW, "国家级园区"], headers=[*HEADERS, "落地园区"]).lines

    assert line.source["落地园区"] == "国家级园区"


def test_both_parties_may_have_columns_of_their_own() -> None:
    headers = ["项目名称", "类别", "甲方", "乙方"]

    (line,) = read(["产业化", "产业", "刺桐大学", "某鞋业"], headers=headers).lines

    assert line.parties == ("刺桐大学", "某鞋业")


def test_a_workbook_is_read_like_a_text_file() -> None:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet()
    for place, row in enumerate([["集中签约项目表"], HEADERS, ROW]):
        sheet.write_row(place, 0, row)
    sheet.write_number(2, 4, 352.55)
    book.close()

    (line,) = read_projects(buffer.getvalue(), "签约.xlsx").lines

    assert (line.line, line.amount_cny) == (3, 35_255_000_000)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"", "a.csv"),
        (b"PK\x03\x04 no workbook", "a.xlsx"),
        (b"x", "a.exe"),
        (b"foo,bar\n1,2\n", "a.csv"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, name: str) -> None:
    with pytest.raises(FileRefused):
        read_projects(content, name)


def test_a_file_without_end_is_refused() -> None:
    rows = [changed(id=f"N{n}", title=f"项目{n}") for n in range(MAX_ROWS + 1)]

    with pytest.raises(FileRefused, match=str(MAX_ROWS)):
        read(*rows)


def test_a_table_without_rows_says_so() -> None:
    assert problems(read()) == [(1, "", "no_rows")]


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.lists(
            st.one_of(st.text(max_size=20), st.sampled_from([*ROW, "9亿", "", "-"])),
            min_size=8,
            max_size=8,
        ),
        max_size=8,
    )
)
def test_any_cells_are_read_or_refused(cells: list[list[str]]) -> None:
    content = csv_bytes([HEADERS, *cells])

    try:
        found = read_projects(content, "签约.csv")
    except (FileRefused, UnicodeEncodeError):
        return

    references = [line.reference for line in found.lines]
    assert len(references) == len(set(references))
    assert all(1 <= len(line.title) <= 200 for line in found.lines)
    assert all(line.amount_cny is None or line.amount_cny >= 0 for line in found.lines)
    assert read_projects(content, "签约.csv") == found
    for problem in found.problems:
        assert problem.reason("zh")
        assert problem.reason("en")


async def test_a_dry_run_changes_nothing_and_tells_what_would_be(signing: Signing) -> None:
    ceremony_id = await signing.created()

    dry = await signing.imported(ceremony_id, document_rows(), dry_run=True)
    by_default = await signing.send(ceremony_id, csv_bytes([HEADERS, ROW]), dry_run=None)
    after = (await signing.read(ceremony_id)).json()
    done = await signing.imported(ceremony_id, document_rows())

    assert (dry["dry_run"], dry["created"], by_default.json()["dry_run"]) == (True, 53, True)
    assert (after["version"], after["totals"]["total"]["projects"]) == (1, 0)
    assert done == dry | {"dry_run": False}


async def test_the_same_file_twice_changes_nothing(signing: Signing) -> None:
    ceremony_id = await signing.created()
    first = await signing.imported(ceremony_id, document_rows())
    version = (await signing.read(ceremony_id)).json()["version"]

    again = await signing.imported(ceremony_id, document_rows())

    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 53)
    assert again["totals"] == first["totals"]
    assert (await signing.read(ceremony_id)).json()["version"] == version


async def test_an_edited_file_updates_and_leaves_the_others(signing: Signing) -> None:
    ceremony_id = await signing.created()
    await signing.imported(ceremony_id, [ROW, changed(id="QY-002", title="另一个")])
    by_hand = await signing.added(ceremony_id, reference=..., title="手工录入")

    found = await signing.imported(ceremony_id, [changed(amount="4")])

    assert (found["created"], found["updated"], found["unchanged"]) == (0, 1, 0)
    projects = {each["title"]: each for each in await signing.projects(ceremony_id)}
    assert projects["鞋底材料产业化"]["amount_cny"] == 4 * YI
    assert projects["鞋底材料产业化"]["source"]["签约金额（亿元）"] == "4"
    assert projects["另一个"]["amount_cny"] == 350_000_000
    assert projects["手工录入"] == by_hand
    total = 4 * YI + 2 * 350_000_000
    assert found["totals"]["total"] == {"projects": 3, "amount_cny": total}


async def test_rows_without_ids_are_known_by_their_labels(signing: Signing) -> None:
    ceremony_id = await signing.created()
    rows = [["标签", "类别", "金额（亿元）"], ["众创空间", "产业", "9"], ["众创空间", "产业", "3"]]

    first = (await signing.send(ceremony_id, csv_bytes(rows))).json()
    again = (await signing.send(ceremony_id, csv_bytes(rows))).json()

    assert (first["created"], first["warnings"]) == (2, 1)
    assert (again["unchanged"], again["created"]) == (2, 0)
    assert [each["reference"] for each in await signing.projects(ceremony_id)] == [None, None]


async def test_bad_rows_are_told_and_good_ones_entered(signing: Signing) -> None:
    ceremony_id = await signing.created()

    found = await signing.imported(ceremony_id, [ROW, changed(id="X", title="坏", amount="三亿")])

    assert (found["rows"], found["created"], found["refused"]) == (2, 1, 1)
    assert found["problems"] == [
        {
            "line": 3,
            "column": "签约金额（亿元）",
            "code": "amount_unread",
            "problem": "金额“三亿”须是一个确切的、带单位的数额",
            "value": "三亿",
            "is_refused": True,
        }
    ]


async def test_problems_come_in_the_language_asked_for(signing: Signing) -> None:
    content = csv_bytes([HEADERS, changed(stage="半台")])

    answer = await signing.send(await signing.created(), content, headers={"Accept-Language": "en"})

    assert answer.json()["problems"][0]["problem"] == "“半台” is neither on stage nor off stage"


@pytest.mark.parametrize(
    ("content", "name", "form", "place"),
    [
        (b"foo,bar\n1,2\n", "a.csv", {}, "#/file"),
        (b"PK\x03\x04", "a.xlsx", {}, "#/file"),
        (csv_bytes([HEADERS, ROW]), "a.csv", {"dry_run": "maybe"}, "#/dry_run"),
        (csv_bytes([HEADERS, ROW]), "a.csv", {"kind": "result"}, "#/kind"),
    ],
)
async def test_a_form_that_makes_no_sense_is_refused(
    signing: Signing, content: bytes, name: str, form: dict[str, Any], place: str
) -> None:
    ceremony_id = await signing.created()

    answer = await signing.client.post(
        f"/api/v1/signing-ceremonies/{ceremony_id}/projects/import",
        files={"file": (name, content)},
        data=form,
        headers=signing.organizer.headers,
    )

    assert told(answer) == (422, "invalid")
    assert places(answer) == [place]


async def test_too_large_a_file_is_refused(signing: Signing) -> None:
    answer = await signing.send(await signing.created(), b"x" * 2_000_001)

    assert told(answer) == (413, "file_too_large")
