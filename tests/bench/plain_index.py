"""Tantivy used directly, as a short script would: what the engine is compared with.

One text field (title twice, keywords, body), the fields that the filters and facets need, one
writing thread as in the engine, no ideographs, prefixes, highlights or ranges.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from tantivy import (
    Document,
    FieldType,
    Index,
    Occur,
    Query,
    SchemaBuilder,
    TextAnalyzerBuilder,
    Tokenizer,
)

from search.documents import SearchDocument
from search.port import FacetName, Filters, WeightedTerm
from search.text import words

FACETS: tuple[FacetName, ...] = ("fields", "industry_sections", "trl")
_WRITER_HEAP_BYTES = 128_000_000
_PAGE = 20
_FEW_HITS = 10


class PlainPage(NamedTuple):
    """What a search found; `with_all_words` is False where it had to make do with any word."""

    ids: list[str]
    total: int
    facets: dict[str, Any]
    with_all_words: bool


class PlainIndex:
    """An index in memory. `write` before everything else."""

    def __init__(self) -> None:
        builder = SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        builder.add_text_field("text", tokenizer_name="spaced", index_option="freq")
        for name in ("fields", "industry_sections"):
            builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
        for name in ("industry_groups", "provinces"):
            builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
        for name in ("trl", "price_cny"):
            builder.add_integer_field(name, indexed=True, fast=True)
        self._schema = builder.build()
        self._index = Index(self._schema)
        self._index.register_tokenizer(
            "spaced", TextAnalyzerBuilder(Tokenizer.whitespace()).build()
        )
        self._writer = self._index.writer(heap_size=_WRITER_HEAP_BYTES, num_threads=1)

    def write(self, documents: Iterable[SearchDocument]) -> None:
        for document in documents:
            self._writer.add_document(_plain_document(document))
        self._writer.commit()
        self._index.reload()
        self._searcher = self._index.searcher()

    def search(self, text: str, filters: Filters) -> PlainPage:
        """The documents with all words, or with any of them where those are too few."""
        found = words(text)
        query = self._query(found, Occur.Must, filters)
        page = self._page(query)
        if with_all_words := page[1] >= _FEW_HITS:
            return PlainPage(*page, self._facets(query), with_all_words)
        query = self._query(found, Occur.Should, filters)
        return PlainPage(*self._page(query), self._facets(query), with_all_words)

    def _query(self, found: Sequence[str], occur: Occur, filters: Filters) -> Query:
        wanted = Query.boolean_query([(occur, self._term("text", word)) for word in found])
        conditions = [Query.const_score_query(each, 0.0) for each in self._conditions(filters)]
        return Query.boolean_query([(Occur.Must, each) for each in (wanted, *conditions)])

    def _page(self, query: Query) -> tuple[list[str], int]:
        answer: Any = self._searcher.search(query, _PAGE, count=True)
        return self._ids(answer), answer.count

    def _facets(self, query: Query) -> dict[str, Any]:
        asked = {name: {"terms": {"field": name, "size": 1_000}} for name in FACETS}
        return self._searcher.aggregate(query, asked)

    def _conditions(self, filters: Filters) -> Iterable[Query]:
        yield from (self._term("fields", code) for code in filters.fields)
        yield from (self._term("industry_groups", code) for code in filters.industries)
        yield from (self._term("provinces", code) for code in filters.divisions)
        for name, low, high in (
            ("trl", filters.trl_min, filters.trl_max),
            ("price_cny", filters.price_min_cny, filters.price_max_cny),
        ):
            if low is not None or high is not None:
                yield Query.range_query(self._schema, name, FieldType.Integer, low, high)

    def match(self, terms: Sequence[WeightedTerm], *, limit: int) -> list[str]:
        """The ids that the weighted OR of the terms finds, best first."""
        query = Query.boolean_query(
            [
                (Occur.Should, Query.boost_query(self._term("text", each.token), each.weight))
                for each in terms
            ]
        )
        return self._ids(self._searcher.search(query, limit, count=False))

    def _ids(self, answer: Any) -> list[str]:
        return [str(self._searcher.doc(address)["id"][0]) for _, address in answer.hits]

    def _term(self, field: str, value: str) -> Query:
        return Query.term_query(self._schema, field, value)


def _plain_document(document: SearchDocument) -> Document:
    made = Document()
    made.add_text("id", document.id)
    title = words(document.title)
    rest = words(" ".join(document.keywords)) + words(document.body)
    made.add_text("text", " ".join(title + title + rest))
    for code in document.fields:
        made.add_text("fields", code)
    for group in {code[:3] for code in document.industries}:
        made.add_text("industry_groups", group)
    for section in {code[0] for code in document.industries}:
        made.add_text("industry_sections", section)
    if document.division:
        made.add_text("provinces", document.division[:2])
    if document.trl_min is not None:
        made.add_integer("trl", document.trl_min)
    if document.price_min_cny is not None:
        made.add_integer("price_cny", document.price_min_cny)
    return made
