"""Fairs that are known, and intention orders proposed over HTTP."""

import uuid
from datetime import date, datetime
from typing import Any

import httpx
import msgspec

from market.db import Database, new_id, utc_now
from market.records.service import Fact, FactStage, KnownFair, record, record_fair
from tests.market.accounts.factories import Account, make_account
from tests.market.listings.factories import post_listing

URL = "/api/v1/intent-orders"
ORDER: dict[str, Any] = {
    "amount_min_cny": 300_000,
    "amount_max_cny": 800_000,
    "mode": "licence",
    "expected_month": "2031-05",
    "next_step": "寄送样品，两周内回复",
    "next_step_on": "2031-03-31",
    "note": "对接会上谈得很好",
}
CONTRACT: dict[str, Any] = {
    "contract_kind": "licence",
    "contract_amount_cny": 650_000,
    "signed_on": "2026-03-31",
    "contract_number": "HT-2026-018",
}
REGISTRATION = {"registered_on": "2026-04-15", "registration_number": "2026350500000018"}
FORMS = {"sign": CONTRACT, "register": REGISTRATION}


class Order(msgspec.Struct):
    """An order as it was answered last."""

    answer: httpx.Response

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = self.answer.json()
        return body

    @property
    def id(self) -> str:
        found: str = self.body["id"]
        return found

    @property
    def url(self) -> str:
        return f"{URL}/{self.id}"


class Dealing(msgspec.Struct, frozen=True):
    """An institute with a result and an enterprise with a need, and what they do together."""

    client: httpx.AsyncClient
    database: Database
    institute: Account
    enterprise: Account
    result_id: str
    need_id: str

    def account(self, side: str) -> Account:
        return self.institute if side == "institute" else self.enterprise

    async def propose(
        self, side: str = "enterprise", headers: dict[str, str] | None = None, **changes: Any
    ) -> httpx.Response:
        about = {"result_id": self.result_id, "need_id": self.need_id}
        form = {
            name: value for name, value in (ORDER | about | changes).items() if value is not ...
        }
        return await self.client.post(
            URL, json=form, headers=self.account(side).headers | (headers or {})
        )

    async def proposed(self, side: str = "enterprise", **changes: Any) -> Order:
        answer = await self.propose(side, **changes)
        assert answer.status_code == 201, answer.text
        return Order(answer)

    async def confirmed(self, **changes: Any) -> Order:
        """An order to which both sides said yes; the enterprise proposed it."""
        order = await self.proposed(**changes)
        return await self.done(order, "confirm", "institute")

    async def signed(self) -> Order:
        """A contract that both sides confirmed."""
        order = await self.done(await self.confirmed(), "sign", "institute")
        return await self.done(order, "confirm", "enterprise")

    async def do(
        self, order: Order, action: str, side: str = "institute", **form: Any
    ) -> httpx.Response:
        """Ask for an action on the version that was answered last."""
        sent = FORMS.get(action, {}) | form
        headers = self.account(side).headers | {"If-Match": order.answer.headers["etag"]}
        body = None if action == "confirm" else sent
        return await self.client.post(f"{order.url}/{action}", json=body, headers=headers)

    async def done(self, order: Order, action: str, side: str = "institute", **form: Any) -> Order:
        answer = await self.do(order, action, side, **form)
        assert answer.status_code == 200, answer.text
        return Order(answer)

    async def change(self, order: Order, side: str, **change: Any) -> httpx.Response:
        headers = self.account(side).headers | {"If-Match": order.answer.headers["etag"]}
        return await self.client.patch(order.url, json=change, headers=headers)

    async def read(self, order: Order, account: Account) -> httpx.Response:
        return await self.client.get(order.url, headers=account.headers)

    async def items(self, account: Account, url: str = URL, **asked: Any) -> list[dict[str, Any]]:
        answer = await self.client.get(url, params=asked, headers=account.headers)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["items"]
        return found


async def make_dealing(client: httpx.AsyncClient, database: Database) -> Dealing:
    institute = await make_account(database, "institute", name=f"刺桐大学 {new_id().hex[-6:]}")
    enterprise = await make_account(database, "enterprise", name=f"某鞋业 {new_id().hex[-6:]}")
    result = await post_listing(client, institute, "results", "publish")
    need = await post_listing(client, enterprise, "needs", "publish")
    return Dealing(client, database, institute, enterprise, result.id, need.id)


async def make_fair(
    database: Database, organizer: Account, *guests: Account, **changes: Any
) -> uuid.UUID:
    """A fair that is known, at which these organisations are registered."""
    assert organizer.organisation is not None
    values: dict[str, Any] = {
        "fair_id": new_id(),
        "organisation_id": organizer.organisation.id,
        "name": "鞋服专场",
        "begins_on": date(2026, 6, 18),
    }
    fair = KnownFair(**values | changes)
    async with database.writing() as session:
        await record_fair(session, fair)
    for guest in guests:
        await happened(database, fair.fair_id, "registered", guest)
    return fair.fair_id


async def happened(
    database: Database,
    fair_id: uuid.UUID,
    stage: FactStage,
    account: Account,
    other: Account | None = None,
    *,
    at: datetime | None = None,
    subject_id: uuid.UUID | None = None,
) -> uuid.UUID:
    """Write a fact of the fair down; the id of its subject."""
    assert account.organisation is not None
    fact = Fact(
        stage=stage,
        subject_id=subject_id or new_id(),
        organisation_id=account.organisation.id,
        other_organisation_id=other.organisation.id if other and other.organisation else None,
        at=at or utc_now(),
    )
    async with database.writing() as session:
        await record(session, fair_id, [fact])
    return fact.subject_id
