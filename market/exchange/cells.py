"""From the cells of a file to text: what counts as empty, as clean, and as one item of a list."""

import re
from collections.abc import Hashable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Protocol

import msgspec

# Excel's own limit of a cell; a longer one comes from a broken quotation or is an attack.
MAX_CELL_CHARACTERS = 32_767

# A list of more items is running text; trying every join of them would take too long.
_MAX_JOINED_ITEMS = 8
# Longer whole numbers are no ids or amounts, and turning them into text is slow by design.
_MAX_INTEGER_BITS = 1_000

# Most cells hold none of what the three patterns below look for; one look tells.
_SUSPICIOUS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_REFUSED_CHARACTER = re.compile("[\x00\ud800-\udfff]")
_CONTROLS = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_LINE_END = re.compile("\r\n?")
_DEFUSED = re.compile("'+[=+\\-@\t\r＝＋－＠]")
_DANGEROUS = re.compile("'*[=+\\-@\t\r＝＋－＠]")
_SEPARATOR = re.compile(r"([、，,;；/|｜\n])")
_ERROR_VALUE = re.compile(
    r"#(?:N/A|REF!|DIV/0!|VALUE!|NAME\?|NULL!|NUM!|SPILL!|CALC!|GETTING_DATA)"
)


_NESTED = frozenset((list, dict))


def word_set(words: str) -> frozenset[str]:
    """A table of words that is written as running text."""
    return frozenset(words.split())


class CellError(Exception):
    """A cell for which its whole row is refused; `code` and `values` are those of a RowProblem."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = {key: str(value) for key, value in values.items()}


def showable(text: str) -> str:
    """What any file or page can hold: of the controls tabs and line ends alone, no half pairs."""
    return clean(text.encode("utf-8", "replace").decode().replace("\0", " "))


def cell_text(cell: object) -> str:
    """The cell as clean text, "" for an empty one; nested JSON stays JSON.

    Raises CellError for NUL, for unpaired surrogates and for cells that are too long.
    """
    text = cell if isinstance(cell, str) else _plain(cell)
    if len(text) <= MAX_CELL_CHARACTERS and _SUSPICIOUS.search(text) is None:
        return text.strip()
    if _REFUSED_CHARACTER.search(text):
        raise CellError("nul" if "\x00" in text else "surrogate")
    if len(text) > MAX_CELL_CHARACTERS:
        raise CellError("cell_too_long", length=len(text), limit=MAX_CELL_CHARACTERS)
    return clean(text)


def _plain(cell: object) -> str:
    match cell:
        case None:
            text = ""
        case list() if _is_flat(cell):
            text = "、".join(filter(None, map(cell_text, cell)))
        case bool():
            text = "TRUE" if cell else "FALSE"
        case int() | float():
            text = _number_text(cell)
        case datetime() if cell.time() == time():
            text = cell.date().isoformat()
        case date() | time():
            text = cell.isoformat()
        case timedelta():
            text = str(cell)
        case _:
            text = _json_text(cell)
    return text


def _json_text(cell: object) -> str:
    try:
        return msgspec.json.encode(cell).decode()
    except UnicodeEncodeError:
        raise CellError("surrogate") from None


def _is_flat(cells: list[object]) -> bool:
    return _NESTED.isdisjoint(map(type, cells))


def _number_text(number: float) -> str:
    if isinstance(number, int):
        if number.bit_length() > _MAX_INTEGER_BITS:
            raise CellError("cell_too_long", length="> 300", limit=300)
        return str(number)
    # Excel shows and keeps fifteen digits; more of them are dust of the binary fraction.
    digits = format(Decimal(format(number, ".15g")), "f")
    return digits.removesuffix(".0")


def clean(text: str) -> str:
    """Without control characters, surrounding blanks and foreign line ends."""
    return _CONTROLS.sub(" ", _LINE_END.sub("\n", text)).strip()


def defuse(text: str) -> str:
    """The text with a leading ' if a spreadsheet would run it (OWASP, CSV injection)."""
    return "'" + text if _DANGEROUS.match(text) else text


def undefuse(text: str) -> str:
    """`undefuse(defuse(text)) == text`; other text that begins with ' is left alone."""
    return text[1:] if _DEFUSED.match(text) else text


def is_dangerous(text: str) -> bool:
    """Whether a spreadsheet would take the text for a formula when it is typed in again."""
    return _DANGEROUS.match(text) is not None


def is_error_value(text: str) -> bool:
    """Whether a formula left its error (#N/A, #REF! …) instead of a value."""
    return text.startswith("#") and _ERROR_VALUE.fullmatch(text) is not None


def items(cell: object) -> tuple[str, ...]:
    """The items of a list cell, each once, in their order: 、，,;；/| and line ends separate."""
    parts = (part for text in _texts(cell) for part in _SEPARATOR.split(text)[::2])
    return tuple(dict.fromkeys(filter(None, map(str.strip, parts))))


class Finder(Hashable, Protocol):
    """Looks words up in a vocabulary; both ways give a code, or None for an unknown word."""

    def find(self, text: str) -> str | None:
        """By code, name or alias, with whatever else the vocabulary forgives."""

    def find_name(self, text: str) -> str | None:
        """By the very name, with or without its code."""


def known_items(cell: object, finder: Finder) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The codes of the items that the finder knows, and the items that it doesn't know.

    Separators inside a name part nothing: 皮革、毛皮、羽毛及其制品和制鞋业 is one item.
    """
    return _known_in(tuple(_texts(cell)), finder)


# Listings repeat few combinations of modes, fields and industries.
@lru_cache(maxsize=20_000)
def _known_in(texts: tuple[str, ...], finder: Finder) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found: dict[str, None] = {}
    unknown: dict[str, None] = {}
    for text in texts:
        for item, code in _longest_known(_SEPARATOR.split(text), finder):
            (unknown if code is None else found)[item if code is None else code] = None
    return tuple(found), tuple(unknown)


def _longest_known(parts: list[str], finder: Finder) -> Iterator[tuple[str, str | None]]:
    """Items and separators alternate in `parts`."""
    place = 0
    while place < len(parts):
        length, code = _known_from(parts, place, finder)
        item = "".join(parts[place : place + length]).strip()
        if item:
            yield item, code
        place += length + 1


def _known_from(parts: list[str], place: int, finder: Finder) -> tuple[int, str | None]:
    longest = min(len(parts) - place, 2 * _MAX_JOINED_ITEMS - 1)
    for length in range(longest, 1, -2):
        code = finder.find_name("".join(parts[place : place + length]).strip())
        if code is not None:
            return length, code
    item = parts[place].strip()
    return 1, finder.find(item) if item else None


def _texts(cell: object) -> list[str]:
    """A list's items as texts; any other cell is one text."""
    if isinstance(cell, list) and _is_flat(cell):
        return [cell_text(item) for item in cell]
    return [cell_text(cell)]
