"""Who hears of a listing: those whose saved search finds it, once, and nobody else."""

from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from market.accounts.models import User
from market.db import Database, new_id
from market.jobs import TELL_OF_LISTINGS, Job, enqueue
from market.matching.models import SynonymRow
from market.subscriptions.models import ListingMaterial
from tests.market.accounts.factories import make_account
from tests.market.listings.factories import move, patch, unverify
from tests.market.subscriptions.square import Square, in_days

TITLE = "高湿摩擦系数橡胶鞋底材料"
FOUND = ("listing.found", TITLE)


async def test_a_new_listing_that_fits_is_told_with_its_reasons(square: Square) -> None:
    saved = await square.save()

    posted = await square.post()

    (item,) = (await square.inbox())["items"]
    assert item["type"] == "listing.found"
    assert item["title"] == TITLE
    assert item["reasons"] == ["检索词：鞋底、湿摩擦系数", "技术领域：新材料"]
    assert item["saved_search"] == {"id": saved["id"], "name": "鞋底材料"}
    assert item["listing"]["id"] == posted.id
    assert item["read_at"] is None


async def test_what_does_not_fit_is_not_told(square: Square) -> None:
    await square.save(name="别的领域", query={"q": "鞋底", "field": ["energy"]})
    await square.save(name="缺一个词", query={"q": "鞋底 陶瓷"})
    await square.save(name="要价太高", query={"q": "鞋底", "price_max_cny": 599_999})
    await square.save(name="另一边", kind="needs", query={"q": "鞋底"})
    await square.save(name="停用", query={"q": "鞋底"}, frequency="off")

    await square.post()

    assert await square.told() == []


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"q": "軟件 OR", "field": []} | {"q": "鞋底"},
        {"industry": ["C19"]},
        {"industry": ["制鞋业"]},
        {"division": ["泉州市"]},
        {"mode": ["licence"]},
        {"trl_min": 7, "trl_max": 7},
        {"price_min_cny": 900_000},
        {"price_max_cny": 600_000},
        {"organisation": "刺桐"},
        {"q": "“湿摩擦系数”"},
    ],
)
async def test_each_filter_finds_what_it_asks_for(square: Square, query: dict[str, object]) -> None:
    await square.save(query=query)

    await square.post()

    assert await square.told() == [FOUND]


async def test_nothing_is_told_twice_however_often_it_is_looked_at(
    square: Square, database: Database
) -> None:
    await square.save()
    posted = await square.post()
    for _ in range(3):
        async with database.writing() as session:
            await enqueue(session, TELL_OF_LISTINGS, {"kind": "result", "ids": [posted.id]})
        await square.work()

    assert await square.told() == [FOUND]


async def test_a_new_wording_is_not_told_again_but_a_new_price_is(square: Square) -> None:
    await square.save()
    posted = await square.post()

    changed = await patch(
        square.client,
        square.poster,
        posted,
        summary="湿摩擦系数由0.32提高到0.55，写法与从前不同，已完成中试。",
    )
    await square.work()
    after_text = await square.told()
    posted = type(posted)(posted.url, changed)
    await patch(square.client, square.poster, posted, price_min_cny=500_000)
    await square.work()

    assert after_text == [FOUND]
    assert await square.told() == [FOUND, FOUND]


async def test_a_pause_is_no_news(square: Square) -> None:
    await square.save()
    posted = await square.post()
    for action in ("pause", "publish"):
        posted = type(posted)(posted.url, await move(square.client, square.poster, posted, action))
        await square.work()

    assert await square.told() == [FOUND]


async def test_a_change_that_makes_a_listing_fit_is_told(square: Square) -> None:
    await square.save(query={"q": "石墨烯"})
    posted = await square.post()
    before = await square.told()

    await patch(
        square.client,
        square.poster,
        posted,
        summary="加入石墨烯后湿摩擦系数更高，由0.32提升到0.60，已完成中试。",
    )
    await square.work()

    assert before == []
    assert await square.told() == [FOUND]


async def test_ones_own_listings_are_no_news(square: Square) -> None:
    await square.save(square.poster)

    await square.post()

    assert await square.told(square.poster) == []


async def test_synonyms_of_administrators_count(square: Square, database: Database) -> None:
    await square.save(query={"q": "抓地性"})
    async with database.writing() as session:
        session.add(
            SynonymRow(
                id=new_id(),
                line="=\t抓地性|湿摩擦系数",
                created_by_id=square.seeker.user.id,
                created_at=in_days(0),
            )
        )

    await square.post()

    (item,) = (await square.inbox())["items"]
    assert item["reasons"] == ["同义：抓地性 ≈ 湿摩擦系数"]


async def test_prices_mean_bands_to_those_who_are_not_verified(
    square: Square, database: Database
) -> None:
    stranger = await make_account(database, "enterprise", is_verified=False)
    await square.save(stranger, query={"price_max_cny": 550_000})
    await square.save(query={"price_max_cny": 550_000})

    await square.post(shows_terms=True)

    assert await square.told(stranger) == [FOUND]
    assert await square.told() == []


async def test_who_posts_a_need_is_told_to_the_verified_alone(
    square: Square, database: Database
) -> None:
    square.poster, square.seeker = square.seeker, square.poster
    await square.save(kind="needs", query={"organisation": "晋江"})
    await unverify(database, square.seeker)

    await square.post("needs", shows_organisation=True)

    assert await square.told() == []


async def test_a_hidden_name_is_found_by_nobody(square: Square) -> None:
    assert square.poster.organisation is not None
    await square.save(query={"organisation_id": str(square.poster.organisation.id)})

    await square.post(shows_organisation=False)
    await square.post(reference="2", title="鞋底止滑花纹")

    assert await square.told() == [("listing.found", "鞋底止滑花纹")]


@pytest.mark.parametrize("left", ["disabled", "moved"])
async def test_people_who_left_hear_nothing(square: Square, database: Database, left: str) -> None:
    await square.save()
    values: dict[str, object] = {"disabled_at": in_days(0)}
    if left == "moved":
        values = {"organisation_id": (await make_account(database)).user.organisation_id}
    async with database.writing() as session:
        await session.execute(update(User).where(User.id == square.seeker.user.id).values(values))

    await square.post()

    assert await square.alerts() == []


async def test_saved_searches_that_change_between_jobs_are_followed(square: Square) -> None:
    saved = await square.save(query={"q": "陶瓷"})
    headers = square.seeker.headers | {"If-Match": saved["etag"]}
    url = f"/api/v1/saved-searches/{saved['id']}"
    await square.post(reference="1")
    await square.client.patch(url, json={"query": {"q": "鞋底"}}, headers=headers)
    await square.post(reference="2", title="鞋底二号")
    await square.client.delete(url, headers=square.seeker.headers)

    await square.post(reference="3", title="鞋底三号")

    assert await square.told() == [("listing.found", "鞋底二号")]


async def test_a_listing_that_is_gone_tells_nothing_more(square: Square) -> None:
    await square.save()
    posted = await square.post()

    await move(square.client, square.poster, posted, "withdraw")

    (item,) = (await square.inbox())["items"]
    assert (item["title"], item["listing"], item["reasons"]) == ("保存的检索找到新内容", None, [])


async def test_a_look_that_comes_late_does_not_undo_a_newer_one(
    square: Square, database: Database
) -> None:
    await square.save()
    posted = await square.post()
    async with database.writing() as session:
        await session.execute(update(ListingMaterial).values(listing_version=99, version=7))

    async with database.writing() as session:
        await enqueue(session, TELL_OF_LISTINGS, {"kind": "result", "ids": [posted.id, "no id"]})
    await square.work()

    async with database.reading() as session:
        kept = (await session.execute(select(ListingMaterial.version))).all()
        dead = (await session.scalars(select(Job.kind).where(Job.state == "dead"))).all()
    assert [tuple(row) for row in kept] == [(7,)]
    assert dead == []
    assert len(await square.alerts()) == 1


async def test_the_answer_of_the_search_itself_is_the_same(
    square: Square, client: httpx.AsyncClient
) -> None:
    """Of ten listings those are told that the search finds, and no other."""
    await square.save(query={"q": "鞋底 耐磨", "trl_min": 5})
    for place in range(10):
        title = f"鞋底材料{place}" if place % 2 else f"陶瓷材料{place}"
        summary = (
            "耐磨性好，已用于生产，客户反馈不错，可以批量供货。"
            if place % 3
            else "很轻，成本低，容易加工成型，已完成中试，可以供货。"
        )
        text: dict[str, Any] = {"title": title, "summary": summary, "reference": f"R{place}"}
        await square.post(trl=place % 9 + 1, keywords=["材料"], **text)

    told = sorted(title for _, title in await square.told())
    answer = await client.get(
        "/api/v1/results", params={"q": "鞋底 耐磨", "trl_min": 5}, headers=square.seeker.headers
    )
    strict = [
        item["title"]
        for item in answer.json()["items"]
        if "鞋底" in item["title"] and "耐磨" in item["excerpt"]
    ]
    assert told == sorted(strict)
    assert told == ["鞋底材料5", "鞋底材料7"]
