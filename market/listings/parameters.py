"""Query parameters of listings."""

import uuid
from typing import Annotated, Literal

from litestar.params import QueryParameter

from market.http.paging import place_of
from market.listings.queries import OwnListings
from schemas.common import ONE_LINE
from schemas.listing_views import ListingKind, Status

PreviewAs = Annotated[
    Literal["anyone", "verified"],
    QueryParameter(
        name="as", description="以谁的身份看 · as whom to look: anyone, or a verified organisation"
    ),
]
StatusAsked = Annotated[
    Status | None, QueryParameter(description="只看这一状态 · only those in this status")
]
TextAsked = Annotated[
    str,
    QueryParameter(
        max_length=200,
        pattern=ONE_LINE,
        description="名称或编号的一部分 · a part of the title or of the reference",
    ),
]


def own_listings(
    kind: ListingKind, status: Status | None, text: str, cursor: str | None
) -> OwnListings:
    """What a query asks for. Raises Invalid for a cursor that we never gave out."""
    before = place_of(cursor, uuid.UUID)
    return OwnListings(kind=kind, status=status, text=text.strip(), before=before)
