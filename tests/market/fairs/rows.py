"""Rows of a fair with everything that paths may name, made without the application."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database, new_id, utc_now
from market.fair_exports.models import FairExport, FairExportFile
from market.fairs.booking import Booking, book
from market.fairs.meeting_models import FairPlan, PlanMeeting
from market.fairs.models import (
    Fair,
    FairDelegate,
    FairNotice,
    FairRegistration,
    FairSeries,
    FairSlot,
    FairTable,
)
from market.fairs.recording import make_known
from schemas.fair_plans import PlanForm
from tests.market.accounts.factories import Account

_BEGINS = datetime(2027, 6, 18, 1, 0, tzinfo=UTC)


def fair_row(organizer: Account, **changes: Any) -> Fair:
    """An open fair of this organizer, without slots and tables."""
    values: dict[str, Any] = {
        "id": new_id(),
        "organisation_id": organizer.user.organisation_id,
        "created_by_id": organizer.user.id,
        "name": "科技成果面对面",
        "time_zone": "Asia/Shanghai",
        "status": "open",
        "begins_at": _BEGINS,
        "ends_at": _BEGINS.replace(hour=3),
        "secret": b"s" * 32,
        "created_at": utc_now(),
    }
    return Fair(**values | changes)


async def fair_objects(
    session: AsyncSession, people: Mapping[str, Account], status: str
) -> dict[str, uuid.UUID]:
    """A fair of the organizer in a series, in a draft, open or running, with a slot and a table.

    The institute takes part; in a running fair it has a meeting with the enterprise.
    """
    organizer, institute = people["organizer"], people["institute"]
    series = FairSeries(
        id=new_id(),
        organisation_id=organizer.user.organisation_id,
        name="科技成果面对面",
        cadence="monthly",
        template={},
        created_at=utc_now(),
    )
    session.add(series)
    await session.flush()
    known = status if status in {"draft", "running"} else "open"
    fair = fair_row(organizer, series_id=series.id, status=known)
    session.add(fair)
    await session.flush()
    await make_known(session, fair)
    slot = FairSlot(
        id=new_id(),
        fair_id=fair.id,
        number=1,
        day=date(2027, 6, 18),
        begins_at=_BEGINS,
        ends_at=_BEGINS.replace(minute=20),
    )
    table = FairTable(id=new_id(), fair_id=fair.id, number=1, name="A-01", hall="1号馆")
    registration = registration_row(fair, institute)
    session.add_all([slot, table, registration])
    await session.flush()
    delegate = FairDelegate(
        id=new_id(), registration_id=registration.id, name="林工", created_at=utc_now()
    )
    notice = FairNotice(
        id=new_id(),
        organisation_id=institute.user.organisation_id,
        fair_id=fair.id,
        kind="registration_approved",
        payload={},
        created_at=utc_now(),
    )
    session.add_all([delegate, notice])
    await session.flush()
    plan = FairPlan(
        id=new_id(),
        fair_id=fair.id,
        number=1,
        kind="plan",
        state="draft",
        options=msgspec.to_builtins(PlanForm()),
        created_at=utc_now(),
    )
    guest = registration_row(fair, people["enterprise"], status="withdrawn")
    session.add_all([plan, guest])
    await session.flush()
    planned = PlanMeeting(
        id=new_id(),
        plan_id=plan.id,
        first_id=registration.id,
        second_id=guest.id,
        slot_id=slot.id,
        table_id=table.id,
        weight=1,
    )
    session.add(planned)
    export = export_row(fair)
    session.add(export)
    await session.flush()
    session.add(FairExportFile(export_id=export.id, content=b"x"))
    meeting_id = new_id()
    if known == "running":
        guest.status = "approved"
        await session.flush()
        booking = Booking(
            first_id=registration.id, second_id=guest.id, slot_id=slot.id, table_id=table.id
        )
        meeting_id = (await book(session, fair.id, booking, utc_now())).id
    return {
        "meeting_id": meeting_id,
        "plan_id": plan.id,
        "export_id": export.id,
        "plan_meeting_id": planned.id,
        "series_id": series.id,
        "fair_id": fair.id,
        "slot_id": slot.id,
        "table_id": table.id,
        "registration_id": registration.id,
        "delegate_id": delegate.id,
        "notice_id": notice.id,
    }


def export_row(fair: Fair) -> FairExport:
    """An export of the fair that was written; its file is a row of its own."""
    return FairExport(
        id=new_id(),
        fair_id=fair.id,
        content="participants",
        format="csv",
        lang="zh",
        encoding="utf-8-sig",
        file_name="参会单位.csv",
        state="done",
        progress=100,
        created_at=utc_now(),
        expires_at=utc_now() + timedelta(days=7),
    )


def registration_row(fair: Fair, account: Account, **changes: Any) -> FairRegistration:
    """The admitted organisation of this person."""
    assert account.organisation is not None
    values: dict[str, Any] = {
        "id": new_id(),
        "fair_id": fair.id,
        "organisation_id": account.organisation.id,
        "registered_by_id": account.user.id,
        "kind": account.organisation.kind,
        "status": "approved",
        "created_at": utc_now(),
        "changed_at": utc_now(),
    }
    return FairRegistration(**values | changes)


class Hall(msgspec.Struct):
    """A fair with its rows, made without the application, for tests of meetings."""

    fair: Fair
    slots: list[FairSlot]
    tables: list[FairTable]
    registrations: list[FairRegistration]

    def form(
        self, first: int = 0, second: int = 1, slot: int = 0, table: int = 0
    ) -> dict[str, str]:
        """A meeting of two participants, by their places, in a slot at a table."""
        return {
            "first_id": str(self.registrations[first].id),
            "second_id": str(self.registrations[second].id),
            "slot_id": str(self.slots[slot].id),
            "table_id": str(self.tables[table].id),
        }


async def make_hall(
    database: Database,
    organizer: Account,
    guests: Sequence[Account],
    *,
    slots: int = 4,
    tables: int = 4,
    begins_at: datetime = _BEGINS,
    **changes: Any,
) -> Hall:
    """A published fair of so many slots of 20 minutes and tables, with these guests admitted."""
    fair = fair_row(organizer, **{"status": "published", "begins_at": begins_at} | changes)
    length = timedelta(minutes=20)
    hall = Hall(
        fair,
        [
            FairSlot(
                id=new_id(),
                fair_id=fair.id,
                number=number + 1,
                day=(begins_at + timedelta(hours=8)).date(),
                begins_at=begins_at + number * length,
                ends_at=begins_at + (number + 1) * length,
            )
            for number in range(slots)
        ],
        [
            FairTable(
                id=new_id(), fair_id=fair.id, number=n + 1, name=f"A-{n + 1:02d}", hall="1号馆"
            )
            for n in range(tables)
        ],
        [registration_row(fair, guest) for guest in guests],
    )
    async with database.writing() as session:
        session.add(fair)
        await session.flush()
        await make_known(session, fair)
        session.add_all([*hall.slots, *hall.tables, *hall.registrations])
    return hall
