"""How far an index is from the database, and the way back."""

import pytest
from sqlalchemy import delete, update

from market.accounts.models import Organisation
from market.db import Database
from market.indexing.drift import Drift, compare, repair
from market.indexing.engines import RECONCILE, Indexes, Kind
from market.indexing.handlers import REBUILD
from market.indexing.models import ListingWords
from market.jobs import INDEX, INDEX_ORGANISATION, SOON, enqueue
from market.settings import Settings
from search.documents import SearchDocument
from search.port import Filters, SearchQuery
from tests.market.accounts.factories import make_account
from tests.market.indexing.factories import (
    announce,
    change,
    ids_of,
    jobs_of,
    made_listing,
    post,
    post_indexed,
    run_jobs,
)

STRANGER = SearchDocument(id="fremd", title="无主文档")


@pytest.fixture
async def owner(database: Database) -> Organisation:
    organisation = (await make_account(database)).organisation
    assert organisation is not None
    return organisation


async def drifts(database: Database, indexes: Indexes) -> tuple[Drift, Drift]:
    return (
        await compare(database, indexes.results, "result"),
        await compare(database, indexes.needs, "need"),
    )


async def test_index_and_database_agree_after_the_jobs_ran(
    settings: Settings, database: Database, indexes: Indexes, owner: Organisation
) -> None:
    await post_indexed(
        settings,
        database,
        indexes,
        made_listing(owner),
        made_listing(owner, "need"),
        made_listing(owner, status="draft"),
    )

    assert await drifts(database, indexes) == (Drift(), Drift())


@pytest.mark.parametrize("kind", ["result", "need"])
async def test_every_way_to_drift_is_found_and_repaired(
    settings: Settings, database: Database, indexes: Indexes, owner: Organisation, kind: Kind
) -> None:
    stale, surplus, uncut, sound = (made_listing(owner, kind) for _ in range(4))
    await post_indexed(settings, database, indexes, stale, surplus, uncut, sound)
    missing = await post(database, owner, kind)
    await change(database, stale, title="新标题")
    await change(database, surplus, status="withdrawn")
    await indexes.of(kind).upsert([STRANGER])
    async with database.writing() as session:
        await session.execute(delete(ListingWords).where(ListingWords.listing_id == uncut.id))

    found = await compare(database, indexes.of(kind), kind)
    other = await compare(database, indexes.of("need" if kind == "result" else "result"), "no kind")
    told = await repair(database, kind, found)
    await run_jobs(settings, database, indexes)

    assert found == Drift(
        missing=frozenset(ids_of([missing])),
        stale=frozenset(ids_of([stale])),
        surplus=frozenset([*ids_of([surplus]), "fremd"]),
        uncut=frozenset(ids_of([missing, stale, uncut])),
    )
    assert (other, told) == (Drift(), 5)
    assert await compare(database, indexes.of(kind), kind) == Drift()


async def test_listing_with_an_index_job_ahead_has_not_drifted(
    database: Database, indexes: Indexes, owner: Organisation
) -> None:
    ahead, behind = await post(database, owner), await post(database, owner)
    await announce(database, ahead)

    found = await compare(database, indexes.results, "result")

    assert found.ids == frozenset(ids_of([behind]))


async def test_words_of_another_pipeline_are_cut_anew(
    settings: Settings, database: Database, indexes: Indexes, owner: Organisation
) -> None:
    listing = made_listing(owner)
    await post_indexed(settings, database, indexes, listing)
    async with database.writing() as session:
        await session.execute(update(ListingWords).values(pipeline_version=0, words="旧"))

    found = await compare(database, indexes.results, "result")
    async with database.writing() as session:
        await enqueue(session, RECONCILE, {})
    await run_jobs(settings, database, indexes)

    assert found == Drift(uncut=frozenset(ids_of([listing])))
    assert await drifts(database, indexes) == (Drift(), Drift())


async def test_reconciling_repairs_both_indexes_in_the_background(
    settings: Settings, database: Database, indexes: Indexes, owner: Organisation
) -> None:
    result, need = await post(database, owner), await post(database, owner, "need")
    async with database.writing() as session:
        await enqueue(session, RECONCILE, {})

    await run_jobs(settings, database, indexes)

    done = await jobs_of(database, INDEX, "done")
    assert [(job.priority, job.payload) for job in done] == [
        (SOON, {"kind": "result", "ids": ids_of([result])}),
        (SOON, {"kind": "need", "ids": ids_of([need])}),
    ]
    assert await drifts(database, indexes) == (Drift(), Drift())


async def test_reconciling_what_agrees_enqueues_nothing(
    settings: Settings, database: Database, indexes: Indexes
) -> None:
    async with database.writing() as session:
        await enqueue(session, RECONCILE, {})

    await run_jobs(settings, database, indexes)

    assert await jobs_of(database, INDEX, "queued", "done") == []
    assert len(await jobs_of(database, RECONCILE, "done")) == 1


@pytest.mark.parametrize(
    ("payload", "rebuilt"),
    [({"kind": "result"}, [1, 0]), ({"kind": "need"}, [0, 1]), ({}, [1, 1])],
)
async def test_rebuild_job_makes_what_it_names_anew(
    settings: Settings,
    database: Database,
    indexes: Indexes,
    owner: Organisation,
    payload: dict[str, str],
    rebuilt: list[int],
) -> None:
    await post(database, owner)
    await post(database, owner, "need")
    async with database.writing() as session:
        await enqueue(session, REBUILD, payload)

    await run_jobs(settings, database, indexes)

    held = [len(await indexes.results.versions()), len(await indexes.needs.versions())]
    assert held == rebuilt


async def test_new_name_of_an_organisation_is_found_after_its_job(
    settings: Settings, database: Database, indexes: Indexes, owner: Organisation
) -> None:
    other = (await make_account(database, name="黎明大学")).organisation
    assert other is not None
    listings = [made_listing(owner), made_listing(owner, "need", shows_organisation=True)]
    await post_indexed(settings, database, indexes, *listings, made_listing(other))
    async with database.writing() as session:
        await session.execute(
            update(Organisation).where(Organisation.id == owner.id).values(name="刺桐新院")
        )
        await enqueue(session, INDEX_ORGANISATION, {"id": str(owner.id)})

    await run_jobs(settings, database, indexes)

    renamed = SearchQuery(filters=Filters(organisation="刺桐新院"))
    found = [(await indexes.of(kind).search(renamed)).hits for kind in ("result", "need")]
    assert [hit.id for hits in found for hit in hits] == ids_of(listings)


def test_drift_of_two_looks_is_what_both_found() -> None:
    first = Drift(frozenset("ab"), frozenset("c"), frozenset("de"), frozenset("f"))
    second = Drift(frozenset("a"), frozenset("x"), frozenset("ed"), frozenset())

    both = first & second

    assert both == Drift(frozenset("a"), frozenset(), frozenset("de"), frozenset())
    assert both.ids == frozenset("ade")
