"""From a fair's spreadsheet to the planner's question, and from its answer to the fair's book."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from hashlib import sha256
from zoneinfo import ZoneInfo

from market.exchange.fair_book import (
    FairBook,
    FairMeeting,
    MatchedPair,
    PlanFigures,
    UnplannedPair,
    meeting_uid,
)
from market.exchange.fair_file import FairFile, Seating, SheetParticipant
from market.planner.model import Fairness, Pair, Party, Plan, PlanRequest, Slot
from market.planner.wordings import PlanNames, fix_of, reason_of, slot_names
from schemas.vocab import Lang

_ID_LETTERS = 12


def request_of_file(
    fair: FairFile, pairs: Sequence[MatchedPair], *, seed: int = 0, floor: int | None = None
) -> PlanRequest:
    """What the planner is asked; `floor` goes before that of the spreadsheet, 1 where none is."""
    zone = ZoneInfo(fair.settings.time_zone)
    tables = tuple(table.id for table in fair.tables)
    hosts = {pair.first for pair in pairs}
    stated = fair.settings.floor if floor is None else floor
    return PlanRequest(
        parties=tuple(_party(each, fair, hosts) for each in fair.participants),
        slots=tuple(
            Slot(id=slot.id, tables=tables, day=str(slot.begins_at.astimezone(zone).date()))
            for slot in fair.slots
        ),
        pairs=tuple(
            Pair(
                id=pair.id,
                first=pair.first,
                second=pair.second,
                weight=pair.weight,
                forbidden=pair.is_forbidden,
            )
            for pair in pairs
        ),
        seating=fair.settings.seating or _seating(fair, hosts),
        fairness=Fairness(floor=1 if stated is None else stated),
        seed=seed,
    )


def _party(each: SheetParticipant, fair: FairFile, hosts: set[str]) -> Party:
    participant = each.participant
    there = tuple(slot.id for number, slot in enumerate(fair.slots, 1) if number not in each.absent)
    return Party(
        id=participant.id,
        kind=participant.kind,
        available=there if each.absent else None,
        capacity=each.most_meetings or fair.settings.most_meetings,
        delegations=participant.teams,
        floor=each.floor,
        host=participant.id in hosts,
        tables=each.tables,
        near=tuple(
            table.id for table in fair.tables if table.zone and table.zone == participant.zone
        ),
    )


def _seating(fair: FairFile, hosts: set[str]) -> Seating:
    """Hosts stay where each of their teams can have a table of its own."""
    teams = sum(
        each.participant.teams for each in fair.participants if each.participant.id in hosts
    )
    return "hosts_stay" if teams <= len(fair.tables) else "free"


def book_of_file(
    fair: FairFile, pairs: Sequence[MatchedPair], plan: Plan, *, as_of: date, lang: Lang
) -> FairBook:
    """The fair with its plan; it is dated with the first moment of `as_of` in the fair's zone."""
    settings = fair.settings
    fair_id = _fair_id(fair)
    planned_at = datetime.combine(as_of, time(), tzinfo=ZoneInfo(settings.time_zone))
    return FairBook(
        id=fair_id,
        name=settings.name,
        planned_at=planned_at.astimezone(UTC),
        organizer=settings.organizer,
        venue=settings.venue,
        address=settings.address,
        about=settings.about,
        time_zone=settings.time_zone,
        url=settings.url,
        lang=lang,
        zones=_zones(fair),
        tables=fair.tables,
        slots=fair.slots,
        participants=tuple(each.participant for each in fair.participants),
        pairs=tuple(pairs),
        meetings=_meetings(pairs, plan, fair_id),
        unplanned=_unplanned(fair, pairs, plan, lang),
        figures=PlanFigures(
            weight=plan.weight,
            upper_bound=plan.upper_bound,
            gap=plan.gap,
            idle_slots=plan.idle_slots,
        ),
    )


def _fair_id(fair: FairFile) -> str:
    """The same for the same fair, however its plan changes: name and first day."""
    told = f"{fair.settings.name}\n{fair.slots[0].begins_at.isoformat()[:10]}"
    return sha256(told.encode("utf-8", "replace")).hexdigest()[:_ID_LETTERS]


def _zones(fair: FairFile) -> tuple[str, ...]:
    told = [
        *(table.zone for table in fair.tables),
        *(each.participant.zone for each in fair.participants),
    ]
    return tuple(dict.fromkeys(filter(None, told)))


def _meetings(pairs: Sequence[MatchedPair], plan: Plan, fair_id: str) -> tuple[FairMeeting, ...]:
    of_pair = {pair.id: pair for pair in pairs}
    return tuple(
        FairMeeting(
            uid=meeting_uid(fair_id, of_pair[meeting.pair].first, of_pair[meeting.pair].second),
            pair=meeting.pair,
            slot=meeting.slot,
            table=meeting.table,
        )
        for meeting in plan.meetings
    )


def _unplanned(
    fair: FairFile, pairs: Sequence[MatchedPair], plan: Plan, lang: Lang
) -> tuple[UnplannedPair, ...]:
    sides = {pair.id: (pair.first, pair.second) for pair in pairs}
    names = PlanNames(
        parties={each.participant.id: each.participant.name for each in fair.participants},
        slots=slot_names([slot.id for slot in fair.slots]),
        sides=sides.__getitem__,
    )
    return tuple(
        UnplannedPair(
            pair=each.pair,
            cause=each.cause,
            reason=reason_of(each, names, lang),
            fix=fix_of(each, names, lang),
            displaced_weight=each.fix.displaced_weight if each.fix is not None else 0,
        )
        for each in plan.unplanned
    )
