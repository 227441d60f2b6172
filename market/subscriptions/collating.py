"""Instant mails: at most one of a subscription within a window; what comes meanwhile collects.

Whoever is first takes the turn and mails at once. Later alerts wait as those of a digest do, and
go out together when the window, or the quiet hours, are over (digests.py): each is taken by one
unit of work, so none is lost or told twice.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from market.subscriptions.models import Alert, Subscription
from market.subscriptions.news import Hearer

Id = uuid.UUID


async def take_turns(
    session: AsyncSession, hearers: Mapping[Hearer, datetime], window: timedelta, now: datetime
) -> set[Id]:
    """Of those who get mails the subscriptions that had their turn: their alerts must collect.

    `hearers` tell when a mail may go out at the earliest. The others have their turn now, and the
    next one after the window. Whoever asks at the same time waits for this unit of work.
    """
    wanted = {
        hearer.subscription_id: at
        for hearer, at in hearers.items()
        if window and "email" in hearer.channels and hearer.subscription_id is not None
    }
    if not wanted:
        return set()
    rows = await session.execute(
        select(
            Subscription.id,
            Subscription.frequency,
            Subscription.next_mail_at,
            Subscription.next_digest_at,
        )
        .where(Subscription.id.in_(wanted))
        # In one order for all, so that none waits for another in a circle; whoever stores alerts
        # of a subscription shares its key.
        .order_by(Subscription.id)
        .with_for_update(key_share=True)
    )
    late: dict[Id, datetime] = {}
    others: set[Id] = set()
    for row in rows:
        due = max(wanted[row.id], row.next_mail_at or now)
        if row.frequency != "instant":
            # Its owner changed that just now: a digest tells it, or nothing does.
            others.add(row.id)
        elif due > now or row.next_digest_at is not None:
            # What waits already goes first, and takes the new along.
            late[row.id] = due
    turns = wanted.keys() - late.keys() - others
    await _change(session, turns, next_mail_at=now + window)
    await _wait(session, late)
    return others | late.keys()


async def _wait(session: AsyncSession, late: Mapping[Id, datetime]) -> None:
    """Have what collects told when it is due, unless something was to be told before that."""
    by_time: dict[datetime, list[Id]] = {}
    for subscription_id, due in late.items():
        by_time.setdefault(due, []).append(subscription_id)
    for due, ids in by_time.items():
        await _change(session, ids, next_digest_at=func.coalesce(Subscription.next_digest_at, due))


async def _change(session: AsyncSession, ids: Collection[Id], **values: object) -> None:
    """No change of the owner's: the version stays."""
    if ids:
        await session.execute(
            update(Subscription)
            .where(Subscription.id.in_(ids))
            .values(values)
            .execution_options(synchronize_session=False)
        )


async def collect(session: AsyncSession, alert_ids: Sequence[Id]) -> None:
    """Let these alerts wait for the next mail."""
    await session.execute(
        update(Alert)
        .where(Alert.id.in_(alert_ids))
        .values(is_waiting=True)
        .execution_options(synchronize_session=False)
    )
