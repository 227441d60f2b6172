"""The search engine on a server goes away and comes back: nothing is lost, and little stands still.

Against the fake server always; against a real one where there is one.
"""

import asyncio
from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest
from litestar import Litestar

from market.db import Database
from market.indexing.drift import Drift
from market.indexing.upkeep import KINDS
from market.jobs import INDEX
from market.settings import Settings
from tests.faulty_proxy import FAULTS, Mode
from tests.market.accounts.factories import Account
from tests.market.indexing.outage import Marketplace, marketplace, served, until
from tests.market.listings.factories import move, owner_of, patch, post_listing
from tests.search.fake_meilisearch import FakeMeilisearch
from tests.search.live import live_server, missing_server

KEY = "a-key-of-sixteen-bytes"
EQUAL = [Drift(), Drift()]
every_fault = pytest.mark.parametrize("fault", FAULTS)


@pytest.fixture
def fake() -> FakeMeilisearch:
    return FakeMeilisearch(master_key=KEY)


@pytest.fixture
async def market(
    fake: FakeMeilisearch, assembled: Litestar, settings: Settings, database: Database
) -> AsyncIterator[Marketplace]:
    with_key = msgspec.structs.replace(settings, search_key=KEY)
    async with served(fake) as port, marketplace(assembled, with_key, database, port) as market:
        yield market


@pytest.fixture(params=["fake", "live"])
async def either_market(
    request: pytest.FixtureRequest, assembled: Litestar, settings: Settings, database: Database
) -> AsyncIterator[Marketplace]:
    """On the fake server, and on a real one where there is one."""
    if request.param == "fake":
        with_key = msgspec.structs.replace(settings, search_key=KEY)
        async with (
            served(FakeMeilisearch(master_key=KEY)) as port,
            marketplace(assembled, with_key, database, port) as market,
        ):
            yield market
        return
    if reason := missing_server():
        pytest.skip(reason)
    async with live_server() as server:
        chosen = msgspec.structs.replace(
            settings,
            search_prefix=server.prefix,
            search_key=server.keys["searcher"],
            search_writer_key=server.keys["writer"],
            search_admin_key=server.keys["admin"],
        )
        port = httpx.URL(server.url).port or 0
        async with marketplace(assembled, chosen, database, port) as market:
            yield market


@pytest.fixture
async def institute(database: Database) -> Account:
    return await owner_of(database, "results")


@pytest.fixture
async def enterprise(database: Database) -> Account:
    return await owner_of(database, "needs")


async def versions(market: Marketplace) -> list[dict[str, int]]:
    return [await market.indexes.of(kind).versions() for kind in KINDS]


@every_fault
async def test_writes_go_on_and_the_index_catches_up(
    either_market: Marketplace, institute: Account, enterprise: Account, fault: Mode
) -> None:
    market, client = either_market, either_market.client
    changed = await post_listing(client, institute, "results", "publish", reference="1")
    gone = await post_listing(client, institute, "results", "publish", reference="2")
    await market.settled()
    await market.proxy.become(fault)

    new = await post_listing(client, institute, "results", "publish", reference="3")
    need = await post_listing(client, enterprise, "needs", "publish")
    change = await patch(client, institute, changed, title="耐磨防滑鞋底")
    withdrawal = await move(client, institute, gone, "withdraw")
    read = await client.get(new.url)
    mine = await client.get("/api/v1/my/results", headers=institute.headers)
    search = await client.get("/api/v1/results", params={"q": "鞋底"})
    ready = await client.get("/health/ready")
    waiting = await market.unfinished()
    await market.proxy.become("pass")
    await market.settled()

    assert [answer.status_code for answer in (change, withdrawal, read, mine)] == [200] * 4
    assert (search.status_code, search.json()["type"]) == (503, "urn:duijie:search_unavailable")
    assert int(search.headers["Retry-After"]) > 0
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert set(waiting) == {INDEX}
    assert await market.drifts() == EQUAL
    assert await versions(market) == [
        {changed.id: 3, new.id: 2},
        {need.id: 2},
    ]
    matches = await client.get(f"{new.url}/matches", headers=institute.headers)
    assert [item["counterpart"]["id"] for item in matches.json()["items"]] == [need.id]


async def test_task_that_fails_for_a_reason_of_the_server_is_tried_again(
    fake: FakeMeilisearch, market: Marketplace, institute: Account
) -> None:
    fake.fail_next_task("no_space_left_on_device", kind="system", times=3)

    listing = await post_listing(market.client, institute, "results", "publish")
    await market.settled()

    assert await versions(market) == [{listing.id: 2}, {}]


async def test_document_that_no_task_survives_is_set_apart(
    fake: FakeMeilisearch, market: Marketplace, institute: Account
) -> None:
    sound = [
        await post_listing(market.client, institute, "results", reference=str(place))
        for place in range(3)
    ]
    poison = await post_listing(market.client, institute, "results", reference="x")
    fake.poison.add(poison.id)

    for each in [*sound, poison]:
        await move(market.client, institute, each, "publish")
    await until(lambda: _is_all_but_one_index_job_done(market))

    assert await versions(market) == [{each.id: 2 for each in sound}, {}]
    assert (await market.drifts())[0] == Drift()


async def _is_all_but_one_index_job_done(market: Marketplace) -> bool:
    held = await market.indexes.results.versions()
    return len(held) == 3 and await market.unfinished() == {INDEX: 1}


async def test_index_that_the_server_lost_is_made_anew(
    fake: FakeMeilisearch,
    assembled: Litestar,
    settings: Settings,
    database: Database,
    institute: Account,
) -> None:
    with_key = msgspec.structs.replace(settings, search_key=KEY)
    async with served(fake) as port:
        async with marketplace(assembled, with_key, database, port) as market:
            listing = await post_listing(market.client, institute, "results", "publish")
            await market.settled()
        fake.documents.clear()
        fake.indexes.__init__()  # type: ignore[misc]

        async with marketplace(assembled, with_key, database, port) as market:
            await market.settled()
            held = await versions(market)

    assert held == [{listing.id: 2}, {}]


@every_fault
async def test_index_in_the_data_folder_answers_meanwhile_where_it_may(
    fake: FakeMeilisearch,
    assembled: Litestar,
    settings: Settings,
    database: Database,
    institute: Account,
    fault: Mode,
) -> None:
    chosen = msgspec.structs.replace(settings, search_key=KEY, search_fallback="embedded")
    async with served(fake) as port, marketplace(assembled, chosen, database, port) as market:
        listing = await post_listing(market.client, institute, "results", "publish")
        await market.settled()
        before = await market.client.get("/api/v1/results", params={"q": "鞋底"})
        await market.proxy.become(fault)

        during = await market.client.get("/api/v1/results", params={"q": "鞋底"})
        nothing = await market.client.get("/api/v1/results", params={"q": "茶叶"})
        ready = await market.client.get("/health/ready")
        await move(market.client, institute, listing, "withdraw")
        waiting = await market.unfinished()
        await market.proxy.become("pass")
        await market.settled()
        drifts = await market.drifts()

    found = [[item["id"] for item in page.json()["items"]] for page in (before, during, nothing)]
    assert found == [[listing.id], [listing.id], []]
    assert [page.json()["degraded"] for page in (before, during)] == [False, True]
    assert ready.json()["checks"]["search"] == "degraded"
    assert waiting == {INDEX: 1}
    assert drifts == [Drift()] * 4


async def test_of_two_processes_one_writes_and_the_other_takes_over(
    fake: FakeMeilisearch,
    assembled: Litestar,
    settings: Settings,
    database: Database,
    institute: Account,
) -> None:
    with_key = msgspec.structs.replace(settings, search_key=KEY)
    async with served(fake) as port:
        async with marketplace(assembled, with_key, database, port) as first:
            async with marketplace(assembled, with_key, database, port) as second:
                can_write = [first.indexes.can_write, second.indexes.can_write]
            third = marketplace(assembled, with_key, database, port)
            market = await third.__aenter__()
        await until(lambda: _can_write(market))
        listing = await post_listing(market.client, institute, "results", "publish")
        await market.settled()
        held = await versions(market)
        await third.__aexit__(None, None, None)

    assert can_write == [True, False]
    assert held == [{listing.id: 2}, {}]


async def _can_write(market: Marketplace) -> bool:
    await asyncio.sleep(0)
    return market.indexes.can_write
