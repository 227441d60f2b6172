"""The same request sent twice happens once."""

import asyncio
from collections import Counter

import httpx
from sqlalchemy import func, select

from market.db import Database
from market.jobs import Job
from tests.market.accounts.factories import make_account


async def _orders(database: Database) -> int:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).where(Job.kind == "order")) or 0


async def test_two_hundred_requests_with_ten_keys_happen_ten_times(
    database: Database, client: httpx.AsyncClient
) -> None:
    account = await make_account(database)

    answers = await asyncio.gather(
        *(
            client.post(
                "/orders",
                json={"title": f"order {n % 10}"},
                headers=account.headers | {"Idempotency-Key": f"key-{n % 10}"},
            )
            for n in range(200)
        )
    )

    assert Counter(answer.status_code for answer in answers) == {201: 200}
    replays = Counter(answer.headers.get("idempotency-replayed") for answer in answers)
    assert replays == {None: 10, "true": 190}
    assert len({answer.content for answer in answers}) == 10
    assert {answer.headers["location"] for answer in answers} == {"/orders/1"}
    assert await _orders(database) == 10


async def test_key_with_another_body_is_refused(
    database: Database, client: httpx.AsyncClient
) -> None:
    account = await make_account(database)
    headers = account.headers | {"Idempotency-Key": "key", "Accept-Language": "en"}
    await client.post("/orders", json={"title": "one"}, headers=headers)

    answer = await client.post("/orders", json={"title": "two"}, headers=headers)

    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"detail": "Was used for another request.", "header": "Idempotency-Key"}
    ]
    assert await _orders(database) == 1


async def test_keys_of_two_people_do_not_meet(
    database: Database, client: httpx.AsyncClient
) -> None:
    for _ in range(2):
        account = await make_account(database)
        headers = account.headers | {"Idempotency-Key": "key"}
        answer = await client.post("/orders", json={"title": "one"}, headers=headers)
        assert "idempotency-replayed" not in answer.headers

    assert await _orders(database) == 2


async def test_failure_is_not_stored_and_its_effects_are_gone(
    database: Database, client: httpx.AsyncClient
) -> None:
    account = await make_account(database)
    headers = account.headers | {"Idempotency-Key": "key"}

    answers = [
        await client.post("/orders", json={"title": "refused"}, headers=headers) for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [409, 409]
    assert await _orders(database) == 0


async def test_without_a_key_each_request_counts(
    database: Database, client: httpx.AsyncClient
) -> None:
    account = await make_account(database)

    for _ in range(2):
        await client.post("/orders", json={"title": "one"}, headers=account.headers)

    assert await _orders(database) == 2


async def test_odd_key_is_refused(database: Database, client: httpx.AsyncClient) -> None:
    account = await make_account(database)

    for key in ("", "with blank", "x" * 81):
        headers = account.headers | {"Idempotency-Key": key}
        answer = await client.post("/orders", json={"title": "one"}, headers=headers)
        assert (answer.status_code, answer.json()["errors"][0]["header"]) == (
            422,
            "Idempotency-Key",
        )
    assert await _orders(database) == 0
