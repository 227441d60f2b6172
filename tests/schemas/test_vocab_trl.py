"""Technology readiness levels as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.vocab import STAGE_TRL, stage_of_trl, stages, trl_range

levels = st.integers(1, 9)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", (7, 7)),
        ("TRL7", (7, 7)),
        ("TRL 7", (7, 7)),
        ("trl-7", None),
        ("TRL7级", (7, 7)),
        ("TRL：7", (7, 7)),
        ("TRL=7", None),
        ("7级", (7, 7)),
        ("第7级", (7, 7)),
        ("七级", (7, 7)),
        ("７", (7, 7)),
        ("⑦", (7, 7)),
        ("7.0", (7, 7)),
        ("Level 7", (7, 7)),
        ("技术成熟度7级", (7, 7)),
        ("技术成熟度：TRL 7", (7, 7)),
        (" 7 ", (7, 7)),
    ],
)
def test_one_level_is_a_range_of_one(text: str, expected: tuple[int, int] | None) -> None:
    assert trl_range(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5-7", (5, 7)),
        ("TRL5~7", (5, 7)),
        ("TRL5－TRL7", (5, 7)),
        ("5—7级", (5, 7)),
        ("5～7", (5, 7)),
        ("5至7级", (5, 7)),
        ("五到七级", (5, 7)),
        ("7-5", (5, 7)),
        ("5-5", (5, 5)),
        ("7级以上", (7, 9)),
        ("7级及以上", (7, 9)),
        ("≥7", (7, 9)),
        ("不低于TRL7", (7, 9)),
        ("7+", (7, 9)),
        ("≤4", (1, 4)),
        ("4级以下", (1, 4)),
    ],
)
def test_two_ends_are_a_range(text: str, expected: tuple[int, int]) -> None:
    assert trl_range(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("研发", (1, 3)),
        ("概念验证", (1, 3)),
        ("小试", (4, 4)),
        ("实验室阶段", (4, 4)),
        ("中试", (5, 6)),
        ("中试阶段", (5, 6)),
        ("pilot", (5, 6)),
        ("工程样机", (7, 8)),
        ("样品/示范", (7, 8)),
        ("量产", (9, 9)),
        ("规模化生产", (9, 9)),
        ("小试-中试", (4, 6)),
        ("小试至中试", (4, 6)),
        ("中试以上", (5, 9)),
        ("小试到7级", (4, 7)),
        ("proof-of-concept", (1, 3)),
    ],
)
def test_a_stage_gives_its_levels(text: str, expected: tuple[int, int]) -> None:
    assert trl_range(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "0",
        "10",
        "-7",
        "7-",
        "1-2-3",
        "0-5",
        "5-10",
        "7.5",
        "77",
        "TRL",
        "以上",
        "≥",
        "成熟度",
        "2027-05",
        "待定",
        "7天",
        "\x00",
        "\ud800",
        "7" * 10_240,
        "-" * 10_240,
    ],
    ids=ascii,
)
def test_what_is_no_level_is_none(text: str) -> None:
    assert trl_range(text) is None


@given(levels, levels)
def test_every_pair_of_levels_is_read_back(one: int, other: int) -> None:
    assert trl_range(f"TRL{one}-{other}") == (min(one, other), max(one, other))


@given(st.text())
def test_any_text_gives_a_range_within_one_to_nine_or_none(text: str) -> None:
    found = trl_range(text)

    assert found is None or 1 <= found[0] <= found[1] <= 9


def test_the_stages_cover_every_level_once() -> None:
    covered = [level for low, high in STAGE_TRL.values() for level in range(low, high + 1)]

    assert covered == list(range(1, 10))


def test_every_stage_has_its_levels() -> None:
    assert list(STAGE_TRL) == [entry.code for entry in stages()]


@given(levels)
def test_the_stage_of_a_level_contains_it(level: int) -> None:
    low, high = STAGE_TRL[stage_of_trl(level)]

    assert low <= level <= high


@pytest.mark.parametrize("level", [-1, 0, 10])
def test_a_level_outside_one_to_nine_has_no_stage(level: int) -> None:
    with pytest.raises(ValueError, match="1 to 9"):
        stage_of_trl(level)
