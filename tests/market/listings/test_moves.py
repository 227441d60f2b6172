"""POST of publish, pause, close, reopen, withdraw and renew."""

import uuid
from datetime import timedelta
from typing import Any

import httpx

from market.db import Database, utc_now
from market.listings.models import Listing
from market.settings import Settings
from tests.market.accounts.factories import places, told
from tests.market.listings.factories import (
    KINDS,
    Posted,
    announced,
    both,
    move,
    owner_of,
    post_listing,
    read,
    unverify,
)


def day_in(days: int) -> str:
    return (utc_now() + timedelta(days=days)).date().isoformat()


async def let_it_expire(database: Database, posted: Posted) -> None:
    """What the hourly job does to a listing whose last day was yesterday."""
    async with database.writing() as session:
        listing = await session.get_one(Listing, uuid.UUID(posted.id))
        listing.status = "expired"
        listing.expires_on = (utc_now() - timedelta(days=1)).date()


@both
async def test_whole_life_of_a_listing(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path)
    steps = ["publish", "pause", "publish", "close", "reopen", "renew", "withdraw", "reopen"]

    seen = []
    for step in steps:
        answer = await move(client, me, posted, step)
        posted = Posted(posted.url, answer)
        seen.append((answer.status_code, answer.json()["status"], answer.json()["version"]))

    assert seen == [
        (200, "published", 2),
        (200, "paused", 3),
        (200, "published", 4),
        (200, "closed", 5),
        (200, "published", 6),
        (200, "published", 7),
        (200, "withdrawn", 8),
        (200, "draft", 9),
    ]
    assert (await read(client, posted.url, me)).json() == posted.body


@both
async def test_publication_is_dated_and_ends_after_the_days_of_the_settings(
    client: httpx.AsyncClient, database: Database, settings: Settings, path: str
) -> None:
    me = await owner_of(database, path)

    posted = await post_listing(client, me, path, "publish")

    assert posted.body["published_at"] == posted.body["changed_at"]
    assert posted.body["expires_on"] == day_in(settings.listing_days)


@both
async def test_last_day_of_the_owner_is_kept(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)

    posted = await post_listing(client, me, path, "publish", expires_on=day_in(10))

    assert posted.body["expires_on"] == day_in(10)


@both
async def test_refused_move_names_both_states(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path, "publish")

    answer = await move(client, me, posted, "reopen")

    assert told(answer) == (409, "transition_refused")
    assert answer.json()["title"] == "当前状态“已发布”不能变为“重新打开”"
    assert (await read(client, posted.url, me)).json() == posted.body


@both
async def test_only_verified_organisations_publish(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    ways = {"": "publish", "publish pause": "publish", "publish close": "reopen"}
    posted = {
        before: await post_listing(client, me, path, *before.split(), reference=...)
        for before in ways
    }
    await unverify(database, me)

    answers = {
        before: told(await move(client, me, posted[before], action))
        for before, action in ways.items()
    }

    assert answers == dict.fromkeys(ways, (403, "organisation_not_verified"))


@both
async def test_unverified_organisation_may_write_drafts_and_withdraw_them(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path, is_verified=False)

    posted = await post_listing(client, me, path, "withdraw")

    assert posted.body["status"] == "withdrawn"


@both
async def test_incomplete_draft_hears_of_all_that_is_missing(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    text = {"results": "summary", "needs": "description"}[path]
    bare: dict[str, Any] = {text: "短", "fields": [], "industries": []}
    if path == "needs":
        bare["indicators_text"] = ""
    posted = await post_listing(client, me, path, **bare)

    answer = await move(client, me, posted, "publish")

    assert told(answer) == (422, "invalid")
    assert places(answer) == sorted([f"#/{text}", "#/fields"])
    assert (await read(client, posted.url, me)).json()["status"] == "draft"
    assert await announced(database) == []


@both
async def test_every_move_into_and_out_of_publication_is_announced(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    times = {
        "": 0,
        "withdraw": 0,
        "withdraw reopen": 0,
        "publish": 1,
        "publish pause": 2,
        "publish pause close": 2,
        "publish pause close reopen": 3,
        "publish renew": 2,
        "publish withdraw": 2,
        "publish pause withdraw": 2,
    }

    posted = {
        actions: await post_listing(client, me, path, *actions.split(), reference=...)
        for actions in times
    }

    jobs = await announced(database)
    told_of = {
        actions: jobs.count({"kind": KINDS[path], "ids": [each.id]})
        for actions, each in posted.items()
    }
    assert told_of == times
    assert len(jobs) == sum(times.values())


@both
async def test_refused_move_announces_nothing(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path, "publish")
    before = await announced(database)

    refused = await move(client, me, posted, "publish")

    assert told(refused) == (409, "transition_refused")
    assert await announced(database) == before


@both
async def test_expired_listing_is_gone_for_others_until_it_is_renewed(
    client: httpx.AsyncClient, database: Database, settings: Settings, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path, "publish")
    await let_it_expire(database, posted)
    mine = Posted(posted.url, await read(client, posted.url, me))

    hidden = await read(client, posted.url)
    renewed = await move(client, me, mine, "renew")
    shown = await read(client, posted.url)

    assert mine.body["allowed_actions"] == ["withdraw", "renew"]
    assert told(hidden) == (404, "not_found")
    assert (renewed.json()["status"], renewed.json()["expires_on"]) == (
        "published",
        day_in(settings.listing_days),
    )
    assert renewed.json()["published_at"] == posted.body["published_at"]
    assert shown.status_code == 200


@both
async def test_renewal_until_a_day(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path, "publish")

    answer = await move(client, me, posted, "renew", expires_on=day_in(20))

    assert (answer.status_code, answer.json()["expires_on"]) == (200, day_in(20))


@both
async def test_renewal_until_a_day_that_makes_no_sense(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path, "publish")

    answers = [
        await move(client, me, posted, "renew", expires_on=day_in(days)) for days in (-1, 3650)
    ]

    assert [(told(answer), places(answer)) for answer in answers] == [
        ((422, "invalid"), ["#/expires_on"])
    ] * 2


@both
async def test_stale_version_moves_nothing(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    draft = await post_listing(client, me, path)
    published = Posted(draft.url, await move(client, me, draft, "publish"))

    answer = await move(client, me, draft, "withdraw")

    assert told(answer) == (412, "version_outdated")
    assert (await read(client, draft.url, me)).json() == published.body


@both
async def test_unknown_action_is_not_found(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path)

    answer = await move(client, me, posted, "explode")

    assert told(answer) == (404, "not_found")
