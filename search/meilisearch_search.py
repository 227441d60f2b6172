"""A typed search in a Meilisearch index: what is found, and in which order.

Filters find, so that totals and facets are exact. The best hits are ordered by scores of our own,
made of the words that the server keeps of them; hits past these follow in the order of keys.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice, product
from typing import NamedTuple

from search.highlight import is_one_slip_away
from search.meilisearch_codes import ideograph_code, word_code
from search.meilisearch_documents import SEARCHED_FIELDS, WORD_FIELDS, holds_phrase
from search.meilisearch_filters import (
    NOTHING,
    ORDERS,
    Filter,
    Scope,
    all_of,
    has_character,
    has_phrase,
    has_word,
    none_of,
    one_of,
    scope_of,
)
from search.meilisearch_reading import Found, IndexReader, Question, Stored
from search.meilisearch_scoring import Frequencies, Scoring, typed_scoring
from search.meilisearch_telling import Telling, told_by, worth_reading
from search.port import SearchQuery
from search.typed import FEW_HITS, MAX_COMPLETIONS, TypedText, wordings

# So many of the hits are ordered by score at least; all pages are of the same list.
RANKED_HITS = 300
_RELAXED_HITS = 60
_MOST_WAYS = 8
_FIELDS = ("key", "id", *WORD_FIELDS)
_ALL_FIELDS = ("key", "id", *SEARCHED_FIELDS)


class Ranked(NamedTuple):
    """A hit of a page; `score` is 0 where no score decides the order."""

    key: str
    id: str
    score: float = 0.0


class Page(NamedTuple):
    hits: list[Ranked]
    total: int
    facets: Mapping[str, Mapping[str, int]]


class _Likes(NamedTuple):
    """Codes of the index that may be meant by what was typed."""

    slips: dict[str, int]
    completions: dict[str, int]


class TypedSearch:
    """One search, within the scope that its filters leave."""

    def __init__(self, reader: IndexReader, typed: TypedText, query: SearchQuery) -> None:
        self._reader = reader
        self._typed = typed
        self._scope = scope_of(query.filters)
        self._query = query
        self._offset = max(0, query.offset)
        self._limit = max(0, query.limit)

    async def page(self) -> Page:
        if self._typed.is_blank:
            (counted,) = await self._reader.answers([Question(self._scope, self._query.facets)])
            return await self._listed(self._scope, counted)
        await self._leave_out_strays()
        strict = self._scope.having(*_musts(self._typed))
        counted, frequencies = await self._counted(strict)
        if counted.total < FEW_HITS:
            return await self._relaxed(strict, frequencies)
        if not self._is_ranked:
            return await self._listed(strict, counted)
        scoring = typed_scoring(self._typed, frequencies)
        best = await self._best_strict(strict, counted.total)
        return await self._ranked(strict, counted, scoring.scores(best, WORD_FIELDS))

    async def _leave_out_strays(self) -> None:
        """Narrow the scope by documents that hold the pairs of a phrase, but not the phrase.

        Where many documents hold the pairs, they are too many to be read, and stay.
        """
        phrases = [phrase for phrase in self._typed.phrases if len(phrase) > 2]
        if not phrases:
            return
        stored = await self._reader.stored_where(
            self._scope.having(*map(has_phrase, phrases)),
            fields=("key", "title", "keywords", "body"),
            limit=RANKED_HITS,
        )
        strays = [
            each.key for each in stored if not all(_holds(each, phrase) for phrase in phrases)
        ]
        self._scope = self._scope.having(*none_of("key", strays))

    @property
    def _is_ranked(self) -> bool:
        return self._query.sort == "relevance" and self._limit > 0

    async def _listed(self, found: Scope, counted: Found) -> Page:
        """A page in an order that no score decides."""
        hits: list[Ranked] = []
        if self._offset < counted.total:
            order = ORDERS[self._query.sort]
            hits = await self._hits(found, self._offset, self._limit, order)
        return Page(hits, counted.total, counted.facets)

    async def _hits(
        self, found: Scope, offset: int, limit: int, order: Sequence[str] = ORDERS["relevance"]
    ) -> list[Ranked]:
        stored = await self._reader.stored_where(
            found, fields=("key", "id"), offset=offset, limit=limit, order=order
        )
        return [Ranked(each.key, each.id or each.key) for each in stored]

    async def _counted(self, strict: Scope) -> tuple[Found, Frequencies]:
        """What is strictly found, counted, and how frequent the words are."""
        typed = self._typed
        targets = (t for expansion in typed.expansions for t in expansion.targets)
        words = [*typed.words, *(word for t in targets for word in t.words)]
        documents, counts, (counted,) = await self._reader.counted(
            "words", map(word_code, words), [Question(strict, self._query.facets)]
        )
        return counted, Frequencies(documents, counts)

    async def _best_strict(self, strict: Scope, total: int) -> list[Stored]:
        if total <= RANKED_HITS:
            return await self._reader.stored_where(strict, fields=_FIELDS, limit=total)
        answers = await self._reader.answers(
            Question(strict, words=words, limit=RANKED_HITS) for words in self._ways()
        )
        keys = dict.fromkeys(hit.key for answer in answers for hit in answer.hits)
        return await self._reader.stored(list(keys), fields=_FIELDS)

    def _ways(self) -> Iterable[list[str]]:
        """Each way to say what was typed, as codes of words that all are there."""
        expansions = self._typed.expansions
        ways = product(*(wordings(expansion) for expansion in expansions))
        for way in islice(ways, _MOST_WAYS):
            words = chain(self._typed.fixed, *way)
            yield list(dict.fromkeys(map(word_code, words)))

    async def _relaxed(self, strict: Scope, frequencies: Frequencies) -> Page:
        likes = await self._likes()
        found = self._scope.having(*_anything(self._typed, likes))
        ideographs = self._typed.ideographs if self._is_ranked else ()
        _, by_character, (counted, every_word) = await self._reader.counted(
            "characters",
            map(word_code, ideographs),
            [Question(found, self._query.facets), Question(strict, limit=FEW_HITS)],
        )
        if not self._is_ranked:
            return await self._listed(found, counted)
        by_ideograph = {ideograph_code(each): by_character[word_code(each)] for each in ideographs}
        frequencies = frequencies.with_more(likes.slips | likes.completions | by_ideograph)
        scoring = typed_scoring(
            self._typed,
            frequencies,
            slips=likes.slips,
            completions=likes.completions,
            is_relaxed=True,
            bonus=[hit.key for hit in every_word.hits],
        )
        words = self._tellings(scoring, frequencies)
        told = told_by(words, frequencies.documents, wanted=_RELAXED_HITS)
        told = told._replace(alternatives=[all_of(strict.clauses), *told.alternatives])
        best = await worth_reading(
            self._reader, found, told, words, wanted=_RELAXED_HITS, fields=_ALL_FIELDS
        )
        return await self._ranked(found, counted, scoring.scores(best, SEARCHED_FIELDS))

    def _tellings(self, scoring: Scoring, frequencies: Frequencies) -> list[Telling]:
        by_ideograph = {ideograph_code(each): word_code(each) for each in self._typed.ideographs}
        return [
            Telling(
                weight,
                "characters" if code in by_ideograph else "words",
                by_ideograph.get(code, code),
                frequencies.by_code.get(code, 0),
            )
            for code, weight in scoring.most.items()
        ]

    async def _likes(self) -> _Likes:
        """Words of the index one slip away from a typed one, or longer than the last one."""
        typed = self._typed
        if typed.phrases:
            return _Likes({}, {})
        beginning = word_code(typed.beginning)
        slipped, completed = await asyncio.gather(
            asyncio.gather(*(self._reader.codes_like("latin", w) for w in typed.latin_words)),
            self._reader.codes_like("words", beginning) if beginning else _nothing(),
        )
        slips = {
            code: count
            for word, found in zip(typed.latin_words, slipped, strict=True)
            for code, count in found
            if is_one_slip_away(code, word) and code != word
        }
        longer = [pair for pair in completed if pair[0] != beginning]
        return _Likes(slips, dict(longer[:MAX_COMPLETIONS]))

    async def _ranked(
        self, found: Scope, counted: Found, scored: Sequence[tuple[float, Stored]]
    ) -> Page:
        """A page of the best hits by score, then the others by key."""
        best = [Ranked(each.key, each.id or each.key, score) for score, each in scored]
        hits = best[self._offset : self._offset + self._limit]
        missing = self._limit - len(hits)
        if missing and counted.total > max(len(best), self._offset):
            others = found.having(*none_of("key", [each.key for each in best]))
            hits += await self._hits(others, max(0, self._offset - len(best)), missing)
        return Page(hits, counted.total, counted.facets)


def _holds(stored: Stored, phrase: Sequence[str]) -> bool:
    return holds_phrase(
        title=stored.title, keywords=stored.keywords, body=stored.body, parts=phrase
    )


async def _nothing() -> list[tuple[str, int]]:
    return []


def _musts(typed: TypedText) -> Filter:
    """Every word that no synonym can stand for, a wording of everything else, all phrases."""
    return [
        *map(has_word, typed.fixed),
        *([all_of(map(has_word, each)) for each in wordings(x)] for x in typed.expansions),
        *map(has_phrase, typed.phrases),
    ]


def _anything(typed: TypedText, likes: _Likes) -> Filter:
    """Any word or a word like it, or half of the ideographs; of a search with phrases these."""
    if typed.phrases:
        return [*map(has_phrase, typed.phrases)]
    targets = (target for expansion in typed.expansions for target in expansion.targets)
    words = [*typed.words, *(word for target in targets for word in target.words)]
    codes = [*map(word_code, words), *likes.slips, *likes.completions]
    ways = one_of("words", list(dict.fromkeys(codes)))
    ways += [all_of(map(has_character, half)) for half in typed.halves]
    if typed.neighbours:
        ways.append(has_phrase(typed.neighbours))
    return [ways or [NOTHING]]
