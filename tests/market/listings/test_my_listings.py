"""GET /my/results and /my/needs: an organisation's own listings, in every status."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from sqlalchemy import event

from market.db import Database
from tests.market.accounts.factories import make_account, make_key, places, told
from tests.market.listings.factories import both, owner_of, patch, post_listing, read

NONE = dict.fromkeys(["draft", "published", "paused", "closed", "withdrawn", "expired"], 0)


def titles(answer: httpx.Response) -> list[str]:
    return [item["title"] for item in answer.json()["items"]]


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The statements that are sent to the database inside the block."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    engines = {database.engine.sync_engine, database._reading.sync_engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield seen
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


@both
async def test_organisation_without_listings(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)

    answer = await read(client, f"/api/v1/my/{path}", me)

    assert answer.json() == {"items": [], "counts": NONE, "next_cursor": None}


@both
async def test_all_of_ones_own_listings_newest_first_with_counts(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me, other = await owner_of(database, path), await owner_of(database, path)
    for number, actions in enumerate([[], ["publish"], ["publish", "pause"], ["withdraw"], []]):
        await post_listing(client, me, path, *actions, title=f"第{number}项", reference=...)
    await post_listing(client, other, path, "publish", title="别人的")

    answer = await read(client, f"/api/v1/my/{path}", me)

    assert titles(answer) == ["第4项", "第3项", "第2项", "第1项", "第0项"]
    assert answer.json()["counts"] == NONE | {
        "draft": 2,
        "published": 1,
        "paused": 1,
        "withdrawn": 1,
    }


@both
async def test_own_summary_is_the_owners(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path, "publish")

    answer = await read(client, f"/api/v1/my/{path}", me)

    body, shown = posted.body, answer.json()["items"][0]
    same = ["id", "status", "version", "organisation", "reference", "expires_on"]
    money = {"results": "price", "needs": "budget"}[path]
    assert [shown[name] for name in same] == [body[name] for name in same]
    assert shown["price_max_cny"] == body[f"{money}_max_cny"]


@both
async def test_colleagues_see_the_same_list(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    colleague = await make_account(database, organisation=me.organisation, is_manager=False)
    await post_listing(client, me, path)

    mine, theirs = [
        (await read(client, f"/api/v1/my/{path}", account)).json() for account in (me, colleague)
    ]

    assert mine == theirs
    assert len(mine["items"]) == 1


@both
async def test_pages_hold_every_listing_once(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    for number in range(5):
        await post_listing(client, me, path, title=f"第{number}项", reference=...)

    seen: list[str] = []
    pages, query = 0, "limit=2"
    while query:
        answer = await read(client, f"/api/v1/my/{path}?{query}", me)
        seen += titles(answer)
        cursor, pages = answer.json()["next_cursor"], pages + 1
        query = f"limit=2&cursor={cursor}" if cursor else ""

    assert (seen, pages) == (["第4项", "第3项", "第2项", "第1项", "第0项"], 3)


@both
async def test_last_page_that_is_full_has_no_next_one(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    for _ in range(2):
        await post_listing(client, me, path, reference=...)

    answer = await read(client, f"/api/v1/my/{path}?limit=2", me)

    assert (len(answer.json()["items"]), answer.json()["next_cursor"]) == (2, None)


@both
async def test_list_by_status_and_by_words(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    await post_listing(client, me, path, title="鞋底", reference="CG-1")
    await post_listing(client, me, path, title="100%橡胶", reference="CG-2")
    await post_listing(client, me, path, "publish", title="轮胎 Tyre", reference="CG-3")
    expected = {
        "status=draft": ["100%橡胶", "鞋底"],
        "status=published": ["轮胎 Tyre"],
        "status=expired": [],
        "q=胶": ["100%橡胶"],
        "q=tyre": ["轮胎 Tyre"],
        "q=%25": ["100%橡胶"],
        "q=_": [],
        "q=cg-3": ["轮胎 Tyre"],
        "q=%20%20": ["轮胎 Tyre", "100%橡胶", "鞋底"],
        "q=胶&status=published": [],
    }

    answers = {query: await read(client, f"/api/v1/my/{path}?{query}", me) for query in expected}

    assert {query: titles(answer) for query, answer in answers.items()} == expected
    counts = [answer.json()["counts"] for answer in answers.values()]
    assert counts == [NONE | {"draft": 2, "published": 1}] * len(expected)


@both
async def test_list_refuses_what_makes_no_sense(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    wrong = {
        "status=gone": "status",
        "limit=0": "limit",
        "limit=101": "limit",
        "cursor=!!": "cursor",
        "cursor=eA": "cursor",
        "q=%00": "q",
        f"q={'x' * 201}": "q",
    }

    answers = {query: await read(client, f"/api/v1/my/{path}?{query}", me) for query in wrong}

    assert {query: (told(answer), places(answer)) for query, answer in answers.items()} == {
        query: ((422, "invalid"), [place]) for query, place in wrong.items()
    }


@both
async def test_who_may_list(client: httpx.AsyncClient, database: Database, path: str) -> None:
    me = await owner_of(database, path)
    investor = await make_account(database, "investor")
    key = await make_key(database, me, "matches:read")

    answers = [
        told(await read(client, f"/api/v1/my/{path}")),
        told(await read(client, f"/api/v1/my/{path}", investor)),
        told(await client.get(f"/api/v1/my/{path}", headers=key)),
    ]

    assert answers == [(401, "sign_in_required"), (403, "role_refused"), (403, "scope_refused")]


@both
async def test_number_of_statements_does_not_grow_with_the_list(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    await post_listing(client, me, path)
    await read(client, f"/api/v1/my/{path}", me)

    with statements(database) as of_one:
        await read(client, f"/api/v1/my/{path}", me)
    for _ in range(5):
        await post_listing(client, me, path, reference=...)
    with statements(database) as of_six:
        await read(client, f"/api/v1/my/{path}", me)

    assert len(of_six) == len(of_one)


@both
async def test_changed_listing_keeps_its_place(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    first = await post_listing(client, me, path, title="先", reference=...)
    await post_listing(client, me, path, title="后", reference=...)

    await patch(client, me, first, title="先（改）")

    assert titles(await read(client, f"/api/v1/my/{path}", me)) == ["后", "先（改）"]
