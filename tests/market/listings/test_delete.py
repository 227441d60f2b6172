"""DELETE of drafts, and what is withdrawn instead."""

import httpx

from market.db import Database
from tests.market.accounts.factories import told
from tests.market.listings.factories import (
    FORMS,
    both,
    move,
    owner_of,
    patch,
    post_listing,
    read,
    stored,
)


@both
async def test_draft_that_was_never_public_can_be_deleted(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path)

    answer = await client.delete(posted.url, headers=me.headers | {"If-Match": posted.etag})

    assert (answer.status_code, answer.content) == (204, b"")
    assert told(await read(client, posted.url, me)) == (404, "not_found")
    assert (await post_listing(client, me, path)).body["reference"] == FORMS[path]["reference"]


@both
async def test_what_was_public_is_withdrawn_not_deleted(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path, "publish", "withdraw", "reopen")

    answer = await client.delete(posted.url, headers=me.headers | {"If-Match": posted.etag})

    assert posted.body["status"] == "draft"
    assert told(answer) == (409, "transition_refused")
    assert "delete" not in posted.body["allowed_actions"]


@both
async def test_stale_version_deletes_nothing(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path)
    await patch(client, me, posted, title="新名称")

    answer = await client.delete(posted.url, headers=me.headers | {"If-Match": posted.etag})

    assert told(answer) == (412, "version_outdated")
    assert (await stored(database, posted)).title == "新名称"


@both
async def test_moves_are_told_in_english(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path)
    headers = me.headers | {"If-Match": posted.etag, "Accept-Language": "en"}

    refused = await client.post(f"{posted.url}/pause", headers=headers)
    moved = await move(client, me, posted, "withdraw")

    assert refused.json()["title"] == "It is a draft now and can't be paused from there."
    assert moved.json()["status"] == "withdrawn"
