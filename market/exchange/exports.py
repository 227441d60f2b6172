"""Listings as rows of a file, so that an import of the same file changes nothing."""

import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import Organisation
from market.accounts.viewer import Viewer
from market.errors import TooLarge
from market.exchange.import_files import is_own_reference
from market.exchange.listing_files import PUBLISHED_HEADER, STATUS_HEADER
from market.listings.bulk import POSTER
from market.listings.domain import domain_of
from market.listings.models import Listing
from market.listings.queries import TABLES
from schemas.listing_views import ListingKind, Status
from schemas.listings import Need, Result
from schemas.vocab import Lang

# What is answered while the client waits; more is for `duijie export`.
MAX_ANSWERED_ROWS = 5_000
_STATUS_NAMES: dict[str, str] = {
    "draft": "草稿",
    "published": "已发布",
    "paused": "已暂停",
    "closed": "已关闭",
    "withdrawn": "已撤回",
    "expired": "已过期",
}


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """Which listings a file shall hold. `organisation_id` None: those of all, published ones."""

    kind: ListingKind
    organisation_id: uuid.UUID | None
    status: Status | None = None
    with_contacts: bool = True


def exported_for(viewer: Viewer, kind: ListingKind, status: Status | None) -> Exported:
    """One's own organisation's listings, drafts too; for moderators without one all published."""
    if viewer.organisation_id is None:
        return Exported(kind=kind, organisation_id=None, status=status, with_contacts=False)
    return Exported(kind=kind, organisation_id=viewer.organisation_id, status=status)


async def rows_to_export(
    session: AsyncSession,
    wanted: Exported,
    lang: Lang,
    *,
    after: uuid.UUID | None = None,
    limit: int,
) -> list[tuple[uuid.UUID, Result | Need]]:
    """The next listings in the order in which they were made, each with its id here."""
    table: Any = TABLES[wanted.kind]
    query = (
        select(table, Organisation)
        .join(Organisation, Organisation.id == table.organisation_id)
        .where(*_conditions(table, wanted))
        .order_by(table.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(table.id > after)
    found = await session.execute(query)
    return [
        (listing.id, exported_row(listing, organisation, lang, wanted))
        for listing, organisation in found
    ]


def _conditions(table: Any, wanted: Exported) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.organisation_id is None:
        conditions.append(table.status == "published")
    else:
        conditions.append(table.organisation_id == wanted.organisation_id)
    if wanted.status is not None:
        conditions.append(table.status == wanted.status)
    return conditions


def exported_row(
    listing: Listing, organisation: Organisation, lang: Lang, wanted: Exported
) -> Result | Need:
    """The listing as a file holds it, under its owner's reference where there is one."""
    row = domain_of(listing, organisation)
    extra = dict(row.extra)
    owner_field = "institute" if isinstance(row, Result) else "enterprise"
    changes: dict[str, Any] = {
        # An outpost's listing names in `extra` for whom it was posted.
        owner_field: extra.pop(POSTER, getattr(row, owner_field)),
        "extra": {**extra, **_of_the_marketplace(listing, lang)},
    }
    if is_own_reference(listing.reference):
        changes["id"] = listing.reference
    if not wanted.with_contacts:
        changes["contacts"] = {}
    return msgspec.structs.replace(row, **changes)


def _of_the_marketplace(listing: Listing, lang: Lang) -> dict[str, str]:
    place = 0 if lang == "zh" else 1
    status = _STATUS_NAMES[listing.status] if lang == "zh" else listing.status
    published = listing.published_at
    return {
        STATUS_HEADER[place]: status,
        PUBLISHED_HEADER[place]: "" if published is None else published.date().isoformat(),
    }


def refuse_too_many(rows: Sequence[object]) -> None:
    """Raises TooLarge for more than one answer holds."""
    if len(rows) > MAX_ANSWERED_ROWS:
        raise TooLarge(
            "export_too_large",
            f"超过 {MAX_ANSWERED_ROWS} 条，请按状态分批导出，或由管理员用 duijie export 导出",
            f"There are more than {MAX_ANSWERED_ROWS}: export them status by status, "
            "or have an administrator run `duijie export`.",
        )
