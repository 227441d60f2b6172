"""News become alerts once, whoever tells them and however often, and messages with them."""

import asyncio
import uuid
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from market.db import Database, new_id, utc_now
from market.jobs import TELL_OF_LISTINGS, Job, JobKind, enqueue
from market.settings import Settings
from market.subscriptions.finding import Finding
from market.subscriptions.models import Alert, Delivery
from market.subscriptions.news import NEWS_AT_ONCE, Hearer, News, in_chunks
from market.subscriptions.telling import DELIVER, tell
from market.worker import Worker
from tests.market.listings.factories import post_listing
from tests.market.subscriptions.hearing import sending
from tests.market.subscriptions.square import Square


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return sending(settings)


def hearer(square: Square, **changes: Any) -> Hearer:
    user_id = square.seeker.user.id
    return Hearer(scope_id=user_id, user_id=user_id)._replace(**changes)


def news(who: Hearer, subject_id: uuid.UUID | None = None, version: int = 1) -> News:
    return News(
        hearer=who,
        type="organisation.verified",
        subject_id=subject_id or new_id(),
        subject_version=version,
    )


async def told(square: Square, *all_news: News) -> int:
    async with square.database.writing() as session:
        return await tell(session, all_news, square.settings, utc_now())


async def test_each_piece_of_news_counts_once(square: Square) -> None:
    who, subject_id = hearer(square), new_id()
    one, other = news(who, subject_id), news(who, subject_id, version=2)

    counts = [
        await told(square, one, one),
        await told(square, one, other),
        await told(square, one, other),
        await told(square),
    ]

    assert counts == [1, 1, 0, 0]
    assert len(await square.alerts()) == 2


async def test_many_who_tell_at_once_tell_once(square: Square) -> None:
    every = [news(hearer(square)) for _ in range(20)]

    counts = await asyncio.gather(*(told(square, *every) for _ in range(6)))

    assert sum(counts) == 20
    assert len(await square.alerts()) == 20


async def test_two_workers_with_one_listing_tell_once(square: Square, database: Database) -> None:
    for place in range(30):
        await square.save(name=f"检索 {place}", query={"q": "鞋底"})
    posted = await post_listing(square.client, square.poster, "results", "publish")
    async with database.writing() as session:
        for _ in range(6):
            await enqueue(session, TELL_OF_LISTINGS, {"kind": "result", "ids": [posted.id]})

    workers = [
        Worker(database, {TELL_OF_LISTINGS: JobKind(Finding(database, square.settings).handle)})
        for _ in range(3)
    ]
    await asyncio.gather(*(worker.run_until_idle() for worker in workers))

    async with database.reading() as session:
        states = set(await session.scalars(select(Job.state).where(Job.kind == TELL_OF_LISTINGS)))
    assert states == {"done"}
    assert len(await square.alerts()) == 30


async def test_messages_are_of_the_same_unit_of_work(square: Square) -> None:
    """No alert without its mail, no mail without its alert."""
    who = hearer(square, channels=("inbox", "email"))

    with suppress(KeyError):
        async with square.database.writing() as session:
            await tell(session, [news(who)], square.settings, utc_now())
            raise KeyError
    nothing = [await square.alerts(), await square.deliveries()]
    await told(square, news(who))

    assert nothing == [[], []]
    assert (len(await square.alerts()), len(await square.deliveries())) == (1, 1)


@pytest.mark.parametrize(
    ("changes", "sent", "waits"),
    [
        ({}, [], False),
        ({"channels": ("email",)}, ["email"], False),
        ({"channels": ("email", "inbox"), "frequency": "daily"}, [], True),
        ({"channels": ("inbox",), "frequency": "daily"}, [], False),
        ({"channels": ("webhook",)}, [], False),
        ({"channels": ("email",), "muted_until": utc_now() + timedelta(days=1)}, [], False),
        ({"channels": ("email",), "muted_until": utc_now() - timedelta(days=1)}, ["email"], False),
    ],
)
async def test_what_goes_out_at_once_and_what_waits(
    square: Square, changes: dict[str, Any], sent: list[str], *, waits: bool
) -> None:
    await told(square, news(hearer(square, **changes)))

    (alert,) = await square.alerts()
    assert [each.channel for each in await square.deliveries()] == sent
    assert alert.is_waiting is waits
    assert alert.in_inbox is ("inbox" in changes.get("channels", ("inbox",)))


async def test_one_mail_tells_all_that_was_found_together(square: Square) -> None:
    who = hearer(square, channels=("email",))

    await told(square, *(news(who) for _ in range(5)))

    (mail,) = await square.deliveries()
    assert sorted(mail.alert_ids) == sorted(str(alert.id) for alert in await square.alerts())


async def test_each_message_has_one_job_of_its_own(square: Square, database: Database) -> None:
    who = hearer(square, channels=("email",))
    await told(square, news(who))
    await told(square, news(who))

    async with database.reading() as session:
        jobs = (await session.scalars(select(Job).where(Job.kind.in_(DELIVER.values())))).all()
        deliveries = (await session.scalars(select(Delivery))).all()
    assert {job.payload["id"] for job in jobs} == {str(each.id) for each in deliveries}
    assert {job.payload["try"] for job in jobs} == {1}


def test_chunks_hold_all_and_never_more_than_one_unit_of_work_takes() -> None:
    who = [Hearer(scope_id=new_id(), user_id=new_id()) for _ in range(3)]
    every = [news(who[place % 3]) for place in range(2 * NEWS_AT_ONCE + 7)]

    chunks = in_chunks(every)

    assert [len(chunk) for chunk in chunks] == [NEWS_AT_ONCE, NEWS_AT_ONCE, 7]
    assert sorted(each.key for chunk in chunks for each in chunk) == sorted(e.key for e in every)
    assert in_chunks([]) == []


async def test_rows_of_alerts_name_whom_and_what(square: Square) -> None:
    who = hearer(square)
    piece = news(who)._replace(reasons={"words": ["鞋底"]})
    await told(square, piece)

    (alert,) = await square.alerts()
    kept = {name: getattr(alert, name) for name in ("user_id", "type", "subject_id", "reasons")}
    assert kept == {
        "user_id": square.seeker.user.id,
        "type": "organisation.verified",
        "subject_id": piece.subject_id,
        "reasons": {"words": ["鞋底"]},
    }
    assert isinstance(alert, Alert)
