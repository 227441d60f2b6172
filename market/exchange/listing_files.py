"""Writes results or needs in the form in which `read_results` and `read_needs` read them back."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path

import msgspec

from market.errors import UsageRefused
from market.exchange.atomic import writing_aside
from market.exchange.cells import word_set
from market.exchange.csv_rows import Cell, write_csv_rows
from market.exchange.headers import HEADINGS, Heading, ListingKind
from market.exchange.money import money_text
from market.exchange.problems import Lang
from market.exchange.rows import RIGHTS_WORDS
from schemas import vocab
from schemas.listings import Need, Result

_LIST_SEPARATOR = "、"
# What a cell or a JSON value may be; a list is joined where there are no lists.
_Written = str | int | list[str] | None


def write_listings(
    listings: Sequence[Result] | Sequence[Need], path: Path, lang: Lang = "zh"
) -> None:
    """Writes a .csv (Chinese headers, for spreadsheets) or a .jsonl (English keys).

    Extra and contact columns follow the known ones. Raises UsageRefused for another extension,
    FileRefused when the file can't be written.
    """
    extension = path.suffix.lower()
    if extension not in {".csv", ".jsonl"}:
        raise UsageRefused(
            f"{path}：只能写成 .csv 或 .jsonl"
            if lang == "zh"
            else f"{path}: listings are written as .csv or .jsonl only"
        )
    with writing_aside(path, lang=lang) as file:
        if extension == ".jsonl":
            for listing in listings:
                file.write(msgspec.json.encode(_object(listing)) + b"\n")
            return
        headers = _headers(listings)
        rows = ([_cell(row.get(header)) for header in headers] for row in map(_row, listings))
        write_csv_rows(headers, rows, file)


def _object(listing: Result | Need) -> dict[str, _Written]:
    known = {heading.en: value for heading, value in _known(listing)}
    return _with_extra({key: value for key, value in known.items() if value}, listing)


def _row(listing: Result | Need) -> dict[str, _Written]:
    return _with_extra({heading.zh: value for heading, value in _known(listing)}, listing)


def _with_extra(row: dict[str, _Written], listing: Result | Need) -> dict[str, _Written]:
    """Words that no vocabulary knows go back to the column from which they were taken."""
    for header, text in (listing.extra | listing.contacts).items():
        value = row.get(header)
        row[header] = [*value, text] if isinstance(value, list) else value or text
    return row


def _headers(listings: Sequence[Result] | Sequence[Need]) -> list[str]:
    kind: ListingKind = "need" if listings and isinstance(listings[0], Need) else "result"
    headers = dict.fromkeys(heading.zh for heading in _headings(kind))
    for listing in listings:
        headers.update(dict.fromkeys(listing.extra))
        headers.update(dict.fromkeys(listing.contacts))
    return list(headers)


def _cell(value: _Written) -> Cell:
    return _LIST_SEPARATOR.join(value) if isinstance(value, list) else value


def _known(listing: Result | Need) -> Iterable[tuple[Heading, _Written]]:
    for heading in _headings("need" if isinstance(listing, Need) else "result"):
        yield heading, _WRITERS[heading.field](listing)


def _headings(kind: ListingKind) -> Iterable[Heading]:
    # A need's maturity is written as its two bounds.
    skipped = "trl" if kind == "need" else ""
    return (heading for heading in HEADINGS[kind] if heading.field != skipped)


def _attribute(name: str) -> Callable[[Result | Need], _Written]:
    def value(listing: Result | Need) -> _Written:
        held = getattr(listing, name)
        if isinstance(held, date):
            return held.isoformat()
        return list(held) if isinstance(held, tuple) else held

    return value


def _names(name: str, vocabulary: Callable[[], vocab.Vocabulary]) -> Callable[..., _Written]:
    def value(listing: Result | Need) -> _Written:
        return [vocabulary()[code].zh for code in getattr(listing, name)]

    return value


def _industries(listing: Result | Need) -> _Written:
    known = vocab.industries()
    return [f"{code} {known[code].zh}" for code in listing.industries]


def _rights(listing: Result | Need) -> _Written:
    rights = listing.rights if isinstance(listing, Result) else None
    return rights and RIGHTS_WORDS[rights][0]


def _price(listing: Result | Need) -> _Written:
    if isinstance(listing, Need):
        return money_text(listing.budget_min_cny, listing.budget_max_cny)
    return money_text(listing.price_min_cny, listing.price_max_cny)


_PLAIN = word_set(
    "id title summary description keywords indicators trl trl_min trl_max division institute "
    "enterprise credit_code patents ready_on deadline"
)
_WRITERS: dict[str, Callable[..., _Written]] = {
    **{name: _attribute(name) for name in _PLAIN},
    "fields": _names("fields", vocab.fields),
    "modes": _names("modes", vocab.modes),
    "industries": _industries,
    "rights": _rights,
    "price": _price,
    "budget": _price,
}
