"""The way of an import: sent, checked, carried out, sent again."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.market.exchange.files import workbook
from tests.market.exchange.importing import (
    BARE,
    BROKEN,
    EN,
    FILM,
    HEADERS,
    NEED,
    NEED_HEADERS,
    ROWS,
    SOLE,
    Importing,
    counts,
    csv_bytes,
)


async def test_file_is_taken_in_and_nothing_changes_yet(importing: Importing) -> None:
    sent = await importing.send(csv_bytes(ROWS))

    told = sent.json()
    assert (sent.status_code, sent.headers["location"]) == (202, f"/api/v1/imports/{told['id']}")
    assert told == {
        "id": told["id"],
        "kind": "result",
        "file_name": "成果.csv",
        "state": "checking",
        "publishes": False,
        "rows": 0,
        "rows_done": 0,
        "counts": counts(),
        "problem": None,
        "allowed_actions": [],
        "created_at": told["created_at"],
        "finished_at": None,
    }
    assert await importing.listings() == {}


async def test_check_tells_what_would_happen(importing: Importing) -> None:
    checked = await importing.checked(ROWS, publishes=True)

    assert (checked["state"], checked["rows"], checked["rows_done"]) == ("checked", 4, 4)
    assert checked["counts"] == counts(created=3, refused=1, published=2, left_draft=1)
    assert checked["allowed_actions"] == ["apply", "cancel"]
    assert await importing.listings() == {}


async def test_report_tells_of_each_row(importing: Importing) -> None:
    checked = await importing.checked(ROWS)

    def created(line: int, reference: str) -> dict[str, Any]:
        return {
            **dict.fromkeys(("listing_id", "column", "code", "problem", "value", "undone")),
            "line": line,
            "action": "create",
            "reference": reference,
        }

    assert await importing.rows(checked["id"]) == [
        created(2, "R1"),
        created(3, "R2"),
        created(4, "R3"),
        {
            "line": 5,
            "action": "refused",
            "reference": None,
            "listing_id": None,
            "column": "转让价格（万元）",
            "code": "money_unread",
            "problem": "金额“八百”无法理解",
            "value": "八百",
            "undone": None,
        },
    ]


@pytest.mark.parametrize(
    ("headers", "said"),
    [({}, "金额“八百”无法理解"), (EN, "the amount “八百” is not understood")],
)
async def test_reasons_are_told_in_the_language_asked_for(
    headers: dict[str, str], said: str, importing: Importing
) -> None:
    checked = await importing.checked(ROWS)

    (row,) = await importing.rows(checked["id"], "&action=refused", **headers)

    assert row["problem"] == said


async def test_applied_import_makes_drafts(importing: Importing) -> None:
    applied = await importing.applied(ROWS)

    assert (applied["state"], applied["rows_done"]) == ("applied", 4)
    assert applied["counts"] == counts(created=3, refused=1)
    assert applied["allowed_actions"] == ["undo"]
    assert await importing.statuses() == dict.fromkeys(
        ["石墨烯导热膜", "防滑橡胶鞋底", "某项成果"], "draft"
    )
    assert await importing.announced() == []


async def test_listing_holds_what_its_row_says(importing: Importing) -> None:
    await importing.applied([[*HEADERS, "联系人", "展位"], [*FILM, "林工", "A01"]])

    film = (await importing.listings())["石墨烯导热膜"]
    assert (film.reference, film.text, film.fields) == ("R1", FILM[2], ["materials"])
    assert (film.price_min_cny, film.price_max_cny, film.trl) == (800_000, 800_000, 7)
    assert (film.contacts, film.extra) == ({"联系人": "林工"}, {"展位": "A01"})
    assert film.organisation_id == importing.account.user.organisation_id
    assert film.created_by_id == importing.account.user.id


async def test_complete_rows_are_published_and_announced_together(importing: Importing) -> None:
    applied = await importing.applied(ROWS, publishes=True)

    assert applied["counts"] == counts(created=3, refused=1, published=2, left_draft=1)
    assert await importing.statuses() == {
        "石墨烯导热膜": "published",
        "防滑橡胶鞋底": "published",
        "某项成果": "draft",
    }
    assert await importing.announced() == [{"石墨烯导热膜", "防滑橡胶鞋底"}]


async def test_rows_tell_which_listings_they_made(importing: Importing) -> None:
    applied = await importing.applied([HEADERS, FILM, SOLE])

    rows = await importing.rows(applied["id"])

    made = {title: str(listing.id) for title, listing in (await importing.listings()).items()}
    assert [row["listing_id"] for row in rows] == [made["石墨烯导热膜"], made["防滑橡胶鞋底"]]


async def test_same_file_again_changes_nothing(importing: Importing) -> None:
    await importing.applied(ROWS, publishes=True)
    before = {title: each.version for title, each in (await importing.listings()).items()}

    again = await importing.applied(ROWS, publishes=True)

    assert again["counts"] == counts(unchanged=3, refused=1, left_draft=1)
    assert {t: each.version for t, each in (await importing.listings()).items()} == before
    assert len(await importing.announced()) == 1


async def test_second_import_updates_by_the_owners_reference(importing: Importing) -> None:
    await importing.applied([HEADERS, FILM, SOLE], publishes=True)

    renamed = ["R1", "石墨烯导热膜（二代）", *FILM[2:]]
    again = await importing.applied([HEADERS, renamed, SOLE, BARE])

    assert again["counts"] == counts(created=1, updated=1, unchanged=1)
    assert await importing.statuses() == {
        "石墨烯导热膜（二代）": "published",
        "防滑橡胶鞋底": "published",
        "某项成果": "draft",
    }
    assert (await importing.announced())[1:] == [{"石墨烯导热膜（二代）"}]


async def test_second_import_may_publish_the_drafts_of_the_first(importing: Importing) -> None:
    await importing.applied([HEADERS, FILM, BARE])

    again = await importing.applied([HEADERS, FILM, BARE], publishes=True)

    assert again["counts"] == counts(updated=1, unchanged=1, published=1, left_draft=1)
    assert await importing.statuses() == {"石墨烯导热膜": "published", "某项成果": "draft"}


@pytest.mark.parametrize("headers", [["序号", *HEADERS[1:]], ["备注一", *HEADERS[1:]]])
async def test_rows_without_ids_are_known_by_their_titles(
    headers: list[str], importing: Importing
) -> None:
    await importing.applied([headers, ["1", *FILM[1:]], ["2", *SOLE[1:]]])

    # The rows come in another order, and spelled with full-width letters and blanks.
    again = await importing.applied(
        [headers, ["1", *SOLE[1:]], ["2", "石墨烯　导热膜".replace("　", ""), *FILM[2:]]]
    )

    unchanged = 2 if headers[0] == "序号" else 0
    assert again["counts"] == counts(unchanged=unchanged, updated=2 - unchanged)
    assert [row["reference"] for row in await importing.rows(again["id"])] == [None, None]
    assert list(await importing.listings()) == ["石墨烯导热膜", "防滑橡胶鞋底"]


async def test_rows_without_ids_and_with_one_title_are_told_apart_by_nobody(
    importing: Importing,
) -> None:
    checked = await importing.checked([HEADERS[1:], FILM[1:], SOLE[1:], FILM[1:]])

    (row,) = await importing.rows(checked["id"], "&action=refused")
    assert (row["line"], row["problem"]) == (
        4,
        "没有编号，而名称与第 2 行相同，无法区分；请填写编号",
    )
    assert checked["counts"] == counts(created=2, refused=1)


async def test_apply_goes_by_what_is_stored_by_then(importing: Importing) -> None:
    first = await importing.checked([HEADERS, FILM, SOLE])
    await importing.applied([HEADERS, FILM, BARE])

    applied = await importing.step(first["id"], "apply")

    assert first["counts"] == counts(created=2)
    assert applied["counts"] == counts(created=1, unchanged=1)
    assert [row["action"] for row in await importing.rows(first["id"])] == ["unchanged", "create"]


@pytest.mark.parametrize("status", ["paused", "closed", "withdrawn", "expired"])
async def test_state_that_its_owner_or_time_chose_survives_an_import(
    status: str, importing: Importing
) -> None:
    await importing.applied([HEADERS, FILM])
    await importing.change("石墨烯导热膜", status=status)

    again = await importing.applied([HEADERS, [*FILM[:4], "90", "7"]], publishes=True)
    undone = await importing.step(again["id"], "undo")

    film = (await importing.listings())["石墨烯导热膜"]
    assert again["counts"] == counts(updated=1)
    assert undone["counts"] == counts(updated=1, restored=1)
    assert (film.status, film.price_min_cny) == (status, 800_000)
    assert await importing.announced() == []


async def test_published_listing_is_announced_with_each_change_and_stays_published(
    importing: Importing,
) -> None:
    await importing.applied([HEADERS, FILM], publishes=True)
    first = (await importing.listings())["石墨烯导热膜"]

    await importing.applied([HEADERS, [*FILM[:4], "90", "7"]])

    second = (await importing.listings())["石墨烯导热膜"]
    assert (second.status, second.price_min_cny) == ("published", 900_000)
    assert (second.published_at, second.expires_on) == (first.published_at, first.expires_on)
    assert len(await importing.announced()) == 2


async def test_notes_and_secrets_survive_an_import(importing: Importing) -> None:
    await importing.applied([HEADERS, FILM])
    await importing.change("石墨烯导热膜", private_note="只谈独占", price_floor_cny=500_000)

    await importing.applied([HEADERS, [*FILM[:4], "90", "7"]])

    film = (await importing.listings())["石墨烯导热膜"]
    assert (film.private_note, film.price_floor_cny) == ("只谈独占", 500_000)


async def test_name_of_another_owner_stays_as_a_remark(importing: Importing) -> None:
    checked = await importing.checked(
        [
            [*HEADERS, "完成单位"],
            [*FILM, "刺桐大学"],
            [*SOLE, "清源大学"],
            [*BARE, "清源大学"],
        ]
    )
    await importing.step(checked["id"], "apply")

    extras = {title: each.extra for title, each in (await importing.listings()).items()}
    assert extras == {
        "石墨烯导热膜": {},
        "防滑橡胶鞋底": {"来源单位": "清源大学"},
        "某项成果": {"来源单位": "清源大学"},
    }
    (warning,) = await importing.rows(checked["id"], "&action=warning")
    assert (warning["line"], warning["problem"]) == (
        3,
        "“清源大学”不是本单位；仍按本单位导入，该名称原样保留",
    )


async def test_publication_lasts_as_long_as_the_settings_say(importing: Importing) -> None:
    await importing.applied([HEADERS, FILM], publishes=True)

    film = (await importing.listings())["石墨烯导热膜"]

    assert film.published_at is not None
    assert (film.expires_on - film.published_at.date()).days == importing.settings.listing_days


async def test_cells_that_are_empty_now_empty_the_listing(importing: Importing) -> None:
    await importing.applied([[*HEADERS, "展位", "手机"], [*FILM, "A01", "139"]])

    await importing.applied([[*HEADERS, "展位", "手机"], [*FILM[:4], "", "", "", ""]])

    film = (await importing.listings())["石墨烯导热膜"]
    assert (film.price_min_cny, film.trl, film.extra, film.contacts) == (None, None, {}, {})


async def test_long_title_is_kept_whole_in_the_text(importing: Importing) -> None:
    title = "名" * 250

    await importing.applied([HEADERS, ["", title, *FILM[2:]]])
    again = await importing.applied([HEADERS, ["", title, *FILM[2:]]])

    (listing,) = (await importing.listings()).values()
    assert (len(listing.title), listing.text) == (200, f"{title}\n{FILM[2]}")
    assert again["counts"] == counts(unchanged=1)


async def test_file_with_headers_only_is_an_empty_import(importing: Importing) -> None:
    applied = await importing.applied([HEADERS])

    assert (applied["state"], applied["rows"]) == ("applied", 0)
    assert applied["counts"] == counts(warnings=1)
    (warning,) = await importing.rows(applied["id"])
    assert (warning["action"], warning["code"]) == ("warning", "no_rows")


async def test_swapped_file_is_told_before_anything_happens(importing: Importing) -> None:
    checked = await importing.checked([NEED_HEADERS, NEED])

    (warning,) = await importing.rows(checked["id"], "&action=warning")

    assert warning["problem"] == "表头更像需求，两个文件是否颠倒了？"


async def test_needs_are_imported_with_their_indicators(asking: Importing) -> None:
    applied = await asking.applied([NEED_HEADERS, NEED], kind="need", publishes=True)

    need = (await asking.listings("need"))["鞋底打滑"]
    assert applied["counts"] == counts(created=1, published=1)
    assert (need.status, need.reference, need.shows_organisation) == ("published", "N1", False)
    assert [each["text"] for each in need.indicators] == ["湿摩擦系数≥0.5"]
    assert need.budget_max_cny == 500_000


def as_workbook(folder: Path) -> bytes:
    return workbook(folder / "x.xlsx", [HEADERS, FILM, SOLE]).read_bytes()


def as_json_lines(_: Path) -> bytes:
    rows = (dict(zip(HEADERS, row, strict=True)) for row in (FILM, SOLE))
    return b"\n".join(map(msgspec.json.encode, rows))


def as_gb18030(_: Path) -> bytes:
    return csv_bytes([HEADERS, FILM, SOLE], "gb18030")


@pytest.mark.parametrize(
    ("make", "name"),
    [(as_workbook, "成果.xlsx"), (as_json_lines, "成果.JSONL"), (as_gb18030, "成果.csv")],
)
async def test_every_format_says_the_same(
    make: Any, name: str, importing: Importing, tmp_path: Path
) -> None:
    await importing.applied([HEADERS, FILM, SOLE])

    checked = await importing.checked_bytes(make(tmp_path), name=name)

    assert (checked["counts"], checked["file_name"]) == (counts(unchanged=2), name)


async def test_same_key_sends_a_file_once(importing: Importing) -> None:
    key = {"Idempotency-Key": "k-1"}

    first = await importing.send(csv_bytes(ROWS), headers=key)
    second = await importing.send(csv_bytes(ROWS), headers=key)
    other = await importing.send(csv_bytes([HEADERS, FILM]), headers=key)

    assert (second.status_code, second.json()) == (202, first.json())
    assert second.headers["idempotency-replayed"] == "true"
    assert other.status_code == 422
    assert len((await importing.get("")).json()["items"]) == 1


async def test_imports_are_listed_the_newest_first_page_by_page(importing: Importing) -> None:
    ids = [(await importing.applied([HEADERS, row]))["id"] for row in (FILM, SOLE, BARE)]

    first = (await importing.get("?limit=2")).json()
    second = (await importing.get(f"?limit=2&cursor={first['next_cursor']}")).json()

    assert [each["id"] for each in first["items"]] == [ids[2], ids[1]]
    assert [each["id"] for each in second["items"]] == [ids[0]]
    assert second["next_cursor"] is None


async def test_imports_are_listed_by_state(importing: Importing) -> None:
    applied = await importing.applied([HEADERS, FILM])
    await importing.checked([HEADERS, SOLE])

    found = (await importing.get("?state=applied")).json()

    assert found == {"items": [applied], "next_cursor": None}


async def test_rows_come_page_by_page(importing: Importing) -> None:
    checked = await importing.checked(ROWS)

    places, cursor = [], ""
    while True:
        page = (await importing.get(f"/{checked['id']}/rows?limit=1{cursor}")).json()
        places += [(row["line"], row["action"]) for row in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert places == [(2, "create"), (3, "create"), (4, "create"), (5, "refused")]


async def test_row_with_warnings_is_followed_by_them(importing: Importing) -> None:
    checked = await importing.checked([HEADERS, [*FILM[:3], "不存在的领域", "80万元", "7"], BROKEN])

    told = [
        (row["line"], row["action"], row["code"]) for row in await importing.rows(checked["id"])
    ]

    assert told == [
        (2, "create", None),
        (2, "warning", "unknown_word"),
        (3, "refused", "money_unread"),
    ]


async def test_large_file_is_carried_out_chunk_by_chunk(importing: Importing) -> None:
    rows = [
        [
            f"R{number}",
            f"成果{number}",
            f"指标提高 {number}%，不增加设备，已完成中试。",
            "新材料",
            "",
            "",
        ]
        for number in range(2_300)
    ]

    applied = await importing.applied([HEADERS, *rows], publishes=True)

    assert applied["counts"] == counts(created=2_300, published=2_300)
    assert [len(titles) for titles in await importing.announced()] == [1_000, 1_000, 300]
    assert (applied["rows"], applied["rows_done"]) == (2_300, 2_300)
