"""Names of codes in either language, and who posts without saying who."""

from typing import Any

import pytest

from market.listings.names import labels_of, name_of, organisation_hint
from schemas.vocab import Lang
from tests.market.listings.factories import need_row, result_row


@pytest.mark.parametrize(
    ("vocabulary", "code", "zh", "en"),
    [
        ("fields", "materials", "新材料", "New materials"),
        ("modes", "licence_open", "开放许可", "Open licence"),
        ("industries", "C", "制造业", "Manufacturing"),
        (
            "industries",
            "C1954",
            "橡胶鞋制造",
            "Manufacture of leather, fur, feather and related products and footwear",
        ),
        ("divisions", "350582", "晋江市", "Jinjiang"),
        ("divisions", "110105", "朝阳区", "Beijing"),
        ("divisions", "999999", "", ""),
        ("fields", "", "", ""),
    ],
)
def test_names_of_codes(vocabulary: str, code: str, zh: str, en: str) -> None:
    assert (name_of(vocabulary, code, "zh"), name_of(vocabulary, code, "en")) == (zh, en)


def test_labels_name_every_code_that_a_vocabulary_has() -> None:
    listing = result_row(
        fields=["materials", "gone"], industries=["A01"], modes=["equity"], division="350500"
    )

    assert labels_of(listing, "en") == {
        "materials": "New materials",
        "A01": "Agriculture",
        "equity": "Equity",
        "350500": "Quanzhou",
    }


def test_listing_without_codes_has_no_labels() -> None:
    bare = result_row(fields=[], industries=[], modes=[], division=None)

    assert labels_of(bare, "zh") == {}


@pytest.mark.parametrize(
    ("changes", "kind", "lang", "hint"),
    [
        ({}, "enterprise", "zh", "晋江市制鞋业企业"),
        ({"industries": []}, "enterprise", "zh", "晋江市企业"),
        ({"division": None}, "enterprise", "zh", "制鞋业企业"),
        ({"division": None, "industries": []}, "enterprise", "zh", "企业"),
        ({"industries": ["A01"]}, "outpost", "zh", "晋江市农业创新飞地"),
        ({}, "investor", "zh", "晋江市制鞋业机构"),
        ({"industries": []}, "enterprise", "en", "An enterprise in Jinjiang"),
        (
            {"industries": ["A0111"]},
            "institute",
            "en",
            "A research institute in Jinjiang (Agriculture)",
        ),
        ({"division": None, "industries": []}, "broker", "en", "A technology broker"),
    ],
)
def test_hints_at_who_posts(changes: dict[str, Any], kind: str, lang: Lang, hint: str) -> None:
    assert organisation_hint(need_row(**changes), kind, lang) == hint
