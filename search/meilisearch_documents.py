"""What a Meilisearch index holds of a document.

A search finds by filters: `words`, `characters` and `pairs` are arrays of codes, so that any
combination of them is one filter, with exact counts. It ranks by BM25, which the server does not
know: each word of a document stands in one of the searchable fields `w0` … `w6`, by how much it
says about the document. The first field holds the words that say most, so the server's order of
attributes is the order of BM25 for one word, and sums over words are ours to make.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

from search import text
from search.documents import SearchDocument
from search.fields import (
    both_ends,
    checked_id,
    checked_number,
    prefixes,
    province,
    sections,
    trl_levels,
)
from search.meilisearch_codes import (
    characters_code,
    ideograph_code,
    key_of,
    pair_code,
    value_code,
    word_code,
)
from search.port import PRICE_BANDS_CNY
from search.text import characters, clean, is_ideograph, spelled_out
from search.typed import MAX_ORGANISATION_CHARACTERS

# BM25's saturation of a word, tf·(k1 + 1) / (tf + k1·(1 − b + b·length/average)), between its
# values at the edges of a field; the average is settled, so that a document can be written
# without a look at the others.
K1 = 1.2
B = 0.75
AVERAGE_WORDS = 110
AVERAGE_CHARACTERS = 190
AVERAGE_HEAD_CHARACTERS = 30
WORD_LEVELS: tuple[tuple[float, float], ...] = (
    # From this saturation on, and what then counts.
    (1.70, 1.80),
    (1.50, 1.60),
    (1.30, 1.40),
    (1.15, 1.22),
    (1.00, 1.06),
    (0.85, 0.95),
    (0.00, 0.70),
)
# The saturations of a character in all texts and at the head are added up.
CHARACTER_LEVELS: tuple[tuple[float, float], ...] = (
    (2.50, 2.80),
    (1.80, 2.10),
    (1.20, 1.40),
    (0.00, 1.00),
)
WORD_FIELDS = tuple(f"w{level}" for level in range(len(WORD_LEVELS)))
CHARACTER_FIELDS = tuple(f"c{level}" for level in range(len(CHARACTER_LEVELS)))
SEARCHED_FIELDS = WORD_FIELDS + CHARACTER_FIELDS

# The end of a name is found by its beginning: a part of a name is the beginning of an end.
MAX_ENDING_CHARACTERS = 100
# The server's limit is 468.
_MAX_ENDING_LETTERS = 400
_MIN_LATIN_LETTERS = 4


def stored_document(document: SearchDocument) -> dict[str, Any]:
    """The document as it is sent. Raises DocumentRefused."""
    key = key_of(checked_id(document.id))
    made: dict[str, Any] = {
        "key": key,
        "version": checked_number("version", document.version),
        "title": clean(document.title),
        "keywords": [clean(keyword) for keyword in document.keywords],
        "body": clean(document.body),
    }
    if key != document.id:
        made["id"] = document.id
    _add_texts(made)
    _add_codes(made, document)
    _add_ranges(made, document)
    return {name: value for name, value in made.items() if value != []}


def _add_texts(made: dict[str, Any]) -> None:
    title, body = text.fold(made["title"]), text.fold(made["body"])
    keywords = text.fold("|".join(made["keywords"]))
    title_words = text.words_of_folded(title)
    words = [*title_words, *title_words]
    words += text.words_of_folded(keywords) + text.words_of_folded(body)
    counts = Counter(words)
    made["words"] = [word_code(word) for word in counts]
    made["title_words"] = [word_code(word) for word in dict.fromkeys(title_words)]
    made["latin"] = [word for word in counts if _may_be_slipped(word)]
    made |= _by_level(_saturations(counts, AVERAGE_WORDS), WORD_LEVELS, WORD_FIELDS, word_code)
    _add_characters(made, _runs(f"{title}|{keywords}"), _runs(body))


def _add_characters(made: dict[str, Any], head: list[list[str]], rest: list[list[str]]) -> None:
    everywhere = Counter(each for run in (*head, *rest) for each in run)
    at_head = Counter(each for run in head for each in run)
    counts = _saturations(everywhere, AVERAGE_CHARACTERS)
    for each, more in _saturations(at_head, AVERAGE_HEAD_CHARACTERS).items():
        counts[each] += more
    ideographs = {each: count for each, count in counts.items() if is_ideograph(each)}
    made |= _by_level(ideographs, CHARACTER_LEVELS, CHARACTER_FIELDS, ideograph_code)
    made["characters"] = [word_code(each) for each in everywhere]
    pairs = dict.fromkeys(pair for run in (*head, *rest) for pair in pairwise(run))
    made["pairs"] = [pair_code(*pair) for pair in pairs]


def _runs(folded: str) -> list[list[str]]:
    """The characters of each text by itself: no pair runs from one into the next."""
    return [characters(part) for part in folded.split("|")]


def holds_phrase(*, title: str, keywords: Iterable[str], body: str, parts: Sequence[str]) -> bool:
    """Whether the parts (search.text.characters) stand one after the other in a text."""
    wanted, length = list(parts), len(parts)
    runs = _runs(text.fold("|".join([title, *keywords, body])))
    return any(
        run[place : place + length] == wanted
        for run in runs
        for place in range(len(run) - length + 1)
    )


def _may_be_slipped(word: str) -> bool:
    """Whether it is a Latin word, long enough for a slip, that is its own code."""
    return len(word) >= _MIN_LATIN_LETTERS and word.isascii() and word_code(word) == word


def _saturations(counts: Counter[str], average: int) -> dict[str, float]:
    """How much each word says, where a document has so many words on average."""
    k = K1 * (1 - B + B * counts.total() / average)
    return {word: count * (K1 + 1) / (count + k) for word, count in counts.items()}


def _by_level(
    saturations: Mapping[str, float],
    levels: Sequence[tuple[float, float]],
    fields: Sequence[str],
    code: Callable[[str], str],
) -> dict[str, str]:
    """The words in the fields of how much they say."""
    by_field: list[list[str]] = [[] for _ in fields]
    of_saturation: dict[float, list[str]] = {}
    for word, saturation in saturations.items():
        if saturation not in of_saturation:
            of_saturation[saturation] = by_field[_level(saturation, levels)]
        of_saturation[saturation].append(code(word))
    return {field: " ".join(codes) for field, codes in zip(fields, by_field, strict=True) if codes}


def _level(saturation: float, levels: Sequence[tuple[float, float]]) -> int:
    return next(place for place, (edge, _) in enumerate(levels) if saturation >= edge)


def _add_codes(made: dict[str, Any], document: SearchDocument) -> None:
    made["fields"] = _codes(document.fields)
    made["modes"] = _codes(document.modes)
    made["industry_sections"] = _sections(document.industries)
    made["industries"] = _prefixes(document.industries)
    if document.division:
        made["divisions"] = _prefixes((document.division,))
        made["provinces"] = [value_code(province(document.division))]
    made["organisation"] = _endings(document.organisation)


def _codes(values: Iterable[str]) -> list[str]:
    return [value_code(value) for value in dict.fromkeys(values) if value]


# Listings repeat few codes and names, so these are worked out once each.
@lru_cache(maxsize=20_000)
def _prefixes(codes: tuple[str, ...]) -> list[str]:
    return [value_code(prefix) for prefix in prefixes(codes)]


@lru_cache(maxsize=20_000)
def _sections(industries: tuple[str, ...]) -> list[str]:
    return [value_code(section) for section in sections(industries)]


@lru_cache(maxsize=20_000)
def _endings(name: str) -> list[str]:
    letters = spelled_out(name)[:MAX_ORGANISATION_CHARACTERS]
    return [ending_code(letters[place:]) for place in range(len(letters))]


def ending_code(letters: Sequence[str]) -> str:
    """The letters of a name from some place on, as far as they are compared."""
    return characters_code("".join(letters[:MAX_ENDING_CHARACTERS]))[:_MAX_ENDING_LETTERS]


def _add_ranges(made: dict[str, Any], document: SearchDocument) -> None:
    numbers = {
        "published_at_s": document.published_at_s,
        "price_min_cny": document.price_min_cny,
        "trl_min": document.trl_min,
    }
    for name, value in numbers.items():
        if value is not None:
            made[name] = checked_number(name, value)
    _add_ends(made, "price", document.price_min_cny, document.price_max_cny)
    _add_ends(made, "trl", document.trl_min, document.trl_max)
    made["trl"] = [str(level) for level in trl_levels(document.trl_min, document.trl_max)]
    if document.price_min_cny is not None:
        made["price_bands"] = _band(document.price_min_cny)


def _add_ends(made: dict[str, Any], name: str, low: int | None, high: int | None) -> None:
    if ends := both_ends(low, high):
        made[f"{name}_low"] = checked_number(name, ends[0])
        made[f"{name}_high"] = checked_number(name, ends[1])


def _band(price_cny: int) -> str:
    return next(name for name, upper in PRICE_BANDS_CNY if upper is None or price_cny < upper)
