"""What people type into filters, as the codes that the index is asked for."""

import re
from collections.abc import Iterable

from schemas import vocab
from schemas.vocab import Vocabulary

_DIVISION_PREFIX = re.compile(r"[0-9]{2}(?:[0-9]{2}){0,2}")


def field_code(text: str) -> str | None:
    """The field with this code or name in either language; None for any other text."""
    return _code(vocab.fields(), text)


def industry_code(text: str) -> str | None:
    """The industry with this code or name; whoever asks for it means all within it."""
    return _code(vocab.industries(), text)


def division_prefix_of(text: str) -> str | None:
    """What codes of this division and of all within it begin with: 泉州, 350500, 3505 → 3505."""
    if _DIVISION_PREFIX.fullmatch(text):
        return vocab.division_prefix(text) if text.ljust(6, "0") in vocab.divisions() else None
    code = _code(vocab.divisions(), text)
    return vocab.division_prefix(code) if code else None


def mode_code(text: str) -> str | None:
    """The mode of cooperation with this code or name; `modes_meant` by it are more."""
    return _code(vocab.modes(), text)


def modes_meant(asked: Iterable[str]) -> tuple[str, ...]:
    """The modes and the kinds of them: who asks for a licence takes an exclusive one, too."""
    asked = tuple(asked)
    kinds = [mode.code for mode in vocab.modes() if mode.parent in asked]
    return (*asked, *kinds)


def _code(vocabulary: Vocabulary, text: str) -> str | None:
    entry = vocabulary.find(text)
    return entry.code if entry else None
