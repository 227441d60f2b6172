"""POST /results and /needs: a new draft."""

import asyncio

import httpx
import pytest

from market.db import Database
from tests.market.accounts.factories import make_account, make_key, told
from tests.market.listings.factories import (
    FORMS,
    both,
    owner_of,
    post_listing,
    read,
)


@both
async def test_new_listing_is_a_draft_with_all_that_was_sent(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)

    posted = await post_listing(client, me, path)

    body = posted.body
    sent = {name: value for name, value in FORMS[path].items() if name != "indicators_text"}
    assert {name: body[name] for name in sent} == sent
    assert (body["status"], body["version"], body["published_at"]) == ("draft", 1, None)
    assert body["allowed_actions"] == ["publish", "withdraw", "delete"]
    assert posted.etag == '"1.1.owner.zh"'
    assert posted.url == f"/api/v1/{path}/{body['id']}"


@both
async def test_what_was_created_is_what_is_read(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path)

    answer = await read(client, posted.url, me)

    assert (answer.status_code, answer.json()) == (200, posted.body)
    assert answer.headers["etag"] == posted.etag


async def test_indicators_of_a_text_are_read_one_by_one(
    client: httpx.AsyncClient, database: Database
) -> None:
    me = await owner_of(database, "needs")

    posted = await post_listing(client, me, "needs")

    assert posted.body["indicators"] == [
        {"name": "湿摩擦系数", "comparator": ">=", "value": 0.5, "text": "湿摩擦系数≥0.5"},
        {"name": "通过 GB/T 3903 检测", "text": "通过 GB/T 3903 检测"},
    ]


@both
async def test_same_key_creates_once(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    headers = me.headers | {"Idempotency-Key": "one"}

    answers = await asyncio.gather(
        *(client.post(f"/api/v1/{path}", json=FORMS[path], headers=headers) for _ in range(5))
    )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 4


@both
async def test_all_mistakes_of_a_form_are_told_in_the_language_asked_for(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    wrong = FORMS[path] | {"fields": ["magic"], "division": "晋江", "keywords": ["a", "a"]}

    answer = await client.post(
        f"/api/v1/{path}", json=wrong, headers=me.headers | {"Accept-Language": "en"}
    )

    assert told(answer) == (422, "invalid")
    assert answer.json()["errors"] == [
        {"detail": "There is no code “magic”.", "pointer": "#/fields/0"},
        {
            "detail": "There is no code “晋江”; did you mean 350582 (Jinjiang)?",
            "pointer": "#/division",
        },
        {"detail": "It is there twice.", "pointer": "#/keywords/1"},
    ]


@pytest.mark.parametrize(
    ("path", "posters"),
    [
        ("results", {"institute", "outpost", "broker"}),
        ("needs", {"enterprise", "outpost", "broker"}),
    ],
)
async def test_who_may_post_which_kind(
    client: httpx.AsyncClient, database: Database, path: str, posters: set[str]
) -> None:
    kinds = ["institute", "enterprise", "investor", "outpost", "organizer", "broker"]
    accounts = {kind: await make_account(database, kind) for kind in kinds}

    answers = {
        kind: await client.post(f"/api/v1/{path}", json=FORMS[path], headers=account.headers)
        for kind, account in accounts.items()
    }

    assert {kind for kind, answer in answers.items() if answer.status_code == 201} == posters
    refused = {kind: told(answers[kind]) for kind in kinds if kind not in posters}
    assert refused == dict.fromkeys(refused, (403, "role_refused"))


@both
async def test_administrators_and_strangers_post_nothing(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    administrator = await make_account(database, None, is_administrator=True)

    by_administrator = await client.post(
        f"/api/v1/{path}", json=FORMS[path], headers=administrator.headers
    )
    by_stranger = await client.post(f"/api/v1/{path}", json=FORMS[path])

    assert told(by_administrator) == (403, "role_refused")
    assert told(by_stranger) == (401, "sign_in_required")


@both
async def test_key_needs_the_scope_to_write(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    reading = await make_key(database, me, "listings:read")
    writing = await make_key(database, me, "listings:write")

    refused = await client.post(f"/api/v1/{path}", json=FORMS[path], headers=reading)
    created = await client.post(f"/api/v1/{path}", json=FORMS[path], headers=writing)

    assert told(refused) == (403, "scope_refused")
    assert created.status_code == 201
    assert "private_note" not in created.json()


@both
async def test_reference_is_one_listing_of_an_organisation(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me, other = await owner_of(database, path), await owner_of(database, path)
    await post_listing(client, me, path)

    mine = await client.post(f"/api/v1/{path}", json=FORMS[path], headers=me.headers)
    theirs = await client.post(f"/api/v1/{path}", json=FORMS[path], headers=other.headers)

    assert told(mine) == (409, "reference_taken")
    assert theirs.status_code == 201


async def test_result_and_need_of_one_organisation_may_share_a_reference(
    client: httpx.AsyncClient, database: Database
) -> None:
    broker = await make_account(database, "broker")

    result = await post_listing(client, broker, "results", reference="A-1")
    need = await post_listing(client, broker, "needs", reference="A-1")

    assert (result.body["reference"], need.body["reference"]) == ("A-1", "A-1")


@both
async def test_many_listings_without_a_reference(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)

    urls = {(await post_listing(client, me, path, reference=...)).url for _ in range(3)}

    assert len(urls) == 3


@both
async def test_shape_of_texts_is_told_in_words(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    wrong = FORMS[path] | {"title": " ", "keywords": ["鞋底\n"]}

    answer = await client.post(
        f"/api/v1/{path}", json=wrong, headers=me.headers | {"Accept-Language": "en"}
    )

    sentence = "Must not be blank, and be one line without control characters."
    assert sorted(answer.json()["errors"], key=lambda each: each["pointer"]) == [
        {"detail": sentence, "pointer": "#/keywords/0"},
        {"detail": sentence, "pointer": "#/title"},
    ]
