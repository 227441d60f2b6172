"""How late messages arrive while one endpoint of many is dead.

python -m tests.bench.webhooks [--json] [--endpoints N] [--messages N] [--rate N]
"""

import argparse
import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from time import perf_counter

from market.accounts.models import Organisation, User
from market.db import Database, new_id, utc_now
from market.indexing.engines import indexes_in_memory
from market.migrating import migrate
from market.settings import Settings
from market.subscriptions.models import Delivery, WebhookEndpoint
from market.subscriptions.signing import new_secret
from market.subscriptions.telling import DELIVER_WEBHOOK, send_at
from market.work import all_kinds
from market.worker import Worker
from tests.bench.clock import peak_memory_mb
from tests.bench.table import Row, Section, arguments, at_most, count, note, run_alone, stated
from tests.market.subscriptions.receivers import Receiver, answering, receiving, silent

_DRAINED_WITHIN_S = 60.0


def parser() -> argparse.ArgumentParser:
    made = arguments("tests.bench.webhooks", "messages while one endpoint is dead")
    made.add_argument("--endpoints", type=count, default=50, metavar="N")
    made.add_argument("--messages", type=count, default=600, metavar="N")
    made.add_argument("--rate", type=count, default=20, metavar="N", help="messages a second")
    return made


def measure(chosen: argparse.Namespace) -> Section:
    return asyncio.run(_measure(chosen))


async def _measure(chosen: argparse.Namespace) -> Section:
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        settings = Settings(data_folder=Path(folder), outgoing_private_hosts="127.0.0.1")
        database = Database(settings.url_of_database)
        stack.push_async_callback(database.close)
        await migrate(database)
        dead = await stack.enter_async_context(receiving(silent))
        alive = await stack.enter_async_context(receiving(answering()))
        rows = await _run(database, settings, (dead, alive), chosen)
    return Section(f"webhooks: 1 of {chosen.endpoints} endpoints is dead", rows)


async def _run(
    database: Database,
    settings: Settings,
    receivers: tuple[Receiver, Receiver],
    chosen: argparse.Namespace,
) -> list[Row]:
    dead, alive = receivers
    user, endpoints = await _endpoints(database, dead.url, alive.url, chosen.endpoints)
    kinds = all_kinds(settings, database, indexes_in_memory())
    worker = Worker(database, {DELIVER_WEBHOOK: kinds[DELIVER_WEBHOOK]})
    sent: dict[str, float] = {}
    note(f"webhooks: {chosen.messages} messages, {chosen.rate} a second")
    memory_before = peak_memory_mb()
    async with worker.running():
        for place in range(chosen.messages):
            endpoint = endpoints[place % len(endpoints)]
            message_id = await _send(database, user, endpoint)
            if endpoint is not endpoints[0]:
                sent[message_id] = perf_counter()
            await asyncio.sleep(1 / chosen.rate)
        delays_s = await _delays(alive, sent)
        worker.stop()
    return [
        at_most("delay of messages to the others, p99", _share(delays_s, 0.99), "s", target=2),
        stated("delay of messages to the others, median", _share(delays_s, 0.5), "s"),
        stated("messages to the others that arrived", len(delays_s), "messages"),
        stated("messages to the others that were sent", len(sent), "messages"),
        stated("tries at the dead endpoint", dead.connections, "tries"),
        at_most("memory that it took more", peak_memory_mb() - memory_before, "MB", target=20),
    ]


async def _endpoints(
    database: Database, dead: str, alive: str, number: int
) -> tuple[User, list[WebhookEndpoint]]:
    now = utc_now()
    house = Organisation(id=new_id(), kind="enterprise", name="甲", name_key="甲", created_at=now)
    user = User(
        organisation_id=house.id, email="a@example.cn", name="甲", password_hash="!", created_at=now
    )
    endpoints = [
        WebhookEndpoint(
            id=new_id(),
            organisation_id=house.id,
            created_by_id=new_id(),
            url=alive if place else dead,
            secret=new_secret(),
            state="enabled",
            failures=0,
            created_at=now,
        )
        for place in range(number)
    ]
    async with database.writing() as session:
        session.add(house)
        await session.flush()
        session.add_all([user, *endpoints])
    return user, endpoints


async def _send(database: Database, user: User, endpoint: WebhookEndpoint) -> str:
    now, delivery_id = utc_now(), new_id()
    delivery = Delivery(
        id=delivery_id,
        key=f"bench:{delivery_id}",
        channel="webhook",
        type="endpoint.test",
        user_id=user.id,
        endpoint_id=endpoint.id,
        body="{}",
        created_at=now,
    )
    async with database.writing() as session:
        await send_at(session, delivery, now)
    return f"msg_{delivery_id.hex}"


async def _delays(alive: Receiver, sent: dict[str, float]) -> list[float]:
    ends_at = perf_counter() + _DRAINED_WITHIN_S
    # It is another side's event.
    while len(alive.arrivals) < len(sent) and perf_counter() < ends_at:  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    return sorted(at - sent[name] for name, at in alive.arrivals.items() if name in sent)


def _share(delays_s: list[float], share: float) -> float:
    return delays_s[min(len(delays_s) - 1, int(len(delays_s) * share))] if delays_s else 0.0


if __name__ == "__main__":
    run_alone(parser(), measure)
