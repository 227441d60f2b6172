"""Matches as a file of pairs: with reasons, and without what the other side hides."""

import csv
import io
from pathlib import Path
from typing import Any

import msgspec
import pytest

from market.db import Database, utc_now
from market.matching.models import MatchFeedback, MatchRow
from tests.market.commands.runs import sheets_of
from tests.market.exchange.importing import (
    EN,
    FILM,
    HEADERS,
    NEED,
    NEED_HEADERS,
    SOLE,
    ZH,
    Importing,
)

SIDE = {"base": 0.0, "parts": [], "log_odds": 0.0}
# What the need hides from everybody until it shows its terms.
SECRETS = ["500000", "50 万", "≥0.5", "晋江某鞋业有限公司", "许厂长", "13800000000"]


def explanation(price: str = "报价 60 万元在预算 50 万元之上") -> dict[str, Any]:
    def told(text: str) -> list[dict[str, Any]]:
        return [
            {"feature": "text", "supports": True, "text": "内容相近：湿摩擦系数≥0.5"},
            {"feature": "price", "supports": False, "text": text},
        ]

    return {
        "enterprise": SIDE,
        "institute": SIDE,
        "reasons": {"zh": told(price), "en": told("The price of 600,000 is above the budget")},
        "words": ["湿摩擦系数"],
        "wordings": [],
    }


async def match(database: Database, result: Any, need: Any, score: float) -> MatchRow:
    row = MatchRow(
        result_id=result.id,
        need_id=need.id,
        score=score,
        explanation=explanation(),
        for_result=True,
        for_need=True,
        result_version=1,
        need_version=1,
        state="open",
        found_at=utc_now(),
        scored_at=utc_now(),
    )
    async with database.writing() as session:
        session.add(row)
    return row


@pytest.fixture
async def matched(importing: Importing, asking: Importing, database: Database) -> list[MatchRow]:
    """Two results of the institute, both matched with the need of the enterprise."""
    await importing.applied(
        [[*HEADERS, "联系人"], [*FILM, "林工"], [*SOLE, "林工"]], publishes=True
    )
    await asking.applied(
        [[*NEED_HEADERS, "联系人", "手机"], [*NEED, "许厂长", "13800000000"]],
        kind="need",
        publishes=True,
    )
    results, needs = await importing.listings(), await asking.listings("need")
    need = needs["鞋底打滑"]
    return [
        await match(database, results["石墨烯导热膜"], need, 41.26),
        await match(database, results["防滑橡胶鞋底"], need, 88.84),
    ]


async def exported(someone: Importing, query: str, **headers: str) -> bytes:
    asked = someone.account.headers | ZH | headers
    answer = await someone.client.get(f"/api/v1/exports/matches?{query}", headers=asked)
    assert answer.status_code == 200, answer.text
    return answer.content


def rows_of(content: bytes) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in content.splitlines()]


@pytest.mark.usefixtures("matched")
async def test_enterprise_gets_its_matches_the_best_first(asking: Importing) -> None:
    rows = rows_of(await exported(asking, "format=jsonl"))

    assert [(row["rank"], row["score"], row["result"]["title"]) for row in rows] == [
        (1, 88.8, "防滑橡胶鞋底"),
        (2, 41.3, "石墨烯导热膜"),
    ]
    assert {row["need_id"] for row in rows} == {"N1"}
    assert rows[0]["reasons"] == ["内容相近：湿摩擦系数≥0.5"]
    assert rows[0]["counter_reasons"] == ["报价 60 万元在预算 50 万元之上"]
    assert (rows[0]["result"]["institute"], rows[0]["result"]["price_min_cny"]) == (
        "刺桐大学",
        600_000,
    )


@pytest.mark.usefixtures("matched")
@pytest.mark.parametrize("format_", ["jsonl", "csv"])
async def test_what_the_need_hides_is_not_in_the_institute_s_file(
    format_: str, importing: Importing, asking: Importing
) -> None:
    await asking.change("鞋底打滑", shows_terms=False)

    content = (await exported(importing, f"format={format_}")).decode()

    assert "鞋底打滑" in content
    assert [secret for secret in SECRETS if secret in content] == []
    assert "林工" not in content


@pytest.mark.usefixtures("matched")
async def test_institute_s_file_goes_result_by_result(importing: Importing) -> None:
    rows = rows_of(await exported(importing, "format=jsonl"))

    assert [(row["rank"], row["result_id"], row["need"]["enterprise"]) for row in rows] == [
        (1, "R2", "企业"),
        (1, "R1", "企业"),
    ]


@pytest.mark.usefixtures("matched")
async def test_extra_columns_of_the_other_side_stay_with_it(
    importing: Importing, asking: Importing
) -> None:
    await importing.applied([[*HEADERS, "内部备注"], [*SOLE, "底价四十万"]])

    theirs = (await exported(asking, "format=csv")).decode("utf-8-sig")
    own = (await exported(importing, "format=csv")).decode("utf-8-sig")

    assert ("内部备注" in theirs, "底价四十万" in theirs) == (False, False)
    assert "成果·内部备注" in next(csv.reader(io.StringIO(own)))


@pytest.mark.usefixtures("matched")
async def test_workbook_has_the_pairs_and_the_needs(asking: Importing, tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(await exported(asking, "format=xlsx", **EN))

    sheets = sheets_of(tmp_path / "x.xlsx")

    pairs = [(row[0], row[2], row[4], row[5]) for row in sheets["Pairs"]]
    assert pairs == [
        ("Need id", "Rank", "Result", "Score"),
        ("N1", 1.0, "防滑橡胶鞋底", 88.8),
        ("N1", 2.0, "石墨烯导热膜", 41.3),
    ]
    assert [row[1] for row in sheets["Needs"]] == ["Need", "鞋底打滑"]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("min_score=50", ["防滑橡胶鞋底"]),
        ("verdict=saved", ["石墨烯导热膜"]),
        ("verdict=open", ["防滑橡胶鞋底"]),
        ("verdict=declined", []),
    ],
)
async def test_matches_are_chosen_by_score_and_verdict(
    query: str, titles: list[str], asking: Importing, matched: list[MatchRow], database: Database
) -> None:
    async with database.writing() as session:
        session.add(
            MatchFeedback(
                match_id=matched[0].id,
                organisation_id=asking.account.user.organisation_id,
                user_id=asking.account.user.id,
                verdict="saved",
                text="",
                given_at=utc_now(),
            )
        )

    rows = rows_of(await exported(asking, f"format=jsonl&{query}"))

    assert [row["result"]["title"] for row in rows] == titles


async def test_no_matches_are_a_table_of_headers(asking: Importing) -> None:
    content = await exported(asking, "format=csv")

    assert content.decode("utf-8-sig").startswith("需求编号,需求名称,名次,")
    assert len(content.splitlines()) == 1
