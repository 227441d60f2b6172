"""What people hear: their inbox, their subscriptions, and a worker that tells them."""

from typing import Any

import httpx
import msgspec
from sqlalchemy import select

from market.db import Database
from market.indexing.engines import indexes_in_memory
from market.jobs import Job
from market.settings import Settings
from market.subscriptions.models import Delivery
from market.subscriptions.telling import DELIVER
from market.work import all_kinds
from market.worker import Worker
from tests.market.accounts.factories import Account

API = "/api/v1"


def sending(settings: Settings) -> Settings:
    """With a mail server, and receivers of webhooks, on this machine."""
    return msgspec.structs.replace(
        settings,
        smtp_host="127.0.0.1",
        smtp_sender="a@example.cn",
        outgoing_private_hosts="127.0.0.1",
    )


async def have_told(database: Database, settings: Settings, *kinds: str) -> None:
    """A worker does all jobs of these kinds; messages stay where they are."""
    every = all_kinds(settings, database, indexes_in_memory())
    assert not set(kinds) & set(DELIVER.values())
    await Worker(database, {kind: every[kind] for kind in kinds}).run_until_idle()


async def alerts_of(client: httpx.AsyncClient, who: Account) -> list[dict[str, Any]]:
    """What is in the inbox, the oldest first."""
    answer = await client.get(f"{API}/alerts?limit=100", headers=who.headers)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items[::-1]


async def titles_of(client: httpx.AsyncClient, who: Account) -> list[tuple[str, str]]:
    return [(each["type"], each["title"]) for each in await alerts_of(client, who)]


async def follow_own(client: httpx.AsyncClient, who: Account, **changes: Any) -> dict[str, Any]:
    """A subscription to one's own matters."""
    form = {"name": "本单位", "kind": "own", "frequency": "instant"} | changes
    answer = await client.post(f"{API}/saved-searches", json=form, headers=who.headers)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def open_endpoint(client: httpx.AsyncClient, who: Account, url: str) -> str:
    answer = await client.post(f"{API}/webhook-endpoints", json={"url": url}, headers=who.headers)
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["endpoint"]["id"]
    return found


async def deliveries(database: Database) -> list[Delivery]:
    async with database.reading() as session:
        return list(await session.scalars(select(Delivery).order_by(Delivery.id)))


async def unfinished(database: Database, *kinds: str) -> int:
    """How many jobs of these kinds are still to be done."""
    async with database.reading() as session:
        found = await session.scalars(
            select(Job.id).where(Job.kind.in_(kinds), Job.state.in_(("queued", "running")))
        )
        return len(found.all())
