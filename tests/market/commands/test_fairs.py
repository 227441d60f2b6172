"""`duijie fairs`: what there is on the marketplace, and one fair as a folder of files."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from market.db import Database, utc_now
from market.errors import EXIT_FAILED, EXIT_USAGE
from market.exchange.fair_pdf import can_set_pages
from market.fairs.booking import Booking, book
from market.fairs.meeting_models import FairPlan, PlanMeeting
from tests.market.accounts.factories import make_account
from tests.market.commands.runs import DuijieOnMarket, names_in, pairs_of
from tests.market.fairs.rows import Hall, make_hall

NAMES = ("刺桐大学", "晋江某鞋业有限公司")
PAGES = ["badges.pdf", "handbook.pdf"] if can_set_pages() else []
FILES = sorted(
    [
        *("calendars", "fair.xlsx", *PAGES),
        *(
            f"{name}.{extension}"
            for name in (
                *("participants", "pairs", "meetings", "agendas"),
                *("table_plan", "unplanned", "statistics"),
            )
            for extension in ("csv", "jsonl")
        ),
    ]
)


@pytest_asyncio.fixture(loop_scope="session")
async def hall(database: Database) -> Hall:
    """A published fair at which an institute meets an enterprise in the second slot."""
    organizer = await make_account(database, "organizer", name="晋江市科技局")
    guests = [
        await make_account(database, kind, name=name)
        for kind, name in zip(("institute", "enterprise"), NAMES, strict=True)
    ]
    hall = await make_hall(database, organizer, guests, slots=3, tables=2, name="鞋服专场")
    async with database.writing() as session:
        booking = Booking(
            first_id=hall.registrations[0].id,
            second_id=hall.registrations[1].id,
            slot_id=hall.slots[1].id,
            table_id=hall.tables[0].id,
            weight=500,
        )
        await book(session, hall.fair.id, booking, utc_now())
    return hall


async def test_all_files_of_a_fair_are_written(
    hall: Hall, duijie_on_market: DuijieOnMarket, folder: Path
) -> None:
    ran = await duijie_on_market("fairs", "export", "鞋服专场", "-o", "out")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"{len(FILES) - 1 + 2} 个文件 → out\n"
    assert names_in(folder / "out") == FILES
    assert names_in(folder / "out" / "calendars") == [
        *("001-刺桐大学.ics", "002-晋江某鞋业有限公司.ics"),
    ]
    (meeting,) = pairs_of(folder / "out" / "meetings.jsonl")
    assert (meeting["slot"], meeting["first"], meeting["second"]) == (2, *NAMES)
    by_id = await duijie_on_market("fairs", "export", str(hall.fair.id), "-o", "again")
    assert by_id.code == 0
    assert (folder / "again" / "fair.xlsx").read_bytes() == (
        folder / "out" / "fair.xlsx"
    ).read_bytes()


async def test_draft_is_written_by_its_number(
    hall: Hall, database: Database, duijie_on_market: DuijieOnMarket, folder: Path
) -> None:
    async with database.writing() as session:
        plan = FairPlan(
            fair_id=hall.fair.id,
            number=3,
            kind="plan",
            state="draft",
            options={},
            outcome={},
            created_at=utc_now(),
        )
        session.add(plan)
        await session.flush()
        session.add(
            PlanMeeting(
                plan_id=plan.id,
                first_id=hall.registrations[0].id,
                second_id=hall.registrations[1].id,
                slot_id=hall.slots[2].id,
                table_id=hall.tables[1].id,
                weight=700,
            )
        )

    ran = await duijie_on_market(
        "fairs", "export", "鞋服专场", "-o", "out", "--plan", "3", "--lang", "en"
    )

    assert (ran.code, ran.out) == (0, f"{len(FILES) - 1 + 2} files → out\n")
    (meeting,) = pairs_of(folder / "out" / "meetings.jsonl")
    assert (meeting["slot"], meeting["table"], meeting["state"]) == (3, "A-02", "Planned")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("没有的对接会",), "没有的对接会：没有这场对接会"),
        ((str(uuid.uuid4()),), "没有这场对接会"),
        (("鞋服专场", "--plan", "9"), "--plan 9：没有这个排程"),
    ],
)
@pytest.mark.usefixtures("hall")
async def test_what_is_not_there_is_named(
    duijie_on_market: DuijieOnMarket, folder: Path, arguments: tuple[str, ...], told: str
) -> None:
    ran = await duijie_on_market("fairs", "export", *arguments, "-o", "out")

    assert (ran.code, ran.out) == (EXIT_USAGE, "")
    assert told in ran.err
    assert not (folder / "out").exists()


async def test_name_of_two_fairs_needs_the_id(
    hall: Hall, database: Database, duijie_on_market: DuijieOnMarket
) -> None:
    organizer = await make_account(database, "organizer")
    await make_hall(database, organizer, [], name="鞋服专场")

    ran = await duijie_on_market("fairs", "export", "鞋服专场", "-o", "out")

    assert ran.code == EXIT_USAGE
    assert "有多场同名" in ran.err
    assert (await duijie_on_market("fairs", "export", str(hall.fair.id), "-o", "out")).code == 0


@pytest.mark.usefixtures("hall")
async def test_folder_that_is_a_file_is_refused(
    duijie_on_market: DuijieOnMarket, folder: Path
) -> None:
    (folder / "out").write_text("x")

    ran = await duijie_on_market("fairs", "export", "鞋服专场", "-o", "out")

    assert ran.code in {EXIT_FAILED, EXIT_USAGE}
    assert (folder / "out").read_text() == "x"


async def test_fairs_are_listed_with_what_they_hold(
    hall: Hall, duijie_on_market: DuijieOnMarket
) -> None:
    ran = await duijie_on_market("fairs", "list", "--json")
    shown = await duijie_on_market("fairs", "list")

    (told,) = json.loads(ran.out)["items"]
    expected: dict[str, Any] = {
        "id": str(hall.fair.id),
        "name": "鞋服专场",
        "organizer": "晋江市科技局",
        "status": "published",
        "begins_at": "2027-06-18T01:00:00+00:00",
        "time_zone": "Asia/Shanghai",
        "slots": 3,
        "tables": 2,
        "by_status": {"approved": 2},
        "by_kind": {"institute": 1, "enterprise": 1},
        "listings": {},
        "meetings": 1,
    }
    assert told == expected
    assert "2027-06-18 09:00" in shown.out
    assert "已公布 · published" in shown.out


@pytest.mark.usefixtures("database")
async def test_empty_marketplace_says_so(duijie_on_market: DuijieOnMarket) -> None:
    ran = await duijie_on_market("fairs", "list")

    assert (ran.code, ran.out) == (0, "还没有对接会 · There are no fairs yet.\n")
