"""Other words for the same thing: what a factory owner says and what a scientist writes.

The shipped map (data/synonyms.tsv) has equivalents, where each phrase also finds the others,
and one-way lines, where a text that holds a trigger (鞋底滑) also looks for its targets
(湿摩擦系数), and so does one that holds an equivalent of a trigger. Expansion happens on the
side that asks, so the map may change without a rebuild.
"""

from collections.abc import Iterable, Iterator
from functools import cache

import msgspec

from search.text import data_lines, fold, words_of_folded

EQUIVALENT_WEIGHT = 1.0
ONE_WAY_WEIGHT = 0.7

# Triggers are looked up by so many first characters: few places of a text begin with those.
_HEAD = 2


class Target(msgspec.Struct, frozen=True):
    """A phrase to look for as well, cut into words; `weight` is its share of the trigger's."""

    phrase: str
    words: tuple[str, ...]
    weight: float


class Expansion(msgspec.Struct, frozen=True):
    """A trigger that was found in a text, with its words and what to look for besides."""

    trigger: str
    words: tuple[str, ...]
    targets: tuple[Target, ...]


class Synonyms:
    """A map from trigger phrases to targets. Phrases are compared folded."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._weights: dict[str, dict[str, float]] = {}
        for line in lines:
            for trigger, target, weight in _links(line):
                known = self._weights.setdefault(trigger, {})
                known[target] = max(weight, known.get(target, 0.0))
        self._link_through_equivalents()
        self._expansions: dict[str, Expansion] = {}
        self._by_head: dict[str, list[str]] = {}
        for trigger in sorted(self._weights, key=lambda phrase: (-len(phrase), phrase)):
            self._by_head.setdefault(trigger[:_HEAD], []).append(trigger)

    def _link_through_equivalents(self) -> None:
        """What a phrase looks for one way, its equivalents look for as well."""
        for own in [dict(links) for links in self._weights.values()]:
            for equivalent in [each for each, w in own.items() if w == EQUIVALENT_WEIGHT]:
                for target, weight in own.items():
                    if weight == ONE_WAY_WEIGHT and target != equivalent:
                        self._weights[equivalent].setdefault(target, weight)

    def __len__(self) -> int:
        return len(self._weights)

    def expansions(self, text: str) -> list[Expansion]:
        """One expansion for each trigger of the text, in order of first appearance.

        At each place the longest trigger wins, and a trigger inside a longer one is passed
        over. Latin triggers count as whole words only. Costs one look-up a character.
        """
        found = dict.fromkeys(self._triggers(fold(text)))
        return [self._expansion(trigger) for trigger in found]

    def _triggers(self, folded: str) -> Iterator[str]:
        heads, end = self._by_head, 0
        for place in range(len(folded)):
            head = folded[place : place + _HEAD]
            is_begun = place >= end and (head in heads or head[:1] in heads)
            if is_begun and (trigger := self._longest_at(folded, place)):
                end = place + len(trigger)
                yield trigger

    def _longest_at(self, folded: str, place: int) -> str:
        for length in range(_HEAD, 0, -1):
            for trigger in self._by_head.get(folded[place : place + length], ()):
                if folded.startswith(trigger, place) and _stands_alone(folded, place, trigger):
                    return trigger
        return ""

    def _expansion(self, trigger: str) -> Expansion:
        if trigger not in self._expansions:
            own = tuple(dict.fromkeys(words_of_folded(trigger)))
            targets = tuple(
                Target(phrase=phrase, words=tuple(dict.fromkeys(cut)), weight=weight)
                for phrase, weight in self._weights[trigger].items()
                if (cut := words_of_folded(phrase))
            )
            self._expansions[trigger] = Expansion(trigger=trigger, words=own, targets=targets)
        return self._expansions[trigger]


def checked_line(line: str) -> str:
    """A line of synonyms as it is kept: phrases without blanks around them, none twice.

    Raises ValueError for what is no line, or links nothing.
    """
    kind, *cells = line.split("\t")
    kept = "\t".join([kind.strip(), *("|".join(_as_written(cell)) for cell in cells)])
    if any(_links(kept)):
        return kept
    raise ValueError(f"not a line of synonyms: {line!r}")


def _as_written(cell: str) -> list[str]:
    phrases = [phrase.strip() for phrase in cell.split("|")]
    return list({fold(phrase): phrase for phrase in reversed(phrases) if phrase}.values())[::-1]


def _links(line: str) -> Iterator[tuple[str, str, float]]:
    """Read `=⇥a|b|c` or `>⇥a|b⇥c|d`; ValueError for anything else, or when nothing is linked."""
    match line.split("\t"):
        case ["=", group]:
            phrases = _phrases(group)
            links = [(a, b, EQUIVALENT_WEIGHT) for a in phrases for b in phrases if a != b]
        case [">", triggers, targets]:
            links = [
                (a, b, ONE_WAY_WEIGHT)
                for a in _phrases(triggers)
                for b in _phrases(targets)
                if a != b
            ]
        case _:
            links = []
    if not links:
        raise ValueError(f"not a line of synonyms: {line!r}")
    yield from links


def _phrases(cell: str) -> list[str]:
    return [folded for phrase in cell.split("|") if (folded := fold(phrase).strip())]


def _stands_alone(folded: str, place: int, trigger: str) -> bool:
    end = place + len(trigger)
    before = folded[place - 1] if place else " "
    after = folded[end] if end < len(folded) else " "
    if trigger[0].isdecimal() and before == ".":
        return False  # 7.5g is a weight, not the fifth generation of anything.
    return not (_is_latin(trigger[0]) and _is_latin(before)) and not (
        _is_latin(trigger[-1]) and _is_latin(after)
    )


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


@cache
def shipped_lines() -> tuple[str, ...]:
    """The lines of the shipped map, in their order."""
    return tuple(data_lines("synonyms.tsv"))


@cache
def shipped_synonyms() -> Synonyms:
    return Synonyms(shipped_lines())
