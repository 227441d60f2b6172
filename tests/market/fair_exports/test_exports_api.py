"""A fair's files over HTTP: what is in them, who gets them, and what goes wrong on the way."""

import asyncio
import csv
import io
import uuid
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import msgspec
import pytest
from icalendar import Calendar
from sqlalchemy import select, update

from market.accounts.models import Organisation
from market.db import Database, utc_now
from market.exchange.fair_pdf import can_set_pages
from market.fair_exports import api, service
from market.fair_exports.models import FairExport, FairExportFile
from market.fair_exports.service import MAKE, PRUNE
from market.indexing.engines import Indexes
from market.jobs import Job, enqueue
from market.listings.models import NeedListing
from market.settings import Settings
from market.work import all_kinds
from market.worker import Worker
from tests.market.accounts.factories import make_account, rows, told
from tests.market.commands.runs import sheets_of
from tests.market.fairs.factories import admit, hold_fair
from tests.market.fairs.test_plans import Day

PHONE, SECRET_PHONE = "0595-22690001", "13900002222"
NAMES = {
    "institute": "刺桐大学",
    "enterprise": "晋江某鞋业有限公司",
    "investor": "海丝基金",
}


@pytest.fixture
async def day(
    client: httpx.AsyncClient, database: Database, settings: Settings, indexes: Indexes
) -> Day:
    """An institute, an enterprise and a fund of which two meet; one of the people consents."""
    fair = await hold_fair(client, database, "open")
    guests = []
    for kind, name in NAMES.items():
        guest = await admit(fair, database, kind, delegates=[])
        guests.append(guest)
        async with database.writing() as session:
            organisation = await session.get_one(Organisation, uuid.UUID(guest.organisation_id))
            organisation.name, organisation.about = name, f"{name}的简介"
    for guest, (name, phone, consents) in zip(
        guests, (("王芳", PHONE, True), ("沉默人", SECRET_PHONE, False)), strict=False
    ):
        form = {"name": name, "phone": phone, "consents": consents}
        answer = await fair.post(f"registrations/{guest.id}/delegates", guest.account, **form)
        assert answer.status_code == 201, answer.text
    worker = Worker(database, all_kinds(settings, database, indexes))
    await worker.run_until_idle()
    await fair.move("match")
    return Day(fair, database, worker, guests)


@pytest.fixture
async def agenda(day: Day) -> Day:
    """The same fair with its agenda published."""
    plan = await day.plan()
    assert (await day.publish(plan)).status_code in {200, 204}
    await day.fair.read()
    return day


async def lines(day: Day, name: str, query: str = "", lang: str = "zh") -> list[dict[str, Any]]:
    answer = await day.fair.client.get(
        f"{day.fair.url}/lists/{name}?format=jsonl{query}",
        headers=day.fair.organizer.headers | {"Accept-Language": lang},
    )
    assert answer.status_code == 200, answer.text
    return [msgspec.json.decode(line) for line in answer.content.splitlines()]


async def ordered(day: Day, **form: Any) -> dict[str, Any]:
    """An export that was ordered and written."""
    answer = await day.fair.post("exports", **form)
    assert answer.status_code == 202, answer.text
    await day.work()
    read = await day.fair.client.get(answer.headers["location"], headers=day.fair.organizer.headers)
    body: dict[str, Any] = read.json()
    return body


async def fetched(day: Day, export: dict[str, Any]) -> bytes:
    answer = await day.fair.client.get(export["url"], headers=day.fair.organizer.headers)
    assert answer.status_code == 200, answer.text
    return answer.content


async def archive(day: Day, **form: Any) -> dict[str, bytes]:
    content = await fetched(day, await ordered(day, **form))
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


async def test_matched_pairs_tell_why_and_whether_they_meet(agenda: Day) -> None:
    (pair,) = await lines(agenda, "pairs")

    assert {key: pair[key] for key in ("pair", "first", "second", "planned")} == {
        "pair": "P0001",
        "first": "刺桐大学",
        "second": "晋江某鞋业有限公司",
        "planned": True,
    }
    assert pair["score"] > 50
    assert pair["reasons"] != []
    assert "万" not in str(pair["reasons"] + pair["counter_reasons"])
    assert pair["result"] != ""
    assert pair["need"] != ""


async def test_meetings_and_agendas_tell_the_same(agenda: Day) -> None:
    (meeting,) = await lines(agenda, "meetings")
    agendas = await lines(agenda, "agendas")

    assert (meeting["first"], meeting["second"]) == ("刺桐大学", "晋江某鞋业有限公司")
    assert (meeting["state"], meeting["begins_at"][10:]) == ("已排定", "T09:00:00+08:00")
    assert [(row["organisation"], row["partner"], row["contacts"]) for row in agendas] == [
        ("刺桐大学", "晋江某鞋业有限公司", []),
        ("晋江某鞋业有限公司", "刺桐大学", [f"王芳 {PHONE}"]),
    ]


async def test_table_plan_participants_and_statistics(agenda: Day) -> None:
    seats = await lines(agenda, "table_plan")
    people = await lines(agenda, "participants")
    statistics = {row["figure"]: row["value"] for row in await lines(agenda, "statistics")}

    assert len(seats) == 4 * 4
    assert [row["first"] for row in seats if row["first"]] == ["刺桐大学"]
    assert [
        (row["participant"], row["name"], row["meetings"], row["profile"]) for row in people
    ] == [
        ("001", "刺桐大学", 1, "刺桐大学的简介"),
        ("002", "晋江某鞋业有限公司", 1, "晋江某鞋业有限公司的简介"),
        ("003", "海丝基金", 0, "海丝基金的简介"),
    ]
    assert (statistics["已排定会面"], statistics["达到上界的比例"]) == (1, "100.0 %")
    assert (statistics["报名"], statistics["安排对接"], statistics["意向订单"]) == (3, 1, 0)


async def test_draft_can_be_looked_at_and_tells_no_contact(day: Day) -> None:
    plan = await day.plan()

    assert await lines(day, "meetings") == []
    files = await archive(day, content="everything", plan_id=plan["id"])

    meetings = [msgspec.json.decode(line) for line in files["meetings.jsonl"].splitlines()]
    assert [(each["first"], each["second"]) for each in meetings] == [
        ("刺桐大学", "晋江某鞋业有限公司")
    ]
    assert [name for name, content in files.items() if PHONE.encode() in content] == []


async def test_everything_is_one_archive(agenda: Day) -> None:
    export = await ordered(agenda)
    content = await fetched(agenda, export)
    files = zipfile.ZipFile(io.BytesIO(content))

    lists = (
        "participants",
        "pairs",
        "meetings",
        "agendas",
        "table_plan",
        "unplanned",
        "statistics",
    )
    pages = ["handbook.pdf", "badges.pdf"] if can_set_pages() else []
    assert files.namelist() == [
        "fair.xlsx",
        *(f"{name}.{extension}" for name in lists for extension in ("csv", "jsonl")),
        "calendars/001-刺桐大学.ics",
        "calendars/002-晋江某鞋业有限公司.ics",
        "calendars/003-海丝基金.ics",
        *pages,
    ]
    assert export == {
        "id": export["id"],
        "fair_id": agenda.fair.id,
        "content": "everything",
        "format": "zip",
        "lang": "zh",
        "encoding": "utf-8-sig",
        "plan_id": None,
        "state": "done",
        "progress": 100,
        "file_name": "科技成果面对面·鞋服专场-全部资料.zip",
        "size_bytes": len(content),
        "sha256": export["sha256"],
        "url": f"{agenda.fair.url}/exports/{export['id']}/file",
        "problem": None,
        "created_at": export["created_at"],
        "finished_at": export["finished_at"],
        "expires_at": export["expires_at"],
    }


async def test_same_agenda_gives_the_same_bytes(agenda: Day) -> None:
    first, second = await ordered(agenda), await ordered(agenda)

    assert first["sha256"] == second["sha256"]
    assert await fetched(agenda, first) == await fetched(agenda, second)


async def test_contacts_without_consent_are_in_no_file(agenda: Day, tmp_path: Path) -> None:
    files = await archive(agenda)
    (tmp_path / "fair.xlsx").write_bytes(files.pop("fair.xlsx"))
    workbook = sheets_of(tmp_path / "fair.xlsx")

    texts = {name: content.decode("utf-8", "replace") for name, content in files.items()}
    texts |= {"fair.xlsx": str(workbook)}
    assert [name for name, text in texts.items() if SECRET_PHONE in text] == []
    shown = sorted(name for name, text in texts.items() if PHONE in text)
    assert shown == [
        *("agendas.csv", "agendas.jsonl", "calendars/002-晋江某鞋业有限公司.ics", "fair.xlsx"),
        *("participants.csv", "participants.jsonl"),
    ]


async def test_need_whose_owner_hides_is_told_to_those_who_meet_alone(
    agenda: Day, database: Database
) -> None:
    async with database.writing() as session:
        need = (await session.scalars(select(NeedListing))).one()
        assert need.shows_organisation is False
        need.title = "不愿署名的需求"

    (meeting,) = await lines(agenda, "meetings")
    files = await archive(agenda, content="calendars")

    assert meeting["need"] == "不愿署名的需求"
    naming = [name for name, ics in files.items() if "不愿署名的需求" in _unfolded(ics)]
    assert naming == ["calendars/001-刺桐大学.ics", "calendars/002-晋江某鞋业有限公司.ics"]


def _unfolded(ics: bytes) -> str:
    return ics.replace(b"\r\n ", b"").decode()


async def test_moved_meeting_keeps_its_name_in_calendars_and_a_cancelled_one_is_told(
    agenda: Day,
) -> None:
    once = await _events(agenda)
    await agenda.fair.move("revise")
    plan = await agenda.plan()
    (meeting,) = await agenda.meetings(plan)
    slots = (await agenda.fair.get("slots")).json()["items"]
    path = f"plans/{plan['id']}/meetings/{meeting['id']}"
    moved = await agenda.send("PATCH", path, plan["version"], slot_id=slots[2]["id"])
    assert moved.status_code == 200, moved.text
    assert (await agenda.publish(await agenda.read(plan["id"]))).status_code in {200, 204}

    later = await _events(agenda)
    await agenda.fair.read()
    (held,) = (await agenda.fair.get("meetings?state=planned")).json()["items"]
    read = await agenda.fair.get(f"meetings/{held['id']}")
    cancelled = await agenda.fair.client.post(
        f"{agenda.fair.url}/meetings/{held['id']}/cancel",
        headers=agenda.fair.organizer.headers | {"If-Match": read.headers["etag"]},
        json={"reason": "有事"},
    )
    assert cancelled.status_code == 200, cancelled.text
    last = await _events(agenda)

    assert [each["uid"] for each in (once, later, last)] == [once["uid"]] * 3
    assert (once["status"], later["status"], last["status"]) == (
        *("CONFIRMED", "CONFIRMED", "CANCELLED"),
    )
    assert later.start - once.start == timedelta(hours=1)
    assert once["sequence"] < later["sequence"] < last["sequence"]


async def _events(day: Day) -> Any:
    files = await archive(day, content="calendars")
    (event,) = Calendar.from_ical(files["calendars/001-刺桐大学.ics"]).walk("VEVENT")
    return event


async def test_who_has_left_is_not_listed_and_the_meeting_is_told_as_cancelled(
    agenda: Day,
) -> None:
    guest = agenda.guests[1]
    read = await agenda.fair.get(f"registrations/{guest.id}")
    headers = guest.account.headers | {"If-Match": read.headers["etag"]}
    left = await agenda.fair.client.post(
        f"{agenda.fair.url}/registrations/{guest.id}/withdraw", headers=headers
    )
    assert left.status_code == 200, left.text

    people = await lines(agenda, "participants")
    (meeting,) = await lines(agenda, "meetings")

    assert [row["name"] for row in people] == ["刺桐大学", "海丝基金"]
    assert (meeting["second"], meeting["state"]) == ("晋江某鞋业有限公司", "已取消")
    event = await _events(agenda)
    assert event["status"] == "CANCELLED"


async def test_signing_list_is_that_of_the_fair(agenda: Day) -> None:
    ceremonies = "/api/v1/signing-ceremonies"
    headers = agenda.fair.organizer.headers
    form = {"name": "集中签约", "held_on": "2027-06-18", "fair_id": agenda.fair.id}
    ceremony = await agenda.fair.client.post(ceremonies, json=form, headers=headers)
    assert ceremony.status_code == 201, ceremony.text
    project = {
        "title": "鞋底材料产业化",
        "parties": ["刺桐大学", "晋江某鞋业有限公司"],
        "kind": "industry",
        "amount_cny": 12_000_000,
        "is_on_stage": True,
    }
    url = f"{ceremonies}/{ceremony.json()['id']}/projects"
    added = await agenda.fair.client.post(url, json=project, headers=headers)
    assert added.status_code == 201, added.text

    (signing,) = await lines(agenda, "signings")

    assert signing == {
        "number": 1,
        "project": "鞋底材料产业化",
        "parties": ["刺桐大学", "晋江某鞋业有限公司"],
        "kind": signing["kind"],
        "amount_cny": 12_000_000,
        "is_on_stage": True,
    }
    assert signing["kind"] not in {"", "industry"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
async def test_list_is_a_file_under_its_own_name(agenda: Day, encoding: str) -> None:
    answer = await agenda.fair.get(f"lists/meetings?encoding={encoding}")

    charset = encoding.removesuffix("-sig")
    assert answer.headers["content-type"] == f"text/csv; charset={charset}"
    disposition = unquote(answer.headers["content-disposition"])
    assert "科技成果面对面·鞋服专场-会面.csv" in disposition
    assert 'filename="fair-meetings.csv"' in disposition
    table = list(csv.reader(io.StringIO(answer.content.decode(encoding), newline="")))
    assert table[1][5] == "刺桐大学"


async def test_english_reader_gets_english_files(agenda: Day) -> None:
    answer = await agenda.fair.client.post(
        f"{agenda.fair.url}/exports",
        json={"content": "statistics", "format": "csv"},
        headers=agenda.fair.organizer.headers | {"Accept-Language": "en"},
    )
    assert (answer.json()["lang"], answer.json()["file_name"]) == (
        *("en", "科技成果面对面·鞋服专场-statistics.csv"),
    )
    assert [row["figure"] for row in await lines(agenda, "statistics", lang="en")][:2] == [
        *("Participants: Institute", "Participants: Enterprise"),
    ]


@pytest.mark.parametrize(
    ("form", "pointer"),
    [
        ({"content": "handbook", "format": "zip"}, "#/format"),
        ({"content": "pairs", "format": "pdf"}, "#/format"),
        ({"content": "nothing"}, "#/content"),
        ({"encoding": "latin-1"}, "#/encoding"),
        ({"plan_id": "x"}, "#/plan_id"),
        ({"plan_id": str(uuid.uuid4())}, "#/plan_id"),
        ({"unknown": 1}, "#/unknown"),
    ],
)
async def test_senseless_order_is_refused_with_its_field(
    day: Day, form: dict[str, Any], pointer: str
) -> None:
    answer = await day.fair.post("exports", **form)

    assert answer.status_code == 422, answer.text
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]
    assert await rows(day.database, FairExport) == []


async def test_unknown_list_is_not_there(day: Day) -> None:
    answer = await day.fair.get("lists/contacts")

    assert told(answer) == (404, "not_found")


async def test_file_is_not_there_before_it_is_written(day: Day) -> None:
    export = (await day.fair.post("exports", content="pairs")).json()

    answer = await day.fair.get(f"exports/{export['id']}/file")

    assert (export["state"], export["progress"], export["url"]) == ("queued", 0, None)
    assert told(answer) == (409, "export_not_ready")


async def test_another_organizer_gets_nothing(day: Day, database: Database) -> None:
    export = await ordered(day, content="participants")
    other = await make_account(database, "organizer")

    paths = ("exports", f"exports/{export['id']}", f"exports/{export['id']}/file", "lists/pairs")
    answers = [await day.fair.get(path, other) for path in paths]

    assert {answer.status_code for answer in answers} <= {403, 404}
    assert [answer for answer in answers if "刺桐大学" in answer.text] == []


async def test_export_of_another_fair_is_not_there(
    day: Day, client: httpx.AsyncClient, database: Database
) -> None:
    export = await ordered(day, content="participants")
    other = await hold_fair(client, database, organizer=day.fair.organizer)

    assert (await other.get(f"exports/{export['id']}/file")).status_code == 404


async def test_same_key_orders_once(day: Day) -> None:
    headers = day.fair.organizer.headers | {"Idempotency-Key": "abc-1"}
    first, again = [
        await day.fair.client.post(f"{day.fair.url}/exports", json={}, headers=headers)
        for _ in range(2)
    ]

    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]
    assert len(await rows(day.database, FairExport)) == 1


async def test_a_few_at_a_time(day: Day) -> None:
    answers = await asyncio.gather(*(day.fair.post("exports", content="pairs") for _ in range(6)))

    assert sorted(answer.status_code for answer in answers) == [202] * 3 + [409] * 3
    await day.work()
    assert (await day.fair.post("exports", content="pairs")).status_code == 202


async def test_old_exports_make_room(day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_KEPT", 2)
    made = [await ordered(day, content="participants") for _ in range(4)]

    items = (await day.fair.get("exports")).json()["items"]

    assert [each["id"] for each in items] == [made[3]["id"], made[2]["id"]]
    assert len(await rows(day.database, FairExportFile)) == 2


async def test_exports_come_in_pages_the_newest_first(day: Day) -> None:
    made = [await ordered(day, content="participants") for _ in range(3)]

    first = (await day.fair.get("exports?limit=2")).json()
    rest = (await day.fair.get(f"exports?limit=2&cursor={first['next_cursor']}")).json()

    ids = [each["id"] for each in first["items"] + rest["items"]]
    assert ids == [each["id"] for each in made[::-1]]
    assert rest["next_cursor"] is None


async def test_dropped_export_is_gone_and_its_job_does_nothing(day: Day) -> None:
    export = (await day.fair.post("exports", content="pairs")).json()

    dropped = await day.send("DELETE", f"exports/{export['id']}")
    await day.work()

    assert dropped.status_code == 204
    assert (await day.fair.get(f"exports/{export['id']}")).status_code == 404
    assert await rows(day.database, FairExportFile) == []
    assert {job.state for job in await rows(day.database, Job) if job.kind == MAKE} == {"done"}


async def test_expired_exports_go(day: Day, database: Database) -> None:
    old, new = [await ordered(day, content="participants") for _ in range(2)]
    async with database.writing() as session:
        await session.execute(
            update(FairExport)
            .where(FairExport.id == uuid.UUID(old["id"]))
            .values(expires_at=utc_now() - timedelta(seconds=1))
        )
        await enqueue(session, PRUNE, {})

    await day.work()

    assert [str(row.id) for row in await rows(database, FairExport)] == [new["id"]]
    assert len(await rows(database, FairExportFile)) == 1


async def test_export_that_fails_again_and_again_says_so(day: Day, database: Database) -> None:
    export = (await day.fair.post("exports", content="pairs")).json()
    async with database.writing() as session:
        await session.execute(update(Job).where(Job.kind == MAKE).values(attempts=3))

    await day.work()

    read = (await day.fair.get(f"exports/{export['id']}")).json()
    assert (read["state"], read["problem"]) == ("failed", "多次尝试后仍未成功，请重新导出")
    assert read["url"] is None


async def test_large_fair_orders_its_lists(day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    await day.fair.post("pairs/refresh")
    await day.work()
    monkeypatch.setattr(api, "_MOST_PAIRS", 0)

    assert told(await day.fair.get("lists/pairs")) == (413, "export_too_large")
    assert (await ordered(day, content="pairs"))["state"] == "done"


async def test_fair_without_anybody_has_files_too(
    client: httpx.AsyncClient, database: Database, settings: Settings, indexes: Indexes
) -> None:
    fair = await hold_fair(client, database, days=[], halls=[])
    empty = Day(fair, database, Worker(database, all_kinds(settings, database, indexes)), [])

    files = await archive(empty)

    assert [name for name in files if name.startswith("calendars/")] == []
    assert files["participants.csv"].decode("utf-8-sig").count("\r\n") == 1


async def test_listing_that_was_withdrawn_is_left_out(agenda: Day, database: Database) -> None:
    async with database.writing() as session:
        need = (await session.scalars(select(NeedListing))).one()
        need.status = "paused"

    (meeting,) = await lines(agenda, "meetings")

    assert (meeting["need"], meeting["result"] != "") == ("", True)
