"""The day itself: badges, check-ins in any order, who did not come, and what is filled then."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import select

from market.db import Database, new_id, utc_now
from market.fairs.booking import Booking, book
from market.fairs.holding import FILL
from market.fairs.meeting_models import FairCheckIn, FairMeeting
from market.fairs.models import FairDelegate
from market.fairs.no_shows import WATCH, watch_fair
from market.indexing.engines import Indexes
from market.jobs import Job, enqueue
from market.settings import Settings
from market.work import all_kinds
from market.worker import Worker
from tests.market.accounts.factories import Account, make_account, places, rows, told
from tests.market.fairs.factories import API
from tests.market.fairs.rows import Hall, make_hall

# 9:00 in the fair's time zone.
BEGINS = datetime(2027, 6, 18, 1, 0, tzinfo=UTC)


class Gate(msgspec.Struct):
    """A running fair with a meeting, and one delegate for each side."""

    client: httpx.AsyncClient
    database: Database
    hall: Hall
    organizer: Account
    guests: list[Account]
    delegates: list[FairDelegate]
    meeting: FairMeeting

    @property
    def url(self) -> str:
        return f"{API}/fairs/{self.hall.fair.id}"

    async def badge(self, place: int, who: Account | None = None) -> httpx.Response:
        registration = self.hall.registrations[place].id
        path = f"registrations/{registration}/delegates/{self.delegates[place].id}/badge"
        headers = (who or self.guests[place]).headers
        return await self.client.get(f"{self.url}/{path}", headers=headers)

    async def scan(self, *scans: dict[str, Any]) -> list[dict[str, Any]]:
        answer = await self.client.post(
            f"{self.url}/check-ins", json={"scans": scans}, headers=self.organizer.headers
        )
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def comes(self, place: int, minutes: int = -30) -> None:
        """The delegate of this side comes so long after the beginning."""
        at = (BEGINS + timedelta(minutes=minutes)).isoformat()
        delegate_id = str(self.delegates[place].id)
        (answer,) = await self.scan({"delegate_id": delegate_id, "scanned_at": at})
        assert answer["result"] == "checked_in"

    async def watch(self, minutes: int) -> None:
        """Look after the fair so long after its beginning."""
        async with self.database.writing() as session:
            await watch_fair(session, self.hall.fair.id, BEGINS + timedelta(minutes=minutes))

    async def state(self) -> tuple[str, list[str]]:
        async with self.database.reading() as session:
            meeting = await session.get_one(FairMeeting, self.meeting.id)
        return meeting.state, meeting.absent

    async def jobs(self, kind: str) -> int:
        async with self.database.reading() as session:
            return len((await session.scalars(select(Job).where(Job.kind == kind))).all())


@pytest.fixture
async def gate(client: httpx.AsyncClient, database: Database) -> Gate:
    organizer = await make_account(database, "organizer")
    guests = [
        await make_account(database, kind, name=f"某{kind}") for kind in ("institute", "enterprise")
    ]
    hall = await make_hall(database, organizer, guests, status="running")
    delegates = [
        FairDelegate(id=new_id(), registration_id=registration.id, name=name, created_at=utc_now())
        for registration, name in zip(hall.registrations, ("林工", "许厂长"), strict=True)
    ]
    async with database.writing() as session:
        session.add_all(delegates)
        booking = Booking(
            first_id=hall.registrations[0].id,
            second_id=hall.registrations[1].id,
            slot_id=hall.slots[0].id,
            table_id=hall.tables[0].id,
        )
        meeting = await book(session, hall.fair.id, booking, utc_now())
    return Gate(client, database, hall, organizer, guests, delegates, meeting)


async def test_badge_lets_its_delegate_in(gate: Gate) -> None:
    badge = (await gate.badge(0)).json()
    at = "2027-06-18T08:40:00+08:00"

    first = await gate.scan({"payload": badge["payload"], "scanned_at": at, "gate": "东门"})
    again = await gate.scan({"payload": badge["payload"], "scanned_at": at, "gate": "西门"})
    listed = await gate.client.get(f"{gate.url}/check-ins", headers=gate.organizer.headers)

    assert badge["svg"].startswith("<svg")
    assert (badge["name"], badge["organisation"]) == ("林工", "某institute")
    expected = {
        "result": "checked_in",
        "delegate_id": str(gate.delegates[0].id),
        "name": "林工",
        "organisation": "某institute",
        "came_at": "2027-06-18T00:40:00Z",
    }
    assert first == [expected]
    assert again == [expected | {"result": "repeated"}]
    assert listed.json()["items"] == [
        {
            "delegate_id": str(gate.delegates[0].id),
            "name": "林工",
            "registration_id": str(gate.hall.registrations[0].id),
            "organisation": "某institute",
            "day": "2027-06-18",
            "came_at": "2027-06-18T00:40:00Z",
            "gate": "东门",
        }
    ]


async def test_badges_are_for_ones_own_side_and_the_organizer(gate: Gate) -> None:
    own = await gate.badge(0)
    by_organizer = await gate.badge(0, gate.organizer)
    by_other = await gate.badge(0, gate.guests[1])

    assert own.json() == by_organizer.json()
    assert by_other.status_code == 404


async def test_what_is_no_badge_of_this_fair_lets_nobody_in(gate: Gate) -> None:
    other_hall = await make_hall(gate.database, gate.organizer, [], secret=b"o" * 32)
    badge = (await gate.badge(0)).json()["payload"]
    scans = [{"payload": "nonsense"}, {"payload": badge[:-3] + "AAA"}, {"delegate_id": "x"}, {}]

    answers = await gate.scan(*scans)
    elsewhere = await gate.client.post(
        f"{API}/fairs/{other_hall.fair.id}/check-ins",
        json={"scans": [{"payload": badge}, {"delegate_id": str(gate.delegates[0].id)}]},
        headers=gate.organizer.headers,
    )

    assert [each["result"] for each in answers] == ["unknown"] * 4
    assert [each["result"] for each in elsewhere.json()["items"]] == ["unknown"] * 2
    assert await rows(gate.database, FairCheckIn) == []


async def test_other_days_and_who_was_not_admitted_are_told(gate: Gate) -> None:
    async with gate.database.writing() as session:
        side = await session.get_one(
            type(gate.hall.registrations[1]), gate.hall.registrations[1].id
        )
        side.status = "withdrawn"

    answers = await gate.scan(
        {"delegate_id": str(gate.delegates[0].id), "scanned_at": "2027-06-19T09:00:00+08:00"},
        {"delegate_id": str(gate.delegates[0].id)},
        {"delegate_id": str(gate.delegates[1].id), "scanned_at": "2027-06-18T09:00:00+08:00"},
    )

    assert [each["result"] for each in answers] == ["not_today", "not_today", "not_admitted"]
    assert await rows(gate.database, FairCheckIn) == []


@pytest.mark.parametrize("seed", range(5))
async def test_offline_batches_in_any_order_and_twice_come_to_the_same(
    gate: Gate, seed: int
) -> None:
    random = Random(seed)
    scans = [
        {
            "delegate_id": str(delegate.id),
            "scanned_at": (BEGINS + timedelta(minutes=minutes)).isoformat(),
            "gate": f"{minutes}",
        }
        for delegate in gate.delegates
        for minutes in (-10, 0, 25, 70)
    ]
    sent = random.sample(scans * 2, len(scans) * 2)

    for start in range(0, len(sent), 5):
        await gate.scan(*sent[start : start + 5])

    found = await rows(gate.database, FairCheckIn)
    assert {(each.delegate_id, each.came_at, each.gate) for each in found} == {
        (delegate.id, BEGINS - timedelta(minutes=10), "-10") for delegate in gate.delegates
    }


async def test_scans_are_bounded_and_need_an_agenda(gate: Gate) -> None:
    headers = gate.organizer.headers
    many: dict[str, Any] = {"scans": [{}] * 501}
    draft = await make_hall(gate.database, gate.organizer, [], status="matching")

    too_many = await gate.client.post(f"{gate.url}/check-ins", json=many, headers=headers)
    none = await gate.client.post(f"{gate.url}/check-ins", json={"scans": []}, headers=headers)
    early = await gate.client.post(
        f"{API}/fairs/{draft.fair.id}/check-ins", json={"scans": [{}]}, headers=headers
    )

    assert (places(too_many), places(none)) == (["#/scans"], ["#/scans"])
    assert told(early) == (409, "fair_state_refused")


async def test_list_of_arrivals_goes_on(gate: Gate) -> None:
    await gate.comes(0)
    await gate.comes(1)
    url, headers = f"{gate.url}/check-ins", gate.organizer.headers

    first = (await gate.client.get(f"{url}?limit=1", headers=headers)).json()
    rest = (await gate.client.get(f"{url}?cursor={first['next_cursor']}", headers=headers)).json()
    other_day = (await gate.client.get(f"{url}?day=2027-06-19", headers=headers)).json()

    names = [each["name"] for each in first["items"] + rest["items"]]
    assert names == ["林工", "许厂长"]
    assert (rest["next_cursor"], other_day["items"]) == (None, [])


async def test_who_has_not_come_in_time_is_a_no_show_and_the_table_is_free(gate: Gate) -> None:
    await gate.comes(0)

    await gate.watch(9)
    before = await gate.state()
    await gate.watch(10)

    assert before == ("planned", [])
    assert await gate.state() == ("no_show", [str(gate.hall.registrations[1].id)])
    assert await gate.jobs(FILL) == 1
    notices = await gate.client.get("/api/v1/my/fair-notices", headers=gate.guests[0].headers)
    assert [each["kind"] for each in notices.json()["items"]] == ["meeting_no_show"]
    async with gate.database.writing() as session:
        taken = Booking(
            first_id=gate.hall.registrations[0].id,
            second_id=gate.hall.registrations[1].id,
            slot_id=gate.hall.slots[0].id,
            table_id=gate.hall.tables[0].id,
        )
        await book(session, gate.hall.fair.id, taken, utc_now())


async def test_meeting_of_two_who_came_is_held_when_it_is_over(gate: Gate) -> None:
    await gate.comes(0)
    await gate.comes(1)

    await gate.watch(19)
    during = await gate.state()
    await gate.watch(20)

    assert (during[0], (await gate.state())[0]) == ("planned", "held")
    assert await gate.jobs(FILL) == 0


async def test_without_check_ins_nobody_is_absent(gate: Gate) -> None:
    await gate.watch(15)
    during = await gate.state()
    await gate.watch(20)

    assert (during[0], (await gate.state())[0]) == ("planned", "held")


async def test_watching_twice_changes_nothing_more(gate: Gate) -> None:
    await gate.comes(0)
    await gate.watch(12)
    before = await rows(gate.database, FairMeeting)

    await gate.watch(13)

    after = await rows(gate.database, FairMeeting)
    assert [each.version for each in after] == [each.version for each in before]
    assert await gate.jobs(FILL) == 1


async def test_fair_that_does_not_run_is_left_alone(gate: Gate) -> None:
    await gate.comes(0)
    async with gate.database.writing() as session:
        fair = await session.get_one(type(gate.hall.fair), gate.hall.fair.id)
        fair.status = "closed"

    await gate.watch(30)

    assert await gate.state() == ("planned", [])


async def test_job_looks_after_all_running_fairs(
    gate: Gate, settings: Settings, indexes: Indexes
) -> None:
    async with gate.database.writing() as session:
        for slot in gate.hall.slots:
            found = await session.get_one(type(slot), slot.id)
            found.begins_at = utc_now() - timedelta(hours=2)
            found.ends_at = utc_now() - timedelta(hours=1)
        await enqueue(session, WATCH, {})

    await Worker(gate.database, all_kinds(settings, gate.database, indexes)).run_until_idle()

    assert (await gate.state())[0] == "held"
