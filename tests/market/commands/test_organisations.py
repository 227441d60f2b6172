"""For whom a command acts: organisations by name or id, and one of their people."""

import pytest

from market.accounts.viewer import Viewer
from market.commands.organisations import acting_for, organisation_called
from market.db import Database, utc_now
from market.errors import UsageRefused
from tests.market.accounts.factories import make_account


@pytest.mark.parametrize("name", ["刺桐大学", " 刺桐 大学 ", "刺桐　大学"])
async def test_organisation_is_found_by_its_name_however_it_is_spelled(
    name: str, database: Database
) -> None:
    account = await make_account(database, name="刺桐大学")
    await make_account(database, name="清源大学")

    async with database.reading() as session:
        found = await organisation_called(session, name)

    assert account.organisation is not None
    assert found.id == account.organisation.id


@pytest.mark.parametrize("name", ["", "刺桐", "01890000-0000-7000-8000-000000000000", "%"])
async def test_organisation_that_is_not_there_is_told(name: str, database: Database) -> None:
    await make_account(database, name="刺桐大学")

    async with database.reading() as session:
        with pytest.raises(UsageRefused, match="没有这个单位"):
            await organisation_called(session, name)


async def test_two_of_one_name_are_told_apart_by_id(database: Database) -> None:
    one = await make_account(database, "institute", name="同名机构")
    other = await make_account(database, "broker", name="同名机构")
    assert one.organisation is not None
    assert other.organisation is not None

    async with database.reading() as session:
        with pytest.raises(UsageRefused) as refused:
            await organisation_called(session, "同名机构")
        found = await organisation_called(session, str(other.organisation.id))

    assert str(one.organisation.id) in str(refused.value)
    assert found.kind == "broker"


async def test_first_manager_acts_unless_somebody_is_named(database: Database) -> None:
    member = await make_account(database, email="a@example.cn", is_manager=False)
    organisation = member.organisation
    assert organisation is not None
    await make_account(
        database, organisation=organisation, email="b@example.cn", disabled_at=utc_now()
    )
    manager = await make_account(database, organisation=organisation, email="c@example.cn")
    await make_account(database, organisation=organisation, email="d@example.cn")

    async with database.reading() as session:
        chosen = await acting_for(session, organisation, None)
        named = await acting_for(session, organisation, " A@example.CN ")

    assert chosen == Viewer(
        user_id=manager.user.id,
        organisation_id=organisation.id,
        roles=frozenset({"institute"}),
        is_manager=True,
        is_verified=True,
    )
    assert (named.user_id, named.is_manager) == (member.user.id, False)


@pytest.mark.parametrize("email", ["b@example.cn", "other@example.cn", "x"])
async def test_only_own_people_who_may_sign_in_act(email: str, database: Database) -> None:
    member = await make_account(database, email="a@example.cn")
    organisation = member.organisation
    assert organisation is not None
    await make_account(
        database, organisation=organisation, email="b@example.cn", disabled_at=utc_now()
    )
    await make_account(database, email="other@example.cn")

    async with database.reading() as session:
        with pytest.raises(UsageRefused, match="该单位没有这样的账号"):
            await acting_for(session, organisation, email)
