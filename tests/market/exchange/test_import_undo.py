"""The way back from an import, and where it ends: what was changed since is kept."""

import pytest

from market.db import Database
from market.listings.models import Listing
from tests.market.exchange.importing import (
    BARE,
    EN,
    FILM,
    HEADERS,
    ROWS,
    SOLE,
    ZH,
    Importing,
    counts,
)

DEARER = [*FILM[:4], "90", "7"]


async def test_drafts_that_an_import_made_are_deleted(importing: Importing) -> None:
    applied = await importing.applied(ROWS)

    undone = await importing.step(applied["id"], "undo")

    assert (undone["state"], undone["allowed_actions"]) == ("undone", [])
    assert undone["counts"] == counts(created=3, refused=1, deleted=3)
    assert await importing.listings() == {}


async def test_published_ones_are_withdrawn_and_announced(importing: Importing) -> None:
    applied = await importing.applied([HEADERS, FILM, SOLE, BARE], publishes=True)

    undone = await importing.step(applied["id"], "undo")

    assert undone["counts"] == counts(created=3, published=2, left_draft=1, withdrawn=2, deleted=1)
    assert await importing.statuses() == {"石墨烯导热膜": "withdrawn", "防滑橡胶鞋底": "withdrawn"}
    assert (await importing.announced())[1:] == [{"石墨烯导热膜", "防滑橡胶鞋底"}]


async def test_updated_listing_is_as_it_was_before(importing: Importing) -> None:
    await importing.applied([[*HEADERS, "手机"], [*FILM, "13900001111"]], publishes=True)
    before = (await importing.listings())["石墨烯导热膜"]
    second = await importing.applied([HEADERS, ["R1", "改了名称", *DEARER[2:]]])

    undone = await importing.step(second["id"], "undo")

    after = (await importing.listings())["石墨烯导热膜"]
    changing = {"version", "changed_at"}
    columns = [column.key for column in Listing.__table__.columns if column.key not in changing]
    assert undone["counts"] == counts(updated=1, restored=1)
    assert [getattr(after, name) for name in columns] == [getattr(before, name) for name in columns]
    assert (after.price_min_cny, after.version) == (800_000, before.version + 2)
    assert len(await importing.announced()) == 3


async def test_draft_that_an_import_published_is_a_draft_again(importing: Importing) -> None:
    await importing.applied([HEADERS, FILM])
    second = await importing.applied([HEADERS, FILM], publishes=True)

    undone = await importing.step(second["id"], "undo")

    assert undone["counts"] == counts(updated=1, published=1, restored=1)
    assert await importing.statuses() == {"石墨烯导热膜": "draft"}
    assert (await importing.announced()) == [{"石墨烯导热膜"}, {"石墨烯导热膜"}]


async def test_what_was_changed_since_is_kept_and_told(importing: Importing) -> None:
    await importing.applied([HEADERS, FILM])
    second = await importing.applied([HEADERS, DEARER, SOLE, BARE])
    await importing.change("石墨烯导热膜", title="所有者改了名称")
    await importing.change("防滑橡胶鞋底", private_note="正在谈")

    undone = await importing.step(second["id"], "undo")

    assert undone["counts"] == counts(created=2, updated=1, kept=2, deleted=1)
    assert await importing.statuses() == {"所有者改了名称": "draft", "防滑橡胶鞋底": "draft"}
    rows = await importing.rows(second["id"])
    assert [(row["reference"], row["undone"]) for row in rows] == [
        ("R1", "kept"),
        ("R2", "kept"),
        ("R3", "deleted"),
    ]
    assert [row["reference"] for row in await importing.rows(second["id"], "&undone=kept")] == [
        "R1",
        "R2",
    ]


async def test_listing_that_went_away_is_gone(importing: Importing, database: Database) -> None:
    applied = await importing.applied([HEADERS, FILM])
    film = (await importing.listings())["石墨烯导热膜"]
    async with database.writing() as session:
        await session.delete(await session.get_one(Listing, film.id))

    undone = await importing.step(applied["id"], "undo")

    assert undone["counts"] == counts(created=1, gone=1)


async def test_unchanged_rows_are_left_alone(importing: Importing) -> None:
    await importing.applied([HEADERS, FILM])
    second = await importing.applied([HEADERS, FILM, SOLE])

    undone = await importing.step(second["id"], "undo")

    assert undone["counts"] == counts(created=1, unchanged=1, deleted=1)
    assert list(await importing.listings()) == ["石墨烯导热膜"]
    assert [row["undone"] for row in await importing.rows(second["id"])] == [None, "deleted"]


async def test_undone_import_can_be_sent_again(importing: Importing) -> None:
    first = await importing.applied([HEADERS, FILM])
    await importing.step(first["id"], "undo")

    again = await importing.applied([HEADERS, FILM])

    assert again["counts"] == counts(created=1)


async def test_the_later_of_two_imports_is_undone_first(importing: Importing) -> None:
    first = await importing.applied([HEADERS, FILM])
    second = await importing.applied([HEADERS, DEARER])

    kept = await importing.step(first["id"], "undo")
    restored = await importing.step(second["id"], "undo")

    assert (kept["counts"]["kept"], restored["counts"]["restored"]) == (1, 1)
    assert (await importing.listings())["石墨烯导热膜"].price_min_cny == 800_000


async def test_two_rows_that_meant_one_listing_are_undone_to_its_beginning(
    importing: Importing,
) -> None:
    await importing.applied([HEADERS, FILM])
    own_id = str((await importing.listings())["石墨烯导热膜"].id)
    twice = await importing.applied([HEADERS, DEARER, [own_id, "又一个名称", *FILM[2:]]])

    await importing.step(twice["id"], "undo")

    film = (await importing.listings())["石墨烯导热膜"]
    assert (film.reference, film.price_min_cny) == ("R1", 800_000)


@pytest.mark.parametrize(
    ("state", "step", "headers", "said"),
    [
        ("checked", "undo", ZH, "导入当前“已检查”，不能撤销"),
        ("applied", "apply", EN, "The import is applied and can't be applied now."),
        ("undone", "undo", ZH, "导入当前“已撤销”，不能撤销"),
        ("undone", "apply", ZH, "导入当前“已撤销”，不能执行"),
    ],
)
async def test_step_that_does_not_follow_is_refused(
    state: str, step: str, headers: dict[str, str], said: str, importing: Importing
) -> None:
    told = await importing.checked([HEADERS, FILM])
    for before in {"checked": [], "applied": ["apply"], "undone": ["apply", "undo"]}[state]:
        await importing.step(told["id"], before)

    refused = await importing.client.post(
        f"/api/v1/imports/{told['id']}/{step}", headers=importing.account.headers | headers
    )

    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (409, "import_state_refused")
    assert problem["title"] == said


async def test_checked_import_is_dropped_with_its_report(importing: Importing) -> None:
    told = await importing.checked(ROWS)

    dropped = await importing.delete(f"/{told['id']}")

    assert (dropped.status_code, dropped.content) == (204, b"")
    assert (await importing.get(f"/{told['id']}")).status_code == 404
    assert (await importing.get("")).json()["items"] == []


@pytest.mark.parametrize("state", ["checking", "applied"])
async def test_import_that_works_or_worked_is_not_dropped(state: str, importing: Importing) -> None:
    sent = (await importing.send(b"\xef\xbb\xbf" + "成果名称\n甲\n".encode())).json()
    if state == "applied":
        await importing.work()
        await importing.step(sent["id"], "apply")

    refused = await importing.delete(f"/{sent['id']}")

    assert (refused.status_code, refused.json()["code"]) == (409, "import_state_refused")
    assert (await importing.read(sent["id"]))["state"] == state
