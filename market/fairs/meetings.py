"""What organizers and participants do with published meetings, and who is told."""

import uuid
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.viewer import Viewer
from market.db import new_id
from market.errors import Conflict, FieldError, Forbidden, Invalid
from market.fairs.booking import Booking, book, is_live, move, release, restore
from market.fairs.holding import ask_to_fill
from market.fairs.meeting_models import FairMeeting, FairOutcome, FairPair
from market.fairs.meeting_queries import locked_meeting
from market.fairs.meeting_rules import is_host, may_meet
from market.fairs.models import Fair, FairRegistration, FairSlot, FairTable
from market.fairs.notices import tell
from market.fairs.queries import organizes
from market.fairs.recording import record_held
from market.fairs.registration_queries import own_registration
from market.fairs.states import refuse_unless
from market.http.paging import id_of
from schemas.fair_meetings import (
    BookingForm,
    MeetingMove,
    NoticeKind,
    OutcomeForm,
)

Id = uuid.UUID


async def book_by_hand(
    session: AsyncSession, fair: Fair, form: BookingForm, now: datetime
) -> FairMeeting:
    """A meeting of the organizer's own making. Raises Invalid, and Conflict for a taken place."""
    refuse_unless(fair, "matching", "published", "running")
    first = await _participant(session, fair, form.first_id, "first_id")
    second = await _participant(session, fair, form.second_id, "second_id")
    if first.id == second.id or not may_meet(first.kind, second.kind):
        raise Invalid(FieldError("#/second_id", "双方不能对接", "These two can't meet."))
    host, guest = (first, second) if is_host(first.kind, second.kind) else (second, first)
    slot = await _slot(session, fair, form.slot_id)
    table = await _table(session, fair, form.table_id)
    _refuse_absence(slot, host, guest)
    _refuse_past(slot, now)
    pair = await _pair(session, fair, host, guest)
    booking = Booking(
        first_id=host.id,
        second_id=guest.id,
        slot_id=slot.id,
        table_id=table.id,
        result_id=pair.result_id if pair else None,
        need_id=pair.need_id if pair else None,
        weight=pair.weight if pair else 0,
        # What somebody arranged by hand, no re-plan takes apart.
        is_pinned=True,
    )
    meeting = await book(session, fair.id, booking, now)
    await tell_sides(session, fair, meeting, "meeting_added", now)
    return meeting


async def move_by_hand(
    session: AsyncSession, fair: Fair, meeting: FairMeeting, change: MeetingMove, now: datetime
) -> None:
    """Raises Invalid, and Conflict for a taken place or a meeting that is over."""
    _refuse_ended(meeting)
    slot = await session.get_one(FairSlot, meeting.slot_id)
    table_id = meeting.table_id
    if change.slot_id is not None:
        slot = await _slot(session, fair, change.slot_id)
        sides = [
            await session.get_one(FairRegistration, each)
            for each in (meeting.first_id, meeting.second_id)
        ]
        _refuse_absence(slot, *sides)
        _refuse_past(slot, now)
    if change.table_id is not None:
        table_id = (await _table(session, fair, change.table_id)).id
    if change.is_pinned is not None:
        meeting.is_pinned = change.is_pinned
    if (slot.id, table_id) != (meeting.slot_id, meeting.table_id):
        await move(session, meeting, slot.id, table_id, now)
        await tell_sides(session, fair, meeting, "meeting_moved", now)
    await session.flush()


async def cancel(
    session: AsyncSession, fair: Fair, meeting: FairMeeting, reason: str, now: datetime
) -> None:
    """Both sides are told; the free place is filled. Cancelling twice is once."""
    if meeting.state == "cancelled":
        return
    _refuse_ended(meeting)
    meeting.reason, meeting.is_refused = reason, True
    await release(session, meeting, "cancelled", now)
    await tell_sides(session, fair, meeting, "meeting_cancelled", now)
    await ask_to_fill(session, fair)


async def mark_no_show(
    session: AsyncSession, fair: Fair, meeting: FairMeeting, absent: list[Id], now: datetime
) -> None:
    """Somebody did not come: the table is free for others. Raises Conflict, Invalid."""
    refuse_unless(fair, "running", "closed")
    if meeting.state != "planned":
        raise _ended(meeting)
    if not set(absent) <= {meeting.first_id, meeting.second_id}:
        raise Invalid(
            FieldError("#/absent_ids", "不是该场对接的一方", "They are no side of this meeting.")
        )
    meeting.absent = sorted(str(each) for each in absent)
    await release(session, meeting, "no_show", now)
    await tell_sides(session, fair, meeting, "meeting_no_show", now)
    await ask_to_fill(session, fair)


async def bring_back(
    session: AsyncSession, fair: Fair, meeting: FairMeeting, now: datetime
) -> None:
    """Take a cancellation or a no-show back, if the place is still free. Raises Conflict."""
    refuse_unless(fair, "matching", "published", "running")
    if meeting.state not in {"cancelled", "no_show"}:
        raise Conflict("meeting_not_ended", "该对接并未取消", "The meeting was not cancelled.")
    sides = [await session.get_one(FairRegistration, each) for each in sides_of(meeting)]
    table = await session.get_one(FairTable, meeting.table_id)
    if table.lost_at is not None or any(side.status != "approved" for side in sides):
        raise Conflict(
            "place_gone", "洽谈桌或参会方已不在", "The table or a side is there no more."
        )
    await restore(session, meeting, now)
    await tell_sides(session, fair, meeting, "meeting_added", now)


async def give_outcome(
    session: AsyncSession,
    viewer: Viewer,
    fair: Fair,
    meeting: FairMeeting,
    form: OutcomeForm,
    now: datetime,
) -> FairOutcome:
    """What the viewer's side says; what it said before is replaced. A meeting that somebody
    speaks of was held. Raises Forbidden, Conflict."""
    refuse_unless(fair, "running", "closed")
    own = await own_registration(session, viewer, fair)
    if own is None or own.id not in sides_of(meeting):
        raise Forbidden("sides_only", "只有对接双方可以填写", "This is for the two sides.")
    if not is_live(meeting):
        raise _ended(meeting)
    said = {
        "answer": form.answer,
        "note": form.note.strip(),
        "given_by_id": viewer.user_id,
        "given_at": now,
    }
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    told = await session.scalars(
        insert(FairOutcome)
        .values(id=new_id(), meeting_id=meeting.id, registration_id=own.id, **said)
        .on_conflict_do_update(index_elements=["meeting_id", "registration_id"], set_=said)
        .returning(FairOutcome),
        execution_options={"populate_existing": True},
    )
    outcome = told.one()
    if meeting.state != "held":
        meeting.state, meeting.changed_at = "held", now
        await session.flush()
        await record_held(session, [meeting])
    return outcome


async def meeting_to_cancel(
    session: AsyncSession, viewer: Viewer, fair: Fair, meeting_id: Id | None
) -> FairMeeting:
    """Both sides may, while the fair goes on; the organizer, too. Raises NotFound, Conflict."""
    meeting = await locked_meeting(session, viewer, fair, meeting_id)
    if organizes(viewer, fair):
        refuse_unless(fair, "matching", "published", "running")
    else:
        refuse_unless(fair, "published", "running")
    return meeting


async def tell_sides(
    session: AsyncSession, fair: Fair, meeting: FairMeeting, kind: NoticeKind, now: datetime
) -> None:
    """Tell both sides, once the agenda is published: before that they know of no meeting."""
    if fair.status not in {"published", "running", "closed"}:
        return
    rows = await session.scalars(
        select(FairRegistration.organisation_id).where(FairRegistration.id.in_(sides_of(meeting)))
    )
    payload = {
        "meeting_id": str(meeting.id),
        "slot_id": str(meeting.slot_id),
        "table_id": str(meeting.table_id),
        "reason": meeting.reason,
    }
    await tell(session, fair, rows, kind, payload, now)


def sides_of(meeting: FairMeeting) -> tuple[Id, Id]:
    return meeting.first_id, meeting.second_id


async def _participant(session: AsyncSession, fair: Fair, text: str, name: str) -> FairRegistration:
    found = await session.scalars(
        select(FairRegistration).where(
            FairRegistration.id == id_of(text),
            FairRegistration.fair_id == fair.id,
            FairRegistration.status == "approved",
        )
    )
    registration = found.first()
    if registration is None:
        raise Invalid(FieldError(f"#/{name}", "没有这个参会方", "There is no such participant."))
    return registration


async def _slot(session: AsyncSession, fair: Fair, text: str) -> FairSlot:
    found = await session.scalars(
        select(FairSlot).where(FairSlot.id == id_of(text), FairSlot.fair_id == fair.id)
    )
    slot = found.first()
    if slot is None:
        raise Invalid(FieldError("#/slot_id", "没有这个时段", "There is no such slot."))
    return slot


async def _table(session: AsyncSession, fair: Fair, text: str) -> FairTable:
    found = await session.scalars(
        select(FairTable).where(FairTable.id == id_of(text), FairTable.fair_id == fair.id)
    )
    table = found.first()
    if table is None or table.lost_at is not None:
        raise Invalid(
            FieldError("#/table_id", "没有这张桌，或已停用", "There is no such table in use.")
        )
    return table


async def _pair(
    session: AsyncSession, fair: Fair, host: FairRegistration, guest: FairRegistration
) -> FairPair | None:
    found = await session.scalars(
        select(FairPair).where(
            FairPair.fair_id == fair.id,
            FairPair.first_id == host.id,
            FairPair.second_id == guest.id,
        )
    )
    pair = found.first()
    if pair is not None and pair.forbidden:
        raise Conflict(
            "pair_forbidden", "其中一方不愿与对方对接", "One of both does not want to meet."
        )
    return pair


def _refuse_absence(slot: FairSlot, *sides: FairRegistration) -> None:
    if any(slot.number in side.absent_slots for side in sides):
        raise Conflict(
            "participant_absent", "其中一方此时段不在", "One of both is not there in this slot."
        )


def _refuse_past(slot: FairSlot, now: datetime) -> None:
    if slot.ends_at <= now:
        raise Conflict("slot_over", "该时段已结束", "This slot is over.")


def _refuse_ended(meeting: FairMeeting) -> None:
    if meeting.state != "planned":
        raise _ended(meeting)


def _ended(meeting: FairMeeting) -> Conflict:
    return Conflict(
        "meeting_state_refused",
        f"该对接当前状态为 {meeting.state}，不能这样做",
        f"The meeting is {meeting.state} now: this can't be done.",
    )
