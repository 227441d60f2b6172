"""A marketplace for tests of saved searches: who looks, who posts, and a worker between them."""

from datetime import datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import select

from market.db import Database, utc_now
from market.indexing.engines import Indexes
from market.settings import Settings
from market.subscriptions.models import Alert, Delivery, Subscription
from market.subscriptions.telling import DELIVER
from market.work import CRONS, all_kinds
from market.worker import Worker
from tests.market.accounts.factories import Account, make_account
from tests.market.listings.factories import Posted, post_listing

FORM: dict[str, Any] = {
    "name": "鞋底材料",
    "kind": "results",
    "query": {"q": "鞋底 湿摩擦系数", "field": ["materials"]},
    "frequency": "instant",
}


class Square:
    """`seeker` is of a verified enterprise, `poster` of a verified institute."""

    def __init__(
        self, client: httpx.AsyncClient, database: Database, indexes: Indexes, settings: Settings
    ) -> None:
        self.client = client
        self.database = database
        self.indexes = indexes
        self.settings = settings
        self.seeker: Account
        self.poster: Account

    async def open(self) -> "Square":
        self.seeker = await make_account(self.database, "enterprise", name="晋江某鞋业")
        self.poster = await make_account(self.database, "institute", name="刺桐大学")
        return self

    async def save(self, who: Account | None = None, **changes: Any) -> dict[str, Any]:
        """Save a search, as the answer tells it."""
        answer = await self.try_to_save(who, **changes)
        assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json()
        return body | {"etag": answer.headers["etag"]}

    async def try_to_save(self, who: Account | None = None, **changes: Any) -> httpx.Response:
        headers = (who or self.seeker).headers
        form = {name: value for name, value in (FORM | changes).items() if value is not ...}
        return await self.client.post("/api/v1/saved-searches", json=form, headers=headers)

    async def post(self, path: str = "results", **changes: Any) -> Posted:
        """A published listing of the poster, told to everybody who looks for it."""
        posted = await post_listing(self.client, self.poster, path, "publish", **changes)
        await self.work()
        return posted

    async def work(self, *, at: datetime | None = None) -> None:
        """A worker does all that is due, but sends nothing: tests do that at their own time."""
        kinds = all_kinds(self.settings, self.database, self.indexes)
        for sending in DELIVER.values():
            del kinds[sending]
        clock = None if at is None else lambda: at
        await Worker(self.database, kinds, CRONS, clock=clock).run_until_idle()

    async def inbox(self, who: Account | None = None, **asked: Any) -> dict[str, Any]:
        headers = (who or self.seeker).headers
        answer = await self.client.get("/api/v1/alerts", params=asked, headers=headers)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def told(self, who: Account | None = None) -> list[tuple[str, str]]:
        """(type, title) of what is in the inbox, the oldest first."""
        items = (await self.inbox(who, limit=100))["items"]
        return [(item["type"], item["title"]) for item in reversed(items)]

    async def alerts(self) -> list[Alert]:
        async with self.database.reading() as session:
            return list(await session.scalars(select(Alert).order_by(Alert.id)))

    async def deliveries(self) -> list[Delivery]:
        async with self.database.reading() as session:
            return list(await session.scalars(select(Delivery).order_by(Delivery.id)))

    async def saved(self, search_id: str) -> Subscription:
        async with self.database.reading() as session:
            found = await session.scalars(select(Subscription))
            return next(each for each in found if str(each.id) == search_id)


def in_days(days: float) -> datetime:
    return utc_now() + timedelta(days=days)
