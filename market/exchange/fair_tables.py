"""The tables of a fair's files: their columns and rows, whatever format they are written in."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from market.exchange.fair_agendas import Agenda, Appointment, FairView
from market.exchange.fair_book import Delegate, MatchedPair, Participant
from market.exchange.fair_words import CAUSES, KINDS, STATES, WISHES, Words, said, word
from market.exchange.sheets import Cell, Style
from schemas.vocab import Lang

# What a cell holds before a format shapes it. Several texts are lines of one cell.
Value = str | int | float | bool | datetime | tuple[str, ...] | None
Row = tuple[Value, ...]

_YES_NO: tuple[Words, Words] = (("否", "no"), ("是", "yes"))


class FairColumn(NamedTuple):
    """`key` names the value in .jsonl; `clock` shows a time without its day."""

    key: str
    words: Words
    width: int
    style: Style = "text"
    clock: bool = False

    def header(self, lang: Lang) -> str:
        return said(self.words, lang)


class FairList(NamedTuple):
    """Columns, and rows that can be read once."""

    columns: tuple[FairColumn, ...]
    rows: Iterable[Row]


def cell_of(value: Value, column: FairColumn, view: FairView) -> Cell:
    """The value for people: local time, lists as lines, yes and no."""
    if isinstance(value, bool):
        return said(_YES_NO[value], view.lang)
    if isinstance(value, datetime):
        return f"{view.local(value):{'%H:%M' if column.clock else '%Y-%m-%d %H:%M'}}"
    return "\n".join(value) if isinstance(value, tuple) else value


def json_of(value: Value, view: FairView) -> object:
    """The value for programs: times with their offset, lists as lists."""
    if isinstance(value, datetime):
        return view.local(value).isoformat()
    if isinstance(value, tuple):
        return [json_of(each, view) for each in value]
    # An unpaired surrogate is no text that JSON could hold.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def pairs_list(view: FairView) -> FairList:
    """Every pair, the heaviest first, and whether it meets."""
    ordered = sorted(view.book.pairs, key=lambda pair: (pair.is_forbidden, -pair.weight, pair.id))
    return FairList(_PAIRS, (_pair_row(view, pair) for pair in ordered))


def _pair_row(view: FairView, pair: MatchedPair) -> Row:
    first, second = view.participants[pair.first], view.participants[pair.second]
    return (
        pair.id,
        *_named(first, view.lang),
        *_named(second, view.lang),
        pair.score,
        view.listing_title(pair.result_id),
        view.listing_title(pair.need_id),
        word(WISHES, pair.first_wish, view.lang),
        word(WISHES, pair.second_wish, view.lang),
        pair.reasons,
        pair.counter_reasons,
        pair.weight,
        pair.id in view.met_pairs,
    )


def meetings_list(view: FairView) -> FairList:
    """Every meeting, in its order of time."""
    return FairList(_MEETINGS, (_meeting_row(view, each) for each in view.appointments))


def _meeting_row(view: FairView, each: Appointment) -> Row:
    return (
        *_when_and_where(view, each),
        *_named(each.first, view.lang),
        *_named(each.second, view.lang),
        word(STATES, each.meeting.state, view.lang),
        view.listing_title(each.pair.result_id),
        view.listing_title(each.pair.need_id),
        each.pair.score,
        each.pair.reasons,
        each.meeting.uid,
    )


def agendas_list(view: FairView) -> FairList:
    """The meetings of every participant in turn, those that are off left out."""
    return FairList(_AGENDAS, _agenda_rows(view))


def _agenda_rows(view: FairView) -> Iterator[Row]:
    for agenda in view.agendas():
        numbered = (each for each in agenda.appointments if each.is_on)
        for number, appointment in enumerate(numbered, 1):
            yield _agenda_row(view, agenda, number, appointment)


def _agenda_row(view: FairView, agenda: Agenda, number: int, each: Appointment) -> Row:
    partner = each.partner_of(agenda.participant)
    return (
        agenda.participant.name,
        number,
        *_when_and_where(view, each),
        *_named(partner, view.lang),
        view.listing_title(each.pair.result_id),
        view.listing_title(each.pair.need_id),
        tuple(contact_line(delegate) for delegate in partner.shown_delegates),
        each.pair.reasons,
    )


def participants_list(view: FairView) -> FairList:
    """The organizer's list: every participant, all its people, contacts only with consent."""
    counts = {
        agenda.participant.id: sum(each.is_on for each in agenda.appointments)
        for agenda in view.agendas()
    }
    rows = (_participant_row(view, each, counts[each.id]) for each in view.present)
    return FairList(_PARTICIPANTS, rows)


def _participant_row(view: FairView, each: Participant, meetings: int) -> Row:
    kinds = [listing.kind for listing in each.listings]
    return (
        each.label or each.id,
        each.name,
        word(KINDS, each.kind, view.lang),
        each.zone,
        each.teams,
        kinds.count("result"),
        kinds.count("need"),
        meetings,
        view.book.figures.idle_slots.get(each.id, 0),
        tuple(contact_line(delegate) for delegate in each.delegates),
        each.profile,
    )


def unplanned_list(view: FairView) -> FairList:
    """The pairs that do not meet, the heaviest first, with why and what would help."""
    ordered = sorted(
        view.book.unplanned, key=lambda each: (-view.pairs[each.pair].weight, each.pair)
    )
    return FairList(
        _UNPLANNED,
        (
            (
                view.participants[view.pairs[each.pair].first].name,
                view.participants[view.pairs[each.pair].second].name,
                view.pairs[each.pair].score,
                view.pairs[each.pair].weight,
                word(CAUSES, each.cause, view.lang),
                each.reason,
                each.fix,
                each.displaced_weight,
            )
            for each in ordered
        ),
    )


def table_plan_list(view: FairView) -> FairList:
    """Every table in every slot, slot by slot; who sits there, nobody while it is free."""
    return FairList(_TABLE_PLAN, _table_plan_rows(view))


def _table_plan_rows(view: FairView) -> Iterator[Row]:
    taken = {(each.slot.id, each.table.id): each for each in view.appointments if each.is_on}
    for number, slot in enumerate(view.book.slots, 1):
        for table in view.book.tables:
            each = taken.get((slot.id, table.id))
            sides = (None, None) if each is None else (each.first.name, each.second.name)
            place = (table.name, table.hall, table.zone)
            yield (number, slot.begins_at, slot.ends_at, *place, *sides)


def signings_list(view: FairView) -> FairList:
    """The signing list, numbered."""
    return FairList(
        _SIGNINGS,
        (
            (number, each.project, each.parties, each.kind, each.amount_cny, each.is_on_stage)
            for number, each in enumerate(view.book.signings, 1)
        ),
    )


def contact_line(delegate: Delegate) -> str:
    """Name, post and what may be told of how to reach the person, on one line."""
    parts = (delegate.name, delegate.post, delegate.phone, delegate.email)
    return " ".join(" ".join(part.split()) for part in parts if part.strip())


def _named(participant: Participant, lang: Lang) -> tuple[str, str]:
    return participant.name, word(KINDS, participant.kind, lang)


def _when_and_where(view: FairView, each: Appointment) -> tuple[Value, ...]:
    return (
        view.slot_numbers[each.slot.id],
        each.slot.begins_at,
        each.slot.ends_at,
        each.table.name,
        each.table.hall,
    )


_WHEN_AND_WHERE = (
    FairColumn("slot", ("场次", "Slot"), 7, "centred"),
    FairColumn("begins_at", ("开始", "Begins"), 17, "centred"),
    FairColumn("ends_at", ("结束", "Ends"), 8, "centred", clock=True),
    FairColumn("table", ("桌号", "Table"), 10, "centred"),
    FairColumn("hall", ("展厅", "Hall"), 14, "wrapped"),
)
_RESULT = FairColumn("result", ("成果", "Result"), 34, "wrapped")
_NEED = FairColumn("need", ("需求", "Need"), 34, "wrapped")
_SCORE = FairColumn("score", ("匹配得分", "Score"), 10, "score")
_REASONS = FairColumn("reasons", ("理由", "Reasons"), 40, "wrapped")
# Lists that are printed stay short: their rows are as high as the first line of the reasons.
_ONE_LINE_REASONS = _REASONS._replace(style="text")
_PAIRS = (
    FairColumn("pair", ("配对编号", "Pair"), 14),
    FairColumn("first", ("甲方", "First side"), 26, "wrapped"),
    FairColumn("first_kind", ("甲方类别", "Its kind"), 10, "centred"),
    FairColumn("second", ("乙方", "Second side"), 26, "wrapped"),
    FairColumn("second_kind", ("乙方类别", "Its kind (second)"), 10, "centred"),
    _SCORE,
    _RESULT,
    _NEED,
    FairColumn("first_wish", ("甲方意愿", "First side's wish"), 9, "centred"),
    FairColumn("second_wish", ("乙方意愿", "Second side's wish"), 9, "centred"),
    _REASONS,
    FairColumn("counter_reasons", ("不利因素", "Counter-reasons"), 30, "wrapped"),
    FairColumn("weight", ("权重", "Weight"), 9, "centred"),
    FairColumn("planned", ("已排定", "Planned"), 9, "centred"),
)
_MEETINGS = (
    *_WHEN_AND_WHERE,
    FairColumn("first", ("甲方（固定）", "First side (stays)"), 26, "wrapped"),
    FairColumn("first_kind", ("甲方类别", "Its kind"), 10, "centred"),
    FairColumn("second", ("乙方", "Second side"), 26, "wrapped"),
    FairColumn("second_kind", ("乙方类别", "Its kind (second)"), 10, "centred"),
    FairColumn("state", ("状态", "State"), 9, "centred"),
    _RESULT,
    _NEED,
    _SCORE,
    _ONE_LINE_REASONS,
    FairColumn("uid", ("会面编号", "Meeting id"), 18),
)
_AGENDAS = (
    FairColumn("organisation", ("单位", "Organisation"), 26, "wrapped"),
    FairColumn("number", ("序号", "No"), 7, "centred"),
    *_WHEN_AND_WHERE,
    FairColumn("partner", ("对接单位", "Meets"), 26, "wrapped"),
    FairColumn("partner_kind", ("类别", "Kind"), 10, "centred"),
    _RESULT,
    _NEED,
    FairColumn("contacts", ("对方联系人（经同意）", "Contacts (with consent)"), 34, "wrapped"),
    _ONE_LINE_REASONS,
)
_PARTICIPANTS = (
    FairColumn("participant", ("编号", "Id"), 12),
    FairColumn("name", ("单位名称", "Organisation"), 30, "wrapped"),
    FairColumn("kind", ("类别", "Kind"), 11, "centred"),
    FairColumn("zone", ("展区", "Zone"), 12, "centred"),
    FairColumn("teams", ("洽谈组数", "Teams"), 9, "centred"),
    FairColumn("results", ("成果数", "Results"), 9, "centred"),
    FairColumn("needs", ("需求数", "Needs"), 9, "centred"),
    FairColumn("meetings", ("会面数", "Meetings"), 9, "centred"),
    FairColumn("idle_slots", ("空等场次", "Idle slots"), 9, "centred"),
    FairColumn("delegates", ("参会人员", "Delegates"), 34, "wrapped"),
    FairColumn("profile", ("简介", "Profile"), 44, "wrapped"),
)
_TABLE_PLAN = (
    *_WHEN_AND_WHERE,
    FairColumn("zone", ("展区", "Zone"), 12, "centred"),
    FairColumn("first", ("甲方（固定）", "First side (stays)"), 26, "wrapped"),
    FairColumn("second", ("乙方", "Second side"), 26, "wrapped"),
)
_UNPLANNED = (
    FairColumn("first", ("甲方", "First side"), 26, "wrapped"),
    FairColumn("second", ("乙方", "Second side"), 26, "wrapped"),
    _SCORE,
    FairColumn("weight", ("权重", "Weight"), 9, "centred"),
    FairColumn("cause", ("原因类别", "Cause"), 16, "centred"),
    FairColumn("reason", ("原因", "Why"), 52, "wrapped"),
    FairColumn("fix", ("最小代价的办法", "Cheapest way out"), 56, "wrapped"),
    FairColumn("displaced_weight", ("代价", "Cost"), 9, "centred"),
)
_SIGNINGS = (
    FairColumn("number", ("序号", "No"), 7, "centred"),
    FairColumn("project", ("项目", "Project"), 46, "wrapped"),
    FairColumn("parties", ("签约方", "Parties"), 44, "wrapped"),
    FairColumn("kind", ("类别", "Kind"), 22, "wrapped"),
    FairColumn("amount_cny", ("金额（元）", "Amount (CNY)"), 18, "money"),
    FairColumn("is_on_stage", ("上台签约", "On stage"), 10, "centred"),
)
