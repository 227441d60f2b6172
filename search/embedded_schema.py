"""The fields of the embedded index, and how a document fills them."""

from collections.abc import Sequence
from functools import lru_cache

import msgspec
from tantivy import Document, Index, Schema, SchemaBuilder, TextAnalyzerBuilder, Tokenizer

from search import text
from search.documents import SearchDocument
from search.fields import (
    both_ends,
    checked_id,
    checked_number,
    prefixes,
    province,
    sections,
    trl_levels,
)
from search.text import characters, clean, spelled_out

# Raise this number with every change of the fields or of what stands in them: indexes made
# with another number are rebuilt by their owners.
SCHEMA_VERSION = 1


class Original(msgspec.Struct, array_like=True, frozen=True):
    """The texts as people wrote them, kept in the index so that hits can be highlighted."""

    title: str
    keywords: tuple[str, ...]
    body: str


def build_schema() -> Schema:
    builder = SchemaBuilder()
    builder.add_text_field("id", stored=True, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field("original", stored=True)
    for name in ("title", "keywords", "all", "head_characters"):
        builder.add_text_field(name, tokenizer_name="spaced", index_option="freq")
    for name in ("characters", "organisation"):
        builder.add_text_field(name, tokenizer_name="spaced", index_option="position")
    for name in ("fields", "modes", "industry_sections", "provinces"):
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    for name in ("industry_prefixes", "division_prefixes"):
        builder.add_text_field(name, tokenizer_name="spaced", index_option="basic")
    for name in _NUMBERS:
        builder.add_integer_field(name, indexed=True, fast=True)
    return builder.build()


_NUMBERS = (
    "number",
    "version",
    "trl",
    "trl_min",
    "trl_low",
    "trl_high",
    "price_min_cny",
    "price_low",
    "price_high",
    "published_at_s",
)


def register_tokenizers(index: Index) -> Index:
    """Must follow every opening: the folder names the tokenizer without describing it."""
    index.register_tokenizer("spaced", TextAnalyzerBuilder(Tokenizer.whitespace()).build())
    return index


def index_document(document: SearchDocument, *, words: Sequence[str] | None = None) -> Document:
    """Fill the fields, but for the number of the writing (`number_document`).

    With `words` (those of document_words) only the fields that `candidates` needs, with filters
    by industry. Raises DocumentRefused.
    """
    made = Document()
    made.add_text("id", checked_id(document.id))
    _add_number(made, "version", document.version)
    if words is not None:
        made.add_text("all", " ".join(words))
        made.add_text("industry_prefixes", _prefixes(document.industries))
        return made
    _add_texts(made, document)
    _add_codes(made, document)
    _add_ranges(made, document)
    return made


def number_document(made: Document, number: int) -> None:
    """`number` names this writing of the document within the index."""
    _add_number(made, "number", number)


def _add_texts(made: Document, document: SearchDocument) -> None:
    original = Original(
        clean(document.title), tuple(map(clean, document.keywords)), clean(document.body)
    )
    made.add_bytes("original", msgspec.msgpack.encode(original))
    title, body = text.fold(original.title), text.fold(original.body)
    keywords = text.fold("|".join(original.keywords))
    title_words = " ".join(text.words_of_folded(title))
    keyword_words = " ".join(text.words_of_folded(keywords))
    body_words = " ".join(text.words_of_folded(body))
    made.add_text("title", title_words)
    made.add_text("keywords", keyword_words)
    made.add_text("all", f"{title_words} {title_words} {keyword_words} {body_words}")
    head_characters = f"{_spaced_characters(title)} | {_spaced_characters(keywords)}"
    made.add_text("head_characters", head_characters)
    made.add_text("characters", f"{head_characters} | {_spaced_characters(body)}")


def _spaced_characters(folded: str) -> str:
    # Bars between the texts and the keywords keep a phrase from running over their ends.
    return " | ".join(" ".join(characters(part)) for part in folded.split("|"))


def _add_codes(made: Document, document: SearchDocument) -> None:
    for name, codes in (("fields", document.fields), ("modes", document.modes)):
        for code in codes:
            made.add_text(name, clean(code))
    for section in _sections(document.industries):
        made.add_text("industry_sections", section)
    made.add_text("industry_prefixes", _prefixes(document.industries))
    if document.division:
        made.add_text("division_prefixes", _prefixes((document.division,)))
        made.add_text("provinces", province(document.division))
    made.add_text("organisation", _spaced_name(document.organisation))


# Listings repeat few codes and names, so these are worked out once each.
@lru_cache(maxsize=20_000)
def _prefixes(codes: tuple[str, ...]) -> str:
    return " ".join(prefixes(codes))


_sections = lru_cache(maxsize=20_000)(sections)


@lru_cache(maxsize=20_000)
def _spaced_name(name: str) -> str:
    return " ".join(spelled_out(name))


def _add_ranges(made: Document, document: SearchDocument) -> None:
    if document.published_at_s is not None:
        _add_number(made, "published_at_s", document.published_at_s)
    if document.price_min_cny is not None:
        _add_number(made, "price_min_cny", document.price_min_cny)
    if document.trl_min is not None:
        _add_number(made, "trl_min", document.trl_min)
    _add_low_and_high(made, "price", document.price_min_cny, document.price_max_cny)
    _add_low_and_high(made, "trl", document.trl_min, document.trl_max)
    for level in trl_levels(document.trl_min, document.trl_max):
        made.add_integer("trl", level)


def _add_low_and_high(made: Document, name: str, low: int | None, high: int | None) -> None:
    ends = both_ends(low, high)
    if ends is not None:
        _add_number(made, f"{name}_low", ends[0])
        _add_number(made, f"{name}_high", ends[1])


def _add_number(made: Document, name: str, value: int) -> None:
    made.add_integer(name, checked_number(name, value))
