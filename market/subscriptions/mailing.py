"""Jobs DELIVER_MAIL: mails are written of what may be seen by then, and handed to the server.

Of an organisation's mails so many go out a day; the rest waits for the next one. What the server
puts off (4xx) is tried again as webhooks are, what it refuses (5xx) is dead.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import NamedTuple

import aiosmtplib
import msgspec
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.identification import viewer_of
from market.accounts.models import User
from market.accounts.viewer import Viewer
from market.db import Database, new_id, utc_now
from market.jobs import ClaimedJob, finish
from market.settings import Settings
from market.subscriptions.addresses import (
    address_of,
    address_of_facts,
    api_address,
    stop_address,
)
from market.subscriptions.digests import Collected
from market.subscriptions.mail import Item, Letter, composed
from market.subscriptions.models import Alert, Delivery, DeliveryAttempt, MailCount, Subscription
from market.subscriptions.news import Hearer, News
from market.subscriptions.queries import person
from market.subscriptions.schedule import retry_at
from market.subscriptions.telling import enqueue_try, tell
from market.subscriptions.wire import alert_views
from schemas.subscriptions import AlertView

_LIMIT_S = 20.0
_REFUSED_FOR_GOOD = 500
_OF_LISTINGS = frozenset({"listing.found", "match.found", "listing.expiring", "listing.expired"})
_AFTER_MIDNIGHT = timedelta(minutes=5)


class _Sent(NamedTuple):
    """What came of a try: a code of the server, or why there was none."""

    took_ms: int
    code: int | None
    said: str

    @property
    def is_taken(self) -> bool:
        return self.code == 250

    @property
    def is_refused(self) -> bool:
        return self.code is not None and self.code >= _REFUSED_FOR_GOOD


class Mailing:
    """Sends mails, one after the other."""

    def __init__(
        self, database: Database, settings: Settings, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock

    async def handle(self, jobs: Sequence[ClaimedJob]) -> None:
        """Do jobs {"id", "try"}. A job that runs twice finds its try done."""
        for job in jobs:
            await self._do(uuid.UUID(job.payload["id"]), int(job.payload["try"]))
        async with self._database.writing() as session:
            await finish(session, jobs)

    async def _do(self, delivery_id: uuid.UUID, number: int) -> None:
        began_at = self._clock()
        async with self._database.writing() as session:
            mail = await self._written(session, delivery_id, number, began_at)
        if mail is None:
            return
        sent = await self._send(mail)
        async with self._database.writing() as session:
            await self._note(session, delivery_id, number, sent, began_at)

    async def _written(
        self, session: AsyncSession, delivery_id: uuid.UUID, number: int, now: datetime
    ) -> EmailMessage | None:
        """The mail, if it is to be sent now."""
        delivery = await _waiting(session, delivery_id, number)
        if delivery is None:
            return None
        found = await _reader(session, delivery)
        if found is None:
            _cancel(delivery, now, "不再需要 · Nobody wants it any more")
            return None
        user, viewer, saved = found
        letter = await self._letter(session, delivery, (user, viewer, saved))
        if letter is None:
            _cancel(delivery, now, "内容已不可见 · What it told of can't be seen any more")
            return None
        owner_id = viewer.organisation_id or user.id
        if number == 1 and not await self._count(session, owner_id, now):
            await self._put_off(session, delivery, now)
            return None
        return composed(letter, self._settings.smtp_sender)

    async def _letter(
        self,
        session: AsyncSession,
        delivery: Delivery,
        reader: tuple[User, Viewer, Subscription],
    ) -> Letter | None:
        user, viewer, saved = reader
        ids = [uuid.UUID(each) for each in delivery.alert_ids]
        alerts = await session.scalars(
            select(Alert).where(Alert.id.in_(ids)).order_by(Alert.id.desc())
        )
        told = alerts.all()
        lang = self._settings.lang
        views = await alert_views(session, viewer, told, lang)
        others = views
        if any(view.listing is None for view in views):
            # What is told of other things is told in both languages.
            others = await alert_views(session, viewer, told, "en" if lang == "zh" else "zh")
        shown = [
            each
            for each in zip(views, others, strict=True)
            if each[0].listing is not None or each[0].type not in _OF_LISTINGS
        ]
        if not shown:
            return None
        count = len(shown)
        if delivery.body:
            hidden = len(ids) - len(shown)
            count = msgspec.json.decode(delivery.body, type=Collected).count - hidden
        return Letter(
            to=user.email,
            message_id=delivery.id.hex,
            name=saved.name,
            items=[self._item(*each) for each in shown],
            count=count,
            stop_url=stop_address(self._settings, saved.stop_token),
            sent_at=delivery.created_at,
            lang=self._settings.lang,
            is_own=saved.kind == "own",
        )

    def _item(self, view: AlertView, other: AlertView) -> Item:
        """`other` is the same in the other language."""
        listing = view.listing
        if listing is None:
            reasons = list(map(_both, view.reasons, other.reasons))
            return Item(_both(view.title, other.title), "", reasons, self._address(view))
        who = listing.organisation_hint
        if listing.organisation is not msgspec.UNSET:
            who = listing.organisation.name
        url = address_of(self._settings, listing.kind, uuid.UUID(listing.id))
        return Item(view.title, "" if who is msgspec.UNSET else who, view.reasons, url)

    def _address(self, view: AlertView) -> str:
        facts = {"fair_id": view.fair_id, "order_id": view.order_id}
        known = {name: found for name, found in facts.items() if found is not None}
        return address_of_facts(self._settings, known) or api_address(self._settings, "alerts")

    async def _count(self, session: AsyncSession, owner_id: uuid.UUID, now: datetime) -> bool:
        """Count a mail of this day; False when the day's are used up."""
        most = self._settings.mails_per_organisation_day
        if most == 0:
            return False
        insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        counted = await session.execute(
            insert(MailCount)
            .values(owner_id=owner_id, day=now.astimezone(UTC).date(), mails=1)
            .on_conflict_do_update(
                index_elements=["owner_id", "day"],
                set_={"mails": MailCount.mails + 1},
                where=MailCount.mails < most,
            )
            .returning(MailCount.mails)
        )
        return counted.first() is not None

    async def _put_off(self, session: AsyncSession, delivery: Delivery, now: datetime) -> None:
        today = now.astimezone(UTC).date()
        midnight = datetime.combine(today + timedelta(days=1), datetime.min.time(), tzinfo=UTC)
        delivery.next_try_at = midnight + _AFTER_MIDNIGHT
        delivery.error = "今日邮件已达上限 · The mails of this day are used up"
        await enqueue_try(session, delivery.id, "email", 1, delivery.next_try_at)
        notice = News(
            hearer=Hearer(scope_id=delivery.user_id, user_id=delivery.user_id),
            type="mail.limited",
            subject_id=delivery.user_id,
            subject_version=today.toordinal(),
        )
        await tell(session, [notice], self._settings, now)

    async def _send(self, mail: EmailMessage) -> _Sent:
        settings, began_s = self._settings, time.perf_counter()
        code: int | None = 250
        said = ""
        try:
            await aiosmtplib.send(
                mail,
                hostname=settings.smtp_host,
                port=settings.smtp_port,
                username=settings.smtp_username or None,
                password=settings.smtp_password or None,
                use_tls=settings.smtp_security == "tls",
                start_tls=settings.smtp_security == "starttls",
                timeout=_LIMIT_S,
            )
        except aiosmtplib.SMTPRecipientsRefused as refused:
            code, said = refused.recipients[0].code, refused.recipients[0].message
        except aiosmtplib.SMTPResponseException as refused:
            code, said = refused.code, refused.message
        except (aiosmtplib.SMTPException, OSError) as error:
            code, said = None, f"{type(error).__name__}: {error}"
        return _Sent(round((time.perf_counter() - began_s) * 1000), code, " ".join(said.split()))

    async def _note(
        self,
        session: AsyncSession,
        delivery_id: uuid.UUID,
        number: int,
        sent: _Sent,
        began_at: datetime,
    ) -> None:
        delivery = await _waiting(session, delivery_id, number)
        if delivery is None:
            return
        now = self._clock()
        session.add(
            DeliveryAttempt(
                id=new_id(),
                delivery_id=delivery.id,
                number=number,
                began_at=began_at,
                took_ms=sent.took_ms,
                status=sent.code,
                answer=sent.said[:200] if sent.code is not None else "",
                error=sent.said[:300] if sent.code is None else "",
            )
        )
        delivery.attempts = number
        delivery.error = "" if sent.is_taken else f"{sent.code or ''} {sent.said}".strip()[:300]
        following = None if sent.is_taken or sent.is_refused else retry_at(number, now)
        if following is not None:
            delivery.next_try_at = following
            await enqueue_try(session, delivery.id, "email", number + 1, following)
            return
        delivery.state = "delivered" if sent.is_taken else "dead"
        delivery.ended_at, delivery.next_try_at = now, None


async def _waiting(session: AsyncSession, delivery_id: uuid.UUID, number: int) -> Delivery | None:
    """The delivery, while this try is its next one."""
    found: Delivery | None = await session.scalar(
        select(Delivery)
        .where(
            Delivery.id == delivery_id,
            Delivery.state == "waiting",
            Delivery.attempts == number - 1,
        )
        .with_for_update()
    )
    return found


async def _reader(
    session: AsyncSession, delivery: Delivery
) -> tuple[User, Viewer, Subscription] | None:
    """Who gets it, as they are now; None for those who stopped it, left or moved on."""
    found = await person(session, delivery.user_id)
    saved = await session.scalar(
        select(Subscription).where(Subscription.id == delivery.subscription_id)
    )
    if found is None or saved is None or saved.frequency == "off":
        return None
    user, organisation = found
    if user.organisation_id != saved.organisation_id:
        return None
    return user, viewer_of(user, organisation), saved


def _both(text: str, other: str) -> str:
    return text if text == other else f"{text} · {other}"


def _cancel(delivery: Delivery, now: datetime, why: str) -> None:
    delivery.state, delivery.ended_at, delivery.next_try_at = "cancelled", now, None
    delivery.error = why
