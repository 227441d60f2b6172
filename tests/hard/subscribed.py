"""Saved searches of a world, what they told, and where webhooks go: each its owner's secret."""

from typing import Any

import msgspec

from market.accounts.tokens import CALENDAR_PREFIX, FEED_PREFIX, STOP_PREFIX, new_token, token_hash
from market.db import new_id, utc_now
from market.fairs.calendar_models import CalendarLink
from market.settings import Settings
from market.subscriptions.models import Alert, Delivery, Subscription, WebhookEndpoint
from market.subscriptions.signing import new_secret
from tests.hard.world import World

# Nobody listens there: what is sent to it is refused at once.
HOOK = "http://127.0.0.1:9/hook"
_OWNERS = ("institute", "enterprise", "quiet institute", "quiet enterprise", "administrator")


def modest(settings: Settings) -> Settings:
    """Streams that end after one look, and webhooks that leave this machine for nowhere."""
    return msgspec.structs.replace(
        settings,
        alert_stream_s=0,
        outgoing_private_hosts="127.0.0.1:9",
        saved_searches_per_organisation=10_000,
        webhook_endpoints_per_organisation=10_000,
    )


async def subscribe(world: World) -> None:
    await _give_calendar(world, "institute")
    for owner in _OWNERS:
        saved = _saved(world, owner)
        alerts = [_alert(world, owner, saved, number) for number in range(3)]
        endpoint = _endpoint(world, owner)
        deliveries = [] if endpoint is None else [_delivery(world, owner, saved, endpoint)]
        async with world.database.writing() as session:
            session.add_all([saved, *([endpoint] if endpoint else [])])
            await session.flush()
            session.add_all([*alerts, *deliveries])


async def _give_calendar(world: World, owner: str) -> None:
    """Whom an institute meets consented to nothing, so anybody may have the link."""
    token, user = new_token(CALENDAR_PREFIX), world.accounts[owner].user
    assert user.organisation_id is not None
    link = CalendarLink(
        user_id=user.id,
        organisation_id=user.organisation_id,
        token_hash=token_hash(token),
        created_at=utc_now(),
    )
    async with world.database.writing() as session:
        session.add(link)
    world.ids.setdefault("calendars", []).append(f"{token}.ics")


def _saved(world: World, owner: str) -> Subscription:
    account, now = world.accounts[owner], utc_now()
    stop, feed = new_token(STOP_PREFIX), new_token(FEED_PREFIX)
    saved = Subscription(
        id=new_id(),
        user_id=account.user.id,
        organisation_id=account.user.organisation_id,
        kind="results",
        # Who has the link of the feed or to stop it reads the name, and only those.
        name=f"检索 {world.secrets.text(f'saved search of {owner}', _known_to(owner))}",
        query={"q": world.secrets.text(f"query of {owner}", _known_to(owner))},
        frequency="daily",
        digest_minute=540,
        digest_weekday=1,
        time_zone="Asia/Shanghai",
        channels=["inbox"],
        stop_token=stop,
        feed_hash=token_hash(feed),
        created_at=now,
        changed_at=now,
    )
    world.add_id("saved-searches", saved.id, owner=owner)
    if not owner.startswith("quiet"):
        world.ids.setdefault("stop", []).append(stop)
        world.ids.setdefault("saved", []).append(feed)
    return saved


def _known_to(owner: str) -> tuple[str, ...]:
    """Those who sign in as this person; of the busy ones anybody may have the links."""
    if not owner.startswith("quiet"):
        return (*_EVERYBODY,)
    return (owner,)


_EVERYBODY: tuple[str, ...] = (
    *("institute", "colleague", "full key", "narrow key", "neighbour", "enterprise", "investor"),
    *("outpost", "organizer", "broker", "quiet institute", "quiet enterprise", "newcomer"),
    *("moderator", "administrator", "anonymous", "forger", "owner"),
)


def _alert(world: World, owner: str, saved: Subscription, number: int) -> Alert:
    reason = world.secrets.text(f"alert {number} of {owner}", _known_to(owner))
    alert = Alert(
        id=new_id(),
        scope_id=saved.id,
        subscription_id=saved.id,
        user_id=saved.user_id,
        type="organisation.verified",
        subject_id=new_id(),
        subject_version=number,
        reasons={"words": [reason]},
        in_inbox=True,
        created_at=utc_now(),
    )
    world.add_id("alerts", alert.id, owner=owner)
    return alert


def _endpoint(world: World, owner: str) -> WebhookEndpoint | None:
    account = world.accounts[owner]
    if account.user.organisation_id is None:
        return None
    secret = new_secret()
    world.secrets.literal(f"secret of the endpoint of {owner}", secret)
    known_to: Any = _known_to(owner)
    endpoint = WebhookEndpoint(
        id=new_id(),
        organisation_id=account.user.organisation_id,
        created_by_id=account.user.id,
        url=HOOK,
        description=world.secrets.text(f"endpoint of {owner}", known_to),
        secret=secret,
        state="enabled",
        created_at=utc_now(),
    )
    world.add_id("webhook-endpoints", endpoint.id, owner=owner)
    return endpoint


def _delivery(world: World, owner: str, saved: Subscription, endpoint: WebhookEndpoint) -> Delivery:
    delivery = Delivery(
        id=new_id(),
        key=f"test:{owner}",
        channel="webhook",
        type="endpoint.test",
        user_id=saved.user_id,
        endpoint_id=endpoint.id,
        body=world.secrets.text(f"delivery of {owner}", _known_to(owner)),
        state="dead",
        created_at=utc_now(),
        ended_at=utc_now(),
    )
    world.add_id("deliveries", delivery.id, owner=owner)
    return delivery
