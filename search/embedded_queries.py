"""What a person typed, turned into queries of the embedded engine.

The strict query finds documents that hold every word. The relaxed query finds documents that
hold any word, a word that begins with the last one, a Latin word one slip away, or half of the
ideographs. Both rank by BM25 of the words, the relaxed one also by BM25 of the single
ideographs. These are morphemes: 防滑 and 止滑 share 滑; and they find words with a wrong
character in them.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tantivy import Occur, Query, Schema, Searcher

from search.embedded_filters import adjacent
from search.port import WeightedTerm
from search.synonyms import Expansion
from search.typed import (
    COMPLETION_WEIGHT,
    EVERY_WORD_BONUS,
    IDEOGRAPH_WEIGHT,
    MAX_COMPLETIONS,
    SLIP_WEIGHT,
    SYNONYM_WEIGHT,
    TypedText,
    heaviest_terms,
    wordings,
)

MAX_CANDIDATE_TERMS = 1_000


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
        return TypedQuery(
            finding=Query.boolean_query(musts),
            ranked=Query.boolean_query(
                [
                    *musts,
                    *((Occur.Should, self._word(word)) for word in typed.other_words),
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
        return [
            *((Occur.Must, self._word(word)) for word in typed.fixed),
            *((Occur.Must, self._any_wording(expansion)) for expansion in typed.expansions),
            *self._phrases(typed),
        ]

    def _phrases(self, typed: TypedText) -> list[tuple[Occur, Query]]:
        return [
            (Occur.Must, adjacent(self._schema, "characters", phrase)) for phrase in typed.phrases
        ]

    def _any_wording(self, expansion: Expansion) -> Query:
        return Query.boolean_query(
            [(Occur.Should, self._all_words(each)) for each in wordings(expansion)]
        )

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
        for word in typed.latin_words:
            near = Query.fuzzy_term_query(self._schema, "all", word, 1)
            yield _weighted(near, SLIP_WEIGHT)

    def _completions(self, typed: TypedText) -> Iterable[Query]:
        if not typed.beginning:
            return
        longer = self._searcher.terms_with_prefix("all", typed.beginning, limit=MAX_COMPLETIONS)
        for word, _ in longer:
            if word != typed.beginning:
                yield _weighted(self._word(word), COMPLETION_WEIGHT)

    def _half_of_ideographs(self, typed: TypedText) -> Iterable[tuple[Occur, Query]]:
        for half in typed.halves:
            yield Occur.Should, Query.const_score_query(self._all_ideographs(half), 0.0)
        if typed.neighbours:
            together = adjacent(self._schema, "characters", typed.neighbours)
            yield Occur.Should, Query.const_score_query(together, 0.0)

    def _all_ideographs(self, ideographs: Iterable[str]) -> Query:
        return Query.boolean_query(
            [(Occur.Must, self._term("characters", ideograph)) for ideograph in ideographs]
        )

    def _word(self, word: str) -> Query:
        return self._term("all", word)

    def _term(self, field: str, value: str) -> Query:
        return Query.term_query(self._schema, field, value)


def _weighted(query: Query, weight: float) -> Query:
    return Query.boost_query(query, weight)


def weighted_any(schema: Schema, terms: Sequence[WeightedTerm]) -> Query:
    """One flat OR on one field: nesting would cost the engine its shortcuts.

    Of more than MAX_CANDIDATE_TERMS different terms only the heaviest count.
    """
    return Query.boolean_query(
        [
            (Occur.Should, _weighted(Query.term_query(schema, "all", term.token), term.weight))
            for term in heaviest_terms(terms, MAX_CANDIDATE_TERMS)
        ]
    )
