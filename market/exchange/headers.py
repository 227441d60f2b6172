"""Which header names which field, by the tables of market.exchange.headings.

Contact words come before every synonym: a column that holds a person's
details must never pass for anything else.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Literal, NamedTuple

from market.exchange.headings import (
    ALL_HEADINGS,
    CONTACT_WORDS_EN,
    CONTACT_WORDS_ZH,
    HEADINGS,
    Heading,
    TableKind,
)
from search.text import fold

ColumnKind = Literal["field", "extra", "contact"]


class Column(NamedTuple):
    """A column as the file has it: `field` is set for kind "field" alone.

    `unit_cny` is the worth of the money unit that the header names (万元 = 10,000), if any.
    """

    header: str
    kind: ColumnKind
    field: str = ""
    unit_cny: int | None = None


class RepeatedField(NamedTuple):
    """A column that means the same as an earlier one."""

    header: str
    first: str


# These fields take the text of all their columns; of any other field the first column counts.
_JOINED = frozenset({"summary", "description"})
_MONEY = frozenset({"price", "budget", "amount"})
_OTHER_KIND: dict[TableKind, TableKind] = {
    "result": "need",
    "need": "result",
    "registration": "registration",
    "signing": "signing",
}


_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕|〈[^〈〉]*〉")
_NO_LETTER = re.compile(r"[\W_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LATIN_WORD = re.compile(r"[a-z]+")
_UNIT_AT_END = re.compile(r"(?:cny10k|10kcny|cny|rmb|yuan|亿元|万元|元)$")
_UNITS_CNY = (
    (re.compile(r"亿元"), 100_000_000),
    (re.compile(r"万元|10k|万(?=\W*$)"), 10_000),
    (re.compile(r"千元"), 1_000),
    (re.compile(r"元|cny|rmb|yuan"), 1),
)


def header_key(header: str) -> str:
    """What is compared of a header: folded, without brackets, blanks and punctuation."""
    return _NO_LETTER.sub("", _BRACKETED.sub("", fold(header)))


def is_contact(header: str) -> bool:
    """Whether a contact word names the column: Chinese anywhere in it, English as whole words."""
    compact = _NO_LETTER.sub("", fold(header))
    if any(word in compact for word in CONTACT_WORDS_ZH):
        return True
    # Whole words, as "intelligence" must not hit "tel". camelCase is taken apart before folding
    # hides it, but WeChat and WhatsApp are words as they stand.
    spellings = (header, _CAMEL.sub(" ", header))
    return any(
        not CONTACT_WORDS_EN.isdisjoint(_LATIN_WORD.findall(fold(spelling)))
        for spelling in spellings
    )


def columns_of(
    headers: Sequence[str], kind: TableKind
) -> tuple[tuple[Column, ...], list[RepeatedField]]:
    """What each header means for a file of results or needs; repeated fields stay as extra.

    The title, text and id words of the other kind count where the file has none of its own, so
    that swapped files are read and can be told of.
    """
    strong = [_field_of(header, kind, weak=False) for header in headers]
    weak = [
        _field_of(header, kind, weak=True) or _id_of_other_kind(header, kind) for header in headers
    ]
    known = set(strong)
    meanings = [s or (w if w not in known else "") for s, w in zip(strong, weak, strict=True)]
    if "title" not in meanings:
        meanings = _with_title_of_other_kind(headers, meanings, kind)
    return _first_of_each_field(headers, meanings)


@lru_cache(maxsize=1_000)
def only_counts_rows(header: str) -> bool:
    """Whether an id column of this name numbers the rows of its file and names nothing (序号)."""
    return not any(_field_of(header, kind, weak=False) == "id" for kind in HEADINGS)


def _id_of_other_kind(header: str, kind: TableKind) -> str:
    if kind == "registration":
        return ""
    field = _field_of(header, _OTHER_KIND[kind], weak=False)
    return field if field == "id" else ""


def _with_title_of_other_kind(
    headers: Sequence[str], meanings: list[str], kind: TableKind
) -> list[str]:
    if kind == "registration":
        return meanings
    other = _OTHER_KIND[kind]
    text = "summary" if kind == "result" else "description"
    borrowed = {"title": "title", "summary": text, "description": text}
    return [
        meaning or borrowed.get(_field_of(header, other, weak=False), "")
        for header, meaning in zip(headers, meanings, strict=True)
    ]


def _first_of_each_field(
    headers: Sequence[str], meanings: Sequence[str]
) -> tuple[tuple[Column, ...], list[RepeatedField]]:
    first: dict[str, str] = {}
    columns: list[Column] = []
    repeated: list[RepeatedField] = []
    for header, field in zip(headers, meanings, strict=True):
        if is_contact(header):
            columns.append(Column(header, "contact"))
        elif not field:
            columns.append(Column(header, "extra"))
        elif field in first and field not in _JOINED:
            columns.append(Column(header, "extra"))
            repeated.append(RepeatedField(header, first[field]))
        else:
            first[field] = header
            columns.append(Column(header, "field", field, _unit_of(header, field)))
    return tuple(columns), repeated


def looks_swapped(headers: Sequence[str], kind: TableKind) -> bool:
    """Whether headers that only the other kind has are there, and none that only this kind has."""
    other = _OTHER_KIND[kind]
    keys = {header_key(header) for header in headers}
    own, others = _keys(kind, weak=False), _keys(other, weak=False)
    telling = {"title", "summary", "description", "id", "institute", "enterprise", "budget"}
    only_others = {k for k in keys if others.get(k) in telling and k not in own}
    only_own = {k for k in keys if own.get(k) in telling and k not in others}
    return bool(only_others) and not only_own


def titles_understood(kind: TableKind) -> list[str]:
    """The headers that name a title, for the message that none was found."""
    heading = next(heading for heading in ALL_HEADINGS[kind] if heading.field == "title")
    return [heading.zh, heading.en, *heading.synonyms.split(), *heading.weak.split()]


def _field_of(header: str, kind: TableKind, *, weak: bool) -> str:
    if is_contact(header):
        return ""
    keys = _keys(kind, weak=weak)
    key = header_key(header)
    if key in keys:
        return keys[key]
    field = keys.get(_UNIT_AT_END.sub("", key), "")
    return field if field in _MONEY else ""


@cache
def _keys(kind: TableKind, *, weak: bool) -> dict[str, str]:
    return {
        header_key(name): heading.field
        for heading in ALL_HEADINGS[kind]
        for name in _names(heading, weak)
    }


def _names(heading: Heading, weak: bool) -> Iterator[str]:
    if weak:
        yield from heading.weak.split()
        return
    yield heading.zh
    yield heading.en
    yield from heading.synonyms.split()


def _unit_of(header: str, field: str) -> int | None:
    if field not in _MONEY:
        return None
    folded = fold(header)
    return next((unit for pattern, unit in _UNITS_CNY if pattern.search(folded)), None)


def header_row(rows: Sequence[Sequence[str]], kind: TableKind) -> int | None:
    """The place of the header row among a file's first rows, or None.

    A row with a title column and another known one wins over one with a title column alone:
    a heading above the table ("技术需求") may read like a header.
    """
    alone: int | None = None
    for place, row in enumerate(rows):
        columns, _ = columns_of(row, kind)
        fields = {column.field for column in columns if column.kind == "field"}
        if "title" not in fields:
            continue
        if len(fields) > 1:
            return place
        alone = place if alone is None else alone
    return alone
