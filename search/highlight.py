"""Places of found words in the texts as people wrote them."""

from collections.abc import Iterable

from search import text
from search.port import Span


def joined_keywords(keywords: Iterable[str]) -> str:
    """Keywords as one text: their highlights are places in it."""
    return "、".join(keywords)


def highlights(
    *, title: str, keywords: Iterable[str], body: str, words: frozenset[str]
) -> dict[str, tuple[Span, ...]]:
    """Places by field, for fields that have any."""
    texts = {"title": title, "keywords": joined_keywords(keywords), "body": body}
    found = {field: spans(value, words) for field, value in texts.items()}
    return {field: places for field, places in found.items() if places}


def spans(original: str, words: frozenset[str]) -> tuple[Span, ...]:
    """Where any of the words of the text pipeline stands, in order, without overlap.

    A number with a unit is marked whole when its number or its unit is asked for. A Latin word
    of four letters or more is also marked one slip away from one that is asked for.
    """
    return merged(
        (token.start, token.end) for token in text.tokens(original) if _is_meant(token.text, words)
    )


def _is_meant(word: str, words: frozenset[str]) -> bool:
    if word in words:
        return True
    if word[0].isdecimal():
        return not words.isdisjoint(text.words_of_folded(word))
    return len(word) >= 4 and word.isascii() and any(is_one_slip_away(word, w) for w in words)


def is_one_slip_away(word: str, other: str) -> bool:
    """One letter more, less, or other, or two neighbours swapped; for `other` of 4 letters up."""
    if len(other) < 4 or abs(len(word) - len(other)) > 1:
        return False
    shared = next(
        (i for i, (a, b) in enumerate(zip(word, other, strict=False)) if a != b),
        min(len(word), len(other)),
    )
    rest, other_rest = word[shared:], other[shared:]
    return (
        rest[1:] == other_rest[1:]
        or rest[1:] == other_rest
        or rest == other_rest[1:]
        or (rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:])
    )


def merged(places: Iterable[tuple[int, int]]) -> tuple[Span, ...]:
    """Places that touch or overlap become one."""
    joined: list[Span] = []
    for start, end in sorted(places):
        if joined and start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(end, joined[-1].end))
        else:
            joined.append(Span(start, end))
    return tuple(joined)
