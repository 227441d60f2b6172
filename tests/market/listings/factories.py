"""Listings for tests: rows that no database holds, and listings posted over HTTP."""

import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import select

from market.accounts.models import Organisation
from market.db import Database
from market.jobs import INDEX, Job
from market.listings.models import Listing, NeedListing, ResultListing
from tests.market.accounts.factories import Account, make_account

NOW = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
TODAY = NOW.date()
OWNER_ID = uuid.UUID(int=1)

RESULT_FORM: dict[str, Any] = {
    "title": "高湿摩擦系数橡胶鞋底材料",
    "summary": "用白炭黑补强橡胶，湿摩擦系数由0.32提升到0.55，DIN磨耗不大于120 mm³，已完成中试。",
    "reference": "CG-018",
    "keywords": ["鞋底", "白炭黑", "湿摩擦系数"],
    "fields": ["materials"],
    "industries": ["C1954"],
    "modes": ["licence", "service"],
    "division": "350503",
    "trl": 7,
    "rights": "granted",
    "patents": ["ZL95115608.X"],
    "price_min_cny": 600_000,
    "price_max_cny": 900_000,
    "price_floor_cny": 450_000,
    "ready_on": "2027-05-01",
    "private_note": "只和本省企业谈独占许可",
    "contacts": {"联系人": "林工", "电话": "0595-22690001"},
}
NEED_FORM: dict[str, Any] = {
    "title": "橡胶鞋底湿摩擦系数不够",
    "description": "现有橡胶鞋底在湿地面上打滑，客户退货多，求配方或改性方案，不增加设备。",
    "reference": "XQ-007",
    "keywords": ["鞋底", "防滑", "橡胶"],
    "indicators_text": "湿摩擦系数≥0.5；通过 GB/T 3903 检测",
    "fields": ["materials"],
    "industries": ["C1954"],
    "modes": ["licence"],
    "division": "350582",
    "trl_min": 6,
    "trl_max": 9,
    "budget_min_cny": 300_000,
    "budget_max_cny": 800_000,
    "deadline": "2099-11-30",
    "private_note": "上限可以到一百万",
    "contacts": {"联系人": "许厂长", "电话": "0595-85550002"},
}
FORMS = {"results": RESULT_FORM, "needs": NEED_FORM}
KINDS = {"results": "result", "needs": "need"}
POSTER = {"results": "institute", "needs": "enterprise"}
NO_SUCH_ID = "01890000-0000-7000-8000-000000000000"
both = pytest.mark.parametrize("path", ["results", "needs"])


def organisation_row(**changes: Any) -> Organisation:
    """An organisation that no database holds."""
    values: dict[str, Any] = {
        "id": OWNER_ID,
        "kind": "institute",
        "name": "刺桐大学",
        "name_key": "刺桐大学",
        "verified_at": NOW,
        "created_at": NOW,
        "version": 1,
    }
    return Organisation(**values | changes)


def result_row(**changes: Any) -> ResultListing:
    """A published result with every column filled, that no database holds."""
    values: dict[str, Any] = {
        **_common("result", RESULT_FORM),
        "text": RESULT_FORM["summary"],
        "shows_organisation": True,
        "trl": 7,
        "rights": "granted",
        "patents": ["ZL95115608.X"],
        "price_min_cny": 600_000,
        "price_max_cny": 900_000,
        "price_floor_cny": 450_000,
        "ready_on": date(2027, 5, 1),
    }
    return ResultListing(**values | changes)


def need_row(**changes: Any) -> NeedListing:
    """A published need with every column filled, that no database holds."""
    values: dict[str, Any] = {
        **_common("need", NEED_FORM),
        "text": NEED_FORM["description"],
        "shows_organisation": False,
        "indicators": [
            {"name": "湿摩擦系数", "comparator": ">=", "value": 0.5, "text": "湿摩擦系数≥0.5"},
            {"name": "通过 GB/T 3903 检测", "text": "通过 GB/T 3903 检测"},
        ],
        "trl_min": 6,
        "trl_max": 9,
        "budget_min_cny": 300_000,
        "budget_max_cny": 800_000,
        "deadline": date(2027, 11, 30),
    }
    return NeedListing(**values | changes)


def _common(kind: str, form: dict[str, Any]) -> dict[str, Any]:
    same = ("title", "reference", "keywords", "fields", "industries", "modes", "division")
    return {
        **{name: form[name] for name in same},
        "id": uuid.UUID(int=7),
        "kind": kind,
        "organisation_id": OWNER_ID,
        "private_note": form["private_note"],
        "contacts": form["contacts"],
        "extra": {"备注": "内部"},
        "shows_terms": True,
        "status": "published",
        "published_at": NOW,
        "expires_on": date(2028, 3, 1),
        "created_at": NOW,
        "changed_at": NOW,
        "version": 3,
    }


class Posted(msgspec.Struct, frozen=True):
    """A listing that was posted: where it is, and the last answer about it."""

    url: str
    answer: httpx.Response

    @property
    def id(self) -> str:
        return self.url.rsplit("/", 1)[1]

    @property
    def etag(self) -> str:
        return self.answer.headers["etag"]

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = self.answer.json()
        return body


async def post_listing(
    client: httpx.AsyncClient, account: Account, path: str, *actions: str, **changes: Any
) -> Posted:
    """Post a listing and take it through these actions; `changes` go into its form."""
    form = {name: value for name, value in (FORMS[path] | changes).items() if value is not ...}
    answer = await client.post(f"/api/v1/{path}", json=form, headers=account.headers)
    assert answer.status_code == 201, answer.text
    posted = Posted(answer.headers["location"], answer)
    for action in actions:
        posted = Posted(posted.url, await move(client, account, posted, action))
        assert posted.answer.status_code == 200, posted.answer.text
    return posted


async def move(
    client: httpx.AsyncClient, account: Account, posted: Posted, action: str, **body: Any
) -> httpx.Response:
    """Ask for an action on the version that was answered last."""
    headers = account.headers | {"If-Match": posted.etag}
    sent = body if action == "renew" else None
    return await client.post(f"{posted.url}/{action}", json=sent, headers=headers)


async def patch(
    client: httpx.AsyncClient, account: Account, posted: Posted, **change: Any
) -> httpx.Response:
    """Change the version that was answered last."""
    headers = account.headers | {"If-Match": posted.etag}
    return await client.patch(posted.url, json=change, headers=headers)


async def announced(database: Database) -> list[dict[str, Any]]:
    """The payloads of all index jobs, in their order."""
    async with database.reading() as session:
        return list(
            await session.scalars(select(Job.payload).where(Job.kind == INDEX).order_by(Job.id))
        )


async def stored(database: Database, posted: Posted) -> Listing:
    """The row of a posted listing."""
    async with database.reading() as session:
        return await session.get_one(Listing, uuid.UUID(posted.id))


async def owner_of(database: Database, path: str, **changes: Any) -> Account:
    """Someone who may post the listings of this path."""
    return await make_account(database, POSTER[path], **changes)


async def unverify(database: Database, account: Account) -> None:
    """Take the verification of the account's organisation away."""
    async with database.writing() as session:
        organisation = await session.get_one(Organisation, account.user.organisation_id)
        organisation.verified_at = None


async def read(
    client: httpx.AsyncClient,
    url: str,
    account: Account | None = None,
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    signed = account.headers if account else {}
    return await client.get(url, headers={**signed, **(headers or {})})
