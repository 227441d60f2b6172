"""From what is brought and wished for to a published agenda, and from there to a better one."""

import uuid
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import delete, select, update

from market.db import Database, utc_now
from market.fairs.meeting_models import FairMeeting, FairPair, FairPlan, FairSeat, PlanMeeting
from market.fairs.models import FairNotice, FairRegistration
from market.fairs.plan_orders import PLAN
from market.indexing.engines import Indexes
from market.jobs import Job
from market.matching.models import MatchRow
from market.settings import Settings
from market.work import all_kinds
from market.worker import Worker
from tests.market.accounts.factories import Account, make_account, places, rows, told
from tests.market.fairs.factories import Guest, Held, admit, begin_series, hold_fair, next_fair
from tests.market.listings.factories import post_listing


class Day(msgspec.Struct):
    """A fair being matched: its guests, and a worker that does what is due."""

    fair: Held
    database: Database
    worker: Worker
    guests: list[Guest]

    async def work(self) -> None:
        await self.worker.run_until_idle()

    async def pairs(self, query: str = "") -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self.fair.get(f"pairs{query}")).json()["items"]
        return items

    async def plan(self, **form: Any) -> dict[str, Any]:
        """Order a plan, have it made, and read it."""
        ordered = await self.fair.post("plans", **form)
        assert ordered.status_code == 202, ordered.text
        await self.work()
        return await self.read(ordered.json()["id"])

    async def read(self, plan_id: str) -> dict[str, Any]:
        body: dict[str, Any] = (await self.fair.get(f"plans/{plan_id}")).json()
        return body

    async def meetings(self, plan: dict[str, Any]) -> list[dict[str, Any]]:
        answer = await self.fair.get(f"plans/{plan['id']}/meetings?limit=100")
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def send(
        self, method: str, path: str, version: int | None = None, **body: Any
    ) -> httpx.Response:
        headers = dict(self.fair.organizer.headers)
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        json = body or None
        url = f"{self.fair.url}/{path}"
        return await self.fair.client.request(method, url, headers=headers, json=json)

    async def publish(self, plan: dict[str, Any]) -> httpx.Response:
        return await self.send("POST", f"plans/{plan['id']}/publish", plan["version"])

    async def agenda(self, guest: Guest) -> list[tuple[int, str]]:
        items = (await self.fair.get("agenda", guest.account)).json()["items"]
        return [(each["slot"], each["table"]) for each in items]

    async def told_of(self, account: Account) -> list[str]:
        answer = await self.fair.client.get("/api/v1/my/fair-notices", headers=account.headers)
        return [each["kind"] for each in answer.json()["items"]][::-1]


@pytest.fixture
async def day(
    client: httpx.AsyncClient, database: Database, settings: Settings, indexes: Indexes
) -> Day:
    """Two institutes, two enterprises and an investor at a fair of four slots and four tables."""
    fair = await hold_fair(client, database, "open")
    kinds = ("institute", "institute", "enterprise", "enterprise", "investor")
    guests = [await admit(fair, database, kind) for kind in kinds]
    worker = Worker(database, all_kinds(settings, database, indexes))
    await worker.run_until_idle()
    await fair.move("match")
    return Day(fair, database, worker, guests)


async def _wish(day: Day, who: int, **wish: str) -> None:
    guest = day.guests[who]
    path = f"registrations/{guest.id}/wishes"
    answer = await day.fair.put(path, guest.account, wishes=[wish])
    assert answer.status_code == 200, answer.text


def _sides(pair: dict[str, Any]) -> tuple[str, str]:
    return pair["first"]["registration_id"], pair["second"]["registration_id"]


async def test_every_institute_and_enterprise_is_a_pair_with_its_score(day: Day) -> None:
    refreshed = await day.fair.post("pairs/refresh")
    await day.work()

    found = await day.pairs()

    institutes, enterprises = day.guests[:2], day.guests[2:4]
    assert refreshed.status_code == 202
    assert refreshed.json() == {"pairs_at": None}
    assert {_sides(pair) for pair in found} == {
        (one.id, other.id) for one in institutes for other in enterprises
    }
    pair = found[0]
    assert pair["score"] > 50
    expected = round(1000 * pair["first"]["likes"] * pair["second"]["likes"])
    assert abs(pair["weight"] - expected) <= 1
    listings = {guest.id: guest.listing.id for guest in day.guests if guest.listing}
    assert (pair["result_id"], pair["need_id"]) == tuple(listings[each] for each in _sides(pair))
    assert (pair["first"]["wish"], pair["forbidden"], pair["met_before"]) == (None, False, False)


async def test_scores_are_those_of_the_marketplace(day: Day) -> None:
    await day.fair.post("pairs/refresh")
    await day.work()
    institute = day.guests[0]
    assert institute.listing

    matches = await day.fair.client.get(
        f"{institute.listing.url}/matches", headers=institute.account.headers
    )

    scores = {each["counterpart"]["id"]: each["score"] for each in matches.json()["items"]}
    pairs = [pair for pair in await day.pairs() if _sides(pair)[0] == institute.id]
    assert {pair["need_id"] for pair in pairs} == set(scores)
    assert [pair["score"] for pair in pairs] == [scores[pair["need_id"]] for pair in pairs]


async def test_pairs_are_scored_though_the_marketplace_has_no_match(
    day: Day, database: Database
) -> None:
    await day.fair.post("pairs/refresh")
    await day.work()
    before = [(_sides(pair), pair["score"], pair["weight"]) for pair in await day.pairs()]
    async with database.writing() as session:
        await session.execute(delete(MatchRow))

    await day.fair.post("pairs/refresh")
    await day.work()

    assert [(_sides(p), p["score"], p["weight"]) for p in await day.pairs()] == before


async def test_wishes_make_forbid_and_strengthen_pairs(day: Day) -> None:
    institute, other, enterprise, second, investor = day.guests
    assert enterprise.listing
    await _wish(day, 4, wish="like", registration_id=second.id)
    await _wish(day, 1, wish="no", registration_id=second.id)
    await _wish(day, 0, wish="must", listing_id=enterprise.listing.id)
    await day.fair.post("pairs/refresh")
    await day.work()

    found = {_sides(pair): pair for pair in await day.pairs()}
    refused = await day.pairs("?forbidden=true")
    of_investor = await day.pairs(f"?registration={investor.id}")

    assert found[institute.id, enterprise.id]["first"]["wish"] == "must"
    assert found[institute.id, enterprise.id]["weight"] > found[other.id, enterprise.id]["weight"]
    assert found[second.id, investor.id]["second"] == {
        "registration_id": investor.id,
        "organisation": found[second.id, investor.id]["second"]["organisation"],
        "likes": 0.98,
        "wish": "like",
    }
    assert [_sides(pair) for pair in refused] == [(other.id, second.id)]
    assert [_sides(pair) for pair in of_investor] == [(second.id, investor.id)]
    assert next(iter(found)) == (institute.id, enterprise.id)


async def test_refused_listing_is_not_spoken_about_and_its_owner_still_is(day: Day) -> None:
    institute, _, enterprise, *_ = day.guests
    assert enterprise.listing
    more = await post_listing(
        day.fair.client, enterprise.account, "needs", "publish", reference="XQ-9"
    )
    await day.fair.put(
        f"registrations/{enterprise.id}/listings",
        enterprise.account,
        listing_ids=[enterprise.listing.id, more.id],
    )
    await _wish(day, 0, wish="no", listing_id=enterprise.listing.id)
    await day.fair.post("pairs/refresh")
    await day.work()

    (pair,) = [p for p in await day.pairs() if _sides(p) == (institute.id, enterprise.id)]

    assert (pair["need_id"], pair["forbidden"]) == (more.id, False)


async def test_what_was_said_of_matches_counts(day: Day) -> None:
    institute, _, enterprise, second, _ = day.guests
    assert institute.listing
    matches = await day.fair.client.get(
        f"{institute.listing.url}/matches", headers=institute.account.headers
    )
    assert enterprise.listing
    assert second.listing
    ids = {each["counterpart"]["id"]: each["id"] for each in matches.json()["items"]}
    for listing, verdict in (
        (enterprise.listing, {"verdict": "saved"}),
        (second.listing, {"verdict": "declined", "reason": "other", "text": "不合"}),
    ):
        answer = await day.fair.client.put(
            f"/api/v1/matches/{ids[listing.id]}/feedback",
            json=verdict,
            headers=institute.account.headers,
        )
        assert answer.status_code == 200, answer.text
    await day.fair.post("pairs/refresh")
    await day.work()

    found = {_sides(pair): pair for pair in await day.pairs()}

    assert found[institute.id, enterprise.id]["first"]["wish"] == "like"
    assert (institute.id, second.id) not in found


async def test_members_of_one_delegation_do_not_meet(day: Day, database: Database) -> None:
    delegation = (await day.fair.post("delegations", name="西安代表团")).json()["id"]
    for guest in day.guests[0], day.guests[2]:
        url = f"{day.fair.url}/registrations/{guest.id}"
        tag = (await day.fair.client.get(url, headers=guest.account.headers)).headers["etag"]
        answer = await day.fair.client.patch(
            url,
            json={"delegation_id": delegation},
            headers=guest.account.headers | {"If-Match": tag},
        )
        assert answer.status_code == 200
    await day.fair.post("pairs/refresh")
    await day.work()

    assert (day.guests[0].id, day.guests[2].id) not in {_sides(p) for p in await day.pairs()}
    assert len(await rows(database, FairPair)) == 3


async def test_pairs_go_on_page_by_page(day: Day) -> None:
    await day.fair.post("pairs/refresh")
    await day.work()

    everything, cursor = [], ""
    while True:
        page = (await day.fair.get(f"pairs?limit=1{cursor}")).json()
        everything += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert everything == await day.pairs()


async def test_plan_is_made_with_its_proof(day: Day) -> None:
    plan = await day.plan(seconds=5)

    assert plan == {
        "id": plan["id"],
        "fair_id": day.fair.id,
        "number": 1,
        "kind": "plan",
        "state": "draft",
        "version": plan["version"],
        "progress": 100,
        "options": {"seating": "free", "floor": 1, "keep_bonus": 0, "seed": 0, "seconds": 5},
        "meetings": 4,
        "weight": plan["weight"],
        "upper_bound": plan["weight"],
        "gap": 0.0,
        "without_meeting": [day.guests[4].id],
        "idle_slots": 0,
        "unplanned": 0,
        "out_of_time": False,
        "is_edited": False,
        "problem": None,
        "allowed_actions": ["edit", "publish", "drop"],
        "created_at": plan["created_at"],
        "finished_at": plan["finished_at"],
    }
    meetings = await day.meetings(plan)
    assert sum(each["weight"] for each in meetings) == plan["weight"] > 0
    assert {(each["first_id"], each["second_id"]) for each in meetings} == {
        (one.id, other.id) for one in day.guests[:2] for other in day.guests[2:4]
    }
    assert await day.told_of(day.fair.organizer) == ["plan_ready"]


async def test_ordered_plan_shows_its_progress_and_keeps_a_second_one_waiting(day: Day) -> None:
    ordered = await day.fair.post("plans")
    second = await day.fair.post("plans")
    seen = await day.read(ordered.json()["id"])

    assert ordered.headers["location"] == f"{day.fair.url}/plans/{seen['id']}"
    assert (seen["state"], seen["progress"], seen["weight"]) == ("queued", 0, None)
    assert told(second) == (409, "plan_running")
    dropped = await day.send("DELETE", f"plans/{seen['id']}")
    await day.work()
    assert dropped.status_code == 204
    assert (await day.read(seen["id"]))["state"] == "dropped"


async def test_same_options_give_the_same_plan(day: Day) -> None:
    plans = [await day.plan(seed=3) for _ in range(2)]

    found = [
        sorted(
            (each["slot_id"], each["table_id"], each["first_id"], each["second_id"])
            for each in await day.meetings(plan)
        )
        for plan in plans
    ]

    assert found[0] == found[1]


async def test_who_does_not_meet_is_told_why(day: Day, database: Database) -> None:
    async with database.writing() as session:
        await session.execute(
            update(FairRegistration)
            .where(FairRegistration.kind == "institute")
            .values(absent_slots=[1, 2, 3, 4])
        )
        await session.execute(
            update(FairRegistration)
            .where(FairRegistration.kind == "enterprise")
            .values(most_meetings=1)
        )

    plan = await day.plan()
    page = await day.fair.get(f"plans/{plan['id']}/unplanned?limit=3")
    rest = await day.fair.get(f"plans/{plan['id']}/unplanned?cursor={page.json()['next_cursor']}")

    told_why = page.json()["items"] + rest.json()["items"]
    assert (plan["meetings"], plan["unplanned"]) == (0, 4)
    assert [each["cause"] for each in told_why] == ["no_common_slot"] * 4
    names = {}
    for each in day.guests:
        assert each.account.organisation
        names[each.id] = each.account.organisation.name
    first = told_why[0]
    assert first["reason"] == "双方没有同时在场的场次"
    assert first["fix"] in {
        f"安排在第 {slot} 场：请“{names[side]}”这一场到场"
        for slot in range(1, 5)
        for side in (first["first_id"], first["second_id"])
    }
    assert first["displaced_weight"] == 0
    assert rest.json()["next_cursor"] is None


async def test_fair_without_anybody_gets_an_empty_plan(
    client: httpx.AsyncClient, database: Database, settings: Settings, indexes: Indexes
) -> None:
    fair = await hold_fair(client, database, "open", "match")
    day = Day(fair, database, Worker(database, all_kinds(settings, database, indexes)), [])

    plan = await day.plan()

    assert (plan["state"], plan["meetings"], plan["weight"], plan["gap"]) == ("draft", 0, 0, 0.0)


async def test_who_leaves_is_taken_out_of_drafts(day: Day) -> None:
    kept, plan = await day.plan(), await day.plan()
    assert (await day.send("DELETE", f"plans/{kept['id']}")).status_code == 204
    guest = day.guests[2]
    before = await day.meetings(plan)
    path = f"registrations/{guest.id}"
    tag = (await day.fair.get(path)).headers["etag"]
    left = await day.fair.client.post(
        f"{day.fair.url}/{path}/withdraw", headers=guest.account.headers | {"If-Match": tag}
    )
    assert left.status_code == 200, left.text

    after = await day.meetings(plan)
    seen = await day.read(plan["id"])

    assert after == [
        each for each in before if guest.id not in {each["first_id"], each["second_id"]}
    ]
    assert 0 < len(after) < len(before)
    assert (seen["weight"], seen["is_edited"]) == (sum(each["weight"] for each in after), True)
    # One that somebody looked at before is out of date; as it is now it can be published.
    assert (await day.publish(plan)).status_code == 412
    assert (await day.publish(seen)).status_code in {200, 204}
    assert len(await day.meetings(kept)) == len(before)


async def test_draft_is_edited_and_each_edit_is_checked(day: Day) -> None:
    plan = await day.plan()
    first, second, *_ = await day.meetings(plan)
    slots = (await day.fair.get("slots")).json()["items"]
    tables = (await day.fair.get("tables")).json()["items"]
    path = f"plans/{plan['id']}/meetings/{first['id']}"
    place = {"slot_id": second["slot_id"], "table_id": second["table_id"]}
    used = {(each["slot_id"], each["table_id"]) for each in await day.meetings(plan)}

    taken = await day.send("PATCH", path, plan["version"], **place)
    free = next(each["id"] for each in tables if (first["slot_id"], each["id"]) not in used)
    moved = await day.send("PATCH", path, plan["version"], table_id=free)
    stale = await day.send("PATCH", path, plan["version"], table_id=free)
    seen = await day.read(plan["id"])

    assert told(taken) == (409, "plan_violation")
    assert taken.json()["errors"][0]["detail"] in {
        "该桌此时段已有安排",
        "其中一方此时段已有对接",
    }
    assert moved.json() == first | {"table_id": free, "is_pinned": True}
    assert stale.status_code == 412
    assert (seen["is_edited"], seen["weight"]) == (True, plan["weight"])
    assert seen["version"] == int(moved.headers["etag"].strip('"'))
    assert len(slots) == 4


async def test_meeting_is_put_into_a_draft_and_taken_out(day: Day) -> None:
    plan = await day.plan()
    first, *others = await day.meetings(plan)
    form = {name: first[name] for name in ("first_id", "second_id", "slot_id", "table_id")}
    path = f"plans/{plan['id']}/meetings"

    doubled = await day.send("POST", path, plan["version"], **form)
    removed = await day.send("DELETE", f"{path}/{first['id']}", plan["version"])
    seen = await day.read(plan["id"])
    added = await day.send("POST", path, seen["version"], **form)
    again = await day.read(plan["id"])

    assert told(doubled) == (409, "plan_violation")
    assert removed.status_code == 204
    assert seen["weight"] == plan["weight"] - first["weight"]
    assert seen["meetings"] == len(others)
    assert added.status_code == 201
    assert added.json() == first | {"id": added.json()["id"], "is_pinned": True}
    assert again["weight"] == plan["weight"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"first_id": "nonsense"}, (422, ["#/first_id"])),
        ({"second_id": "first"}, (422, ["#/second_id"])),
        ({"slot_id": "nonsense"}, (409, None)),
        ({"table_id": "nonsense"}, (409, None)),
    ],
)
async def test_impossible_meetings_are_refused(
    day: Day, change: dict[str, str], expected: tuple[int, list[str] | None]
) -> None:
    plan = await day.plan()
    first, *_ = await day.meetings(plan)
    await day.send("DELETE", f"plans/{plan['id']}/meetings/{first['id']}", plan["version"])
    version = (await day.read(plan["id"]))["version"]
    form = {name: first[name] for name in ("first_id", "second_id", "slot_id", "table_id")}
    if change.get("second_id") == "first":
        change = {"second_id": form["first_id"]}

    answer = await day.send("POST", f"plans/{plan['id']}/meetings", version, **form | change)

    assert answer.status_code == expected[0]
    if expected[1] is not None:
        assert places(answer) == expected[1]


async def test_pinned_meetings_stay_in_the_next_plan(day: Day) -> None:
    plan = await day.plan()
    first, *_ = await day.meetings(plan)
    used = {each["slot_id"] for each in await day.meetings(plan)}
    slots = [each["id"] for each in (await day.fair.get("slots")).json()["items"]]
    free = next(slot for slot in slots if slot not in used)
    path = f"plans/{plan['id']}/meetings/{first['id']}"
    moved = await day.send("PATCH", path, plan["version"], slot_id=free)
    assert moved.status_code == 200, moved.text

    again = await day.plan(base_id=plan["id"])

    (pinned,) = [each for each in await day.meetings(again) if each["is_pinned"]]
    assert (pinned["first_id"], pinned["second_id"]) == (first["first_id"], first["second_id"])
    assert (pinned["slot_id"], pinned["table_id"]) == (free, first["table_id"])
    wrong = await day.fair.post("plans", base_id="nonsense")
    assert places(wrong) == ["#/base_id"]


async def test_published_plan_is_the_agenda_of_everybody(day: Day, database: Database) -> None:
    plan = await day.plan()

    answer = await day.publish(plan)
    again = await day.publish(answer.json())

    assert answer.status_code == 200, answer.text
    assert (answer.json()["state"], answer.json()["allowed_actions"]) == ("published", [])
    assert told(again) == (409, "plan_state_refused")
    assert (await day.fair.read())["status"] == "published"
    assert day.fair.body["plan_id"] == plan["id"]
    assert [len(await day.agenda(guest)) for guest in day.guests] == [2, 2, 2, 2, 0]
    assert len(await rows(database, FairSeat)) == 8
    for guest in day.guests:
        assert (await day.told_of(guest.account))[-1] == "agenda_published"
    listed = (await day.fair.get("meetings?limit=100")).json()["items"]
    assert all(each["result_id"] and each["need_id"] for each in listed)


async def test_plan_that_breaks_rules_by_now_is_not_published(day: Day, database: Database) -> None:
    plan = await day.plan()
    async with database.writing() as session:
        await session.execute(
            update(FairRegistration)
            .where(FairRegistration.kind == "institute")
            .values(absent_slots=[1, 2, 3, 4])
        )

    answer = await day.publish(plan)

    assert told(answer) == (409, "plan_violation")
    assert {each["detail"] for each in answer.json()["errors"]} == {"其中一方此时段不在"}
    assert await rows(database, FairMeeting) == []
    assert (await day.fair.read())["status"] == "matching"


async def test_second_agenda_keeps_what_is_the_same_and_tells_whom_it_concerns(
    day: Day, database: Database
) -> None:
    await day.publish(await day.plan())
    before = {meeting.id for meeting in await rows(database, FairMeeting)}
    await day.fair.read()
    await day.fair.move("revise")
    hidden = await day.agenda(day.guests[0])
    withdrawn = [(await day.told_of(guest.account))[-1] for guest in day.guests]
    again = await day.plan()
    first, *_ = await day.meetings(again)
    await day.send("DELETE", f"plans/{again['id']}/meetings/{first['id']}", again["version"])
    told_before = [await day.told_of(guest.account) for guest in day.guests]

    answer = await day.publish(await day.read(again["id"]))

    assert answer.status_code == 200, answer.text
    assert hidden == []
    assert withdrawn == ["agenda_withdrawn"] * 4 + ["agenda_published"]
    states = {each.id: each.state for each in await rows(database, FairMeeting)}
    assert set(states) == before
    assert sorted(states.values()) == ["planned"] * 3 + ["superseded"]
    news = [
        (await day.told_of(guest.account))[len(old) :]
        for guest, old in zip(day.guests, told_before, strict=True)
    ]
    concerned = {first["first_id"], first["second_id"]}
    assert news == [["agenda_published"] if guest.id in concerned else [] for guest in day.guests]
    plans = {str(each.id): each.state for each in await rows(database, FairPlan)}
    assert sorted(plans.values()) == ["dropped", "published"]


async def test_freed_place_is_filled_with_who_waits(day: Day, database: Database) -> None:
    """The investor wished for a meeting and found no place; then somebody withdraws."""
    enterprise, investor = day.guests[3], day.guests[4]
    await _wish(day, 4, wish="like", registration_id=enterprise.id)
    async with database.writing() as session:
        await session.execute(
            update(FairRegistration)
            .where(FairRegistration.kind == "enterprise")
            .values(most_meetings=2)
        )
    await day.publish(await day.plan(floor=0))
    assert await day.agenda(investor) == []
    institute = day.guests[0]
    url = f"{day.fair.url}/registrations/{institute.id}"
    tag = (await day.fair.client.get(url, headers=institute.account.headers)).headers["etag"]
    kept = await day.agenda(day.guests[1])

    await day.fair.client.post(
        f"{url}/withdraw", headers=institute.account.headers | {"If-Match": tag}
    )
    await day.work()

    assert len(await day.agenda(investor)) == 1
    assert (await day.told_of(investor.account))[-1] == "meeting_added"
    assert (await day.told_of(enterprise.account))[-2:] == ["meeting_cancelled", "meeting_added"]
    assert await day.agenda(day.guests[1]) == kept
    assert "meeting_added" not in await day.told_of(day.guests[1].account)


async def test_late_arrival_gets_what_is_free_and_nobody_moves(
    day: Day, database: Database
) -> None:
    await day.publish(await day.plan())
    before = {
        (each.id, each.slot_id, each.table_id, each.state)
        for each in await rows(database, FairMeeting)
    }
    late = await admit(day.fair, database, "institute")
    await day.work()
    url = f"registrations/{late.id}/approve"
    version = (await day.fair.get(f"registrations/{late.id}")).json()["version"]
    approved = await day.send("POST", url, version)
    await day.work()

    assert approved.json()["status"] == "approved", approved.text
    assert len(await day.agenda(late)) == 2
    after = {
        (each.id, each.slot_id, each.table_id, each.state)
        for each in await rows(database, FairMeeting)
    }
    assert before < after
    assert len(after) == len(before) + 2


async def test_lost_table_moves_its_meetings_elsewhere(day: Day) -> None:
    await day.publish(await day.plan())
    listed = (await day.fair.get("meetings?limit=100")).json()["items"]
    table_id = listed[0]["table_id"]
    struck = [each for each in listed if each["table_id"] == table_id]

    await day.fair.post(f"tables/{table_id}/lose")
    await day.work()

    live = (await day.fair.get("meetings?limit=100&state=planned")).json()["items"]
    assert len(live) == len(listed)
    assert all(each["table_id"] != table_id for each in live)
    kept = {each["id"] for each in listed} - {each["id"] for each in struck}
    assert kept <= {each["id"] for each in live}


async def test_who_cancelled_by_hand_is_not_brought_together_again(day: Day) -> None:
    await day.publish(await day.plan())
    (meeting, *_) = (await day.fair.get("meetings")).json()["items"]

    await day.send("POST", f"meetings/{meeting['id']}/cancel", reason="不合适")
    await day.work()

    live = (await day.fair.get("meetings?state=planned&limit=100")).json()["items"]
    pair = _sides(meeting)
    assert pair not in {_sides(each) for each in live}


async def test_improvement_is_proposed_accepted_and_told(day: Day, database: Database) -> None:
    """Two meetings that stand in each other's way: one moves, and a third becomes possible."""
    await day.publish(await day.plan())
    institute, enterprise = day.guests[1], day.guests[3]
    live = (await day.fair.get("meetings?limit=100")).json()["items"]
    (meeting,) = [each for each in live if _sides(each) == (institute.id, enterprise.id)]
    others = [each for each in live if each is not meeting]
    # Where the freed pair could meet at once nothing has to move: leave it no such slot.
    busy = {each["slot"] for each in others if {institute.id, enterprise.id} & set(_sides(each))}
    absent = sorted({1, 2, 3, 4} - busy)
    await day.send("POST", f"meetings/{meeting['id']}/cancel", reason="")
    async with database.writing() as session:
        await session.execute(update(FairMeeting).values(is_refused=False, is_pinned=False))
        await session.execute(
            update(FairRegistration)
            .where(FairRegistration.id == uuid.UUID(enterprise.id))
            .values(absent_slots=absent)
        )
    await day.work()

    proposal = await day.plan(kind="improve")
    changes = (await day.fair.get(f"plans/{proposal['id']}/changes")).json()["items"]
    told_before = {guest.id: await day.told_of(guest.account) for guest in day.guests}
    accepted = await day.publish(proposal)

    assert proposal["kind"] == "improve"
    assert proposal["allowed_actions"] == ["publish", "drop"]
    assert proposal["changes"] == len(changes)
    assert accepted.status_code == 200, accepted.text
    after = (await day.fair.get("meetings?limit=100&state=planned")).json()["items"]
    planned = {(_sides(each), each["slot_id"], each["table_id"]) for each in after}
    for change in changes:
        if change["to_slot_id"]:
            sides = change["first_id"], change["second_id"]
            assert (sides, change["to_slot_id"], change["to_table_id"]) in planned
    concerned = {side for each in changes for side in (each["first_id"], each["second_id"])}
    for guest in day.guests:
        is_told = await day.told_of(guest.account) != told_before[guest.id]
        assert is_told is (guest.id in concerned)


async def test_improvement_of_an_agenda_that_changed_is_outdated(
    day: Day, database: Database
) -> None:
    await day.publish(await day.plan())
    proposal = await day.plan(kind="improve")
    (meeting, *_) = (await day.fair.get("meetings")).json()["items"]
    await day.send("POST", f"meetings/{meeting['id']}/cancel", reason="")

    refused = await day.publish(proposal)
    dropped = await day.send("DELETE", f"plans/{proposal['id']}")

    assert told(refused) == (409, "plan_outdated")
    assert dropped.status_code == 204
    assert len([each for each in await rows(database, FairMeeting) if each.state == "planned"]) == 3


async def test_plans_are_ordered_at_their_time_only(day: Day) -> None:
    early = await day.fair.post("plans", kind="improve")
    await day.publish(await day.plan())
    late = await day.fair.post("plans", kind="plan")

    assert told(early) == told(late) == (409, "fair_state_refused")


async def test_what_if_tells_before_the_fair_what_more_would_bring(day: Day) -> None:
    missing = await day.fair.post("what-if", slots=[1], teams=[1])
    await day.fair.post("pairs/refresh")
    await day.work()

    answer = await day.fair.post("what-if", slots=[1, 2], teams=[1, 2])

    assert told(missing) == (409, "pairs_missing")
    found = [
        (row["slots"], row["teams"], row["meetings"], row["meetings_share"])
        for row in answer.json()["items"]
    ]
    assert found == [(1, 1, 2, 0.5), (2, 1, 4, 1.0), (1, 2, 2, 0.5), (2, 2, 4, 1.0)]


async def test_job_that_runs_twice_makes_one_plan(day: Day, database: Database) -> None:
    plan = await day.plan()
    async with database.writing() as session:
        await session.execute(
            update(Job).where(Job.kind == PLAN).values(state="queued", run_at=utc_now())
        )

    await day.work()

    assert await day.read(plan["id"]) == plan
    assert len(await rows(database, PlanMeeting)) == 4
    async with database.reading() as session:
        states = (await session.scalars(select(Job.state))).all()
    assert set(states) == {"done"}


async def test_order_that_fails_again_and_again_is_given_up(day: Day, database: Database) -> None:
    ordered = await day.fair.post("plans")
    async with database.writing() as session:
        await session.execute(update(Job).where(Job.kind == PLAN).values(attempts=3))
    await day.work()

    plan = await day.read(ordered.json()["id"])

    assert (plan["state"], plan["problem"]) == ("failed", "多次尝试后仍未成功，请重新排程")
    assert plan["allowed_actions"] == ["drop"]
    assert await day.told_of(day.fair.organizer) == ["plan_failed"]


async def test_series_remembers_who_met_and_whose_need_did_not(
    client: httpx.AsyncClient, database: Database, settings: Settings, indexes: Indexes
) -> None:
    organizer = await make_account(database, "organizer")
    series = await begin_series(client, organizer)
    fair = await next_fair(client, organizer, series["id"], "2027-06-18")
    await fair.move("open")
    kinds = ("institute", "enterprise", "enterprise")
    guests = [await admit(fair, database, kind) for kind in kinds]
    worker = Worker(database, all_kinds(settings, database, indexes))
    await worker.run_until_idle()
    await fair.move("match")
    day = Day(fair, database, worker, guests)
    await day.publish(await day.plan())
    await fair.read()
    await fair.move("start")
    listed = (await fair.get("meetings")).json()["items"]
    (meeting,) = [each for each in listed if _sides(each) == (guests[0].id, guests[1].id)]
    await fair.put(f"meetings/{meeting['id']}/outcome", guests[0].account, answer="intent")
    await fair.read()
    await fair.move("close")

    carried = (
        await client.get(
            f"/api/v1/fair-series/{series['id']}/carried-over", headers=organizer.headers
        )
    ).json()
    later = await next_fair(client, organizer, series["id"], "2027-07-18")
    await later.move("open")
    for guest in guests:
        assert guest.listing
        answer = await later.post("registrations", guest.account, listing_ids=[guest.listing.id])
        assert answer.status_code == 201
    await later.post("pairs/refresh")
    await worker.run_until_idle()
    pairs = (await later.get("pairs")).json()["items"]

    assert [
        (each["first"]["id"], each["second"]["id"], each["meetings"])
        for each in carried["met_before"]
    ] == [(guests[0].organisation_id, guests[1].organisation_id, 1)]
    assert guests[2].listing
    assert [each["listing_id"] for each in carried["unmet_needs"]] == [guests[2].listing.id]
    assert [each["met_before"] for each in pairs] == [False, True]
    assert pairs[0]["weight"] > 2 * pairs[1]["weight"]


async def test_notices_of_plans_come_once(day: Day, database: Database) -> None:
    await day.plan()

    kinds = [each.kind for each in await rows(database, FairNotice)]

    assert kinds.count("plan_ready") == 1
