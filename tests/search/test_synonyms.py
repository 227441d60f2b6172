"""The map of synonyms: its lines, what it finds in a text, and the map that is shipped."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.synonyms import (
    EQUIVALENT_WEIGHT,
    ONE_WAY_WEIGHT,
    Expansion,
    Synonyms,
    Target,
    shipped_synonyms,
)
from search.terms import boilerplate
from search.text import data_lines, fold, words

LINES = [
    "=\t鞋底|大底|outsole",
    "=\t激光|laser",
    "=\tmes|制造执行系统",
    "=\t锂电池|锂离子电池|li-ion battery",
    ">\t打滑|鞋底滑\t湿摩擦系数|防滑",
]


def triggers_of(text: str, lines: list[str] = LINES) -> list[str]:
    return [expansion.trigger for expansion in Synonyms(lines).expansions(text)]


def phrases_of(text: str, lines: list[str] = LINES) -> list[list[str]]:
    found = Synonyms(lines).expansions(text)
    return [[target.phrase for target in expansion.targets] for expansion in found]


def cut(phrase: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words(phrase)))


def test_an_equivalent_is_found_with_its_words_and_its_full_weight() -> None:
    found = Synonyms(LINES).expansions("激光设备")

    assert found == [
        Expansion(
            trigger="激光",
            words=("激光",),
            targets=(Target(phrase="laser", words=("laser",), weight=EQUIVALENT_WEIGHT),),
        )
    ]


def test_a_one_way_trigger_finds_its_targets_at_a_lower_weight() -> None:
    found = Synonyms(LINES).expansions("地面打滑")

    assert found == [
        Expansion(
            trigger="打滑",
            words=cut("打滑"),
            targets=(
                Target(phrase="湿摩擦系数", words=cut("湿摩擦系数"), weight=ONE_WAY_WEIGHT),
                Target(phrase="防滑", words=cut("防滑"), weight=ONE_WAY_WEIGHT),
            ),
        )
    ]


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("鞋底", ["大底", "outsole"]),
        ("大底", ["鞋底", "outsole"]),
        ("outsole", ["鞋底", "大底"]),
    ],
)
def test_each_equivalent_finds_the_others_and_never_itself(text: str, others: list[str]) -> None:
    assert phrases_of(text) == [others]


@pytest.mark.parametrize("target", ["湿摩擦系数", "防滑"])
def test_a_one_way_target_does_not_find_its_triggers(target: str) -> None:
    assert triggers_of(target) == []


def test_each_trigger_of_one_line_finds_all_its_targets() -> None:
    assert phrases_of("鞋底滑，也打滑") == [["湿摩擦系数", "防滑"], ["湿摩擦系数", "防滑"]]


def test_the_longest_trigger_wins_and_those_inside_it_are_passed_over() -> None:
    assert triggers_of("鞋底滑") == ["鞋底滑"]
    assert triggers_of("锂离子电池", ["=\t离子|ion", "=\t锂离子电池|lib"]) == ["锂离子电池"]


def test_a_shorter_trigger_counts_where_the_longer_one_does_not_stand() -> None:
    assert triggers_of("鞋底滑，换鞋底") == ["鞋底滑", "鞋底"]


def test_expansions_come_in_the_order_of_first_appearance_and_once_each() -> None:
    assert triggers_of("激光切割鞋底，再激光打标大底、鞋底") == ["激光", "鞋底", "大底"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mes", ["mes"]),
        ("上MES系统", ["mes"]),
        ("(MES)", ["mes"]),
        ("MES、ERP", ["mes"]),
        ("messages", []),
        ("times", []),
        ("mes2", []),
        ("3mes", []),
        ("li-ion battery pack", ["li-ion battery"]),
        ("li-ion batteryx", []),
    ],
)
def test_a_latin_trigger_counts_as_a_whole_word_only(text: str, expected: list[str]) -> None:
    assert triggers_of(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("5g基站", ["5g"]), ("用5G。", ["5g"]), ("7.5g", []), ("15g", [])]
)
def test_a_part_of_a_number_triggers_nothing(text: str, expected: list[str]) -> None:
    assert triggers_of(text, ["=\t5g|第五代移动通信"]) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("pu革", ["pu革"]), ("tpu革", []), ("pu革面", ["pu革"])]
)
def test_a_mixed_trigger_is_bounded_at_its_latin_end_only(text: str, expected: list[str]) -> None:
    assert triggers_of(text, ["=\tpu革|合成革"]) == expected


@pytest.mark.parametrize("text", ["ＭＥＳ系统", "Mes系統", "製造執行系統", "制造执行系统"])
def test_traditional_and_full_width_text_triggers(text: str) -> None:
    assert len(triggers_of(text)) == 1


@pytest.mark.parametrize("line", ["=\tＭＥＳ|製造執行系統", "=\t mes | 制造执行系统 "])
def test_phrases_of_the_map_are_folded_and_stripped(line: str) -> None:
    assert phrases_of("MES", [line]) == [["制造执行系统"]]


@pytest.mark.parametrize(("trigger", "target"), [("大底", "鞋底"), ("鞋底", "大底")])
def test_a_target_that_two_lines_name_keeps_its_highest_weight(trigger: str, target: str) -> None:
    lines = [">\t大底\t鞋底", "=\t鞋底|大底", ">\t鞋底\t大底"]

    found = Synonyms(lines).expansions(trigger)

    assert found == [Expansion(trigger, cut(trigger), (Target(target, cut(target), 1.0),))]


def test_a_target_without_words_is_left_out() -> None:
    assert phrases_of("激光", [">\t激光\t，，|laser"]) == [["laser"]]


def test_the_length_of_a_map_is_its_number_of_triggers() -> None:
    assert len(Synonyms(LINES)) == 3 + 2 + 2 + 3 + 2


def test_an_empty_map_finds_nothing() -> None:
    assert Synonyms([]).expansions("鞋底打滑") == []


@pytest.mark.parametrize(
    "line",
    [
        "",
        "鞋底",
        "鞋底|大底",
        "=",
        "=\t",
        "=\t鞋底",
        "=\t鞋底|鞋底",
        "=\tMES|mes",
        "=\t鞋底|大底\t外底",
        "= \t鞋底|大底",
        ">\t鞋底滑",
        ">\t鞋底滑\t",
        ">\t\t防滑",
        ">\t防滑\t防滑",
        ">\t鞋底滑\t防滑\t止滑",
        "<\t鞋底滑\t防滑",
        "\t鞋底|大底",
    ],
)
def test_a_line_that_links_nothing_is_refused_by_name(line: str) -> None:
    with pytest.raises(ValueError, match="not a line of synonyms") as refusal:
        Synonyms([*LINES, line])

    assert str(refusal.value) == f"not a line of synonyms: {line!r}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("\x00鞋底\x00", ["鞋底"]),
        ("\ud800激光\udfff", ["激光"]),
        ("鞋\u200b底", []),
        ("\t\r\n激光\u2028", ["激光"]),
        ("鞋底" * 50_000, ["鞋底"]),
        ("a" * 100_000, []),
        ("激" * 100_000, []),
        ("e" + "\u0301" * 10_000, []),
        (".*+?[](){}^$|\\", []),
    ],
)
def test_hostile_text_is_only_text(text: str, expected: list[str]) -> None:
    assert triggers_of(text) == expected


@settings(deadline=None)
@given(st.lists(st.sampled_from(["鞋底", "滑", "mes", "s", " ", "锂", "离子电池", "ＭＥＳ", "打"])))
def test_every_trigger_stands_in_the_text_and_is_told_once(pieces: list[str]) -> None:
    text = "".join(pieces)

    triggers = triggers_of(text)

    assert len(triggers) == len(set(triggers))
    assert all(trigger in fold(text) for trigger in triggers)


@settings(deadline=None)
@given(st.text())
def test_any_text_can_be_expanded_by_the_shipped_map(text: str) -> None:
    found = shipped_synonyms().expansions(text)

    assert all(expansion.trigger in fold(text) for expansion in found)


def test_asking_twice_gives_the_same() -> None:
    synonyms = Synonyms(LINES)

    assert synonyms.expansions("鞋底滑，激光") == synonyms.expansions("鞋底滑，激光")


def test_the_shipped_map_loads_and_is_kept() -> None:
    assert len(shipped_synonyms()) > 1_000
    assert shipped_synonyms() is shipped_synonyms()


def test_the_shipped_phrases_are_folded_and_stripped() -> None:
    phrases = [
        phrase
        for line in data_lines("synonyms.tsv")
        for cell in line.split("\t")[1:]
        for phrase in cell.split("|")
    ]

    assert [phrase for phrase in phrases if not phrase or fold(phrase).strip() != phrase] == []


def test_no_shipped_line_names_a_phrase_twice() -> None:
    repeated = [
        line
        for line in data_lines("synonyms.tsv")
        for phrases in [[phrase for cell in line.split("\t")[1:] for phrase in cell.split("|")]]
        if len(set(phrases)) < len(phrases)
    ]

    assert repeated == []


def test_no_shipped_trigger_is_mere_boilerplate() -> None:
    # Such a trigger would fire in nearly every listing.
    assert [trigger for trigger in sorted(boilerplate()) if triggers_of_shipped(trigger)] == []


def triggers_of_shipped(text: str) -> list[str]:
    return [each.trigger for each in shipped_synonyms().expansions(text) if each.trigger == text]


@pytest.mark.parametrize(
    ("text", "other"),
    [("大底", "鞋底"), ("雷射", "激光"), ("锂电", "锂离子电池"), ("外底", "鞋底")],
)
def test_the_shipped_map_knows_words_of_the_trade(text: str, other: str) -> None:
    found = shipped_synonyms().expansions(text)

    assert [other in [target.phrase for target in each.targets] for each in found] == [True]


def test_an_equivalent_looks_for_what_its_equivalents_look_for_one_way() -> None:
    synonyms = Synonyms(["=\t锂电池|锂离子电池", ">\t锂离子电池\t电解液|隔膜", ">\t隔膜\t涂覆"])

    (expansion,) = synonyms.expansions("锂电池")

    # The targets' own targets are not followed: 涂覆 is no battery any more.
    assert [(target.phrase, target.weight) for target in expansion.targets] == [
        ("锂离子电池", EQUIVALENT_WEIGHT),
        ("电解液", ONE_WAY_WEIGHT),
        ("隔膜", ONE_WAY_WEIGHT),
    ]


def test_lithium_batteries_meet_whatever_they_are_called() -> None:
    wordings = {
        trigger: {target.phrase for target in expansion.targets}
        for trigger in ("锂电池", "锂离子电池")
        for expansion in shipped_synonyms().expansions(trigger)
    }

    assert "锂离子电池" in wordings["锂电池"]
    assert "锂电池" in wordings["锂离子电池"]
