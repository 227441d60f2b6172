"""What is brought to a fair, shown as far as the viewer may see each listing."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.viewer import Viewer
from market.fairs.registration_queries import BroughtRow
from market.listings.queries import listings_by_id, organisations_by_id
from market.listings.visibility import relation_of, sees_organisation, summary_of
from schemas.fair_registrations import FairListingView
from schemas.vocab import Lang


async def brought_views(
    session: AsyncSession, viewer: Viewer, rows: Sequence[BroughtRow], lang: Lang
) -> list[FairListingView]:
    """In the order of the rows; whose a listing is, for those who may see that of it."""
    listings = {
        **await listings_by_id(session, "result", _ids(rows, "result")),
        **await listings_by_id(session, "need", _ids(rows, "need")),
    }
    organisations = await organisations_by_id(session, listings.values())
    views = []
    for row in rows:
        listing = listings[row.brought.listing_id]
        relation = relation_of(viewer, listing)
        own: dict[str, Any] = {}
        if sees_organisation(relation, listing):
            own["registration_id"] = str(row.registration.id)
        organisation = organisations[listing.organisation_id]
        views.append(
            FairListingView(
                kind=cast(Any, row.brought.kind),
                zone=row.registration.zone,
                listing=summary_of(listing, organisation, relation, lang),
                **own,
            )
        )
    return views


def _ids(rows: Sequence[BroughtRow], kind: str) -> list[Any]:
    return [row.brought.listing_id for row in rows if row.brought.kind == kind]
