"""Jobs TELL_OF_NOTICES: what organisations are told of fairs reaches their people, once.

A notice is taken and told in one unit of work, so however often a job runs, and wherever it
stops, each is told exactly once. What changed about the meetings of one organisation together
is one message.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import Organisation
from market.db import Database, utc_now
from market.fairs import notice_words as words
from market.fairs.meeting_models import LIVE_STATES, FairMeeting
from market.fairs.meeting_queries import MeetingRow, meetings_of_fair
from market.fairs.models import Fair, FairNotice, FairRegistration
from market.fairs.notice_words import MeetingTold, Said
from market.fairs.states import ANNOUNCED
from market.jobs import ClaimedJob, finish
from market.listings.plain import in_parts
from market.settings import Settings
from market.subscriptions.own_news import Told, tell_organisations
from schemas.events import NewsType

Id = uuid.UUID
_ORGANISATIONS_AT_ONCE = 50
_MEETINGS = {
    "meeting_added": "added",
    "meeting_moved": "moved",
    "meeting_cancelled": "cancelled",
    "meeting_no_show": "no_show",
}
_REGISTRATIONS = {
    "registration_received": "received",
    "registration_approved": "approved",
    "registration_waiting": "waiting",
    "registration_rejected": "rejected",
    "registration_withdrawn": "withdrawn",
}
_PLANS = {"plan_ready": "ready", "plan_failed": "failed", "improvement_ready": "improvement"}
_AGENDAS: Mapping[str, NewsType] = {
    "agenda_published": "fair.agenda_published",
    "agenda_withdrawn": "fair.agenda_withdrawn",
}


class _Scene(NamedTuple):
    """What is read for the notices of some organisations at once."""

    fair: Fair
    # Of each organisation what it has in the agenda, by the ids of the meetings.
    meetings: Mapping[Id, Mapping[Id, tuple[MeetingTold, bool]]]
    # The names of those who registered, by registration.
    registrants: Mapping[Id, tuple[Id, str]]


async def tell_of_notices(
    database: Database, settings: Settings, jobs: Sequence[ClaimedJob]
) -> None:
    """Do jobs {"fair_id"}: several for one fair are as one."""
    for fair_id in sorted({Id(job.payload["fair_id"]) for job in jobs}):
        told = _ORGANISATIONS_AT_ONCE
        while told == _ORGANISATIONS_AT_ONCE:
            async with database.writing() as session:
                told = await _tell_some(session, fair_id, settings, utc_now())
    async with database.writing() as session:
        await finish(session, jobs)


async def _tell_some(session: AsyncSession, fair_id: Id, settings: Settings, now: datetime) -> int:
    """Tell the people of up to _ORGANISATIONS_AT_ONCE organisations; how many these were."""
    fair = await session.get(Fair, fair_id)
    notices = await _take(session, fair_id, now)
    if fair is None or not notices:
        return 0
    by_organisation: dict[Id, list[FairNotice]] = {}
    for notice in notices:
        by_organisation.setdefault(notice.organisation_id, []).append(notice)
    scene = await _scene(session, fair, notices)
    told = [
        each
        for organisation_id, some in by_organisation.items()
        for each in _news(organisation_id, some, scene)
    ]
    await tell_organisations(session, told, settings, now)
    return len(by_organisation)


async def _take(session: AsyncSession, fair_id: Id, now: datetime) -> list[FairNotice]:
    """All that some organisations were not told of yet, in order; nobody else takes it."""
    is_untold = FairNotice.fair_id == fair_id, FairNotice.told_at.is_(None)
    some = (
        select(FairNotice.organisation_id)
        .where(*is_untold)
        .distinct()
        .order_by(FairNotice.organisation_id)
        .limit(_ORGANISATIONS_AT_ONCE)
    )
    organisation_ids = list(await session.scalars(some))
    found = await session.scalars(
        select(FairNotice)
        .where(*is_untold, FairNotice.organisation_id.in_(organisation_ids))
        .order_by(FairNotice.id)
        .with_for_update()
    )
    notices = list(found)
    for part in in_parts([notice.id for notice in notices]):
        await session.execute(
            update(FairNotice)
            .where(FairNotice.id.in_(part))
            .values(told_at=now)
            .execution_options(synchronize_session=False)
        )
    return notices


async def _scene(session: AsyncSession, fair: Fair, notices: Iterable[FairNotice]) -> _Scene:
    """The meetings and registrations that the notices name, as they are now."""
    named = {_named(notice, "meeting_id") for notice in notices} - {None}
    wanted = [FairMeeting.id.in_(named)]
    if any(notice.kind == "agenda_published" for notice in notices):
        wanted.append(FairMeeting.state.in_(LIVE_STATES))
    # While there is no agenda, nobody but the organizer knows of any meeting.
    is_shown = fair.status in ANNOUNCED
    rows = await meetings_of_fair(session, fair.id, or_(*wanted)) if is_shown else []
    registrants = await session.execute(
        select(FairRegistration.id, Organisation.id, Organisation.name)
        .join(Organisation, Organisation.id == FairRegistration.organisation_id)
        .where(
            FairRegistration.id.in_({_named(notice, "registration_id") for notice in notices}),
        )
    )
    return _Scene(
        fair,
        _by_side(rows),
        {row[0]: (row[1], row[2]) for row in registrants},
    )


def _by_side(rows: Iterable[MeetingRow]) -> dict[Id, dict[Id, tuple[MeetingTold, bool]]]:
    found: dict[Id, dict[Id, tuple[MeetingTold, bool]]] = {}
    for row in rows:
        is_live = row.meeting.state in LIVE_STATES
        for own, partner in (
            (row.first_organisation, row.second_organisation),
            (row.second_organisation, row.first_organisation),
        ):
            told = MeetingTold(
                partner.name,
                row.slot.begins_at,
                row.slot.ends_at,
                row.table.hall,
                row.table.name,
                row.meeting.reason,
            )
            found.setdefault(own.id, {})[row.meeting.id] = told, is_live
    return found


def _named(notice: FairNotice, name: str) -> Id | None:
    text = notice.payload.get(name)
    return None if text is None else Id(text)


def _news(organisation_id: Id, notices: Iterable[FairNotice], scene: _Scene) -> Iterator[Told]:
    """What one organisation is told: changes of its meetings together, all else by itself."""
    changed: list[FairNotice] = []
    for notice in notices:
        if notice.kind in _MEETINGS:
            changed.append(notice)
        else:
            kind, facts = _of_one(organisation_id, notice, scene)
            yield Told(organisation_id, kind, notice.id, facts=facts)
    if changed:
        facts = _of_meetings(organisation_id, changed, scene)
        yield Told(organisation_id, "fair.meetings_changed", changed[0].id, facts=facts)


def _of_one(
    organisation_id: Id, notice: FairNotice, scene: _Scene
) -> tuple[NewsType, dict[str, Any]]:
    fair = scene.fair
    when = words.fair_line(fair.begins_at, fair.ends_at, fair.time_zone)
    where = words.place_line(fair.venue, fair.address)
    if notice.kind in _REGISTRATIONS:
        status = _REGISTRATIONS[notice.kind]
        registration_id = _named(notice, "registration_id")
        lines = [*_registrant(organisation_id, registration_id, scene), *when, *where]
        ids = {"registration_id": str(registration_id), "status": status}
        return "fair.registration_changed", _facts(fair, status, lines, **ids)
    if notice.kind in _PLANS:
        outcome = _PLANS[notice.kind]
        ids = {"plan_id": str(_named(notice, "plan_id")), "outcome": outcome}
        return "fair.plan_finished", _facts(fair, outcome, [], **ids)
    lines = [*when, *where]
    if notice.kind == "agenda_published" and fair.status in ANNOUNCED:
        own = scene.meetings.get(organisation_id, {})
        live = [told for told, is_live in own.values() if is_live]
        lines += words.agenda_lines(live, fair.time_zone)
    return _AGENDAS[notice.kind], _facts(fair, notice.kind, lines)


def _registrant(organisation_id: Id, registration_id: Id | None, scene: _Scene) -> list[Said]:
    """Who registered, for everybody but themselves."""
    found = scene.registrants.get(registration_id or Id(int=0))
    return [] if found is None or found[0] == organisation_id else [words.who(found[1])]


def _of_meetings(
    organisation_id: Id, notices: Iterable[FairNotice], scene: _Scene
) -> dict[str, Any]:
    """The last word on each meeting counts."""
    fair, own = scene.fair, scene.meetings.get(organisation_id, {})
    changes = {Id(notice.payload["meeting_id"]): _MEETINGS[notice.kind] for notice in notices}
    told = [(change, own[each][0]) for each, change in changes.items() if each in own]
    meetings = [{"meeting_id": str(each), "change": change} for each, change in changes.items()]
    lines = words.change_lines(told, fair.time_zone)
    return _facts(fair, "meetings", lines, meetings=meetings)


def _facts(fair: Fair, what: str, lines: Sequence[Said], **more: Any) -> dict[str, Any]:
    return {
        "fair_id": str(fair.id),
        "title": words.title(what, fair.name),
        "lines": [list(line) for line in lines],
        **more,
    }
