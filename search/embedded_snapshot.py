"""Reading one state of an index: pages in an exact order, counts, facets, stored texts."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any, NamedTuple, cast

import msgspec
from tantivy import DocAddress, FieldType, Occur, Order, Query, Schema, Searcher

from search.embedded_filters import facet_counts, facet_request, filtered, number_range
from search.embedded_schema import Original
from search.port import FacetName, IndexCorrupt

# How many neighbours of a page are read besides, to see whether its ends cut a tie; and how
# wide a tie is still put in the order of ids.
_NEIGHBOURS = 8
_WIDEST_TIE = 10_000


class Found(NamedTuple):
    """A document of a page; `score` is 0 in every order but that of relevance."""

    id: str
    score: float
    address: DocAddress


class FoundPage(NamedTuple):
    """Documents of one page, and how many there are on all pages; None when not counted."""

    found: list[Found]
    total: int | None


class Snapshot:
    """One state of an index. Writings that follow don't change it.

    `known_ids` maps writing numbers to ids. It may be shared by all snapshots of an index, as
    a number names one writing of one document for ever. Every method raises IndexCorrupt when
    the files of the index can't be read.
    """

    def __init__(self, searcher: Searcher, schema: Schema, known_ids: dict[int, str]) -> None:
        self.searcher = searcher
        self.schema = schema
        self.known_ids = known_ids

    def by_relevance(
        self, query: Query, *, offset: int, limit: int, count: bool = True
    ) -> FoundPage:
        """Best first; equal scores in the order of ids, also where a page ends among them."""
        first, last = max(0, offset - _NEIGHBOURS), offset + limit + _NEIGHBOURS
        total: int | None = None
        while True:
            hits, counted = self._search(query, offset=first, limit=last - first, count=count)
            total, count = (counted if total is None else total), False
            end = min(offset + limit - first, len(hits))
            if len(hits) <= offset - first or last - first > _WIDEST_TIE:
                break
            cut_before = first > 0 and hits[0][0] == hits[offset - first][0]
            cut_after = len(hits) == last - first and hits[-1][0] == hits[end - 1][0]
            if not cut_before and not cut_after:
                break
            width = 4 * (last - first)
            first = max(0, first - width) if cut_before else first
            last = last + width if cut_after else last
        return FoundPage(self._in_order_of_ids(hits, offset - first, end), total)

    def _in_order_of_ids(
        self, hits: list[tuple[float, DocAddress]], begin: int, end: int
    ) -> list[Found]:
        """The hits from `begin` to `end` once ties that reach over these ends are sorted too."""
        if begin >= end:
            return []
        start, stop = begin, end
        while start > 0 and hits[start - 1][0] == hits[begin][0]:
            start -= 1
        while stop < len(hits) and hits[stop][0] == hits[end - 1][0]:
            stop += 1
        ids = self._ids([address for _, address in hits[start:stop]])
        found = [
            Found(document_id, score, address)
            for document_id, (score, address) in zip(ids, hits[start:stop], strict=True)
        ]
        found.sort(key=lambda one: (-one.score, one.id))
        return found[begin - start : end - start]

    def by_number(
        self, query: Query, field: str, order: Order, *, offset: int, limit: int
    ) -> FoundPage:
        """By a number field, documents without the number last; equal numbers by id."""
        hits, total = self._search(
            query, offset=offset, limit=limit, count=True, field=field, order=order
        )
        groups = [
            (value, [address for _, address in group])
            for value, group in groupby(hits, key=lambda hit: hit[0])
        ]
        found: list[Found] = []
        for place, (value, addresses) in enumerate(groups):
            if 0 < place < len(groups) - 1:
                found += self._sorted_by_id(addresses)
                continue
            # The page may show a part of this group only, and tantivy's part is not the first
            # by id: ask for the group alone in the order of ids.
            start = offset - self._ahead_of(query, field, order, value) if place == 0 else 0
            same = filtered(query, [self._has(field, value)])
            found += self.by_id(same, offset=start, limit=len(addresses)).found
        return FoundPage(found, total)

    def _sorted_by_id(self, addresses: list[DocAddress]) -> list[Found]:
        found = [
            Found(document_id, 0.0, address)
            for document_id, address in zip(self._ids(addresses), addresses, strict=True)
        ]
        return sorted(found, key=lambda one: one.id)

    def _has(self, field: str, value: int | None) -> Query:
        if value is None:
            return Query.boolean_query(
                [(Occur.Must, Query.all_query()), (Occur.MustNot, Query.exists_query(field))]
            )
        return number_range(self.schema, field, value, value)

    def _ahead_of(self, query: Query, field: str, order: Order, value: int | None) -> int:
        """How many documents come before all those with this value."""
        if value is None:
            ahead = Query.exists_query(field)
        elif order == Order.Asc:
            ahead = Query.range_query(
                self.schema, field, FieldType.Integer, None, value, include_upper=False
            )
        else:
            ahead = Query.range_query(
                self.schema, field, FieldType.Integer, value, None, include_lower=False
            )
        return self.count(filtered(query, [ahead]))

    def by_id(self, query: Query, *, offset: int, limit: int) -> FoundPage:
        hits, total = self._search(
            query, offset=offset, limit=limit, count=True, field="id", order=Order.Asc
        )
        return FoundPage([Found(key, 0.0, address) for key, address in hits], total)

    def count(self, query: Query) -> int:
        _, total = self._search(query, offset=0, limit=0, count=True)
        return total or 0

    def _search(
        self,
        query: Query,
        *,
        offset: int,
        limit: int,
        count: bool,
        field: str | None = None,
        order: Order = Order.Desc,
    ) -> tuple[list[tuple[Any, DocAddress]], int | None]:
        documents = self.searcher.num_docs
        if offset >= documents:
            offset, limit = 0, 0
        # tantivy panics on a limit of 0 and on places past its memory.
        within = max(1, min(limit, documents - offset))
        with _reading():
            answer = self.searcher.search(
                query, within, count=count, order_by_field=field, offset=offset, order=order
            )
        # The count is missing from tantivy's stub file.
        return answer.hits[:limit], answer.count  # type: ignore[attr-defined]

    def facets(self, query: Query, names: Sequence[FacetName]) -> dict[str, dict[str, int]]:
        if not names:
            return {}
        with _reading():
            return facet_counts(self.searcher.aggregate(query, facet_request(names)))

    def original(self, address: DocAddress) -> Original:
        with _reading():
            stored = self.searcher.doc(address)["original"][0]
        return msgspec.msgpack.decode(bytes(stored), type=Original)

    def versions(self) -> dict[str, int]:
        hits, _ = self._search(
            Query.all_query(),
            offset=0,
            limit=self.searcher.num_docs,
            count=False,
            field="id",
            order=Order.Asc,
        )
        numbers = self._numbers("version", [address for _, address in hits])
        return dict(zip((key for key, _ in hits), numbers, strict=True))

    def _ids(self, addresses: list[DocAddress]) -> list[str]:
        """Ids by writing number where known: a stored document costs fifty times as much."""
        if len(self.known_ids) > 2 * self.searcher.num_docs + _WIDEST_TIE:
            self.known_ids.clear()
        numbers = self._numbers("number", addresses)
        return [
            self.known_ids.get(number) or self._stored_id(number, address)
            for number, address in zip(numbers, addresses, strict=True)
        ]

    def _stored_id(self, number: int, address: DocAddress) -> str:
        with _reading():
            found: str = self.searcher.doc(address)["id"][0]
        self.known_ids[number] = found
        return found

    def _numbers(self, field: str, addresses: list[DocAddress]) -> list[int]:
        with _reading():
            # Both fields that are read this way are filled in every document.
            return cast(list[int], self.searcher.fast_field_values(field, addresses))

    def highest_number(self) -> int:
        hits, _ = self._search(
            Query.all_query(), offset=0, limit=1, count=False, field="number", order=Order.Desc
        )
        return hits[0][0] if hits else 0

    def words_with_prefix(self, field: str, prefix: str, limit: int) -> Iterable[str]:
        with _reading():
            return [word for word, _ in self.searcher.terms_with_prefix(field, prefix, limit=limit)]


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (ValueError, OSError) as error:
        raise IndexCorrupt(f"The search index can't be read: {error}.") from error
