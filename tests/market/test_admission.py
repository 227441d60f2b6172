"""What stands between an address and its route: who asks, and what may be asked."""

from typing import Any

import httpx
import pytest
from litestar import Litestar, Request, get, post
from litestar.params import JSONBody

from market.accounts.guard import anyone, signed_in
from market.app import create_app
from market.db import Database
from market.indexing.engines import Indexes
from market.settings import Settings
from tests.market.accounts.factories import make_account


@get("/try/who", opt=anyone())
async def who(request: Request[Any, Any, Any]) -> dict[str, str | None]:
    viewer = request.user
    return {"user": str(viewer.user_id) if viewer.user_id else None}


@get("/try/closed", opt=signed_in("enterprise"))
async def closed() -> dict[str, str]:
    return {"a secret": "of enterprises"}


@post("/try/sent", opt=anyone())
async def sent(data: JSONBody[dict[str, int]]) -> dict[str, int]:
    return data


@pytest.fixture
def app(settings: Settings, database: Database, indexes: Indexes) -> Litestar:
    return create_app(settings, database, indexes, extra_routes=[who, closed, sent])


async def test_route_knows_who_asks(database: Database, client: httpx.AsyncClient) -> None:
    account = await make_account(database)

    known = await client.get("/try/who", headers=account.headers)
    unknown = await client.get("/try/who")

    assert (known.json(), unknown.json()) == ({"user": str(account.user.id)}, {"user": None})


@pytest.mark.parametrize(
    "given",
    ["Bearer", "Bearer ", "Bearer wrong", "Basic dXNlcjpwYXNz", "", "Bearer é".encode("latin-1")],
)
async def test_token_that_is_not_good_is_refused_on_open_routes_too(
    client: httpx.AsyncClient, given: str | bytes
) -> None:
    headers: Any = [(b"Authorization", given)]
    answer = await client.get("/try/who", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (401, "token_refused")


async def test_first_of_several_tokens_counts(
    database: Database, client: httpx.AsyncClient
) -> None:
    account = await make_account(database)
    good = account.headers["Authorization"]

    answer = await client.get(
        "/try/who", headers=[("Authorization", "Bearer wrong"), ("Authorization", good)]
    )

    assert (answer.status_code, answer.json()["code"]) == (401, "token_refused")


async def test_who_is_not_named_hears_nothing_of_the_route(
    database: Database, client: httpx.AsyncClient
) -> None:
    institute = await make_account(database, "institute")

    refused = [
        await client.get("/try/closed"),
        await client.get("/try/closed", headers=institute.headers),
        # Before the parameters are looked at: their names would tell of the route.
        await client.get("/try/closed?a=b", headers=institute.headers),
    ]

    assert [(each.status_code, each.json()["code"]) for each in refused] == [
        (401, "sign_in_required"),
        (403, "role_refused"),
        (403, "role_refused"),
    ]
    assert not any("a secret" in each.text for each in refused)


async def test_who_is_named_gets_in(database: Database, client: httpx.AsyncClient) -> None:
    enterprise = await make_account(database, "enterprise")

    answer = await client.get("/try/closed", headers=enterprise.headers)
    odd = await client.get("/try/closed?a=b", headers=enterprise.headers)

    assert (answer.status_code, answer.json()) == (200, {"a secret": "of enterprises"})
    assert (odd.status_code, odd.json()["errors"][0]["parameter"]) == (422, "a")


@pytest.mark.parametrize("path", ["/try/who", "/try/closed"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
async def test_options_are_told_to_nobody(
    client: httpx.AsyncClient, path: str, headers: dict[str, str]
) -> None:
    """The framework adds them to every route, and they name no roles."""
    answer = await client.options(path, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("application/json", 201),
        ("Application/JSON; charset=utf-8", 201),
        ("text/plain", 415),
        ("", 415),
    ],
)
async def test_body_must_be_of_a_known_media_type(
    client: httpx.AsyncClient, media_type: str, status: int
) -> None:
    answer = await client.post(
        "/try/sent", content=b'{"a": 1}', headers={"Content-Type": media_type}
    )

    assert answer.status_code == status
