"""Webhook endpoints of organisations: made, changed, tried, and given new secrets."""

import uuid
from datetime import datetime, timedelta

from msgspec import UNSET
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.viewer import Viewer
from market.db import new_id
from market.errors import Conflict, FieldError, Forbidden, Invalid, PreconditionFailed
from market.settings import Settings
from market.subscriptions.bodies import event_body
from market.subscriptions.models import Delivery, Subscription, WebhookEndpoint
from market.subscriptions.outgoing import (
    AddressRefused,
    GuardedNetwork,
    NotAnswered,
    Outgoing,
)
from market.subscriptions.queries import delivery_to, own_endpoint
from market.subscriptions.service import lock_owner
from market.subscriptions.signing import new_secret
from market.subscriptions.telling import enqueue_try, send_at
from schemas.events import TestData
from schemas.webhooks import EndpointChange, EndpointForm

# While both secrets sign, a receiver may change from one to the other.
BOTH_SIGN_FOR = timedelta(days=1)


def outgoing_of(settings: Settings) -> Outgoing:
    return Outgoing(GuardedNetwork(settings.private_hosts))


async def refuse_address(url: str, settings: Settings) -> None:
    """Raises Invalid for an address that no webhook may go to. Asks the DNS and nobody else."""
    try:
        await outgoing_of(settings).check(url)
    except (AddressRefused, NotAnswered) as refused:
        # One sentence for both: else names of our own network could be guessed one by one.
        raise Invalid(
            FieldError(
                "#/url",
                "应为公网主机的 https 地址（443 或 8443 端口）；内网主机须由平台管理员在设置中列出",
                "Must be the https address of a public host, port 443 or 8443; "
                "hosts of the own network are named in the settings.",
            )
        ) from refused


def refuse_outsiders(viewer: Viewer) -> None:
    """Raises Forbidden for people without an organisation."""
    if viewer.organisation_id is None:
        raise Forbidden(
            "organisation_required", "仅限单位成员", "Only people of an organisation may do this."
        )


async def create_endpoint(
    session: AsyncSession, viewer: Viewer, form: EndpointForm, settings: Settings, now: datetime
) -> WebhookEndpoint:
    """A new endpoint of the viewer's organisation; who asks and its address were looked at before.

    Raises Conflict when the organisation has as many as it may.
    """
    await lock_owner(session, viewer)
    counted = select(func.count()).where(WebhookEndpoint.organisation_id == viewer.organisation_id)
    most = settings.webhook_endpoints_per_organisation
    if (await session.scalar(counted) or 0) >= most:
        raise Conflict(
            "too_many_endpoints",
            f"每个单位最多 {most} 个端点：请先删除不用的",
            f"An organisation has {most} endpoints at most: delete one that is not used.",
        )
    endpoint = WebhookEndpoint(
        organisation_id=viewer.organisation_id,
        created_by_id=viewer.user_id,
        url=form.url,
        description=form.description.strip(),
        secret=new_secret(),
        state="enabled",
        failures=0,
        created_at=now,
    )
    session.add(endpoint)
    await session.flush()
    return endpoint


async def change_endpoint(
    session: AsyncSession,
    viewer: Viewer,
    endpoint_id: uuid.UUID | None,
    change: EndpointChange,
    version: int,
) -> WebhookEndpoint:
    """Set what the change names. Raises NotFound, and PreconditionFailed for another version."""
    endpoint = await own_endpoint(session, viewer, endpoint_id, for_change=True)
    if endpoint.version != version:
        raise PreconditionFailed
    if change.url is not UNSET:
        endpoint.url = change.url
    if change.description is not UNSET:
        endpoint.description = change.description.strip()
    if change.is_enabled is True:
        endpoint.state, endpoint.disabled_reason = "enabled", None
        endpoint.failures, endpoint.failing_since, endpoint.open_until = 0, None, None
    elif change.is_enabled is False and endpoint.state == "enabled":
        endpoint.state, endpoint.disabled_reason = "disabled", "owner"
    await session.flush()
    return endpoint


async def delete_endpoint(
    session: AsyncSession, viewer: Viewer, endpoint_id: uuid.UUID | None
) -> None:
    """With its log. Saved searches that named it go on without. Raises NotFound."""
    endpoint = await own_endpoint(session, viewer, endpoint_id, for_change=True)
    named = await session.scalars(
        select(Subscription).where(Subscription.endpoint_id == endpoint.id).with_for_update()
    )
    for saved in named:
        saved.endpoint_id = None
        saved.channels = [each for each in saved.channels if each != "webhook"]
    await session.flush()
    await session.execute(delete(WebhookEndpoint).where(WebhookEndpoint.id == endpoint.id))


async def rotate_secret(
    session: AsyncSession, viewer: Viewer, endpoint_id: uuid.UUID | None, now: datetime
) -> WebhookEndpoint:
    """A new secret; for a day the one before signs as well. Raises NotFound."""
    endpoint = await own_endpoint(session, viewer, endpoint_id, for_change=True)
    endpoint.old_secret, endpoint.old_secret_until = endpoint.secret, now + BOTH_SIGN_FOR
    endpoint.secret = new_secret()
    await session.flush()
    return endpoint


async def fire_test(
    session: AsyncSession, viewer: Viewer, endpoint_id: uuid.UUID | None, now: datetime
) -> Delivery:
    """Send a message that tells nothing. Raises NotFound, and Conflict for a disabled endpoint."""
    endpoint = await own_endpoint(session, viewer, endpoint_id)
    _refuse_disabled(endpoint)
    delivery_id = new_id()
    delivery = Delivery(
        id=delivery_id,
        key=f"test:{delivery_id}",
        channel="webhook",
        type="endpoint.test",
        user_id=viewer.user_id,
        endpoint_id=endpoint.id,
        body=event_body("endpoint.test", TestData(endpoint_id=str(endpoint.id)), now),
        error="",
        created_at=now,
    )
    await send_at(session, delivery, now)
    return delivery


async def replay(
    session: AsyncSession,
    viewer: Viewer,
    endpoint_id: uuid.UUID | None,
    delivery_id: uuid.UUID | None,
    now: datetime,
) -> Delivery:
    """Try a delivery once more, at once, under its old id.

    Raises NotFound, and Conflict for a disabled endpoint.
    """
    endpoint = await own_endpoint(session, viewer, endpoint_id)
    _refuse_disabled(endpoint)
    delivery = await delivery_to(session, endpoint, delivery_id, for_change=True)
    delivery.state, delivery.next_try_at, delivery.ended_at = "waiting", now, None
    await session.flush()
    await enqueue_try(session, delivery.id, delivery.channel, delivery.attempts + 1, now)
    return delivery


def _refuse_disabled(endpoint: WebhookEndpoint) -> None:
    if endpoint.state == "disabled":
        raise Conflict(
            "endpoint_disabled",
            "端点已停用：请先启用",
            "The endpoint is disabled: enable it first.",
        )
