"""Mails of one's own matters: in both languages, with times where the fair is."""

from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest
import pytest_asyncio
from sqlalchemy import update

from market.accounts.models import User
from market.db import Database, utc_now
from market.fairs.models import Fair
from market.fairs.notices import tell as notice
from market.jobs import TELL_OF_NOTICES, TELL_OF_VERIFICATION, JobKind, enqueue
from market.settings import Settings
from market.subscriptions.digests import send_due
from market.subscriptions.mailing import Mailing
from market.subscriptions.telling import DELIVER_MAIL
from market.worker import Worker
from schemas.vocab import Lang
from tests.market.accounts.factories import Account, make_account
from tests.market.fairs.factories import API
from tests.market.fairs.rows import Hall, make_hall
from tests.market.subscriptions.hearing import deliveries, follow_own, have_told
from tests.market.subscriptions.mailbox import Mailbox, html_of, receiving_mail, text_of
from tests.market.subscriptions.square import Square


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
    )


async def send(square: Square, settings: Settings, *, after_s: float = 1) -> None:
    """What is due by then goes out, what collected until then with it."""
    now = utc_now() + timedelta(seconds=after_s)
    async with square.database.writing() as session:
        await send_due(session, settings, now)
    mailing = Mailing(square.database, settings, clock=lambda: now)
    kinds = {DELIVER_MAIL: JobKind(mailing.handle, batch=10, patient_batch=10)}
    await Worker(square.database, kinds, clock=lambda: now).run_until_idle()


async def hold(square: Square, database: Database) -> tuple[Account, Hall]:
    organizer = await make_account(database, "organizer", name="泉州科技局")
    hall = await make_hall(database, organizer, [square.poster, square.seeker], venue="会展中心")
    return organizer, hall


async def book(square: Square, organizer: Account, hall: Hall, slot: int = 0) -> None:
    answer = await square.client.post(
        f"{API}/fairs/{hall.fair.id}/meetings", json=hall.form(slot=slot), headers=organizer.headers
    )
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_a_mail_of_a_meeting(
    square: Square, database: Database, settings: Settings, mailbox: Mailbox, lang: Lang
) -> None:
    settings = msgspec.structs.replace(settings, lang=lang)
    await follow_own(square.client, square.seeker, channels=["email"], name="对接会")
    organizer, hall = await hold(square, database)
    await book(square, organizer, hall)
    await have_told(database, settings, TELL_OF_NOTICES)

    await send(square, settings)

    (mail,) = mailbox.mails
    zh = "新增：2027-06-18 09:00–09:20 (Asia/Shanghai)，1号馆 A-01，刺桐大学"
    en = "new: 2027-06-18 09:00–09:20 (Asia/Shanghai), 1号馆 A-01, 刺桐大学"
    titles = "您的对接有变化：科技成果面对面", "Meetings of yours changed: 科技成果面对面"
    first = 0 if lang == "zh" else 1
    why = ("因为订阅了本单位动态“对接会”", "own matters: “对接会”")[first]
    for part in (text_of(mail), html_of(mail)):
        assert " · ".join((zh, en)[:: 1 - 2 * first]) in part
        assert " · ".join(titles[:: 1 - 2 * first]) in part
        assert f"http://127.0.0.1:8000/api/v1/fairs/{hall.fair.id}" in part
        assert why in part
    assert mail["To"] == square.seeker.user.email
    assert titles[first] in mail["Subject"]


async def test_many_changes_within_the_window_are_two_mails(
    square: Square, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    await follow_own(square.client, square.seeker, channels=["email"])
    organizer, hall = await hold(square, database)
    async with database.writing() as session:
        fair = await session.get_one(Fair, hall.fair.id)
        whom = [hall.registrations[1].organisation_id]
        await notice(session, fair, whom, "agenda_withdrawn", {}, utc_now())
    await have_told(database, settings, TELL_OF_NOTICES)
    await book(square, organizer, hall)
    await have_told(database, settings, TELL_OF_NOTICES)
    async with database.writing() as session:
        await enqueue(session, TELL_OF_VERIFICATION, {"id": str(whom[0])})
    await have_told(database, settings, TELL_OF_VERIFICATION)

    await send(square, settings)
    early = len(mailbox.mails)
    await send(square, settings, after_s=601)

    first, second = mailbox.mails
    assert early == 1
    assert "对接日程正在重排" in str(first["Subject"])
    assert second["Subject"] == "本单位：2 条新内容"
    assert "您的单位已通过核验 · Your organisation was verified" in text_of(second)
    assert "http://127.0.0.1:8000/api/v1/alerts" in text_of(second)
    assert "您的对接有变化" in text_of(second)


async def test_whoever_moved_on_gets_no_mail_of_it(
    square: Square, database: Database, settings: Settings, mailbox: Mailbox
) -> None:
    await follow_own(square.client, square.seeker, channels=["email"])
    organizer, hall = await hold(square, database)
    await book(square, organizer, hall)
    await have_told(database, settings, TELL_OF_NOTICES)
    other = await make_account(database, "enterprise")
    async with database.writing() as session:
        mine = User.id == square.seeker.user.id
        await session.execute(
            update(User).where(mine).values(organisation_id=other.user.organisation_id)
        )

    await send(square, settings)

    assert mailbox.mails == []
    assert [each.state for each in await deliveries(database)] == ["cancelled"]
