"""Rows of a fair with everything that paths may name, made without the application."""

import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from market.db import new_id, utc_now
from market.fairs.models import Fair, FairSeries, FairSlot, FairTable
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
    """A fair of the organizer in a series, with a slot and a table."""
    organizer = people["organizer"]
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
    session.add_all([slot, table])
    await session.flush()
    return {"series_id": series.id, "fair_id": fair.id, "table_id": table.id}
