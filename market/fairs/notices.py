"""What organisations are told of fairs: only those whom it concerns, and each thing once."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.viewer import Viewer
from market.db import new_id
from market.errors import NotFound
from market.fairs.models import Fair, FairNotice
from market.jobs import TELL_OF_NOTICES, enqueue
from schemas.fair_meetings import NoticeKind

# What a unit of work that tells is known by, in its `info`.
_UNIT = "fair_notices"


async def tell(  # noqa: PLR0913 - who, of what, and when.
    session: AsyncSession,
    fair: Fair,
    organisation_ids: Iterable[uuid.UUID],
    kind: NoticeKind,
    payload: Mapping[str, Any],
    now: datetime,
    *,
    dedupe: str | None = None,
) -> None:
    """Tell each of these organisations once, and have its people told (notice_news).

    `dedupe` names what is told, where it may come twice. The payload carries ids and no contacts.
    """
    rows = [
        {
            "id": new_id(),
            "organisation_id": each,
            "fair_id": fair.id,
            "kind": kind,
            "payload": dict(payload),
            "dedupe": None if dedupe is None else f"{fair.id.hex}:{dedupe}",
            "created_at": now,
        }
        for each in sorted(set(organisation_ids))
    ]
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    if rows:
        # The rows beside the statement: with them in it, it would be compiled each time.
        telling = insert(FairNotice.__table__).on_conflict_do_nothing()  # type: ignore[arg-type]  # a model's table is a Table.
        await session.execute(telling, rows)
        await _have_people_told(session, fair)


async def _have_people_told(session: AsyncSession, fair: Fair) -> None:
    """Once for all that a unit of work tells of a fair: what changes together is told together."""
    unit: uuid.UUID = session.info.setdefault(_UNIT, new_id())
    await enqueue(
        session,
        TELL_OF_NOTICES,
        {"fair_id": str(fair.id)},
        dedupe=f"fair-notices:{fair.id.hex}:{unit.hex}",
    )


async def notices_page(
    session: AsyncSession,
    viewer: Viewer,
    *,
    is_unread: bool,
    before: uuid.UUID | None,
    limit: int,
) -> list[FairNotice]:
    """What the viewer's organisation was told, the newest first."""
    wanted = select(FairNotice).where(FairNotice.organisation_id == viewer.organisation_id)
    if is_unread:
        wanted = wanted.where(FairNotice.read_at.is_(None))
    if before is not None:
        wanted = wanted.where(FairNotice.id < before)
    return list(await session.scalars(wanted.order_by(FairNotice.id.desc()).limit(limit)))


async def mark_read(
    session: AsyncSession, viewer: Viewer, notice_id: uuid.UUID | None, now: datetime
) -> FairNotice:
    """Reading twice keeps the first time. Raises NotFound."""
    found = await session.scalars(
        select(FairNotice)
        .where(FairNotice.id == notice_id, FairNotice.organisation_id == viewer.organisation_id)
        .with_for_update()
    )
    notice = found.first()
    if notice is None:
        raise NotFound
    notice.read_at = notice.read_at or now
    await session.flush()
    return notice


async def mark_all_read(session: AsyncSession, viewer: Viewer, now: datetime) -> None:
    await session.execute(
        update(FairNotice)
        .where(FairNotice.organisation_id == viewer.organisation_id, FairNotice.read_at.is_(None))
        .values(read_at=now)
        .execution_options(synchronize_session=False)
    )
