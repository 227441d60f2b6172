"""POST /auth/registrations."""

import asyncio
from typing import Any

import httpx
import msgspec
import pytest

from market.accounts.models import Organisation, User
from market.app import create_app
from market.db import Database
from market.indexing.engines import Indexes
from market.settings import Settings
from tests.market.accounts.factories import make_account, places, rows, talking_to, told

URL = "/api/v1/auth/registrations"
CREDIT_CODE = "91350100M000100Y43"
MOST_PER_HOUR = 20


def form(**changes: Any) -> dict[str, Any]:
    """A registration; `organisation_…` and `user_…` change a field of one of its halves."""
    filled: dict[str, dict[str, Any]] = {
        "organisation": {"kind": "institute", "name": "晋江鞋业研究院"},
        "user": {"email": "lin@example.cn", "name": "林工", "password": "潮汕-Otter-88"},
    }
    for name, value in changes.items():
        half, _, field = name.partition("_")
        filled[half][field] = value
    return filled


async def test_first_person_manages_the_new_organisation(client: httpx.AsyncClient) -> None:
    asked = form(
        organisation_credit_code=CREDIT_CODE.lower(),
        organisation_division="350582",
        organisation_about="鞋材与制鞋装备",
        user_email="Lin@Example.CN",
    )

    answer = await client.post(URL, json=asked)

    assert answer.status_code == 201
    organisation, user = answer.json()["organisation"], answer.json()["user"]
    assert organisation == {
        "id": organisation["id"],
        "kind": "institute",
        "name": "晋江鞋业研究院",
        "credit_code": CREDIT_CODE,
        "division": "350582",
        "about": "鞋材与制鞋装备",
        "verified_at": None,
        "created_at": organisation["created_at"],
    }
    assert user == {
        "id": user["id"],
        "organisation_id": organisation["id"],
        "email": "lin@example.cn",
        "name": "林工",
        "is_manager": True,
        "is_moderator": False,
        "is_administrator": False,
        "disabled_at": None,
        "created_at": user["created_at"],
    }


async def test_password_is_stored_as_argon2id_only(
    client: httpx.AsyncClient, database: Database
) -> None:
    await client.post(URL, json=form())

    [user] = await rows(database, User)

    assert user.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"organisation_kind": "bank"}, ["#/organisation/kind"]),
        ({"organisation_name": "  "}, ["#/organisation/name"]),
        ({"organisation_credit_code": "91350100M000100Y44"}, ["#/organisation/credit_code"]),
        ({"organisation_division": "999999"}, ["#/organisation/division"]),
        ({"organisation_division": "350582\n"}, ["#/organisation/division"]),
        ({"user_email": "lin"}, ["#/user/email"]),
        ({"user_email": "lin@example.cn\n"}, ["#/user/email"]),
        ({"user_email": "林@example.cn"}, ["#/user/email"]),
        ({"user_name": "林工\n"}, ["#/user/name"]),
        ({"user_password": "short-1"}, ["#/user/password"]),
        ({"user_password": "x" * 129}, ["#/user/password"]),
        ({"user_password": "LIN@example.cn"}, ["#/user/password"]),
        ({"user_password": "Qwerty123"}, ["#/user/password"]),
        ({"user_password": "１２３４５６７８"}, ["#/user/password"]),
        (
            {
                "organisation_credit_code": "91350100M000100Y44",
                "organisation_division": "000001",
                "user_password": "password1",
            },
            ["#/organisation/credit_code", "#/organisation/division", "#/user/password"],
        ),
    ],
)
async def test_wrong_field_is_named_and_nothing_is_stored(
    client: httpx.AsyncClient, database: Database, changes: dict[str, Any], wrong: list[str]
) -> None:
    answer = await client.post(URL, json=form(**changes))

    assert told(answer) == (422, "invalid")
    assert places(answer) == wrong
    assert await rows(database, Organisation) == []


@pytest.mark.parametrize("half", ["organisation", "user"])
@pytest.mark.parametrize("field", ["id", "is_administrator", "verified_at", "is_manager"])
async def test_what_nobody_chooses_for_themselves_is_refused(
    client: httpx.AsyncClient, database: Database, half: str, field: str
) -> None:
    answer = await client.post(URL, json=form(**{f"{half}_{field}": None}))

    assert told(answer) == (422, "invalid")
    assert await rows(database, User) == []


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"user_email": "LIN@example.cn"}, id="address"),
        pytest.param({"organisation_name": "晋江 鞋业（研究院）"}, id="name"),
        pytest.param({"organisation_credit_code": CREDIT_CODE}, id="credit code"),
    ],
)
async def test_known_organisation_and_known_address_are_told_alike(
    client: httpx.AsyncClient, database: Database, changes: dict[str, Any]
) -> None:
    await client.post(URL, json=form(organisation_credit_code=CREDIT_CODE))
    other = form(organisation_name="泉州陶瓷研究院", user_email="wu@example.cn")
    for name, value in changes.items():
        half, _, field = name.partition("_")
        other[half][field] = value

    answer = await client.post(URL, json=other)

    assert told(answer) == (409, "already_registered")
    assert [each.name for each in await rows(database, Organisation)] == ["晋江鞋业研究院"]
    assert [each.email for each in await rows(database, User)] == ["lin@example.cn"]


async def test_same_name_of_another_kind_is_another_organisation(
    client: httpx.AsyncClient, database: Database
) -> None:
    await make_account(database, "enterprise", name="晋江鞋业研究院")

    answer = await client.post(URL, json=form())

    assert answer.status_code == 201


async def test_of_many_at_once_one_registers(client: httpx.AsyncClient, database: Database) -> None:
    answers = await asyncio.gather(*(client.post(URL, json=form()) for _ in range(8)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert len(await rows(database, Organisation)) == len(await rows(database, User)) == 1


async def test_closed_registration_is_refused(
    settings: Settings, database: Database, indexes: Indexes
) -> None:
    closed = msgspec.structs.replace(settings, registration_open=False)
    app = create_app(closed, database, indexes)

    async with talking_to(app) as client:
        answer = await client.post(URL, json=form())

    assert told(answer) == (403, "registration_closed")
    assert await rows(database, User) == []


async def test_one_address_registers_so_many_an_hour(client: httpx.AsyncClient) -> None:
    known = form()
    await client.post(URL, json=known)

    answers = await asyncio.gather(
        *(client.post(URL, json=known) for _ in range(MOST_PER_HOUR + 2))
    )

    assert sorted(told(answer)[0] for answer in answers) == [409] * (MOST_PER_HOUR - 1) + [429] * 3
    assert 0 < int(next(a for a in answers if a.status_code == 429).headers["Retry-After"]) <= 3601


async def test_refused_input_costs_no_attempt(client: httpx.AsyncClient) -> None:
    for _ in range(MOST_PER_HOUR + 1):
        await client.post(URL, json=form(user_password="password1"))

    answer = await client.post(URL, json=form())

    assert answer.status_code == 201
