"""The fields of the embedded index, and how a document fills them."""

import re
from collections.abc import Sequence
from functools import lru_cache

import msgspec
from tantivy import Document, Index, Schema, SchemaBuilder, TextAnalyzerBuilder, Tokenizer

from search import text
from search.documents import SearchDocument
from search.port import SearchError

# Raise this number with every change of the fields or of what stands in them: indexes made
# with another number are rebuilt by their owners.
SCHEMA_VERSION = 1

MAX_ID_BYTES = 512
MAX_PREFIX_CHARACTERS = 32
_TRL_LEVELS = range(1, 10)
I64_MIN, I64_MAX = -(2**63), 2**63 - 1

# One ideograph, a run of digits or a run of letters: neighbours of these are neighbours in the
# text however it is cut into words.
_IDEOGRAPHS = r"\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_CHARACTERS = re.compile(rf"[{_IDEOGRAPHS}]|\d+|[^\W\d_{_IDEOGRAPHS}]+")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class DocumentRefused(SearchError):
    """A document that no index can hold: its id is empty or too long, or a number too large."""


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


def clean(value: str) -> str:
    """The text with each unpaired surrogate replaced by one character, so that places hold."""
    if value.isascii():
        return value
    return _LONE_SURROGATE.sub("\ufffd", value)


def characters(folded: str) -> list[str]:
    """Ideographs, runs of digits and runs of letters of a folded text, in order."""
    return _CHARACTERS.findall(folded)


def spelled_out(name: str) -> list[str]:
    """Every character of a folded name but its spaces: parts of the name are runs of these."""
    return list("".join(text.fold(clean(name)).split()))


def index_document(document: SearchDocument, *, words: Sequence[str] | None = None) -> Document:
    """Fill the fields, but for the number of the writing (`number_document`).

    With `words` (those of document_words) only the fields that `candidates` needs, with filters
    by industry. Raises DocumentRefused.
    """
    made = Document()
    made.add_text("id", _checked_id(document.id))
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


def _checked_id(document_id: str) -> str:
    if not document_id or _LONE_SURROGATE.search(document_id):
        raise DocumentRefused(f"The id {document_id!r} is empty or is no valid text.")
    if len(document_id.encode()) > MAX_ID_BYTES:
        raise DocumentRefused(f"The id {document_id[:40]!r}… is longer than {MAX_ID_BYTES} bytes.")
    return document_id


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
        made.add_text("provinces", clean(document.division[:2]) + "0000")
    made.add_text("organisation", _spaced_name(document.organisation))


# Listings repeat few codes and names, so these are worked out once each.
@lru_cache(maxsize=20_000)
def _prefixes(codes: tuple[str, ...]) -> str:
    """Every beginning of every code once: a filter by prefix is then a plain term."""
    whole = [prefix_term(code) for code in codes]
    return " ".join(
        dict.fromkeys(code[:length] for code in whole for length in range(1, len(code) + 1))
    )


def prefix_term(code: str) -> str:
    """A code, or the beginning of one, as a word of the fields of prefixes."""
    return "".join(clean(code)[:MAX_PREFIX_CHARACTERS].split())


@lru_cache(maxsize=20_000)
def _sections(industries: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(clean(code[0]) for code in industries if code))


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
    if document.trl_min is None and document.trl_max is None:
        return
    lowest = _TRL_LEVELS[0] if document.trl_min is None else document.trl_min
    highest = _TRL_LEVELS[-1] if document.trl_max is None else document.trl_max
    for level in _TRL_LEVELS:
        if lowest <= level <= highest:
            made.add_integer("trl", level)


def _add_low_and_high(made: Document, name: str, low: int | None, high: int | None) -> None:
    """One known end leaves the other open; a document that knows neither has no range at all."""
    if low is None and high is None:
        return
    _add_number(made, f"{name}_low", I64_MIN if low is None else low)
    _add_number(made, f"{name}_high", I64_MAX if high is None else high)


def _add_number(made: Document, name: str, value: int) -> None:
    if not I64_MIN <= value <= I64_MAX:
        raise DocumentRefused(f"The number {name} of a document does not fit into 64 bits.")
    made.add_integer(name, value)
