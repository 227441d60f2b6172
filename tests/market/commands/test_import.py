"""`duijie import`: a spreadsheet into the marketplace, and the way back."""

import asyncio
import io
from pathlib import Path
from typing import Any

import click.testing
import msgspec
import pytest
import pytest_asyncio

from market.cli import duijie as program
from market.db import Database
from market.errors import EXIT_FAILED, EXIT_SOME_REFUSED, EXIT_USAGE
from market.exchange.models import Import
from market.listings.models import Listing, ResultListing
from tests.market.accounts.factories import Account, make_account, rows
from tests.market.commands.runs import DuijieOnMarket, Ran, parsed
from tests.market.exchange.files import text_file
from tests.market.exchange.importing import (
    BARE,
    BROKEN,
    FILM,
    HEADERS,
    NEED,
    NEED_HEADERS,
    SOLE,
    counts,
)

FOR = ["--kind", "results", "--organisation", "刺桐大学"]


@pytest_asyncio.fixture(loop_scope="session")
async def institute(database: Database) -> Account:
    return await make_account(database, name="刺桐大学", email="lin@example.cn")


@pytest.fixture
def results(folder: Path) -> Path:
    """Four rows, of which the last is refused."""
    return text_file(folder / "成果.csv", [HEADERS, FILM, SOLE, BARE, BROKEN])


def view_of(ran: Ran) -> dict[str, Any]:
    return msgspec.json.decode(ran.out, type=dict[str, Any])


async def statuses(database: Database) -> dict[str, str]:
    return {listing.title: listing.status for listing in await rows(database, Listing)}


@pytest.mark.usefixtures("institute")
async def test_file_is_checked_and_imported(
    duijie_on_market: DuijieOnMarket, results: Path, database: Database
) -> None:
    ran = await duijie_on_market("import", str(results), *FOR, "--publish", "--yes")

    head, *lines = ran.out.splitlines()
    (told,) = await rows(database, Import)
    assert ran.code == EXIT_SOME_REFUSED
    assert head == f"导入完成 · 成果.csv · {told.id}"
    assert lines == [
        "  新建: 3",
        "  退回: 1",
        "  发布: 2",
        "  内容不全，留作草稿: 1",
        "已发布的条目由后台任务编入检索与匹配；没有运行 serve 或 worker 时，待其下次启动。",
    ]
    assert ran.err.splitlines() == [
        "退回 · 成果.csv 第 5 行 “转让价格（万元）”列：金额“八百”无法理解"
    ]
    assert await statuses(database) == {
        "石墨烯导热膜": "published",
        "防滑橡胶鞋底": "published",
        "某项成果": "draft",
    }


@pytest.mark.usefixtures("institute")
async def test_dry_run_leaves_nothing_behind(
    duijie_on_market: DuijieOnMarket, results: Path, database: Database
) -> None:
    ran = await duijie_on_market("import", str(results), *FOR, "--dry-run", "--json")

    view = view_of(ran)
    assert (ran.code, view["state"]) == (EXIT_SOME_REFUSED, "checked")
    assert view["counts"] == counts(created=3, refused=1)
    assert (await rows(database, Import), await rows(database, Listing)) == ([], [])


async def test_second_import_updates_and_can_be_undone(
    duijie_on_market: DuijieOnMarket, folder: Path, database: Database, institute: Account
) -> None:
    first = text_file(folder / "a.csv", [HEADERS, FILM])
    second = text_file(folder / "b.csv", [HEADERS, [*FILM[:4], "90", "7"], SOLE])
    await duijie_on_market("import", str(first), *FOR, "--yes")

    changed = view_of(await duijie_on_market("import", str(second), *FOR, "--yes", "--json"))
    undone = view_of(await duijie_on_market("import", "--undo", changed["id"], "--json"))

    assert changed["counts"] == counts(created=1, updated=1)
    assert undone["counts"] == counts(created=1, updated=1, restored=1, deleted=1)
    (film,) = await rows(database, ResultListing)
    assert (film.price_min_cny, film.created_by_id) == (800_000, institute.user.id)


@pytest.mark.usefixtures("institute")
async def test_needs_go_to_the_organisation_by_its_id(
    duijie_on_market: DuijieOnMarket, folder: Path, database: Database
) -> None:
    owner = await make_account(database, "enterprise")
    path = text_file(folder / "n.csv", [NEED_HEADERS, NEED])
    assert owner.organisation is not None

    ran = await duijie_on_market(
        *("import", str(path), "--kind", "needs", "--yes", "--lang", "en"),
        *("--organisation", str(owner.organisation.id)),
    )

    (told,) = await rows(database, Import)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"Imported · n.csv · {told.id}\n  created: 1\n"
    assert [each.organisation_id for each in await rows(database, Listing)] == [
        owner.organisation.id
    ]


@pytest.mark.parametrize(("answer", "listings"), [("y\n", 1), ("n\n", 0)])
@pytest.mark.usefixtures("institute", "duijie_on_market")
async def test_it_asks_before_it_imports(
    answer: str, listings: int, folder: Path, database: Database
) -> None:
    path = text_file(folder / "a.csv", [HEADERS, FILM])

    ran = await asyncio.to_thread(
        click.testing.CliRunner().invoke, program, ["import", str(path), *FOR], input=answer
    )

    assert "检查结果（尚未导入）" in ran.output
    assert "导入？ [y/N]" in ran.output
    assert len(await rows(database, Listing)) == listings
    assert [each.state for each in await rows(database, Import)] == ["applied"] * listings


@pytest.mark.usefixtures("institute")
async def test_all_refused_rows_go_to_the_file_that_is_asked_for(
    duijie_on_market: DuijieOnMarket, folder: Path
) -> None:
    broken = [[f"R{number}", *BROKEN[1:]] for number in range(30)]
    path = text_file(folder / "a.csv", [HEADERS, *broken, FILM])

    ran = await duijie_on_market(
        "import", str(path), *FOR, "--dry-run", "--errors", "refused.jsonl", "--lang", "en"
    )

    told = ran.err.splitlines()
    assert len(parsed((folder / "refused.jsonl").read_bytes())) == 30
    assert len(told) == 21
    assert (
        told[0]
        == "refused · a.csv, row 2, column “转让价格（万元）”: the amount “八百” is not understood"
    )
    assert told[-1] == "… and 10 more refused rows; --errors FILE writes all of them"


@pytest.mark.usefixtures("institute")
async def test_file_that_cannot_be_read_fails(
    duijie_on_market: DuijieOnMarket, folder: Path, database: Database
) -> None:
    (folder / "a.csv").write_text("甲,乙\n1,2\n", "utf-8")

    ran = await duijie_on_market("import", "a.csv", *FOR, "--yes")

    assert ran.code == EXIT_FAILED
    assert ran.out.splitlines()[1].startswith("  没有找到名称列")
    assert await rows(database, Listing) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "缺少 FILE、--kind 或 --organisation · one of them is missing"),
        (["成果.csv", "--kind", "results"], "缺少 FILE、--kind 或 --organisation"),
        (["成果.csv", *FOR, "--json"], "--json 须同时给 --yes 或 --dry-run"),
        (["成果.csv", "--undo", "x"], "--undo 不与 FILE、--kind、--organisation 同用"),
        (["--undo", "x"], "x：不是导入的编号"),
        (["--undo", "01890000-0000-7000-8000-000000000000"], "没有这个导入"),
        (
            ["成果.csv", "--kind", "results", "--organisation", "无名大学"],
            "无名大学：没有这个单位 · there is no such organisation",
        ),
        (
            ["成果.csv", "--kind", "results", "--organisation", "同名机构"],
            "同名机构：有多个同名单位，请用编号 · several; use an id: ",
        ),
        (
            ["成果.csv", *FOR, "--user", "wang@example.cn"],
            "wang@example.cn：该单位没有这样的账号 · the organisation has no such account",
        ),
        (["成果.csv", *FOR, "--errors", "x.pdf"], "x.pdf：退回行只能写成 .csv、.xlsx 或 .jsonl"),
    ],
)
@pytest.mark.usefixtures("institute", "results")
async def test_wrong_use_is_told(
    arguments: list[str], said: str, duijie_on_market: DuijieOnMarket, database: Database
) -> None:
    await make_account(database, "institute", name="同名机构", email="wang@example.cn")
    await make_account(database, "broker", name="同名机构")

    ran = await duijie_on_market("import", *arguments)

    assert (ran.code, ran.out) == (EXIT_USAGE, "")
    assert ran.err.startswith(f"错误 · Error: {said}") or said in ran.err
    assert await rows(database, Listing) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nosuch.csv", *FOR], "nosuch.csv: 文件不存在"),
        (["成果.csv", "--kind", "needs", "--organisation", "刺桐大学"], "您的角色不能这样做"),
        (
            ["成果.csv", "--kind", "results", "--organisation", "新来的大学", "--publish"],
            "单位尚未核验",
        ),
    ],
)
@pytest.mark.usefixtures("institute", "results")
async def test_what_is_not_allowed_is_told(
    arguments: list[str], said: str, duijie_on_market: DuijieOnMarket, database: Database
) -> None:
    await make_account(database, name="新来的大学", is_verified=False)

    ran = await duijie_on_market("import", *arguments, "--yes")

    assert (ran.code, ran.out) == (EXIT_FAILED, "")
    assert said in ran.err
    assert await rows(database, Import) == []


def test_help_tells_of_the_way_back() -> None:
    buffer = io.StringIO(click.testing.CliRunner().invoke(program, ["import", "--help"]).output)

    assert "--undo IMPORT_ID" in buffer.read()
