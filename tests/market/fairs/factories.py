"""Fairs for tests: forms, and fairs taken through their life over HTTP."""

from typing import Any

import httpx
import msgspec

from market.db import Database
from tests.market.accounts.factories import Account, make_account
from tests.market.listings.factories import Posted, post_listing

API = "/api/v1"
DAY: dict[str, Any] = {
    "on": "2027-06-18",
    "begins": "09:00",
    "ends": "11:00",
    "slot_min": 20,
    "gap_min": 10,
}
FAIR_FORM: dict[str, Any] = {
    "name": "科技成果面对面·鞋服专场",
    "about": "鞋服行业成果与需求一对一洽谈。",
    "venue": "晋江国际会展中心",
    "address": "晋江市世纪大道",
    "division": "350582",
    "zones": [{"code": "general", "name": "综合"}, {"code": "shoes", "name": "鞋服"}],
    "halls": [
        {"name": "1号馆", "tables": 3, "prefix": "A-", "zone": "shoes"},
        {"name": "2号馆", "tables": 1, "prefix": "B-"},
    ],
    "days": [DAY],
    "needs_approval": False,
}
SERIES_FORM: dict[str, Any] = {
    "name": "科技成果面对面",
    "industry": "C1954",
    "cadence": "monthly",
    "template": {
        "venue": "晋江国际会展中心",
        "zones": [{"code": "shoes", "name": "鞋服"}],
        "halls": [{"name": "1号馆", "tables": 3, "zone": "shoes"}],
        "days": [
            {"begins": "09:00", "ends": "10:00"},
            {"day": 2, "begins": "14:00", "ends": "15:00", "slot_min": 30},
        ],
        "needs_approval": False,
    },
}


class Held(msgspec.Struct):
    """A fair with its organizer, as it was answered last."""

    client: httpx.AsyncClient
    organizer: Account
    url: str
    etag: str
    body: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.body["id"])

    async def move(self, *actions: str) -> "Held":
        """Take it through these actions; each must be possible."""
        for action in actions:
            answer = await self.ask(action)
            assert answer.status_code == 200, answer.text
            self.etag, self.body = answer.headers["etag"], answer.json()
        return self

    async def ask(self, action: str) -> httpx.Response:
        headers = self.organizer.headers | {"If-Match": self.etag}
        return await self.client.post(f"{self.url}/{action}", headers=headers)

    async def patch(self, **change: Any) -> httpx.Response:
        headers = self.organizer.headers | {"If-Match": self.etag}
        return await self.client.patch(self.url, json=change, headers=headers)

    async def read(self) -> dict[str, Any]:
        """The fair as its organizer sees it now."""
        answer = await self.client.get(self.url, headers=self.organizer.headers)
        self.etag, self.body = answer.headers["etag"], answer.json()
        return self.body

    async def get(self, path: str, account: Account | None = None) -> httpx.Response:
        headers = (account or self.organizer).headers
        return await self.client.get(f"{self.url}/{path}", headers=headers)

    async def post(self, path: str, account: Account | None = None, **body: Any) -> httpx.Response:
        headers = (account or self.organizer).headers
        return await self.client.post(f"{self.url}/{path}", headers=headers, json=body)

    async def put(self, path: str, account: Account | None = None, **body: Any) -> httpx.Response:
        headers = (account or self.organizer).headers
        return await self.client.put(f"{self.url}/{path}", headers=headers, json=body)


async def hold_fair(
    client: httpx.AsyncClient,
    database: Database,
    *actions: str,
    organizer: Account | None = None,
    **changes: Any,
) -> Held:
    """A fair of a new organizer, taken through these actions; `changes` go into its form."""
    organizer = organizer or await make_account(database, "organizer")
    form = FAIR_FORM | changes
    answer = await client.post(f"{API}/fairs", json=form, headers=organizer.headers)
    assert answer.status_code == 201, answer.text
    fair = Held(
        client, organizer, answer.headers["location"], answer.headers["etag"], answer.json()
    )
    return await fair.move(*actions)


async def begin_series(
    client: httpx.AsyncClient, organizer: Account, **changes: Any
) -> dict[str, Any]:
    answer = await client.post(
        f"{API}/fair-series", json=SERIES_FORM | changes, headers=organizer.headers
    )
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def next_fair(
    client: httpx.AsyncClient, organizer: Account, series_id: str, begins_on: str
) -> Held:
    answer = await client.post(
        f"{API}/fair-series/{series_id}/fairs",
        json={"begins_on": begins_on},
        headers=organizer.headers,
    )
    assert answer.status_code == 201, answer.text
    return Held(
        client, organizer, answer.headers["location"], answer.headers["etag"], answer.json()
    )


class Guest(msgspec.Struct):
    """A participant with its registration and the listing that it brings."""

    account: Account
    registration: dict[str, Any]
    listing: Posted | None = None

    @property
    def id(self) -> str:
        return str(self.registration["id"])

    @property
    def organisation_id(self) -> str:
        return str(self.account.user.organisation_id)


async def register(fair: Held, account: Account, **changes: Any) -> httpx.Response:
    return await fair.post("registrations", account, **changes)


async def admit(
    fair: Held, database: Database, kind: str, *, brings: bool = True, **changes: Any
) -> Guest:
    """A new organisation of this kind that registered, with a listing of its own if it may."""
    account = await make_account(database, kind)
    path = {"institute": "results", "enterprise": "needs"}.get(kind)
    listing = None
    if brings and path:
        listing = await post_listing(fair.client, account, path, "publish")
        changes = {"listing_ids": [listing.id]} | changes
    answer = await register(fair, account, **changes)
    assert answer.status_code == 201, answer.text
    return Guest(account, answer.json(), listing)
