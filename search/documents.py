"""What a searchable document is, on either engine."""

import msgspec

from search.text import fold, words_of_folded


class SearchDocument(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One listing as an engine stores it. The texts are as people wrote them, unfolded.

    Codes (`fields`, `industries`, `modes`, `division`) are opaque here; industries and the
    division are found by prefix. Numbers that are unknown are None: a range filter on them
    then leaves the document out. `version` grows with each change of the listing.
    """

    id: str
    version: int = 1
    title: str
    keywords: tuple[str, ...] = ()
    body: str = ""
    fields: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    division: str | None = None
    organisation: str = ""
    modes: tuple[str, ...] = ()
    trl_min: int | None = None
    trl_max: int | None = None
    price_min_cny: int | None = None
    price_max_cny: int | None = None
    published_at_s: int | None = None


def document_words(document: SearchDocument) -> tuple[str, ...]:
    """The words of all texts of a document in their order, the title's twice: it says most."""
    title, keywords, body = (
        words_of_folded(fold(text))
        for text in (document.title, "|".join(document.keywords), document.body)
    )
    return title + title + keywords + body
