"""What people type into filters, and names of what facets count."""

from collections.abc import Callable

import pytest

from market.listings.facets import facet_label
from market.listings.filter_codes import (
    division_prefix_of,
    field_code,
    industry_code,
    mode_code,
    modes_meant,
)
from schemas.vocab import Lang
from search.port import FACETS, PRICE_BANDS_CNY


@pytest.mark.parametrize(
    ("read", "text", "code"),
    [
        (field_code, "materials", "materials"),
        (field_code, "新材料", "materials"),
        (field_code, "New materials", "materials"),
        (field_code, "占星术", None),
        (field_code, "", None),
        (industry_code, "C19", "C19"),
        (industry_code, "1954", "C1954"),
        (industry_code, "橡胶鞋制造", "C1954"),
        (industry_code, "ZZ", None),
        (mode_code, "技术许可", "licence"),
        (mode_code, "赠送", None),
        (division_prefix_of, "泉州", "3505"),
        (division_prefix_of, "350500", "3505"),
        (division_prefix_of, "3505", "3505"),
        (division_prefix_of, "35", "35"),
        (division_prefix_of, "晋江", "350582"),
        (division_prefix_of, "9999", None),
        (division_prefix_of, "Atlantis", None),
    ],
)
def test_codes_and_names_are_read(
    read: Callable[[str], str | None], text: str, code: str | None
) -> None:
    assert read(text) == code


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ((), set()),
        (("service",), {"service"}),
        (("licence_exclusive",), {"licence_exclusive"}),
        (
            ("licence", "service"),
            {
                "licence",
                "service",
                "licence_exclusive",
                "licence_sole",
                "licence_ordinary",
                "licence_open",
            },
        ),
    ],
)
def test_mode_means_its_kinds_too(asked: tuple[str, ...], meant: set[str]) -> None:
    assert set(modes_meant(asked)) == meant


@pytest.mark.parametrize(
    ("facet", "code", "lang", "label"),
    [
        ("fields", "materials", "zh", "新材料"),
        ("fields", "materials", "en", "New materials"),
        ("industry_sections", "C", "zh", "制造业"),
        ("provinces", "350000", "zh", "福建省"),
        ("modes", "licence", "en", "Licensing"),
        ("trl", "7", "zh", "TRL 7"),
        ("price_bands", "under_100k", "zh", "10万以下"),
        ("price_bands", "5m_up", "en", "5m and up"),
        ("fields", "alchemy", "zh", "alchemy"),
    ],
)
def test_counted_value_has_a_name(facet: str, code: str, lang: Lang, label: str) -> None:
    assert facet_label(facet, code, lang) == label


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_band_has_a_name_of_its_own(lang: Lang) -> None:
    labels = {facet_label("price_bands", band, lang) for band, _ in PRICE_BANDS_CNY}

    assert len(labels) == len(PRICE_BANDS_CNY)


def test_every_facet_has_names() -> None:
    codes = {"price_bands": "under_100k"}

    assert all(facet_label(facet, codes.get(facet, "x"), "zh") for facet in FACETS)
