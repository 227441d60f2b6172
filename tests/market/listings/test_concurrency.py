"""Many at once on one listing: nothing is lost, nothing happens twice."""

import asyncio
import itertools
from collections import Counter
from datetime import date, timedelta

import httpx
from sqlalchemy import func, select

from market.db import Database, utc_now
from market.listings.models import Listing
from market.listings.service import expire_due
from tests.market.listings.factories import (
    FORMS,
    announced,
    both,
    move,
    owner_of,
    patch,
    post_listing,
    read,
    stored,
)

CLIENTS = 10
CHANGES_A_CLIENT = 5


@both
async def test_no_change_is_lost_among_many(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path, "publish")
    accepted: list[str] = []

    async def change(number: int) -> list[int]:
        statuses = []
        for turn in range(CHANGES_A_CLIENT):
            seen = await read(client, posted.url, me)
            word = f"第{number}号第{turn}次"
            headers = me.headers | {"If-Match": seen.headers["etag"]}
            keywords = [*seen.json()["keywords"][-9:], word]
            answer = await client.patch(posted.url, json={"keywords": keywords}, headers=headers)
            statuses.append(answer.status_code)
            if answer.status_code == 200:
                accepted.append(word)
        return statuses

    answered = await asyncio.gather(*(change(number) for number in range(CLIENTS)))

    statuses = Counter(itertools.chain.from_iterable(answered))
    after = (await read(client, posted.url, me)).json()
    assert set(statuses) <= {200, 412}
    assert statuses.total() == CLIENTS * CHANGES_A_CLIENT
    assert after["version"] - posted.body["version"] == statuses[200] == len(accepted)
    assert len(await announced(database)) == 1 + statuses[200]
    assert set(after["keywords"]) <= {*accepted, *FORMS[path]["keywords"]}


@both
async def test_one_of_fifty_changes_of_the_same_version_wins(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path)

    answers = await asyncio.gather(
        *(patch(client, me, posted, title=f"第{n}个") for n in range(50))
    )

    won = [answer.json()["title"] for answer in answers if answer.status_code == 200]
    listing = await stored(database, posted)
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 49}
    assert ([listing.title], listing.version) == (won, 2)


@both
async def test_one_of_many_publications_wins(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path)

    answers = await asyncio.gather(*(move(client, me, posted, "publish") for _ in range(20)))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 19}
    assert len(await announced(database)) == 1


@both
async def test_publication_and_change_at_once_are_one_after_the_other(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)
    posted = await post_listing(client, me, path)
    deleting = client.delete(posted.url, headers=me.headers | {"If-Match": posted.etag})

    published, deleted = await asyncio.gather(move(client, me, posted, "publish"), deleting)

    outcome = (published.status_code, deleted.status_code)
    assert outcome in {(200, 412), (404, 204)}
    assert len(await announced(database)) == (1 if published.status_code == 200 else 0)


@both
async def test_one_of_many_with_the_same_reference_is_created(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    me = await owner_of(database, path)

    answers = await asyncio.gather(
        *(client.post(f"/api/v1/{path}", json=FORMS[path], headers=me.headers) for _ in range(20))
    )

    async with database.reading() as session:
        count = await session.scalar(select(func.count()).select_from(Listing))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 19}
    assert count == 1


async def test_many_workers_end_each_publication_once(
    client: httpx.AsyncClient, database: Database
) -> None:
    me = await owner_of(database, "results")
    ids = {
        (await post_listing(client, me, "results", "publish", reference=...)).id for _ in range(12)
    }
    async with database.writing() as session:
        for listing in await session.scalars(select(Listing)):
            listing.expires_on = date(2020, 1, 1)
    before = len(await announced(database))
    now = utc_now() + timedelta(seconds=1)

    async def expire() -> int:
        async with database.writing() as session:
            return await expire_due(session, now, limit=3)

    counts = await asyncio.gather(*(expire() for _ in range(6)))

    assert sum(counts) == 12
    told = [each for payload in (await announced(database))[before:] for each in payload["ids"]]
    assert sorted(told) == sorted(ids)
    async with database.reading() as session:
        versions = set(await session.scalars(select(Listing.version)))
    assert versions == {4}
