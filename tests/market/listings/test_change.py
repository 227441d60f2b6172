"""PATCH of a listing: merge patch on the version that one has read."""

from datetime import timedelta
from typing import Any

import httpx

from market.db import Database, utc_now
from tests.market.accounts.factories import places, told
from tests.market.listings.factories import (
    FORMS,
    KINDS,
    announced,
    both,
    owner_of,
    patch,
    post_listing,
    read,
    stored,
)


@both
async def test_change_sets_what_it_names_and_clears_what_is_null(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path)

    answer = await patch(client, me, posted, title="新名称", modes=None, division=None)

    assert answer.status_code == 200
    changed: dict[str, Any] = {"title": "新名称", "modes": [], "division": None, "version": 2}
    body = answer.json()
    expected = posted.body | changed | {"changed_at": body["changed_at"], "labels": body["labels"]}
    assert body == expected
    assert answer.headers["etag"] == '"2.1.owner.zh"'


@both
async def test_change_that_changes_nothing_keeps_the_version(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path, "publish")
    same = {name: FORMS[path][name] for name in ("title", "keywords", "contacts", "division")}

    answers = [await patch(client, me, posted), await patch(client, me, posted, **same)]

    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, posted.body)] * 2
    assert [answer.headers["etag"] for answer in answers] == [posted.etag] * 2
    assert len(await announced(database)) == 1


@both
async def test_change_of_a_published_listing_keeps_it_published_and_is_announced(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path, "publish")

    answer = await patch(client, me, posted, title="新名称")

    assert (answer.json()["status"], answer.json()["version"]) == ("published", 3)
    assert await announced(database) == [{"kind": KINDS[path], "ids": [posted.id]}] * 2


@both
async def test_change_of_a_draft_is_not_announced(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path)

    await patch(client, me, posted, title="新名称")

    assert await announced(database) == []


@both
async def test_published_listing_must_stay_complete(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path, "publish")
    text = {"results": "summary", "needs": "description"}[path]

    change = {text: None, "fields": None, "industries": None}
    if path == "needs":
        change["indicators"] = None
    answer = await patch(client, me, posted, **change)

    assert told(answer) == (422, "invalid")
    assert places(answer) == sorted(["#/fields", f"#/{text}"])
    assert (await read(client, posted.url, me)).json() == posted.body


@both
async def test_published_listing_keeps_a_last_day(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path, "publish")
    day = (utc_now() + timedelta(days=30)).date().isoformat()

    cleared = await patch(client, me, posted, expires_on=None)
    moved = await patch(client, me, posted, expires_on=day)

    assert (told(cleared), places(cleared)) == ((422, "invalid"), ["#/expires_on"])
    assert moved.json()["expires_on"] == day


@both
async def test_range_is_checked_against_what_is_stored(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path)
    low = {"results": "price_min_cny", "needs": "budget_min_cny"}[path]

    answer = await patch(client, me, posted, **{low: 10**9})

    assert (told(answer), places(answer)) == ((422, "invalid"), [f"#/{low}"])


@both
async def test_change_to_a_reference_that_is_taken(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    await post_listing(client, me, path, reference="A-1")
    posted = await post_listing(client, me, path, reference="A-2")

    answer = await patch(client, me, posted, reference="A-1")

    assert told(answer) == (409, "reference_taken")
    assert (await stored(database, posted)).reference == "A-2"


@both
async def test_what_is_read_only_can_not_be_changed(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path)
    names = ["id", "status", "version", "published_at", "created_at", "organisation", "extra"]

    answers = {
        name: told(await patch(client, me, posted, **{name: posted.body[name]}))
        for name in [*names, "changed_at", "labels", "allowed_actions"]
    }

    assert answers == dict.fromkeys(answers, (422, "invalid"))
    assert (await stored(database, posted)).version == 1


@both
async def test_change_needs_the_version_that_it_starts_from(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path)

    def send(**headers: str) -> Any:
        return client.patch(posted.url, json={"title": "新"}, headers=me.headers | headers)

    without = await send()
    malformed = await send(**{"If-Match": "1"})
    stale = await send(**{"If-Match": '"7"'})
    plain = await send(**{"If-Match": '"1"'})

    assert told(without) == (428, "version_required")
    assert (told(malformed), places(malformed)) == ((422, "invalid"), ["If-Match"])
    assert told(stale) == (412, "version_outdated")
    assert plain.status_code == 200
