"""Instant mails of one subscription: one within a window, and everything in exactly one of them."""

import asyncio
import random
import uuid
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update

from market.db import new_id, utc_now
from market.jobs import TELL_OF_LISTINGS, enqueue
from market.settings import Settings
from market.subscriptions.collating import take_turns
from market.subscriptions.digests import Collected, send_due
from market.subscriptions.models import Alert, Delivery, Subscription
from market.subscriptions.news import News, hearer_of
from market.subscriptions.schedule import quiet_until
from market.subscriptions.telling import tell
from tests.market.listings.factories import post_listing
from tests.market.subscriptions.hearing import open_endpoint, sending
from tests.market.subscriptions.square import Square

MINUTE = timedelta(minutes=1)
WINDOW = 10 * MINUTE
# Noon in China.
NOON = datetime(2027, 3, 1, 4, 0, tzinfo=UTC)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return sending(settings)


async def mailed(square: Square, **changes: Any) -> uuid.UUID:
    """A subscription with instant mails."""
    form = {"query": {"q": "鞋底"}, "channels": ["inbox", "email"]}
    return uuid.UUID((await square.save(**(form | changes)))["id"])


async def find(square: Square, search_id: uuid.UUID, now: datetime, count: int = 1) -> None:
    """So many things are found for the subscription together."""
    async with square.database.writing() as session:
        hearer = hearer_of(await session.get_one(Subscription, search_id))
        news = [
            News(
                hearer=hearer, type="organisation.verified", subject_id=new_id(), subject_version=1
            )
            for _ in range(count)
        ]
        await tell(session, news, square.settings, now)


async def tick(square: Square, now: datetime) -> None:
    """What the clock does every minute."""
    async with square.database.writing() as session:
        await send_due(session, square.settings, now)


async def mails(square: Square) -> list[Delivery]:
    return [each for each in await square.deliveries() if each.channel == "email"]


async def sizes(square: Square) -> list[int]:
    return [len(each.alert_ids) for each in await mails(square)]


def told_by(mail: Delivery) -> int:
    """How much a mail tells; of very much it names a part."""
    if not mail.body:
        return len(mail.alert_ids)
    return msgspec.json.decode(mail.body, type=Collected).count


async def test_the_first_mail_goes_at_once_and_the_rest_together(square: Square) -> None:
    saved = await mailed(square)

    await find(square, saved, NOON, 2)
    for minute in (1, 4, 9):
        await find(square, saved, NOON + minute * MINUTE, 3)
        await tick(square, NOON + minute * MINUTE)
    early = await sizes(square)
    await tick(square, NOON + WINDOW)
    await tick(square, NOON + WINDOW + MINUTE)

    first, second = await mails(square)
    assert early == [2]
    assert (first.next_try_at, second.next_try_at) == (NOON, NOON + WINDOW)
    assert await sizes(square) == [2, 9]
    assert msgspec.json.decode(second.body, type=Collected).count == 9
    assert not any(alert.is_waiting for alert in await square.alerts())
    assert (await square.saved(str(saved))).next_digest_at is None


async def test_after_the_window_a_mail_goes_at_once_again(square: Square) -> None:
    saved = await mailed(square)
    for minutes in (0, 10, 25):
        await find(square, saved, NOON + minutes * MINUTE)

    assert [mail.next_try_at for mail in await mails(square)] == [
        NOON + minutes * MINUTE for minutes in (0, 10, 25)
    ]


async def test_what_waits_takes_along_what_comes_late(square: Square) -> None:
    """The window is over, and the clock has not come yet: no two mails one after the other."""
    saved = await mailed(square)
    for minutes in (0, 5, 11):
        await find(square, saved, NOON + minutes * MINUTE)
    before = await sizes(square)

    await tick(square, NOON + 12 * MINUTE)
    await find(square, saved, NOON + 13 * MINUTE)

    assert before == [1]
    assert await sizes(square) == [1, 2]


async def test_each_subscription_has_its_own_window(square: Square) -> None:
    first, second = await mailed(square), await mailed(square, name="另一个")
    await find(square, first, NOON)
    await find(square, second, NOON + MINUTE)
    await find(square, first, NOON + 2 * MINUTE)

    assert sorted(str(each.subscription_id) for each in await mails(square)) == sorted(
        [str(first), str(second)]
    )


async def test_a_window_of_nothing_is_a_mail_each_time(square: Square) -> None:
    square.settings = msgspec.structs.replace(square.settings, instant_mail_minutes=0)
    saved = await mailed(square)
    for second in range(3):
        await find(square, saved, NOON + timedelta(seconds=second))

    assert await sizes(square) == [1, 1, 1]


async def test_a_night_of_quiet_hours_is_one_mail_in_the_morning(square: Square) -> None:
    saved = await mailed(square, quiet_from="22:00", quiet_until="07:00")
    night = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)
    for hour in range(6):
        await find(square, saved, night + timedelta(hours=hour))
        await tick(square, night + timedelta(hours=hour))
    asleep = await mails(square)

    await tick(square, night + timedelta(hours=8))

    assert asleep == []
    assert await sizes(square) == [6]


async def test_webhooks_go_at_once_and_are_told_once(square: Square) -> None:
    endpoint = await open_endpoint(square.client, square.seeker, "http://127.0.0.1:9/hook")
    saved = await mailed(square, channels=["inbox", "email", "webhook"], endpoint_id=endpoint)
    for minute in range(3):
        await find(square, saved, NOON + minute * MINUTE)

    await tick(square, NOON + WINDOW)

    sent = [each for each in await square.deliveries() if each.channel == "webhook"]
    assert [len(each.alert_ids) for each in sent] == [1, 1, 1]
    assert len({each.alert_ids[0] for each in sent}) == 3
    assert await sizes(square) == [1, 2]


async def test_whoever_turns_from_instant_to_daily_hears_the_rest_once(square: Square) -> None:
    """By mail with the digest; the webhook has told it already."""
    endpoint = await open_endpoint(square.client, square.seeker, "http://127.0.0.1:9/hook")
    saved = await mailed(square, channels=["inbox", "email", "webhook"], endpoint_id=endpoint)
    for _ in range(2):
        await find(square, saved, utc_now())
    answer = await square.client.patch(
        f"/api/v1/saved-searches/{saved}",
        json={"frequency": "daily"},
        headers=square.seeker.headers | {"If-Match": '"1"'},
    )
    assert answer.status_code == 200, answer.text
    await find(square, saved, utc_now())

    due = (await square.saved(str(saved))).next_digest_at
    assert due is not None
    await tick(square, due)

    found = [(each.channel, each.type, len(each.alert_ids)) for each in await square.deliveries()]
    assert sorted(found) == sorted(
        [
            ("email", "organisation.verified", 1),
            ("webhook", "organisation.verified", 1),
            ("webhook", "organisation.verified", 1),
            ("email", "digest", 2),
            ("webhook", "digest", 1),
        ]
    )


async def test_a_change_of_the_name_hurries_no_mail(square: Square) -> None:
    saved = await mailed(square)
    now = utc_now()
    for _ in range(2):
        await find(square, saved, now)

    answer = await square.client.patch(
        f"/api/v1/saved-searches/{saved}",
        json={"name": "新名称"},
        headers=square.seeker.headers | {"If-Match": '"1"'},
    )

    assert answer.status_code == 200, answer.text
    assert (await square.saved(str(saved))).next_digest_at == now + WINDOW


async def test_what_waited_while_muted_is_told_after_that(square: Square) -> None:
    saved = await mailed(square)
    for minute in range(2):
        await find(square, saved, NOON + minute * MINUTE)
    async with square.database.writing() as session:
        until = NOON + timedelta(days=3)
        await session.execute(update(Subscription).values(muted_until=until))
    await tick(square, NOON + WINDOW)
    muted = await sizes(square)

    await tick(square, until)

    assert muted == [1]
    assert await sizes(square) == [1, 1]


@pytest.mark.parametrize("frequency", ["off", "daily"])
async def test_who_changed_the_frequency_just_now_gets_no_instant_mail(
    square: Square, frequency: str
) -> None:
    """News were made of the subscription as it was a moment ago."""
    saved = await mailed(square)
    async with square.database.writing() as session:
        hearer = hearer_of(await session.get_one(Subscription, saved))
        await session.execute(
            update(Subscription)
            .values(frequency=frequency)
            .execution_options(synchronize_session=False)
        )
        news = News(
            hearer=hearer, type="organisation.verified", subject_id=new_id(), subject_version=1
        )
        await tell(session, [news], square.settings, NOON)

    assert await mails(square) == []
    assert [alert.is_waiting for alert in await square.alerts()] == [True]


async def test_of_many_at_once_one_has_the_turn(square: Square) -> None:
    saved = await mailed(square)

    await asyncio.gather(*(find(square, saved, NOON, 2) for _ in range(8)))
    await tick(square, NOON + WINDOW)

    assert sorted(await sizes(square)) == [2, 14]
    ids = [each for mail in await mails(square) for each in mail.alert_ids]
    assert len(set(ids)) == len(ids) == 16


async def test_turns_are_for_those_who_get_mails(square: Square) -> None:
    inbox = await mailed(square, channels=["inbox"])
    mail = await mailed(square)
    async with square.database.writing() as session:
        hearers = {
            hearer_of(await session.get_one(Subscription, each)): NOON for each in (inbox, mail)
        }
        first = await take_turns(session, hearers, WINDOW, NOON)
        second = await take_turns(session, hearers, WINDOW, NOON)
        none = await take_turns(session, {}, WINDOW, NOON)

    assert (first, second, none) == (set(), {mail}, set())


async def test_a_bulk_of_listings_is_two_mails(square: Square) -> None:
    """As an import of many comes: a job for each hundred of them."""
    await mailed(square)
    posted = [
        await post_listing(
            square.client, square.poster, "results", "publish", reference=f"R{place}"
        )
        for place in range(6)
    ]
    for listing in posted:
        async with square.database.writing() as session:
            await enqueue(session, TELL_OF_LISTINGS, {"kind": "result", "ids": [listing.id]})
        await square.work()

    await tick(square, utc_now() + WINDOW + MINUTE)

    ids = [each for mail in await mails(square) for each in mail.alert_ids]
    assert len(await mails(square)) == 2
    assert sorted(ids) == sorted(str(alert.id) for alert in await square.alerts())
    assert len(ids) == 6


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("quiet", [None, ("23:00", "01:30")])
async def test_whatever_comes_and_whenever_all_is_mailed_once(
    square: Square, seed: int, quiet: tuple[str, str] | None
) -> None:
    """Over a night in which New York's clocks go back; the clock's own job comes late at times."""
    chance = random.Random(seed)
    hours = {} if quiet is None else {"quiet_from": quiet[0], "quiet_until": quiet[1]}
    saved = await mailed(square, time_zone="America/New_York", **hours)
    now = datetime(2027, 11, 7, 2, 0, tzinfo=UTC)
    found = 0
    for _ in range(60):
        now += timedelta(seconds=chance.choice((1, 20, 60, 200, 700)))
        if chance.random() < 0.6:
            count = chance.randint(1, 3)
            await find(square, saved, now, count)
            found += count
        if chance.random() < 0.7:
            await tick(square, now)
    await tick(square, now + timedelta(days=1))

    sent = await mails(square)
    ids = [each for mail in sent for each in mail.alert_ids]
    async with square.database.reading() as session:
        known = {str(each) for each in await session.scalars(select(Alert.id))}
    assert sum(told_by(mail) for mail in sent) == len(known) == found
    assert len(ids) == len(set(ids))
    assert set(ids) <= known
    times = sorted(mail.next_try_at for mail in sent if mail.next_try_at is not None)
    assert all(b - a >= WINDOW for a, b in pairwise(times))
    if quiet is not None:
        for at in times:
            assert quiet_until(at, 23 * 60, 90, "America/New_York") is None
