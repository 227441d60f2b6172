"""What a person typed, read once for either engine."""

import re
from collections.abc import Iterable, Sequence
from math import ceil
from typing import NamedTuple, TypeVar

from search import text
from search.port import WeightedTerm
from search.synonyms import Expansion, Synonyms
from search.text import characters, clean

T = TypeVar("T")

MAX_QUERY_CHARACTERS = 2_000
MAX_QUERY_WORDS = 64
MAX_QUERY_IDEOGRAPHS = 24
MAX_ORGANISATION_CHARACTERS = 200
# A search whose words all stand in fewer documents than this also shows documents with some
# of the words. It does not depend on the page, so that all pages are of one list.
FEW_HITS = 10
MAX_COMPLETIONS = 16

# Shares of a clause's own score. They stand on a plateau: half or double of each moves nDCG@10
# on the development queries by 0.013 at most.
IDEOGRAPH_WEIGHT = 0.5
SYNONYM_WEIGHT = 0.5
SLIP_WEIGHT = 0.5
COMPLETION_WEIGHT = 0.5
# More than any sum of BM25 scores of a typed query: documents with every word come first.
EVERY_WORD_BONUS = 1_000.0

_QUOTED = re.compile(r"\"([^\"]+)\"|“([^”]+)”|「([^」]+)」|『([^』]+)』")
_QUESTION = re.compile(
    "有没有|是不是|能不能|可不可以|怎么办|怎么样|怎样|怎么|如何|为什么|为何|哪家|哪个|哪些|哪里|什么|请问|谁能"
)
_LATIN_WORD = re.compile(r"[a-z]{4,40}")
# The beginning of a number is another number, so numbers are not completed.
_PREFIX = re.compile(r"[^\W\d_]\w{1,39}")


class TypedText(NamedTuple):
    """The parts of a typed search, folded.

    `text` is what was typed without words that only ask, `words` rank, `required` are those that
    a strict hit holds, `phrases` are runs whose parts stand next to each other.
    """

    text: str
    words: tuple[str, ...]
    required: tuple[str, ...]
    phrases: tuple[tuple[str, ...], ...]
    expansions: tuple[Expansion, ...]

    @property
    def is_blank(self) -> bool:
        return not self.text.strip()

    @property
    def ideographs(self) -> tuple[str, ...]:
        """The single characters of the words: only a relaxed search needs them."""
        kept = "".join(text.plain_words(self.text))
        return _distinct(text.ideographs(kept), MAX_QUERY_IDEOGRAPHS)

    @property
    def finds_nothing(self) -> bool:
        return not self.words and not self.phrases

    @property
    def fixed(self) -> tuple[str, ...]:
        """The required words that no synonym can stand for."""
        replaceable = {word for expansion in self.expansions for word in expansion.words}
        return tuple(word for word in self.required if word not in replaceable)

    @property
    def other_words(self) -> tuple[str, ...]:
        """The words that a strict hit may hold or not."""
        fixed = set(self.fixed)
        return tuple(word for word in self.words if word not in fixed)

    @property
    def latin_words(self) -> tuple[str, ...]:
        """The required words in which one slip is forgiven."""
        return tuple(word for word in self.required if _LATIN_WORD.fullmatch(word))

    @property
    def beginning(self) -> str:
        """The last required word, where it may be the beginning of another; else nothing."""
        last = self.required[-1] if self.required else ""
        return last if _PREFIX.fullmatch(last) else ""

    @property
    def halves(self) -> tuple[tuple[str, ...], ...]:
        """Every run of half of the ideographs.

        The search counts as a ring, so that each ideograph is in as many halves. Any half at
        all would find hardly more and take twice the time.
        """
        ring = self.ideographs
        if len(ring) < 3:
            return ()
        half = max(2, ceil(len(ring) / 2))
        return _distinct(
            ((ring * 2)[start : start + half] for start in range(len(ring))), len(ring)
        )

    @property
    def neighbours(self) -> tuple[str, ...]:
        """Two ideographs that are all of the search but no word: they stand together."""
        both = self.ideographs
        # A word of two is meant as it stands: 和服 is not to be found in 产品和服务.
        return both if len(both) == 2 and "".join(both) not in self.words else ()

    @property
    def marked_words(self) -> frozenset[str]:
        """What is highlighted in a hit: the words, and those of their synonyms."""
        targets = (target for expansion in self.expansions for target in expansion.targets)
        return frozenset(self.words).union(*(target.words for target in targets))


def read_typed(typed: str, synonyms: Synonyms | None = None) -> TypedText:
    """Read a search as typed; nothing in it is an operator but quotation marks around phrases.

    All but the first MAX_QUERY_CHARACTERS characters and MAX_QUERY_WORDS different words are
    passed over. Words that only ask (怎么, 有没有) are too, unless nothing else is left.
    """
    folded = text.fold(clean(typed[:MAX_QUERY_CHARACTERS]))
    quoted = ["".join(groups) for groups in _QUOTED.findall(folded)]
    unquoted = _without_question(_QUOTED.sub(" ", folded) if quoted else folded)
    loose = _distinct(text.words_of_folded(unquoted), MAX_QUERY_WORDS)
    everything = " ".join([unquoted, *quoted])
    phrases = (tuple(characters(part)[:MAX_QUERY_WORDS]) for part in quoted)
    return TypedText(
        text=everything,
        words=_distinct(text.words_of_folded(everything), MAX_QUERY_WORDS) if quoted else loose,
        required=tuple(word for word in loose if not _made_of(word, loose)),
        phrases=tuple(phrase for phrase in phrases if phrase),
        expansions=tuple(synonyms.expansions(unquoted)) if synonyms else (),
    )


def _without_question(folded: str) -> str:
    rest = _QUESTION.sub(" ", folded)
    return rest if rest == folded or text.words_of_folded(rest) else folded


def wordings(expansion: Expansion) -> list[list[str]]:
    """The words of the trigger and of each target: a text that holds all of one holds the thing."""
    return [_needed(words) for words in (expansion.words, *(t.words for t in expansion.targets))]


def _needed(words: Sequence[str]) -> list[str]:
    return [word for word in words if not _made_of(word, words)]


def heaviest_terms(terms: Iterable[WeightedTerm], limit: int) -> list[WeightedTerm]:
    """The heaviest different terms, each with the sum of its weights; meaningless ones left out."""
    weights: dict[str, float] = {}
    for term in terms:
        if term.token and 0 < term.weight < float("inf") and term.token == clean(term.token):
            weights[term.token] = weights.get(term.token, 0.0) + term.weight
    heaviest = sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))
    return [WeightedTerm(token, weight) for token, weight in heaviest[:limit]]


def _distinct(found: Iterable[T], limit: int) -> tuple[T, ...]:
    return tuple(dict.fromkeys(found))[:limit]


def _made_of(word: str, others: Iterable[str]) -> bool:
    """Whether other words cover every character of the word: 锂离子电池 is 锂离子 and 电池."""
    covered: set[int] = set()
    for other in others:
        if other != word and other in word:
            for match in re.finditer(f"(?={re.escape(other)})", word):
                covered.update(range(match.start(), match.start() + len(other)))
    return len(covered) == len(word)
