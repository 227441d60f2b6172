"""Many listings at once: stored, overwritten, found by reference, given back as they were."""

import uuid
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from market.db import Database, utc_now
from market.errors import Conflict
from market.listings.bulk import (
    LONGEST_TITLE,
    POSTER,
    Posting,
    Stored,
    create_listings,
    overwrite_listings,
    restore,
    says_the_same,
    snapshot_of,
    stored_by_reference,
)
from market.listings.domain import need_of, result_of
from market.listings.models import Listing, NeedListing, ResultListing
from market.listings.queries import listings_by_id
from schemas.listing_views import ListingKind
from schemas.listings import Need, Result
from tests.market.accounts.factories import Account, make_account
from tests.market.factories import make_need, make_result

NOW = utc_now()
LATER = NOW + timedelta(minutes=5)
UNTIL = NOW.date() + timedelta(days=90)
KINDS: list[ListingKind] = ["result", "need"]
each_kind = pytest.mark.parametrize("kind", KINDS)

RESULT = make_result(
    patents=("ZL95115608.X",),
    rights="granted",
    ready_on=date(2027, 5, 1),
    extra={"备注": "内部"},
    contacts={"电话": "0595-22690001"},
)
NEED = make_need(
    keywords=("鞋底",),
    indicators="湿摩擦系数≥0.5；通过检测",
    deadline=date(2027, 11, 30),
    trl_max=9,
    budget_min_cny=300_000,
    extra={"备注": "内部"},
    contacts={"电话": "0595-85550002"},
)


def said(kind: str, **changes: Any) -> Result | Need:
    whole: Result | Need = RESULT if kind == "result" else NEED
    return msgspec.structs.replace(whole, **changes)


def posting_of(account: Account, kind: ListingKind, **changes: Any) -> Posting:
    assert account.organisation is not None
    whole = Posting(
        organisation_id=account.organisation.id, user_id=account.user.id, kind=kind, now=NOW
    )
    return msgspec.structs.replace(whole, **changes)


async def create(database: Database, posting: Posting, *listings: Result | Need) -> list[Stored]:
    async with database.writing() as session:
        return await create_listings(session, posting, listings)


async def overwrite(database: Database, posting: Posting, *listings: Result | Need) -> list[Stored]:
    """Overwrite the listings that have the references of these."""
    async with database.writing() as session:
        found = await stored_by_reference(
            session, posting.organisation_id, posting.kind, [each.id for each in listings]
        )
        pairs = [(found[each.id], each) for each in listings]
        return await overwrite_listings(session, posting, pairs)


async def row(database: Database, kind: str, listing_id: uuid.UUID) -> ResultListing | NeedListing:
    async with database.reading() as session:
        return (await listings_by_id(session, kind, [listing_id]))[listing_id]


@each_kind
async def test_draft_with_all_columns(database: Database, kind: ListingKind) -> None:
    me = await make_account(database, name="刺桐大学")
    assert me.organisation is not None

    stored = await create(database, posting_of(me, kind), said(kind, id="A-1"))

    listing = await row(database, kind, stored[0].id)
    assert [each.is_published for each in stored] == [False]
    assert (listing.reference, listing.status, listing.version) == ("A-1", "draft", 1)
    assert (listing.created_at, listing.changed_at, listing.published_at) == (NOW, NOW, None)
    assert (listing.created_by_id, listing.organisation_id) == (me.user.id, me.organisation.id)
    assert (listing.shows_organisation, listing.shows_terms) == (kind == "result", True)
    assert (listing.private_note, listing.expires_on) == ("", None)


async def test_result_comes_back_as_it_was_said(database: Database) -> None:
    me = await make_account(database, name="刺桐大学")
    assert me.organisation is not None

    stored = await create(database, posting_of(me, "result"), RESULT)

    listing = await row(database, "result", stored[0].id)
    assert isinstance(listing, ResultListing)
    expected = msgspec.structs.replace(
        RESULT, id=str(listing.id), extra={"备注": "内部", POSTER: "刺桐大学"}
    )
    assert result_of(listing, me.organisation) == expected


async def test_need_comes_back_as_it_was_said(database: Database) -> None:
    me = await make_account(database, "enterprise", name="晋江某鞋业有限公司")
    assert me.organisation is not None

    stored = await create(database, posting_of(me, "need"), NEED)

    listing = await row(database, "need", stored[0].id)
    assert isinstance(listing, NeedListing)
    assert listing.indicators == [
        {"name": "湿摩擦系数", "comparator": ">=", "value": 0.5, "text": "湿摩擦系数≥0.5"},
        {"name": "通过检测", "text": "通过检测"},
    ]
    expected = msgspec.structs.replace(
        NEED, id=str(listing.id), extra={"备注": "内部", POSTER: "晋江某鞋业有限公司"}
    )
    assert need_of(listing, me.organisation) == expected


@each_kind
async def test_complete_ones_are_published_and_others_stay_drafts(
    database: Database, kind: ListingKind
) -> None:
    me = await make_account(database)
    text = "summary" if kind == "result" else "description"
    listings = [
        said(kind, id="A"),
        said(kind, id="B", fields=(), industries=()),
        said(kind, id="C", **{text: "短"}, **({"indicators": ""} if kind == "need" else {})),
    ]

    stored = await create(database, posting_of(me, kind, published_until=UNTIL), *listings)

    rows = [await row(database, kind, each.id) for each in stored]
    assert [each.is_published for each in stored] == [True, False, False]
    assert [(each.status, each.published_at, each.expires_on) for each in rows] == [
        ("published", NOW, UNTIL),
        ("draft", None, None),
        ("draft", None, None),
    ]


@each_kind
async def test_long_title_is_cut_and_stands_whole_in_the_text(
    database: Database, kind: ListingKind
) -> None:
    me = await make_account(database)
    title = "橡胶鞋底" * 80

    stored = await create(database, posting_of(me, kind), said(kind, title=title))

    listing = await row(database, kind, stored[0].id)
    assert listing.title == title[: LONGEST_TITLE - 1] + "…"
    assert listing.text.splitlines()[0] == title
    assert says_the_same(listing, said(kind, title=title))


@each_kind
async def test_no_reference_and_no_listings(database: Database, kind: ListingKind) -> None:
    me = await make_account(database)

    nothing = await create(database, posting_of(me, kind))
    two = await create(database, posting_of(me, kind), said(kind, id=""), said(kind, id=""))

    references = [(await row(database, kind, each.id)).reference for each in two]
    assert (nothing, references) == ([], [None, None])


@each_kind
async def test_reference_that_is_taken_stores_nothing_at_all(
    database: Database, kind: ListingKind
) -> None:
    me = await make_account(database)
    await create(database, posting_of(me, kind), said(kind, id="A"))

    with pytest.raises((Conflict, IntegrityError)):
        await create(database, posting_of(me, kind), said(kind, id="B"), said(kind, id="A"))

    async with database.reading() as session:
        assert list(await session.scalars(select(Listing.reference))) == ["A"]


@each_kind
async def test_listings_are_found_by_the_owners_reference_only(
    database: Database, kind: ListingKind
) -> None:
    me, other = await make_account(database, "broker"), await make_account(database, "broker")
    assert me.organisation is not None
    another_kind: ListingKind = "need" if kind == "result" else "result"
    mine = await create(database, posting_of(me, kind), said(kind, id="A"), said(kind, id="B"))
    await create(database, posting_of(me, another_kind), said(another_kind, id="C"))
    await create(database, posting_of(other, kind), said(kind, id="A"), said(kind, id="D"))

    async with database.writing() as session:
        found = await stored_by_reference(
            session, me.organisation.id, kind, ["A", "B", "C", "D", "E"]
        )

    assert {reference: each.id for reference, each in found.items()} == {
        "A": mine[0].id,
        "B": mine[1].id,
    }


async def test_more_references_than_one_statement_takes(database: Database) -> None:
    me = await make_account(database)
    assert me.organisation is not None
    listings = [said("result", id=f"A{n}") for n in range(2_300)]
    await create(database, posting_of(me, "result"), *listings)

    async with database.writing() as session:
        found = await stored_by_reference(
            session, me.organisation.id, "result", [each.id for each in listings]
        )

    assert set(found) == {each.id for each in listings}


@each_kind
async def test_overwriting_with_the_same_changes_nothing(
    database: Database, kind: ListingKind
) -> None:
    me = await make_account(database)
    stored = await create(database, posting_of(me, kind), said(kind, id="A"))
    before = await row(database, kind, stored[0].id)

    changed = await overwrite(database, posting_of(me, kind, now=LATER), said(kind, id="A"))

    after = await row(database, kind, stored[0].id)
    assert changed == []
    assert says_the_same(before, said(kind, id="A"))
    assert (after.version, after.changed_at) == (1, NOW)


@each_kind
async def test_overwriting_changes_what_the_file_says_and_nothing_else(
    database: Database, kind: ListingKind
) -> None:
    me = await make_account(database)
    stored = await create(
        database,
        posting_of(me, kind, published_until=UNTIL),
        said(kind, id="A"),
        said(kind, id="B"),
    )
    async with database.writing() as session:
        listing = await session.get_one(Listing, stored[0].id)
        listing.private_note, listing.shows_terms = "保密", False

    changed = await overwrite(
        database,
        posting_of(me, kind, now=LATER),
        said(kind, id="A", title="新名称", modes=()),
        said(kind, id="B"),
    )

    after = await row(database, kind, stored[0].id)
    assert changed == [Stored(stored[0].id, True)]
    assert (after.title, after.modes, after.status) == ("新名称", [], "published")
    assert (after.private_note, after.shows_terms, after.reference) == ("保密", False, "A")
    assert (after.version, after.changed_at, after.expires_on) == (3, LATER, UNTIL)


@each_kind
@pytest.mark.parametrize(
    ("status", "after", "is_changed"),
    [("draft", "published", True), ("paused", "paused", False), ("withdrawn", "withdrawn", False)],
)
async def test_overwriting_publishes_complete_drafts_where_the_posting_says_so(
    database: Database, kind: ListingKind, status: str, after: str, is_changed: bool
) -> None:
    me = await make_account(database)
    stored = await create(database, posting_of(me, kind), said(kind, id="A"))
    async with database.writing() as session:
        listing = await session.get_one(Listing, stored[0].id)
        listing.status = status

    changed = await overwrite(
        database, posting_of(me, kind, published_until=UNTIL), said(kind, id="A")
    )

    expected = [Stored(stored[0].id, True)] if is_changed else []
    assert changed == expected
    assert (await row(database, kind, stored[0].id)).status == after


@each_kind
async def test_restoring_gives_back_content_and_state(
    database: Database, kind: ListingKind
) -> None:
    me = await make_account(database)
    stored = await create(database, posting_of(me, kind), said(kind, id="A"))
    before = await row(database, kind, stored[0].id)
    snapshot = msgspec.json.decode(msgspec.json.encode(snapshot_of(before)))
    bare = type(RESULT if kind == "result" else NEED)(id="A", title="只剩名称", fields=("energy",))
    await overwrite(database, posting_of(me, kind, now=LATER), bare)

    async with database.writing() as session:
        listing = (await listings_by_id(session, kind, [stored[0].id]))[stored[0].id]
        await restore(session, listing, snapshot, LATER)

    after = await row(database, kind, stored[0].id)
    assert snapshot_of(after) == snapshot_of(before)
    assert says_the_same(after, said(kind, id="A"))
    assert (after.version, after.changed_at) == (3, LATER)


@each_kind
async def test_draft_that_an_import_published_is_a_draft_again_and_stays_on_record(
    database: Database, kind: ListingKind
) -> None:
    me = await make_account(database)
    stored = await create(database, posting_of(me, kind), said(kind, id="A"))
    snapshot = snapshot_of(await row(database, kind, stored[0].id))
    await overwrite(
        database, posting_of(me, kind, now=LATER, published_until=UNTIL), said(kind, id="A")
    )

    async with database.writing() as session:
        listing = (await listings_by_id(session, kind, [stored[0].id]))[stored[0].id]
        await restore(session, listing, snapshot, LATER)

    after = await row(database, kind, stored[0].id)
    assert (after.status, after.expires_on, after.published_at) == ("draft", None, LATER)


async def test_thousands_of_listings_keep_their_order(database: Database) -> None:
    me = await make_account(database)
    listings = [said("result", id=f"A{n}") for n in range(3_000)]

    stored = await create(database, posting_of(me, "result", published_until=UNTIL), *listings)

    async with database.reading() as session:
        by_id = await session.execute(select(Listing.id, Listing.reference).order_by(Listing.id))
    assert [tuple(each) for each in by_id] == [
        (each.id, listing.id) for each, listing in zip(stored, listings, strict=True)
    ]
