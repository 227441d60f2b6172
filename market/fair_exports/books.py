"""A fair of the marketplace as the book that its files are written of."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, cast
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import Organisation
from market.accounts.viewer import Viewer
from market.db import Database
from market.deals.ceremony_queries import projects_of_fair
from market.deals.funnel import funnel_of
from market.deals.funnel_queries import Scope, counts_of
from market.deals.models import SigningProject
from market.exchange.fair_book import (
    FairBook,
    FairMeeting,
    FairSlot,
    FairTable,
    FunnelFigure,
    MatchedPair,
    Participant,
    PlanFigures,
    Signing,
    UnplannedPair,
    Wish,
    meeting_uid,
)
from market.exchange.fair_words import KINDS
from market.fair_exports.book_meetings import Planned, agenda_meetings, draft_meetings
from market.fair_exports.book_people import Registered, participants_of
from market.fairs.meeting_models import FairPair, FairPlan
from market.fairs.models import Fair, FairRegistration
from market.fairs.plan_input import sides_of
from market.fairs.plan_queries import plan_names
from market.fairs.queries import slots_of_fair, tables_of_fair
from market.matching.set_reasons import reasons_of_pairs
from market.planner.compaction import day_masks, idle_in
from market.planner.model import Unplanned
from market.planner.wordings import PlanNames, fix_of, reason_of
from schemas import vocab
from schemas.matching import Reason
from schemas.vocab import Lang

Id = uuid.UUID
Two = tuple[Id, Id]


class _Rows(NamedTuple):
    """What a book is made of, as it was read; `numbers` name the pairs."""

    fair: Fair
    organizer: Organisation
    plan: FairPlan | None
    registered: Sequence[Registered]
    participants: tuple[Participant, ...]
    pairs: Mapping[Two, FairPair]
    meetings: Mapping[Two, Planned]
    numbers: Mapping[Two, str]
    slots: tuple[FairSlot, ...]
    tables: tuple[FairTable, ...]
    names: PlanNames

    @property
    def brought(self) -> set[str]:
        return {listing.id for each in self.participants for listing in each.listings}


async def fair_book(
    database: Database, viewer: Viewer, fair_id: Id, lang: Lang, *, plan_id: Id | None = None
) -> FairBook:
    """The fair with its agenda, or with the plan `plan_id` in place of it.

    The viewer is its organizer: the book is theirs. Contacts are in it with consent alone, and
    for a plan none: people consent to be reached for meetings that are published. Listings that
    were withdrawn meanwhile are left out.
    """
    async with database.reading() as session:
        read = await _read(session, fair_id, plan_id, lang)
        signed = await projects_of_fair(session, fair_id, read.fair.organisation_id)
        counts, amount_cny = await counts_of(session, viewer, Scope(fair_id=fair_id))
    why = await reasons_of_pairs(database, _listing_pairs(read), lang)
    fair = read.fair
    return FairBook(
        id=str(fair.id),
        name=fair.name,
        planned_at=_planned_at(read),
        organizer=read.organizer.name,
        venue=fair.venue,
        address=fair.address,
        about=fair.about,
        time_zone=fair.time_zone,
        lang=lang,
        zones=tuple(zone["name"] for zone in fair.zones),
        tables=read.tables,
        slots=read.slots,
        participants=read.participants,
        pairs=tuple(_pair(read, two, number, why) for two, number in read.numbers.items()),
        meetings=tuple(_meetings(read)),
        unplanned=tuple(_unplanned(read, lang)),
        signings=tuple(_signing(each, lang) for each in signed),
        figures=_figures(read),
        funnel=tuple(
            FunnelFigure(
                name=each.name,
                definition=each.definition,
                count=each.count,
                amount_cny=each.amount_cny,
            )
            for each in funnel_of(counts, amount_cny, lang)
        ),
    )


async def _read(session: AsyncSession, fair_id: Id, plan_id: Id | None, lang: Lang) -> _Rows:
    fair: Fair = await session.get_one(Fair, fair_id)
    shown_id = plan_id or fair.plan_id
    plan = None if shown_id is None else await session.get(FairPlan, shown_id)
    if plan_id is not None and plan is not None:
        meetings = await draft_meetings(session, plan)
    else:
        meetings = await agenda_meetings(session, fair_id)
    registered = await _registered(session, fair_id, {side for two in meetings for side in two})
    found = await session.scalars(select(FairPair).where(FairPair.fair_id == fair_id))
    pairs = {(each.first_id, each.second_id): each for each in found}
    zones = {zone["code"]: zone["name"] for zone in fair.zones}
    return _Rows(
        fair,
        await session.get_one(Organisation, fair.organisation_id),
        plan,
        registered,
        await participants_of(session, fair, registered, lang, tells_contacts=plan_id is None),
        pairs,
        meetings,
        _numbered(registered, pairs.keys() | meetings.keys()),
        tuple(
            FairSlot(id=str(each.id), begins_at=each.begins_at, ends_at=each.ends_at)
            for each in await slots_of_fair(session, fair_id)
        ),
        tuple(
            FairTable(
                id=str(each.id), name=each.name, hall=each.hall, zone=zones.get(each.zone or "", "")
            )
            for each in await tables_of_fair(session, fair_id)
        ),
        await plan_names(session, fair_id),
    )


async def _registered(
    session: AsyncSession, fair_id: Id, sides: Collection[Id]
) -> list[Registered]:
    """Who takes part, and who has left and had a meeting; by kind and name."""
    rows = await session.execute(
        select(FairRegistration, Organisation)
        .join(Organisation, Organisation.id == FairRegistration.organisation_id)
        .where(FairRegistration.fair_id == fair_id)
    )
    found = [(row[0], row[1]) for row in rows if row[0].status == "approved" or row[0].id in sides]
    kinds = {kind: place for place, kind in enumerate(KINDS)}
    return sorted(found, key=lambda row: (kinds[row[0].kind], row[1].name, row[0].id))


def _numbered(registered: Sequence[Registered], pairs: Iterable[Two]) -> dict[Two, str]:
    """The pairs of those who are in the book, in the order of the participants."""
    places = {each.id: place for place, (each, _) in enumerate(registered)}
    known = (two for two in pairs if two[0] in places and two[1] in places)
    ordered = sorted(known, key=lambda two: (places[two[0]], places[two[1]]))
    return {two: f"P{number:04d}" for number, two in enumerate(ordered, 1)}


def _listing_pairs(read: _Rows) -> set[Two]:
    """The listings of which reasons are told: those of pairs that meet or might."""
    brought = read.brought
    return {
        (each.result_id, each.need_id)
        for two in read.numbers
        if (each := read.pairs.get(two)) is not None
        and each.result_id is not None
        and each.need_id is not None
        and {f"result/{each.result_id}", f"need/{each.need_id}"} <= brought
    }


def _pair(read: _Rows, two: Two, number: str, why: Mapping[Two, Sequence[Reason]]) -> MatchedPair:
    known, meeting = read.pairs.get(two), read.meetings.get(two)
    # One that was arranged by hand is about what its meeting is about.
    about = known or meeting
    result_id, need_id = (about.result_id, about.need_id) if about is not None else (None, None)
    pair = MatchedPair(
        id=number,
        first=str(two[0]),
        second=str(two[1]),
        weight=meeting.weight if meeting is not None else 0,
        result_id=_named("result", result_id),
        need_id=_named("need", need_id),
    )
    if known is None:
        return pair
    reasons = why.get((result_id, need_id), ()) if result_id and need_id else ()
    return msgspec.structs.replace(
        pair,
        weight=known.weight,
        score=None if known.score is None else round(known.score, 1),
        first_wish=cast(Wish | None, known.first_wish),
        second_wish=cast(Wish | None, known.second_wish),
        reasons=tuple(each.text for each in reasons if each.supports),
        counter_reasons=tuple(each.text for each in reasons if not each.supports),
        is_forbidden=known.forbidden,
    )


def _named(kind: str, listing_id: Id | None) -> str | None:
    return None if listing_id is None else f"{kind}/{listing_id}"


def _meetings(read: _Rows) -> Iterator[FairMeeting]:
    for two, number in read.numbers.items():
        meeting = read.meetings.get(two)
        if meeting is not None:
            yield FairMeeting(
                uid=meeting_uid(str(read.fair.id), str(two[0]), str(two[1])),
                pair=number,
                slot=str(meeting.slot_id),
                table=str(meeting.table_id),
                state=meeting.state,
                sequence=meeting.sequence,
            )


def _unplanned(read: _Rows, lang: Lang) -> Iterator[UnplannedPair]:
    """As the plan said it, but for who meets by now and who has left since."""
    for told in read.plan.outcome.get("unplanned", []) if read.plan is not None else ():
        why = msgspec.convert(told["why"], Unplanned)
        two = sides_of(why.pair)
        number, meeting = read.numbers.get(two), read.meetings.get(two)
        if number is None or (meeting is not None and meeting.is_on):
            continue
        yield UnplannedPair(
            pair=number,
            cause=why.cause,
            reason=reason_of(why, read.names, lang),
            fix=fix_of(why, read.names, lang),
            displaced_weight=0 if why.fix is None else why.fix.displaced_weight,
        )


def _signing(project: SigningProject, lang: Lang) -> Signing:
    kinds = vocab.signing_kinds()
    known = project.kind in kinds
    return Signing(
        project=project.title,
        parties=tuple(project.parties),
        kind=kinds[project.kind].name(lang) if known else project.kind,
        amount_cny=project.amount_cny,
        is_on_stage=project.is_on_stage,
    )


def _figures(read: _Rows) -> PlanFigures:
    weight = sum(each.weight for each in read.meetings.values() if each.is_on)
    bound = max(weight, (read.plan.upper_bound or 0) if read.plan is not None else 0)
    return PlanFigures(
        weight=weight,
        upper_bound=bound,
        gap=round(1 - weight / bound, 6) if bound else 0.0,
        idle_slots=_idle_slots(read),
    )


def _idle_slots(read: _Rows) -> dict[str, int]:
    """Who waits between the first and the last meeting of a day, and for how many slots."""
    places = {each.id: number for number, each in enumerate(read.slots)}
    zone = ZoneInfo(read.fair.time_zone)
    days = day_masks([f"{each.begins_at.astimezone(zone):%Y-%m-%d}" for each in read.slots])
    busy: dict[Id, int] = defaultdict(int)
    for two, meeting in read.meetings.items():
        for side in two if meeting.is_on else ():
            busy[side] |= 1 << places[str(meeting.slot_id)]
    # Absences are not left out here, as they are in what a plan says of itself.
    there = (1 << len(read.slots)) - 1
    idle = {str(side): idle_in(slots, there, days) for side, slots in sorted(busy.items())}
    return {side: waits for side, waits in idle.items() if waits}


def _planned_at(read: _Rows) -> datetime:
    """When the agenda changed last: it dates every file, so that the same gives the same."""
    times = [read.fair.created_at, *(each.changed_at for each in read.meetings.values())]
    if read.plan is not None and read.plan.finished_at is not None:
        times.append(read.plan.finished_at)
    return max(times)
