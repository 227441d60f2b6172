"""The columns of listings that a list shows, as plain rows.

Whole objects of the mapper would cost a search more than the search itself.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec
from sqlalchemy import Select, bindparam, select

from market.accounts.models import Organisation
from market.db import Database
from market.listings.models import Listing, NeedListing, ResultListing

_LISTING = (
    *("id", "kind", "organisation_id", "reference", "title", "text", "keywords", "fields"),
    *("industries", "modes", "division", "shows_organisation", "shows_terms", "status"),
    *("published_at", "expires_on", "changed_at", "version"),
)
_RESULT = ("trl", "price_min_cny", "price_max_cny", "ready_on")
_NEED = ("trl_min", "trl_max", "budget_min_cny", "budget_max_cny", "deadline")
_OWN: Mapping[str, tuple[Any, tuple[str, ...]]] = {
    "result": (ResultListing.__table__, _RESULT),
    "need": (NeedListing.__table__, _NEED),
}


class _Organisation(msgspec.Struct, frozen=True):
    id: uuid.UUID
    name: str
    kind: str
    verified_at: Any


async def shown_rows(database: Database, kind: str, ids: Sequence[uuid.UUID]) -> dict[str, Any]:
    """The published ones among these listings; each row has the attributes of its table."""
    rows = await database.read_once(_QUERIES[kind], {"ids": ids})
    shape = _SHAPES[kind]
    # With the status among the conditions SQLite would go through all published listings.
    return {
        str(row.id): row for row in (shape(*each) for each in rows) if row.status == "published"
    }


def organisation_of(row: Any) -> Organisation:
    """Who posts a shown row, with the attributes that a summary asks for."""
    shown = _Organisation(
        row.organisation_id, row.organisation_name, row.organisation_kind, row.verified_at
    )
    return cast(Organisation, shown)


def _query(kind: str) -> Select[Any]:
    """With its ids to be named at each call: to build it anew costs a good part of the answer."""
    own, names = _OWN[kind]
    return (
        select(
            *(_LISTINGS.c[name] for name in _LISTING),
            *(own.c[name] for name in names),
            _ORGANISATIONS.c.name.label("organisation_name"),
            _ORGANISATIONS.c.kind.label("organisation_kind"),
            _ORGANISATIONS.c.verified_at,
        )
        .select_from(
            _LISTINGS.join(own, own.c.id == _LISTINGS.c.id).join(
                _ORGANISATIONS, _ORGANISATIONS.c.id == _LISTINGS.c.organisation_id
            )
        )
        .where(_LISTINGS.c.id.in_(bindparam("ids", expanding=True)))
    )


_LISTINGS: Any = Listing.__table__
_ORGANISATIONS: Any = Organisation.__table__
_QUERIES: Mapping[str, Select[Any]] = {kind: _query(kind) for kind in _OWN}
# Each attribute is read more than once, and the library's rows look it up by name each time.
_SHAPES: Mapping[str, Any] = {
    kind: msgspec.defstruct(f"Shown_{kind}", [str(column.key) for column in query.selected_columns])
    for kind, query in _QUERIES.items()
}
