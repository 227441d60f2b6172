"""Saved searches over HTTP: what can be saved, changed, previewed, stopped, and how many."""

import asyncio
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar

from market.app import open_for
from market.db import Database
from market.indexing.engines import Indexes
from market.settings import Settings
from tests.market.accounts.factories import make_account, make_key, places, told
from tests.market.listings.factories import NO_SUCH_ID, post_listing
from tests.market.subscriptions.square import FORM, Square

URL = "/api/v1/saved-searches"


async def test_a_saved_search_is_told_as_it_was_saved(square: Square) -> None:
    saved = await square.save(
        frequency="weekly",
        digest_time="08:30",
        digest_weekday=5,
        quiet_from="22:00",
        quiet_until="07:00",
    )

    answer = await square.client.get(f"{URL}/{saved['id']}", headers=square.seeker.headers)

    body = answer.json()
    assert {name: body.pop(name) for name in ("id", "created_at", "changed_at")}
    assert body.pop("next_digest_at").endswith("T00:30:00Z")
    assert body == {
        "name": "鞋底材料",
        "kind": "results",
        "query": {
            **{name: [] for name in ("industry", "division", "mode")},
            **dict.fromkeys(("trl_min", "trl_max", "organisation_id")),
            **dict.fromkeys(("price_min_cny", "price_max_cny")),
            **dict.fromkeys(("budget_min_cny", "budget_max_cny")),
            "q": "鞋底 湿摩擦系数",
            "field": ["materials"],
            "organisation": "",
        },
        "listing_id": None,
        "min_score": None,
        "frequency": "weekly",
        "digest_time": "08:30",
        "digest_weekday": 5,
        "time_zone": "Asia/Shanghai",
        "quiet_from": "22:00",
        "quiet_until": "07:00",
        "muted_until": None,
        "channels": ["inbox"],
        "endpoint_id": None,
        "has_feed": False,
    }


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"query": {"field": ["仙术"]}}, ["#/query/field"]),
        ({"query": {"trl_min": 8, "trl_max": 2}}, ["#/query/trl_min"]),
        ({"query": {"budget_max_cny": 5}}, ["#/query/budget_max_cny"]),
        ({"query": {"colour": "red"}}, ["#/query/colour"]),
        ({"kind": "needs", "query": {"price_min_cny": 1}}, ["#/query/price_min_cny"]),
        ({"kind": "own"}, ["#/query"]),
        ({"kind": "matches", "query": ...}, ["#/listing_id"]),
        ({"kind": "matches", "query": {}, "listing_id": NO_SUCH_ID}, ["#/listing_id"]),
        ({"kind": "matches", "query": {}, "listing_id": "x"}, ["#/listing_id"]),
        ({"listing_id": NO_SUCH_ID}, ["#/listing_id"]),
        ({"time_zone": "Mars/Olympus"}, ["#/time_zone"]),
        ({"time_zone": "../../etc/passwd"}, ["#/time_zone"]),
        ({"quiet_from": "22:00"}, ["#/quiet_until"]),
        ({"quiet_from": "24:00", "quiet_until": "9:00"}, ["#/quiet_from", "#/quiet_until"]),
        ({"digest_weekday": 8}, ["#/digest_weekday"]),
        ({"channels": ["pigeon"]}, ["#/channels/0"]),
        ({"channels": ["email"]}, ["#/channels"]),
        ({"channels": ["webhook"]}, ["#/endpoint_id"]),
        ({"endpoint_id": NO_SUCH_ID}, ["#/endpoint_id"]),
        ({"muted_until": "2027-01-01"}, ["#/muted_until"]),
        ({"muted_until": "9999-12-31T23:59:59-23:59"}, ["#/muted_until"]),
        ({"muted_until": "0001-01-01T00:00:00+23:59"}, ["#/muted_until"]),
        ({"name": " "}, ["#/name"]),
    ],
)
async def test_what_can_not_be_saved_names_its_fields(
    square: Square, changes: dict[str, Any], wrong: list[str]
) -> None:
    answer = await square.try_to_save(**changes)

    assert (answer.status_code, places(answer)) == (422, wrong)


async def test_filters_that_would_tell_who_posts_are_for_the_verified(
    square: Square, database: Database
) -> None:
    stranger = await make_account(database, "enterprise", is_verified=False)

    answer = await square.try_to_save(stranger, kind="needs", query={"organisation": "晋江"})

    assert told(answer) == (403, "organisation_filter_refused")


async def test_a_change_starts_from_the_version_that_was_read(square: Square) -> None:
    saved = await square.save()
    url, headers = f"{URL}/{saved['id']}", square.seeker.headers

    blind = await square.client.patch(url, json={"name": "x"}, headers=headers)
    first = await square.client.patch(
        url, json={"name": "新名", "frequency": "daily"}, headers=headers | {"If-Match": '"1"'}
    )
    late = await square.client.patch(url, json={"name": "y"}, headers=headers | {"If-Match": '"1"'})

    assert blind.status_code == 428
    assert (first.json()["name"], first.headers["etag"]) == ("新名", '"2"')
    assert first.json()["next_digest_at"] is not None
    assert late.status_code == 412


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"query": {"mode": ["心灵感应"]}}, ["#/query/mode"]),
        ({"time_zone": "Nowhere/Land"}, ["#/time_zone"]),
        ({"quiet_until": "07:00"}, ["#/quiet_until"]),
        ({"channels": ["webhook"]}, ["#/endpoint_id"]),
        ({"kind": "needs"}, ["#/kind"]),
    ],
)
async def test_what_can_not_be_changed_names_its_fields(
    square: Square, changes: dict[str, Any], wrong: list[str]
) -> None:
    saved = await square.save()

    answer = await square.client.patch(
        f"{URL}/{saved['id']}", json=changes, headers=square.seeker.headers | {"If-Match": '"1"'}
    )

    assert (answer.status_code, places(answer)) == (422, wrong)


async def test_colleagues_do_not_see_what_one_looks_for(square: Square, database: Database) -> None:
    colleague = await make_account(database, organisation=square.seeker.organisation)
    saved = await square.save()
    await square.save(colleague, name="同事的")
    url, headers = f"{URL}/{saved['id']}", colleague.headers | {"If-Match": '"1"'}

    listed = await square.client.get(URL, headers=colleague.headers)
    answers = [
        await square.client.get(url, headers=headers),
        await square.client.patch(url, json={"name": "x"}, headers=headers),
        await square.client.delete(url, headers=headers),
        await square.client.post(f"{url}/feed", headers=headers),
        await square.client.delete(f"{url}/feed", headers=headers),
    ]

    assert [item["name"] for item in listed.json()["items"]] == ["同事的"]
    assert [answer.status_code for answer in answers] == [404] * 5


async def test_the_list_comes_in_pages_the_newest_first(square: Square) -> None:
    for name in "甲乙丙":
        await square.save(name=name)
    first = await square.client.get(URL, params={"limit": 2}, headers=square.seeker.headers)
    cursor = first.json()["next_cursor"]

    second = await square.client.get(
        URL, params={"limit": 2, "cursor": cursor}, headers=square.seeker.headers
    )

    pages = [[item["name"] for item in page.json()["items"]] for page in (first, second)]
    assert pages == [["丙", "乙"], ["甲"]]
    assert second.json()["next_cursor"] is None


async def test_the_limit_holds_when_many_save_at_once(
    square: Square, app: Litestar, settings: Settings, database: Database, indexes: Indexes
) -> None:
    few = msgspec.structs.replace(settings, saved_searches_per_organisation=3)
    open_for(app, few, database, indexes)
    colleague = await make_account(database, organisation=square.seeker.organisation)
    people = [square.seeker, colleague] * 5

    answers = await asyncio.gather(*(square.try_to_save(who) for who in people))

    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 7
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert told(refused) == (409, "too_many_saved_searches")
    assert "3" in refused.json()["title"]


async def test_the_same_request_sent_twice_saves_once(square: Square) -> None:
    headers = square.seeker.headers | {"Idempotency-Key": "one"}

    answers = [await square.client.post(URL, json=FORM, headers=headers) for _ in range(2)]

    assert answers[0].json()["id"] == answers[1].json()["id"]
    listed = await square.client.get(URL, headers=square.seeker.headers)
    assert len(listed.json()["items"]) == 1


async def test_keys_need_their_scope(square: Square, database: Database) -> None:
    reader = await make_key(database, square.seeker, "subscriptions:read")

    read = await square.client.get(URL, headers=reader)
    saved = await square.client.post(URL, json=FORM, headers=reader)

    assert (read.status_code, saved.status_code) == (200, 403)


async def test_a_preview_counts_what_the_last_month_would_have_told(square: Square) -> None:
    posted = await square.post()
    await square.post(
        reference="2",
        title="鞋底止滑花纹",
        summary="按排水面积优化的花纹设计方法，湿态止滑性能提高三成。",
    )
    await square.post(
        reference="3",
        title="陶瓷",
        keywords=["陶瓷"],
        summary="与人造板无关的陶瓷配方，已完成中试，可供货。",
    )
    form = {"kind": "results", "query": {"q": "橡胶 鞋底"}}

    answer = await square.client.post(f"{URL}/preview", json=form, headers=square.seeker.headers)

    body = answer.json()
    assert (body["days"], body["count"], body["is_more"]) == (30, 1, False)
    assert [item["id"] for item in body["newest"]] == [posted.id]


async def test_a_preview_leaves_out_ones_own(square: Square) -> None:
    await square.post()

    answer = await square.client.post(
        f"{URL}/preview",
        json={"kind": "results", "query": {}},
        headers=square.poster.headers,
    )

    assert answer.json() == {"days": 30, "count": 0, "is_more": False, "newest": []}


@pytest.mark.parametrize("kind", ["matches", "own"])
async def test_a_preview_of_each_kind_answers(square: Square, kind: str) -> None:
    form: dict[str, Any] = {"kind": kind}
    if kind == "matches":
        need = await post_listing(square.client, square.seeker, "needs", "publish")
        form["listing_id"] = need.id
        await square.post()
        await square.work()

    answer = await square.client.post(f"{URL}/preview", json=form, headers=square.seeker.headers)

    assert answer.json()["count"] == (1 if kind == "matches" else 0)


async def stop_path(square: Square, saved: dict[str, Any]) -> str:
    return f"/api/v1/stop/{(await square.saved(saved['id'])).stop_token}"


async def test_a_look_at_the_stop_link_stops_nothing(square: Square) -> None:
    saved = await square.save(name="<b>鞋底</b>")

    page = await square.client.get(await stop_path(square, saved))

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "&lt;b&gt;鞋底&lt;/b&gt;" in page.text
    assert '<form method="post">' in page.text
    assert (await square.saved(saved["id"])).frequency == "instant"


async def test_one_click_stops_for_good_and_twice_is_as_good_as_once(square: Square) -> None:
    saved = await square.save()
    path = await stop_path(square, saved)
    # As mail programs do it: RFC 8058.
    body = {"data": {"List-Unsubscribe": "One-Click"}}

    pages = [await square.client.post(path, **body) for _ in range(2)]  # type: ignore[arg-type]
    await square.post()

    assert [page.status_code for page in pages] == [200, 200]
    assert "已停止" in pages[1].text
    assert await square.told() == []
    assert "<form" not in (await square.client.get(path)).text


async def test_a_stop_link_that_was_never_given_out_is_not_there(client: httpx.AsyncClient) -> None:
    answers = [
        await client.get("/api/v1/stop/djt_nothing"),
        await client.post("/api/v1/stop/djt_nothing"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
