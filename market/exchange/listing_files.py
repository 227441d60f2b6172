"""Writes results or needs in the form in which `read_results` and `read_needs` read them back."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec

from market.errors import UsageRefused
from market.exchange.atomic import writing_aside
from market.exchange.cells import known_items, word_set
from market.exchange.csv_rows import Cell, write_csv_rows
from market.exchange.headings import HEADINGS, Heading, ListingKind
from market.exchange.money import money_text
from market.exchange.problems import Lang
from market.exchange.rows import DIVISIONS, RIGHTS_WORDS
from market.exchange.sheets import SheetColumn, SheetLayout, Style, writing_book
from schemas import vocab
from schemas.listings import Need, Result

# What the marketplace adds to an export and takes out again at an import: (zh, en).
STATUS_HEADER = ("平台状态", "listing_status")
PUBLISHED_HEADER = ("平台发布日期", "listing_published_on")
EXPORT_ONLY_HEADERS = frozenset({*STATUS_HEADER, *PUBLISHED_HEADER})

_SHEET_NAMES: dict[ListingKind, tuple[str, str]] = {
    "result": ("成果", "Results"),
    "need": ("需求", "Needs"),
}
_WIDTHS = {
    "title": 36,
    "summary": 60,
    "description": 60,
    "indicators": 36,
    "keywords": 24,
    "industries": 26,
    "institute": 26,
    "enterprise": 26,
}
_WRAPPED_FROM = 30
_LAYOUT = SheetLayout(frozen_columns=2)
# With the present day no two exports of the same listings would have the same bytes.
_CREATED = date(2000, 1, 1)
_LIST_SEPARATORS: dict[Lang, str] = {"zh": "、", "en": "; "}
# What a cell or a JSON value may be; a list is joined where there are no lists.
_Written = str | int | list[str] | None
_Writer = Callable[[Result | Need, Lang], _Written]


def write_listings(
    listings: Sequence[Result] | Sequence[Need],
    path: Path,
    lang: Lang = "zh",
    *,
    kind: ListingKind | None = None,
) -> None:
    """Writes a .xlsx or .csv (for people) or a .jsonl (its keys always English).

    `lang` is that of headers, of the names of codes and of messages. Extra and contact columns
    follow the known ones. `kind` tells the headers of a table without rows, else those of
    results. Raises UsageRefused for another extension, FileRefused when the file can't be written.
    """
    check_listings_target(path, lang=lang)
    if listings:
        kind = "need" if isinstance(listings[0], Need) else "result"
    with writing_aside(path, lang=lang) as file:
        _FILE_WRITERS[path.suffix.lower()](_Listings(listings, kind or "result", lang), file)


def check_listings_target(path: Path, *, lang: Lang = "zh") -> None:
    """Raises UsageRefused for an extension that no format has."""
    if path.suffix.lower() in _FILE_WRITERS:
        return
    raise UsageRefused(
        f"{path}：只能写成 .xlsx、.csv 或 .jsonl"
        if lang == "zh"
        else f"{path}: listings are written as .xlsx, .csv or .jsonl only"
    )


def listing_cells(
    listing: Result | Need, fields: Sequence[str], *, lang: Lang = "zh"
) -> list[Cell]:
    """What stands under these fields' headers in a table of such listings."""
    values = (_WRITERS[field](listing, lang) for field in fields)
    separator = _LIST_SEPARATORS[lang]
    return [separator.join(value) if isinstance(value, list) else value for value in values]


class _Listings(NamedTuple):
    """What is to be written."""

    listings: Sequence[Result] | Sequence[Need]
    kind: ListingKind
    lang: Lang

    def table(self) -> tuple[list[str], Iterator[list[Cell]]]:
        headers = _headers(self)
        rows = (_cells(_row(each, self.lang), headers, self.lang) for each in self.listings)
        return headers, rows


def _write_jsonl(wanted: _Listings, file: BinaryIO) -> None:
    objects = (_object(listing, wanted.lang) for listing in wanted.listings)
    file.writelines(msgspec.json.encode(each) + b"\n" for each in objects)


def _write_csv(wanted: _Listings, file: BinaryIO) -> None:
    headers, rows = wanted.table()
    write_csv_rows(headers, rows, file)


def _write_workbook(wanted: _Listings, file: BinaryIO) -> None:
    headers, rows = wanted.table()
    zh, en = _SHEET_NAMES[wanted.kind]
    widths = {
        _header(each, wanted.lang): _WIDTHS.get(each.field, 18) for each in HEADINGS[wanted.kind]
    }
    columns = [
        SheetColumn(header, widths.get(header, 18), _style(header, widths)) for header in headers
    ]
    with writing_book(file, as_of=_CREATED) as book:
        sheet = book.sheet(zh if wanted.lang == "zh" else en, columns, layout=_LAYOUT)
        for row in rows:
            sheet.write(row)
        sheet.finish()


def _style(header: str, widths: Mapping[str, int]) -> Style:
    return "wrapped" if widths.get(header, 0) >= _WRAPPED_FROM else "text"


_FILE_WRITERS: dict[str, Callable[[_Listings, BinaryIO], None]] = {
    ".xlsx": _write_workbook,
    ".csv": _write_csv,
    ".jsonl": _write_jsonl,
}


def _object(listing: Result | Need, lang: Lang) -> dict[str, _Written]:
    known = {heading.en: value for heading, value in _known(listing, lang)}
    # Without its own key a field would be read from an extra one that may mean the same.
    if not listing.extra:
        known = {key: value for key, value in known.items() if value}
    return _with_extra(known, listing)


def _row(listing: Result | Need, lang: Lang) -> dict[str, _Written]:
    known = {_header(heading, lang): value for heading, value in _known(listing, lang)}
    return _with_extra(known, listing)


def _with_extra(row: dict[str, _Written], listing: Result | Need) -> dict[str, _Written]:
    """Words that no vocabulary knows go back to the column from which they were taken."""
    for header, text in (listing.extra | listing.contacts).items():
        value = row.get(header)
        if isinstance(value, list):
            row[header] = [*value, text]
        # Of several places the first is the code, and the text has them all.
        elif not value or value == _first_division(text):
            row[header] = text
    return row


def _first_division(text: str) -> str | None:
    codes, _ = known_items(text, DIVISIONS)
    return DIVISIONS.find(text) or next(iter(codes), None)


def _headers(wanted: _Listings) -> list[str]:
    headers = dict.fromkeys(_header(heading, wanted.lang) for heading in _headings(wanted.kind))
    for listing in wanted.listings:
        headers.update(dict.fromkeys(listing.extra))
        headers.update(dict.fromkeys(listing.contacts))
    return list(headers)


def _header(heading: Heading, lang: Lang) -> str:
    return heading.zh if lang == "zh" else heading.en


def _cells(row: dict[str, _Written], headers: Sequence[str], lang: Lang) -> list[Cell]:
    values = (row.get(header) for header in headers)
    separator = _LIST_SEPARATORS[lang]
    return [separator.join(value) if isinstance(value, list) else value for value in values]


def _known(listing: Result | Need, lang: Lang) -> Iterable[tuple[Heading, _Written]]:
    for heading in _headings("need" if isinstance(listing, Need) else "result"):
        yield heading, _WRITERS[heading.field](listing, lang)


def _headings(kind: ListingKind) -> Iterable[Heading]:
    # A need's maturity is written as its two bounds.
    skipped = "trl" if kind == "need" else ""
    return (heading for heading in HEADINGS[kind] if heading.field != skipped)


def _attribute(name: str) -> _Writer:
    def value(listing: Result | Need, _: Lang) -> _Written:
        held = getattr(listing, name)
        if isinstance(held, date):
            return held.isoformat()
        return list(held) if isinstance(held, tuple) else held

    return value


def _names(name: str, vocabulary: Callable[[], vocab.Vocabulary]) -> _Writer:
    def value(listing: Result | Need, lang: Lang) -> _Written:
        return [vocabulary()[code].name(lang) for code in getattr(listing, name)]

    return value


def _industries(listing: Result | Need, lang: Lang) -> _Written:
    if lang == "en":
        # The standard has English names for its upper levels alone.
        return list(listing.industries)
    known = vocab.industries()
    return [f"{code} {known[code].zh}" for code in listing.industries]


def _rights(listing: Result | Need, lang: Lang) -> _Written:
    rights = listing.rights if isinstance(listing, Result) else None
    return rights if lang == "en" else rights and RIGHTS_WORDS[rights][0]


def _price(listing: Result | Need, lang: Lang) -> _Written:
    if isinstance(listing, Need):
        text = money_text(listing.budget_min_cny, listing.budget_max_cny)
    else:
        text = money_text(listing.price_min_cny, listing.price_max_cny)
    # The English header names the currency.
    return text if lang == "zh" else text.replace("元", "")


_PLAIN = word_set(
    "id title summary description keywords indicators trl trl_min trl_max division institute "
    "enterprise credit_code patents ready_on deadline"
)
_WRITERS: dict[str, _Writer] = {
    **{name: _attribute(name) for name in _PLAIN},
    "fields": _names("fields", vocab.fields),
    "modes": _names("modes", vocab.modes),
    "industries": _industries,
    "rights": _rights,
    "price": _price,
    "budget": _price,
}
