"""Words, ids and codes as a Meilisearch server keeps them: letters a–z and digits only.

The server would cut Chinese text its own way, and would fold case and width of ids and filters.
Written in these codes, words are what our text pipeline made of them, and values are equal only
when they are the same.
"""

import hashlib
import re
from functools import lru_cache

from search.text import clean

# Words are compared by so many first characters (half as many beyond the basic plane), as the
# server passes over words of more than 250 letters.
MAX_WORD_CHARACTERS = 60
_MAX_VALUE_BYTES = 200
# No word of a Latin language begins with these pairs, except for a few names of people.
_HEADS = [first + second for first in "jqvxz" for second in "bcdfghjklmnpqrstvwxz"]
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_UNITS_A_HEAD = len(_LETTERS) ** 2
_CODE_LENGTH = 4
_PLAIN = re.compile(r"[a-z0-9]+")
_CODED = re.compile(r"(?:[jqvxz][bcdfghjklmnpqrstvwxz][a-z]{2})+")
# A searched ideograph is marked with this letter, so that it is another word than the word of
# one ideograph.
_IDEOGRAPH_MARK = "c"
_LOOKS_CODED = re.compile(f"{_IDEOGRAPH_MARK}?{_CODED.pattern}")
_PLAIN_VALUE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


# A catalogue of 100,000 listings has some 200,000 words.
@lru_cache(maxsize=400_000)
def word_code(word: str) -> str:
    """A word of the text pipeline as one opaque Latin word, different for different words.

    Words of letters a–z and digits stay as they are. Of any other word each character becomes
    four letters (eight beyond the basic plane), so that the code of a beginning of the word is
    a beginning of its code.
    """
    word = word[:MAX_WORD_CHARACTERS]
    if _PLAIN.fullmatch(word) and not _LOOKS_CODED.fullmatch(word):
        return word
    return characters_code(word)[: _CODE_LENGTH * MAX_WORD_CHARACTERS]


def ideograph_code(ideograph: str) -> str:
    """A single ideograph as a searched word, wherever it stands in the words of a text."""
    return _IDEOGRAPH_MARK + characters_code(ideograph)


def pair_code(first: str, second: str) -> str:
    """Two neighbours (search.text.characters) as one value."""
    return f"{word_code(first)}-{word_code(second)}"


def characters_code(text: str) -> str:
    """Four letters for each character (eight beyond the basic plane), whatever it is."""
    return "".join(map(_character_code, clean(text)))


@lru_cache(maxsize=70_000)
def _character_code(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(
        _unit_code(int.from_bytes(units[place : place + 2])) for place in range(0, len(units), 2)
    )


def _unit_code(unit: int) -> str:
    head, rest = divmod(unit, _UNITS_A_HEAD)
    return _HEADS[head] + _LETTERS[rest // len(_LETTERS)] + _LETTERS[rest % len(_LETTERS)]


def word_of_code(code: str) -> str:
    """The word that has this code."""
    if not _CODED.fullmatch(code):
        return code
    units = (
        _unit_of_code(code[place : place + _CODE_LENGTH])
        for place in range(0, len(code), _CODE_LENGTH)
    )
    return b"".join(unit.to_bytes(2) for unit in units).decode("utf-16-be", "replace")


def _unit_of_code(code: str) -> int:
    high, low = _LETTERS.index(code[2]), _LETTERS.index(code[3])
    return _HEADS.index(code[:2]) * _UNITS_A_HEAD + high * len(_LETTERS) + low


def key_of(document_id: str) -> str:
    """The primary key of a document: its id, or a digest of an id that the server can't hold.

    The document keeps its id beside a digest.
    """
    if _PLAIN_VALUE.fullmatch(document_id):
        return document_id
    return "_" + hashlib.sha256(clean(document_id).encode()).hexdigest()


def value_code(value: str) -> str:
    """A code of a vocabulary, such that equal means the same; `value_of_code` gives it back."""
    if _PLAIN_VALUE.fullmatch(value):
        return value
    return "_" + clean(value).encode()[:_MAX_VALUE_BYTES].hex()


def value_of_code(code: str) -> str:
    if not code.startswith("_"):
        return code
    return bytes.fromhex(code[1:]).decode(errors="ignore")
