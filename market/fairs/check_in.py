"""Who is there: scans of badges, one by one or from a device that was offline.

A scan may come late, twice, and in any order: of all of a day's the earliest counts.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import case, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import Organisation
from market.fairs.badges import delegate_of_payload
from market.fairs.meeting_models import FairCheckIn
from market.fairs.models import Fair, FairDelegate, FairRegistration, FairSlot
from market.fairs.recording import record_check_ins
from market.fairs.states import refuse_unless
from market.http.paging import id_of
from schemas.fair_meetings import CheckInView, Scan, ScanAnswer

Id = uuid.UUID


class _Person(NamedTuple):
    delegate: FairDelegate
    registration: FairRegistration
    organisation: str


class CheckInPlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of check-ins ends."""

    day: date
    delegate_id: Id


async def take_scans(
    session: AsyncSession, fair: Fair, scans: Sequence[Scan], now: datetime
) -> list[ScanAnswer]:
    """One answer for each scan. Raises Conflict before the agenda is published."""
    refuse_unless(fair, "published", "running", "closed")
    ids = [_delegate_id(fair, scan) for scan in scans]
    people = await _people(session, fair, [each for each in ids if each is not None])
    days = set(await session.scalars(select(FairSlot.day).where(FairSlot.fair_id == fair.id)))
    zone = ZoneInfo(fair.time_zone)
    answers: list[ScanAnswer] = []
    seen: set[tuple[Id | None, date]] = set()
    came: set[Id] = set()
    for scan, delegate_id in zip(scans, ids, strict=True):
        person = None if delegate_id is None else people.get(delegate_id)
        came_at = scan.scanned_at or now
        day = came_at.astimezone(zone).date()
        if person is None:
            answers.append(ScanAnswer(result="unknown"))
        elif person.registration.status != "approved":
            answers.append(_answer("not_admitted", person))
        elif day not in days:
            answers.append(_answer("not_today", person))
        else:
            answer = await _check_in(session, fair, person, scan, (day, came_at, now))
            if (delegate_id, day) in seen:
                answer = msgspec.structs.replace(answer, result="repeated")
            seen.add((delegate_id, day))
            came.add(person.registration.id)
            answers.append(answer)
    await record_check_ins(session, fair.id, came)
    return answers


def _delegate_id(fair: Fair, scan: Scan) -> Id | None:
    if scan.payload is not None:
        return delegate_of_payload(fair.secret, scan.payload)
    return None if scan.delegate_id is None else id_of(scan.delegate_id)


async def _people(session: AsyncSession, fair: Fair, ids: Sequence[Id]) -> Mapping[Id, _Person]:
    rows = await session.execute(
        select(FairDelegate, FairRegistration, Organisation.name)
        .join(FairRegistration, FairRegistration.id == FairDelegate.registration_id)
        .join(Organisation, Organisation.id == FairRegistration.organisation_id)
        .where(FairDelegate.id.in_(ids), FairRegistration.fair_id == fair.id)
    )
    return {row[0].id: _Person(*row) for row in rows}


async def _check_in(
    session: AsyncSession,
    fair: Fair,
    person: _Person,
    scan: Scan,
    times: tuple[date, datetime, datetime],
) -> ScanAnswer:
    day, came_at, now = times
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    new = insert(FairCheckIn).values(
        delegate_id=person.delegate.id,
        day=day,
        fair_id=fair.id,
        registration_id=person.registration.id,
        came_at=came_at,
        gate=scan.gate,
        received_at=now,
    )
    is_earlier = new.excluded.came_at < FairCheckIn.came_at
    stored = await session.execute(
        new.on_conflict_do_update(
            index_elements=["delegate_id", "day"],
            set_={
                "came_at": case((is_earlier, new.excluded.came_at), else_=FairCheckIn.came_at),
                "gate": case((is_earlier, new.excluded.gate), else_=FairCheckIn.gate),
            },
        ).returning(FairCheckIn.came_at, FairCheckIn.received_at)
    )
    row = stored.one()
    # What is stored by now came with this very batch, or with an earlier one.
    return _answer("checked_in" if row.received_at == now else "repeated", person, row.came_at)


def _answer(result: str, person: _Person, came_at: datetime | None = None) -> ScanAnswer:
    return ScanAnswer(
        result=result,  # type: ignore[arg-type]  # one of ours
        delegate_id=str(person.delegate.id),
        name=person.delegate.name,
        organisation=person.organisation,
        came_at=came_at,
    )


async def check_ins_page(
    session: AsyncSession,
    fair_id: Id,
    *,
    day: date | None,
    after: CheckInPlace | None,
    limit: int,
) -> list[CheckInView]:
    """Who came, by day."""
    wanted = (
        select(FairCheckIn, FairDelegate.name, Organisation.name)
        .join(FairDelegate, FairDelegate.id == FairCheckIn.delegate_id)
        .join(FairRegistration, FairRegistration.id == FairCheckIn.registration_id)
        .join(Organisation, Organisation.id == FairRegistration.organisation_id)
        .where(FairCheckIn.fair_id == fair_id)
    )
    if day is not None:
        wanted = wanted.where(FairCheckIn.day == day)
    if after is not None:
        is_later = FairCheckIn.day > after.day
        is_next = (FairCheckIn.day == after.day) & (FairCheckIn.delegate_id > after.delegate_id)
        wanted = wanted.where(is_later | is_next)
    ordered = wanted.order_by(FairCheckIn.day, FairCheckIn.delegate_id).limit(limit)
    return [
        CheckInView(
            delegate_id=str(row[0].delegate_id),
            name=row[1],
            registration_id=str(row[0].registration_id),
            organisation=row[2],
            day=row[0].day,
            came_at=row[0].came_at,
            gate=row[0].gate,
        )
        for row in await session.execute(ordered)
    ]
