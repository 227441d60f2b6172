"""GET /results and /needs: what is found, how it is shown, and that nothing hidden is told."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, cast

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import Engine, event

from market.accounts.models import Organisation
from market.app import create_app
from market.db import Database
from market.indexing.engines import Indexes, open_indexes
from market.settings import Settings
from tests.market.accounts.factories import Account, make_account
from tests.market.indexing.factories import Row, change, made_listing, post_indexed

Json = dict[str, Any]
Find = Callable[..., Awaitable[Json]]

AUTUMN = datetime(2026, 9, 1, tzinfo=UTC)
WINTER = datetime(2026, 12, 1, tzinfo=UTC)
QUARTERS = [datetime(2026, month, 1, tzinfo=UTC) for month in (3, 6, 9, 12)]


@pytest.fixture
async def institute(database: Database) -> Account:
    return await make_account(database, "institute", name="刺桐大学")


@pytest.fixture
async def enterprise(database: Database) -> Account:
    return await make_account(database, "enterprise", name="晋江露名鞋业")


@pytest.fixture
async def newcomer(database: Database) -> Account:
    return await make_account(database, "enterprise", is_verified=False)


def organisation_of(account: Account) -> Organisation:
    assert account.organisation is not None
    return account.organisation


@pytest.fixture
async def catalogue(
    settings: Settings, database: Database, indexes: Indexes, institute: Account
) -> dict[str, str]:
    """Four results by a short name; their ids → names."""
    owner = organisation_of(institute)
    rows = {
        "sole": made_listing(owner, published_at=QUARTERS[0]),
        "dryer": made_listing(
            owner,
            title="食品真空干燥机",
            text="干燥时间缩短一半。",
            keywords=["干燥"],
            fields=["manufacturing"],
            industries=["C1411"],
            modes=["service"],
            division="350582",
            trl=9,
            price_min_cny=80_000,
            price_max_cny=80_000,
            published_at=QUARTERS[1],
        ),
        "catalyst": made_listing(
            owner,
            title="低温脱硝催化剂",
            text="用于窑炉烟气。",
            keywords=["催化剂"],
            fields=["environment", "materials"],
            industries=["C2661"],
            modes=["licence_exclusive"],
            division="330106",
            trl=4,
            price_min_cny=2_000_000,
            price_max_cny=3_000_000,
            shows_organisation=False,
            published_at=QUARTERS[2],
        ),
        "hidden": made_listing(
            owner,
            title="石墨烯导热膜",
            text="价格面谈。",
            keywords=["石墨烯"],
            fields=["electronics"],
            industries=["C3985"],
            modes=["transfer"],
            division="440300",
            trl=None,
            price_min_cny=610_000,
            price_max_cny=610_000,
            shows_terms=False,
            published_at=QUARTERS[3],
        ),
    }
    draft = made_listing(owner, title="橡胶鞋底草稿", status="draft", published_at=None)
    await post_indexed(settings, database, indexes, *rows.values(), draft)
    return {str(row.id): name for name, row in rows.items()}


@pytest.fixture
async def found(client: httpx.AsyncClient) -> Find:
    """The answer to a search for results as an object."""

    async def find(
        parameters: Any = None, *, to: Account | None = None, kind: str = "results"
    ) -> Json:
        answer = await client.get(
            f"/api/v1/{kind}", params=parameters, headers=to.headers if to else {}
        )
        assert answer.status_code == 200, answer.text
        content: Json = answer.json()
        return content

    return find


def names(answer: Json, catalogue: dict[str, str]) -> list[str]:
    return [catalogue[item["id"]] for item in answer["items"]]


FILTERED: list[tuple[Json, list[str]]] = [
    ({}, ["catalyst", "dryer", "hidden", "sole"]),
    ({"q": "干燥"}, ["dryer"]),
    ({"q": "石墨烯 导热"}, ["hidden"]),
    ({"q": "锅炉"}, []),
    ({"field": "materials"}, ["catalyst", "sole"]),
    ({"field": ["environment", "电子信息"]}, ["catalyst", "hidden"]),
    ({"industry": "C19"}, ["sole"]),
    ({"industry": ["橡胶鞋制造", "C14"]}, ["dryer", "sole"]),
    ({"industry": "C"}, ["catalyst", "dryer", "hidden", "sole"]),
    ({"division": "3505"}, ["dryer", "sole"]),
    ({"division": ["晋江", "33"]}, ["catalyst", "dryer"]),
    ({"mode": "licence"}, ["catalyst", "sole"]),
    ({"mode": "独占许可"}, ["catalyst"]),
    ({"trl_min": 5}, ["dryer", "sole"]),
    ({"trl_max": 7}, ["catalyst", "sole"]),
    ({"trl_min": 7, "trl_max": 7}, ["sole"]),
    ({"organisation": "刺桐"}, ["dryer", "hidden", "sole"]),
    ({"organisation": "黎明"}, []),
    ({"published_since": "2026-09-01"}, ["catalyst", "hidden"]),
    ({"published_since": "2026-09-01T00:00:01Z"}, ["hidden"]),
    ({"published_since": "2026-09-01T08:00:00+08:00"}, ["catalyst", "hidden"]),
    ({"field": "materials", "division": "3505", "trl_min": 6}, ["sole"]),
]


async def test_filters_keep_what_they_name(catalogue: dict[str, str], found: Find) -> None:
    answers = [(parameters, await found(parameters)) for parameters, _ in FILTERED]

    assert [(asked, sorted(names(answer, catalogue))) for asked, answer in answers] == FILTERED
    assert [answer["total"] for _, answer in answers] == [len(kept) for _, kept in FILTERED]


SORTED: list[tuple[str, list[str]]] = [
    ("newest", ["hidden", "catalyst", "dryer", "sole"]),
    ("price_up", ["dryer", "sole", "catalyst", "hidden"]),
    ("price_down", ["catalyst", "sole", "dryer", "hidden"]),
    ("trl_up", ["catalyst", "sole", "dryer", "hidden"]),
    ("trl_down", ["dryer", "sole", "catalyst", "hidden"]),
]


async def test_verified_organisation_may_sort_by_anything(
    catalogue: dict[str, str], found: Find, enterprise: Account
) -> None:
    answers = [(sort, await found({"sort": sort}, to=enterprise)) for sort, _ in SORTED]

    assert [(sort, names(answer, catalogue)) for sort, answer in answers] == SORTED
    assert {item["score"] for _, answer in answers for item in answer["items"]} == {0}


async def test_relevance_puts_the_title_before_the_text(
    settings: Settings,
    database: Database,
    indexes: Indexes,
    institute: Account,
    found: Find,
) -> None:
    owner = organisation_of(institute)
    in_text = made_listing(owner, title="一种涂料", text="可用于陶瓷。" + "各种场合。" * 20)
    in_title = made_listing(owner, title="陶瓷", text="日用。")
    await post_indexed(settings, database, indexes, in_text, in_title)

    items = (await found({"q": "陶瓷"}))["items"]

    assert [item["id"] for item in items] == [str(in_title.id), str(in_text.id)]
    assert items[0]["score"] > items[1]["score"] > 0


@pytest.mark.usefixtures("catalogue")
async def test_facets_count_all_that_was_found_with_names(client: httpx.AsyncClient) -> None:
    answer = await client.get(
        "/api/v1/results",
        params={"facets": "fields,trl, price_bands", "limit": 1, "field": "materials"},
        headers={"Accept-Language": "en"},
    )

    assert answer.json()["facets"] == {
        "fields": [
            {"code": "materials", "label": "New materials", "count": 2},
            {"code": "environment", "label": "Resources and environment", "count": 1},
        ],
        "trl": [
            {"code": "4", "label": "TRL 4", "count": 1},
            {"code": "7", "label": "TRL 7", "count": 1},
        ],
        "price_bands": [
            {"code": "1m_5m", "label": "1m–5m", "count": 1},
            {"code": "500k_1m", "label": "500k–1m", "count": 1},
        ],
    }


@pytest.mark.usefixtures("catalogue")
async def test_all_facets_are_there_also_where_nothing_was_found(found: Find) -> None:
    answer = await found({"facets": "all", "q": "锅炉"})

    assert answer == {
        "items": [],
        "total": 0,
        "facets": {
            "fields": [],
            "industry_sections": [],
            "provinces": [],
            "modes": [],
            "trl": [],
            "price_bands": [],
        },
        "next_cursor": None,
        "degraded": False,
    }


async def test_cursor_walks_through_all_pages(
    catalogue: dict[str, str], found: Find, enterprise: Account
) -> None:
    seen: list[str] = []
    parameters: Json = {"sort": "trl_up", "limit": 3}
    answer = await found(parameters, to=enterprise)
    while True:
        seen += names(answer, catalogue)
        if answer["next_cursor"] is None:
            break
        answer = await found(parameters | {"cursor": answer["next_cursor"]}, to=enterprise)

    assert seen == ["catalyst", "sole", "dryer", "hidden"]


async def test_cursor_goes_on_with_another_page_size(
    catalogue: dict[str, str], found: Find
) -> None:
    first = await found({"sort": "newest", "limit": 1})

    rest = await found(
        {"sort": "newest", "limit": 10, "facets": "trl", "cursor": first["next_cursor"]}
    )

    assert names(rest, catalogue) == ["catalyst", "dryer", "sole"]


@pytest.mark.usefixtures("catalogue")
async def test_cursor_of_another_search_is_refused(found: Find, client: httpx.AsyncClient) -> None:
    cursor = (await found({"limit": 1}))["next_cursor"]
    others: list[Json] = [{"q": "橡胶"}, {"sort": "trl_up"}, {"field": "materials"}, {"trl_min": 1}]
    for other in others:
        answer = await client.get(
            "/api/v1/results",
            params=other | {"cursor": cursor},
            headers={"Accept-Language": "en"},
        )

        assert (answer.status_code, answer.json()["errors"]) == (
            422,
            [{"detail": "The cursor is of another search.", "parameter": "cursor"}],
        )


@pytest.mark.usefixtures("catalogue")
async def test_cursor_of_the_other_kind_is_refused(found: Find, client: httpx.AsyncClient) -> None:
    cursor = (await found({"limit": 1}))["next_cursor"]

    answer = await client.get("/api/v1/needs", params={"cursor": cursor})

    assert answer.status_code == 422


@pytest.mark.parametrize("cursor", ["x", "WzEwMDAxLCJ4Il0", "W10", "bnVsbA", "WzEsIngiXQ"])
async def test_made_up_cursor_is_refused(client: httpx.AsyncClient, cursor: str) -> None:
    answer = await client.get("/api/v1/results", params={"cursor": cursor})

    assert answer.status_code == 422
    assert [error["parameter"] for error in answer.json()["errors"]] == ["cursor"]


@pytest.mark.parametrize(
    ("parameters", "errors"),
    [
        (
            {"field": "占星术"},
            [{"parameter": "field", "detail": "“占星术” is not in the vocabulary."}],
        ),
        (
            {"industry": "橡胶鞋"},
            [
                {
                    "parameter": "industry",
                    "detail": "“橡胶鞋” is not in the vocabulary; did you mean 橡胶鞋制造 (C1954)?",
                }
            ],
        ),
        (
            {"mode": "赠送", "division": "9999", "industry": "ZZ"},
            [
                {"parameter": "industry", "detail": "“ZZ” is not in the vocabulary."},
                {"parameter": "division", "detail": "“9999” is not in the vocabulary."},
                {"parameter": "mode", "detail": "“赠送” is not in the vocabulary."},
            ],
        ),
        (
            {"trl_min": 8, "trl_max": 3},
            [{"parameter": "trl_min", "detail": "Must not be above trl_max."}],
        ),
        (
            {"price_min_cny": 2, "price_max_cny": 1},
            [{"parameter": "price_min_cny", "detail": "Must not be above price_max_cny."}],
        ),
        (
            {"published_since": "gestern"},
            [
                {
                    "parameter": "published_since",
                    "detail": "Must be a date (2026-11-24) or a time with its offset "
                    "(2026-11-24T08:00:00+08:00).",
                }
            ],
        ),
        (
            {"facets": "fields,colour"},
            [
                {
                    "parameter": "facets",
                    "detail": "Must be all, or some of: "
                    "fields, industry_sections, provinces, modes, trl, price_bands.",
                }
            ],
        ),
    ],
)
async def test_what_is_not_understood_is_told_by_parameter(
    client: httpx.AsyncClient, parameters: Json, errors: list[Json]
) -> None:
    answer = await client.get(
        "/api/v1/results", params=parameters, headers={"Accept-Language": "en"}
    )

    assert (answer.status_code, answer.json()["errors"]) == (422, errors)


@pytest.mark.parametrize(
    "parameters",
    [
        {"limit": 0},
        {"limit": 101},
        {"trl_min": 0},
        {"trl_max": 10},
        {"price_min_cny": -1},
        {"price_max_cny": 10**14},
        {"sort": "random"},
        {"q": "鞋" * 501},
        {"field": ["materials"] * 21},
        {"published_since": "2026-09-01T00:00:00"},
        {"highlight": "perhaps"},
    ],
)
async def test_parameter_out_of_bounds_is_refused(
    client: httpx.AsyncClient, parameters: Json
) -> None:
    answer = await client.get("/api/v1/results", params=parameters)

    assert answer.status_code == 422
    assert {error["parameter"] for error in answer.json()["errors"]} == set(parameters)


async def test_any_text_may_be_searched_for(client: httpx.AsyncClient) -> None:
    texts = ['"', "AND OR NOT", "a:b", "((", "*", "\\", "-", "~", "^9", "{!}", "\u200b", "🧪"]

    answers = [await client.get("/api/v1/results", params={"q": text}) for text in texts]

    assert [answer.status_code for answer in answers] == [200] * len(texts)


@pytest.mark.usefixtures("catalogue")
async def test_item_is_a_summary_as_the_viewer_may_see_it(found: Find, enterprise: Account) -> None:
    to_anyone = (await found({"q": "催化剂"}))["items"][0]
    to_verified = (await found({"q": "催化剂"}, to=enterprise))["items"][0]

    changing = {"id", "changed_at", "score"}
    seen = {name: value for name, value in to_anyone.items() if name not in changing}
    assert seen == {
        "kind": "result",
        "status": "published",
        "version": 1,
        "title": "低温脱硝催化剂",
        "excerpt": "用于窑炉烟气。",
        "keywords": ["催化剂"],
        "fields": ["environment", "materials"],
        "industries": ["C2661"],
        "modes": ["licence_exclusive"],
        "division": "330106",
        "labels": {
            "environment": "资源与环境",
            "materials": "新材料",
            "C2661": "化学试剂和助剂制造",
            "licence_exclusive": "独占许可",
            "330106": "西湖区",
        },
        "trl_min": 4,
        "trl_max": 4,
        "price_band": "1m_5m",
        "published_at": "2026-09-01T00:00:00Z",
        "organisation_hint": to_anyone["organisation_hint"],
    }
    more = {name: to_verified[name] for name in to_verified.keys() - to_anyone.keys()}
    assert more == {"price_min_cny": 2_000_000, "price_max_cny": 3_000_000, "ready_on": None}
    assert "刺桐" not in to_anyone["organisation_hint"]


@pytest.mark.usefixtures("catalogue")
async def test_highlights_are_places_in_what_is_shown(found: Find) -> None:
    items = (await found({"q": "湿摩擦系数 鞋底", "highlight": True}))["items"]

    item = items[0]
    shown = {
        "title": item["title"],
        "keywords": "、".join(item["keywords"]),
        "snippet": item["snippet"],
    }
    marked = {
        field: [shown[field][start:end] for start, end in places]
        for field, places in item["highlights"].items()
    }
    assert marked == {
        "title": ["湿摩擦系数", "鞋底"],
        "keywords": ["鞋底"],
        "snippet": ["湿摩擦系数"],
    }


async def test_snippet_begins_shortly_before_the_first_found_word(
    settings: Settings, database: Database, indexes: Indexes, institute: Account, found: Find
) -> None:
    text = "前" * 300 + "陶瓷釉料" + "后" * 300 + "釉料"
    listing = made_listing(organisation_of(institute), title="一种配方", text=text)
    await post_indexed(settings, database, indexes, listing)

    item = (await found({"q": "釉料", "highlight": True}))["items"][0]

    assert item["snippet"] == ("前" * 38 + "陶瓷釉料" + "后" * 118)
    assert item["highlights"] == {"snippet": [[40, 42]]}


@pytest.mark.usefixtures("catalogue")
async def test_without_highlight_nothing_is_marked(found: Find) -> None:
    item = (await found({"q": "鞋底"}))["items"][0]

    assert {name for name in ("highlights", "snippet") if name in item} == set()


async def test_highlights_of_a_text_that_changed_stay_within_it(
    settings: Settings, database: Database, indexes: Indexes, institute: Account, found: Find
) -> None:
    listing = made_listing(organisation_of(institute), title="防滑耐磨橡胶鞋底", text="鞋底" * 50)
    await post_indexed(settings, database, indexes, listing)
    await change(database, listing, title="鞋", text="底", keywords=[])

    item = (await found({"q": "鞋底", "highlight": True}))["items"][0]

    assert (item["title"], item["highlights"]) == ("鞋", {})


async def test_listing_that_was_just_withdrawn_is_left_out(
    database: Database, catalogue: dict[str, str], found: Find
) -> None:
    withdrawn = next(listing_id for listing_id, name in catalogue.items() if name == "dryer")
    await change(database, withdrawn, status="withdrawn")

    answer = await found({"sort": "newest"})

    assert names(answer, catalogue) == ["hidden", "catalyst", "sole"]
    assert answer["total"] == 4


async def test_item_shows_the_row_as_it_is_now(
    database: Database, catalogue: dict[str, str], found: Find
) -> None:
    sole = next(listing_id for listing_id, name in catalogue.items() if name == "sole")
    await change(database, sole, title="改了名的鞋底", shows_organisation=False)

    item = (await found({"q": "湿摩擦系数"}))["items"][0]

    assert (item["title"], item["version"]) == ("改了名的鞋底", 2)
    assert "organisation" not in item


# What the filters and orders may not tell.


IN_BANDS: list[tuple[Json, list[str]]] = [
    # 600,000–700,000 lies in the band of 500,000 to 1,000,000; 80,000 below 100,000.
    ({"price_min_cny": 650_000, "price_max_cny": 650_000}, ["sole"]),
    ({"price_min_cny": 999_999, "price_max_cny": 999_999}, ["sole"]),
    ({"price_min_cny": 500_000, "price_max_cny": 500_000}, ["sole"]),
    ({"price_max_cny": 0}, ["dryer"]),
    ({"price_max_cny": 99_999}, ["dryer"]),
    ({"price_min_cny": 99_999}, ["catalyst", "dryer", "sole"]),
    ({"price_min_cny": 100_000}, ["catalyst", "sole"]),
    ({"price_min_cny": 4_999_999}, ["catalyst"]),
    ({"price_min_cny": 5_000_000}, []),
    ({"price_max_cny": 10**13}, ["catalyst", "dryer", "sole"]),
]


async def test_price_filter_tells_others_no_more_than_the_band(
    catalogue: dict[str, str], found: Find, newcomer: Account
) -> None:
    for viewer in (None, newcomer):
        kept = [
            (asked, sorted(names(await found(asked, to=viewer), catalogue)))
            for asked, _ in IN_BANDS
        ]

        assert kept == IN_BANDS


EXACT: list[tuple[Json, list[str]]] = [
    ({"price_min_cny": 650_000, "price_max_cny": 650_000}, ["sole"]),
    ({"price_min_cny": 999_999, "price_max_cny": 999_999}, []),
    ({"price_max_cny": 79_999}, []),
    ({"price_max_cny": 80_000}, ["dryer"]),
    ({"price_min_cny": 610_000, "price_max_cny": 610_000}, ["sole"]),
]


async def test_price_filter_is_exact_for_verified_organisations(
    catalogue: dict[str, str], found: Find, enterprise: Account
) -> None:
    kept = [(asked, names(await found(asked, to=enterprise), catalogue)) for asked, _ in EXACT]

    assert kept == EXACT


async def test_others_may_not_sort_by_price(client: httpx.AsyncClient, newcomer: Account) -> None:
    for headers in ({}, newcomer.headers):
        for sort in ("price_up", "price_down"):
            answer = await client.get("/api/v1/results", params={"sort": sort}, headers=headers)

            assert (answer.status_code, answer.json()["code"]) == (403, "price_order_refused")


@pytest.fixture
async def needs(
    settings: Settings, database: Database, indexes: Indexes, enterprise: Account
) -> dict[str, Row]:
    owner = organisation_of(enterprise)
    secret = (await make_account(database, "enterprise", name="泉州隐名陶瓷")).organisation
    assert secret is not None
    rows = {
        "shown": made_listing(owner, "need", shows_organisation=True, published_at=AUTUMN),
        "hidden": made_listing(
            secret,
            "need",
            title="釉料配方",
            text="釉面易裂。",
            keywords=[],
            shows_terms=False,
            published_at=WINTER,
        ),
    }
    await post_indexed(settings, database, indexes, *rows.values())
    return rows


async def test_others_may_not_ask_whose_needs_these_are(
    client: httpx.AsyncClient, needs: dict[str, Row], newcomer: Account
) -> None:
    asked = {
        "organisation": "晋江露名鞋业",
        "organisation_id": str(needs["shown"].organisation_id),
    }
    for headers in ({}, newcomer.headers):
        for name, value in asked.items():
            answer = await client.get("/api/v1/needs", params={name: value}, headers=headers)

            refused = (answer.status_code, answer.json()["code"])
            assert refused == (403, "organisation_filter_refused")


async def test_verified_organisations_find_only_those_who_show_themselves(
    found: Find, needs: dict[str, Row], institute: Account
) -> None:
    by_name = [
        await found({"organisation": name}, to=institute, kind="needs")
        for name in ("晋江露名鞋业", "泉州隐名陶瓷", "名")
    ]
    by_id = [
        await found({"organisation_id": str(row.organisation_id)}, to=institute, kind="needs")
        for row in needs.values()
    ]

    totals = [answer["total"] for answer in (*by_name, *by_id)]
    assert totals == [1, 0, 1, 1, 0]


NOT_HIDDEN: list[tuple[Json, list[str]]] = [
    ({"q": "泉州隐名陶瓷"}, []),
    ({"q": "97531"}, []),
    ({"q": "剥离强度"}, ["shown"]),
    ({"budget_min_cny": 1}, ["shown"]),
    ({"budget_max_cny": 10**13}, ["shown"]),
    ({"q": "釉料"}, ["hidden"]),
]


async def test_nothing_hidden_is_found_by_anybody(
    found: Find, needs: dict[str, Row], institute: Account
) -> None:
    names_of = {str(row.id): name for name, row in needs.items()}
    for viewer in (None, institute):
        kept = [
            (asked, names(await found(asked, to=viewer, kind="needs"), names_of))
            for asked, _ in NOT_HIDDEN
        ]

        assert kept == NOT_HIDDEN


@pytest.mark.usefixtures("needs")
async def test_hidden_terms_are_not_counted_by_facets(
    found: Find,
) -> None:
    answer = await found({"facets": "price_bands"}, kind="needs")

    assert answer["total"] == 2
    assert [band["count"] for band in answer["facets"]["price_bands"]] == [1]


@pytest.mark.usefixtures("needs")
async def test_budget_has_the_name_that_needs_give_it(
    client: httpx.AsyncClient, found: Find, institute: Account
) -> None:
    low = await found({"budget_min_cny": 800_001}, to=institute, kind="needs")
    high = await found({"budget_max_cny": 200_000}, to=institute, kind="needs")
    wrong = await client.get("/api/v1/needs", params={"budget_min_cny": 2, "budget_max_cny": 1})

    assert (low["total"], high["total"]) == (0, 1)
    assert [error["parameter"] for error in wrong.json()["errors"]] == ["budget_min_cny"]


async def test_organisation_id_lists_what_it_shows_to_others_and_all_to_itself(
    catalogue: dict[str, str], found: Find, institute: Account
) -> None:
    asked = {"organisation_id": str(organisation_of(institute).id), "sort": "newest"}

    to_others = await found(asked)
    to_itself = await found(asked, to=institute)

    assert names(to_others, catalogue) == ["hidden", "dryer", "sole"]
    assert names(to_itself, catalogue) == ["hidden", "catalyst", "dryer", "sole"]


@pytest.mark.usefixtures("catalogue")
async def test_organisation_id_that_nobody_has_finds_nothing(found: Find) -> None:
    for asked in ("01930000-0000-7000-8000-000000000001", "nobody", ""):
        answer = await found({"organisation_id": asked, "facets": "trl"})

        assert answer == {
            "items": [],
            "total": 0,
            "facets": {"trl": []},
            "next_cursor": None,
            "degraded": False,
        }


async def test_organisation_id_goes_with_a_cursor(
    catalogue: dict[str, str], found: Find, institute: Account
) -> None:
    asked = {"organisation_id": str(organisation_of(institute).id), "sort": "newest", "limit": 2}
    first = await found(asked)

    second = await found(asked | {"cursor": first["next_cursor"]})

    assert names(first, catalogue) + names(second, catalogue) == ["hidden", "dryer", "sole"]


# Completions, absence, and cost.


@pytest.mark.parametrize(
    ("kind", "typed", "words"),
    [("results", "催", ["催化", "催化剂"]), ("results", "低温 脱", ["脱硝"]), ("needs", "催", [])],
)
@pytest.mark.usefixtures("catalogue")
async def test_suggestions_complete_the_last_word(
    client: httpx.AsyncClient, kind: str, typed: str, words: list[str]
) -> None:
    answer = await client.get(f"/api/v1/{kind}/suggest", params={"q": typed})

    assert (answer.status_code, answer.json()) == (200, {"items": words})


@pytest.mark.parametrize("parameters", [{}, {"q": ""}, {"q": "鞋" * 101}])
async def test_suggestions_need_something_typed(
    client: httpx.AsyncClient, parameters: Json
) -> None:
    answer = await client.get("/api/v1/results/suggest", params=parameters)

    assert answer.status_code == 422


@pytest.mark.usefixtures("catalogue")
async def test_search_costs_one_statement_and_no_unit_of_work(found: Find) -> None:
    statements: list[str] = []

    def note(*executed: Any) -> None:
        statements.append(executed[2])

    event.listen(Engine, "before_cursor_execute", note)
    await found({"facets": "all", "highlight": True, "q": "鞋底 干燥 催化剂"})

    event.remove(Engine, "before_cursor_execute", note)
    assert [each.split()[0] for each in statements] == ["SELECT"]


async def test_search_is_unavailable_until_a_worker_made_the_index(
    settings: Settings, database: Database, institute: Account
) -> None:
    async with (
        open_indexes(settings, database, for_writing=False) as reading,
        client_of(create_app(settings, database, reading)) as client,
    ):
        before = [await client.get(f"/api/v1/{path}") for path in ("results", "needs")]
        words = await client.get("/api/v1/results/suggest", params={"q": "鞋"})
        async with open_indexes(settings, database, for_writing=True) as writing:
            await post_indexed(
                settings, database, writing, made_listing(organisation_of(institute))
            )
            after = await client.get("/api/v1/results", params={"q": "鞋底"})

    refused = [(answer.status_code, answer.json()["code"]) for answer in (*before, words)]
    assert refused == [(503, "search_unavailable")] * 3
    assert {answer.headers["retry-after"] for answer in before} == {"5"}
    assert (after.status_code, after.json()["total"]) == (200, 1)


def client_of(app: Litestar) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=cast(Any, app), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test")
