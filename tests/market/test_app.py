import httpx
import pytest

from market.db import Database
from tests.market.accounts.factories import make_account


async def test_unknown_address_is_a_problem(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/nothing", headers={"Accept-Language": "en"})

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:duijie:not_found",
        "title": "There is no such thing.",
        "status": 404,
        "code": "not_found",
    }


@pytest.mark.parametrize("kind", ["institute", "enterprise"])
async def test_session_of_the_factory_is_good(
    database: Database, client: httpx.AsyncClient, kind: str
) -> None:
    account = await make_account(database, kind)

    answer = await client.get("/api/v1/nothing", headers=account.headers)

    assert answer.status_code == 404
