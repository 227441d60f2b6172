"""Fairs over HTTP: made, changed, taken through their life, and seen by others."""

import asyncio
from typing import Any

import httpx
import pytest

from market.db import Database
from market.fairs.models import Fair, FairSlot, FairTable
from tests.market.accounts.factories import make_account, places, rows, told
from tests.market.fairs.factories import API, DAY, FAIR_FORM, hold_fair

OWN_FIELDS = {
    *("quotas", "places", "needs_approval", "meetings_each", "no_show_min", "waiting"),
    *("pending", "plan_id", "allowed_actions", "created_at"),
}


async def test_fair_is_made_with_its_slots_and_tables(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, quotas={"institute": 2}, places=5)

    page = fair.body | {"id": "", "created_at": "", "organizer": ""}
    assert page == {
        "id": "",
        "series_id": None,
        "organizer": "",
        "name": "科技成果面对面·鞋服专场",
        "status": "draft",
        "venue": "晋江国际会展中心",
        "division": "350582",
        "time_zone": "Asia/Shanghai",
        "begins_at": "2027-06-18T01:00:00Z",
        "ends_at": "2027-06-18T02:50:00Z",
        "version": 1,
        "about": "鞋服行业成果与需求一对一洽谈。",
        "address": "晋江市世纪大道",
        "zones": FAIR_FORM["zones"],
        "halls": [FAIR_FORM["halls"][0], FAIR_FORM["halls"][1] | {"zone": None}],
        "days": [DAY | {"breaks": []}],
        "slots": 4,
        "tables": 4,
        "takes_registrations": False,
        "registration_closes_at": None,
        "counts": {"registrations": 0, "by_kind": {}, "results": 0, "needs": 0, "meetings": 0},
        "quotas": {"institute": 2},
        "places": 5,
        "needs_approval": False,
        "meetings_each": None,
        "no_show_min": 10,
        "waiting": 0,
        "pending": 0,
        "plan_id": None,
        "allowed_actions": ["open"],
        "created_at": "",
    }
    slots = (await client.get(f"{fair.url}/slots", headers=fair.organizer.headers)).json()["items"]
    assert [(each["number"], each["begins_at"][11:16]) for each in slots] == [
        (1, "01:00"),
        (2, "01:30"),
        (3, "02:00"),
        (4, "02:30"),
    ]
    tables = (await client.get(f"{fair.url}/tables", headers=fair.organizer.headers)).json()
    assert [(each["name"], each["hall"], each["zone"]) for each in tables["items"]] == [
        ("A-01", "1号馆", "shoes"),
        ("A-02", "1号馆", "shoes"),
        ("A-03", "1号馆", "shoes"),
        ("B-01", "2号馆", None),
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"time_zone": "Mars/Olympus"}, ["#/time_zone"]),
        ({"division": "999999"}, ["#/division"]),
        (
            {"days": [DAY | {"ends": "08:00"}, DAY | {"on": "2027-06-19", "ends": "08:59"}]},
            ["#/days/0/ends", "#/days/1/ends"],
        ),
        ({"halls": [{"name": "x", "tables": 0}]}, ["#/halls/0/tables"]),
        ({"halls": [{"name": "x", "tables": 1, "zone": "sea"}]}, ["#/halls/0/zone"]),
        ({"quotas": {"organizer": 1}}, ["#/quotas/organizer"]),
        ({"days": [DAY | {"begins": "25:00"}]}, ["#/days/0/begins"]),
        ({"registration_closes_at": "2027-06-01T00:00:00"}, ["#/registration_closes_at"]),
    ],
)
async def test_wrong_fields_are_named(
    client: httpx.AsyncClient, database: Database, change: dict[str, Any], expected: list[str]
) -> None:
    organizer = await make_account(database, "organizer")

    answer = await client.post(f"{API}/fairs", json=FAIR_FORM | change, headers=organizer.headers)

    assert (answer.status_code, places(answer)) == (422, expected)
    assert await rows(database, Fair) == []


async def test_same_key_makes_one_fair(client: httpx.AsyncClient, database: Database) -> None:
    organizer = await make_account(database, "organizer")
    headers = organizer.headers | {"Idempotency-Key": "fair-1"}

    answers = await asyncio.gather(
        *(client.post(f"{API}/fairs", json=FAIR_FORM, headers=headers) for _ in range(5))
    )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(await rows(database, Fair)) == 1


async def test_whole_life_there_and_back(client: httpx.AsyncClient, database: Database) -> None:
    fair = await hold_fair(client, database)

    seen = []
    for action in ("open", "withdraw", "open", "match", "reopen", "match"):
        await fair.move(action)
        seen.append((fair.body["status"], fair.body["takes_registrations"]))

    assert seen == [
        ("open", True),
        ("draft", False),
        ("open", True),
        ("matching", True),
        ("open", True),
        ("matching", True),
    ]
    assert fair.body["allowed_actions"] == ["reopen"]
    assert told(await fair.ask("start")) == (409, "transition_refused")


async def test_draft_without_days_and_halls_does_not_open(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, days=[], halls=[])

    answer = await fair.ask("open")

    assert (answer.status_code, places(answer)) == (422, ["#/days", "#/halls"])
    assert (await fair.read())["status"] == "draft"


async def test_organizer_who_is_not_verified_does_not_open(
    client: httpx.AsyncClient, database: Database
) -> None:
    newcomer = await make_account(database, "organizer", is_verified=False)
    fair = await hold_fair(client, database, organizer=newcomer)

    assert told(await fair.ask("open")) == (403, "organisation_not_verified")


async def test_draft_is_for_its_organizer_alone(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, name="未公开的对接会")
    others = [await make_account(database, kind) for kind in ("organizer", "institute")]

    answers = [
        await client.get(f"{fair.url}{part}", headers=headers)
        for headers in ({}, *(other.headers for other in others))
        for part in ("", "/slots", "/tables")
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert all("未公开" not in answer.text for answer in answers)
    assert (await client.get(f"{API}/fairs")).json()["items"] == []


async def test_public_page_shows_nothing_of_the_organizers_own(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, "open", places=7)
    other = await make_account(database, "organizer")

    pages = [
        (await client.get(fair.url, headers=headers)).json() for headers in ({}, other.headers)
    ]

    assert all(OWN_FIELDS & page.keys() == set() for page in pages)
    assert OWN_FIELDS - fair.body.keys() == set()
    assert pages[0] == {name: fair.body[name] for name in pages[0]}


async def test_lists_are_newest_first_and_go_on(
    client: httpx.AsyncClient, database: Database
) -> None:
    organizer = await make_account(database, "organizer")
    made = [
        (await hold_fair(client, database, "open", organizer=organizer, name=f"第{n}场")).id
        for n in range(3)
    ]
    await hold_fair(client, database, organizer=organizer, name="草稿")

    first = (await client.get(f"{API}/fairs?limit=2")).json()
    second = (await client.get(f"{API}/fairs?limit=2&cursor={first['next_cursor']}")).json()
    mine = (await client.get(f"{API}/my/fairs?role=organizer", headers=organizer.headers)).json()[
        "items"
    ]

    assert [each["id"] for each in first["items"] + second["items"]] == made[::-1]
    assert second["next_cursor"] is None
    assert [each["name"] for each in mine] == ["草稿", "第2场", "第1场", "第0场"]


async def test_lists_are_narrowed_by_state_and_series(
    client: httpx.AsyncClient, database: Database
) -> None:
    opened = await hold_fair(client, database, "open")
    await hold_fair(client, database, "open", "match")

    found = (await client.get(f"{API}/fairs?status=open")).json()["items"]

    assert [each["id"] for each in found] == [opened.id]
    assert (await client.get(f"{API}/fairs?series=nonsense")).json()["items"] == []


async def test_change_needs_the_version_that_was_read(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database)

    changed = await fair.patch(name=" 新名称 ", places=3, quotas={"investor": 1})
    outdated = await fair.patch(name="旧的")
    blind = await client.patch(fair.url, json={}, headers=fair.organizer.headers)

    assert changed.status_code == 200
    assert {name: changed.json()[name] for name in ("name", "places", "quotas", "version")} == {
        "name": "新名称",
        "places": 3,
        "quotas": {"investor": 1},
        "version": 2,
    }
    assert (outdated.status_code, blind.status_code) == (412, 428)


async def test_fifty_at_once_lose_no_change(client: httpx.AsyncClient, database: Database) -> None:
    fair = await hold_fair(client, database)

    answers = await asyncio.gather(*(fair.patch(name=f"第{n}次") for n in range(50)))

    codes = sorted(answer.status_code for answer in answers)
    assert codes == [200] + [412] * 49
    assert (await fair.read())["version"] == 2


async def test_reader_who_has_the_version_is_told_so(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, "open")
    tag = (await client.get(fair.url)).headers["etag"]

    same = await client.get(fair.url, headers={"If-None-Match": tag})
    await fair.patch(venue="别处")
    other = await client.get(fair.url, headers={"If-None-Match": tag})

    assert (same.status_code, same.content) == (304, b"")
    assert (other.status_code, other.json()["venue"]) == (200, "别处")


async def test_new_days_cut_new_slots_and_new_halls_keep_the_tables_that_stay(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database)
    before = {table.name: table.id for table in await rows(database, FairTable)}
    halls = [{"name": "新馆", "tables": 2, "prefix": "A-"}]

    answer = await fair.patch(days=[DAY | {"ends": "09:20"}], halls=halls)

    assert answer.status_code == 200, answer.text
    after = await rows(database, FairTable)
    assert {table.name: table.id for table in after} == {
        name: before[name] for name in ("A-01", "A-02")
    }
    assert {table.hall for table in after} == {"新馆"}
    assert len(await rows(database, FairSlot)) == 1
    assert answer.json()["ends_at"] == "2027-06-18T01:20:00Z"


async def test_from_the_matching_on_tables_are_only_added(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, "open", "match")
    more = [FAIR_FORM["halls"][0] | {"tables": 5}, FAIR_FORM["halls"][1]]

    fewer = await fair.patch(halls=more[:1])
    grown = await fair.patch(halls=more)

    assert told(fewer) == (409, "tables_in_use")
    assert grown.json()["tables"] == 6


async def test_draft_that_was_never_open_is_deleted_and_no_other(
    client: httpx.AsyncClient, database: Database
) -> None:
    draft = await hold_fair(client, database)
    was_open = await hold_fair(client, database, "open", "withdraw")

    answers = [
        await client.delete(each.url, headers=each.organizer.headers | {"If-Match": each.etag})
        for each in (draft, was_open)
    ]

    assert [answer.status_code for answer in answers] == [204, 409]
    assert [str(fair.id) for fair in await rows(database, Fair)] == [was_open.id]


async def test_lost_table_comes_back(client: httpx.AsyncClient, database: Database) -> None:
    fair = await hold_fair(client, database, "open")
    table = (await client.get(f"{fair.url}/tables")).json()["items"][0]

    lost = await fair.post(f"tables/{table['id']}/lose")
    again = await fair.post(f"tables/{table['id']}/lose")
    count = (await fair.read())["tables"]
    back = await fair.post(f"tables/{table['id']}/restore")

    assert lost.json() == again.json()
    assert lost.json()["lost_at"] is not None
    assert count == 3
    assert back.json() == table
    assert (await fair.read())["tables"] == 4
