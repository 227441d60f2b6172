"""A typed search in a Meilisearch index: what is found, and in which order.

Filters find, so that totals and facets are exact. The best hits are ordered by scores of our own,
made of the words that the server keeps of them; hits past these follow in the order of keys.
"""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import chain, islice, product
from typing import NamedTuple

from search.highlight import is_one_slip_away
from search.meilisearch_codes import ideograph_code, word_code
from search.meilisearch_documents import SEARCHED_FIELDS, WORD_FIELDS
from search.meilisearch_filters import (
    ORDERS,
    all_of,
    any_of,
    has_character,
    has_phrase,
    has_word,
    has_words,
    one_of,
)
from search.meilisearch_reading import Found, IndexReader, Question, Stored
from search.meilisearch_scoring import Frequencies, Scoring, typed_scoring
from search.meilisearch_telling import MOST_DOCUMENTS, Telling, telling_filter
from search.port import SearchQuery
from search.typed import FEW_HITS, MAX_COMPLETIONS, TypedText, wordings

# So many of the hits are ordered by score at least; all pages are of the same list.
RANKED_HITS = 300
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
    facets: dict[str, dict[str, int]]


class _Likes(NamedTuple):
    """Codes of the index that may be meant by what was typed."""

    slips: dict[str, int]
    completions: dict[str, int]


class TypedSearch:
    """One search, with the conditions that its filters are."""

    def __init__(
        self, reader: IndexReader, typed: TypedText, conditions: Sequence[str], query: SearchQuery
    ) -> None:
        self._reader = reader
        self._typed = typed
        self._conditions = conditions
        self._query = query
        self._offset = max(0, query.offset)
        self._limit = max(0, query.limit)

    async def page(self) -> Page:
        if self._typed.is_blank:
            return await self._listed(all_of(self._conditions))
        strict = all_of([*_musts(self._typed), *self._conditions])
        counted, frequencies = await self._counted(strict)
        is_ranked = self._query.sort == "relevance" and self._limit > 0
        if counted.total < FEW_HITS:
            return await self._relaxed(strict, counted, frequencies, is_ranked=is_ranked)
        if not is_ranked:
            return await self._listed(strict)
        scoring = typed_scoring(self._typed, frequencies)
        best = await self._best_strict(strict, counted.total)
        return await self._ranked(strict, counted, scoring.scores(best, WORD_FIELDS))

    async def _listed(self, found: str) -> Page:
        """A page in an order that no score decides."""
        question = Question(
            filter=found,
            sort=ORDERS[self._query.sort],
            facets=self._query.facets,
            offset=self._offset,
            limit=self._limit,
        )
        (answer,) = await self._reader.answers([question])
        hits = [Ranked(hit.key, hit.id or hit.key) for hit in answer.hits]
        return Page(hits, answer.total, answer.facets)

    async def _counted(self, strict: str) -> tuple[Found, Frequencies]:
        """What is strictly found, counted, and how frequent the words are."""
        typed = self._typed
        targets = (t for expansion in typed.expansions for t in expansion.targets)
        words = dict.fromkeys([*typed.words, *(word for t in targets for word in t.words)])
        counted, everything, *counts = await self._reader.answers(
            [
                Question(filter=strict, facets=self._query.facets),
                Question(),
                *(Question(filter=has_word(word)) for word in words),
            ]
        )
        by_code = {word_code(word): count.total for word, count in zip(words, counts, strict=True)}
        return counted, Frequencies(everything.total, by_code)

    async def _best_strict(self, strict: str, total: int) -> list[Stored]:
        if total <= RANKED_HITS:
            return await self._reader.stored_where(strict, fields=_FIELDS, limit=total)
        answers = await self._reader.answers(
            Question(filter=strict, words=words, limit=RANKED_HITS) for words in self._ways()
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

    async def _relaxed(
        self, strict: str, counted: Found, frequencies: Frequencies, *, is_ranked: bool
    ) -> Page:
        likes = await self._likes()
        found = all_of([_anything(self._typed, likes), *self._conditions])
        if not is_ranked:
            return await self._listed(found)
        ideographs = self._typed.ideographs
        counted, every_word, *counts = await self._reader.answers(
            [
                Question(filter=found, facets=self._query.facets),
                Question(filter=strict, limit=FEW_HITS),
                *(Question(filter=has_character(each)) for each in ideographs),
            ]
        )
        by_ideograph = {
            ideograph_code(each): count.total
            for each, count in zip(ideographs, counts, strict=True)
        }
        frequencies = frequencies.with_more(likes.slips | likes.completions | by_ideograph)
        scoring = typed_scoring(
            self._typed,
            frequencies,
            slips=likes.slips,
            completions=likes.completions,
            is_relaxed=True,
            bonus=[hit.key for hit in every_word.hits],
        )
        worth = self._worth_reading(scoring, frequencies)
        best = await self._reader.stored_where(
            all_of([found, any_of([strict, worth])]), fields=_ALL_FIELDS, limit=MOST_DOCUMENTS
        )
        return await self._ranked(found, counted, scoring.scores(best, SEARCHED_FIELDS))

    def _worth_reading(self, scoring: Scoring, frequencies: Frequencies) -> str:
        by_ideograph = {ideograph_code(each): word_code(each) for each in self._typed.ideographs}
        return telling_filter(
            (
                Telling(
                    weight,
                    "characters" if code in by_ideograph else "words",
                    by_ideograph.get(code, code),
                    frequencies.by_code.get(code, 0),
                )
                for code, weight in scoring.most.items()
            ),
            frequencies.documents,
        )

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
        self, found: str, counted: Found, scored: Sequence[tuple[float, Stored]]
    ) -> Page:
        """A page of the best hits by score, then the others by key."""
        best = [Ranked(each.key, each.id or each.key, score) for score, each in scored]
        hits = best[self._offset : self._offset + self._limit]
        missing = self._limit - len(hits)
        if missing and counted.total > max(len(best), self._offset):
            past = max(0, self._offset - len(best))
            hits += await self._others(found, best, offset=past, limit=missing)
        return Page(hits, counted.total, counted.facets)

    async def _others(
        self, found: str, best: Sequence[Ranked], *, offset: int, limit: int
    ) -> list[Ranked]:
        shown = one_of("key", [each.key for each in best])
        (answer,) = await self._reader.answers(
            [Question(filter=f"({found}) AND NOT ({shown})", offset=offset, limit=limit)]
        )
        return [Ranked(hit.key, hit.id or hit.key) for hit in answer.hits]


async def _nothing() -> list[tuple[str, int]]:
    return []


def _musts(typed: TypedText) -> Iterable[str]:
    """Every word that no synonym can stand for, a wording of everything else, all phrases."""
    yield from map(has_word, typed.fixed)
    for expansion in typed.expansions:
        yield any_of(map(has_words, wordings(expansion)))
    yield from map(has_phrase, typed.phrases)


def _anything(typed: TypedText, likes: _Likes) -> str:
    if typed.phrases:
        return all_of(map(has_phrase, typed.phrases))
    targets = (target for expansion in typed.expansions for target in expansion.targets)
    words = [*typed.words, *(word for target in targets for word in target.words)]
    codes = [*map(word_code, words), *likes.slips, *likes.completions]
    ways = [one_of("words", list(dict.fromkeys(codes)))] if codes else []
    ways += [all_of(map(has_character, half)) for half in typed.halves]
    if typed.neighbours:
        ways.append(has_phrase(typed.neighbours))
    return any_of(ways)
