"""A marketplace filled with the sample."""

import httpx
import pytest
from sqlalchemy import func, select

from market.accounts.models import Organisation, User
from market.db import Database
from market.errors import UsageRefused
from market.indexing.engines import Indexes
from market.listings.models import Listing
from market.matching.models import MatchRow
from market.settings import Settings
from market.showcase import fill
from market.work import worker_of

ROLES = [
    *("administrator", "moderator", "institute", "enterprise"),
    *("investor", "outpost", "organizer", "broker"),
]


async def test_there_is_one_account_of_each_role(
    settings: Settings, database: Database, client: httpx.AsyncClient
) -> None:
    credentials = await fill(settings, database)

    assert [each.role for each in credentials] == ROLES
    for each in credentials:
        told = {"email": each.email, "password": each.password}
        answer = await client.post("/api/v1/auth/login", json=told)
        assert answer.status_code == 200, each
        token = {"Authorization": f"Bearer {answer.json()['token']}"}
        me = (await client.get("/api/v1/auth/me", headers=token)).json()
        assert each.role in me["roles"]


async def test_nobody_signs_in_as_the_others(settings: Settings, database: Database) -> None:
    credentials = await fill(settings, database)

    async with database.reading() as session:
        usable = await session.scalars(select(User.email).where(User.password_hash != "!"))
        unverified = await session.scalar(
            select(func.count()).where(Organisation.verified_at.is_(None))
        )
    assert sorted(usable) == sorted(each.email for each in credentials)
    assert unverified == 0


async def test_sample_is_published_indexed_and_matched(
    settings: Settings, database: Database, indexes: Indexes
) -> None:
    await fill(settings, database)

    await worker_of(settings, database, indexes).run_until_idle()

    async with database.reading() as session:
        statuses = await session.execute(
            select(Listing.kind, Listing.status, func.count()).group_by(
                Listing.kind, Listing.status
            )
        )
        counted = {(kind, status): number for kind, status, number in statuses}
        matched = await session.scalar(select(func.count(MatchRow.need_id.distinct())))
    assert counted == {("need", "published"): 24, ("result", "published"): 160}
    assert len(await indexes.results.versions()) == 160
    assert len(await indexes.needs.versions()) == 24
    assert matched == 24


async def test_a_marketplace_with_people_is_left_alone(
    settings: Settings, database: Database
) -> None:
    await fill(settings, database)

    with pytest.raises(UsageRefused):
        await fill(settings, database)

    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Listing)) == 184
