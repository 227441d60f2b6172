"""Who sees what of a listing: the table, cell by cell, and views that hold no more than it says."""

import itertools
import uuid
from datetime import date, datetime
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.accounts.viewer import ANONYMOUS, Viewer
from market.listings.models import NeedListing, ResultListing
from market.listings.visibility import (
    RELATIONS,
    TABLE,
    Group,
    Relation,
    indicator_names,
    level_of,
    need_view,
    price_band,
    quarter,
    relation_of,
    result_view,
    sees_organisation,
    sees_terms,
    summary_of,
)
from schemas.listing_views import PriceBand
from search.port import PRICE_BANDS_CNY
from tests.market.listings.factories import (
    NOW,
    OWNER_ID,
    need_row,
    organisation_row,
    result_row,
)

# The table as it was decided, written by hand: group, relation, shown, shown where it is hidden.
CELLS: list[tuple[Group, str, str, str]] = [
    ("subject", "anyone verified agreed contact owner moderator", "yes", "yes"),
    ("institute", "anyone verified", "yes", "band"),
    ("institute", "agreed contact owner moderator", "yes", "yes"),
    ("enterprise", "anyone", "band", "band"),
    ("enterprise", "verified", "yes", "band"),
    ("enterprise", "agreed contact owner moderator", "yes", "yes"),
    ("terms", "anyone", "band", "band"),
    ("terms", "verified", "yes", "band"),
    ("terms", "agreed contact owner moderator", "yes", "yes"),
    ("private", "anyone verified agreed contact", "no", "no"),
    ("private", "owner moderator", "yes", "yes"),
    ("actions", "anyone verified agreed contact moderator", "no", "no"),
    ("actions", "owner", "yes", "yes"),
    ("contacts", "anyone verified agreed moderator", "no", "no"),
    ("contacts", "contact owner", "yes", "yes"),
]
EXPANDED = [
    (group, relation, shown, hidden)
    for group, relations, shown, hidden in CELLS
    for relation in relations.split()
]

SUBJECT = {
    "id",
    "status",
    "version",
    "title",
    "keywords",
    "fields",
    "industries",
    "modes",
    "division",
    "labels",
    "published_at",
    "changed_at",
    "expires_on",
}
RESULT_SUBJECT = SUBJECT | {"summary", "trl", "rights", "price_band", "ready_band"}
NEED_SUBJECT = SUBJECT | {
    "description",
    "trl_min",
    "trl_max",
    "budget_band",
    "deadline_band",
    "indicator_names",
}
RESULT_TERMS = {"price_min_cny", "price_max_cny", "ready_on"}
NEED_TERMS = {"indicators", "budget_min_cny", "budget_max_cny", "deadline"}
PRIVATE = {"reference", "created_at", "shows_organisation", "shows_terms", "private_note", "extra"}
# Classes of industry have no English names: the division above them has one.
FOOTWEAR = "Manufacture of leather, fur, feather and related products and footwear"


def seen(view: Any) -> set[str]:
    """The names of the fields that go out on the wire."""
    return set(msgspec.json.decode(msgspec.json.encode(view)))


def test_hand_written_table_has_every_cell_once() -> None:
    named = [(group, relation) for group, relation, _, _ in EXPANDED]

    assert sorted(named) == sorted(itertools.product(get_args(Group), RELATIONS))


@pytest.mark.parametrize(("group", "relation", "shown", "hidden"), EXPANDED)
def test_each_cell_of_the_table(group: Group, relation: Relation, shown: str, hidden: str) -> None:
    open_listing = result_row(shows_organisation=True, shows_terms=True)
    closed_listing = result_row(shows_organisation=False, shows_terms=False)

    levels = (level_of(group, relation, open_listing), level_of(group, relation, closed_listing))

    assert levels == (shown, hidden)


def test_table_names_every_relation_for_every_group() -> None:
    assert {group: set(row) for group, row in TABLE.items()} == {
        group: set(RELATIONS) for group in get_args(Group)
    }


RESULT_VIEWS: list[tuple[str, set[str]]] = [
    ("anyone", RESULT_SUBJECT | {"organisation", "patents"}),
    ("verified", RESULT_SUBJECT | {"organisation", "patents"} | RESULT_TERMS),
    ("agreed", RESULT_SUBJECT | {"organisation", "patents"} | RESULT_TERMS),
    ("contact", RESULT_SUBJECT | {"organisation", "patents", "contacts"} | RESULT_TERMS),
    (
        "owner",
        RESULT_SUBJECT
        | {"organisation", "patents", "contacts", "allowed_actions", "price_floor_cny"}
        | RESULT_TERMS
        | PRIVATE,
    ),
    (
        "moderator",
        RESULT_SUBJECT | {"organisation", "patents", "price_floor_cny"} | RESULT_TERMS | PRIVATE,
    ),
]


@pytest.mark.parametrize(("relation", "fields"), RESULT_VIEWS)
def test_fields_of_a_result_that_each_relation_sees(relation: Relation, fields: set[str]) -> None:
    view = result_view(result_row(), organisation_row(), relation, "zh")

    assert seen(view) == fields


NEED_VIEWS: list[tuple[str, set[str]]] = [
    ("anyone", NEED_SUBJECT | {"organisation_hint"}),
    ("verified", NEED_SUBJECT | {"organisation_hint"} | NEED_TERMS),
    ("agreed", NEED_SUBJECT | {"organisation"} | NEED_TERMS),
    ("contact", NEED_SUBJECT | {"organisation", "contacts"} | NEED_TERMS),
    (
        "owner",
        NEED_SUBJECT | {"organisation", "contacts", "allowed_actions"} | NEED_TERMS | PRIVATE,
    ),
    ("moderator", NEED_SUBJECT | {"organisation"} | NEED_TERMS | PRIVATE),
]


@pytest.mark.parametrize(("relation", "fields"), NEED_VIEWS)
def test_fields_of_a_need_that_each_relation_sees(relation: Relation, fields: set[str]) -> None:
    view = need_view(need_row(), organisation_row(kind="enterprise"), relation, "zh")

    assert seen(view) == fields


def test_hidden_result_shows_bands_and_a_hint_to_verified_organisations() -> None:
    listing = result_row(shows_organisation=False, shows_terms=False)

    view = result_view(listing, organisation_row(), "verified", "zh")

    assert seen(view) == RESULT_SUBJECT | {"organisation_hint"}
    assert (view.price_band, view.ready_band) == ("500k_1m", "2027-Q2")
    assert view.organisation_hint == "丰泽区制鞋业高校院所"


def test_shown_need_names_the_enterprise_to_verified_organisations_only() -> None:
    listing, organisation = need_row(shows_organisation=True), organisation_row(kind="enterprise")

    anyone, verified = (
        need_view(listing, organisation, relation, "zh") for relation in ("anyone", "verified")
    )

    assert seen(anyone) == NEED_SUBJECT | {"organisation_hint"}
    assert seen(verified) == NEED_SUBJECT | {"organisation"} | NEED_TERMS


def test_owner_sees_the_whole_result() -> None:
    view = result_view(result_row(), organisation_row(), "owner", "zh")

    assert msgspec.to_builtins(view) == {
        "id": "00000000-0000-0000-0000-000000000007",
        "status": "published",
        "version": 3,
        "title": "高湿摩擦系数橡胶鞋底材料",
        "keywords": ["鞋底", "白炭黑", "湿摩擦系数"],
        "fields": ["materials"],
        "industries": ["C1954"],
        "modes": ["licence", "service"],
        "division": "350503",
        "labels": {
            "materials": "新材料",
            "C1954": "橡胶鞋制造",
            "licence": "技术许可",
            "service": "技术服务",
            "350503": "丰泽区",
        },
        "published_at": "2027-03-01T08:00:00Z",
        "changed_at": "2027-03-01T08:00:00Z",
        "expires_on": "2028-03-01",
        "organisation": {
            "id": "00000000-0000-0000-0000-000000000001",
            "name": "刺桐大学",
            "kind": "institute",
            "is_verified": True,
        },
        "reference": "CG-018",
        "created_at": "2027-03-01T08:00:00Z",
        "shows_organisation": True,
        "shows_terms": True,
        "private_note": "只和本省企业谈独占许可",
        "extra": {"备注": "内部"},
        "allowed_actions": ["pause", "close", "withdraw", "renew"],
        "contacts": {"联系人": "林工", "电话": "0595-22690001"},
        "summary": result_row().text,
        "trl": 7,
        "rights": "granted",
        "price_band": "500k_1m",
        "ready_band": "2027-Q2",
        "patents": ["ZL95115608.X"],
        "price_min_cny": 600_000,
        "price_max_cny": 900_000,
        "ready_on": "2027-05-01",
        "price_floor_cny": 450_000,
    }


def test_anyone_sees_bands_of_a_need_and_a_hint_of_who_asks() -> None:
    view = need_view(need_row(), organisation_row(kind="enterprise"), "anyone", "en")

    assert msgspec.to_builtins(view) == {
        "id": "00000000-0000-0000-0000-000000000007",
        "status": "published",
        "version": 3,
        "title": "橡胶鞋底湿摩擦系数不够",
        "keywords": ["鞋底", "防滑", "橡胶"],
        "fields": ["materials"],
        "industries": ["C1954"],
        "modes": ["licence"],
        "division": "350582",
        "labels": {
            "materials": "New materials",
            "C1954": FOOTWEAR,
            "licence": "Licensing",
            "350582": "Jinjiang",
        },
        "published_at": "2027-03-01T08:00:00Z",
        "changed_at": "2027-03-01T08:00:00Z",
        "expires_on": "2028-03-01",
        "organisation_hint": f"An enterprise in Jinjiang ({FOOTWEAR})",
        "description": need_row().text,
        "trl_min": 6,
        "trl_max": 9,
        "budget_band": "100k_500k",
        "deadline_band": "2027-Q4",
        "indicator_names": ["湿摩擦系数", "通过 GB/T"],
    }


def test_summary_for_a_verified_organisation() -> None:
    shown = summary_of(need_row(), organisation_row(kind="enterprise"), "verified", "zh")

    assert msgspec.to_builtins(shown) == {
        "id": "00000000-0000-0000-0000-000000000007",
        "kind": "need",
        "status": "published",
        "version": 3,
        "title": "橡胶鞋底湿摩擦系数不够",
        "excerpt": need_row().text,
        "keywords": ["鞋底", "防滑", "橡胶"],
        "fields": ["materials"],
        "industries": ["C1954"],
        "modes": ["licence"],
        "division": "350582",
        "labels": {
            "materials": "新材料",
            "C1954": "橡胶鞋制造",
            "licence": "技术许可",
            "350582": "晋江市",
        },
        "trl_min": 6,
        "trl_max": 9,
        "price_band": "100k_500k",
        "published_at": "2027-03-01T08:00:00Z",
        "changed_at": "2027-03-01T08:00:00Z",
        "organisation_hint": "晋江市制鞋业企业",
        "price_min_cny": 300_000,
        "price_max_cny": 800_000,
        "deadline": "2027-11-30",
    }


def test_summary_of_a_result_for_its_owner_has_reference_and_last_day() -> None:
    mine = seen(summary_of(result_row(), organisation_row(), "owner", "zh"))
    others = seen(summary_of(result_row(), organisation_row(), "verified", "zh"))

    assert mine - others == {"reference", "expires_on"}


MINE = uuid.UUID(int=1)
OTHERS = uuid.UUID(int=2)
INSTITUTE = frozenset({"institute"})


@pytest.mark.parametrize(
    ("viewer", "relation"),
    [
        (ANONYMOUS, "anyone"),
        (Viewer(user_id=MINE, organisation_id=OTHERS, roles=INSTITUTE), "anyone"),
        (
            Viewer(user_id=MINE, organisation_id=OTHERS, roles=INSTITUTE, is_verified=True),
            "verified",
        ),
        (Viewer(user_id=MINE, organisation_id=OWNER_ID, roles=INSTITUTE), "owner"),
        (Viewer(user_id=MINE, roles=frozenset({"moderator"})), "moderator"),
        (Viewer(user_id=MINE, roles=frozenset({"administrator"})), "moderator"),
        (
            Viewer(
                user_id=MINE,
                organisation_id=OWNER_ID,
                is_verified=True,
                scopes=frozenset({"listings:read"}),
            ),
            "owner",
        ),
        (
            Viewer(
                user_id=MINE,
                organisation_id=OWNER_ID,
                is_verified=True,
                scopes=frozenset({"listings:write"}),
            ),
            "verified",
        ),
        (
            Viewer(
                user_id=MINE,
                roles=frozenset({"administrator"}),
                scopes=frozenset({"matches:read"}),
            ),
            "anyone",
        ),
    ],
    ids=[
        "anonymous",
        "unverified",
        "verified",
        "member",
        "moderator",
        "administrator",
        "key that reads",
        "key that only writes",
        "administrator's key without the scope",
    ],
)
def test_how_a_viewer_stands_to_a_listing(viewer: Viewer, relation: str) -> None:
    assert relation_of(viewer, result_row()) == relation


@pytest.mark.parametrize("relation", RELATIONS)
def test_who_sees_terms_and_organisation_agrees_with_the_views(relation: Relation) -> None:
    listing = need_row(shows_organisation=True)
    view = seen(need_view(listing, organisation_row(), relation, "zh"))

    told = (sees_terms(relation, listing), sees_organisation(relation, listing))

    assert told == ("deadline" in view, "organisation" in view)


@pytest.mark.parametrize(
    ("low", "high", "band"),
    [
        (None, None, None),
        (0, 0, "under_100k"),
        (99_999, None, "under_100k"),
        (100_000, 9_000_000, "100k_500k"),
        (None, 500_000, "500k_1m"),
        (1_000_000, 1_000_000, "1m_5m"),
        (4_999_999, 5_000_000, "1m_5m"),
        (5_000_000, 10**13, "5m_up"),
    ],
)
def test_price_bands(low: int | None, high: int | None, band: str | None) -> None:
    assert price_band(low, high) == band


def test_bands_on_the_wire_are_those_of_the_search() -> None:
    assert get_args(PriceBand) == tuple(name for name, _ in PRICE_BANDS_CNY)


@pytest.mark.parametrize(
    ("day", "told"),
    [
        (None, None),
        (date(2027, 1, 1), "2027-Q1"),
        (date(2027, 3, 31), "2027-Q1"),
        (date(2027, 4, 1), "2027-Q2"),
        (date(2027, 12, 31), "2027-Q4"),
    ],
)
def test_quarters(day: date | None, told: str | None) -> None:
    assert quarter(day) == told


def test_names_of_indicators_tell_no_numbers_of_stated_ones() -> None:
    listing = need_row(
        indicators=[
            {"name": "成本降到原来的80%，一年内", "text": "成本降到原来的80%，一年内"},
            {"name": "5年不开胶", "text": "5年不开胶"},
            {"name": "PM2.5去除率", "comparator": ">=", "value": 99.0, "text": "PM2.5去除率≥99%"},
            {"name": "", "comparator": ">=", "value": 60.0, "text": "≥60件/分"},
        ]
    )

    assert indicator_names(listing) == ["成本降到原来的", "PM2.5去除率"]


# Values that nothing else in a listing holds, so that a leak can be seen in the encoded answer.
SECRET_WORD = "绝密"
NUMBERS = st.integers(10**9, 10**12).map(lambda n: n * 10 + 7)
HIDDEN = st.builds(lambda n: f"{SECRET_WORD}{n}", st.integers(0, 99))
PATENT = "ZL97101765.4"
DAYS = st.dates(date(2030, 1, 1), date(2090, 12, 31))


@st.composite
def results(draw: st.DrawFn) -> ResultListing:
    low, high = sorted((draw(NUMBERS), draw(NUMBERS)))
    return result_row(
        shows_organisation=draw(st.booleans()),
        shows_terms=draw(st.booleans()),
        price_min_cny=low,
        price_max_cny=high,
        price_floor_cny=draw(NUMBERS) * 10 + 3,
        ready_on=draw(DAYS),
        patents=[PATENT],
        reference=draw(HIDDEN),
        private_note=draw(HIDDEN),
        contacts={draw(HIDDEN): draw(HIDDEN)},
        extra={draw(HIDDEN): draw(HIDDEN)},
    )


@st.composite
def needs(draw: st.DrawFn) -> NeedListing:
    low, high = sorted((draw(NUMBERS), draw(NUMBERS)))
    value = float(draw(NUMBERS))
    return need_row(
        shows_organisation=draw(st.booleans()),
        shows_terms=draw(st.booleans()),
        budget_min_cny=low,
        budget_max_cny=high,
        deadline=draw(DAYS),
        indicators=[
            {"name": "强度", "comparator": ">=", "value": value, "text": f"强度≥{value}"},
            {"name": f"达到{int(value)}", "text": f"达到{int(value)}"},
        ],
        reference=draw(HIDDEN),
        private_note=draw(HIDDEN),
        contacts={draw(HIDDEN): draw(HIDDEN)},
        extra={draw(HIDDEN): draw(HIDDEN)},
    )


NAMED = organisation_row(name="保密科技", name_key="保密科技", kind="enterprise")


def leaks(encoded: str, *secrets: object) -> list[str]:
    return [str(secret) for secret in secrets if str(secret) in encoded]


@given(results(), st.sampled_from(["anyone", "verified"]), st.sampled_from(["zh", "en"]))
def test_no_view_of_a_result_leaks_what_it_must_not(
    listing: ResultListing, relation: Relation, lang: Any
) -> None:
    sees_all_terms = relation == "verified" and listing.shows_terms
    hidden: list[object] = [listing.price_floor_cny, SECRET_WORD]
    if not sees_all_terms:
        hidden += [listing.price_min_cny, listing.price_max_cny, listing.ready_on]
    if not listing.shows_organisation:
        hidden += [NAMED.name, OWNER_ID, PATENT]

    view = result_view(listing, NAMED, relation, lang)
    summary = summary_of(listing, NAMED, relation, lang)

    assert leaks(msgspec.json.encode([view, summary]).decode(), *hidden) == []


@given(needs(), st.sampled_from(["anyone", "verified"]), st.sampled_from(["zh", "en"]))
def test_no_view_of_a_need_leaks_what_it_must_not(
    listing: NeedListing, relation: Relation, lang: Any
) -> None:
    sees_all_terms = relation == "verified" and listing.shows_terms
    hidden: list[object] = [SECRET_WORD]
    if not sees_all_terms:
        value = int(listing.indicators[0]["value"])
        hidden += [listing.budget_min_cny, listing.budget_max_cny, listing.deadline, value]
    if relation == "anyone" or not listing.shows_organisation:
        hidden += [NAMED.name, OWNER_ID]

    view = need_view(listing, NAMED, relation, lang)
    summary = summary_of(listing, NAMED, relation, lang)

    assert leaks(msgspec.json.encode([view, summary]).decode(), *hidden) == []


def test_times_on_the_wire_have_an_offset() -> None:
    view = msgspec.json.decode(
        msgspec.json.encode(result_view(result_row(), organisation_row(), "owner", "zh"))
    )

    assert datetime.fromisoformat(view["created_at"]) == NOW
