"""Reasons for and against a pair, in both languages."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.matching.reasons import MOST_OPPOSING, MOST_SUPPORTING, Subject, reasons
from market.matching.score import (
    ENTERPRISE_WEIGHTS,
    INSTITUTE_WEIGHTS,
    Feature,
    Features,
    features,
    side,
)
from schemas.listings import Need, Result
from schemas.matching import Part, Reason, Side
from schemas.vocab import Lang
from tests.market.factories import bare_need, bare_result, make_need, make_result

# Classes have no English names of their own: they are named after their division.
FOOTWEAR = "Manufacture of leather, fur, feather and related products and footwear"
SOFTWARE = "Software and information technology services"
AS_OF = date(2026, 11, 23)
LANGS: tuple[Lang, Lang] = ("zh", "en")


def subject_of(
    need: Need,
    result: Result,
    known: Features,
    *,
    lang: Lang = "zh",
    shared: Sequence[str] = (),
    asked: int = 0,
    met: Sequence[tuple[str, str]] = (),
) -> Subject:
    return Subject(
        need=need,
        result=result,
        known=known,
        shared_words=shared,
        asked_words=asked,
        met_synonyms=met,
        lang=lang,
    )


def reasons_of(
    need: Need, result: Result, *, lang: Lang, text: float, shared: Sequence[str], asked: int
) -> tuple[Reason, ...]:
    known = features(need, result, text=text, as_of=AS_OF)
    sides = side(known, ENTERPRISE_WEIGHTS), side(known, INSTITUTE_WEIGHTS)
    return reasons(subject_of(need, result, known, lang=lang, shared=shared, asked=asked), sides)


def only_reasons(
    feature: Feature, of_need: dict[str, Any], of_result: dict[str, Any]
) -> list[Reason]:
    """What a single stated feature is told as, in Chinese and in English."""
    need, result = bare_need("N1", "防滑", **of_need), bare_result("R1", "止滑", **of_result)
    known = features(need, result, text=0.0, as_of=AS_OF)
    alone: Features = {feature: known[feature]}
    sides = [side(alone, ENTERPRISE_WEIGHTS)]
    return [
        reason
        for lang in LANGS
        for reason in reasons(subject_of(need, result, alone, lang=lang), sides)
    ]


def one_part_sides(points: dict[str, float]) -> list[Side]:
    parts = tuple(Part(feature=name, value=0.5, points=value) for name, value in points.items())
    return [Side(base=0.0, parts=parts, log_odds=sum(points.values()))]


FULL_NEED = make_need(deadline=date(2027, 12, 31))
FULL_RESULT = make_result(ready_on=date(2027, 1, 1))


def test_a_fitting_pair_is_told_in_chinese() -> None:
    found = reasons_of(
        FULL_NEED, FULL_RESULT, lang="zh", text=0.8, shared=["湿摩擦系数", "橡胶"], asked=9
    )

    assert found == (
        Reason("text", True, "内容相近：9 个关键词中有 2 个相同：湿摩擦系数、橡胶"),
        Reason("industry", True, "行业一致：橡胶鞋制造 C1954"),
        Reason("price", True, "报价 60 万元 在预算 80 万元 之内"),
        Reason("mode", True, "合作方式相合：需求 技术许可，成果 技术许可、技术服务"),
    )


def test_a_fitting_pair_is_told_in_english() -> None:
    found = reasons_of(
        FULL_NEED, FULL_RESULT, lang="en", text=0.8, shared=["湿摩擦系数", "橡胶"], asked=9
    )

    assert found == (
        Reason("text", True, "The texts meet: 2 of 9 key words are shared: 湿摩擦系数, 橡胶"),
        Reason(
            "industry",
            True,
            f"Same industry: {FOOTWEAR} C1954",
        ),
        Reason("price", True, "The price of 600,000 CNY is within the budget of 800,000 CNY"),
        Reason(
            "mode",
            True,
            "Modes of cooperation meet: Licensing asked, Licensing, Technical service offered",
        ),
    )


MISFIT = make_result(
    fields=("energy",),
    industries=("I6513",),
    trl=3,
    modes=("transfer", "equity"),
    price_min_cny=3_200_000,
    division="440300",
)


def test_a_misfit_is_told_in_chinese_the_worst_first() -> None:
    found = reasons_of(make_need(), MISFIT, lang="zh", text=0.1, shared=["配方"], asked=9)

    assert found == (
        Reason("text", False, "文字相近处少：9 个关键词中只有 1 个相同：配方"),
        Reason("industry", False, "行业不同：橡胶鞋制造 C1954 — 应用软件开发 I6513"),
        Reason("field", False, "领域不同：新材料 — 新能源与节能"),
    )


def test_a_misfit_is_told_in_english_the_worst_first() -> None:
    found = reasons_of(make_need(), MISFIT, lang="en", text=0.1, shared=["配方"], asked=9)

    assert found == (
        Reason("text", False, "The texts hardly meet: 1 of 9 key words are shared: 配方"),
        Reason("industry", False, f"Other industries: {FOOTWEAR} C1954 — {SOFTWARE} I6513"),
        Reason("field", False, "Other fields: New materials — New energy and energy saving"),
    )


@pytest.mark.parametrize("lang", LANGS)
def test_reasons_for_a_mixed_pair_come_before_those_against(lang: Lang) -> None:
    mixed = make_result(trl=2, price_min_cny=9_000_000)

    found = reasons_of(make_need(), mixed, lang=lang, text=0.8, shared=["橡胶"], asked=3)

    assert [(reason.feature, reason.supports) for reason in found] == [
        ("text", True),
        ("industry", True),
        ("mode", True),
        ("field", True),
        ("price", False),
        ("trl", False),
    ]


ALONE: list[tuple[Feature, dict[str, Any], dict[str, Any], bool, str, str]] = [
    (
        "industry",
        {"industries": ("C1954",)},
        {"industries": ("I6513", "C1954")},
        True,
        "行业一致：橡胶鞋制造 C1954",
        f"Same industry: {FOOTWEAR} C1954",
    ),
    (
        "industry",
        {"industries": ("C1954",)},
        {"industries": ("C195",)},
        True,
        "行业相近：橡胶鞋制造 C1954 — 制鞋业 C195",
        f"Close industries: {FOOTWEAR} C1954 — {FOOTWEAR} C195",
    ),
    (
        "industry",
        {"industries": ("C",)},
        {"industries": ("I",)},
        False,
        "行业不同：制造业 C — 信息传输、软件和信息技术服务业 I",
        (
            "Other industries: Manufacturing C"
            " — Information transmission, software and information technology services I"
        ),
    ),
    (
        "industry",
        {"industries": ("C",)},
        {"industries": ("C",)},
        False,
        "行业只知大类：制造业 C",
        "Industry known only roughly: Manufacturing C",
    ),
    (
        "field",
        {"fields": ("energy", "materials")},
        {"fields": ("materials", "services")},
        True,
        "同属新材料领域",
        "Same field: New materials",
    ),
    (
        "field",
        {"fields": ("energy", "materials")},
        {"fields": ("services",)},
        False,
        "领域不同：新能源与节能、新材料 — 高技术服务",
        "Other fields: New energy and energy saving, New materials — High-technology services",
    ),
    (
        "trl",
        {"trl_min": 6},
        {"trl": 7},
        True,
        "成熟度满足：成果 TRL 7，需求不低于 6",
        "Ripe enough: TRL 7 offered, at least 6 asked",
    ),
    (
        "trl",
        {"trl_min": 7},
        {"trl": 6},
        True,
        "成熟度接近：成果 TRL 6，需求不低于 7",
        "Nearly ripe enough: TRL 6 offered, at least 7 asked",
    ),
    (
        "trl",
        {"trl_min": 7},
        {"trl": 4},
        False,
        "成熟度不够：成果 TRL 4，需求不低于 7",
        "Not ripe enough: TRL 4 offered, at least 7 asked",
    ),
    (
        "price",
        {"budget_max_cny": 120_000_000},
        {"price_min_cny": 8_500},
        True,
        "报价 8500 元 在预算 1.2 亿元 之内",
        "The price of 8,500 CNY is within the budget of 120,000,000 CNY",
    ),
    (
        "price",
        {"budget_max_cny": 1_000_000},
        {"price_min_cny": 1_100_000},
        True,
        "报价 110 万元 略高于预算 100 万元",
        "The price of 1,100,000 CNY is a little above the budget of 1,000,000 CNY",
    ),
    (
        "price",
        {"budget_max_cny": 805_000},
        {"price_min_cny": 1_600_000},
        False,
        "报价 160 万元 高于预算 80.5 万元",
        "The price of 1,600,000 CNY is above the budget of 805,000 CNY",
    ),
    (
        "mode",
        {"modes": ("licence_exclusive", "joint")},
        {"modes": ("licence_open",)},
        True,
        "合作方式相合：需求 独占许可、合作开发，成果 开放许可",
        "Modes of cooperation meet: Exclusive licence, Joint R&D asked, Open licence offered",
    ),
    (
        "mode",
        {"modes": ("transfer",)},
        {"modes": ("joint",)},
        False,
        "合作方式不合：需求 技术转让，成果 合作开发",
        "Modes of cooperation differ: Technology transfer asked, Joint R&D offered",
    ),
    (
        "region",
        {"division": "350582"},
        {"division": "350503"},
        True,
        "同城：泉州市",
        "Same city: Quanzhou",
    ),
    (
        "region",
        {"division": "110101"},
        {"division": "110105"},
        True,
        "同城：北京市",
        "Same city: Beijing",
    ),
    (
        "region",
        {"division": "429004"},
        {"division": "429004"},
        True,
        "同城：仙桃市",
        "Same city: 仙桃市",
    ),
    (
        "region",
        {"division": "429004"},
        {"division": "429005"},
        True,
        "同省：湖北省",
        "Same province: Hubei",
    ),
    (
        "region",
        {"division": "350582"},
        {"division": "350203"},
        True,
        "同省：福建省",
        "Same province: Fujian",
    ),
    (
        "region",
        {"division": "350000"},
        {"division": "350000"},
        True,
        "同省：福建省",
        "Same province: Fujian",
    ),
    (
        "region",
        {"division": "350582"},
        {"division": "440300"},
        False,
        "两地相隔：福建省 — 广东省",
        "Far apart: Fujian — Guangdong",
    ),
    (
        "deadline",
        {"deadline": date(2027, 12, 31)},
        {"ready_on": date(2027, 1, 1)},
        True,
        "赶得上期限：成果 2027-01-01 可交付，需求期限 2027-12-31",
        "In time: to be had from 2027-01-01, needed by 2027-12-31",
    ),
    (
        "deadline",
        {"deadline": date(2027, 1, 8)},
        {"ready_on": date(2027, 1, 1)},
        False,
        "时间很紧：成果 2027-01-01 可交付，需求期限 2027-01-08",
        "Little time to spare: to be had from 2027-01-01, needed by 2027-01-08",
    ),
    (
        "deadline",
        {"deadline": date(2027, 1, 1)},
        {"ready_on": date(2027, 12, 31)},
        False,
        "赶不上期限：成果 2027-12-31 可交付，需求期限 2027-01-01",
        "Too late: to be had from 2027-12-31, needed by 2027-01-01",
    ),
    (
        "deadline",
        {"deadline": date(2025, 12, 31)},
        {"ready_on": date(2024, 1, 1)},
        False,
        "需求期限 2025-12-31 已过",
        "The deadline has passed: needed by 2025-12-31",
    ),
]


@pytest.mark.parametrize(("feature", "of_need", "of_result", "supports", "zh", "en"), ALONE)
def test_a_feature_is_told_in_both_languages(
    feature: Feature,
    of_need: dict[str, Any],
    of_result: dict[str, Any],
    supports: bool,
    zh: str,
    en: str,
) -> None:
    assert only_reasons(feature, of_need, of_result) == [
        Reason(feature, supports, zh),
        Reason(feature, supports, en),
    ]


def test_every_feature_is_told_both_ways() -> None:
    told = {(feature, supports) for feature, _, _, supports, _, _ in ALONE}

    others = set(ENTERPRISE_WEIGHTS) - {"text"}
    assert told == {(feature, supports) for feature in others for supports in (True, False)}


UNKNOWN_CODES: list[tuple[Feature, dict[str, Any], dict[str, Any], str]] = [
    ("industry", {"industries": ("Z9999",)}, {"industries": ("Z9999",)}, "行业一致：Z9999"),
    ("field", {"fields": ("magic",)}, {"fields": ("magic",)}, "同属magic领域"),
    ("field", {"fields": ("magic",)}, {"fields": ("",)}, "领域不同：magic — "),
    ("mode", {"modes": ("barter",)}, {"modes": ("gift",)}, "合作方式不合：需求 barter，成果 gift"),
    ("region", {"division": "999901"}, {"division": "999902"}, "同城：990000"),
    ("region", {"division": "999901"}, {"division": "880000"}, "两地相隔：990000 — 880000"),
]


@pytest.mark.parametrize(("feature", "of_need", "of_result", "zh"), UNKNOWN_CODES)
def test_a_code_that_no_vocabulary_knows_stands_for_itself(
    feature: Feature, of_need: dict[str, Any], of_result: dict[str, Any], zh: str
) -> None:
    in_chinese, _ = only_reasons(feature, of_need, of_result)

    assert in_chinese.text == zh


@pytest.mark.parametrize(
    ("lang", "supports", "text"),
    [
        ("zh", True, "内容相近：12 个关键词中有 8 个相同：甲、乙、丙、丁、戊、己"),
        ("en", True, "The texts meet: 8 of 12 key words are shared: 甲, 乙, 丙, 丁, 戊, 己"),
        ("zh", False, "文字相近处少：12 个关键词中只有 8 个相同：甲、乙、丙、丁、戊、己"),
        (
            "en",
            False,
            "The texts hardly meet: 8 of 12 key words are shared: 甲, 乙, 丙, 丁, 戊, 己",
        ),
    ],
)
def test_six_shared_words_are_shown_and_all_are_counted(
    lang: Lang, supports: bool, text: str
) -> None:
    subject = subject_of(
        make_need(),
        make_result(),
        {"text": 0.5},
        lang=lang,
        shared=list("甲乙丙丁戊己庚辛"),
        asked=12,
    )

    found = reasons(subject, one_part_sides({"text": 1.0 if supports else -1.0}))

    assert found == (Reason("text", supports, text),)


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        ("zh", "文字没有相同的关键词"),
        ("en", "The texts share no key word"),
    ],
)
def test_without_shared_words_none_is_shown(lang: Lang, text: str) -> None:
    subject = subject_of(make_need(), make_result(), {"text": 0.0}, lang=lang, asked=5)

    assert reasons(subject, one_part_sides({"text": -1.0})) == (Reason("text", False, text),)


@pytest.mark.parametrize(
    ("lang", "text"),
    [
        (
            "zh",
            "内容相近：2 个关键词中有 0 个相同；说法相通：大底 ≈ 外底、打滑 ≈ 防滑、激光 ≈ laser",
        ),
        (
            "en",
            (
                "The texts meet: 0 of 2 key words are shared"
                "; other words for the same: 大底 ≈ 外底, 打滑 ≈ 防滑, 激光 ≈ laser"
            ),
        ),
    ],
)
def test_three_met_synonyms_are_shown(lang: Lang, text: str) -> None:
    met = [("大底", "外底"), ("打滑", "防滑"), ("激光", "laser"), ("锂电", "锂电池")]
    subject = subject_of(make_need(), make_result(), {"text": 0.9}, lang=lang, asked=2, met=met)

    assert reasons(subject, one_part_sides({"text": 1.0})) == (Reason("text", True, text),)


def test_shared_words_and_met_synonyms_stand_together() -> None:
    subject = subject_of(
        make_need(), make_result(), {"text": 0.9}, shared=["橡胶"], asked=2, met=[("大底", "外底")]
    )

    assert reasons(subject, one_part_sides({"text": 1.0})) == (
        Reason("text", True, "内容相近：2 个关键词中有 1 个相同：橡胶；说法相通：大底 ≈ 外底"),
    )


def test_the_points_of_both_sides_are_added() -> None:
    subject = subject_of(make_need(), make_result(), {"field": 1.0, "trl": 1.0})
    two_sides = [
        *one_part_sides({"field": 0.3, "trl": 0.5}),
        *one_part_sides({"field": 0.3}),
    ]

    assert [reason.feature for reason in reasons(subject, two_sides)] == ["field", "trl"]


def test_a_feature_that_the_sides_see_the_other_way_round_is_not_worth_a_sentence() -> None:
    subject = subject_of(make_need(), make_result(), {"field": 1.0})

    assert reasons(subject, [*one_part_sides({"field": 1}), *one_part_sides({"field": -1})]) == ()


@pytest.mark.parametrize("points", [0.0, 0.049, -0.049])
def test_a_feature_near_the_neutral_point_is_not_worth_a_sentence(points: float) -> None:
    subject = subject_of(make_need(), make_result(), {"field": 0.55})

    assert reasons(subject, one_part_sides({"field": points})) == ()


def test_equally_strong_reasons_keep_the_order_of_the_parts() -> None:
    subject = subject_of(make_need(), make_result(), {"field": 1.0, "trl": 1.0, "mode": 1.0})

    found = reasons(subject, one_part_sides({"trl": 0.5, "mode": 0.5, "field": 0.5}))

    assert [reason.feature for reason in found] == ["trl", "mode", "field"]


def test_sides_without_parts_have_no_reasons() -> None:
    assert reasons(subject_of(make_need(), make_result(), {}), one_part_sides({})) == ()


@given(
    st.dictionaries(
        st.sampled_from(["text", "industry", "field", "trl", "price", "mode"]), st.floats(-3, 3)
    )
)
def test_the_strongest_come_first_and_at_most_4_for_and_3_against(
    points: dict[str, float],
) -> None:
    need, result = make_need(), make_result()
    known = features(need, result, text=0.5, as_of=AS_OF)

    found = reasons(subject_of(need, result, known), one_part_sides(points))

    strengths = [points[reason.feature] for reason in found]
    supporting = [strength for strength in strengths if strength > 0]
    opposing = [strength for strength in strengths if strength < 0]
    assert strengths == [*supporting, *opposing]
    assert supporting == sorted((p for p in points.values() if p >= 0.05), reverse=True)[:4]
    assert opposing == sorted(p for p in points.values() if p <= -0.05)[:3]
    assert (MOST_SUPPORTING, MOST_OPPOSING) == (4, 3)
