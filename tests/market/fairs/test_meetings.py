"""Published meetings: who sees what of them, changes by hand, and what became of each."""

from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import event, select, update

from market.db import Database, new_id, utc_now
from market.fairs.holding import FILL
from market.fairs.meeting_models import FairCheckIn, FairMeeting, FairOutcome, FairPair
from market.fairs.meeting_queries import matched_pairs, table_plan
from market.fairs.models import Fair, FairDelegate, FairRegistration
from market.jobs import Job
from tests.market.accounts.factories import Account, make_account, places, rows, told
from tests.market.fairs.factories import API
from tests.market.fairs.rows import Hall, make_hall

CONSENT = {
    "recipients": "对方",
    "purpose": "对接",
    "data": ["name", "phone"],
    "given_at": "2027-01-01T00:00:00+00:00",
}


class Scene(msgspec.Struct):
    """A published fair with one meeting between an institute and an enterprise."""

    client: httpx.AsyncClient
    database: Database
    hall: Hall
    organizer: Account
    institute: Account
    enterprise: Account
    investor: Account
    meeting: dict[str, Any]

    @property
    def url(self) -> str:
        return f"{API}/fairs/{self.hall.fair.id}"

    @property
    def place(self) -> str:
        return f"{self.url}/meetings/{self.meeting['id']}"

    async def send(
        self, who: Account, method: str, path: str, body: Any = None, etag: str = ""
    ) -> httpx.Response:
        headers = who.headers | ({"If-Match": etag} if etag else {})
        return await self.client.request(method, path, json=body, headers=headers)

    async def read(self, who: Account) -> dict[str, Any]:
        body: dict[str, Any] = (await self.send(who, "GET", self.place)).json()
        return body

    async def move_fair(self, status: str) -> None:
        async with self.database.writing() as session:
            await session.execute(update(Fair).values(status=status))

    async def told_of(self, who: Account) -> list[str]:
        answer = await self.send(who, "GET", f"{API}/my/fair-notices")
        return [each["kind"] for each in answer.json()["items"]][::-1]

    async def fills(self) -> int:
        async with self.database.reading() as session:
            return len((await session.scalars(select(Job).where(Job.kind == FILL))).all())


@pytest.fixture
async def scene(client: httpx.AsyncClient, database: Database) -> Scene:
    kinds = ("organizer", "institute", "enterprise", "investor")
    people = [await make_account(database, kind, name=f"某{kind}") for kind in kinds]
    hall = await make_hall(database, people[0], people[1:])
    async with database.writing() as session:
        for place, name, consent in (
            (0, "林工", CONSENT),
            (0, "不愿公开的人", None),
            (1, "许厂长", None),
        ):
            session.add(
                FairDelegate(
                    registration_id=hall.registrations[place].id,
                    name=name,
                    phone=f"0595-{name}",
                    consent=consent,
                    created_at=utc_now(),
                )
            )
    answer = await client.post(
        f"{API}/fairs/{hall.fair.id}/meetings", json=hall.form(), headers=people[0].headers
    )
    assert answer.status_code == 201, answer.text
    organizer, institute, enterprise, investor = people
    return Scene(client, database, hall, organizer, institute, enterprise, investor, answer.json())


def _names(view: dict[str, Any], side: str) -> list[str]:
    return [each["name"] for each in view[side]["delegates"]]


async def test_meeting_as_its_organizer_sees_it(scene: Scene) -> None:
    view = scene.meeting

    assert {name: view[name] for name in view if name not in {"first", "second"}} == {
        "id": view["id"],
        "fair_id": str(scene.hall.fair.id),
        "state": "planned",
        "version": 1,
        "slot_id": str(scene.hall.slots[0].id),
        "slot": 1,
        "begins_at": "2027-06-18T01:00:00Z",
        "ends_at": "2027-06-18T01:20:00Z",
        "table_id": str(scene.hall.tables[0].id),
        "table": "A-01",
        "hall": "1号馆",
        "result_id": None,
        "need_id": None,
        "is_pinned": True,
        "absent": [],
        "reason": "",
        "outcomes": [],
        "weight": 0,
    }
    assert view["first"]["organisation"]["name"] == "某institute"
    assert _names(view, "first") == ["林工", "不愿公开的人"]
    assert await scene.told_of(scene.institute) == ["meeting_added"]
    assert await scene.told_of(scene.enterprise) == ["meeting_added"]
    assert await scene.told_of(scene.investor) == []


async def test_the_other_side_is_shown_as_far_as_it_consented(scene: Scene) -> None:
    by_enterprise = await scene.read(scene.enterprise)
    by_institute = await scene.read(scene.institute)

    assert _names(by_enterprise, "first") == ["林工"]
    assert by_enterprise["first"]["delegates"][0]["phone"] == "0595-林工"
    assert _names(by_enterprise, "second") == ["许厂长"]
    assert _names(by_institute, "first") == ["林工", "不愿公开的人"]
    assert _names(by_institute, "second") == []
    assert "weight" not in by_enterprise


async def test_consent_ends_with_the_meeting(scene: Scene) -> None:
    await scene.send(scene.organizer, "POST", f"{scene.place}/cancel", {"reason": "改期"})

    by_enterprise = await scene.read(scene.enterprise)

    assert (by_enterprise["state"], _names(by_enterprise, "first")) == ("cancelled", [])


async def test_third_parties_know_of_no_meeting(scene: Scene) -> None:
    stranger = await make_account(scene.database, "organizer")
    answers = [
        await scene.send(who, method, f"{scene.place}{part}", body)
        for who in (scene.investor, stranger)
        for method, part, body in (
            ("GET", "", None),
            ("POST", "/cancel", {}),
            ("PUT", "/outcome", {"answer": "no"}),
        )
    ]
    listed = await scene.send(scene.investor, "GET", f"{scene.url}/meetings")
    agenda = await scene.send(scene.investor, "GET", f"{scene.url}/agenda")

    assert {answer.status_code for answer in answers} <= {404, 409}
    assert all(scene.meeting["id"] not in answer.text for answer in answers)
    assert listed.json()["items"] == agenda.json()["items"] == []


@pytest.mark.parametrize("status", ["open", "matching"])
async def test_agenda_is_hidden_until_it_is_published(scene: Scene, status: str) -> None:
    await scene.move_fair(status)

    listed = await scene.send(scene.institute, "GET", f"{scene.url}/meetings")
    agenda = await scene.send(scene.institute, "GET", f"{scene.url}/agenda")
    by_organizer = await scene.send(scene.organizer, "GET", f"{scene.url}/meetings")

    assert listed.json()["items"] == agenda.json()["items"] == []
    assert (await scene.send(scene.institute, "GET", scene.place)).status_code == 404
    assert [each["id"] for each in by_organizer.json()["items"]] == [scene.meeting["id"]]


async def test_agenda_of_one_and_of_any_for_the_organizer(scene: Scene) -> None:
    own = await scene.send(scene.institute, "GET", f"{scene.url}/agenda")
    registration = scene.hall.registrations[1].id
    chosen = await scene.send(
        scene.organizer, "GET", f"{scene.url}/agenda?registration={registration}"
    )
    foreign = await scene.send(
        scene.institute, "GET", f"{scene.url}/agenda?registration={registration}"
    )
    none = await scene.send(scene.organizer, "GET", f"{scene.url}/agenda")

    assert own.json()["items"] == [await scene.read(scene.institute)]
    assert chosen.json()["registration_id"] == str(registration)
    assert [each["id"] for each in chosen.json()["items"]] == [scene.meeting["id"]]
    assert (foreign.status_code, none.status_code) == (404, 404)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"first_id": "nonsense"}, "#/first_id"),
        ({"second_id": "own"}, "#/second_id"),
        ({"slot_id": "nonsense"}, "#/slot_id"),
        ({"table_id": "nonsense"}, "#/table_id"),
    ],
)
async def test_what_is_not_of_the_fair_is_named(
    scene: Scene, change: dict[str, str], expected: str
) -> None:
    form = scene.hall.form(0, 2, 1, 1) | change
    if form["second_id"] == "own":
        form["second_id"] = form["first_id"]

    answer = await scene.send(scene.organizer, "POST", f"{scene.url}/meetings", form)

    assert (answer.status_code, places(answer)) == (422, [expected])


async def test_absence_past_and_refusal_are_respected(scene: Scene) -> None:
    hall = scene.hall
    async with scene.database.writing() as session:
        investor = await session.get_one(FairRegistration, hall.registrations[2].id)
        investor.absent_slots = [2]
        slot = await session.get_one(type(hall.slots[3]), hall.slots[3].id)
        slot.begins_at = utc_now() - timedelta(hours=2)
        slot.ends_at = utc_now() - timedelta(hours=1)
        session.add(
            FairPair(
                fair_id=hall.fair.id,
                first_id=hall.registrations[1].id,
                second_id=hall.registrations[2].id,
                first_likes=0.5,
                second_likes=0.0,
                forbidden=True,
                weight=0,
            )
        )

    async def ask(*where: int) -> tuple[int, str]:
        return told(
            await scene.send(scene.organizer, "POST", f"{scene.url}/meetings", hall.form(*where))
        )

    assert await ask(0, 2, 1, 1) == (409, "participant_absent")
    assert await ask(0, 2, 3, 1) == (409, "slot_over")
    assert await ask(1, 2, 2, 1) == (409, "pair_forbidden")


async def test_move_tells_both_sides_and_needs_the_version(scene: Scene) -> None:
    tag = (await scene.send(scene.organizer, "GET", scene.place)).headers["etag"]
    change = {"slot_id": str(scene.hall.slots[1].id), "table_id": str(scene.hall.tables[2].id)}

    moved = await scene.send(scene.organizer, "PATCH", scene.place, change, tag)
    outdated = await scene.send(scene.organizer, "PATCH", scene.place, change, tag)
    blind = await scene.send(scene.organizer, "PATCH", scene.place, change)

    assert (moved.json()["slot"], moved.json()["table"], moved.json()["version"]) == (2, "A-03", 2)
    assert (outdated.status_code, blind.status_code) == (412, 428)
    assert await scene.told_of(scene.enterprise) == ["meeting_added", "meeting_moved"]


async def test_unpinning_tells_nobody(scene: Scene) -> None:
    tag = (await scene.send(scene.organizer, "GET", scene.place)).headers["etag"]

    answer = await scene.send(scene.organizer, "PATCH", scene.place, {"is_pinned": False}, tag)

    assert answer.json()["is_pinned"] is False
    assert await scene.told_of(scene.enterprise) == ["meeting_added"]


async def test_side_cancels_and_the_place_is_filled(scene: Scene) -> None:
    first = await scene.send(
        scene.enterprise, "POST", f"{scene.place}/cancel", {"reason": "临时有事"}
    )
    again = await scene.send(scene.enterprise, "POST", f"{scene.place}/cancel", {})

    assert (first.json()["state"], first.json()["reason"]) == ("cancelled", "临时有事")
    assert again.json()["reason"] == "临时有事"
    assert await scene.told_of(scene.institute) == ["meeting_added", "meeting_cancelled"]
    assert await scene.fills() == 1


async def test_cancellation_is_taken_back(scene: Scene) -> None:
    await scene.send(scene.organizer, "POST", f"{scene.place}/cancel", {})

    back = await scene.send(scene.organizer, "POST", f"{scene.place}/restore")
    again = await scene.send(scene.organizer, "POST", f"{scene.place}/restore")

    assert back.json()["state"] == "planned"
    assert told(again) == (409, "meeting_not_ended")


async def test_no_show_frees_the_table_and_can_be_taken_back(scene: Scene) -> None:
    absent = str(scene.hall.registrations[1].id)
    body = {"absent_ids": [absent]}
    early = await scene.send(scene.organizer, "POST", f"{scene.place}/no-show", body)
    await scene.move_fair("running")
    wrong = await scene.send(
        scene.organizer,
        "POST",
        f"{scene.place}/no-show",
        {"absent_ids": [str(scene.hall.registrations[2].id)]},
    )

    marked = await scene.send(scene.organizer, "POST", f"{scene.place}/no-show", body)
    spoken_of = await scene.send(
        scene.institute, "PUT", f"{scene.place}/outcome", {"answer": "again"}
    )
    uses = await _uses(scene)
    back = await scene.send(scene.organizer, "POST", f"{scene.place}/restore")

    assert told(early) == (409, "fair_state_refused")
    assert places(wrong) == ["#/absent_ids"]
    assert (marked.json()["state"], marked.json()["absent"]) == ("no_show", [absent])
    assert told(spoken_of) == (409, "meeting_state_refused")
    assert uses == []
    assert (back.json()["state"], back.json()["absent"]) == ("planned", [])
    assert await scene.fills() == 1


async def _uses(scene: Scene) -> list[object]:
    async with scene.database.reading() as session:
        plan = await table_plan(session, scene.hall.fair.id)
    assert len(plan) == 16
    return [use.meeting_id for use in plan if use.meeting_id is not None]


async def test_each_side_says_its_own_and_hears_nothing_of_the_other(scene: Scene) -> None:
    early = await scene.send(scene.institute, "PUT", f"{scene.place}/outcome", {"answer": "intent"})
    await scene.move_fair("running")
    said = {"answer": "intent", "note": "价格可谈"}

    first = await scene.send(scene.institute, "PUT", f"{scene.place}/outcome", {"answer": "no"})
    second = await scene.send(scene.institute, "PUT", f"{scene.place}/outcome", said)
    await scene.send(scene.enterprise, "PUT", f"{scene.place}/outcome", {"answer": "again"})
    by_organizer = await scene.send(
        scene.organizer, "PUT", f"{scene.place}/outcome", {"answer": "no"}
    )
    seen = {
        name: (await scene.read(who))["outcomes"]
        for name, who in (
            ("institute", scene.institute),
            ("enterprise", scene.enterprise),
            ("organizer", scene.organizer),
        )
    }

    own = second.json()
    assert told(early) == (409, "fair_state_refused")
    assert first.json()["answer"] == "no"
    assert own == {
        "registration_id": str(scene.hall.registrations[0].id),
        **said,
        "given_at": own["given_at"],
    }
    assert seen["institute"] == [own]
    assert [each["answer"] for each in seen["enterprise"]] == ["again"]
    assert [(each["answer"], "note" in each) for each in seen["organizer"]] == [
        ("intent", False),
        ("again", False),
    ]
    assert told(by_organizer) == (403, "sides_only")
    assert {each.state for each in await rows(scene.database, FairMeeting)} == {"held"}
    assert len(await rows(scene.database, FairOutcome)) == 2
    async with scene.database.reading() as session:
        (pair,) = await matched_pairs(session, scene.hall.fair.id)
    assert (pair.first_answer, pair.second_answer, pair.table) == ("intent", "again", "A-01")


async def test_check_in_is_shown_with_its_side(scene: Scene) -> None:
    (delegate, *_) = await rows(scene.database, FairDelegate)
    async with scene.database.writing() as session:
        session.add(
            FairCheckIn(
                delegate_id=delegate.id,
                day=scene.hall.slots[0].day,
                fair_id=scene.hall.fair.id,
                registration_id=delegate.registration_id,
                came_at=utc_now(),
                received_at=utc_now(),
            )
        )

    view = await scene.read(scene.enterprise)

    assert (view["first"]["checked_in"], view["second"]["checked_in"]) == (True, False)


async def test_list_goes_on_in_the_order_of_slots_and_tables(scene: Scene) -> None:
    hall = scene.hall
    for where in ((0, 2, 2, 0), (1, 2, 1, 3)):
        answer = await scene.send(
            scene.organizer, "POST", f"{scene.url}/meetings", hall.form(*where)
        )
        assert answer.status_code == 201

    first = (await scene.send(scene.organizer, "GET", f"{scene.url}/meetings?limit=2")).json()
    rest = (
        await scene.send(
            scene.organizer, "GET", f"{scene.url}/meetings?cursor={first['next_cursor']}"
        )
    ).json()
    of_slot = (await scene.send(scene.organizer, "GET", f"{scene.url}/meetings?slot=2")).json()
    mine = (await scene.send(scene.institute, "GET", f"{scene.url}/meetings")).json()

    assert [each["slot"] for each in first["items"] + rest["items"]] == [1, 2, 3]
    assert rest["next_cursor"] is None
    assert [each["table"] for each in of_slot["items"]] == ["A-04"]
    assert [each["slot"] for each in mine["items"]] == [1, 3]


async def test_withdrawal_cancels_the_meetings_of_one_and_tells_the_others(scene: Scene) -> None:
    registration = f"{scene.url}/registrations/{scene.hall.registrations[1].id}"
    tag = (await scene.send(scene.enterprise, "GET", registration)).headers["etag"]

    answer = await scene.send(scene.enterprise, "POST", f"{registration}/withdraw", None, tag)

    assert answer.json()["status"] == "withdrawn"
    assert (await scene.read(scene.institute))["state"] == "cancelled"
    assert await scene.told_of(scene.institute) == ["meeting_added", "meeting_cancelled"]
    assert await scene.told_of(scene.investor) == []
    assert await scene.fills() == 1


async def test_lost_table_cancels_what_was_planned_there(scene: Scene) -> None:
    table = f"{scene.url}/tables/{scene.hall.tables[0].id}"

    await scene.send(scene.organizer, "POST", f"{table}/lose")
    restored = await scene.send(scene.organizer, "POST", f"{scene.place}/restore")
    await scene.send(scene.organizer, "POST", f"{table}/restore")
    again = await scene.send(scene.organizer, "POST", f"{scene.place}/restore")

    assert told(restored) == (409, "place_gone")
    assert again.json()["state"] == "planned"
    assert await scene.told_of(scene.institute) == [
        "meeting_added",
        "meeting_cancelled",
        "meeting_added",
    ]


async def test_agenda_costs_as_many_reads_for_three_meetings_as_for_one(
    scene: Scene, database: Database
) -> None:
    statements: list[str] = []
    engine = database._reading.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))

    await scene.send(scene.institute, "GET", f"{scene.url}/agenda")
    one = len(statements)
    answer = await scene.send(
        scene.organizer, "POST", f"{scene.url}/meetings", scene.hall.form(0, 2, 1, 0)
    )
    assert answer.status_code == 201
    statements.clear()
    await scene.send(scene.institute, "GET", f"{scene.url}/agenda")

    assert len(statements) == one


def test_ids_sort_by_time() -> None:
    """The latest fair of a series is told by the greatest id."""
    assert new_id() < new_id()
