"""The fairs of a world: one in each state, with people whose contacts are not everybody's."""

import uuid
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import select

from market.db import new_id, utc_now
from market.fair_exports.models import FairExportFile
from market.fairs.booking import Booking, book, release
from market.fairs.meeting_models import FairMeeting, FairOutcome, FairPair, FairPlan, PlanMeeting
from market.fairs.models import (
    Fair,
    FairDelegate,
    FairDelegation,
    FairListing,
    FairNotice,
    FairRegistration,
    FairSeries,
    FairSlot,
    FairTable,
)
from market.fairs.recording import make_known
from market.listings.models import Listing
from schemas.fair_plans import PlanForm
from schemas.fairs import FairDay, FairTemplate, Hall
from tests.hard.world import World
from tests.market.fairs.rows import export_row

STATUSES = ("draft", "draft", "open", "matching", "published", "running", "closed")
_GUESTS = ("institute", "enterprise", "investor", "quiet institute", "quiet enterprise")
_MET_BY_INSTITUTES = ("enterprise", "quiet enterprise", "investor", "outpost", "broker")
_HALL = Hall(name="1号馆", tables=6, prefix="A-")
_SLOTS = 6


async def hold_fairs(world: World) -> None:
    """A series of the organizer with fairs in every state, each with its guests."""
    series = FairSeries(
        id=new_id(),
        organisation_id=_organisation(world, "organizer"),
        name="科技成果面对面",
        industry="C1954",
        cadence="monthly",
        template=msgspec.to_builtins(FairTemplate(halls=[_HALL])),
        created_at=utc_now(),
    )
    async with world.database.writing() as session:
        session.add(series)
    world.add_id("fair-series", series.id, owner="organizer")
    for name, values in _GOOD.items():
        world.known.setdefault(name, []).extend(values)
    for status in STATUSES:
        await _Opening(world, series.id, status).hold()


def _organisation(world: World, name: str) -> uuid.UUID:
    organisation = world.accounts[name].organisation
    assert organisation is not None
    return organisation.id


class _Opening:
    """One fair being filled."""

    def __init__(self, world: World, series_id: uuid.UUID, status: str) -> None:
        self._world = world
        self._status = status
        now = utc_now()
        begins_at = (now + timedelta(days=40)).replace(hour=1, minute=0, second=0, microsecond=0)
        self._slots = [begins_at + timedelta(minutes=20 * number) for number in range(_SLOTS)]
        day = FairDay(on=begins_at.date(), begins="09:00", ends="11:00")
        self._fair = Fair(
            id=new_id(),
            series_id=series_id,
            organisation_id=_organisation(world, "organizer"),
            created_by_id=world.accounts["organizer"].user.id,
            name="科技成果面对面",
            time_zone="Asia/Shanghai",
            zones=[{"code": "shoes", "name": "鞋服"}],
            halls=[msgspec.to_builtins(_HALL)],
            days=[msgspec.to_builtins(day)],
            status=status,
            begins_at=self._slots[0],
            ends_at=self._slots[-1] + timedelta(minutes=20),
            secret=b"s" * 32,
            pairs_at=now,
            opened_at=None if status == "draft" else now,
            created_at=now,
        )
        self._registrations: dict[str, FairRegistration] = {}
        self._slot_ids: list[uuid.UUID] = []
        self._table_ids: list[uuid.UUID] = []

    async def hold(self) -> None:
        world, fair = self._world, self._fair
        async with world.database.writing() as session:
            session.add(fair)
            await session.flush()
            await make_known(session, fair)
            await self._export(session)
            session.add_all([*self._made_slots(), *self._made_tables()])
            if self._status != "draft":
                await self._register(session)
            if self._status == "matching":
                await self._draft(session)
            if self._status in {"published", "running", "closed"}:
                await self._meet(session)
        world.add_id("fairs", fair.id, owner="organizer")
        if self._status != "draft":
            # The run makes drafts by the dozen, and most routes need a fair that is under way.
            for known in (world.ids, world.own_ids("organizer")):
                known["fairs"] += [str(fair.id)] * 9
        world.statuses[fair.id] = self._status

    async def _export(self, session: Any) -> None:
        """A file that was written before, with what is nobody's business but the organizer's."""
        mark = self._world.secrets.text("a file of a fair", ("organizer",))
        export = export_row(self._fair)
        session.add(export)
        await session.flush()
        session.add(FairExportFile(export_id=export.id, content=mark.encode()))
        self._add("exports", export.id, "organizer")

    def _made_slots(self) -> list[FairSlot]:
        slots = [
            FairSlot(
                id=new_id(),
                fair_id=self._fair.id,
                number=number,
                day=(begins_at + timedelta(hours=8)).date(),
                begins_at=begins_at,
                ends_at=begins_at + timedelta(minutes=20),
            )
            for number, begins_at in enumerate(self._slots, 1)
        ]
        self._slot_ids = [slot.id for slot in slots]
        self._know("slot_id", *self._slot_ids[2:])
        return slots

    def _made_tables(self) -> list[FairTable]:
        tables = [
            FairTable(
                id=new_id(),
                fair_id=self._fair.id,
                number=number,
                name=f"A-{number:02d}",
                hall="1号馆",
            )
            for number in range(1, _HALL.tables + 1)
        ]
        self._table_ids = [table.id for table in tables]
        for table_id in self._table_ids:
            self._add("tables", table_id, "organizer")
        self._know("table_id", *self._table_ids)
        return tables

    def _add(self, collection: str, found: Any, *owners: str, parent: Any = None) -> None:
        for owner in owners:
            self._world.add_id(collection, found, owner=owner, parent=parent or self._fair.id)

    def _know(self, name: str, *ids: Any) -> None:
        """Good values for the fields of this name, for fairs that are under way."""
        if self._status in {"matching", "running"}:
            self._world.known.setdefault(name, []).extend(str(each) for each in ids)

    async def _register(self, session: Any) -> None:
        world, now = self._world, utc_now()
        delegation = FairDelegation(
            id=new_id(), fair_id=self._fair.id, name="西安飞地代表团", created_at=now
        )
        session.add(delegation)
        guests = dict.fromkeys(_GUESTS, "approved")
        others = {"neighbour": "pending", "broker": "pending", "outpost": "withdrawn"}
        if self._status == "open":
            # Whom it still can be registered for.
            world.known["organisation_id"] += [str(_organisation(world, "broker"))] * 2
            del others["broker"]
        for name, status in (guests | others).items():
            note = world.secrets.text(f"fair note of {name}", _own(name))
            registration = FairRegistration(
                id=new_id(),
                fair_id=self._fair.id,
                organisation_id=_organisation(world, name),
                registered_by_id=world.accounts[name].user.id,
                kind=world.accounts[name].organisation.kind,  # type: ignore[union-attr]
                status=status,
                note=note,
                created_at=now,
                changed_at=now,
            )
            self._registrations[name] = registration
            session.add(registration)
            await session.flush()
            self._add("registrations", registration.id, name, "organizer")
            session.add(await self._delegate(session, name, registration))
            session.add(self._notice(name))
        for name in ("institute", "enterprise", "quiet institute", "quiet enterprise"):
            await self._bring(session, name)
        self._know("first_id", self._registrations["institute"].id)
        self._know("second_id", *(self._registrations[n].id for n in ("investor", "enterprise")))
        if self._status == "running":
            self._know("absent_ids", self._registrations["enterprise"].id)

    async def _delegate(
        self, session: Any, name: str, registration: FairRegistration
    ) -> FairDelegate:
        """The quiet institute's delegate consented; whom it is to meet may see the contact.

        In the course of a run that may be any guest of a kind that meets institutes.
        """
        world = self._world
        consents = name == "quiet institute"
        known_to = (*_own(name), *_MET_BY_INSTITUTES) if consents else _own(name)
        delegate = FairDelegate(
            id=new_id(),
            registration_id=registration.id,
            name=f"林工 {world.secrets.text(f'delegate of {name}', known_to)}",
            phone=world.secrets.text(f"phone of {name}", known_to),
            consent=_CONSENT if consents else None,
            created_at=utc_now(),
        )
        session.add(delegate)
        await session.flush()
        self._add("delegates", delegate.id, name, "organizer", parent=registration.id)
        self._know("delegate_id", delegate.id)
        return delegate

    def _notice(self, name: str) -> FairNotice:
        world = self._world
        mark = world.secrets.text(f"fair notice of {name}", _own(name)[:-1])
        notice = FairNotice(
            id=new_id(),
            organisation_id=_organisation(world, name),
            fair_id=self._fair.id,
            kind="registration_approved",
            payload={"note": mark},
            created_at=utc_now(),
        )
        world.add_id("fair-notices", notice.id, owner=name)
        return notice

    async def _bring(self, session: Any, name: str) -> None:
        listing = await session.scalar(
            select(Listing)
            .where(
                Listing.organisation_id == _organisation(self._world, name),
                Listing.status == "published",
            )
            .order_by(Listing.id)
            .limit(1)
        )
        if listing is not None:
            session.add(
                FairListing(
                    fair_id=self._fair.id,
                    registration_id=self._registrations[name].id,
                    listing_id=listing.id,
                    kind=listing.kind,
                )
            )

    async def _draft(self, session: Any) -> None:
        first, second = (self._registrations[name].id for name in ("institute", "enterprise"))
        likes = {"first_likes": 0.5, "second_likes": 0.5, "weight": 250}
        pair = FairPair(fair_id=self._fair.id, first_id=first, second_id=second, **likes)
        plan = FairPlan(
            id=new_id(),
            fair_id=self._fair.id,
            number=1,
            kind="plan",
            state="draft",
            options=msgspec.to_builtins(PlanForm()),
            created_at=utc_now(),
        )
        session.add_all([pair, plan])
        await session.flush()
        meeting = PlanMeeting(
            id=new_id(),
            plan_id=plan.id,
            first_id=first,
            second_id=second,
            slot_id=self._slot_ids[0],
            table_id=self._table_ids[0],
            weight=250,
        )
        session.add(meeting)
        self._add("plans", plan.id, "organizer")
        self._add("meetings", meeting.id, "organizer", parent=plan.id)

    async def _meet(self, session: Any) -> None:
        """Two meetings that are planned, and one that was cancelled."""
        world, now = self._world, utc_now()
        for place, names in enumerate(
            (
                ("institute", "enterprise"),
                ("quiet institute", "quiet enterprise"),
                ("institute", "investor"),
            )
        ):
            first, second = (self._registrations[name].id for name in names)
            booking = Booking(
                first_id=first,
                second_id=second,
                slot_id=self._slot_ids[place % 2 if place < 2 else 1],
                table_id=self._table_ids[place],
            )
            meeting: FairMeeting = await book(session, self._fair.id, booking, now)
            self._add("meetings", meeting.id, *names, "organizer")
            if place == 2:
                await release(session, meeting, "cancelled", now)
            if place == 1:
                for name in names:
                    note = world.secrets.text(f"outcome of {name}", (name,))
                    session.add(
                        FairOutcome(
                            meeting_id=meeting.id,
                            registration_id=self._registrations[name].id,
                            answer="intent",
                            note=note,
                            given_at=now,
                        )
                    )


def _own(name: str) -> tuple[str, ...]:
    """Who may read what an organisation tells the organizer; the organizer comes last."""
    people = (name, "colleague", "full key") if name == "institute" else (name,)
    return (*people, "organizer")


# What random values would hardly ever be.
_GOOD: dict[str, list[Any]] = {
    "days": [[], [{"on": "2031-05-31", "begins": "09:00", "ends": "10:00"}]],
    "halls": [[], [{"name": "2号馆", "tables": 3, "prefix": "B-"}]],
    "zones": [[]],
    "template": [{}],
    "quotas": [{}, {"institute": 50}],
    "places": [None, 90],
    "time_zone": ["Asia/Shanghai"],
    "registration_closes_at": [None],
    "absent_slots": [[], [6]],
    "most_meetings": [None, 5],
    "meetings_each": [None],
    "listing_ids": [[]],
    "delegation_id": [None],
    "organisation_id": [None],
    "base_id": [None],
    "registration_id": [None],
    "wishes": [[]],
    "seconds": [1],
    # Who consents is settled before, and with it who may read of whom.
    "consents": [False],
    "scans": [[{"payload": "DJ1.x.y"}, {"delegate_id": "x"}]],
}
_CONSENT = {
    "recipients": "对方",
    "purpose": "对接",
    "data": ["name", "phone"],
    "given_at": "2027-01-01T00:00:00+00:00",
}
