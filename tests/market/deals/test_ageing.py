"""What time does to orders: reminders told once, and the end of what is quiet."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from market.accounts.models import Organisation
from market.db import Database, utc_now
from market.deals.ageing import AT_ONCE, Patience, lapse_quiet, remind
from market.deals.handlers import AGE, job_kinds
from market.deals.models import IntentOrder, OrderMove, OrderReminder
from market.jobs import Job, enqueue
from market.settings import Settings
from market.work import CRONS
from market.worker import Worker
from tests.market.accounts.factories import rows
from tests.market.deals.factories import Dealing, Order

PATIENCE = Patience(reminder_days=14, lapse_days=90)


async def age(database: Database, order: Order, days: int, **changes: Any) -> datetime:
    """Make the order quiet for so many days; the present time."""
    now = utc_now()
    async with database.writing() as session:
        await session.execute(
            update(IntentOrder)
            .where(IntentOrder.id == uuid.UUID(order.id))
            .values(progressed_at=now - timedelta(days=days), **changes)
        )
    return now


async def lapsed(database: Database, now: datetime) -> int:
    async with database.writing() as session:
        return await lapse_quiet(session, now, days=90)


async def reminded(database: Database, now: datetime) -> set[tuple[uuid.UUID, str]]:
    async with database.writing() as session:
        assert await remind(session, now, PATIENCE, None) is None
    return {(each.organisation_id, each.kind) for each in await rows(database, OrderReminder)}


def both(dealing: Dealing, kind: str) -> set[tuple[uuid.UUID | None, str]]:
    accounts = (dealing.institute, dealing.enterprise)
    return {(account.user.organisation_id, kind) for account in accounts}


async def test_a_quiet_order_lapses_and_can_be_taken_up(dealing: Dealing) -> None:
    order = await dealing.confirmed(next_step_on=...)
    order = await dealing.done(order, "negotiate")
    now = await age(dealing.database, order, 91)

    assert await lapsed(dealing.database, now) == 1
    assert await lapsed(dealing.database, now) == 0

    answer = await dealing.read(order, dealing.institute)
    last = (await rows(dealing.database, OrderMove))[-1]
    assert (answer.json()["stage"], answer.json()["lapsed_from"]) == ("lapsed", "negotiation")
    assert (last.action, last.from_stage, last.organisation_id) == ("expire", "negotiation", None)
    resumed = await dealing.done(Order(answer), "resume", "enterprise")
    assert resumed.body["stage"] == "negotiation"


@pytest.mark.parametrize(
    ("days", "changes"),
    [(89, {}), (400, {"next_step_on": "ahead"}), (400, {"stage": "contract"})],
)
async def test_what_goes_on_does_not_lapse(
    dealing: Dealing, days: int, changes: dict[str, Any]
) -> None:
    order = await (
        dealing.signed() if changes.get("stage") else dealing.confirmed(next_step_on=...)
    )
    if "next_step_on" in changes:
        changes = {"next_step_on": utc_now().date() + timedelta(days=1)}
    elif changes:
        changes = {"next_step_on": None}
    now = await age(dealing.database, order, days, **changes)

    assert await lapsed(dealing.database, now) == 0


async def test_the_side_that_has_not_said_yes_is_reminded(dealing: Dealing) -> None:
    order = await dealing.proposed(next_step_on=...)
    now = await age(dealing.database, order, 15)

    told = await reminded(dealing.database, now)
    again = await reminded(dealing.database, now)

    assert told == again == {(dealing.institute.user.organisation_id, "confirm")}
    assert len(await rows(dealing.database, OrderReminder)) == 1
    (shown,) = await dealing.items(dealing.institute, "/api/v1/my/order-reminders")
    assert (shown["order_id"], shown["kind"]) == (order.id, "confirm")
    assert await dealing.items(dealing.enterprise, "/api/v1/my/order-reminders") == []


async def test_both_sides_are_reminded_of_a_quiet_order(dealing: Dealing) -> None:
    order = await dealing.confirmed(next_step_on=...)
    now = await age(dealing.database, order, 15)

    assert await reminded(dealing.database, now) == both(dealing, "quiet")


async def test_both_sides_are_reminded_of_the_next_step(dealing: Dealing) -> None:
    order = await dealing.confirmed()
    now = await age(dealing.database, order, 0, next_step_on=utc_now().date())

    assert await reminded(dealing.database, now) == both(dealing, "step")


async def test_a_new_date_is_a_new_occasion(dealing: Dealing) -> None:
    order = await dealing.confirmed()
    today = utc_now().date()
    for days in (3, 1):
        now = await age(dealing.database, order, 0, next_step_on=today - timedelta(days=days))
        await reminded(dealing.database, now)

    days_told = sorted({each.about_on for each in await rows(dealing.database, OrderReminder)})

    assert days_told == [today - timedelta(days=3), today - timedelta(days=1)]


async def test_nobody_is_reminded_of_what_is_fresh_ahead_or_over(dealing: Dealing) -> None:
    order = await dealing.confirmed()
    ahead = utc_now().date() + timedelta(days=1)

    fresh = await reminded(dealing.database, await age(dealing.database, order, 1))
    waits = await age(dealing.database, order, 30, next_step_on=ahead)
    later = await reminded(dealing.database, waits)
    await dealing.done(order, "lapse")
    over = await reminded(
        dealing.database, await age(dealing.database, order, 30, next_step_on=None)
    )

    assert fresh == later == over == set()


async def test_many_orders_are_looked_at_part_by_part(dealing: Dealing) -> None:
    order = await dealing.confirmed(next_step_on=...)
    now = await age(dealing.database, order, 15)
    await _copy(dealing.database, order, AT_ONCE)

    async with dealing.database.writing() as session:
        after = await remind(session, now, PATIENCE, None)
        assert after is not None
        assert await remind(session, now, PATIENCE, after) is None

    found = await rows(dealing.database, OrderReminder)
    assert len({each.order_id for each in found}) == AT_ONCE + 1


async def _copy(database: Database, order: Order, number: int) -> None:
    """So many orders alike, each with another enterprise."""
    async with database.writing() as session:
        first = await session.get_one(IntentOrder, uuid.UUID(order.id))
        columns = {column.key: getattr(first, column.key) for column in first.__mapper__.columns}
        for _ in range(number):
            name = uuid.uuid4().hex
            other = Organisation(kind="enterprise", name=name, name_key=name, created_at=utc_now())
            session.add(other)
            await session.flush()
            changes = {"id": uuid.uuid4(), "enterprise_id": other.id}
            changes["proposed_by_id"] = first.institute_id
            session.add(IntentOrder(**columns | changes))


async def test_the_worker_ages_orders_by_the_clock(dealing: Dealing, settings: Settings) -> None:
    old = await dealing.confirmed(next_step_on=...)
    await age(dealing.database, old, 91)
    async with dealing.database.writing() as session:
        for _ in range(3):
            await enqueue(session, AGE, {})

    await Worker(dealing.database, job_kinds(settings, dealing.database)).run_until_idle()

    assert AGE in {cron.kind for cron in CRONS}
    assert (await dealing.read(old, dealing.institute)).json()["stage"] == "lapsed"
    assert await rows(dealing.database, OrderReminder) == []
    async with dealing.database.reading() as session:
        states = set(await session.scalars(select(Job.state).where(Job.kind == AGE)))
    assert states == {"done"}
