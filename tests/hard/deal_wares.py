"""The deals of a world: orders in every stage, at a fair, each side with a note of its own."""

import uuid
from datetime import date
from typing import Any

from market.db import new_id, utc_now
from market.deals.models import (
    IntentOrder,
    OrderConfirmation,
    OrderMove,
    OrderReminder,
    SigningCeremony,
    SigningProject,
)
from market.records.service import Fact, KnownFair, record, record_fair
from tests.hard.world import World

_STAGES = ("intent", "negotiation", "agreement", "contract", "registered", "fulfilled", "lapsed")
_EACH = 3
_CONTRACT: dict[str, Any] = {
    "contract_kind": "licence",
    "contract_amount_cny": 650_000,
    "signed_on": date(2026, 3, 31),
}
_SIGNED = ("contract", "registered", "fulfilled")


async def make_deals(world: World) -> None:
    """Also what requests of deals may name, so that some of them are taken."""
    await _fair(world)
    await _orders(world)
    await _secret_order(world)
    await _ceremonies(world)
    results = _published(world, "institute", "results")
    needs = _published(world, "enterprise", "needs")
    world.ids["funnel"] = ["registered", "checked_in", "planned", "held", "intent", "contract"]
    world.known |= {
        "series_id": [None, *world.ids["series"]],
        "result_id": [*results],
        "need_id": [None, None, *needs],
        "counterpart_id": [None, None, str(_organisation(world, "enterprise"))],
        "fair_id": [None, None, *world.ids["fairs"]],
        "meeting_id": [None, None, *world.ids["meetings"]],
        "contract_kind": ["licence"],
        "signed_on": ["2026-03-31"],
        "registered_on": ["2026-04-15"],
        "amount_min_cny": [None, 300_000],
        "amount_max_cny": [None, 800_000],
    }


def _organisation(world: World, name: str) -> Any:
    return world.accounts[name].user.organisation_id


def _published(world: World, owner: str, collection: str) -> list[str]:
    """Listings come in the order of wares.STATUSES: the second one of each owner is published."""
    return world.owned[owner][collection][1:2]


async def _fair(world: World) -> None:
    now = utc_now()
    fair = KnownFair(
        fair_id=new_id(),
        organisation_id=_organisation(world, "organizer"),
        name="鞋服专场",
        begins_on=now.date(),
        series_id=new_id(),
    )
    institute_id, enterprise_id = (_organisation(world, n) for n in ("institute", "enterprise"))
    meeting_id = new_id()
    facts = [
        Fact(stage="registered", subject_id=new_id(), organisation_id=each, at=now)
        for each in (institute_id, enterprise_id)
    ]
    facts.append(
        Fact(
            stage="held",
            subject_id=meeting_id,
            organisation_id=institute_id,
            other_organisation_id=enterprise_id,
            at=now,
        )
    )
    async with world.database.writing() as session:
        await record_fair(session, fair)
        await record(session, fair.fair_id, facts)
    world.add_id("fairs", fair.fair_id, owner="organizer")
    world.add_id("series", fair.series_id, owner="organizer")
    world.ids.setdefault("meetings", []).append(str(meeting_id))


async def _orders(world: World) -> None:
    """Of the institute with everybody who takes, about ever other needs and results."""
    takers = ("enterprise", "investor", "outpost", "broker", "newcomer")
    results = world.owned["institute"]["results"]
    pairs = [(taker, result_id) for result_id in results for taker in takers]
    stages = [stage for stage in _STAGES for _ in range(_EACH)]
    async with world.database.writing() as session:
        for place, (stage, (taker, result_id)) in enumerate(zip(stages, pairs, strict=False)):
            order = _order(world, "institute", taker, result_id, stage)
            session.add(order)
            await session.flush()
            sides = [order.institute_id, order.enterprise_id][: 1 + place % _EACH]
            session.add_all(_told(order, sides))
            for owner in ("institute", taker):
                world.add_id("intent-orders", order.id, owner=owner)


async def _secret_order(world: World) -> None:
    """Between two who only read. Nobody else but an administrator knows of it."""
    sides = ("quiet institute", "quiet enterprise")
    result_id = world.owned[sides[0]]["results"][1]
    order = _order(world, *sides, result_id, "agreement", fair_id=None)
    knows = (*sides, "administrator")
    order.institute_note = world.secrets.text("note of quiet institute on an order", sides[:1])
    order.enterprise_note = world.secrets.text("note of quiet enterprise on an order", sides[1:])
    order.next_step = world.secrets.text("next step of a quiet order", knows)
    order.contract_number = world.secrets.text("contract of a quiet order", knows)
    order.amount_max_cny = world.secrets.number("amount of a quiet order", knows)
    async with world.database.writing() as session:
        session.add(order)
        await session.flush()
        session.add_all(_told(order, [order.institute_id, order.enterprise_id]))
        note = world.secrets.text("history of a quiet order", knows)
        session.add(
            OrderMove(
                order_id=order.id,
                action="agree",
                from_stage="intent",
                to_stage="agreement",
                note=note,
                organisation_id=order.institute_id,
                at=utc_now(),
            )
        )
    for owner in sides:
        world.add_id("intent-orders", order.id, owner=owner)


async def _ceremonies(world: World) -> None:
    """Drafts and published ones of an organizer."""
    for status in ("draft", "published", "draft"):
        ceremony, projects = _ceremony(world, status)
        async with world.database.writing() as session:
            session.add(ceremony)
            await session.flush()
            session.add_all(projects)
        world.add_id("signing-ceremonies", ceremony.id, owner="organizer")
        for project in projects:
            world.add_id("projects", project.id, owner="organizer")


def _ceremony(world: World, status: str) -> tuple[SigningCeremony, list[SigningProject]]:
    now = utc_now()
    ceremony = SigningCeremony(
        id=new_id(),
        organisation_id=_organisation(world, "organizer"),
        name="集中签约",
        held_on=date(2026, 6, 18),
        private_note=world.secrets.text("note on a ceremony", ("organizer",)),
        place="会展中心",
        status=status,
        created_at=now,
        changed_at=now,
    )
    projects = [
        SigningProject(
            id=new_id(),
            ceremony_id=ceremony.id,
            reference=f"QY-{number}",
            title=f"项目{number}",
            kind=("industry", "finance", "framework")[number % 3],
            amount_cny=10**8 * number,
            is_on_stage=number % 2 == 0,
            place=number,
            created_at=now,
        )
        for number in range(6)
    ]
    return ceremony, projects


def _order(
    world: World, giver: str, taker: str, result_id: str, stage: str, **changes: Any
) -> IntentOrder:
    now = utc_now()
    institute_id, enterprise_id = _organisation(world, giver), _organisation(world, taker)
    values: dict[str, Any] = {
        "id": new_id(),
        "institute_id": institute_id,
        "enterprise_id": enterprise_id,
        "proposed_by_id": institute_id,
        "listing_id": uuid.UUID(result_id),
        "result_id": uuid.UUID(result_id),
        "result_title": "高湿摩擦系数橡胶鞋底",
        "fair_id": uuid.UUID(world.ids["fairs"][0]),
        "stage": stage,
        "lapsed_from": "intent" if stage == "lapsed" else None,
        "confirmed_at": now,
        "created_at": now,
        "progressed_at": now,
        "changed_at": now,
    }
    return IntentOrder(**values | (_CONTRACT if stage in _SIGNED else {}) | changes)


def _told(order: IntentOrder, sides: list[Any]) -> list[Any]:
    now = utc_now()
    reminders = [
        OrderReminder(
            order_id=order.id,
            organisation_id=each,
            kind="step",
            about_on=now.date(),
            created_at=now,
        )
        for each in (order.institute_id, order.enterprise_id)
    ]
    yes = [
        OrderConfirmation(order_id=order.id, organisation_id=each, confirmed_at=now)
        for each in sides
    ]
    return [*yes, *reminders]
