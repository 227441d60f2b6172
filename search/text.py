"""One text pipeline for documents and queries, on either engine.

Folding makes spellings equal: NFKC (full width, ligatures, ℃ → °C), lower case, traditional →
simplified characters. Segmenting cuts the folded text into search-mode words, so that a long
word also stands with the words inside it: 锂离子电池 is found by 电池.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import resources
from itertools import chain
from typing import NamedTuple

import rjieba

# Raise this number with every change that alters the tokens of a text: indexes made with
# another number are rebuilt by their owners.
PIPELINE_VERSION = 1

# Characters that join the one before them; together they are folded as one cluster. The
# Hangul jamo are starters that NFKC composes all the same.
_JOINING = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f"
_HAS_JOINING = re.compile(f"[{_JOINING}]")
_CLUSTER = re.compile(f".[{_JOINING}]*", re.DOTALL)
_WORD = re.compile(r"[^\W_]")
_NUMBER_WITH_UNIT = re.compile(r"(\d+(?:\.\d+)?)([^\W\d_]\w*)")
_IDEOGRAPHS = r"\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
# One ideograph, a run of digits or a run of letters: neighbours of these are neighbours in the
# text however it is cut into words.
_CHARACTERS = re.compile(rf"[{_IDEOGRAPHS}]|\d+|[^\W\d_{_IDEOGRAPHS}]+")
_IDEOGRAPH = re.compile(f"[{_IDEOGRAPHS}]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class Token(NamedTuple):
    """A word of the folded text and its place in the original, in code points."""

    text: str
    start: int
    end: int


class _FoldTable(dict[int, str]):
    """Folded form of each code point, worked out at its first use."""

    def __missing__(self, code_point: int) -> str:
        folded = "".join(
            _simplified().get(c, c) for c in unicodedata.normalize("NFKC", chr(code_point)).lower()
        )
        self[code_point] = folded
        return folded


_FOLD = _FoldTable()


@cache
def _simplified() -> dict[str, str]:
    return dict(line.split("\t") for line in data_lines("traditional.tsv"))


def data_lines(name: str) -> Iterator[str]:
    """The lines of a file of search/data without blank lines and # comments."""
    text = resources.files("search").joinpath("data", name).read_text(encoding="utf-8")
    return (line for line in text.splitlines() if line and not line.startswith("#"))


@cache
def stop_words() -> frozenset[str]:
    return frozenset(word for line in data_lines("stopwords.txt") for word in line.split())


# The index and the score ask for the words of the same listing one after the other.
_TEXTS_KEPT = 32


@lru_cache(maxsize=_TEXTS_KEPT)
def fold(text: str) -> str:
    """The text with spellings made equal; folding twice changes nothing more."""
    if _HAS_JOINING.search(text) is None:
        return text.translate(_FOLD)
    return "".join(map(_fold_cluster, _CLUSTER.findall(text)))


def fold_with_offsets(text: str) -> tuple[str, list[int]]:
    """`fold(text)`, and for each of its characters the place that it has in the original.

    The list has one entry more than the folded text: the length of the original.
    """
    folded: list[str] = []
    offsets: list[int] = []
    for cluster in _CLUSTER.finditer(text):
        characters = _fold_cluster(cluster.group())
        folded.append(characters)
        offsets.extend([cluster.start()] * len(characters))
    return "".join(folded), [*offsets, len(text)]


def _fold_cluster(cluster: str) -> str:
    if len(cluster) == 1:
        return _FOLD[ord(cluster)]
    return unicodedata.normalize("NFKC", cluster).translate(_FOLD)


@cache
def _segmenter() -> rjieba.Jieba:
    # An instance of our own: words added to the shared one would change other libraries' cuts.
    segmenter = rjieba.Jieba()
    for line in data_lines("words.txt"):
        for word in line.split():
            segmenter.add_word(word, None, None)
    return segmenter


def words(text: str) -> list[str]:
    """The search-mode words of a text in reading order, repeated as often as they occur.

    Stop words and punctuation are left out; a number with a unit (120mm) also yields its parts.
    """
    return list(words_of_folded(fold(text)))


@lru_cache(maxsize=_TEXTS_KEPT)
def words_of_folded(folded: str) -> tuple[str, ...]:
    """`words(text)` of a text that is folded already."""
    return tuple(chain.from_iterable(map(_KEPT.__getitem__, _segmenter().cut_for_search(folded))))


class _KeptWords(dict[str, tuple[str, ...]]):
    """What each cut word yields: nothing, itself, or itself and its parts."""

    # A catalogue of 100,000 listings has some 200,000 words; beyond that they are numbers.
    _LIMIT = 400_000

    def __missing__(self, word: str) -> tuple[str, ...]:
        if len(self) >= self._LIMIT:
            self.clear()
        kept: tuple[str, ...] = (word,) if _is_word(word) else ()
        if kept and word[0].isdecimal() and not word.isdecimal():
            kept += _number_and_unit(word)
        self[word] = kept
        return kept


_KEPT = _KeptWords()


def _is_word(word: str) -> bool:
    return _WORD.search(word) is not None and word not in stop_words()


def _number_and_unit(word: str) -> tuple[str, ...]:
    parts = _NUMBER_WITH_UNIT.fullmatch(word)
    return tuple(filter(_is_word, parts.groups())) if parts else ()


def plain_words(text: str) -> list[str]:
    """The words of a text without the shorter words inside them: for showing, and for phrases."""
    return [word for word in _segmenter().cut(fold(text)) if _is_word(word)]


def tokens(text: str) -> list[Token]:
    """The words of `words(text)` but for parts of numbers, with their places in the original."""
    folded, offsets = fold_with_offsets(text)
    return [
        # The end is where the word's last cluster ends, not where the next word's begins.
        Token(word, offsets[start], _end_in_original(offsets, end))
        for word, start, end in _segmenter().tokenize(folded, "search")
        if _is_word(word)
    ]


def _end_in_original(offsets: list[int], end: int) -> int:
    last = offsets[end - 1]
    return next(offset for offset in offsets[end:] if offset > last)


def clean(value: str) -> str:
    """The text with each unpaired surrogate replaced by one character, so that places hold."""
    if value.isascii():
        return value
    return _LONE_SURROGATE.sub("\ufffd", value)


def characters(folded: str) -> list[str]:
    """Ideographs, runs of digits and runs of letters of a folded text, in order."""
    return _CHARACTERS.findall(folded)


def is_ideograph(character: str) -> bool:
    """Whether one of `characters` is a single ideograph."""
    return _IDEOGRAPH.fullmatch(character) is not None


def ideographs(value: str) -> list[str]:
    """The ideographs of a text, in order."""
    return _IDEOGRAPH.findall(value)


def spelled_out(name: str) -> list[str]:
    """Every character of a folded name but its spaces: parts of the name are runs of these."""
    return list("".join(fold(clean(name)).split()))
