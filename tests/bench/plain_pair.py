"""The plain script that `duijie pair` is compared with: no engine, no score, no reasons.

Reads two .jsonl files, cuts their texts into words, indexes the results with tantivy, runs one
weighted OR query a need (title words twice) and writes the ids of the best results.

python -m tests.bench.plain_pair RESULTS NEEDS PAIRS
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from tantivy import (
    Document,
    Index,
    Occur,
    Query,
    Schema,
    SchemaBuilder,
    Searcher,
    TextAnalyzerBuilder,
    Tokenizer,
)

from search.text import words

_TOP = 10
_WRITER_HEAP_BYTES = 128_000_000

Listing = dict[str, Any]


def listings(path: Path) -> Iterator[Listing]:
    with path.open("rb") as file:
        yield from map(msgspec.json.decode, file)


def index_results(path: Path) -> tuple[Schema, Searcher]:
    builder = SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("text", tokenizer_name="spaced", index_option="freq")
    schema = builder.build()
    index = Index(schema)
    index.register_tokenizer("spaced", TextAnalyzerBuilder(Tokenizer.whitespace()).build())
    writer = index.writer(heap_size=_WRITER_HEAP_BYTES, num_threads=1)
    for result in listings(path):
        writer.add_document(_document(result))
    writer.commit()
    index.reload()
    return schema, index.searcher()


def _document(result: Listing) -> Document:
    title = words(result["title"])
    rest = words(" ".join(result["keywords"])) + words(result["summary"])
    made = Document()
    made.add_text("id", result["id"])
    made.add_text("text", " ".join(title + title + rest))
    return made


def best_results(schema: Schema, searcher: Searcher, need: Listing) -> list[str]:
    weights = dict.fromkeys(words(f"{need['description']}\n{need['indicators']}"), 1.0)
    weights |= dict.fromkeys(words(need["title"]), 2.0)
    query = Query.boolean_query(
        [
            (Occur.Should, Query.boost_query(Query.term_query(schema, "text", word), weight))
            for word, weight in weights.items()
        ]
    )
    hits = searcher.search(query, _TOP, count=False).hits
    return [str(searcher.doc(address)["id"][0]) for _, address in hits]


def pair(results: Path, needs: Path, pairs: Path) -> None:
    schema, searcher = index_results(results)
    with pairs.open("wb") as file:
        for need in listings(needs):
            found = best_results(schema, searcher, need)
            row = {"need_id": need["id"], "result_ids": found}
            file.write(msgspec.json.encode(row) + b"\n")


if __name__ == "__main__":
    pair(*map(Path, sys.argv[1:4]))
