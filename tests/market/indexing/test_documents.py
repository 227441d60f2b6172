"""Listings as documents of the search index."""

from datetime import date

import pytest

from market.indexing.documents import document_of_need, document_of_result, text_of_need
from schemas.listings import Need, Result
from search.documents import SearchDocument
from search.embedded import EmbeddedEngine
from search.port import Filters, SearchQuery
from tests.market.factories import make_need, make_result

CONTACTS = {"联系人": "林泄露", "电话": "13800000000"}
EXTRA = {"备注": "内部价三折"}


def test_a_result_becomes_a_document() -> None:
    result = make_result(
        price_min_cny=500_000,
        price_max_cny=900_000,
        patents=("ZL202210094654.7",),
        ready_on=date(2027, 1, 1),
        contacts=CONTACTS,
        extra=EXTRA,
    )

    assert document_of_result(result) == SearchDocument(
        id="R1",
        title="高湿摩擦系数橡胶鞋底材料",
        keywords=("鞋底", "湿摩擦系数"),
        body="用白炭黑补强橡胶，湿摩擦系数由0.32提升到0.55。",
        fields=("materials",),
        industries=("C1954",),
        division="350503",
        organisation="刺桐大学",
        modes=("licence", "service"),
        trl_min=7,
        trl_max=7,
        price_min_cny=500_000,
        price_max_cny=900_000,
    )


def test_a_need_becomes_a_document() -> None:
    need = make_need(
        keywords=("防滑",), trl_max=8, budget_min_cny=100_000, contacts=CONTACTS, extra=EXTRA
    )

    assert document_of_need(need) == SearchDocument(
        id="N1",
        title="橡胶鞋底湿摩擦系数不够",
        keywords=("防滑",),
        body="现有橡胶鞋底在湿地面上打滑，求配方。\n湿摩擦系数≥0.5",
        fields=("materials",),
        industries=("C1954",),
        division="350582",
        organisation="晋江某鞋业有限公司",
        modes=("licence",),
        trl_min=6,
        trl_max=8,
        price_min_cny=100_000,
        price_max_cny=800_000,
    )


def test_a_bare_listing_becomes_a_bare_document() -> None:
    bare = SearchDocument(id="7", title="防滑")

    assert document_of_result(Result(id="7", title="防滑")) == bare
    assert document_of_need(Need(id="7", title="防滑")) == bare


@pytest.mark.parametrize(
    ("description", "indicators", "text"),
    [
        ("打滑", "≥0.5", "打滑\n≥0.5"),
        ("打滑", "", "打滑"),
        ("", "≥0.5", "≥0.5"),
        ("", "", ""),
    ],
)
def test_the_text_of_a_need_is_its_description_and_its_indicators(
    description: str, indicators: str, text: str
) -> None:
    assert text_of_need(make_need(description=description, indicators=indicators)) == text


def engine() -> EmbeddedEngine:
    made = EmbeddedEngine.in_memory()
    made.upsert_now(
        [
            document_of_result(make_result(contacts=CONTACTS, extra=EXTRA)),
            document_of_need(make_need(contacts=CONTACTS, extra=EXTRA)),
        ]
    )
    return made


@pytest.mark.parametrize("leaked", [*CONTACTS.values(), *EXTRA.values()])
def test_contacts_and_extra_columns_are_not_found(leaked: str) -> None:
    assert engine().search_now(SearchQuery(text=f'"{leaked}"')).hits == ()


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (Filters(industries=("C195",)), ["N1", "R1"]),
        (Filters(divisions=("350503",)), ["R1"]),
        (Filters(organisation="鞋业"), ["N1"]),
        (Filters(modes=("service",)), ["R1"]),
        (Filters(trl_min=7, trl_max=7), ["N1", "R1"]),
        (Filters(price_max_cny=100_000), ["N1"]),
        (Filters(fields=("energy",)), []),
    ],
)
def test_the_values_of_a_listing_are_found_by_filters(filters: Filters, ids: list[str]) -> None:
    hits = engine().search_now(SearchQuery(filters=filters)).hits

    assert sorted(hit.id for hit in hits) == ids
