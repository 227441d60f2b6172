"""A fair of the size that Quanzhou held: pairs, a plan, its publication and what follows.

python -m tests.bench.fair [--json] [--seed N] [--listings N]

110 institutes, 252 enterprises and 36 investors with 4,300 wishes; `--listings` results (1,000)
and half as many needs are brought. Everything runs in this process on a SQLite file.
"""

import argparse
import asyncio
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import func, select

from market.accounts.viewer import Viewer
from market.db import Database, new_id, utc_now
from market.fairs.filling import Filling
from market.fairs.meeting_models import FairMeeting, FairPair, FairPlan
from market.fairs.meeting_queries import agenda_of, parts_of
from market.fairs.meeting_rules import may_meet
from market.fairs.models import Fair, FairListing, FairRegistration, FairWish
from market.fairs.plan_orders import PLAN, order_plan
from market.fairs.plan_work import Planning
from market.fairs.publishing import publish_plan
from market.fairs.queries import locked_fair
from market.jobs import claim
from market.listings.models import Listing, NeedListing, ResultListing
from market.migrating import migrate
from schemas.fair_plans import PlanForm
from schemas.listings import Need, Result
from tests.bench.generator import synthetic_needs, synthetic_results
from tests.bench.table import (
    Row,
    Section,
    arguments,
    at_least,
    at_most,
    note,
    run_alone,
    stated,
)
from tests.market.accounts.factories import Account, make_account
from tests.market.fairs.rows import make_hall

_GUESTS = {"institute": 110, "enterprise": 252, "investor": 36}
_WISHES = 4_300
_SLOTS, _TABLES = 16, 110
_BROUGHT = 1_000
_ROUNDS = 20


def measure(chosen: argparse.Namespace) -> Section:
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(_measured(Path(folder), chosen.listings, chosen.seed))
    return Section(f"a fair of 110 + 252 + 36, {chosen.listings:,} results", rows)


def parser() -> argparse.ArgumentParser:
    made = arguments("tests.bench.fair", "a fair from its pairs to its agenda")
    made.set_defaults(listings=_BROUGHT)
    return made


async def _measured(folder: Path, listings: int, seed: int) -> list[Row]:
    database = Database(f"sqlite+aiosqlite:///{folder / 'duijie.db'}")
    await migrate(database)
    try:
        note("filling the marketplace …")
        organizer, fair_id = await _populated(database, listings, Random(seed))
        return await _timed(database, organizer, fair_id)
    finally:
        await database.close()


async def _timed(database: Database, organizer: Account, fair_id: uuid.UUID) -> list[Row]:
    planning = Planning(database)
    note("pairs …")
    pairs_s = await _seconds(planning.refresh_pairs(fair_id))
    note("plan …")
    plan_id = await _ordered(database, organizer, fair_id)
    plan_s = await _seconds(planning.make_plans(await _claimed(database)))
    note("publication …")
    publish_s = await _seconds(_publish(database, fair_id, plan_id))
    fill_s = await _seconds(Filling(database, planning).fill(fair_id, refreshes_pairs=False))
    agenda_ms = await _agenda_ms(database, fair_id)
    async with database.reading() as session:
        plan = await session.get_one(FairPlan, plan_id)
        pairs = await session.scalar(select(func.count()).select_from(FairPair)) or 0
        meetings = await session.scalar(select(func.count()).select_from(FairMeeting)) or 0
    assert plan.weight is not None
    assert plan.upper_bound is not None
    return [
        stated("pairs that may meet", pairs, "pairs"),
        at_most("pairs worked out", pairs_s, "s", target=60),
        at_most("plan made and stored, pairs known", plan_s, "s", target=10),
        stated("meetings", meetings, "meetings"),
        at_least("weight / upper bound", plan.weight / plan.upper_bound, "", target=0.99),
        stated("without a meeting", len(plan.outcome["without_meeting"]), "participants"),
        at_most("agenda published", publish_s, "s", target=10),
        at_most("free places filled", fill_s, "s", target=10),
        at_most("agenda of one participant, median", agenda_ms, "ms", target=30),
    ]


async def _seconds(work: Any) -> float:
    begin_s = time.perf_counter()
    await work
    return time.perf_counter() - begin_s


async def _ordered(database: Database, organizer: Account, fair_id: uuid.UUID) -> uuid.UUID:
    viewer = Viewer(
        user_id=organizer.user.id,
        organisation_id=organizer.user.organisation_id,
        roles=frozenset({"organizer"}),
    )
    async with database.writing() as session:
        fair = await locked_fair(session, fair_id)
        form = PlanForm(refreshes_pairs=False)
        return (await order_plan(session, viewer, fair, form, utc_now())).id


async def _claimed(database: Database) -> Sequence[Any]:
    async with database.writing() as session:
        return await claim(session, [PLAN], limit=1, lease_s=600)


async def _publish(database: Database, fair_id: uuid.UUID, plan_id: uuid.UUID) -> None:
    async with database.writing() as session:
        fair = await locked_fair(session, fair_id)
        plan = await session.get_one(FairPlan, plan_id)
        await publish_plan(session, fair, plan, utc_now())


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


async def _populated(
    database: Database, listings: int, random: Random
) -> tuple[Account, uuid.UUID]:
    organizer = await make_account(database, "organizer")
    guests = [
        await make_account(database, kind)
        for kind, number in _GUESTS.items()
        for _ in range(number)
    ]
    hall = await make_hall(
        database, organizer, guests, slots=_SLOTS, tables=_TABLES, status="matching"
    )
    await _bring(database, hall.fair, hall.registrations, listings)
    await _wish(database, hall.fair, hall.registrations, random)
    return organizer, hall.fair.id


async def _bring(
    database: Database, fair: Fair, registrations: Sequence[FairRegistration], listings: int
) -> None:
    institutes = [each for each in registrations if each.kind == "institute"]
    enterprises = [each for each in registrations if each.kind == "enterprise"]
    made: list[tuple[FairRegistration, Listing]] = [
        *(
            (institutes[place % len(institutes)], _result(each))
            for place, each in enumerate(synthetic_results(listings))
        ),
        *(
            (enterprises[place % len(enterprises)], _need(each))
            for place, each in enumerate(synthetic_needs(listings // 2))
        ),
    ]
    async with database.writing() as session:
        for registration, listing in made:
            listing.organisation_id = registration.organisation_id
            session.add(listing)
        await session.flush()
        session.add_all(
            FairListing(
                fair_id=fair.id,
                registration_id=registration.id,
                listing_id=listing.id,
                kind=listing.kind,
            )
            for registration, listing in made
        )


def _common(listing: Result | Need, text: str) -> dict[str, Any]:
    now = utc_now()
    return {
        "id": new_id(),
        "title": listing.title,
        "text": text,
        "keywords": list(listing.keywords),
        "fields": list(listing.fields),
        "industries": list(listing.industries),
        "modes": list(listing.modes),
        "division": listing.division,
        "shows_organisation": True,
        "status": "published",
        "published_at": now,
        "created_at": now,
        "changed_at": now,
    }


def _result(result: Result) -> ResultListing:
    return ResultListing(
        **_common(result, result.summary),
        kind="result",
        trl=result.trl,
        price_min_cny=result.price_min_cny,
        price_max_cny=result.price_max_cny,
    )


def _need(need: Need) -> NeedListing:
    return NeedListing(
        **_common(need, need.description),
        kind="need",
        indicators=[{"name": need.indicators, "text": need.indicators}],
        trl_min=need.trl_min,
        budget_max_cny=need.budget_max_cny,
    )


async def _wish(
    database: Database, fair: Fair, registrations: Sequence[FairRegistration], random: Random
) -> None:
    """Most wishes go to few: the popularity of participants is log-normal."""
    fame = [random.lognormvariate(0, 1) for _ in registrations]
    wanted: set[tuple[int, int]] = set()
    places = range(len(registrations))
    while len(wanted) < _WISHES:
        who, whom = random.choice(places), random.choices(places, fame)[0]
        if may_meet(registrations[who].kind, registrations[whom].kind):
            wanted.add((who, whom))
    async with database.writing() as session:
        session.add_all(
            FairWish(
                fair_id=fair.id,
                registration_id=registrations[who].id,
                wished_id=registrations[whom].id,
                target_id=registrations[whom].id,
                wish=random.choices(("like", "must", "no"), (85, 10, 5))[0],
            )
            for who, whom in sorted(wanted)
        )


if __name__ == "__main__":
    run_alone(parser(), measure)
