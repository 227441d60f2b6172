"""Notices of fairs reach people: by the channels that each chose, together, and once."""

import asyncio
import uuid
from contextlib import suppress
from typing import Any, get_args

import httpx
import msgspec
import pytest
from sqlalchemy import func, select, update

from market.claiming import claim
from market.db import Database, new_id, utc_now
from market.fairs import notice_news
from market.fairs.models import Fair, FairNotice
from market.fairs.notices import tell
from market.indexing.engines import Indexes
from market.jobs import TELL_OF_NOTICES, Job, LeaseLost
from market.settings import Settings
from market.subscriptions.models import Alert, Delivery
from market.work import all_kinds
from market.worker import Worker
from schemas.fair_meetings import NoticeKind
from tests.market.accounts.factories import Account, make_account
from tests.market.fairs.factories import admit, hold_fair, register
from tests.market.fairs.rows import Hall, fair_row, make_hall
from tests.market.subscriptions.hearing import (
    API,
    alerts_of,
    deliveries,
    follow_own,
    have_told,
    open_endpoint,
    sending,
    titles_of,
    unfinished,
)

NAME = "科技成果面对面"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return sending(settings)


class Scene(msgspec.Struct):
    """A published fair of an organizer with an institute and an enterprise."""

    client: httpx.AsyncClient
    database: Database
    settings: Settings
    hall: Hall
    organizer: Account
    institute: Account
    enterprise: Account

    @property
    def url(self) -> str:
        return f"{API}/fairs/{self.hall.fair.id}"

    async def work(self) -> None:
        await have_told(self.database, self.settings, TELL_OF_NOTICES)

    async def book(self, slot: int = 0, table: int = 0) -> dict[str, Any]:
        answer = await self.client.post(
            f"{self.url}/meetings",
            json=self.hall.form(slot=slot, table=table),
            headers=self.organizer.headers,
        )
        assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json()
        return body | {"etag": answer.headers["etag"]}

    async def move(self, meeting: dict[str, Any], slot: int) -> None:
        answer = await self.client.patch(
            f"{self.url}/meetings/{meeting['id']}",
            json={"slot_id": str(self.hall.slots[slot].id)},
            headers=self.organizer.headers | {"If-Match": meeting["etag"]},
        )
        assert answer.status_code == 200, answer.text

    async def cancel(self, meeting: dict[str, Any], reason: str = "") -> None:
        answer = await self.client.post(
            f"{self.url}/meetings/{meeting['id']}/cancel",
            json={"reason": reason},
            headers=self.organizer.headers,
        )
        assert answer.status_code == 200, answer.text

    async def tell(self, kind: NoticeKind, *people: Account, **payload: Any) -> None:
        """A notice as other parts of the area give it."""
        async with self.database.writing() as session:
            fair = await session.get_one(Fair, self.hall.fair.id)
            organisations = [_organisation(each) for each in people]
            await tell(session, fair, organisations, kind, payload, utc_now())


def _organisation(account: Account) -> uuid.UUID:
    assert account.organisation is not None
    return account.organisation.id


@pytest.fixture
async def scene(client: httpx.AsyncClient, database: Database, settings: Settings) -> Scene:
    people = [
        await make_account(database, kind, name=name)
        for kind, name in (
            ("organizer", "泉州科技局"),
            ("institute", "刺桐大学"),
            ("enterprise", "晋江某鞋业"),
        )
    ]
    hall = await make_hall(database, people[0], people[1:], venue="会展中心")
    return Scene(client, database, settings, hall, *people)


async def test_both_sides_hear_of_a_meeting_and_nobody_else(scene: Scene) -> None:
    colleague = await make_account(scene.database, organisation=scene.institute.organisation)
    meeting = await scene.book()

    await scene.work()

    (alert,) = await alerts_of(scene.client, scene.institute)
    shown = ("type", "title", "reasons", "fair_id", "order_id", "listing", "saved_search")
    assert {name: alert[name] for name in shown} == {
        "type": "fair.meetings_changed",
        "title": f"您的对接有变化：{NAME}",
        "reasons": ["新增：2027-06-18 09:00–09:20 (Asia/Shanghai)，1号馆 A-01，晋江某鞋业"],
        "fair_id": meeting["fair_id"],
        "order_id": None,
        "listing": None,
        "saved_search": None,
    }
    (theirs,) = await alerts_of(scene.client, scene.enterprise)
    assert theirs["reasons"] == [
        "新增：2027-06-18 09:00–09:20 (Asia/Shanghai)，1号馆 A-01，刺桐大学"
    ]
    assert len(await alerts_of(scene.client, colleague)) == 1
    assert await alerts_of(scene.client, scene.organizer) == []


async def test_the_inbox_reads_in_english_too(scene: Scene) -> None:
    await scene.book()
    await scene.work()

    headers = scene.institute.headers | {"Accept-Language": "en"}
    (alert,) = (await scene.client.get(f"{API}/alerts", headers=headers)).json()["items"]

    assert (alert["title"], alert["reasons"]) == (
        f"Meetings of yours changed: {NAME}",
        ["new: 2027-06-18 09:00–09:20 (Asia/Shanghai), 1号馆 A-01, 晋江某鞋业"],
    )


async def test_what_changes_together_is_one_message_with_the_last_word_on_each(
    scene: Scene,
) -> None:
    first, second = await scene.book(0), None
    async with scene.database.writing() as session:
        await session.execute(update(FairNotice).values(told_at=utc_now()))
    await scene.move(first, 2)
    await scene.cancel(first, "展位调整")
    second = await scene.book(1)

    await scene.work()

    (alert,) = await alerts_of(scene.client, scene.institute)
    assert alert["reasons"] == [
        "新增：2027-06-18 09:20–09:40 (Asia/Shanghai)，1号馆 A-01，晋江某鞋业",
        "取消：2027-06-18 09:40–10:00 (Asia/Shanghai)，1号馆 A-01，晋江某鞋业（展位调整）",
    ]
    async with scene.database.reading() as session:
        facts = (await session.scalars(select(Alert.reasons))).first()
    assert facts is not None
    assert facts["meetings"] == [
        {"meeting_id": first["id"], "change": "cancelled"},
        {"meeting_id": second["id"], "change": "added"},
    ]


async def test_one_unit_of_work_asks_for_one_job(scene: Scene) -> None:
    async with scene.database.writing() as session:
        fair = await session.get_one(Fair, scene.hall.fair.id)
        for _ in range(5):
            whom = [_organisation(scene.institute), _organisation(scene.enterprise)]
            await tell(session, fair, whom, "agenda_withdrawn", {}, utc_now())
        await tell(session, fair, [], "agenda_withdrawn", {}, utc_now())

    assert await unfinished(scene.database, TELL_OF_NOTICES) == 1


async def test_nobody_hears_of_what_was_taken_back(scene: Scene) -> None:
    with suppress(KeyError):
        async with scene.database.writing() as session:
            fair = await session.get_one(Fair, scene.hall.fair.id)
            whom = [_organisation(scene.institute)]
            await tell(session, fair, whom, "agenda_withdrawn", {}, utc_now())
            raise KeyError

    await scene.work()

    assert await unfinished(scene.database, TELL_OF_NOTICES) == 0
    assert await alerts_of(scene.client, scene.institute) == []


async def test_the_publication_of_an_agenda_is_one_message_an_organisation(
    client: httpx.AsyncClient, database: Database, settings: Settings, indexes: Indexes
) -> None:
    fair = await hold_fair(client, database, "open")
    guests = [await admit(fair, database, kind) for kind in ("institute", "enterprise", "investor")]
    await follow_own(client, guests[0].account, channels=["email", "inbox"])
    kinds = all_kinds(settings, database, indexes)
    for kind in ("subscriptions.mail", "subscriptions.webhook"):
        del kinds[kind]
    worker = Worker(database, kinds)
    await worker.run_until_idle()
    await fair.move("match")
    ordered = await fair.post("plans")
    await worker.run_until_idle()
    plan = (await fair.get(f"plans/{ordered.json()['id']}")).json()
    headers = fair.organizer.headers | {"If-Match": f'"{plan["version"]}"'}

    published = await client.post(f"{fair.url}/plans/{plan['id']}/publish", headers=headers)
    await worker.run_until_idle()

    assert published.status_code == 200, published.text
    (meeting,) = (await fair.get("agenda", guests[0].account)).json()["items"]
    told = [await alerts_of(client, guest.account) for guest in guests]
    types = ["fair.registration_changed", "fair.agenda_published"]
    assert [[each["type"] for each in some] for some in told] == [types] * 3
    name, organisation = fair.body["name"], guests[1].account.organisation
    assert organisation is not None
    agenda = told[0][-1]
    assert agenda["title"] == f"对接日程已公布：{name}"
    assert agenda["reasons"][:3] == [
        "时间：2027-06-18 09:00–10:50 (Asia/Shanghai)",
        "地点：晋江国际会展中心，晋江市世纪大道",
        "共 1 场对接",
    ]
    assert agenda["reasons"][3].startswith("首场：2027-06-18 ")
    assert agenda["reasons"][3].endswith(f"{meeting['table']}，{organisation.name}")
    assert told[2][-1]["reasons"][2:] == ["目前没有安排给您的对接"]
    # The plan itself is for the organizer.
    assert await titles_of(client, fair.organizer) == [
        ("fair.plan_finished", f"排程已完成，请查看：{name}")
    ]
    mails = [each.type for each in await deliveries(database)]
    assert mails == ["fair.registration_changed"]


async def test_a_registration_from_its_coming_in_to_its_withdrawal(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    fair = await hold_fair(client, database, "open", needs_approval=True, quotas={"institute": 1})
    account = await make_account(database, "institute", name="刺桐大学")
    other = await make_account(database, "institute", name="海峡大学")
    registered = await register(fair, account)
    one = f"{fair.url}/registrations/{registered.json()['id']}"
    second = f"{fair.url}/registrations/{(await register(fair, other)).json()['id']}"

    async def ask(url: str, action: str, who: Account) -> None:
        etag = (await client.get(url, headers=who.headers)).headers["etag"]
        headers = who.headers | {"If-Match": etag}
        answer = await client.post(f"{url}/{action}", headers=headers)
        assert answer.status_code == 200, answer.text

    for url, action, who in (
        (one, "approve", fair.organizer),
        (second, "approve", fair.organizer),
        (second, "reject", fair.organizer),
        (one, "withdraw", account),
    ):
        await ask(url, action, who)
        await have_told(database, settings, TELL_OF_NOTICES)

    name = fair.body["name"]
    kind = "fair.registration_changed"
    assert await titles_of(client, account) == [(kind, f"报名已通过：{name}")]
    assert await titles_of(client, other) == [
        (kind, f"报名已进入候补：{name}"),
        (kind, f"报名未通过：{name}"),
    ]
    assert await titles_of(client, fair.organizer) == [
        (kind, f"新的报名待审核：{name}"),
        (kind, f"新的报名待审核：{name}"),
        (kind, f"报名已退出：{name}"),
    ]
    reasons = [each["reasons"][0] for each in await alerts_of(client, fair.organizer)]
    assert reasons == ["单位：刺桐大学", "单位：海峡大学", "单位：刺桐大学"]
    # Nobody is told their own name.
    assert "刺桐大学" not in str(await alerts_of(client, account))


async def test_own_subscriptions_choose_the_channels(scene: Scene) -> None:
    endpoint_id = await open_endpoint(scene.client, scene.institute, "http://127.0.0.1:9/hook")
    saved = await follow_own(
        scene.client,
        scene.institute,
        channels=["webhook", "email"],
        endpoint_id=endpoint_id,
    )
    meeting = await scene.book()

    await scene.work()

    found = {each.channel: each for each in await deliveries(scene.database)}
    (alert_id,) = found["email"].alert_ids
    event = msgspec.json.decode(found["webhook"].body)
    assert event.pop("timestamp")
    assert event == {
        "type": "fair.meetings_changed",
        "data": {
            "alert_id": alert_id,
            "saved_search_id": saved["id"],
            "url": f"http://127.0.0.1:8000/api/v1/fairs/{meeting['fair_id']}",
            "fair_id": meeting["fair_id"],
            "meetings": [{"meeting_id": meeting["id"], "change": "added"}],
        },
    }
    # Not in the inbox, as asked; of the enterprise nobody asked, so there it is.
    assert await alerts_of(scene.client, scene.institute) == []
    assert len(await alerts_of(scene.client, scene.enterprise)) == 1
    assert len(found) == 2


async def test_whoever_turned_it_off_or_collects_hears_no_mail(scene: Scene) -> None:
    await follow_own(scene.client, scene.institute, frequency="off", channels=["email"])
    await follow_own(scene.client, scene.enterprise, frequency="daily", channels=["email", "inbox"])
    await scene.book()

    await scene.work()

    assert await deliveries(scene.database) == []
    assert await alerts_of(scene.client, scene.institute) == []
    assert len(await alerts_of(scene.client, scene.enterprise)) == 1
    async with scene.database.reading() as session:
        assert list(await session.scalars(select(Alert.is_waiting))) == [True]


@pytest.mark.parametrize(
    ("kind", "payload", "told"),
    [
        ("plan_ready", {"plan_id": "p"}, ("fair.plan_finished", "排程已完成，请查看")),
        ("plan_failed", {"plan_id": "p"}, ("fair.plan_finished", "排程未成功")),
        ("improvement_ready", {"plan_id": "p"}, ("fair.plan_finished", "找到更好的日程，请确认")),
        ("agenda_withdrawn", {}, ("fair.agenda_withdrawn", "对接日程正在重排")),
        ("agenda_published", {"plan_id": "p"}, ("fair.agenda_published", "对接日程已公布")),
        ("meeting_no_show", {"meeting_id": "m"}, ("fair.meetings_changed", "您的对接有变化")),
    ],
)
async def test_each_kind_becomes_an_event_whose_webhook_can_be_written(
    scene: Scene, kind: NoticeKind, payload: dict[str, str], told: tuple[str, str]
) -> None:
    endpoint_id = await open_endpoint(scene.client, scene.institute, "http://127.0.0.1:9/hook")
    await follow_own(
        scene.client, scene.institute, channels=["webhook", "inbox"], endpoint_id=endpoint_id
    )
    await scene.tell(kind, scene.institute, **{name: str(new_id()) for name in payload})

    await scene.work()

    assert await titles_of(scene.client, scene.institute) == [(told[0], f"{told[1]}：{NAME}")]
    (sent,) = await deliveries(scene.database)
    body = msgspec.json.decode(sent.body)
    assert body["type"] == told[0]
    assert body["data"]["fair_id"] == str(scene.hall.fair.id)


def test_every_kind_of_notice_has_its_event() -> None:
    known = {
        *notice_news._MEETINGS,
        *notice_news._REGISTRATIONS,
        *notice_news._PLANS,
        *notice_news._AGENDAS,
    }

    assert known == set(get_args(NoticeKind))


async def test_before_an_agenda_is_published_nobody_is_told_with_whom_they_meet(
    scene: Scene,
) -> None:
    meeting = await scene.book()
    async with scene.database.writing() as session:
        await session.execute(update(Fair).values(status="matching"))
    await scene.tell("agenda_published", scene.institute)

    await scene.work()

    told = str(await alerts_of(scene.client, scene.institute))
    assert "晋江某鞋业" not in told
    assert "首场" not in told
    assert meeting["table"] not in told


async def test_who_moved_to_another_organisation_reads_nothing_of_it(scene: Scene) -> None:
    await scene.book()
    await scene.work()
    elsewhere = await make_account(scene.database, "institute")
    async with scene.database.writing() as session:
        user = await session.get_one(type(scene.institute.user), scene.institute.user.id)
        user.organisation_id = _organisation(elsewhere)

    (alert,) = await alerts_of(scene.client, scene.institute)

    assert (alert["title"], alert["reasons"], alert["fair_id"]) == ("您的对接有变化", [], None)


async def test_many_workers_tell_everybody_once(scene: Scene) -> None:
    """More organisations than a unit of work takes, a job for each of six changes."""
    guests = [
        await make_account(scene.database, "institute")
        for _ in range(notice_news._ORGANISATIONS_AT_ONCE + 5)
    ]
    for _ in range(6):
        await scene.tell("agenda_withdrawn", *guests)

    await asyncio.gather(*(scene.work() for _ in range(3)))

    async with scene.database.reading() as session:
        told = await session.execute(select(Alert.user_id, func.count()).group_by(Alert.user_id))
        untold = await session.scalars(select(FairNotice.id).where(FairNotice.told_at.is_(None)))
        assert {row[0]: row[1] for row in told} == {guest.user.id: 6 for guest in guests}
        assert untold.all() == []


async def test_a_job_that_runs_again_tells_nothing_again(scene: Scene) -> None:
    await scene.book()
    await scene.work()
    async with scene.database.writing() as session:
        await session.execute(
            update(Job).where(Job.kind == TELL_OF_NOTICES).values(state="queued", attempts=0)
        )
        before = await session.scalar(select(func.count()).select_from(Alert))

    await scene.work()

    async with scene.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Alert)) == before == 2
        assert await session.scalar(select(func.count()).select_from(Delivery)) == 0


async def test_a_worker_that_lost_its_lease_has_told_and_the_next_one_does_not(
    scene: Scene,
) -> None:
    await scene.book()
    async with scene.database.writing() as session:
        jobs = await claim(session, [TELL_OF_NOTICES], limit=5, lease_s=60)
        await session.execute(update(Job).values(lease=new_id()))

    with pytest.raises(LeaseLost):
        await notice_news.tell_of_notices(scene.database, scene.settings, jobs)
    async with scene.database.writing() as session:
        await session.execute(update(Job).values(state="queued", lease=None))
    await scene.work()

    assert len(await alerts_of(scene.client, scene.institute)) == 1
    assert len(await alerts_of(scene.client, scene.enterprise)) == 1


async def test_a_fair_that_is_gone_is_no_failure(scene: Scene) -> None:
    organizer = await make_account(scene.database, "organizer")
    async with scene.database.writing() as session:
        fair = fair_row(organizer)
        session.add(fair)
        await session.flush()
        whom = [_organisation(scene.institute)]
        await tell(session, fair, whom, "agenda_withdrawn", {}, utc_now())
        await session.delete(fair)
        await session.flush()

    await scene.work()

    assert await unfinished(scene.database, TELL_OF_NOTICES) == 0
    assert await alerts_of(scene.client, scene.institute) == []


async def test_the_notices_of_the_organisation_stay_as_they_were(scene: Scene) -> None:
    await scene.book()
    await scene.work()

    answer = await scene.client.get(f"{API}/my/fair-notices", headers=scene.institute.headers)

    (notice,) = answer.json()["items"]
    assert (notice["kind"], notice["read_at"]) == ("meeting_added", None)
    assert set(notice) == {"id", "fair_id", "kind", "payload", "created_at", "read_at"}
