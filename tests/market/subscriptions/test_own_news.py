"""News of what is one's own: matches, last days, and decisions on one's organisation."""

from datetime import date, timedelta

from sqlalchemy import update

from market.accounts.models import Organisation
from market.db import Database, utc_now
from market.jobs import TELL_OF_MATCHES, TELL_OF_VERIFICATION, enqueue
from market.listings.models import Listing
from market.matching.models import MatchRow
from market.subscriptions.handlers import TELL_OF_EXPIRING
from tests.market.accounts.factories import make_account, make_administrator
from tests.market.listings.factories import Posted, post_listing
from tests.market.subscriptions.square import Square


async def _need(square: Square) -> Posted:
    return await post_listing(square.client, square.seeker, "needs", "publish")


async def test_a_match_above_the_score_is_told_with_reasons(square: Square) -> None:
    need = await _need(square)
    await square.save(kind="matches", query=..., listing_id=need.id, min_score=60, name="我的需求")

    posted = await square.post()
    await square.work()

    (item,) = (await square.inbox())["items"]
    assert (item["type"], item["title"]) == ("match.found", "高湿摩擦系数橡胶鞋底材料")
    assert item["listing"]["id"] == posted.id
    assert item["match_id"] is not None
    assert item["reasons"][0].startswith("得分 ")
    assert len(item["reasons"]) > 1


async def test_a_match_below_the_score_is_told_when_it_rises(
    square: Square, database: Database
) -> None:
    need = await _need(square)
    await square.save(kind="matches", query=..., listing_id=need.id, min_score=100)
    posted = await square.post()
    await square.work()
    before = await square.told()
    async with database.writing() as session:
        await session.execute(update(MatchRow).values(score=100.0))
        for _ in range(2):
            await enqueue(session, TELL_OF_MATCHES, {"kind": "result", "ids": [posted.id]})

    await square.work()

    assert before == []
    assert await square.told() == [("match.found", "高湿摩擦系数橡胶鞋底材料")]


async def test_both_sides_hear_of_a_match_and_strangers_do_not(
    square: Square, database: Database
) -> None:
    posted = await square.post()
    await square.save(square.poster, kind="matches", query=..., listing_id=posted.id)
    stranger = await make_account(database, "institute")
    refused = await square.try_to_save(stranger, kind="matches", query=..., listing_id=posted.id)

    need = await _need(square)
    await square.work()

    assert refused.status_code == 422
    (item,) = (await square.inbox(square.poster))["items"]
    assert (item["type"], item["listing"]["id"]) == ("match.found", need.id)
    # Of a need its institute sees no name, as everywhere.
    assert "organisation" not in item["listing"]


async def test_owners_hear_once_that_a_listing_expires_soon(
    square: Square, database: Database
) -> None:
    await square.post()
    later = await square.post(reference="2", title="还早")
    last_day = utc_now().date() + timedelta(days=5)
    async with database.writing() as session:
        await session.execute(
            update(Listing).where(Listing.title != "还早").values(expires_on=last_day)
        )
    for _ in range(2):
        await _expiring(square)

    (item,) = (await square.inbox(square.poster))["items"]
    assert (item["type"], item["title"]) == ("listing.expiring", "高湿摩擦系数橡胶鞋底材料")
    assert item["reasons"] == [f"到期日：{last_day.isoformat()}"]
    assert later.id != item["listing"]["id"]
    assert await square.told() == []


async def test_a_new_last_day_is_told_anew(square: Square, database: Database) -> None:
    await square.post()
    for days in (5, 9):
        async with database.writing() as session:
            expires_on = utc_now().date() + timedelta(days=days)
            await session.execute(update(Listing).values(expires_on=expires_on))
        await _expiring(square)

    assert [kind for kind, _ in await square.told(square.poster)] == ["listing.expiring"] * 2


async def _expiring(square: Square) -> None:
    async with square.database.writing() as session:
        await enqueue(session, TELL_OF_EXPIRING, {})
    await square.work()


async def test_owners_hear_that_a_listing_has_expired(square: Square, database: Database) -> None:
    await square.post()
    async with database.writing() as session:
        await session.execute(update(Listing).values(expires_on=date(2026, 1, 1)))
        await enqueue(session, "listings.expire", {})

    await square.work()

    assert await square.told(square.poster) == [("listing.expired", "高湿摩擦系数橡胶鞋底材料")]


async def test_people_hear_that_their_organisation_was_verified(
    square: Square, database: Database
) -> None:
    newcomer = await make_account(database, "enterprise", is_verified=False)
    colleague = await make_account(database, organisation=newcomer.organisation)
    administrator = await make_administrator(database)
    assert newcomer.organisation is not None
    url = f"/api/v1/organisations/{newcomer.organisation.id}"
    version = (await square.client.get(url, headers=administrator.headers)).headers["etag"]

    answer = await square.client.post(
        f"{url}/verify", headers=administrator.headers | {"If-Match": version}
    )
    await square.work()

    assert answer.status_code == 200
    told = [("organisation.verified", "您的单位已通过核验")]
    assert await square.told(newcomer) == await square.told(colleague) == told
    assert await square.told() == []


async def test_each_decision_on_an_organisation_is_told_once(
    square: Square, database: Database
) -> None:
    newcomer = await make_account(database, "enterprise", is_verified=False)
    administrator = await make_administrator(database)
    assert newcomer.organisation is not None
    url = f"/api/v1/organisations/{newcomer.organisation.id}"

    async def decide(action: str) -> None:
        version = (await square.client.get(url, headers=administrator.headers)).headers["etag"]
        headers = administrator.headers | {"If-Match": version}
        answer = await square.client.post(f"{url}/{action}", headers=headers)
        assert answer.status_code == 200, answer.text

    for action in ("verify", "verify", "unverify", "unverify", "verify"):
        await decide(action)
    await square.work()

    verified = ("organisation.verified", "您的单位已通过核验")
    taken_back = ("organisation.unverified", "您的单位的核验已撤销")
    assert sorted(await square.told(newcomer)) == sorted([verified, taken_back, verified])
    assert await square.told() == []


async def test_a_decision_from_before_this_version_is_told(square: Square) -> None:
    """Its job names the organisation and nothing else."""
    assert square.seeker.organisation is not None
    async with square.database.writing() as session:
        await enqueue(session, TELL_OF_VERIFICATION, {"id": str(square.seeker.organisation.id)})

    await square.work()

    assert await square.told() == [("organisation.verified", "您的单位已通过核验")]


async def test_whoever_turned_own_news_off_hears_none(square: Square, database: Database) -> None:
    await square.save(kind="own", query=..., frequency="off", name="关")
    async with database.writing() as session:
        assert square.seeker.organisation is not None
        organisation = await session.get_one(Organisation, square.seeker.organisation.id)
        await enqueue(session, TELL_OF_VERIFICATION, {"id": str(organisation.id)})

    await square.work()

    assert await square.told() == []
