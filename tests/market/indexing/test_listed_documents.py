"""Rows as documents: an index holds nothing that its owner hides."""

import uuid
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.accounts.models import Organisation
from market.indexing.listed_documents import public_document, whole_document
from market.listings.models import NeedListing, ResultListing
from market.listings.plain import PLAIN
from search.documents import SearchDocument
from tests.market.indexing.factories import made_listing

ID = uuid.UUID("01930000-0000-7000-8000-000000000001")
NAME = "晋江隐名鞋业有限公司"
PUBLISHED = datetime(2026, 11, 24, 8, tzinfo=UTC)
FIXED: dict[str, Any] = {"version": 4, "published_at": PUBLISHED}


def organisation() -> Organisation:
    return Organisation(
        id=uuid.uuid4(), kind="institute", name=NAME, name_key=NAME, created_at=PUBLISHED
    )


def plain(listing: ResultListing | NeedListing, owner: Organisation) -> Any:
    """The listing as market.listings.plain reads it."""
    names = PLAIN[listing.kind].selected_columns.keys()
    columns = {name: getattr(listing, name, None) for name in names}
    return SimpleNamespace(
        **columns | {"organisation": owner.name, "credit_code": owner.credit_code}
    )


def listed(kind: str, **changes: Any) -> Any:
    listing = made_listing(organisation(), kind, **(FIXED | changes))
    listing.id = ID
    return plain(listing, organisation())


def test_document_of_a_result_row_is_what_anyone_may_find() -> None:
    row = listed("result", price_floor_cny=424_242, private_note="底价面谈", patents=["ZL9"])

    assert public_document(row) == SearchDocument(
        id=str(ID),
        version=4,
        title="高湿摩擦系数橡胶鞋底材料",
        keywords=("鞋底", "防滑"),
        body="用白炭黑补强橡胶，湿摩擦系数由0.32提升到0.55。",
        fields=("materials",),
        industries=("C1954",),
        division="350503",
        organisation=NAME,
        modes=("licence",),
        trl_min=7,
        trl_max=7,
        price_min_cny=600_000,
        price_max_cny=700_000,
        published_at_s=1_795_507_200,
    )


def test_document_of_a_need_row_names_its_indicators_without_their_values() -> None:
    row = listed("need", shows_organisation=True)

    assert public_document(row) == SearchDocument(
        id=str(ID),
        version=4,
        title="橡胶鞋底湿摩擦系数不够",
        keywords=("鞋底", "防滑"),
        body="现有橡胶鞋底在湿地面上打滑，求配方。\n剥离强度",
        fields=("materials",),
        industries=("C1954",),
        division="350582",
        organisation=NAME,
        modes=("licence",),
        trl_min=6,
        trl_max=8,
        price_min_cny=200_000,
        price_max_cny=800_000,
        published_at_s=1_795_507_200,
    )


@pytest.mark.parametrize("kind", ["result", "need"])
def test_hidden_organisation_is_not_in_the_document(kind: str) -> None:
    row = listed(kind, shows_organisation=False)

    assert public_document(row).organisation == ""


@pytest.mark.parametrize("kind", ["result", "need"])
def test_hidden_terms_are_not_in_the_document(kind: str) -> None:
    document = public_document(listed(kind, shows_terms=False))

    assert (document.price_min_cny, document.price_max_cny) == (None, None)
    assert "剥离强度" not in document.body


def test_listing_without_a_day_of_publication_has_none_in_the_document() -> None:
    assert public_document(listed("result", published_at=None)) == (
        msgspec.structs.replace(public_document(listed("result")), published_at_s=None)
    )


def test_whole_document_holds_the_indicators_also_where_they_are_hidden() -> None:
    document = whole_document(listed("need", shows_terms=False))

    assert document.body == "现有橡胶鞋底在湿地面上打滑，求配方。\n剥离强度≥97531 N/cm"


SECRET = "机密机密"
_indicators = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(["剥离强度", "湿摩擦系数"]),
            "comparator": st.sampled_from([">=", "<=", "="]),
            "value": st.just(97531.0),
            "text": st.just(f"≥97531 {SECRET}"),
        }
    ),
    max_size=3,
)


@given(
    kind=st.sampled_from(["result", "need"]),
    shows_organisation=st.booleans(),
    shows_terms=st.booleans(),
    indicators=_indicators,
)
def test_no_document_holds_what_is_hidden(
    kind: str, shows_organisation: bool, shows_terms: bool, indicators: list[dict[str, Any]]
) -> None:
    secrets: dict[str, Any] = {
        "reference": SECRET,
        "private_note": SECRET,
        "contacts": {"电话": SECRET},
        "extra": {"备注": SECRET},
    }
    own = {"indicators": indicators} if kind == "need" else {"price_floor_cny": 97531}
    row = listed(
        kind,
        shows_organisation=shows_organisation,
        shows_terms=shows_terms,
        **secrets,
        **own,
    )

    written = msgspec.json.encode(public_document(row)).decode()

    assert SECRET not in written
    assert "97531" not in written
    assert (NAME in written) == shows_organisation
    assert ("00000," in written) == shows_terms


@pytest.mark.parametrize("kind", ["result", "need"])
@pytest.mark.parametrize("shows", [True, False])
def test_public_document_is_the_same_for_who_has_the_whole_one(kind: str, shows: bool) -> None:
    row = listed(kind, shows_terms=shows, shows_organisation=shows)

    assert public_document(row, whole_document(row)) == public_document(row)
