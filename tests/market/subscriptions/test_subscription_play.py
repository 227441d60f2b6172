"""Whatever an owner does to a subscription while time passes: what was promised is mailed once.

Four months in New York, from a leap day's month end over both changes of its clocks.
"""

import uuid
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from market.accounts.identification import viewer_of
from market.db import new_id
from market.settings import Settings
from market.subscriptions.digests import Collected, send_due
from market.subscriptions.models import Alert, Delivery, Subscription
from market.subscriptions.news import News, hearer_of
from market.subscriptions.queries import own_subscription
from market.subscriptions.schedule import quiet_until
from market.subscriptions.service import change_search, stop
from market.subscriptions.telling import tell
from schemas.subscriptions import Frequency, SavedSearchChange
from tests.market.subscriptions.square import Square

_STEPS = 80
_FREQUENCIES: tuple[Frequency, ...] = ("instant", "instant", "daily", "weekly", "off")
_ZONE = "America/New_York"
_QUIET = (22 * 60, 2 * 60 + 30)
_STARTS = (datetime(2028, 2, 28, 20, 0, tzinfo=UTC), datetime(2027, 10, 30, 20, 0, tzinfo=UTC))
_PAUSES = (
    *(timedelta(seconds=1), timedelta(minutes=4), timedelta(minutes=11)),
    *(timedelta(hours=3), timedelta(hours=13), timedelta(days=2)),
)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, smtp_host="127.0.0.1", smtp_sender="a@example.cn")


class _Play:
    """The owner, those who find, and the clock; with a model of what was promised."""

    def __init__(self, square: Square, search_id: uuid.UUID, random: Random) -> None:
        self._square = square
        self._search_id = search_id
        self._random = random
        self._viewer = viewer_of(square.seeker.user, square.seeker.organisation)
        self.now = random.choice(_STARTS)
        self.promised: set[uuid.UUID] = set()
        self.kept_quiet: set[uuid.UUID] = set()

    async def step(self) -> None:
        self.now += self._random.choice(_PAUSES)
        before = len(await self._mails())
        saved = await self._square.saved(str(self._search_id))
        is_silent = saved.frequency == "off" or self._is_muted(saved)
        steps = (self._find, self._find, self._find, self.tick, self.tick, self._change)
        await self._random.choice(steps)(saved)
        changed = await self._square.saved(str(self._search_id))
        if is_silent and (changed.frequency == "off" or self._is_muted(changed)):
            assert len(await self._mails()) == before

    def _is_muted(self, saved: Subscription) -> bool:
        return saved.muted_until is not None and saved.muted_until > self.now

    async def _find(self, saved: Subscription) -> None:
        if saved.frequency == "off":
            return
        hearer = hearer_of(saved)
        news = [
            News(hearer, "organisation.verified", new_id(), 1)
            for _ in range(self._random.randint(1, 3))
        ]
        async with self._square.database.writing() as session:
            await tell(session, news, self._square.settings, self.now)
        is_told = hearer.collects or not self._is_muted(saved)
        (self.promised if is_told else self.kept_quiet).update(each.subject_id for each in news)

    async def tick(self, _saved: Subscription) -> None:
        async with self._square.database.writing() as session:
            await send_due(session, self._square.settings, self.now)

    async def _change(self, saved: Subscription) -> None:
        async with self._square.database.writing() as session:
            if self._random.random() < 0.1:
                await stop(session, saved.stop_token, self.now)
                return
            await self._set(session, self._some_change())

    def _some_change(self) -> SavedSearchChange:
        choose = self._random.choice
        frequency: Frequency = choose(_FREQUENCIES)
        muted_until = choose((None, None, self.now + timedelta(hours=choose((1, 30, 100)))))
        return choose(
            (
                SavedSearchChange(frequency=frequency),
                SavedSearchChange(muted_until=muted_until),
                SavedSearchChange(name=f"名称 {choose(range(100))}"),
                SavedSearchChange(digest_time=choose(("00:00", "02:30", "23:59"))),
                SavedSearchChange(digest_weekday=choose((1, 7))),
            )
        )

    async def _set(self, session: Any, change: SavedSearchChange) -> None:
        saved = await own_subscription(session, self._viewer, self._search_id, for_change=True)
        await change_search(session, self._viewer, saved, change, self._square.settings, self.now)

    async def end(self) -> None:
        """In the end everything that waits may go out."""
        async with self._square.database.writing() as session:
            await self._set(session, SavedSearchChange(frequency="instant", muted_until=None))
        self.now += timedelta(days=1)
        await self.tick(await self._square.saved(str(self._search_id)))

    async def _mails(self) -> list[Delivery]:
        return await self._square.deliveries()

    async def check(self) -> None:
        mails = await self._mails()
        async with self._square.database.reading() as session:
            subjects = {
                str(row.id): row.subject_id
                for row in await session.execute(select(Alert.id, Alert.subject_id))
            }
        told = [subjects[each] for mail in mails for each in mail.alert_ids]
        assert len(told) == len(set(told))
        assert sum(map(_count, mails)) == len(self.promised)
        assert set(told) <= self.promised
        assert set(subjects.values()) == self.promised | self.kept_quiet
        for mail in mails:
            assert mail.next_try_at is not None
            assert quiet_until(mail.next_try_at, *_QUIET, _ZONE) is None


def _count(mail: Delivery) -> int:
    if not mail.body:
        return len(mail.alert_ids)
    return msgspec.json.decode(mail.body, type=Collected).count


@pytest.mark.parametrize("seed", range(8))
async def test_what_was_promised_is_mailed_once(square: Square, seed: int) -> None:
    saved = await square.save(
        channels=["inbox", "email"],
        time_zone=_ZONE,
        quiet_from="22:00",
        quiet_until="02:30",
        digest_time="02:30",
    )
    play = _Play(square, uuid.UUID(saved["id"]), Random(seed))

    for _ in range(_STEPS):
        await play.step()
    await play.end()

    await play.check()
    assert play.promised
