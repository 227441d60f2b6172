"""What people do with their saved searches: save, change, stop, delete, and give them a feed."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import UNSET
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import Organisation, User
from market.accounts.tokens import FEED_PREFIX, STOP_PREFIX, new_token, token_hash
from market.accounts.viewer import Viewer
from market.errors import Conflict, FieldError, Invalid, NotFound, PreconditionFailed
from market.listings.models import Listing
from market.settings import Settings
from market.subscriptions.asked import id_named, refuse_wrong
from market.subscriptions.models import Alert, Subscription, WebhookEndpoint
from market.subscriptions.queries import own_subscription
from market.subscriptions.schedule import minute_of, next_digest, zone_names
from schemas.subscriptions import PreviewForm, SavedQuery, SavedSearchChange, SavedSearchForm

# A time of the past mutes nothing any more, and may stay.
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_MUTED_AT_MOST = timedelta(days=5 * 366)
SEARCHES = frozenset({"results", "needs"})
_TIMES = {"digest_time": "digest_minute", "quiet_from": "quiet_from", "quiet_until": "quiet_until"}
_SAME = ("frequency", "digest_weekday", "time_zone", "muted_until", "min_score")


async def save_search(
    session: AsyncSession, viewer: Viewer, form: SavedSearchForm, settings: Settings, now: datetime
) -> Subscription:
    """A new saved search of the viewer.

    Raises Invalid, Forbidden for filters that the viewer may not use, NotFound for people who
    can't sign in, and Conflict when the organisation has as many as it may.
    """
    await check_asked(session, viewer, form)
    await lock_owner(session, viewer)
    await _refuse_more(session, viewer, settings.saved_searches_per_organisation)
    saved = Subscription(
        user_id=viewer.user_id,
        organisation_id=viewer.organisation_id,
        kind=form.kind,
        name=form.name.strip(),
        query=msgspec.to_builtins(form.query) if form.kind in SEARCHES else {},
        listing_id=_id(form.listing_id),
        min_score=form.min_score if form.kind == "matches" else None,
        frequency=form.frequency,
        digest_minute=minute_of(form.digest_time),
        digest_weekday=form.digest_weekday,
        time_zone=form.time_zone,
        quiet_from=_minute(form.quiet_from),
        quiet_until=_minute(form.quiet_until),
        muted_until=form.muted_until,
        channels=list(form.channels),
        endpoint_id=_id(form.endpoint_id),
        stop_token=new_token(STOP_PREFIX),
        created_at=now,
        changed_at=now,
    )
    await _check_telling(session, viewer, saved, settings, now)
    saved.next_digest_at = digest_after(saved, now)
    session.add(saved)
    await session.flush()
    return saved


async def check_asked(session: AsyncSession, viewer: Viewer, form: PreviewForm) -> None:
    """Raises Invalid and Forbidden for what can't, or may not, be looked for."""
    errors: list[FieldError] = []
    if form.kind in SEARCHES:
        refuse_wrong(form.kind, form.query, viewer)
    elif form.query != SavedQuery():
        errors.append(FieldError("#/query", "此类型不需要检索条件", "This kind has no query."))
    if form.kind == "matches":
        errors += await _listing_errors(session, viewer, form.listing_id)
    elif form.listing_id is not None:
        errors.append(
            FieldError("#/listing_id", "只用于匹配提醒", "Is for the kind matches alone.")
        )
    if errors:
        raise Invalid(*errors)


async def _listing_errors(
    session: AsyncSession, viewer: Viewer, listing_id: str | None
) -> list[FieldError]:
    if listing_id is None:
        return [FieldError("#/listing_id", "必填", "This is required.")]
    own = select(Listing.id).where(
        Listing.id == id_named(listing_id), Listing.organisation_id == viewer.organisation_id
    )
    if viewer.organisation_id is not None and await session.scalar(own) is not None:
        return []
    return [
        FieldError(
            "#/listing_id",
            "不是本单位的成果或需求",
            "This is no listing of your organisation.",
        )
    ]


async def lock_owner(session: AsyncSession, viewer: Viewer) -> None:
    """What is limited for an organisation is made one after the other. Raises NotFound."""
    row: Any = (
        select(User.id).where(User.id == viewer.user_id)
        if viewer.organisation_id is None
        else select(Organisation.id).where(Organisation.id == viewer.organisation_id)
    )
    if (await session.scalars(row.with_for_update(key_share=True))).first() is None:
        raise NotFound


async def _refuse_more(session: AsyncSession, viewer: Viewer, most: int) -> None:
    counted = select(func.count()).select_from(Subscription)
    if viewer.organisation_id is None:
        counted = counted.where(Subscription.user_id == viewer.user_id)
    else:
        counted = counted.where(Subscription.organisation_id == viewer.organisation_id)
    if (await session.scalar(counted) or 0) >= most:
        raise Conflict(
            "too_many_saved_searches",
            f"每个单位最多保存 {most} 个检索：请先删除不用的",
            f"An organisation saves {most} searches at most: delete one that is not used.",
        )


async def search_to_change(
    session: AsyncSession, viewer: Viewer, search_id: uuid.UUID | None, version: int
) -> Subscription:
    """A saved search of the viewer in this version, locked until the end of the unit of work.

    Raises NotFound, and PreconditionFailed for another version.
    """
    saved = await own_subscription(session, viewer, search_id, for_change=True)
    if saved.version != version:
        raise PreconditionFailed
    return saved


async def change_search(
    session: AsyncSession,
    viewer: Viewer,
    saved: Subscription,
    change: SavedSearchChange,
    settings: Settings,
    now: datetime,
) -> None:
    """Set what the change names. What was collected for a digest is never lost by it.

    Raises Invalid and Forbidden.
    """
    if change.query is not UNSET:
        if saved.kind not in SEARCHES:
            raise Invalid(FieldError("#/query", "此类型不需要检索条件", "This kind has no query."))
        refuse_wrong(saved.kind, change.query, viewer)
        saved.query = msgspec.to_builtins(change.query)
    _set(saved, change)
    await _check_telling(session, viewer, saved, settings, now)
    saved.changed_at = now
    saved.next_digest_at = digest_after(saved, now)
    if saved.next_digest_at is None and await _has_waiting(session, saved):
        # The last digest goes out at once: nothing would ever tell what it holds otherwise.
        saved.next_digest_at = next_mail(saved, now) if saved.frequency == "instant" else None
    await session.flush()


def _set(saved: Subscription, change: SavedSearchChange) -> None:
    given: dict[str, Any] = {
        name: value
        for name, value in msgspec.structs.asdict(change).items()
        if value is not UNSET and name != "query"
    }
    if saved.kind != "matches":
        given.pop("min_score", None)
    for name, value in given.items():
        if name in _TIMES:
            setattr(saved, _TIMES[name], _minute(value))
        elif name in _SAME:
            setattr(saved, name, value)
    if "name" in given:
        saved.name = given["name"].strip()
    if "channels" in given:
        saved.channels = list(given["channels"])
    if "endpoint_id" in given:
        saved.endpoint_id = _id(given["endpoint_id"])


_NO_ENDPOINT = FieldError(
    "#/endpoint_id", "本单位没有这个端点", "Your organisation has no such endpoint."
)


async def _check_telling(
    session: AsyncSession, viewer: Viewer, saved: Subscription, settings: Settings, now: datetime
) -> None:
    errors: list[FieldError] = []
    if saved.muted_until is not None and not _EARLIEST < saved.muted_until < now + _MUTED_AT_MOST:
        errors.append(
            FieldError("#/muted_until", "应在今后五年之内", "Must lie within the next five years.")
        )
    if saved.time_zone not in zone_names():
        errors.append(FieldError("#/time_zone", "没有这个时区", "There is no such time zone."))
    if (saved.quiet_from is None) != (saved.quiet_until is None):
        errors.append(
            FieldError(
                "#/quiet_until", "免打扰时段要有起止", "Quiet hours need a begin and an end."
            )
        )
    if "email" in saved.channels and not settings.sends_mail:
        errors.append(
            FieldError("#/channels", "平台未配置邮件", "No mails are sent by this marketplace.")
        )
    errors += await _endpoint_errors(session, viewer, saved)
    if errors:
        raise Invalid(*errors)


async def _endpoint_errors(
    session: AsyncSession, viewer: Viewer, saved: Subscription
) -> list[FieldError]:
    if saved.endpoint_id is None:
        if "webhook" not in saved.channels:
            return []
        return [
            FieldError(
                "#/endpoint_id", "请选择 webhook 端点", "Name the endpoint of the channel webhook."
            )
        ]
    found = select(WebhookEndpoint.id).where(
        WebhookEndpoint.id == saved.endpoint_id,
        WebhookEndpoint.organisation_id == viewer.organisation_id,
    )
    return [] if await session.scalar(found) is not None else [_NO_ENDPOINT]


def digest_after(saved: Subscription, now: datetime) -> datetime | None:
    return next_digest(
        now,
        saved.frequency,
        minute=saved.digest_minute,
        weekday=saved.digest_weekday,
        zone=saved.time_zone,
    )


def next_mail(saved: Subscription, now: datetime) -> datetime:
    """The first time at which an instant mail may go out."""
    return max(now, saved.next_mail_at or now)


async def _has_waiting(session: AsyncSession, saved: Subscription) -> bool:
    waiting = select(Alert.id).where(Alert.subscription_id == saved.id, Alert.is_waiting).limit(1)
    return await session.scalar(waiting) is not None


async def delete_search(session: AsyncSession, viewer: Viewer, search_id: uuid.UUID | None) -> None:
    """Forget a saved search; what it told stays in the inbox. Raises NotFound."""
    saved = await own_subscription(session, viewer, search_id, for_change=True)
    await session.execute(
        update(Alert).where(Alert.subscription_id == saved.id).values(is_waiting=False)
    )
    await session.execute(delete(Subscription).where(Subscription.id == saved.id))


async def stop(session: AsyncSession, token: str, now: datetime) -> Subscription:
    """Stop the saved search of this stop token; twice is as good as once. Raises NotFound."""
    saved = await subscription_to_stop(session, token, for_change=True)
    if saved.frequency != "off":
        saved.frequency, saved.next_digest_at, saved.changed_at = "off", None, now
        await session.flush()
    return saved


async def subscription_to_stop(
    session: AsyncSession, token: str, *, for_change: bool = False
) -> Subscription:
    """Raises NotFound for a token that was never given out."""
    wanted = select(Subscription).where(Subscription.stop_token == token)
    found = await session.scalar(wanted.with_for_update() if for_change else wanted)
    if found is None:
        raise NotFound
    return found


async def give_feed(session: AsyncSession, viewer: Viewer, search_id: uuid.UUID | None) -> str:
    """A new token for the feed of a saved search; the one before is good no more."""
    saved = await own_subscription(session, viewer, search_id, for_change=True)
    token = new_token(FEED_PREFIX)
    saved.feed_hash = token_hash(token)
    await session.flush()
    return token


async def revoke_feed(session: AsyncSession, viewer: Viewer, search_id: uuid.UUID | None) -> None:
    """Nobody reads the feed any more; twice is as good as once. Raises NotFound."""
    saved = await own_subscription(session, viewer, search_id, for_change=True)
    saved.feed_hash = None
    await session.flush()


def _id(text: str | None) -> uuid.UUID | None:
    return None if text is None else id_named(text)


def _minute(clock_time: str | None) -> int | None:
    return None if clock_time is None else minute_of(clock_time)
