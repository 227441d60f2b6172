"""Plain rows of listings (market.listings.plain) as documents: all of them, or what an index may
hold."""

from typing import Any

import msgspec
from sqlalchemy import Row

from market.indexing.documents import document_of_need, document_of_result
from market.listings.plain import plain_need, plain_result
from market.listings.visibility import indicator_names
from search.documents import SearchDocument


def whole_document(row: Row[Any]) -> SearchDocument:
    """With all that the owner hides: for scoring, never for an index."""
    if row.kind == "result":
        return document_of_result(plain_result(row))
    return document_of_need(plain_need(row))


def public_document(row: Row[Any], whole: SearchDocument | None = None) -> SearchDocument:
    """What the index holds: nothing that finding it could tell to those who may not know it.

    A need's indicators are there by name only. What its owner hides, the name of the
    organisation or the terms, is not there at all. `whole` is the row's whole_document, for
    those who have it already.
    """
    is_result = row.kind == "result"
    document = (whole or whole_document(row)) if is_result else _public_need(row)
    return msgspec.structs.replace(
        document,
        version=row.version,
        organisation=row.organisation if row.shows_organisation else "",
        price_min_cny=document.price_min_cny if row.shows_terms else None,
        price_max_cny=document.price_max_cny if row.shows_terms else None,
        published_at_s=None if row.published_at is None else int(row.published_at.timestamp()),
    )


def _public_need(row: Row[Any]) -> SearchDocument:
    names = indicator_names(row) if row.shows_terms else []
    need = msgspec.structs.replace(plain_need(row), indicators="；".join(names))
    return document_of_need(need)
