"""An empty spreadsheet of a fair: explanations, examples, and choices to pick from."""

from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, NamedTuple

from market.exchange.fair_examples import CREATED, INTRODUCTION, SHEET_HINTS, examples_of, hint_of
from market.exchange.fair_headings import (
    FAIR_HEADINGS,
    SETTING_HEADINGS,
    WISH_WORDS,
    SheetKind,
    sheet_words,
)
from market.exchange.fair_words import KINDS, said
from market.exchange.headings import NEED_HEADINGS, RESULT_HEADINGS, Heading
from market.exchange.sheets import Book, Cell, SheetColumn, SheetLayout, writing_book
from schemas.vocab import Lang

RESULT_FIELDS = (
    *("id", "title", "summary", "keywords", "fields", "industries", "trl", "modes", "price"),
    *("division", "institute"),
)
NEED_FIELDS = (
    *("id", "title", "description", "indicators", "fields", "industries", "trl_min", "modes"),
    *("budget", "division", "enterprise"),
)
_WIDE = {"title": 36, "summary": 60, "description": 60, "profile": 40, "value": 60, "whom": 32}
_WIDTH = 18
_CHOSEN_PARTICIPANTS = frozenset(
    {("results", "institute"), ("needs", "enterprise"), ("wishes", "who"), ("wishes", "whom")}
)


class _Form(NamedTuple):
    """A sheet to fill in; `examples` are rows in the order of the columns."""

    kind: SheetKind
    tab_color: str
    headings: Sequence[Heading]


FairCells = Mapping[SheetKind, Sequence[Sequence[Cell]]]


def write_template(file: BinaryIO, *, lang: Lang = "zh", cells: FairCells | None = None) -> None:
    """The spreadsheet that `read_fair` reads, filled with `cells`, else with examples.

    Each row is in the order of the sheet's columns: those of FAIR_HEADINGS, RESULT_FIELDS and
    NEED_FIELDS. The same input, the same bytes.
    """
    with writing_book(file, as_of=CREATED) as book:
        _write_help(book, lang)
        for form in _FORMS:
            rows = examples_of(form.kind, lang) if cells is None else cells.get(form.kind, ())
            _write_form(book, form, rows, lang)


def _chosen(headings: Sequence[Heading], fields: Sequence[str]) -> Sequence[Heading]:
    by_field = {heading.field: heading for heading in headings}
    return [by_field[field] for field in fields]


_FORMS = (
    _Form("fair", "#1F3864", FAIR_HEADINGS["fair"]),
    _Form("participants", "#1F6E6E", FAIR_HEADINGS["participants"]),
    _Form("results", "#7F4A0B", _chosen(RESULT_HEADINGS, RESULT_FIELDS)),
    _Form("needs", "#1F6E6E", _chosen(NEED_HEADINGS, NEED_FIELDS)),
    _Form("wishes", "#5B3A8C", FAIR_HEADINGS["wishes"]),
    _Form("slots", "#1F3864", FAIR_HEADINGS["slots"]),
    _Form("tables", "#595959", FAIR_HEADINGS["tables"]),
)


def _write_help(book: Book, lang: Lang) -> None:
    columns = [
        SheetColumn(said(("工作表", "Sheet"), lang), 16),
        SheetColumn(said(("列", "Column"), lang), 22),
        SheetColumn(said(("怎么填", "What goes in"), lang), 100, "wrapped"),
    ]
    layout = SheetLayout(tab_color="#C00000", is_filtered=False)
    sheet = book.sheet(said(("说明", "Help"), lang), columns, layout=layout)
    for line in INTRODUCTION:
        sheet.write([None, None, said(line, lang)])
    for form in _FORMS:
        for row in _help_rows(form, lang):
            sheet.write(row)
    sheet.finish()


def _help_rows(form: _Form, lang: Lang) -> Iterator[list[Cell]]:
    yield [said(sheet_words(form.kind), lang), None, said(SHEET_HINTS[form.kind], lang)]
    for heading in SETTING_HEADINGS if form.kind == "fair" else form.headings:
        yield [None, _name(heading, lang), said(hint_of(form.kind, heading.field), lang)]


def _write_form(book: Book, form: _Form, examples: Sequence[Sequence[Cell]], lang: Lang) -> None:
    columns = [
        SheetColumn(
            _name(heading, lang),
            _WIDE.get(heading.field, _WIDTH),
            "wrapped" if heading.field in _WIDE else "text",
        )
        for heading in form.headings
    ]
    layout = SheetLayout(form.tab_color, frozen_columns=1, is_filtered=False)
    sheet = book.sheet(said(sheet_words(form.kind), lang), columns, layout=layout)
    for row in examples:
        sheet.write(row)
    for number, heading in enumerate(form.headings):
        sheet.guide(
            number,
            title=_name(heading, lang),
            hint=said(hint_of(form.kind, heading.field), lang),
            choices=_choices(form.kind, heading.field, lang),
        )
    sheet.finish()


def _name(heading: Heading, lang: Lang) -> str:
    return said((heading.zh, heading.en), lang)


def _choices(kind: SheetKind, field: str, lang: Lang) -> Sequence[str] | str:
    if (kind, field) in _CHOSEN_PARTICIPANTS:
        return f"='{said(sheet_words('participants'), lang)}'!$B$2:$B$2000"
    choices: Mapping[tuple[SheetKind, str], Sequence[str]] = {
        ("participants", "kind"): [said(words, lang) for words in KINDS.values()],
        ("participants", "consents"): ["是", "否"] if lang == "zh" else ["yes", "no"],
        ("wishes", "wish"): [
            said((words.split()[0], code), lang) for code, words in WISH_WORDS.items()
        ],
    }
    return choices.get((kind, field), ())
