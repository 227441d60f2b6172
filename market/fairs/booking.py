"""The one door to published meetings: nobody and no table is ever booked twice.

The database says so, not a look before the deed: one live meeting for each slot and table and
each two participants (partial unique indexes), one seat for each slot and team. Whoever comes
second gets Conflict. Every writer holds the rows of both participants first, in the order of
their ids, and takes the table then: writers never wait in a circle.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.exc import StaleDataError

from market.db import new_id
from market.errors import Conflict, PreconditionFailed
from market.fairs.meeting_models import LIVE_STATES, FairMeeting, FairSeat
from market.fairs.models import FairRegistration
from market.fairs.recording import erase_planned, record_planned

Id = uuid.UUID
_ROWS_A_STATEMENT = 400


class Booking(msgspec.Struct, frozen=True, kw_only=True):
    """Two participants, the host first, at a table in a slot."""

    first_id: Id
    second_id: Id
    slot_id: Id
    table_id: Id
    result_id: Id | None = None
    need_id: Id | None = None
    weight: int = 0
    is_pinned: bool = False


class _Side(NamedTuple):
    teams: int
    organisation_id: Id


async def book(session: AsyncSession, fair_id: Id, booking: Booking, now: datetime) -> FairMeeting:
    """A new meeting. Raises Conflict: table_taken, participant_busy, meet_already."""
    (meeting,) = await book_all(session, fair_id, [booking], now)
    return meeting


async def book_all(
    session: AsyncSession, fair_id: Id, bookings: Sequence[Booking], now: datetime
) -> list[FairMeeting]:
    """All of these meetings or none. Raises Conflict. For whoever holds the fair's row."""
    meetings = [_row(fair_id, booking, now) for booking in bookings]
    sides = await _held_sides(session, meetings)
    session.add_all(meetings)
    await _flush(session)
    await _sit(session, meetings, sides)
    return meetings


async def supersede(session: AsyncSession, meetings: Sequence[FairMeeting], now: datetime) -> None:
    """Take meetings out of the agenda, because another one takes its place."""
    ids = [meeting.id for meeting in meetings]
    for start in range(0, len(ids), _ROWS_A_STATEMENT):
        await _stand_up(session, ids[start : start + _ROWS_A_STATEMENT])
    for meeting in meetings:
        meeting.state, meeting.changed_at = "superseded", now
    await _flush(session)
    await erase_planned(session, meetings)


async def move(
    session: AsyncSession, meeting: FairMeeting, slot_id: Id, table_id: Id, now: datetime
) -> None:
    """Hold a live meeting elsewhere. Raises Conflict."""
    sides = await _held_sides(session, [meeting])
    meeting.slot_id, meeting.table_id, meeting.changed_at = slot_id, table_id, now
    await _flush(session)
    await _stand_up(session, [meeting.id])
    await _sit(session, [meeting], sides)


async def release(session: AsyncSession, meeting: FairMeeting, state: str, now: datetime) -> None:
    """End a live meeting in a state that takes no place; its table and seats are free again."""
    await _stand_up(session, [meeting.id])
    meeting.state, meeting.changed_at = state, now
    await _flush(session)
    # A no-show was planned all the same; what is cancelled counts as never planned.
    if state == "cancelled":
        await erase_planned(session, [meeting])


async def restore(session: AsyncSession, meeting: FairMeeting, now: datetime) -> None:
    """Plan a released meeting again where it was. Raises Conflict when the place is taken."""
    sides = await _held_sides(session, [meeting])
    meeting.state, meeting.changed_at = "planned", now
    meeting.absent, meeting.reason, meeting.is_refused = [], "", False
    await _flush(session)
    await _sit(session, [meeting], sides)


def _row(fair_id: Id, booking: Booking, now: datetime) -> FairMeeting:
    return FairMeeting(
        id=new_id(),
        fair_id=fair_id,
        state="planned",
        absent=[],
        reason="",
        is_refused=False,
        created_at=now,
        changed_at=now,
        **msgspec.structs.asdict(booking),
    )


def _seat(meeting: FairMeeting, side: Id, seat: int) -> dict[str, object]:
    return {
        "fair_id": meeting.fair_id,
        "slot_id": meeting.slot_id,
        "registration_id": side,
        "seat": seat,
        "meeting_id": meeting.id,
    }


def is_live(meeting: FairMeeting) -> bool:
    return meeting.state in LIVE_STATES


async def _stand_up(session: AsyncSession, meeting_ids: Sequence[Id]) -> None:
    await session.execute(
        delete(FairSeat)
        .where(FairSeat.meeting_id.in_(meeting_ids))
        .execution_options(synchronize_session=False)
    )


async def _held_sides(session: AsyncSession, meetings: Sequence[FairMeeting]) -> dict[Id, _Side]:
    """The participants, each held until the end of the unit of work."""
    wanted = sorted({side for each in meetings for side in (each.first_id, each.second_id)})
    sides: dict[Id, _Side] = {}
    for start in range(0, len(wanted), _ROWS_A_STATEMENT):
        rows = await session.execute(
            select(FairRegistration.id, FairRegistration.teams, FairRegistration.organisation_id)
            .where(FairRegistration.id.in_(wanted[start : start + _ROWS_A_STATEMENT]))
            .order_by(FairRegistration.id)
            .with_for_update(key_share=True)
        )
        sides |= {row.id: _Side(row.teams, row.organisation_id) for row in rows}
    return sides


async def _sit(
    session: AsyncSession, meetings: Sequence[FairMeeting], sides: Mapping[Id, _Side]
) -> None:
    """A free team of both sides for each meeting, which is planned with that.

    Raises Conflict (participant_busy).
    """
    taken = await _taken_seats(session, meetings)
    rows = []
    for meeting in meetings:
        for side in (meeting.first_id, meeting.second_id):
            seats = taken.setdefault((meeting.slot_id, side), set())
            free = next((seat for seat in range(sides[side].teams) if seat not in seats), None)
            if free is None:
                raise _BUSY
            seats.add(free)
            rows.append(_seat(meeting, side, free))
    try:
        for start in range(0, len(rows), _ROWS_A_STATEMENT):
            await session.execute(insert(FairSeat), rows[start : start + _ROWS_A_STATEMENT])
    except IntegrityError as error:
        raise _BUSY from error
    organisations = {side: each.organisation_id for side, each in sides.items()}
    await record_planned(session, meetings, organisations)


async def _taken_seats(
    session: AsyncSession, meetings: Sequence[FairMeeting]
) -> dict[tuple[Id, Id], set[int]]:
    """Of a few meetings only what concerns them; of an agenda the whole fair's."""
    wanted = select(FairSeat.slot_id, FairSeat.registration_id, FairSeat.seat)
    if len(meetings) == 1:
        sides = meetings[0].first_id, meetings[0].second_id
        wanted = wanted.where(
            FairSeat.fair_id == meetings[0].fair_id,
            FairSeat.slot_id == meetings[0].slot_id,
            FairSeat.registration_id.in_(sides),
        )
    elif meetings:
        wanted = wanted.where(FairSeat.fair_id == meetings[0].fair_id)
    else:
        return {}
    taken: dict[tuple[Id, Id], set[int]] = {}
    for slot_id, side, seat in await session.execute(wanted):
        taken.setdefault((slot_id, side), set()).add(seat)
    return taken


async def _flush(session: AsyncSession) -> None:
    """PostgreSQL names the index, SQLite its columns."""
    try:
        await session.flush()
    except StaleDataError:
        raise PreconditionFailed from None
    except IntegrityError as error:
        said = str(error.orig)
        if "uq_fair_meetings_table" in said or "fair_meetings.table_id" in said:
            raise Conflict(
                "table_taken", "该洽谈桌在此时段已有安排", "The table is taken in this slot."
            ) from error
        if "uq_fair_meetings_pair" in said or "fair_meetings.second_id" in said:
            raise Conflict(
                "meet_already", "双方已有一场对接", "These two have a meeting already."
            ) from error
        raise


_BUSY = Conflict(
    "participant_busy",
    "其中一方在此时段已有对接",
    "One of both has a meeting in this slot already.",
)
