"""Listings as plain rows, for those who read thousands of them: indexing and matching.

Mapped objects cost more than cutting the words of a listing, or than its score. Contacts, notes
and what else no index and no score looks at is not read at all.
"""

import uuid
from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import Organisation
from market.listings.models import Listing, NeedListing, ResultListing
from schemas.listings import Need, Result

# Well below what either database takes as parameters of one statement.
IDS_A_STATEMENT = 1_000

_L, _R, _N = Listing.__table__.c, ResultListing.__table__.c, NeedListing.__table__.c
_COMMON = (
    *(_L.id, _L.kind, _L.version, _L.status, _L.published_at),
    *(_L.shows_organisation, _L.shows_terms),
    *(_L.title, _L.text, _L.keywords, _L.fields, _L.industries, _L.modes, _L.division),
    Organisation.name.label("organisation"),
    Organisation.credit_code,
)
_RESULT = (_R.trl, _R.rights, _R.price_min_cny, _R.price_max_cny, _R.ready_on)
_NEED = (
    *(_N.indicators, _N.trl_min, _N.trl_max),
    *(_N.budget_min_cny, _N.budget_max_cny, _N.deadline),
)
PLAIN: dict[str, Select[Any]] = {
    kind: select(*_COMMON, *typed)
    .join_from(Listing.__table__, table)
    .join(Organisation.__table__, Organisation.id == _L.organisation_id)
    for kind, typed, table in (
        ("result", _RESULT, ResultListing.__table__),
        ("need", _NEED, NeedListing.__table__),
    )
}
"""What is read of each kind; others may add conditions and columns."""


async def plain_rows(
    session: AsyncSession, wanted: Select[Any], ids: Collection[uuid.UUID]
) -> list[Row[Any]]:
    """The rows of these ids that are there."""
    rows: list[Row[Any]] = []
    for some in in_parts(ids):
        rows += await session.execute(wanted.where(_L.id.in_(some)))
    return rows


def in_parts(ids: Collection[uuid.UUID]) -> Iterator[list[uuid.UUID]]:
    """In the order of ids, as many as a statement takes."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), IDS_A_STATEMENT):
        yield ordered[start : start + IDS_A_STATEMENT]


def plain_result(row: Row[Any]) -> Result:
    """As market.listings.domain.result_of, as far as it was read."""
    return Result(
        id=str(row.id),
        title=row.title,
        summary=row.text,
        keywords=tuple(row.keywords),
        fields=tuple(row.fields),
        industries=tuple(row.industries),
        trl=row.trl,
        modes=tuple(row.modes),
        price_min_cny=row.price_min_cny,
        price_max_cny=row.price_max_cny,
        division=row.division,
        institute=row.organisation,
        credit_code=row.credit_code or "",
        rights=row.rights,
        ready_on=row.ready_on,
    )


def plain_need(row: Row[Any]) -> Need:
    """As market.listings.domain.need_of, as far as it was read."""
    return Need(
        id=str(row.id),
        title=row.title,
        description=row.text,
        keywords=tuple(row.keywords),
        indicators="；".join(each.get("text", "") for each in row.indicators),
        fields=tuple(row.fields),
        industries=tuple(row.industries),
        trl_min=row.trl_min,
        trl_max=row.trl_max,
        modes=tuple(row.modes),
        budget_min_cny=row.budget_min_cny,
        budget_max_cny=row.budget_max_cny,
        deadline=row.deadline,
        division=row.division,
        enterprise=row.organisation,
        credit_code=row.credit_code or "",
    )
