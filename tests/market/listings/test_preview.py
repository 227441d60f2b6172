"""GET of a preview: a listing as others would see it, and advice."""

from typing import Any

import httpx

from market.db import Database
from tests.market.accounts.factories import make_account, make_key, told
from tests.market.listings.factories import both, owner_of, post_listing, read

OWN = {"id", "status", "version", "published_at", "changed_at", "expires_on"}


def without_own(view: dict[str, Any]) -> dict[str, Any]:
    """A view without what differs between two listings of the same content."""
    return {name: value for name, value in view.items() if name not in OWN}


@both
async def test_preview_of_a_draft_is_what_others_see_once_it_is_published(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    others = {
        "anyone": await make_account(database, "investor", is_verified=False),
        "verified": await make_account(database, "investor"),
    }
    draft = await post_listing(client, me, path)
    public = await post_listing(client, me, path, "publish", reference="X")

    previews = {name: await read(client, f"{draft.url}/preview?as={name}", me) for name in others}
    seen = {name: await read(client, public.url, other) for name, other in others.items()}

    assert {name: without_own(each.json()["listing"]) for name, each in previews.items()} == {
        name: without_own(each.json()) for name, each in seen.items()
    }


@both
async def test_preview_is_as_anyone_sees_it_unless_asked_otherwise(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path)

    plain = await read(client, f"{posted.url}/preview", me)
    asked = await read(client, f"{posted.url}/preview?as=anyone", me)

    assert plain.json() == asked.json()


async def test_advice_and_what_is_missing_are_told_in_the_language_asked_for(
    client: httpx.AsyncClient, database: Database
) -> None:
    me = await owner_of(database, "needs")
    posted = await post_listing(
        client,
        me,
        "needs",
        description="求先进配方",
        indicators_text="",
        fields=[],
        industries=[],
        deadline=None,
    )

    preview = await read(client, f"{posted.url}/preview", me, {"Accept-Language": "en"})

    assert preview.json()["missing"] == [
        {
            "code": "missing",
            "pointer": "#/description",
            "text": "Say more: at least 20 characters.",
        },
        {"code": "missing", "pointer": "#/fields", "text": "Name at least one field or industry."},
    ]
    assert [each["code"] for each in preview.json()["advice"]] == [
        "empty_praise",
        "short_text",
        "no_indicator",
        "no_deadline",
    ]
    assert preview.json()["advice"][0]["text"] == (
        "“先进” stands without a number: name the measure and its value."
    )


@both
async def test_only_the_owner_and_moderators_preview(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me, other = await owner_of(database, path), await owner_of(database, path)
    moderator = await make_account(database, None, is_moderator=True)
    investor = await make_account(database, "investor")
    draft = await post_listing(client, me, path)
    public = await post_listing(client, me, path, "publish", reference="X")

    answers = {
        name: [
            (await read(client, f"{url}/preview", account)).status_code
            for url in (draft.url, public.url)
        ]
        for name, account in {
            "me": me,
            "moderator": moderator,
            "other": other,
            "investor": investor,
            "nobody": None,
        }.items()
    }

    assert answers == {
        "me": [200, 200],
        "moderator": [200, 200],
        "other": [404, 403],
        "investor": [403, 403],
        "nobody": [401, 401],
    }


@both
async def test_key_needs_the_scope_to_read(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path)
    reading = await make_key(database, me, "listings:read")
    writing = await make_key(database, me, "listings:write")

    may = await client.get(f"{posted.url}/preview", headers=reading)
    may_not = await client.get(f"{posted.url}/preview", headers=writing)

    assert (may.status_code, told(may_not)) == (200, (403, "scope_refused"))


@both
async def test_preview_as_somebody_unknown(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path)

    answer = await read(client, f"{posted.url}/preview?as=owner", me)

    assert told(answer) == (422, "invalid")
