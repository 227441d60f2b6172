"""Organisations and people for tests, already signed in where a test wants that."""

from datetime import timedelta
from typing import Any, TypeVar, cast

import httpx
import msgspec
from litestar import Litestar
from sqlalchemy import select

from market.accounts.models import ApiKey, LoginSession, Organisation, User
from market.accounts.passwords import hash_of
from market.accounts.tokens import API_KEY_PREFIX, SESSION_PREFIX, new_token, token_hash
from market.db import Database, Model, new_id, utc_now

M = TypeVar("M", bound=Model)


class Account(msgspec.Struct, frozen=True):
    """A person with their organisation; `headers` sign a request."""

    user: User
    organisation: Organisation | None
    headers: dict[str, str]


async def make_account(
    database: Database,
    kind: str | None = "institute",
    *,
    name: str = "",
    is_verified: bool = True,
    organisation: Organisation | None = None,
    **changes: Any,
) -> Account:
    """A signed-in person of a new organisation of this kind; `kind` None for none.

    With `organisation` the person joins that one. `changes` go to the User.
    """
    now, token = utc_now(), new_token(SESSION_PREFIX)
    async with database.writing() as session:
        if organisation is None and kind is not None:
            name = name or f"{kind} {new_id().hex[-8:]}"
            organisation = Organisation(
                kind=kind,
                name=name,
                name_key=name,
                verified_at=now if is_verified else None,
                created_at=now,
            )
            session.add(organisation)
            await session.flush()
        values = {"name": "张工", "is_manager": True, "password_hash": "!"} | changes
        user = User(
            organisation_id=organisation.id if organisation else None,
            email=values.pop("email", f"{new_id().hex}@example.cn"),
            created_at=now,
            **values,
        )
        session.add(user)
        await session.flush()
        session.add(
            LoginSession(
                user_id=user.id,
                token_hash=token_hash(token),
                created_at=now,
                last_used_at=now,
                expires_at=now + timedelta(days=1),
            )
        )
    return Account(user, organisation, {"Authorization": f"Bearer {token}"})


def talking_to(app: Litestar) -> httpx.AsyncClient:
    """Talks to an application without a network, in the loop of the test."""
    transport = httpx.ASGITransport(app=cast(Any, app), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test")


PASSWORD = "河狸-Pump-4711"
_hashes: list[str] = []


async def password_hash() -> str:
    """The hash of PASSWORD, made once: each takes its time."""
    if not _hashes:
        _hashes.append(await hash_of(PASSWORD))
    return _hashes[0]


async def make_key(database: Database, account: Account, *scopes: str) -> dict[str, str]:
    """Headers of a new API key of this person, with these scopes."""
    token = new_token(API_KEY_PREFIX)
    async with database.writing() as session:
        session.add(
            ApiKey(
                user_id=account.user.id,
                name="同步程序",
                begins_with=token[:12],
                token_hash=token_hash(token),
                scopes=list(scopes),
                created_at=utc_now(),
            )
        )
    return {"Authorization": f"Bearer {token}"}


async def make_administrator(database: Database) -> Account:
    return await make_account(database, None, is_administrator=True, is_manager=False)


def told(answer: httpx.Response) -> tuple[int, str]:
    """The status and the code of a refusal."""
    return answer.status_code, answer.json()["code"]


def places(answer: httpx.Response) -> list[str]:
    """The places that a refusal names: pointers into the body, else parameters or headers."""
    errors = answer.json()["errors"]
    return sorted(each.get("pointer") or each.get("parameter") or each["header"] for each in errors)


async def good(client: httpx.AsyncClient, headers: dict[str, str]) -> bool:
    """Whether a token still signs a person in."""
    return (await client.get("/api/v1/auth/me", headers=headers)).status_code == 200


async def rows(database: Database, table: type[M]) -> list[M]:
    """Every row of a table."""
    async with database.reading() as session:
        found = await session.scalars(select(table))
        return list(found)
