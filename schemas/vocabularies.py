"""The controlled vocabularies as a client builds its filters from them."""

import msgspec
from msgspec import UNSET, UnsetType


class VocabularyEntry(msgspec.Struct, kw_only=True, frozen=True):
    """One entry. `en` is empty where there is no English name; `parent` is a code.

    `verified` is False where nobody compared the entry with its standard or a second copy.
    Stages tell the levels of technology readiness that they stand for.
    """

    code: str
    zh: str
    en: str
    parent: str | None
    verified: bool
    trl_min: int | UnsetType = UNSET
    trl_max: int | UnsetType = UNSET


class VocabularyView(msgspec.Struct, kw_only=True, frozen=True):
    """A whole vocabulary, parents before their children."""

    name: str
    source: str
    edition: str
    licence: str
    items: list[VocabularyEntry]
