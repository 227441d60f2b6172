"""A controlled vocabulary: coded entries with names, read from one data file of schemas/data.

A data file begins with a head of `# key: value` lines (source, edition, licence, verified,
compared), then names its columns, then has one entry a line. Aliases are separated by "|".
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib import resources
from typing import Literal

import msgspec

Lang = Literal["zh", "en"]

# No code, name or address of the vocabularies is longer; longer text is never searched.
_LONGEST_TEXT = 200
_NO_LETTER_OR_DIGIT = re.compile(r"[\W_]+")
_HEAD_LINE = re.compile(r"# (\w+): (.*)")


class Entry(msgspec.Struct, frozen=True):
    """One entry. `en` is empty where there is no English name; `parent` is a code.

    `verified` is False where nobody has compared the entry with its standard or a second copy.
    """

    code: str
    zh: str
    en: str
    parent: str | None = None
    verified: bool = True

    def name(self, lang: Lang) -> str:
        """The name in a language, the Chinese one where there is no English name."""
        return (self.en or self.zh) if lang == "en" else self.zh


def match_key(text: str) -> str:
    """What two spellings of a name share: letters and digits only, half width, lower case."""
    if len(text) > _LONGEST_TEXT:
        return ""
    return _NO_LETTER_OR_DIGIT.sub("", unicodedata.normalize("NFKC", text).casefold())


class Vocabulary:
    """An ordered, read-only vocabulary: parents stand before their children."""

    def __init__(self, file_name: str) -> None:
        text = resources.files("schemas").joinpath("data", file_name).read_text(encoding="utf-8")
        lines = text.splitlines()
        head = (match for match in map(_HEAD_LINE.match, lines) if match is not None)
        self._head: dict[str, str] = {match[1]: match[2] for match in head}
        table = [line.split("\t") for line in lines if line and not line.startswith("#")]
        columns, *self._rows = table
        self._alias_column = columns.index("aliases")
        self._entries = {
            row[0]: self._entry(dict(zip(columns, row, strict=True))) for row in self._rows
        }

    def _entry(self, row: dict[str, str]) -> Entry:
        verified = row.get("verified") or self._head["verified"]
        return Entry(row["code"], row["zh"], row["en"], row["parent"] or None, verified == "true")

    @property
    def source(self) -> str:
        return self._head["source"]

    @property
    def edition(self) -> str:
        return self._head["edition"]

    @property
    def licence(self) -> str:
        return self._head["licence"]

    @property
    def verified(self) -> bool:
        """Whether the whole file was compared with a second, independent copy."""
        return self._head["verified"] == "true"

    def __getitem__(self, code: str) -> Entry:
        return self._entries[code]

    def __contains__(self, code: object) -> bool:
        return code in self._entries

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def path(self, code: str) -> tuple[Entry, ...]:
        """The entry and those above it, the topmost first. KeyError when the code is unknown."""
        entry = self[code]
        above = self.path(entry.parent) if entry.parent else ()
        return (*above, entry)

    def level(self, entry: Entry) -> int:
        """How deep an entry stands: 1 at the top."""
        return len(self.path(entry.code))

    def with_code(self, code: str, lang: Lang) -> str:
        """The name of a code and the code itself: 橡胶鞋制造 C1954; an unknown code stands alone.

        In English the lower levels are named after the level above that has an English name.
        """
        if code not in self:
            return code
        entry = self[code]
        while lang == "en" and not entry.en and entry.parent:
            entry = self[entry.parent]
        return f"{entry.name(lang)} {code}"

    def find(self, text: str) -> Entry | None:
        """The entry with this code, name or alias, or None.

        Case, width, spaces and punctuation don't count. A name that several entries share is
        the one on the highest level; None when two on that level share it.
        """
        return self.highest(self.named(match_key(text)))

    def named(self, key: str) -> list[Entry]:
        """Every entry that a match key names, with or without a suffix such as 领域."""
        found = self._by_key.get(key, [])
        for suffix in self._head.get("suffixes", "").split():
            found = found or self._by_key.get(key.removesuffix(suffix), [])
        return found

    def highest(self, entries: Iterable[Entry]) -> Entry | None:
        """The one entry on the highest level among these, None when there are two or none."""
        levels = [(self.level(entry), entry) for entry in entries]
        top = min((level for level, _ in levels), default=0)
        highest = [entry for level, entry in levels if level == top]
        return highest[0] if len(highest) == 1 else None

    @cached_property
    def _by_key(self) -> dict[str, list[Entry]]:
        by_key: dict[str, list[Entry]] = {}
        for row in self._rows:
            entry = self._entries[row[0]]
            spellings = (entry.code, entry.zh, entry.en, *row[self._alias_column].split("|"))
            for key in {match_key(spelling) for spelling in spellings}:
                by_key.setdefault(key, []).append(entry)
        by_key.pop("", None)
        return by_key
