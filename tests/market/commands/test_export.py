"""`duijie export`: listings and matches of the marketplace as files."""

from pathlib import Path

import pytest
import pytest_asyncio

from market.db import Database, utc_now
from market.errors import EXIT_FAILED, EXIT_USAGE
from market.listings.bulk import Posting, create_listings
from market.listings.models import Listing
from market.matching.models import MatchRow
from schemas.listings import Need, Result
from tests.market.accounts.factories import Account, make_account, rows
from tests.market.commands.runs import DuijieOnMarket, names_in, pairs_of, sheets_of
from tests.market.factories import bare_need, bare_result, make_need, make_result

CONTACT = {"手机": "13900001111"}


async def posted(
    database: Database, account: Account, *listings: Result | Need, publishes: bool = True
) -> None:
    assert account.organisation is not None
    now = utc_now()
    posting = Posting(
        organisation_id=account.organisation.id,
        user_id=None,
        kind="need" if isinstance(listings[0], Need) else "result",
        now=now,
        published_until=now.date() if publishes else None,
    )
    async with database.writing() as session:
        await create_listings(session, posting, listings)


@pytest_asyncio.fixture(loop_scope="session")
async def market(database: Database) -> Account:
    """An institute with a published result and a draft, an enterprise with a need."""
    institute = await make_account(database, name="刺桐大学")
    await posted(
        database,
        institute,
        make_result(contacts=CONTACT, extra={"展位": "A01"}, institute=""),
        bare_result("R2", "某项成果"),
    )
    enterprise = await make_account(database, "enterprise", name="晋江某鞋业有限公司")
    await posted(database, enterprise, make_need(enterprise=""), bare_need("N2", "空白"))
    return institute


@pytest.mark.usefixtures("market")
async def test_organisation_s_results_are_written_with_drafts_and_contacts(
    duijie_on_market: DuijieOnMarket, folder: Path
) -> None:
    ran = await duijie_on_market("export", "results", "-o", "x.jsonl", "--organisation", "刺桐大学")

    assert (ran.code, ran.out, ran.err) == (0, "2 行 → x.jsonl\n", "")
    film, bare = pairs_of(folder / "x.jsonl")
    assert (film["id"], film["手机"], film["展位"], film["平台状态"]) == (
        "R1",
        "13900001111",
        "A01",
        "已发布",
    )
    assert (bare["id"], bare["平台状态"]) == ("R2", "草稿")


@pytest.mark.usefixtures("market")
async def test_everybody_s_published_results_come_without_contacts(
    duijie_on_market: DuijieOnMarket, folder: Path
) -> None:
    ran = await duijie_on_market("export", "results", "-o", "x.csv", "--lang", "en")

    assert ran.out == "1 rows → x.csv\n"
    text = (folder / "x.csv").read_text("utf-8-sig")
    assert ("R1" in text, "R2" in text) == (True, False)
    assert ("手机" in text, "13900001111" in text) == (False, False)


@pytest.mark.usefixtures("market")
async def test_needs_are_chosen_by_status(duijie_on_market: DuijieOnMarket, folder: Path) -> None:
    await duijie_on_market(
        *("export", "needs", "-o", "x.xlsx", "--status", "draft"),
        *("--organisation", "晋江某鞋业有限公司"),
    )

    (table,) = sheets_of(folder / "x.xlsx").values()
    assert [row[:2] for row in table] == [["需求编号", "需求名称"], ["N2", "空白"]]


async def test_large_export_is_read_part_by_part(
    duijie_on_market: DuijieOnMarket, folder: Path, database: Database, market: Account
) -> None:
    await posted(database, market, *(bare_result(f"X{n}", f"成果{n}") for n in range(2_100)))

    ran = await duijie_on_market("export", "results", "-o", "x.jsonl", "--organisation", "刺桐大学")

    assert ran.out == "2102 行 → x.jsonl\n"
    assert len({row["id"] for row in pairs_of(folder / "x.jsonl")}) == 2_102


@pytest.mark.usefixtures("market")
async def test_matches_are_written_as_pairs(
    duijie_on_market: DuijieOnMarket, folder: Path, database: Database
) -> None:
    listings = {listing.reference: listing.id for listing in await rows(database, Listing)}
    side = {"base": 0.0, "parts": [], "log_odds": 0.0}
    now = utc_now()
    async with database.writing() as session:
        session.add(
            MatchRow(
                result_id=listings["R1"],
                need_id=listings["N1"],
                score=77.7,
                explanation={
                    "enterprise": side,
                    "institute": side,
                    "reasons": {"zh": [], "en": []},
                    "words": [],
                    "wordings": [],
                },
                for_result=True,
                for_need=True,
                result_version=1,
                need_version=1,
                found_at=now,
                scored_at=now,
            )
        )

    ran = await duijie_on_market("export", "matches", "-o", "m.jsonl", "--organisation", "刺桐大学")

    (pair,) = pairs_of(folder / "m.jsonl")
    assert ran.out == "1 行 → m.jsonl\n"
    assert (pair["result_id"], pair["score"], pair["need"]["title"]) == (
        "R1",
        77.7,
        "橡胶鞋底湿摩擦系数不够",
    )
    assert pair["need"]["enterprise"] != "晋江某鞋业有限公司"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["results", "-o", "x.pdf"], EXIT_USAGE, "x.pdf：只能写成 .xlsx、.csv 或 .jsonl"),
        (["matches", "-o", "x.csv"], EXIT_USAGE, "导出匹配需要 --organisation"),
        (["matches", "-o", "x.csv", "--status", "draft"], EXIT_USAGE, "--status 不适用于匹配"),
        (["results", "-o", "x.csv", "--organisation", "无名"], EXIT_USAGE, "无名：没有这个单位"),
        (["results", "-o", "no/x.csv"], EXIT_FAILED, "所在文件夹不存在"),
        (["fairs", "-o", "x.csv"], EXIT_USAGE, "'fairs' is not one of"),
    ],
)
@pytest.mark.usefixtures("market")
async def test_what_cannot_be_written_is_told(
    arguments: list[str], code: int, said: str, duijie_on_market: DuijieOnMarket, folder: Path
) -> None:
    ran = await duijie_on_market("export", *arguments)

    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert [name for name in names_in(folder) if name.startswith("x")] == []
