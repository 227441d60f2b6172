"""The controlled vocabularies: fields, modes, stages, industries, divisions, kinds of deals.

Each is read from its data file at its first use and kept; the head of the file names source,
edition and licence, and says whether the table was compared with a second copy.
"""

import re
from functools import cache, cached_property

from schemas.maturity import STAGE_TRL, stage_of_trl, stages, trl_range
from schemas.vocabulary import Entry, Lang, Vocabulary, match_key

__all__ = [
    "STAGE_TRL",
    "Entry",
    "Lang",
    "Vocabulary",
    "contract_kinds",
    "division_prefix",
    "divisions",
    "fields",
    "industries",
    "modes",
    "signing_kinds",
    "stage_of_trl",
    "stages",
    "trl_range",
]

_INDUSTRY_CODE = re.compile(r"([a-t]?)(\d{2,4})(?![a-z\d])(.*)", re.DOTALL)
_SECTION_LETTER = re.compile(r"^[a-t](?=[^\x00-\x7f])")
_DIVISION_CODE = re.compile(r"(\d{2}|\d{4}|\d{6}|\d{9}|\d{12})(?!\d)")
_LONGEST_DIVISION_NAME = 24
_DEEPEST_PATH = 5
_ADDRESS_START = 40
_OFFICIAL_END = re.compile(r"(?:[省市县区旗盟]|自治州)$")
_ZONE = re.compile(r".*(?:开发区|高新区|投资区|合作区|示范区|园区|工业园|新区|新城)")
_ENGLISH_ADDRESS = re.compile(r"[ -~]*,[ -~]*")
_ENGLISH_KIND = re.compile(
    r"\b(?:province|city|county|district|municipality|china|p\.?\s?r\.?c?)\b\.?"
)


@cache
def fields() -> Vocabulary:
    """The eight high-technology fields that the state supports (国家重点支持的高新技术领域)."""
    return Vocabulary("fields.tsv")


@cache
def modes() -> Vocabulary:
    """Modes of cooperation between an institute and an enterprise (合作方式)."""
    return Vocabulary("modes.tsv")


@cache
def contract_kinds() -> Vocabulary:
    """Kinds of technology contracts (技术合同类型)."""
    return Vocabulary("contract_kinds.tsv")


@cache
def signing_kinds() -> Vocabulary:
    """Kinds of projects at signing ceremonies; a framework agreement is no transfer."""
    return Vocabulary("signing_kinds.tsv")


@cache
def industries() -> "Industries":
    """GB/T 4754-2017: codes with the letter of their section (C, C19, C195, C1954)."""
    return Industries("industries.tsv")


@cache
def divisions() -> "Divisions":
    """GB/T 2260: provinces, prefectures and counties by codes of six digits."""
    return Divisions("divisions.tsv")


def division_prefix(code: str) -> str:
    """What the codes of a division and of all within it begin with: 350500 → 3505."""
    return re.sub(r"(?:00){1,2}$", "", code)


class Industries(Vocabulary):
    """Economic activities on four levels: section, division, group, class."""

    def find(self, text: str) -> Entry | None:
        """The entry with this code (with or without its letter), name, or both.

        A code that the edition doesn't have falls back to its group or division. Where code and
        name disagree the name wins: lists mix the numbers of 2011 and 2017, seldom the names.
        """
        key = match_key(text)
        match = _INDUSTRY_CODE.fullmatch(key)
        if match is None:
            return self.highest(self.named(key) or self.named(_SECTION_LETTER.sub("", key)))
        by_code = self._longest_known(match[1], match[2])
        by_name = self.highest(self.named(match[3]))
        if by_name is None or (by_code and by_code.code.startswith(by_name.code)):
            return by_code
        return by_name

    def _longest_known(self, letter: str, digits: str) -> Entry | None:
        section = letter.upper() or self._section_of_division.get(digits[:2], "")
        codes = (section + digits[:length] for length in range(len(digits), 1, -1))
        return next((self[code] for code in codes if code in self), None)

    @cached_property
    def _section_of_division(self) -> dict[str, str]:
        return {entry.code[1:]: entry.code[0] for entry in self if len(entry.code) == 3}


class Divisions(Vocabulary):
    """Administrative divisions; functional zones without a code are aliases of their city."""

    def find(self, text: str) -> Entry | None:
        """The division with this code, name, path of names (泉州晋江) or address.

        A code that the edition doesn't have falls back to its prefecture or province. A short
        name that several divisions share is the one on the highest level, and None when two
        stand there, unless a division named before it decides.
        """
        key = match_key(text)
        if match := _DIVISION_CODE.match(key):
            return self._smallest_known(match[1])
        if key and _ENGLISH_ADDRESS.fullmatch(text):
            return self._find_english(text)
        key = key.removeprefix("中国").replace("市辖区", "")
        return self.highest(self._spelled(key)) or self._begin_of_address(key)

    def level(self, entry: Entry) -> int:
        """1 for a province, 2 for a prefecture, 3 for a county, also where none stands between."""
        return len(division_prefix(entry.code)) // 2

    def _smallest_known(self, digits: str) -> Entry | None:
        codes = (digits[:length].ljust(6, "0") for length in (6, 4, 2) if length <= len(digits))
        return next((self[code] for code in codes if code in self), None)

    def _find_english(self, text: str) -> Entry | None:
        parts = _ENGLISH_KIND.sub("", text.casefold()).split(",")
        return self.highest(self._spelled(match_key("".join(reversed(parts)))))

    def _spelled(self, key: str, within: tuple[str, ...] = ("",), depth: int = 1) -> list[Entry]:
        """Every division that a key spells as a name or as a path of names from above."""
        whole = _inside(self.named(key), within)
        if whole or depth == _DEEPEST_PATH:
            return whole
        for end in range(min(len(key) - 1, _LONGEST_DIVISION_NAME), 1, -1):
            above = _inside(self.named(key[:end]), within)
            prefixes = tuple(division_prefix(entry.code) for entry in above)
            if prefixes and (found := self._spelled(key[end:], prefixes, depth + 1)):
                return found
        return []

    def _begin_of_address(self, key: str) -> Entry | None:
        # Only an official name or a zone lets a tail follow: 海南岛 names no division.
        for end in range(min(len(key) - 1, _ADDRESS_START), 1, -1):
            if (_OFFICIAL_END.search(key[:end]) or _ZONE.fullmatch(key[end:])) and (
                found := self.highest(self._spelled(key[:end]))
            ):
                return found
        return None


def _inside(entries: list[Entry], prefixes: tuple[str, ...]) -> list[Entry]:
    return [entry for entry in entries if entry.code.startswith(prefixes)]
