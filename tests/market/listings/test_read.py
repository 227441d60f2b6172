"""GET of one listing: who may know of it, what they see, and tags."""

import httpx

from market.db import Database
from tests.market.accounts.factories import make_account, told
from tests.market.listings.factories import (
    FORMS,
    NO_SUCH_ID,
    both,
    owner_of,
    post_listing,
    read,
    unverify,
)


@both
async def test_only_the_owner_and_moderators_know_of_what_is_not_published(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me, other = await owner_of(database, path), await owner_of(database, path)
    colleague = await make_account(database, organisation=me.organisation)
    moderator = await make_account(database, None, is_moderator=True)
    ways = {
        "draft": "",
        "paused": "publish pause",
        "closed": "publish close",
        "withdrawn": "publish withdraw",
    }
    urls = {
        status: (await post_listing(client, me, path, *actions.split(), reference=...)).url
        for status, actions in ways.items()
    }

    answers = {
        status: [
            (await read(client, url, who)).status_code
            for who in (me, colleague, moderator, other, None)
        ]
        for status, url in urls.items()
    }

    assert answers == {status: [200, 200, 200, 404, 404] for status in ways}


@both
async def test_published_listing_is_shown_to_everybody_as_the_table_says(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    verified = await make_account(database, "investor")
    unverified = await make_account(database, "investor", is_verified=False)
    moderator = await make_account(database, None, is_moderator=True)
    posted = await post_listing(client, me, path, "publish")

    shown = [
        (await read(client, posted.url, who)).json()
        for who in (me, moderator, verified, unverified, None)
    ]

    price = {"results": "price_max_cny", "needs": "budget_max_cny"}[path]
    assert [price in body for body in shown] == [True, True, True, False, False]
    assert ["private_note" in body for body in shown] == [True, True, False, False, False]
    assert ["contacts" in body for body in shown] == [True, False, False, False, False]
    assert ["allowed_actions" in body for body in shown] == [True, False, False, False, False]
    assert shown[3] == shown[4]


async def test_enterprise_of_a_need_is_only_hinted_at(
    client: httpx.AsyncClient, database: Database
) -> None:
    me = await owner_of(database, "needs", name="晋江登越鞋业有限公司")
    posted = await post_listing(client, me, "needs", "publish")

    answer = await read(client, posted.url)

    assert answer.json()["organisation_hint"] == "晋江市制鞋业企业"
    assert "登越" not in answer.text


@both
async def test_what_is_no_listing_is_not_found(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    ids = [NO_SUCH_ID, "x", "1", "%00", "' OR 1=1"]

    answers = {each: told(await read(client, f"/api/v1/{path}/{each}", me)) for each in ids}

    assert answers == dict.fromkeys(ids, (404, "not_found"))


async def test_result_is_no_need(client: httpx.AsyncClient, database: Database) -> None:
    broker = await make_account(database, "broker")
    result = await post_listing(client, broker, "results", "publish")

    answer = await read(client, f"/api/v1/needs/{result.id}", broker)

    assert told(answer) == (404, "not_found")


@both
async def test_unchanged_listing_is_not_sent_again(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path, "publish")

    again = await read(client, posted.url, me, {"If-None-Match": posted.etag})
    to_others = await read(client, posted.url, headers={"If-None-Match": posted.etag})
    in_english = await read(
        client, posted.url, me, {"If-None-Match": posted.etag, "Accept-Language": "en"}
    )

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == posted.etag
    assert [each.status_code for each in (to_others, in_english)] == [200, 200]
    assert to_others.headers["vary"] == "Accept-Language, Authorization"


@both
async def test_verification_of_the_owner_changes_the_tag(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path, "publish")
    await unverify(database, me)

    answer = await read(client, posted.url, me, {"If-None-Match": posted.etag})

    assert answer.status_code == 200
    assert answer.json()["organisation"]["is_verified"] is False


@both
async def test_labels_are_in_the_language_asked_for(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path, modes=[], industries=[])

    zh = await read(client, posted.url, me, {"Accept-Language": "zh-CN"})
    en = await read(client, posted.url, me, {"Accept-Language": "en"})

    division = FORMS[path]["division"]
    assert zh.json()["labels"]["materials"] == "新材料"
    assert en.json()["labels"]["materials"] == "New materials"
    assert division in zh.json()["labels"]
