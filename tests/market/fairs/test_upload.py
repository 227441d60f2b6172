"""A spreadsheet of participants: dry run first, each row's own problem, and twice is once."""

import io
from typing import Any

import httpx
import pytest
import xlsxwriter

from market.db import Database
from market.fairs.models import FairDelegate, FairDelegation, FairNotice, FairRegistration
from market.fairs.registration_sheet import MOST_ROWS, read_sheet
from tests.market.accounts.factories import Account, make_account, places, rows, told
from tests.market.fairs.factories import Held, hold_fair

HEADERS = "报名编号,单位名称,统一社会信用代码,展区,代表团,洽谈组数,联系人,职务,联系电话,邮箱,备注\n"


async def _upload(
    fair: Held,
    content: bytes | str,
    *,
    name: str = "参会单位.csv",
    who: Account | None = None,
    **form: str,
) -> httpx.Response:
    data = content.encode() if isinstance(content, str) else content
    return await fair.client.post(
        f"{fair.url}/registrations/upload",
        files={"file": (name, data)},
        data=form,
        headers=(who or fair.organizer).headers,
    )


def _short(answer: httpx.Response) -> list[tuple[int, str, str | None]]:
    return [(row["line"], row["action"], row["problem"]) for row in answer.json()["rows"]]


@pytest.fixture
async def fair(client: httpx.AsyncClient, database: Database) -> Held:
    return await hold_fair(client, database, "open", needs_approval=True)


async def test_dry_run_tells_and_changes_nothing(fair: Held, database: Database) -> None:
    await make_account(database, "institute", name="刺桐大学")
    sheet = f"{HEADERS}BM-1,刺桐大学,,鞋服,西安团,2,林工,总工,0595-1,lin@example.cn,靠门\n"

    answer = await _upload(fair, sheet)

    assert answer.json() == {
        "dry_run": True,
        "created": 1,
        "updated": 0,
        "unchanged": 0,
        "refused": 0,
        "rows": [
            {
                "line": 2,
                "action": "create",
                "organisation": "刺桐大学",
                "reference": "BM-1",
                "registration_id": answer.json()["rows"][0]["registration_id"],
                "column": None,
                "problem": None,
            }
        ],
    }
    for table in (FairRegistration, FairDelegate, FairDelegation, FairNotice):
        assert await rows(database, table) == []


async def test_rows_are_registered_without_consent_and_again_unchanged(
    fair: Held, database: Database
) -> None:
    account = await make_account(database, "institute", name="刺桐大学")
    sheet = f"{HEADERS}BM-1,刺桐大学,,鞋服,西安团,2,林工,总工,0595-1,lin@example.cn,靠门\n"

    first = await _upload(fair, sheet, dry_run="false")
    second = await _upload(fair, sheet, dry_run="false")

    assert [row["action"] for row in (*first.json()["rows"], *second.json()["rows"])] == [
        "create",
        "unchanged",
    ]
    (registration,) = await rows(database, FairRegistration)
    assert (
        registration.organisation_id,
        registration.status,
        registration.reference,
        registration.zone,
        registration.teams,
        registration.note,
    ) == (account.user.organisation_id, "approved", "BM-1", "shoes", 2, "靠门")
    (delegate,) = await rows(database, FairDelegate)
    assert (delegate.name, delegate.post, delegate.phone, delegate.email, delegate.consent) == (
        "林工",
        "总工",
        "0595-1",
        "lin@example.cn",
        None,
    )
    assert [each.name for each in await rows(database, FairDelegation)] == ["西安团"]


async def test_edited_row_updates_and_empty_cells_keep_what_was(
    fair: Held, database: Database
) -> None:
    await make_account(database, "institute", name="刺桐大学")
    await _upload(fair, f"{HEADERS}BM-1,刺桐大学,,鞋服,,2,林工,,,,靠门\n", dry_run="false")

    answer = await _upload(
        fair, f"{HEADERS}BM-2,刺桐大学,,general,,2,许老师,,,,\n", dry_run="false"
    )

    assert answer.json()["updated"] == 1
    (registration,) = await rows(database, FairRegistration)
    assert (registration.reference, registration.zone, registration.note) == (
        "BM-2",
        "general",
        "靠门",
    )
    assert sorted(each.name for each in await rows(database, FairDelegate)) == ["林工", "许老师"]


async def test_each_refused_row_tells_why_and_keeps_no_other_back(
    fair: Held, database: Database
) -> None:
    for kind, name in [("enterprise", "晋江鞋业"), ("institute", "重名"), ("enterprise", "重名")]:
        await make_account(database, kind, name=name)
    await make_account(database, "enterprise", name="未核验", is_verified=False)
    await make_account(database, "organizer", name="另一主办方")
    sheet = HEADERS + "".join(
        line + "\n"
        for line in (
            "A,查无此单位,,,,,,,,,",
            "B,未核验,,,,,,,,,",
            "C,另一主办方,,,,,,,,,",
            "D,重名,,,,,,,,,",
            "E,晋江鞋业,,海洋,,,,,,,",
            "F,晋江鞋业,,,,,,,,,",
            "G,晋江鞋业,,,,,,,,,",
            "H,,,,,,,,,,有备注",
            "I,晋江鞋业,,,,99,,,,,",
            "J,晋江鞋业,,,,,林工,,,不是邮箱,",
        )
    )

    answer = await _upload(fair, sheet, dry_run="false")

    missing = "平台上没有该单位（或尚未核验），请先邀请其注册"
    assert _short(answer) == [
        (2, "refused", missing),
        (3, "refused", missing),
        (4, "refused", missing),
        (5, "refused", "有多个同名单位，请填信用代码"),
        (6, "refused", "没有这个展区"),
        (7, "create", None),
        (8, "refused", "该单位在表中重复"),
        (9, "refused", "缺少单位名称"),
        (10, "refused", "内容不合要求"),
        (11, "refused", "内容不合要求"),
    ]
    assert answer.json()["rows"][8]["column"] == "洽谈组数"
    assert len(await rows(database, FairRegistration)) == 1


async def test_taken_reference_refuses_its_row_alone(fair: Held, database: Database) -> None:
    for name in ("甲公司", "乙公司"):
        await make_account(database, "enterprise", name=name)
    sheet = f"{HEADERS}BM-1,甲公司,,,新团,,,,,,\nBM-1,乙公司,,,新团二,,,,,,\n"

    answer = await _upload(fair, sheet, dry_run="false")

    assert _short(answer) == [(2, "create", None), (3, "refused", "该编号已用于另一报名")]
    assert [each.name for each in await rows(database, FairDelegation)] == ["新团"]


async def test_workbook_is_read_like_text(fair: Held, database: Database) -> None:
    await make_account(database, "enterprise", name="晋江鞋业")
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["单位名称", "展区", "手机"])
        sheet.write_row(1, 0, ["晋江鞋业", "鞋服", 13800000000])

    answer = await _upload(fair, file.getvalue(), name="名单.xlsx")

    assert _short(answer) == [(2, "create", None)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xlsx", b"PK\x03\x04 no workbook"),
        ("a.csv", b""),
        ("a.csv", b"\xff\xfe\x00"),
        ("a.csv", "一,二\n三,四\n".encode()),
        ("a.pdf", b"%PDF"),
        ("a.jsonl", b"{}"),
    ],
)
async def test_file_that_is_no_such_table_is_refused(fair: Held, name: str, content: bytes) -> None:
    answer = await _upload(fair, content, name=name)

    assert (answer.status_code, places(answer)) == (422, ["#/file"])


async def test_form_is_checked_field_by_field(fair: Held) -> None:
    answer = await _upload(fair, HEADERS, dry_run="maybe", kind="result")

    assert (answer.status_code, places(answer)) == (422, ["#/dry_run", "#/kind"])


async def test_too_many_rows_are_refused(fair: Held) -> None:
    sheet = "单位名称,展区\n" + "".join(f"单位{n},\n" for n in range(MOST_ROWS + 1))

    answer = await _upload(fair, sheet)

    assert (answer.status_code, places(answer)) == (422, ["#/file"])


async def test_only_the_organizer_uploads(database: Database, fair: Held) -> None:
    others = [await make_account(database, kind) for kind in ("organizer", "institute")]

    answers = [await _upload(fair, HEADERS, who=other) for other in others]

    assert [told(answer) for answer in answers] == [
        (403, "organizer_only"),
        (403, "role_refused"),
    ]


@pytest.mark.parametrize(
    ("header", "field"),
    [("联系人", "name"), ("联系电话", "phone"), ("电子邮箱", "email"), ("E-mail", "email")],
)
def test_columns_of_a_person_are_told_apart(header: str, field: str) -> None:
    cells: dict[str, Any] = {"name": "林工", "phone": "1", "email": "lin@example.cn"}
    person = "" if field == "name" else "联系人,"
    first = "" if field == "name" else "林工,"
    content = f"单位名称,展区,{person}{header}\n甲,,{first}{cells[field]}\n".encode()

    (row,) = read_sheet(content, "a.csv", "zh")

    assert row.delegate is not None
    assert (getattr(row.delegate, field), row.problem) == (cells[field], None)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("BM-1,没有的大学,,,,,,,,,\n", "平台上没有该单位（或尚未核验），请先邀请其注册"),
        (
            "BM-1,刺桐大学,91350000MA0000000X,,,,,,,,\n",
            "平台上没有该单位（或尚未核验），请先邀请其注册",
        ),
        ("BM-1,同名单位,,,,,,,,,\n", "有多个同名单位，请填信用代码"),
        ("BM-1,刺桐大学,,没有的展区,,,,,,,\n", "没有这个展区"),
    ],
)
async def test_organisation_must_be_known_and_told_apart(
    fair: Held, database: Database, row: str, problem: str
) -> None:
    await make_account(database, "institute", name="刺桐大学")
    for kind in ("institute", "enterprise"):
        await make_account(database, kind, name="同名单位")

    answer = await _upload(fair, HEADERS + row, dry_run="false")

    assert _short(answer) == [(2, "refused", problem)]
    assert await rows(database, FairRegistration) == []


async def test_organisation_twice_in_a_file_counts_once(fair: Held, database: Database) -> None:
    await make_account(database, "institute", name="刺桐大学")
    sheet = f"{HEADERS}BM-1,刺桐大学,,,,,,,,,\nBM-2,刺桐大学,,,,,,,,,\n"

    answer = await _upload(fair, sheet, dry_run="false")

    assert _short(answer) == [(2, "create", None), (3, "refused", "该单位在表中重复")]
    assert [each.reference for each in await rows(database, FairRegistration)] == ["BM-1"]


async def test_second_column_of_a_field_is_not_used(fair: Held, database: Database) -> None:
    await make_account(database, "institute", name="刺桐大学")

    answer = await _upload(fair, "单位名称,单位名称\n刺桐大学,别的单位\n", dry_run="false")

    assert [row["organisation"] for row in answer.json()["rows"]] == ["刺桐大学"]


async def test_cell_that_can_not_be_read_refuses_its_row(fair: Held, database: Database) -> None:
    await make_account(database, "institute", name="刺桐大学")
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["单位名称", "洽谈组数"])
        sheet.write_row(1, 0, ["刺桐大学", 2])
        sheet.write_string(2, 0, "刺桐大学")
        sheet.write_boolean(2, 1, True)

    answer = await _upload(fair, file.getvalue(), name="参会单位.xlsx", dry_run="false")

    assert [row["action"] for row in answer.json()["rows"]] == ["create", "refused"]
    (registered,) = await rows(database, FairRegistration)
    assert registered.teams == 2
