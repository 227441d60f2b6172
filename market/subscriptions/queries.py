"""Reads of saved searches, alerts and endpoints, each for those who own them."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import Organisation, User
from market.accounts.viewer import Viewer
from market.errors import NotFound
from market.subscriptions.models import (
    Alert,
    Delivery,
    DeliveryAttempt,
    Subscription,
    WebhookEndpoint,
)

Id = uuid.UUID


async def own_subscription(
    session: AsyncSession, viewer: Viewer, search_id: Id | None, *, for_change: bool = False
) -> Subscription:
    """A saved search of the viewer. Raises NotFound."""
    wanted = select(Subscription).where(
        Subscription.id == search_id, Subscription.user_id == viewer.user_id
    )
    found = await session.scalar(wanted.with_for_update() if for_change else wanted)
    if found is None:
        raise NotFound
    return found


async def own_subscriptions(
    session: AsyncSession, viewer: Viewer, before: Id | None, *, limit: int
) -> Sequence[Subscription]:
    """The viewer's saved searches, the newest first."""
    wanted = select(Subscription).where(Subscription.user_id == viewer.user_id)
    if before is not None:
        wanted = wanted.where(Subscription.id < before)
    return (await session.scalars(wanted.order_by(Subscription.id.desc()).limit(limit))).all()


async def inbox(
    session: AsyncSession,
    viewer: Viewer,
    before: Id | None,
    *,
    is_unread: bool,
    limit: int,
) -> Sequence[Alert]:
    """The alerts of the viewer, the newest first."""
    wanted = _in_inbox(viewer)
    if is_unread:
        wanted = wanted.where(Alert.read_at.is_(None))
    if before is not None:
        wanted = wanted.where(Alert.id < before)
    return (await session.scalars(wanted.order_by(Alert.id.desc()).limit(limit))).all()


async def alerts_after(
    session: AsyncSession, viewer: Viewer, after: Id, *, limit: int
) -> Sequence[Alert]:
    """The alerts of the viewer with later ids, the oldest first."""
    wanted = _in_inbox(viewer).where(Alert.id > after).order_by(Alert.id).limit(limit)
    return (await session.scalars(wanted)).all()


async def unread(session: AsyncSession, viewer: Viewer) -> int:
    counted = select(func.count()).where(
        Alert.user_id == viewer.user_id, Alert.in_inbox, Alert.read_at.is_(None)
    )
    return await session.scalar(counted) or 0


async def mark_read(
    session: AsyncSession, viewer: Viewer, alert_id: Id | None, now: datetime
) -> None:
    """Mark one alert; twice is as good as once. Raises NotFound."""
    marked = await session.scalars(
        update(Alert)
        .where(Alert.id == alert_id, Alert.user_id == viewer.user_id, Alert.in_inbox)
        .values(read_at=func.coalesce(Alert.read_at, now))
        .returning(Alert.id)
        .execution_options(synchronize_session=False)
    )
    if marked.first() is None:
        raise NotFound


async def mark_read_until(
    session: AsyncSession, viewer: Viewer, until: Id | None, now: datetime
) -> None:
    """Mark an alert and all before it. Raises NotFound for an alert that is not the viewer's."""
    known = await session.scalar(_in_inbox(viewer).where(Alert.id == until))
    if known is None:
        raise NotFound
    await session.execute(
        update(Alert)
        .where(
            Alert.user_id == viewer.user_id,
            Alert.in_inbox,
            Alert.id <= until,
            Alert.read_at.is_(None),
        )
        .values(read_at=now)
        .execution_options(synchronize_session=False)
    )


def _in_inbox(viewer: Viewer) -> Select[Alert]:
    return select(Alert).where(Alert.user_id == viewer.user_id, Alert.in_inbox)


async def subscriptions_by_id(
    session: AsyncSession, ids: Iterable[Id | None]
) -> dict[Id, Subscription]:
    wanted = {each for each in ids if each is not None}
    found = await session.scalars(select(Subscription).where(Subscription.id.in_(wanted)))
    return {each.id: each for each in found}


async def person(session: AsyncSession, user_id: Id) -> tuple[User, Organisation | None] | None:
    """A person who can sign in, with the organisation; None for one who can't any more."""
    row = (
        await session.execute(
            select(User, Organisation)
            .outerjoin(Organisation, Organisation.id == User.organisation_id)
            .where(User.id == user_id, User.disabled_at.is_(None))
        )
    ).first()
    return None if row is None else (row[0], row[1])


async def own_endpoint(
    session: AsyncSession, viewer: Viewer, endpoint_id: Id | None, *, for_change: bool = False
) -> WebhookEndpoint:
    """An endpoint of the viewer's organisation. Raises NotFound."""
    if viewer.organisation_id is None:
        raise NotFound
    wanted = select(WebhookEndpoint).where(
        WebhookEndpoint.id == endpoint_id,
        WebhookEndpoint.organisation_id == viewer.organisation_id,
    )
    found = await session.scalar(wanted.with_for_update() if for_change else wanted)
    if found is None:
        raise NotFound
    return found


async def own_endpoints(
    session: AsyncSession, viewer: Viewer, before: Id | None, *, limit: int
) -> Sequence[WebhookEndpoint]:
    """The endpoints of the viewer's organisation, the newest first."""
    wanted = select(WebhookEndpoint).where(
        WebhookEndpoint.organisation_id == viewer.organisation_id
    )
    if before is not None:
        wanted = wanted.where(WebhookEndpoint.id < before)
    return (await session.scalars(wanted.order_by(WebhookEndpoint.id.desc()).limit(limit))).all()


async def deliveries_of(
    session: AsyncSession, endpoint: WebhookEndpoint, before: Id | None, *, limit: int
) -> Sequence[Delivery]:
    """What was sent to an endpoint, the newest first."""
    wanted = select(Delivery).where(Delivery.endpoint_id == endpoint.id)
    if before is not None:
        wanted = wanted.where(Delivery.id < before)
    return (await session.scalars(wanted.order_by(Delivery.id.desc()).limit(limit))).all()


async def delivery_to(
    session: AsyncSession,
    endpoint: WebhookEndpoint,
    delivery_id: Id | None,
    *,
    for_change: bool = False,
) -> Delivery:
    """Raises NotFound."""
    wanted = select(Delivery).where(Delivery.id == delivery_id, Delivery.endpoint_id == endpoint.id)
    found = await session.scalar(wanted.with_for_update() if for_change else wanted)
    if found is None:
        raise NotFound
    return found


async def tries_of(session: AsyncSession, delivery: Delivery) -> Sequence[DeliveryAttempt]:
    wanted = select(DeliveryAttempt).where(DeliveryAttempt.delivery_id == delivery.id)
    return (await session.scalars(wanted.order_by(DeliveryAttempt.number))).all()
