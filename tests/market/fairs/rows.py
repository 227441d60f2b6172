"""Rows of a fair with everything that paths may name, made without the application."""

import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from market.db import new_id, utc_now
from market.fairs.models import (
    Fair,
    FairDelegate,
    FairNotice,
    FairRegistration,
    FairSeries,
    FairSlot,
    FairTable,
)
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
    session: AsyncSession, people: Mapping[str, Account], *, is_draft: bool
) -> dict[str, uuid.UUID]:
    """A fair of the organizer in a series, with a slot and a table; the institute takes part."""
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
    fair = fair_row(organizer, series_id=series.id, status="draft" if is_draft else "open")
    session.add(fair)
    await session.flush()
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
    return {
        "series_id": series.id,
        "fair_id": fair.id,
        "slot_id": slot.id,
        "table_id": table.id,
        "registration_id": registration.id,
        "delegate_id": delegate.id,
        "notice_id": notice.id,
    }


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
