"""Exports from the command line, of any size."""

import asyncio
import uuid
from pathlib import Path
from typing import Any, Literal

import msgspec

from market.accounts.models import Organisation
from market.accounts.viewer import Viewer
from market.commands.databases import opened_database
from market.commands.organisations import organisation_called
from market.commands.progress import Steps
from market.db import Database, utc_now
from market.errors import UsageRefused
from market.exchange.exports import Exported, rows_to_export
from market.exchange.listing_files import check_listings_target, write_listings
from market.exchange.match_exports import matches_to_export, report_of
from market.exchange.pairs import check_target, write_pairs
from market.matching.queries import MatchesAsked
from market.settings import Settings
from schemas.listing_views import Status
from schemas.listings import Need, Result
from schemas.vocab import Lang

What = Literal["results", "needs", "matches"]

_READ_AT_ONCE = 1_000
# With their reasons so many are some hundred megabytes in memory.
MOST_MATCHES = 50_000


class ExportRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be exported, of which organisation, and where to."""

    what: What
    output: Path
    organisation: str | None
    status: Status | None
    lang: Lang


async def run_export(settings: Settings, request: ExportRequest, steps: Steps) -> int:
    """Write the file; how many rows. Raises FileRefused, UsageRefused."""
    check = check_target if request.what == "matches" else check_listings_target
    check(request.output, lang=request.lang)
    async with opened_database(settings) as database:
        owner = await _owner(database, request.organisation)
        if request.what == "matches":
            return await _export_matches(database, request, owner)
        return await _export_listings(database, request, owner, steps)


async def _owner(database: Database, name_or_id: str | None) -> Organisation | None:
    if name_or_id is None:
        return None
    async with database.reading() as session:
        return await organisation_called(session, name_or_id)


async def _export_listings(
    database: Database, request: ExportRequest, owner: Organisation | None, steps: Steps
) -> int:
    wanted = Exported(
        kind="result" if request.what == "results" else "need",
        organisation_id=None if owner is None else owner.id,
        status=request.status,
        with_contacts=owner is not None,
    )
    show = steps.counter("读取", "Reading")
    rows: list[Any] = []
    after: uuid.UUID | None = None
    while True:
        async with database.reading() as session:
            found = await rows_to_export(
                session, wanted, request.lang, after=after, limit=_READ_AT_ONCE
            )
        rows += [row for _, row in found]
        show(len(rows))
        if len(found) < _READ_AT_ONCE:
            break
        after = found[-1][0]
    listings: list[Result] | list[Need] = rows
    await asyncio.to_thread(
        write_listings, listings, request.output, request.lang, kind=wanted.kind
    )
    return len(rows)


async def _export_matches(
    database: Database, request: ExportRequest, owner: Organisation | None
) -> int:
    if owner is None:
        raise UsageRefused("导出匹配需要 --organisation · matches need --organisation")
    viewer = Viewer(
        organisation_id=owner.id,
        roles=frozenset({owner.kind}),
        is_verified=owner.verified_at is not None,
    )
    async with database.reading() as session:
        exported = await matches_to_export(session, viewer, MatchesAsked(limit=MOST_MATCHES))
    report = report_of(exported, viewer, request.lang, utc_now().date())
    await asyncio.to_thread(write_pairs, report, request.output)
    return len(exported.found)
