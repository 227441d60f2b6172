"""What the worker does for deals."""

import uuid
from collections.abc import Sequence
from functools import partial

from market.db import Database, utc_now
from market.deals.ageing import AT_ONCE, Patience, lapse_quiet, remind
from market.deals.order_news import tell_of_orders, tell_of_reminders
from market.jobs import TELL_OF_ORDERS, TELL_OF_REMINDERS, ClaimedJob, JobKind, finish
from market.settings import Settings

# Hourly: reminders of what is due, and the end of orders in which nothing happens. No payload.
AGE = "deals.age"


def job_kinds(settings: Settings, database: Database) -> dict[str, JobKind]:
    patience = Patience(settings.order_reminder_days, settings.order_lapse_days)
    # What one run finds due the next would not find again: many at once are as one.
    return {
        AGE: JobKind(partial(_age, database, patience), batch=20),
        TELL_OF_ORDERS: JobKind(partial(tell_of_orders, database, settings), batch=20),
        TELL_OF_REMINDERS: JobKind(partial(tell_of_reminders, database, settings), batch=5),
    }


async def _age(database: Database, patience: Patience, jobs: Sequence[ClaimedJob]) -> None:
    """First the end, so that nobody is reminded of what ends now."""
    lapsed = AT_ONCE
    while lapsed == AT_ONCE:
        async with database.writing() as session:
            lapsed = await lapse_quiet(session, utc_now(), days=patience.lapse_days)
    after: uuid.UUID | None = None
    while True:
        async with database.writing() as session:
            after = await remind(session, utc_now(), patience, after)
            if after is None:
                await finish(session, jobs)
                return
