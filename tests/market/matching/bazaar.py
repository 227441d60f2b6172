"""A small marketplace for tests of matching: rows, indexes and matches, as workers make them."""

import uuid
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import with_polymorphic

from market.accounts.models import Organisation
from market.db import Database, new_id, utc_now
from market.indexing.engines import Indexes
from market.indexing.handlers import job_kinds as index_kinds
from market.jobs import INDEX, enqueue
from market.listings.domain import need_of, result_of
from market.listings.models import Listing, NeedListing, ResultListing
from market.matching.handlers import job_kinds
from market.matching.models import MatchRow
from market.matching.rematching import Rematching
from market.settings import Settings
from market.worker import Worker
from schemas.listings import Need, Result
from tests.market.accounts.factories import Account, make_account
from tests.market.factories import make_need, make_result

Row = ResultListing | NeedListing


def result_row(account: Account, result: Result, **changes: Any) -> ResultListing:
    """A published result with the values of a domain object."""
    values = {
        "trl": result.trl,
        "rights": result.rights,
        "patents": list(result.patents),
        "price_min_cny": result.price_min_cny,
        "price_max_cny": result.price_max_cny,
        "ready_on": result.ready_on,
        "text": result.summary,
        "shows_organisation": True,
    }
    return ResultListing(**(_common(account, result) | values | changes))


def need_row(account: Account, need: Need, **changes: Any) -> NeedListing:
    """A published need with the values of a domain object."""
    indicators = [{"name": need.indicators, "text": need.indicators}] if need.indicators else []
    values = {
        "trl_min": need.trl_min,
        "trl_max": need.trl_max,
        "budget_min_cny": need.budget_min_cny,
        "budget_max_cny": need.budget_max_cny,
        "deadline": need.deadline,
        "indicators": indicators,
        "text": need.description,
        "shows_organisation": False,
    }
    return NeedListing(**(_common(account, need) | values | changes))


def _common(account: Account, listing: Result | Need) -> dict[str, Any]:
    assert account.organisation is not None
    now = utc_now()
    return {
        "id": new_id(),
        "organisation_id": account.organisation.id,
        "title": listing.title,
        "keywords": list(listing.keywords),
        "fields": list(listing.fields),
        "industries": list(listing.industries),
        "modes": list(listing.modes),
        "division": listing.division,
        "shows_terms": True,
        "status": "published",
        "published_at": now,
        "created_at": now,
        "changed_at": now,
    }


class Bazaar:
    """One institute and one enterprise, and what is between them."""

    def __init__(self, database: Database, indexes: Indexes, settings: Settings) -> None:
        self.database = database
        self.indexes = indexes
        self.settings = settings
        self.rematching = Rematching(database, indexes)
        self.institute: Account
        self.enterprise: Account

    async def open(self) -> "Bazaar":
        self.institute = await make_account(self.database, "institute", name="刺桐大学")
        self.enterprise = await make_account(self.database, "enterprise", name="晋江某鞋业")
        return self

    def keeping(self, kept: int) -> None:
        self.rematching = Rematching(self.database, self.indexes, kept=kept)

    async def post(self, *listings: Result | Need | Row, **changes: Any) -> list[uuid.UUID]:
        """Published and in the index; matched by nobody yet."""
        rows = [self.row_of(listing, **changes) for listing in listings]
        async with self.database.writing() as session:
            session.add_all(rows)
        await self.index(*(row.id for row in rows))
        return [row.id for row in rows]

    def row_of(self, listing: Result | Need | Row, **changes: Any) -> Row:
        if isinstance(listing, Result):
            return result_row(self.institute, listing, **changes)
        if isinstance(listing, Need):
            return need_row(self.enterprise, listing, **changes)
        return listing

    async def post_pair(self, **changes: Any) -> tuple[uuid.UUID, uuid.UUID]:
        """A result and a need that fit, matched."""
        result_id, need_id = await self.post(make_result(**changes), make_need())
        await self.rematching.rematch("result", [result_id])
        return result_id, need_id

    async def change(self, listing_id: uuid.UUID, **values: Any) -> None:
        """The row in its next version. Neither index nor matches hear of it."""
        async with self.database.writing() as session:
            row = await session.get_one(Listing, listing_id)
            for name, value in values.items():
                setattr(row, name, value)
            row.changed_at = utc_now()

    async def index(self, *ids: uuid.UUID) -> None:
        """The index and the words of the listings become what the rows say."""
        async with self.database.writing() as session:
            rows = await session.execute(
                select(Listing.kind, Listing.id).where(Listing.id.in_(ids))
            )
            for kind, listing_id in rows.all():
                await enqueue(session, INDEX, {"kind": kind, "ids": [str(listing_id)]})
        kinds = index_kinds(self.settings, self.database, self.indexes)
        await Worker(self.database, {INDEX: kinds[INDEX]}).run_until_idle()

    async def work(self) -> None:
        """A worker does all that waits, index jobs and matching."""
        kinds = index_kinds(self.settings, self.database, self.indexes) | job_kinds(
            self.settings, self.database, self.indexes
        )
        await Worker(self.database, kinds).run_until_idle()

    async def matches(self) -> list[MatchRow]:
        """All stored pairs, in the order of their listings."""
        async with self.database.reading() as session:
            rows = await session.scalars(
                select(MatchRow).order_by(MatchRow.result_id, MatchRow.need_id)
            )
            return list(rows)

    async def pairs(self) -> dict[tuple[uuid.UUID, uuid.UUID], float]:
        """(result, need) → score of the open pairs."""
        return {
            (row.result_id, row.need_id): row.score
            for row in await self.matches()
            if row.state == "open"
        }

    async def listed(self) -> tuple[list[Result], list[Need]]:
        """What is published, as the file matcher takes it, in the order of ids."""
        results: list[Result] = []
        needs: list[Need] = []
        every = with_polymorphic(Listing, "*")
        async with self.database.reading() as session:
            rows = await session.execute(
                select(every, Organisation)
                .join(Organisation, Organisation.id == every.organisation_id)
                .where(every.status == "published")
                .order_by(every.id)
            )
            for listing, organisation in rows.all():
                if isinstance(listing, ResultListing):
                    results.append(result_of(listing, organisation))
                elif isinstance(listing, NeedListing):
                    needs.append(need_of(listing, organisation))
        return results, needs


def today() -> date:
    return utc_now().date()
