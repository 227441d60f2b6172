"""What others know of a fair is what is so: after every step, and again when it is taken back."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from market.db import Database, utc_now
from market.fairs.meeting_models import FairMeeting
from market.fairs.models import Fair, FairDelegate, FairSlot
from market.fairs.no_shows import watch_fair
from market.records.models import FairRecord
from tests.market.accounts.factories import make_account, rows, told
from tests.market.fairs.factories import API, Guest, Held, admit, hold_fair, next_fair
from tests.market.fairs.factories import begin_series as begin
from tests.market.fairs.facts import as_it_is, written_down

ORDERS = f"{API}/intent-orders"


async def check(database: Database) -> set[str]:
    """All that is written down is so, and the other way round; which stages there are."""
    known = await written_down(database)
    assert known == await as_it_is(database)
    return {each[0] for each in known}


async def records(database: Database) -> list[tuple[str, date | None, uuid.UUID | None]]:
    return [(row.name, row.begins_on, row.series_id) for row in await rows(database, FairRecord)]


async def decide(fair: Held, guest: Guest, action: str, who: Any = None) -> None:
    path = f"registrations/{guest.id}"
    read = await fair.get(path)
    headers = (who or fair.organizer).headers | {"If-Match": read.headers["etag"]}
    answer = await fair.client.post(f"{fair.url}/{path}/{action}", headers=headers)
    assert answer.status_code == 200, answer.text


async def book(fair: Held, first: Guest, second: Guest, slot: int, table: int = 0) -> str:
    slots = (await fair.get("slots")).json()["items"]
    tables = (await fair.get("tables")).json()["items"]
    form = {
        "first_id": first.id,
        "second_id": second.id,
        "slot_id": slots[slot]["id"],
        "table_id": tables[table]["id"],
    }
    answer = await fair.post("meetings", **form)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def after(database: Database, fair: Held, slot: int) -> datetime:
    async with database.reading() as session:
        found = await session.scalars(
            select(FairSlot).where(FairSlot.fair_id == uuid.UUID(fair.id)).order_by(FairSlot.number)
        )
        return list(found)[slot].ends_at


async def end(meeting_id: str, fair: Held, action: str, **body: Any) -> httpx.Response:
    path = f"meetings/{meeting_id}"
    read = await fair.get(path)
    headers = fair.organizer.headers | {"If-Match": read.headers["etag"]}
    return await fair.client.post(f"{fair.url}/{path}/{action}", headers=headers, json=body)


async def test_a_fair_is_known_from_its_draft_on(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database)
    assert await records(database) == [("科技成果面对面·鞋服专场", date(2027, 6, 18), None)]

    later = [{"on": "2027-09-01", "begins": "09:00", "ends": "11:00"}]
    assert (await fair.patch(name="鞋服专场（改期）", days=later)).status_code == 200

    assert await records(database) == [("鞋服专场（改期）", date(2027, 9, 1), None)]
    assert (await written_down(database)) == set()


async def test_a_draft_that_is_deleted_is_forgotten(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database)
    headers = fair.organizer.headers | {"If-Match": fair.etag}

    assert (await client.delete(fair.url, headers=headers)).status_code == 204

    assert await records(database) == []


async def test_a_fair_of_a_series_is_known_as_one(
    client: httpx.AsyncClient, database: Database
) -> None:
    organizer = await make_account(database, "organizer")
    series = await begin(client, organizer)
    fair = await next_fair(client, organizer, series["id"], "2027-08-18")

    known = [(fair.body["name"], date(2027, 8, 18), uuid.UUID(series["id"]))]
    assert await records(database) == known


async def test_the_day_of_a_fair_is_that_of_its_own_zone(
    client: httpx.AsyncClient, database: Database
) -> None:
    day = {"on": "2027-06-18", "begins": "00:30", "ends": "02:00", "slot_min": 20}
    await hold_fair(client, database, days=[day])

    assert [each[1] for each in await records(database)] == [date(2027, 6, 18)]


async def test_registrations_count_while_they_are_admitted(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair = await hold_fair(client, database, "open", quotas={"enterprise": 1})
    first = await admit(fair, database, "enterprise", brings=False)
    second = await admit(fair, database, "enterprise", brings=False)
    assert second.registration["status"] == "waiting"
    assert await check(database) == {"registered"}

    # The place goes to who waits.
    await decide(fair, first, "withdraw", first.account)
    assert await check(database) == {"registered"}
    assert {each[1] for each in await written_down(database)} == {uuid.UUID(second.id)}

    await decide(fair, second, "reject")
    assert await check(database) == set()


async def test_who_comes_back_has_come(client: httpx.AsyncClient, database: Database) -> None:
    fair, guests = await published(client, database)
    await come(fair, database, guests[0])
    assert await check(database) == {"registered", "checked_in"}

    await decide(fair, guests[0], "withdraw", guests[0].account)
    assert await check(database) == {"registered"}

    await decide(fair, guests[0], "resubmit", guests[0].account)
    await decide(fair, guests[0], "approve")
    assert await check(database) == {"registered", "checked_in"}


async def test_the_earliest_of_all_scans_counts(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair, guests = await published(client, database)
    # A device that was offline sends what it saw before.
    for minutes in (30, 5, 60):
        await come(fair, database, guests[0], minutes=minutes)
        assert await check(database) == {"registered", "checked_in"}

    times = [each[4] for each in await written_down(database) if each[0] == "checked_in"]
    assert times == [datetime(2027, 6, 18, 1, 5, tzinfo=UTC)]


async def published(client: httpx.AsyncClient, database: Database) -> tuple[Held, list[Guest]]:
    """A fair with an agenda that somebody will arrange by hand, with one side of each kind."""
    fair = await hold_fair(client, database, "open")
    guests = [await admit(fair, database, kind) for kind in ("institute", "enterprise")]
    async with database.writing() as session:
        row = await session.get_one(Fair, uuid.UUID(fair.id))
        row.status = "published"
    await fair.read()
    return fair, guests


async def come(fair: Held, database: Database, guest: Guest, *, minutes: int = 0) -> None:
    async with database.writing() as session:
        found = await session.scalars(
            select(FairDelegate).where(FairDelegate.registration_id == uuid.UUID(guest.id))
        )
        delegate = found.first() or FairDelegate(
            registration_id=uuid.UUID(guest.id), name="林工", created_at=utc_now()
        )
        session.add(delegate)
        await session.flush()
        delegate_id = str(delegate.id)
    at = datetime(2027, 6, 18, 1, 0, tzinfo=UTC) + timedelta(minutes=minutes)
    scan = {"delegate_id": delegate_id, "scanned_at": at.isoformat()}
    answer = await fair.post("check-ins", scans=[scan])
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("ending", ["cancel", "no-show"])
async def test_a_meeting_is_planned_until_it_is_cancelled(
    client: httpx.AsyncClient, database: Database, ending: str
) -> None:
    fair, guests = await published(client, database)
    meeting_id = await book(fair, guests[0], guests[1], slot=0)
    assert await check(database) == {"registered", "planned"}
    await fair.move("start")

    absent = [guests[1].id]
    body: dict[str, Any] = {"absent_ids": absent} if ending == "no-show" else {"reason": "有事"}
    answer = await end(meeting_id, fair, ending, **body)
    assert answer.status_code == 200, answer.text
    is_planned = ending == "no-show"
    assert ("planned" in await check(database)) is is_planned

    assert (await end(meeting_id, fair, "restore")).status_code == 200
    assert await check(database) == {"registered", "planned"}


async def test_a_meeting_was_held_when_its_slot_is_over(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair, guests = await published(client, database)
    await book(fair, guests[0], guests[1], slot=0)
    await fair.move("start")

    async with database.writing() as session:
        await watch_fair(session, uuid.UUID(fair.id), await after(database, fair, 0))

    assert await check(database) == {"registered", "planned", "held"}


async def test_the_funnel_of_a_fair_from_registration_to_the_order(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair, (institute, enterprise) = await published(client, database)
    assert institute.listing is not None
    assert enterprise.listing is not None
    meeting_id = await book(fair, institute, enterprise, slot=0)
    await fair.move("start")
    await come(fair, database, institute)
    said = {"answer": "intent", "note": "要样品"}
    outcome = await fair.put(f"meetings/{meeting_id}/outcome", enterprise.account, **said)
    assert outcome.status_code == 200, outcome.text
    form = {
        "result_id": institute.listing.id,
        "need_id": enterprise.listing.id,
        "meeting_id": meeting_id,
        "mode": "licence",
        "amount_min_cny": 300_000,
        "amount_max_cny": 800_000,
        "next_step": "寄送样品",
    }

    proposed = await client.post(ORDERS, json=form, headers=enterprise.account.headers)
    assert proposed.status_code == 201, proposed.text
    assert proposed.json()["fair_id"] == fair.id
    order = f"{ORDERS}/{proposed.json()['id']}"
    confirmed = await client.post(
        f"{order}/confirm",
        headers=institute.account.headers | {"If-Match": proposed.headers["etag"]},
    )
    assert confirmed.status_code == 200, confirmed.text

    assert await funnel(fair) == {
        "registered": 2,
        "checked_in": 1,
        "planned": 1,
        "held": 1,
        "intent": 1,
        "contract": 0,
    }


async def funnel(fair: Held) -> dict[str, int]:
    answer = await fair.client.get(
        f"{API}/stats/funnel", params={"fair_id": fair.id}, headers=fair.organizer.headers
    )
    assert answer.status_code == 200, answer.text
    return {each["step"]: each["count"] for each in answer.json()["steps"]}


async def test_a_cancelled_meeting_gives_no_order(
    client: httpx.AsyncClient, database: Database
) -> None:
    fair, (institute, enterprise) = await published(client, database)
    assert institute.listing is not None
    meeting_id = await book(fair, institute, enterprise, slot=0)
    await end(meeting_id, fair, "cancel", reason="有事")
    form = {"result_id": institute.listing.id, "meeting_id": meeting_id, "mode": "licence"}

    answer = await client.post(ORDERS, json=form, headers=enterprise.account.headers)

    assert told(answer)[0] == 422
    async with database.reading() as session:
        assert (await session.get_one(FairMeeting, uuid.UUID(meeting_id))).state == "cancelled"
