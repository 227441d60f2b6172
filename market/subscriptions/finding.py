"""Jobs TELL_OF_LISTINGS: who wants to hear of listings that are new or changed.

The saved searches are kept ready in the process and brought up to date at each job: what costs
time, cutting their words, is done once for each version of each.
"""

import asyncio
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, case, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.identification import viewer_of
from market.accounts.models import Organisation, User
from market.accounts.viewer import Viewer
from market.db import Database, utc_now
from market.errors import Invalid
from market.indexing.listed_documents import public_document
from market.jobs import ClaimedJob, finish
from market.listings.models import Listing
from market.listings.plain import PLAIN, in_parts, plain_rows
from market.matching.synonyms import MarketplaceSynonyms
from market.settings import Settings
from market.subscriptions.asked import may_ask_who, saved_search, sees_exactly
from market.subscriptions.evaluation import (
    SavedSearch,
    SavedSearches,
    fingerprint,
    reasons_of,
)
from market.subscriptions.models import ListingMaterial, Subscription
from market.subscriptions.news import Hearer, News, hearer_of, in_chunks
from market.subscriptions.own_news import expired_news
from market.subscriptions.telling import tell
from search.strict import Held, held_by
from search.synonyms import Synonyms

_LISTINGS_AT_ONCE = 100
_LISTED = Listing.__table__.c
_ROWS = {
    kind: rows.add_columns(_LISTED.organisation_id, _LISTED.expires_on)
    for kind, rows in PLAIN.items()
}

Id = uuid.UUID


class _Posted(NamedTuple):
    """A published listing, ready to be held against saved searches."""

    row: Row[Any]
    held: Held
    fingerprint: bytes


class _Fit(NamedTuple):
    posted: _Posted
    saved: SavedSearch


class Finding:
    """Tells of listings; holds what one process needs for it."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings
        self._saved = SavedSearches()
        self._synonyms = MarketplaceSynonyms()
        self._made_with: Synonyms | None = None

    async def handle(self, jobs: Sequence[ClaimedJob]) -> None:
        """Do jobs {"kind", "ids"}: each listing that they name is told as it is now.

        May run twice or late, and stop anywhere between: nobody hears anything twice.
        """
        *first, (kind, ids) = parts_of(jobs)
        for each, some in first:
            await self._tell(each, some)
        await self._tell(kind, ids, finishing=jobs)

    async def _tell(
        self, kind: str, ids: Collection[Id], *, finishing: Sequence[ClaimedJob] = ()
    ) -> None:
        async with self._database.reading() as session:
            rows = await plain_rows(session, _ROWS[kind], ids)
            await self._bring_up_to_date(session)
            own_news = await expired_news(session, rows)
        fits = await asyncio.to_thread(self._fits, kind, rows) if len(self._saved) else []
        news = [*await self._news(kind, fits), *own_news]
        *before, last = in_chunks(news) or [[]]
        for chunk in before:
            async with self._database.writing() as session:
                await tell(session, chunk, self._settings, utc_now())
        async with self._database.writing() as session:
            await tell(session, last, self._settings, utc_now())
            await finish(session, finishing)

    async def _news(self, kind: str, fits: Sequence[_Fit]) -> list[News]:
        if not fits:
            return []
        posted = {fit.posted.row.id: fit.posted for fit in fits}
        async with self._database.writing() as session:
            versions = await _note_materials(session, posted.values())
        async with self._database.reading() as session:
            hearers = await _hearers(session, {fit.saved.id for fit in fits})
        return list(_news(kind, fits, hearers, versions))

    async def _bring_up_to_date(self, session: AsyncSession) -> None:
        synonyms = await self._synonyms.current(session)
        if synonyms is not self._made_with:
            self._saved, self._made_with = SavedSearches(), synonyms
        present = {
            row.id: row.version
            for row in await session.execute(
                select(Subscription.id, Subscription.version).where(
                    Subscription.kind.in_(("results", "needs")), Subscription.frequency != "off"
                )
            )
        }
        known = self._saved.versions()
        for gone in known.keys() - present.keys():
            self._saved.drop(gone)
        changed = [each for each, version in present.items() if known.get(each) != version]
        for some in in_parts(changed):
            rows = await session.execute(
                select(
                    Subscription.id, Subscription.version, Subscription.kind, Subscription.query
                ).where(Subscription.id.in_(some))
            )
            await asyncio.to_thread(self._put, rows.all(), synonyms)

    def _put(self, rows: Iterable[Row[Any]], synonyms: Synonyms) -> None:
        for row in rows:
            try:
                self._saved.put(saved_search(row.id, row.version, row.kind, row.query, synonyms))
            except Invalid:
                # A code that the vocabularies have lost finds nothing, as the search itself.
                self._saved.drop(row.id)

    def _fits(self, kind: str, rows: Iterable[Row[Any]]) -> list[_Fit]:
        fits = []
        for row in rows:
            if row.status != "published":
                continue
            document = public_document(row)
            posted = _Posted(row, held_by(document), fingerprint(document))
            fits += [_Fit(posted, saved) for saved in self._saved.fitting(kind, posted.held)]
        return fits


def parts_of(jobs: Iterable[ClaimedJob]) -> Iterator[tuple[str, list[Id]]]:
    """The listings of all jobs, each once, in parts of one kind; at least one part."""
    wanted: dict[str, dict[Id, None]] = {}
    for job in jobs:
        ids = (_id_or_none(each) for each in job.payload["ids"])
        found = wanted.setdefault(job.payload["kind"], {})
        found.update(dict.fromkeys(each for each in ids if each is not None))
    for kind, found in wanted.items():
        ids_of_kind = list(found)
        for start in range(0, max(1, len(ids_of_kind)), _LISTINGS_AT_ONCE):
            yield kind, ids_of_kind[start : start + _LISTINGS_AT_ONCE]


def _id_or_none(text: str) -> Id | None:
    try:
        return Id(text)
    except ValueError:
        return None


async def _note_materials(session: AsyncSession, posted: Iterable[_Posted]) -> dict[Id, int]:
    """The material version of each listing; those that were looked at in a later state are out."""
    rows = [
        {
            "listing_id": each.row.id,
            "listing_version": each.row.version,
            "fingerprint": each.fingerprint,
            "version": 1,
        }
        for each in sorted(posted, key=lambda each: each.row.id)
    ]
    if not rows:
        return {}
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    adding = insert(ListingMaterial).values(rows)
    new, table = adding.excluded, ListingMaterial.__table__.c
    version = case((table.fingerprint == new.fingerprint, table.version), else_=table.version + 1)
    noted = await session.execute(
        adding.on_conflict_do_update(
            index_elements=["listing_id"],
            set_={
                "listing_version": new.listing_version,
                "fingerprint": new.fingerprint,
                "version": version,
            },
            where=table.listing_version <= new.listing_version,
        ).returning(ListingMaterial.listing_id, ListingMaterial.version)
    )
    return {row.listing_id: row.version for row in noted}


async def _hearers(session: AsyncSession, ids: Collection[Id]) -> dict[Id, tuple[Hearer, Viewer]]:
    """Those of these saved searches whose owners can still hear: neither disabled nor moved on."""
    hearers: dict[Id, tuple[Hearer, Viewer]] = {}
    for some in in_parts(ids):
        rows = await session.execute(
            select(Subscription, User, Organisation)
            .join(User, User.id == Subscription.user_id)
            .outerjoin(Organisation, Organisation.id == User.organisation_id)
            .where(
                Subscription.id.in_(some),
                Subscription.frequency != "off",
                User.disabled_at.is_(None),
                User.organisation_id.is_not_distinct_from(Subscription.organisation_id),
            )
        )
        for saved, user, organisation in rows:
            hearers[saved.id] = hearer_of(saved), viewer_of(user, organisation)
    return hearers


def _news(
    kind: str,
    fits: Iterable[_Fit],
    hearers: Mapping[Id, tuple[Hearer, Viewer]],
    versions: Mapping[Id, int],
) -> Iterator[News]:
    for (row, held, _), saved in fits:
        if saved.id not in hearers or row.id not in versions:
            continue
        hearer, viewer = hearers[saved.id]
        if not _may_hear(saved, viewer, kind, row, held):
            continue
        yield News(
            hearer=hearer,
            type="listing.found",
            subject_id=row.id,
            subject_version=versions[row.id],
            kind=kind,
            listing_id=row.id,
            reasons=reasons_of(saved.search, held),
        )


def _may_hear(saved: SavedSearch, viewer: Viewer, kind: str, row: Row[Any], held: Held) -> bool:
    """Whether the search, run by its owner now, would find the listing; one's own are no news."""
    if viewer.organisation_id == row.organisation_id:
        return False
    if saved.asks_who and not may_ask_who(kind, viewer):
        return False
    if saved.organisation_id is not None and (
        saved.organisation_id != row.organisation_id or not row.shows_organisation
    ):
        return False
    return not sees_exactly(viewer) or saved.fits_exactly(held)
