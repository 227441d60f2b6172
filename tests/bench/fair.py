"""A whole fair of the size that Quanzhou held, from its guests to its files.

python -m tests.bench.fair [--json] [--seed N] [--listings N]

400 organisations register by a spreadsheet, bring `--listings` results (1,000) and six tenths as
many needs by files, wish 4,300 times, and get a plan of 48 slots; on the day they check in, say
what came of their meetings and agree on 4,300 intention orders; then everything is exported.
Nothing is put into the database but by the product's services and jobs, in units of work of
their size. Everything runs in this process on a SQLite file.
"""

import argparse
import io
import tempfile
import time
import uuid
import zipfile
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import uvloop
from sqlalchemy import func, select

from market.db import Database, utc_now
from market.fair_exports.queries import content_of_export, export_of
from market.fair_exports.service import order_export
from market.fairs.meeting_models import FairMeeting, FairPair, FairPlan
from market.fairs.meeting_queries import agenda_of, parts_of
from market.fairs.models import FairRegistration
from market.fairs.plan_orders import ask_for_pairs, order_plan
from market.fairs.publishing import publish_plan
from market.fairs.queries import locked_fair, organized_fair
from market.indexing.engines import open_indexes
from market.jobs import REMATCH, enqueue
from market.matching.handlers import COUNT_WORDS
from market.migrating import migrate
from market.serving import settle_interpreter
from market.settings import Settings
from market.work import all_kinds
from market.worker import Worker, pace_of
from schemas.fair_exports import FairExportForm
from schemas.fair_plans import PlanForm
from tests.bench import fair_day
from tests.bench.fair_guests import (
    GUESTS,
    Guest,
    begin_matching,
    bring_listings,
    files_of,
    import_files,
    open_accounts,
    open_fair,
    register,
    wish,
)
from tests.bench.stages import Stages
from tests.bench.table import (
    Row,
    Section,
    arguments,
    at_least,
    at_most,
    run_alone,
    stated,
)

_TABLES = 110
_BROUGHT, _NEEDS_SHARE = 1_000, 0.6
_ROUNDS = 20
_TARGET_S = 60
Id = uuid.UUID


def measure(chosen: argparse.Namespace) -> Section:
    with tempfile.TemporaryDirectory() as folder:
        rows = uvloop.run(_measured(Path(folder), chosen.listings, chosen.seed))
    guests = sum(GUESTS.values())
    needs = _needs(chosen.listings)
    title = f"a fair of {guests} organisations, {chosen.listings:,} results, {needs:,} needs"
    return Section(title, rows)


def parser() -> argparse.ArgumentParser:
    made = arguments("tests.bench.fair", "a whole fair, from its guests to its files")
    made.set_defaults(listings=_BROUGHT)
    return made


def _needs(results: int) -> int:
    return max(1, round(results * _NEEDS_SHARE))


class _Hall(NamedTuple):
    """What the stages work on. `worker` leaves the matching of the marketplace to `matcher`."""

    database: Database
    worker: Worker
    matcher: Worker
    organizer: Guest
    guests: Sequence[Guest]
    fair_id: Id


async def _measured(folder: Path, listings: int, seed: int) -> list[Row]:
    settings = Settings(data_folder=folder)
    database = Database(f"sqlite+aiosqlite:///{folder / 'duijie.db'}")
    await migrate(database)
    try:
        async with open_indexes(settings, database, for_writing=True) as indexes:
            kinds = all_kinds(settings, database, indexes)
            others = {name: kind for name, kind in kinds.items() if name != REMATCH}
            worker, matcher = (
                Worker(database, each, (), pace_of(settings)) for each in (others, kinds)
            )
            settle_interpreter()
            return await _told(database, (worker, matcher), listings, Random(seed))
    finally:
        await database.close()


async def _told(
    database: Database, workers: tuple[Worker, Worker], listings: int, random: Random
) -> list[Row]:
    stages = Stages()
    hall, rows = await _begun(database, workers, stages)
    files = files_of(hall.guests, listings, _needs(listings), random.randrange(1_000_000))
    with stages.stage("listings imported, published and indexed"):
        counts = await import_files(database, hall.worker, files)
        async with database.writing() as session:
            await enqueue(session, COUNT_WORDS, {})
        await hall.worker.run_until_idle()
    rows += [
        stated("files imported", len(files), "files"),
        stated("listings published", counts["published"], "listings"),
    ]
    with stages.stage("listings brought, wishes made"):
        await bring_listings(database, hall.fair_id, hall.guests)
        await wish(database, hall.fair_id, hall.guests, random)
    rows += await _planned(hall, stages)
    rows += await _day(hall, stages, random)
    rows += await _exported(hall, stages)
    agenda_ms = await _agenda_ms(database, hall.fair_id)
    rows.append(at_most("agenda of one participant, median", agenda_ms, "ms", target=30))
    return [*stages.rows(target_s=_TARGET_S), *rows, *await _matched(hall)]


async def _begun(
    database: Database, workers: tuple[Worker, Worker], stages: Stages
) -> tuple[_Hall, list[Row]]:
    with stages.stage("accounts of all organisations"):
        organizer, guests = await open_accounts(database)
    with stages.stage("fair opened, guests registered by a spreadsheet"):
        fair_id = await open_fair(database, organizer, tables=_TABLES)
        report = await register(database, organizer, fair_id, guests)
        await workers[0].run_until_idle()
    hall = _Hall(database, *workers, organizer, guests, fair_id)
    return hall, [stated("registered", report.created, "organisations")]


async def _planned(hall: _Hall, stages: Stages) -> list[Row]:
    database, viewer = hall.database, hall.organizer.viewer
    with stages.stage("pairs and their weights"):
        await begin_matching(database, hall.fair_id)
        async with database.writing() as session:
            await ask_for_pairs(session, await organized_fair(session, viewer, hall.fair_id))
        await hall.worker.run_until_idle()
    with stages.stage("plan of 48 slots"):
        async with database.writing() as session:
            fair = await locked_fair(session, hall.fair_id)
            form = PlanForm(refreshes_pairs=False)
            plan_id = (await order_plan(session, viewer, fair, form, utc_now())).id
        await hall.worker.run_until_idle()
    with stages.stage("agenda published"):
        async with database.writing() as session:
            fair = await locked_fair(session, hall.fair_id)
            plan = await session.get_one(FairPlan, plan_id)
            await publish_plan(session, fair, plan, utc_now())
        await hall.worker.run_until_idle()
    return await _plan_rows(database, plan_id)


async def _plan_rows(database: Database, plan_id: Id) -> list[Row]:
    async with database.reading() as session:
        plan = await session.get_one(FairPlan, plan_id)
        pairs = await session.scalar(select(func.count()).select_from(FairPair)) or 0
        meetings = await session.scalar(select(func.count()).select_from(FairMeeting)) or 0
    assert plan.weight is not None
    assert plan.upper_bound is not None
    return [
        stated("pairs that may meet", pairs, "pairs"),
        stated("meetings planned", meetings, "meetings"),
        at_least("weight / upper bound", plan.weight / plan.upper_bound, "", target=0.99),
        stated("without a meeting", len(plan.outcome["without_meeting"]), "participants"),
    ]


async def _day(hall: _Hall, stages: Stages, random: Random) -> list[Row]:
    database, fair_id = hall.database, hall.fair_id
    with stages.stage("check-ins, no-shows and free places filled"):
        await fair_day.start(database, fair_id)
        scans = await fair_day.check_in(database, hall.organizer, fair_id, random)
        slots = await fair_day.slots_of(database, fair_id)
        await fair_day.watch(database, fair_id, slots[:1])
        await hall.worker.run_until_idle()
        await fair_day.watch(database, fair_id, slots)
        await hall.worker.run_until_idle()
    held = await fair_day.held_about_listings(database, fair_id, hall.guests)
    agreed = held[: fair_day.ORDERS]
    with stages.stage("what a side says of its meetings"):
        await fair_day.tell_outcomes(database, fair_id, agreed)
    with stages.stage("intention orders, proposed and confirmed"):
        await fair_day.order(database, agreed)
    with stages.stage("the other sides told of their orders"):
        await hall.worker.run_until_idle()
    return [
        stated("scans", scans, "scans"),
        stated("meetings held about a result and a need", len(held), "meetings"),
        stated("intention orders of both sides", len(agreed), "orders"),
    ]


async def _exported(hall: _Hall, stages: Stages) -> list[Row]:
    """Workbook, lists, handbook, badges and a calendar for each organisation, in one archive."""
    database, viewer = hall.database, hall.organizer.viewer
    with stages.stage("everything exported"):
        async with database.writing() as session:
            fair = await organized_fair(session, viewer, hall.fair_id, locks=True)
            made = await order_export(session, viewer, fair, FairExportForm(), "zh", utc_now())
        await hall.worker.run_until_idle()
    async with database.reading() as session:
        export = await export_of(session, hall.fair_id, made.id)
        content = await content_of_export(session, export)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = len(archive.namelist())
    return [
        stated("files exported", files, "files"),
        stated("archive", len(content) / 1_000_000, "MB"),
    ]


async def _matched(hall: _Hall) -> list[Row]:
    """What the marketplace does besides: nothing of the fair waits for it."""
    apart = Stages()
    with apart.stage("apart: matches of all listings in the marketplace"):
        await hall.matcher.run_until_idle()
    return apart.told()


async def _agenda_ms(database: Database, fair_id: uuid.UUID) -> float:
    async with database.reading() as session:
        found = await session.scalars(
            select(FairRegistration).where(FairRegistration.fair_id == fair_id).limit(_ROUNDS)
        )
        registrations = list(found)
    taken = []
    for registration in registrations:
        begin_s = time.perf_counter()
        async with database.reading() as session:
            await parts_of(session, await agenda_of(session, registration))
        taken.append(time.perf_counter() - begin_s)
    return 1_000 * sorted(taken)[len(taken) // 2]


if __name__ == "__main__":
    run_alone(parser(), measure)
