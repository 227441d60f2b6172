"""What the pages of a fair show: everything as plain text, in the book's language."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

from market.exchange.cells import showable
from market.exchange.fair_agendas import Agenda, Appointment, FairView
from market.exchange.fair_book import Delegate, FairSlot, FairTable, Participant
from market.exchange.fair_statistics import statistics_of
from market.exchange.fair_words import KINDS, LISTINGS, Words, said, word

# From a payload to a picture of it, "" for none.
CodeOf = Callable[[str], str]

# A landscape page holds so many slots beside each other in letters that can be read.
_SLOTS_A_GRID = 8
_LONG_WORD = re.compile(r"[!-~]{24}")
_MAX_CHARACTERS = 2_000
# A handbook tells what it is about; the rest is said at the table.
_SUMMARY = 200

_WORDS: dict[str, Words] = {
    "handbook": ("会务手册", "Handbook"),
    "contents": ("目录", "Contents"),
    "about": ("本场简介", "About this fair"),
    "programme": ("日程安排", "Programme"),
    "zones": ("展区", "Zones"),
    "zone": ("展区", "Zone"),
    "participants": ("参会单位", "Participants"),
    "table_plan": ("桌位表", "Table plan"),
    "slot": ("场次", "Slot"),
    "time": ("时间", "Time"),
    "day": ("日期", "Day"),
    "meetings": ("会面", "Meetings"),
    "table": ("桌号", "Table"),
    "tables": ("洽谈桌", "Tables"),
    "partner": ("对接单位", "Meets"),
    "subject": ("洽谈内容", "About"),
    "separator": ("、", ", "),
    "no_meeting": (
        "本场没有排定会面，欢迎现场交流。",
        "No meeting is planned; walk-ins are welcome.",
    ),
    "no_badge": ("没有参会人员", "There are no delegates."),
}


def handbook_of(view: FairView, code_of: CodeOf) -> dict[str, Any]:
    """The data of handbook.typ."""
    book = view.book
    return {
        **_title_of(view),
        "facts": list(_facts(view)),
        "about": _paragraphs(book.about),
        "figures": list(_figures(view)),
        "qr": code_of(book.url),
        "days": _days(view),
        "zones": list(_zones(view)),
        "groups": _groups(view, code_of),
        "grids": list(_grids(view)),
    }


def badges_of(view: FairView, code_of: CodeOf) -> dict[str, Any]:
    """The data of badges.typ: a badge for each delegate, or a nameless one for each team."""
    badges = [
        {
            "name": _text(delegate.name if delegate else participant.name),
            "post": _text(delegate.post if delegate else ""),
            "organisation": _text(participant.name if delegate else ""),
            "kind": participant.kind,
            "kind_name": word(KINDS, participant.kind, view.lang),
            "qr": code_of(_code(view, participant, delegate, number)),
        }
        for participant in view.present
        for number, delegate in enumerate(participant.delegates or (None,) * participant.teams, 1)
    ]
    return {**_title_of(view), "badges": badges}


def _code(view: FairView, participant: Participant, delegate: Delegate | None, number: int) -> str:
    given = delegate.code if delegate is not None else ""
    return _text(given) or f"{view.book.id}/{participant.id}/{number}"


def _title_of(view: FairView) -> dict[str, Any]:
    return {
        "name": _text(view.book.name),
        "organizer": _text(view.book.organizer),
        "lang": view.lang,
        "words": {key: said(words, view.lang) for key, words in _WORDS.items()},
    }


def _facts(view: FairView) -> Iterator[tuple[str, list[str]]]:
    days = [_day_line(view, day, slots) for day, slots in view.days().items()]
    place = [view.book.venue, view.book.address]
    for words, lines in (
        (("时间", "When"), days),
        (("地点", "Where"), place),
        (("主办", "Organizer"), [view.book.organizer]),
    ):
        if shown := [_text(line) for line in lines if line.strip()]:
            yield said(words, view.lang), shown


def _day_line(view: FairView, day: date, slots: Sequence[FairSlot]) -> str:
    first, last = view.local(slots[0].begins_at), view.local(slots[-1].ends_at)
    return f"{view.day_text(day)}  {first:%H:%M}–{last:%H:%M}"


def _figures(view: FairView) -> Iterator[tuple[str, str]]:
    statistics = statistics_of(view)
    for kind, count in statistics.participants.items():
        yield word(KINDS, kind, view.lang), str(count)
    for words, count in (
        (("项成果", "Results"), statistics.results),
        (("条需求", "Needs"), statistics.needs),
        (("场会面", "Meetings"), statistics.meetings),
    ):
        yield said(words, view.lang), str(count)


def _days(view: FairView) -> list[dict[str, Any]]:
    meetings = Counter(each.slot.id for each in view.appointments if each.is_on)
    return [
        {
            "name": view.day_text(day),
            "slots": [
                {
                    "number": view.slot_numbers[slot.id],
                    "clock": view.clock(slot),
                    "meetings": meetings[slot.id],
                }
                for slot in slots
            ],
        }
        for day, slots in view.days().items()
    ]


def _zones(view: FairView) -> Iterator[dict[str, Any]]:
    separator = said(("、", ", "), view.lang)
    for zone in view.book.zones:
        tables = [_text(table.name) for table in view.book.tables if table.zone == zone]
        names = [_text(each.name) for each in view.present if each.zone == zone]
        yield {"name": _text(zone), "tables": separator.join(tables), "participants": names}


def _groups(view: FairView, code_of: CodeOf) -> list[dict[str, Any]]:
    """The participants by kind, in the order of the kinds."""
    agendas = list(enumerate(view.agendas(), 1))
    groups = []
    for kind in KINDS:
        shown = [
            _participant(view, number, agenda, code_of)
            for number, agenda in agendas
            if agenda.participant.kind == kind
        ]
        if shown:
            groups.append({"name": word(KINDS, kind, view.lang), "participants": shown})
    return groups


def _participant(view: FairView, number: int, agenda: Agenda, code_of: CodeOf) -> dict[str, Any]:
    participant = agenda.participant
    return {
        "number": number,
        "name": _text(participant.name) or participant.id,
        "kind": participant.kind,
        "kind_name": word(KINDS, participant.kind, view.lang),
        "zone": _text(participant.zone),
        "profile": _paragraphs(participant.profile),
        "qr": code_of(f"{view.book.id}/{participant.id}"),
        "listings": [
            {
                "kind": word(LISTINGS, listing.kind, view.lang),
                "title": _text(listing.title),
                "facts": " · ".join(filter(None, map(_text, listing.facts))),
                "summary": _paragraphs(_short(listing.summary)),
            }
            for listing in participant.listings
            if not listing.is_quiet
        ],
        "agenda": [
            _agenda_line(view, participant, each) for each in agenda.appointments if each.is_on
        ],
    }


def _agenda_line(view: FairView, own: Participant, each: Appointment) -> dict[str, Any]:
    titles = map(view.open_title, (each.pair.result_id, each.pair.need_id))
    return {
        "day": f"{view.day(each.slot):%m-%d}",
        "clock": view.clock(each.slot),
        "table": _text(each.table.name),
        "partner": _text(each.partner_of(own).name),
        "subject": _text(" ↔ ".join(filter(None, titles))),
    }


def _grids(view: FairView) -> Iterator[dict[str, Any]]:
    """Each day's table plan in pieces that fit on a page; tables without a meeting are left out."""
    taken = {
        (each.table.id, each.slot.id): (_text(each.first.name), _text(each.second.name))
        for each in view.appointments
        if each.is_on
    }
    for day, slots in view.days().items():
        for start in range(0, len(slots), _SLOTS_A_GRID):
            piece = slots[start : start + _SLOTS_A_GRID]
            rows = [
                row
                for table in view.book.tables
                if any((row := _grid_row(table, piece, taken))["cells"])
            ]
            if rows:
                yield {
                    "name": _day_line(view, day, piece),
                    "slots": [
                        f"{view.slot_numbers[slot.id]}\n{view.clock(slot)}" for slot in piece
                    ],
                    "rows": rows,
                }


def _grid_row(
    table: FairTable, slots: Sequence[FairSlot], taken: dict[tuple[str, str], tuple[str, str]]
) -> dict[str, Any]:
    return {
        "table": _text(table.name),
        "cells": [taken.get((table.id, slot.id)) for slot in slots],
    }


def _short(text: str) -> str:
    return text if len(text) <= _SUMMARY else f"{text[: _SUMMARY - 1]}…"


def _paragraphs(text: str) -> list[str]:
    return [line for line in map(_text, text.splitlines()) if line]


def _text(text: str) -> str:
    """One line that any font setter takes; words without an end get places to break at."""
    line = " ".join(showable(text).split())
    short = line if len(line) <= _MAX_CHARACTERS else line[: _MAX_CHARACTERS - 1] + "…"
    return _LONG_WORD.sub("\\g<0>\u200b", short)
