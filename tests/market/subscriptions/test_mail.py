"""Mails to a real server on this machine: what they say, and what becomes of refusals."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from litestar import Litestar
from sqlalchemy import select, update

from market.accounts.models import User
from market.app import open_for
from market.db import Database, utc_now
from market.indexing.engines import Indexes
from market.jobs import JobKind
from market.settings import Settings
from market.subscriptions.mail import Item, Letter, composed
from market.subscriptions.mailing import Mailing
from market.subscriptions.models import Delivery, DeliveryAttempt, Subscription
from market.subscriptions.schedule import RETRIES_AFTER
from market.subscriptions.telling import DELIVER_MAIL
from market.worker import Worker
from tests.market.listings.factories import move, post_listing
from tests.market.subscriptions.mailbox import Mailbox, html_of, receiving_mail, text_of
from tests.market.subscriptions.square import Square

TITLE = "高湿摩擦系数橡胶鞋底材料"
MAILED: dict[str, Any] = {"channels": ["inbox", "email"]}


@pytest_asyncio.fixture(loop_scope="session")
async def mailbox() -> AsyncIterator[Mailbox]:
    async with receiving_mail() as mailbox:
        yield mailbox


@pytest.fixture
def settings(settings: Settings, mailbox: Mailbox) -> Settings:
    return msgspec.structs.replace(
        settings,
        smtp_host="127.0.0.1",
        smtp_port=mailbox.port,
        smtp_security="none",
        smtp_sender="对接 <no-reply@duijie.example>",
        mails_per_organisation_day=3,
        instant_mail_minutes=0,
    )


async def send(square: Square, *, at: datetime | None = None) -> None:
    """What is due by this time goes out."""
    now = at or utc_now() + timedelta(seconds=1)
    mailing = Mailing(square.database, square.settings, clock=lambda: now)
    kinds = {DELIVER_MAIL: JobKind(mailing.handle, batch=10, patient_batch=10)}
    await Worker(square.database, kinds, clock=lambda: now).run_until_idle()


async def only(square: Square) -> Delivery:
    (delivery,) = await square.deliveries()
    return delivery


async def test_a_mail_says_what_was_found_why_and_how_to_stop(
    square: Square, mailbox: Mailbox
) -> None:
    saved = await square.save(**MAILED)
    posted = await square.post()

    await send(square)

    (mail,) = mailbox.mails
    stop = f"http://127.0.0.1:8000/api/v1/stop/{(await square.saved(saved['id'])).stop_token}"
    delivery = await only(square)
    assert mail["To"] == square.seeker.user.email
    assert mail["Subject"] == f"鞋底材料：{TITLE}"
    assert mail["Message-ID"] == f"<{delivery.id.hex}@duijie.example>"
    assert mail["List-Unsubscribe"] == f"<{stop}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for part in (text_of(mail), html_of(mail)):
        assert TITLE in part
        assert "检索词：鞋底、湿摩擦系数" in part
        assert "刺桐大学" in part
        assert f"/api/v1/results/{posted.id}" in part
        assert stop in part
    assert (delivery.state, delivery.attempts) == ("delivered", 1)


async def test_what_others_write_does_no_harm_in_a_mail() -> None:
    letter = Letter(
        to="a@example.cn",
        message_id="m1",
        name="<i>名\u2028称",
        items=[Item("<script>标题\n\nBcc: x", "甲&乙", ["<b>"], "https://e.cn/?a=1&b=2")],
        count=1,
        stop_url="https://e.cn/s",
        sent_at=utc_now(),
        lang="zh",
    )

    mail = composed(letter, "bot@example.cn")

    assert "\n" not in str(mail["Subject"])
    assert mail["Bcc"] is None
    assert "<script>" not in html_of(mail)
    assert "<i>" not in html_of(mail)
    assert "a=1&amp;b=2" in html_of(mail)


@pytest.mark.parametrize("where", ["data", "recipient"])
async def test_what_the_server_puts_off_is_tried_again_under_the_same_id(
    square: Square, mailbox: Mailbox, where: str
) -> None:
    answer = "451 4.7.1 greylisted"
    (mailbox.answers if where == "data" else mailbox.refused_recipients).append(answer)
    await square.save(**MAILED)
    await square.post()
    first_at = utc_now() + timedelta(seconds=1)
    await send(square, at=first_at)
    waiting = await only(square)

    await send(square, at=first_at + RETRIES_AFTER[0])

    (mail,) = mailbox.mails
    delivery = await only(square)
    assert (waiting.state, waiting.error) == ("waiting", "451 4.7.1 greylisted")
    assert (delivery.state, delivery.attempts) == ("delivered", 2)
    assert mail["Message-ID"] == f"<{delivery.id.hex}@duijie.example>"


async def test_what_the_server_refuses_is_dead(
    square: Square, mailbox: Mailbox, database: Database
) -> None:
    mailbox.refused_recipients.append("550 5.1.1 no such user")
    await square.save(**MAILED)
    await square.post()

    await send(square)

    delivery = await only(square)
    async with database.reading() as session:
        tried = (await session.scalars(select(DeliveryAttempt))).one()
    assert (delivery.state, delivery.attempts) == ("dead", 1)
    assert (tried.status, tried.answer) == (550, "5.1.1 no such user")
    assert mailbox.mails == []


async def test_a_server_that_is_away_is_tried_again(
    square: Square, settings: Settings, mailbox: Mailbox
) -> None:
    await square.save(**MAILED)
    await square.post()
    square.settings = msgspec.structs.replace(settings, smtp_port=9)

    await send(square)

    delivery = await only(square)
    assert (delivery.state, delivery.attempts) == ("waiting", 1)
    assert delivery.error.startswith("SMTPConnect")
    assert mailbox.mails == []


@pytest.mark.parametrize("why", ["stopped", "deleted", "disabled", "withdrawn"])
async def test_what_is_not_wanted_any_more_is_not_sent(
    square: Square, mailbox: Mailbox, database: Database, why: str
) -> None:
    saved = await square.save(**MAILED)
    posted = await square.post()
    async with database.writing() as session:
        if why == "stopped":
            await session.execute(update(Subscription).values(frequency="off"))
        if why == "disabled":
            mine = User.id == square.seeker.user.id
            await session.execute(update(User).where(mine).values(disabled_at=utc_now()))
    if why == "deleted":
        url = f"/api/v1/saved-searches/{saved['id']}"
        await square.client.delete(url, headers=square.seeker.headers)
    if why == "withdrawn":
        await move(square.client, square.poster, posted, "withdraw")

    await send(square)

    assert mailbox.mails == []
    assert (await only(square)).state == "cancelled"


async def test_one_look_at_many_listings_is_one_mail(square: Square, mailbox: Mailbox) -> None:
    await square.save(query={"q": "鞋底"}, **MAILED)
    for place in range(3):
        named = {"title": f"鞋底{place}", "reference": f"R{place}"}
        await post_listing(square.client, square.poster, "results", "publish", **named)

    await square.work()
    await send(square)

    assert [mail["Subject"] for mail in mailbox.mails] == ["鞋底材料：3 条新内容"]


async def test_mails_beyond_the_limit_of_the_day_wait_for_the_next(
    square: Square, mailbox: Mailbox
) -> None:
    await square.save(query={"q": "鞋底"}, **MAILED)
    for place in range(5):
        await square.post(reference=f"R{place}", title=f"鞋底{place}")
    now = utc_now() + timedelta(seconds=1)
    await send(square, at=now)
    today = len(mailbox.mails)
    notices = [each for each in await square.told() if each[0] == "mail.limited"]

    await send(square, at=now + timedelta(days=1, minutes=10))

    assert (today, len(mailbox.mails)) == (3, 5)
    assert notices == [("mail.limited", "今日邮件已达上限")]


async def test_no_mails_are_promised_where_none_are_sent(
    square: Square, app: Litestar, database: Database, indexes: Indexes, settings: Settings
) -> None:
    open_for(app, msgspec.structs.replace(settings, smtp_host=""), database, indexes)

    answer = await square.try_to_save(**MAILED)

    assert answer.status_code == 422
