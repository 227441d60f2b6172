"""What a person typed, turned into queries of the embedded engine.

The strict query finds documents that hold every word. The relaxed query finds documents that
hold any word, a word that begins with the last one, a Latin word one slip away, or half of the
ideographs. Both rank by BM25 of the words, the relaxed one also by BM25 of the single
ideographs. These are morphemes: 防滑 and 止滑 share 滑; and they find words with a wrong
character in them.
"""

import re
from collections.abc import Iterable, Sequence
from math import ceil
from typing import NamedTuple

from tantivy import Occur, Query, Schema, Searcher

from search import text
from search.embedded_filters import adjacent
from search.embedded_schema import characters, clean
from search.port import WeightedTerm
from search.synonyms import Expansion, Synonyms

MAX_QUERY_CHARACTERS = 2_000
MAX_QUERY_WORDS = 64
MAX_QUERY_IDEOGRAPHS = 24
MAX_CANDIDATE_TERMS = 1_000
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
_IDEOGRAPH = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")


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
        return _distinct(_IDEOGRAPH.findall(kept), MAX_QUERY_IDEOGRAPHS)

    @property
    def finds_nothing(self) -> bool:
        return not self.words and not self.phrases

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


def _distinct(found: Iterable[str], limit: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))[:limit]


def _made_of(word: str, others: Iterable[str]) -> bool:
    """Whether other words cover every character of the word: 锂离子电池 is 锂离子 and 电池."""
    covered: set[int] = set()
    for other in others:
        if other != word and other in word:
            for match in re.finditer(f"(?={re.escape(other)})", word):
                covered.update(range(match.start(), match.start() + len(other)))
    return len(covered) == len(word)


class TypedQuery(NamedTuple):
    """The same documents twice: `finding` for counting them, `ranked` with their scores."""

    finding: Query
    ranked: Query


class QueryBuilder:
    """Builds queries over one snapshot of an index."""

    def __init__(self, schema: Schema, searcher: Searcher) -> None:
        self._schema = schema
        self._searcher = searcher

    def strict(self, typed: TypedText) -> TypedQuery:
        """Documents that hold every required word, or a synonym's words in its place."""
        musts = self._musts(typed)
        scored = {word for word in typed.required if word not in _replaceable(typed)}
        other_words = [word for word in typed.words if word not in scored]
        return TypedQuery(
            finding=Query.boolean_query(musts),
            ranked=Query.boolean_query(
                [
                    *musts,
                    *((Occur.Should, self._word(word)) for word in other_words),
                    *self._target_ranking(typed),
                ]
            ),
        )

    def relaxed(self, typed: TypedText) -> TypedQuery:
        """Documents that hold any of it; those that `strict` finds come first."""
        every_word = Query.boolean_query(self._musts(typed))
        bonus = (Occur.Should, Query.const_score_query(every_word, EVERY_WORD_BONUS))
        if typed.phrases:
            finding = Query.boolean_query(self._phrases(typed))
            ranking = [bonus, *self._word_ranking(typed), *self._ideograph_ranking(typed)]
        else:
            finding = Query.boolean_query(self._any_of(typed))
            ranking = [bonus, *self._ideograph_ranking(typed)]
        ranked = Query.boolean_query([(Occur.Must, finding), *ranking])
        return TypedQuery(finding=finding, ranked=ranked)

    def _musts(self, typed: TypedText) -> list[tuple[Occur, Query]]:
        replaceable = _replaceable(typed)
        fixed = [word for word in typed.required if word not in replaceable]
        return [
            *((Occur.Must, self._word(word)) for word in fixed),
            *((Occur.Must, self._any_wording(expansion)) for expansion in typed.expansions),
            *self._phrases(typed),
        ]

    def _phrases(self, typed: TypedText) -> list[tuple[Occur, Query]]:
        return [
            (Occur.Must, adjacent(self._schema, "characters", phrase)) for phrase in typed.phrases
        ]

    def _any_wording(self, expansion: Expansion) -> Query:
        wordings = [_needed(expansion.words), *(_needed(t.words) for t in expansion.targets)]
        return Query.boolean_query([(Occur.Should, self._all_words(each)) for each in wordings])

    def _all_words(self, words: Sequence[str]) -> Query:
        return Query.boolean_query([(Occur.Must, self._word(word)) for word in words])

    def _word_ranking(self, typed: TypedText) -> list[tuple[Occur, Query]]:
        words = [(Occur.Should, self._word(word)) for word in typed.words]
        return [*words, *self._target_ranking(typed)]

    def _target_ranking(self, typed: TypedText) -> list[tuple[Occur, Query]]:
        return [
            (Occur.Should, self._best_target(each)) for each in typed.expansions if each.targets
        ]

    def _best_target(self, expansion: Expansion) -> Query:
        # The best alternative alone counts: many names of one thing are not many things.
        return Query.disjunction_max_query(
            [
                _weighted(
                    Query.boolean_query([(Occur.Should, self._word(w)) for w in target.words]),
                    SYNONYM_WEIGHT * target.weight,
                )
                for target in expansion.targets
            ]
        )

    def _ideograph_ranking(self, typed: TypedText) -> list[tuple[Occur, Query]]:
        return [
            (Occur.Should, _weighted(self._term(field, ideograph), IDEOGRAPH_WEIGHT))
            for field in ("characters", "head_characters")
            for ideograph in typed.ideographs
        ]

    def _any_of(self, typed: TypedText) -> list[tuple[Occur, Query]]:
        return [
            *self._word_ranking(typed),
            *((Occur.Should, slip) for slip in self._one_slip_away(typed)),
            *((Occur.Should, completion) for completion in self._completions(typed)),
            *self._half_of_ideographs(typed),
        ]

    def _one_slip_away(self, typed: TypedText) -> Iterable[Query]:
        for word in typed.required:
            if _LATIN_WORD.fullmatch(word):
                near = Query.fuzzy_term_query(self._schema, "all", word, 1)
                yield _weighted(near, SLIP_WEIGHT)

    def _completions(self, typed: TypedText) -> Iterable[Query]:
        if not typed.required or not _PREFIX.fullmatch(typed.required[-1]):
            return
        last = typed.required[-1]
        longer = self._searcher.terms_with_prefix("all", last, limit=MAX_COMPLETIONS)
        for word, _ in longer:
            if word != last:
                yield _weighted(self._word(word), COMPLETION_WEIGHT)

    def _half_of_ideographs(self, typed: TypedText) -> list[tuple[Occur, Query]]:
        """Documents that hold half of the ideographs, neighbours in the search, anywhere.

        The search counts as a ring, so that each ideograph is in as many halves. Any half at
        all would find hardly more and take twice the time.
        """
        ring = typed.ideographs
        if len(ring) < 3:
            return self._two_ideographs(ring, typed.words)
        half = max(2, ceil(len(ring) / 2))
        windows = [(ring * 2)[start : start + half] for start in range(len(ring))]
        return [
            (Occur.Should, Query.const_score_query(self._all_ideographs(window), 0.0))
            for window in dict.fromkeys(windows)
        ]

    def _two_ideographs(
        self, ideographs: Sequence[str], words: Sequence[str]
    ) -> list[tuple[Occur, Query]]:
        # A word of two is meant as it stands: 和服 is not to be found in 产品和服务.
        if len(ideographs) < 2 or "".join(ideographs) in words:
            return []
        neighbours = adjacent(self._schema, "characters", ideographs)
        return [(Occur.Should, Query.const_score_query(neighbours, 0.0))]

    def _all_ideographs(self, ideographs: Iterable[str]) -> Query:
        return Query.boolean_query(
            [(Occur.Must, self._term("characters", ideograph)) for ideograph in ideographs]
        )

    def _word(self, word: str) -> Query:
        return self._term("all", word)

    def _term(self, field: str, value: str) -> Query:
        return Query.term_query(self._schema, field, value)


def _replaceable(typed: TypedText) -> frozenset[str]:
    return frozenset(word for expansion in typed.expansions for word in expansion.words)


def _needed(words: Sequence[str]) -> list[str]:
    return [word for word in words if not _made_of(word, words)]


def _weighted(query: Query, weight: float) -> Query:
    return Query.boost_query(query, weight)


def weighted_any(schema: Schema, terms: Sequence[WeightedTerm]) -> Query:
    """One flat OR on one field: nesting would cost the engine its shortcuts.

    Of more than MAX_CANDIDATE_TERMS different terms only the heaviest count.
    """
    weights: dict[str, float] = {}
    for term in terms:
        if 0 < term.weight < float("inf") and term.token == clean(term.token):
            weights[term.token] = weights.get(term.token, 0.0) + term.weight
    heaviest = sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))
    return Query.boolean_query(
        [
            (Occur.Should, _weighted(Query.term_query(schema, "all", token), weight))
            for token, weight in heaviest[:MAX_CANDIDATE_TERMS]
        ]
    )
