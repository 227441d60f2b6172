"""The meetings of an organisation at its fairs as the events of a calendar.

They are what its agenda tells, and no more: nothing before an agenda is published; of the other
side the people who consented, while the meeting is to be held.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.exchange.fair_book import meeting_uid
from market.fairs.booking import is_live
from market.fairs.calendars import CalendarEvent
from market.fairs.meeting_models import FairMeeting
from market.fairs.meeting_queries import MeetingRow, meetings_of_fair
from market.fairs.models import Fair, FairDelegate, FairNotice, FairRegistration
from market.fairs.notice_words import times
from market.fairs.registration_queries import delegates_of
from market.fairs.states import ANNOUNCED
from market.settings import Settings
from market.subscriptions.addresses import api_address
from schemas.vocab import Lang

Id = uuid.UUID
# A calendar of all fairs goes back so far, and holds so many.
_KEPT = timedelta(days=180)
_MOST_FAIRS = 50


class CalendarAsked(NamedTuple):
    """How a calendar is written. Without contacts people are named and nothing else."""

    settings: Settings
    lang: Lang
    shows_contacts: bool


class _Told(NamedTuple):
    """The meeting of two participants as it is now, and how often anything about it changed."""

    row: MeetingRow
    changes: int


async def recent_registrations(
    session: AsyncSession, organisation_id: Id, now: datetime
) -> list[tuple[Fair, FairRegistration]]:
    """The fairs with a published agenda that an organisation registered for, newest first."""
    rows = await session.execute(
        select(Fair, FairRegistration)
        .join(FairRegistration, FairRegistration.fair_id == Fair.id)
        .where(
            FairRegistration.organisation_id == organisation_id,
            Fair.status.in_(ANNOUNCED),
            Fair.ends_at > now - _KEPT,
        )
        .order_by(Fair.begins_at.desc(), Fair.id)
        .limit(_MOST_FAIRS)
    )
    return [(row[0], row[1]) for row in rows]


async def calendar_events(
    session: AsyncSession, fair: Fair, registration: FairRegistration, asked: CalendarAsked
) -> list[CalendarEvent]:
    """The meetings of one participant, those that were cancelled, too."""
    if fair.status not in ANNOUNCED:
        return []
    has_side = or_(
        FairMeeting.first_id == registration.id, FairMeeting.second_id == registration.id
    )
    rows = await meetings_of_fair(session, fair.id, has_side)
    told = _as_told(rows, await _told_cancelled(session, registration))
    partners = {_partner_of(each.row, registration)[0].id for each in told}
    delegates = await delegates_of(session, partners)
    return [_event(each, fair, registration, delegates, asked) for each in told]


async def _told_cancelled(session: AsyncSession, registration: FairRegistration) -> set[Id]:
    """Meetings of which their sides were told that they are not held: so they had known of them."""
    payloads = await session.scalars(
        select(FairNotice.payload).where(
            FairNotice.organisation_id == registration.organisation_id,
            FairNotice.fair_id == registration.fair_id,
            FairNotice.kind == "meeting_cancelled",
        )
    )
    return {Id(payload["meeting_id"]) for payload in payloads}


def _as_told(rows: Iterable[MeetingRow], told_cancelled: Collection[Id]) -> list[_Told]:
    """One for each two participants: the live meeting, else the last one that they know of.

    A meeting that another one replaced counts as a change of it.
    """
    by_sides: dict[tuple[Id, Id], list[MeetingRow]] = {}
    for row in sorted(rows, key=_age):
        by_sides.setdefault((row.first.id, row.second.id), []).append(row)
    found = []
    for versions in by_sides.values():
        known = [
            row
            for row in versions
            if row.meeting.state != "superseded" or row.meeting.id in told_cancelled
        ]
        live = [row for row in known if is_live(row.meeting)]
        if known:
            changes = sum(row.meeting.version for row in versions) - 1
            found.append(_Told((live or known)[-1], changes))
    return found


def _age(row: MeetingRow) -> Id:
    return row.meeting.id


def _partner_of(row: MeetingRow, own: FairRegistration) -> tuple[FairRegistration, str]:
    if row.first.id == own.id:
        return row.second, row.second_organisation.name
    return row.first, row.first_organisation.name


def _event(
    told: _Told,
    fair: Fair,
    own: FairRegistration,
    delegates: Mapping[Id, Sequence[FairDelegate]],
    asked: CalendarAsked,
) -> CalendarEvent:
    row, is_zh = told.row, asked.lang == "zh"
    meeting, table = row.meeting, row.table
    partner, name = _partner_of(row, own)
    people = [
        each
        for each in delegates.get(partner.id, ())
        if each.consent is not None and is_live(meeting)
    ]
    summary = f"对接：{name}（{table.name}）" if is_zh else f"Meeting: {name} ({table.name})"
    where = filter(None, (fair.venue, fair.address, table.hall, table.name))
    return CalendarEvent(
        # As in the files of the fair: whoever has both has each meeting once.
        uid=meeting_uid(str(fair.id), str(row.first.id), str(row.second.id)),
        sequence=told.changes,
        changed_at=meeting.changed_at,
        begins_at=row.slot.begins_at,
        ends_at=row.slot.ends_at,
        is_cancelled=not is_live(meeting),
        summary=summary,
        location=("，" if is_zh else ", ").join(where),
        lines=[
            fair.name,
            times(row.slot.begins_at, row.slot.ends_at, fair.time_zone),
            *filter(None, (meeting.reason,)),
            *(_contact(each, asked) for each in people),
        ],
        url=api_address(asked.settings, f"fairs/{fair.id}/meetings/{meeting.id}"),
    )


def _contact(delegate: FairDelegate, asked: CalendarAsked) -> str:
    parts = [delegate.name, delegate.post]
    if asked.shows_contacts:
        parts += [delegate.phone, delegate.email]
    said = " ".join(filter(None, parts))
    return f"对方人员：{said}" if asked.lang == "zh" else f"With: {said}"
