"""What was told and sent long ago is forgotten; what waits is not."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from market.db import Database, new_id, utc_now
from market.jobs import enqueue
from market.subscriptions.handlers import PRUNE
from market.subscriptions.models import Alert, Delivery, MailCount
from market.subscriptions.upkeep import ALERTS_KEPT, DELIVERIES_KEPT
from tests.market.subscriptions.square import Square

DAY = timedelta(days=1)


def delivery(square: Square, key: str, **changes: Any) -> Delivery:
    values: dict[str, Any] = {
        "id": new_id(),
        "key": key,
        "channel": "email",
        "type": "digest",
        "user_id": square.seeker.user.id,
        "state": "delivered",
        "created_at": utc_now(),
        "ended_at": utc_now() - DELIVERIES_KEPT - DAY,
    }
    return Delivery(**values | changes)


async def prune(square: Square) -> None:
    async with square.database.writing() as session:
        await enqueue(session, PRUNE, {})
    await square.work()


async def test_old_messages_go_and_those_that_wait_stay(square: Square, database: Database) -> None:
    async with database.writing() as session:
        session.add_all(
            [
                delivery(square, "old"),
                delivery(square, "dead", state="dead"),
                delivery(square, "young", ended_at=utc_now() - DELIVERIES_KEPT + DAY),
                delivery(square, "waiting", state="waiting", ended_at=None),
            ]
        )

    await prune(square)

    assert sorted(each.key for each in await square.deliveries()) == ["waiting", "young"]


async def test_old_alerts_go_unless_a_digest_is_to_tell_them(
    square: Square, database: Database
) -> None:
    await square.save(query={"q": "鞋底"})
    for place in range(3):
        await square.post(reference=f"R{place}", title=f"鞋底{place}")
    kept, old, waiting = (alert.id for alert in await square.alerts())
    long_ago = utc_now() - ALERTS_KEPT - DAY
    async with database.writing() as session:
        both = Alert.id.in_((old, waiting))
        await session.execute(update(Alert).where(both).values(created_at=long_ago))
        await session.execute(update(Alert).where(Alert.id == waiting).values(is_waiting=True))

    await prune(square)

    assert [alert.id for alert in await square.alerts()] == [kept, waiting]


async def test_counts_of_mails_are_kept_for_days(square: Square, database: Database) -> None:
    today = utc_now().date()
    owner_id = square.seeker.user.id
    async with database.writing() as session:
        for days in (0, 6, 9):
            session.add(MailCount(owner_id=owner_id, day=today - days * DAY, mails=1))

    await prune(square)

    async with database.reading() as session:
        left = set(await session.scalars(select(MailCount.day)))
    assert left == {today, today - 6 * DAY}
