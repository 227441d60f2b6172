"""Who may write a listing, and on which version."""

from typing import Any

import httpx

from market.db import Database
from tests.market.accounts.factories import Account, make_account, told
from tests.market.listings.factories import (
    NO_SUCH_ID,
    both,
    owner_of,
    post_listing,
    read,
)

# Every way to write a listing: method, tail of the URL, body.
WRITES: list[tuple[str, str, Any]] = [
    ("PATCH", "", {"title": "x"}),
    ("DELETE", "", None),
    *(("POST", f"/{move}", None) for move in ("publish", "pause", "close", "reopen", "withdraw")),
    ("POST", "/renew", {}),
]


@both
async def test_nobody_but_the_owner_writes_a_listing(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me, other = await owner_of(database, path), await owner_of(database, path)
    investor = await make_account(database, "investor")
    moderator = await make_account(database, None, is_moderator=True)
    public = await post_listing(client, me, path, "publish")
    draft = await post_listing(client, me, path, reference=...)

    async def outcomes(account: Account | None, url: str, etag: str) -> set[tuple[int, str]]:
        headers = (account.headers if account else {}) | {"If-Match": etag}
        return {
            told(await client.request(method, url + tail, json=body, headers=headers))
            for method, tail, body in WRITES
        }

    assert await outcomes(other, public.url, public.etag) == {(403, "owner_only")}
    assert await outcomes(other, draft.url, draft.etag) == {(404, "not_found")}
    assert await outcomes(investor, public.url, public.etag) == {(403, "role_refused")}
    assert await outcomes(moderator, public.url, public.etag) == {(403, "role_refused")}
    assert await outcomes(None, public.url, public.etag) == {(401, "sign_in_required")}
    assert (await read(client, public.url, me)).json() == public.body


@both
async def test_every_write_wants_the_version(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path)

    answers = {
        told(await client.request(method, posted.url + tail, json=body, headers=me.headers))
        for method, tail, body in WRITES
    }

    assert answers == {(428, "version_required")}


@both
async def test_writes_of_what_is_not_there(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    headers = me.headers | {"If-Match": '"1"'}

    answers = {
        told(
            await client.request(
                method, f"/api/v1/{path}/{listing_id}{tail}", json=body, headers=headers
            )
        )
        for method, tail, body in WRITES
        for listing_id in (NO_SUCH_ID, "x")
    }

    assert answers == {(404, "not_found")}
