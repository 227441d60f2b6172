"""Own listings as a file: what it holds, who gets which, and that it can be sent back."""

import csv
import io
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar
from sqlalchemy import update

from market.db import Database, utc_now
from market.exchange.exports import MAX_ANSWERED_ROWS
from market.http.openapi import document_of
from market.listings.bulk import Posting, create_listings
from market.listings.models import Listing
from schemas.listings import Result
from tests.market.accounts.factories import make_account, make_key
from tests.market.commands.runs import sheets_of
from tests.market.exchange.importing import (
    BARE,
    EN,
    FILM,
    HEADERS,
    NEED,
    NEED_HEADERS,
    SOLE,
    ZH,
    Importing,
    counts,
)

CONTACT_HEADERS = [*HEADERS, "联系人", "手机", "展位"]
FILM_WITH_CONTACT = [*FILM, "林工", "13900001111", "A01"]
BACK = {"results": "result", "needs": "need"}


async def exported(someone: Importing, path: str, **headers: str) -> httpx.Response:
    asked = someone.account.headers | ZH | headers
    return await someone.client.get(f"/api/v1/exports/{path}", headers=asked)


def table(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def someone_else(importing: Importing, kind: str | None, **changes: Any) -> Importing:
    account = await make_account(importing.database, kind, **changes)
    return Importing(importing.client, importing.database, importing.settings, account)


async def test_file_holds_everything_of_ones_own(importing: Importing) -> None:
    await importing.applied([CONTACT_HEADERS, FILM_WITH_CONTACT], publishes=True)

    (row,) = table(await exported(importing, "results?format=csv"))

    assert {header: text for header, text in row.items() if text} == {
        "成果编号": "R1",
        "成果名称": "石墨烯导热膜",
        "成果简介": FILM[2],
        "技术领域": "新材料",
        "技术成熟度": "7",
        "转让价格（元）": "800000元",
        "完成单位": "刺桐大学",
        "联系人": "林工",
        "手机": "13900001111",
        "展位": "A01",
        "平台状态": "已发布",
        "平台发布日期": utc_now().date().isoformat(),
    }


async def test_drafts_are_among_them_and_can_be_left_out(importing: Importing) -> None:
    await importing.applied([HEADERS, FILM, BARE], publishes=True)

    everything = table(await exported(importing, "results?format=csv"))
    drafts = table(await exported(importing, "results?format=csv&status=draft"))

    assert [(row["成果编号"], row["平台状态"]) for row in everything] == [
        ("R1", "已发布"),
        ("R3", "草稿"),
    ]
    assert [row["成果编号"] for row in drafts] == ["R3"]


@pytest.mark.parametrize(
    ("status", "name"),
    [
        ("draft", "草稿"),
        ("published", "已发布"),
        ("paused", "已暂停"),
        ("closed", "已关闭"),
        ("withdrawn", "已撤回"),
        ("expired", "已过期"),
    ],
)
async def test_each_state_has_its_name_and_its_choice(
    status: str, name: str, importing: Importing
) -> None:
    await importing.applied([HEADERS, FILM, SOLE])
    other = "closed" if status != "closed" else "draft"
    await importing.change("石墨烯导热膜", status=status)
    await importing.change("防滑橡胶鞋底", status=other)

    rows = table(await exported(importing, f"results?format=csv&status={status}"))
    english = table(await exported(importing, f"results?format=csv&status={status}", **EN))

    assert [(row["成果名称"], row["平台状态"]) for row in rows] == [("石墨烯导热膜", name)]
    assert [row["listing_status"] for row in english] == [status]


async def test_outpost_s_listings_name_for_whom_they_stand(
    importing: Importing,
) -> None:
    outpost = await someone_else(importing, "outpost", name="创新飞地")
    await outpost.applied([[*HEADERS, "完成单位"], [*FILM, "清源大学"], [*SOLE, "创新飞地"]])

    answer = await exported(outpost, "results?format=csv")
    again = await outpost.checked_bytes(answer.content)

    assert [row["完成单位"] for row in table(answer)] == ["清源大学", "创新飞地"]
    assert "来源单位" not in answer.content.decode("utf-8-sig")
    assert again["counts"] == counts(unchanged=2, warnings=1)


async def test_secrets_of_the_owner_are_not_in_the_file(importing: Importing) -> None:
    await importing.applied([HEADERS, FILM])
    await importing.change("石墨烯导热膜", private_note="只谈独占", price_floor_cny=123_456)

    for format_ in ("csv", "jsonl"):
        content = (await exported(importing, f"results?format={format_}")).content.decode()
        assert ("只谈独占" in content, "123456" in content) == (False, False)


async def test_headers_and_names_are_in_the_language_asked_for(importing: Importing) -> None:
    await importing.applied([HEADERS, FILM])

    answer = await exported(importing, "results?format=csv", **EN)

    (row,) = table(answer)
    assert (row["id"], row["field"], row["listing_status"]) == ("R1", "New materials", "draft")
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"results.csv\"; filename*=UTF-8''results.csv"
    )


async def test_workbook_is_the_default(importing: Importing, tmp_path: Path) -> None:
    await importing.applied([HEADERS, FILM, SOLE])

    answer = await exported(importing, "results")

    (tmp_path / "x.xlsx").write_bytes(answer.content)
    sheets = sheets_of(tmp_path / "x.xlsx")
    assert list(sheets) == ["成果"]
    assert [row[1] for row in sheets["成果"]] == ["成果名称", "石墨烯导热膜", "防滑橡胶鞋底"]
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"results.xlsx\"; filename*=UTF-8''%E6%88%90%E6%9E%9C.xlsx"
    )
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("format_", ["xlsx", "csv", "jsonl"])
@pytest.mark.parametrize("headers", [ZH, EN])
async def test_file_that_is_sent_back_changes_nothing(
    format_: str, headers: dict[str, str], importing: Importing, database: Database
) -> None:
    await importing.applied(
        [
            [*CONTACT_HEADERS, "完成单位"],
            [*FILM_WITH_CONTACT, "刺桐大学"],
            [*SOLE, "", "", "", "清源大学"],
        ],
        publishes=True,
    )
    # Without an id, and one that was made by hand: both are known again all the same.
    await importing.applied([HEADERS[1:], BARE[1:]])
    async with database.writing() as session:
        await session.execute(
            update(Listing).where(Listing.reference == "R2").values(reference=None)
        )

    answer = await exported(importing, f"results?format={format_}", **headers)
    again = await importing.checked_bytes(answer.content, name=f"x.{format_}")

    assert again["counts"] == counts(unchanged=3, warnings=1)


@pytest.mark.parametrize("format_", ["xlsx", "csv", "jsonl"])
async def test_needs_that_are_sent_back_change_nothing(format_: str, asking: Importing) -> None:
    rows = [
        NEED,
        [
            "N2",
            "茶叶烘干",
            "茶叶烘干费电，温度湿度控制不稳。",
            "节能≥40%；良率99.5%以上\n通过 GB/T 3903",
            "",
            "",
        ],
        ["N3", "空白", "", "", "", "100-200"],
    ]
    await asking.applied([NEED_HEADERS, *rows], kind="need", publishes=True)

    answer = await exported(asking, f"needs?format={format_}")
    again = await asking.checked_bytes(answer.content, name=f"x.{format_}", kind="need")

    assert again["counts"] == counts(unchanged=3)


async def test_listing_without_a_reference_goes_out_under_its_own_id(importing: Importing) -> None:
    await importing.applied([HEADERS[1:], FILM[1:]])
    film = (await importing.listings())["石墨烯导热膜"]

    (row,) = table(await exported(importing, "results?format=csv"))
    row["成果名称"] = "改了名称"
    again = await importing.applied([list(row), list(row.values())])

    assert row["成果编号"] == str(film.id)
    assert again["counts"] == counts(updated=1)
    assert [each.id for each in (await importing.listings()).values()] == [film.id]


async def test_formulas_do_not_run_in_the_reader_s_spreadsheet(importing: Importing) -> None:
    await importing.applied([HEADERS, ["=1+1", "@SUM(A1)", *FILM[2:]]])

    answer = await exported(importing, "results?format=csv")

    (row,) = table(answer)
    assert (row["成果编号"], row["成果名称"]) == ("'=1+1", "'@SUM(A1)")
    again = await importing.checked_bytes(answer.content)
    assert again["counts"] == counts(unchanged=1)


async def test_nothing_to_export_is_a_table_of_headers(asking: Importing) -> None:
    answer = await exported(asking, "needs?format=csv")

    assert answer.content.decode("utf-8-sig").startswith("需求编号,需求名称,")
    assert len(answer.content.splitlines()) == 1


async def test_listings_of_others_are_not_in_the_file(importing: Importing) -> None:
    await importing.applied([CONTACT_HEADERS, FILM_WITH_CONTACT], publishes=True)
    other = await someone_else(importing, "institute")

    assert (await exported(other, "results?format=jsonl")).content == b""


async def test_moderator_gets_published_ones_of_all_without_contacts(importing: Importing) -> None:
    await importing.applied(
        [CONTACT_HEADERS, FILM_WITH_CONTACT, [*BARE, "王工", "", ""]], publishes=True
    )
    moderator = await someone_else(importing, None, is_moderator=True)

    answer = await exported(moderator, "results?format=jsonl")

    (row,) = [msgspec.json.decode(line) for line in answer.content.splitlines()]
    assert (row["title"], row["institute"], row["平台状态"]) == (
        "石墨烯导热膜",
        "刺桐大学",
        "已发布",
    )
    assert "联系人" not in row
    assert b"1390000" not in answer.content
    assert "林工".encode() not in answer.content


@pytest.mark.parametrize(
    ("kind", "path", "status"),
    [
        ("investor", "results", 403),
        ("organizer", "needs", 403),
        ("enterprise", "results", 200),
        ("institute", "matches", 200),
        ("investor", "matches", 403),
    ],
)
async def test_only_who_posts_has_something_to_export(
    kind: str, path: str, status: int, importing: Importing
) -> None:
    someone = await someone_else(importing, kind)

    assert (await exported(someone, path)).status_code == status


@pytest.mark.parametrize(
    ("path", "scope"),
    [("results", "listings:read"), ("needs", "listings:read"), ("matches", "matches:read")],
)
async def test_key_needs_the_scope(
    path: str, scope: str, importing: Importing, database: Database
) -> None:
    good = await make_key(database, importing.account, scope)
    poor = await make_key(database, importing.account, "imports:write")

    statuses = [
        (await exported(importing, path, **headers)).status_code for headers in (good, poor)
    ]

    assert statuses == [200, 403]


@pytest.mark.parametrize("query", ["format=pdf", "status=lost"])
async def test_unknown_values_are_refused(query: str, importing: Importing) -> None:
    assert (await exported(importing, f"results?{query}")).status_code == 422


async def test_more_than_an_answer_holds_is_for_the_command(
    importing: Importing, database: Database
) -> None:
    organisation_id = importing.account.user.organisation_id
    assert organisation_id is not None
    posting = Posting(organisation_id=organisation_id, user_id=None, kind="result", now=utc_now())
    rows = [Result(id=str(number), title="甲") for number in range(MAX_ANSWERED_ROWS + 1)]
    async with database.writing() as session:
        await create_listings(session, posting, rows)

    refused = await exported(importing, "results?format=csv")
    some = await exported(importing, "results?format=csv&status=published")

    assert (refused.status_code, refused.json()["code"]) == (413, "export_too_large")
    assert some.status_code == 200


def test_document_names_every_format_of_a_file(app: Litestar) -> None:
    paths = document_of(app)["paths"]

    answers = paths["/api/v1/exports/results"]["get"]["responses"]
    assert sorted(answers["200"]["content"]) == [
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/x-ndjson",
        "text/csv",
    ]
    assert list(answers["413"]["content"]) == ["application/problem+json"]
    assert answers["200"]["content"]["text/csv"]["schema"] == {"type": "string", "format": "binary"}
