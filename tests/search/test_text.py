"""The text pipeline: golden cases and the properties that both engines rely on."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from search.text import (
    Token,
    data_lines,
    fold,
    fold_with_offsets,
    plain_words,
    stop_words,
    tokens,
    words,
    words_of_folded,
)

# Texts as they come: Chinese in both scripts, Latin with and without accents, full width,
# units, ligatures, jamo, joiners, spaces.
CHARACTERS = st.one_of(
    st.sampled_from(
        "锂離电電池回收軟體软件鞋墊臺台灣裡裏乾干後后的了与，。！（）ＡＢｃ１２３abcXYZ 　\t\n"
        "℃㎡㎜㏄①½ﬁﬀ…‰éüßİıſΣς가각힣\u1100\u1161\u11a8\u0301\u0308\u3099\u309aがパ"
        "0123456789.-~/_%㈱㍿\u200b\u200d\ufeff😀𠮷"
    ),
    st.characters(exclude_categories=["Cs"]),
)
TEXTS = st.text(CHARACTERS, max_size=40)


# Folding


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ＡＢＣ", "abc"),
        ("軟件", "软件"),
        ("電鍍污泥", "电镀污泥"),
        ("鞋墊抗菌", "鞋垫抗菌"),
        ("雨傘骨", "雨伞骨"),
        ("馬桶節水", "马桶节水"),
        ("ＴＰＵ", "tpu"),
        ("-40~85℃", "-40~85°c"),
        ("㎡", "m2"),
        ("ﬁlm", "film"),
        ("１２０㎜", "120mm"),
        ("Σ", "σ"),
        ("e\u0301", "é"),
        ("É", "é"),
        ("か\u3099", "が"),
        ("　", " "),
        ("", ""),
        ("已经简体", "已经简体"),
    ],
)
def test_spellings_are_made_equal(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(TEXTS)
@example("İ")
@example("ſ\u0307")
@example("\u1100\u1161\u11a8")
@example("\u0345\u0301")
@example("㋿")
@settings(max_examples=400)
def test_folding_twice_changes_nothing_more(text: str) -> None:
    once = fold(text)

    assert fold(once) == once


@given(TEXTS)
@example("e\u0301")
@example("\u0301")
@example("℃℃")
@settings(max_examples=400)
def test_folding_with_offsets_folds_alike(text: str) -> None:
    folded, offsets = fold_with_offsets(text)

    assert folded == fold(text)
    assert len(offsets) == len(folded) + 1


@given(TEXTS)
@settings(max_examples=400)
def test_offsets_never_go_back_and_stay_inside_the_original(text: str) -> None:
    _, offsets = fold_with_offsets(text)

    assert offsets == sorted(offsets)
    assert offsets[-1] == len(text)
    assert all(0 <= offset < len(text) for offset in offsets[:-1])


@given(TEXTS, TEXTS)
@settings(max_examples=200)
def test_texts_fold_by_themselves_where_no_joining_character_meets_them(
    before: str, after: str
) -> None:
    # A line break joins nothing to either side.
    assert fold(f"{before}\n{after}") == f"{fold(before)}\n{fold(after)}"


@pytest.mark.parametrize(
    ("text", "offsets"),
    [
        ("85℃", [0, 1, 2, 2, 3]),
        ("e\u0301a", [0, 2, 3]),
        ("ﬁx", [0, 0, 1, 2]),
        ("", [0]),
    ],
)
def test_offsets_name_the_original_character(text: str, offsets: list[int]) -> None:
    assert fold_with_offsets(text)[1] == offsets


@pytest.mark.parametrize("traditional", ["軟", "體", "電", "池", "鋰", "離"])
def test_one_ideograph_folds_to_one(traditional: str) -> None:
    assert len(fold(traditional)) == 1


# Words


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("农业发展银行", "农业"),
        ("待处理", "处理"),
        ("在建工程", "工程"),
        ("图像处理軟件", "软件"),
        ("ＡＢＣ平台", "abc"),
        ("-40~85℃", "85"),
        ("锂离子电池", "电池"),
        ("锂电池", "电池"),
        ("120mm厚", "120"),
        ("120mm厚", "mm"),
        ("Polyurethane Foam", "polyurethane"),
        ("5G基站", "5g"),
    ],
)
def test_a_text_holds_the_words_inside_it(text: str, word: str) -> None:
    assert word in words(text)


@pytest.mark.parametrize(
    ("text", "word"),
    [("经典", "景点"), ("经典", "景"), ("8500", "85"), ("abcd", "abc"), ("电池的回收", "的")],
)
def test_a_text_does_not_hold_other_words(text: str, word: str) -> None:
    assert word not in words(text)


@pytest.mark.parametrize("text", ["", " ", "，。！？", "的 了 和", "___", "😀", "\n\t"])
def test_a_text_of_nothing_has_no_words(text: str) -> None:
    assert words(text) == []
    assert plain_words(text) == []
    assert tokens(text) == []


def test_words_come_in_reading_order_as_often_as_they_occur() -> None:
    assert words("电池 涂料 电池") == ["电池", "涂料", "电池"]


@given(TEXTS)
@settings(max_examples=200)
def test_words_are_folded_and_hold_a_letter_or_a_digit(text: str) -> None:
    for word in words(text):
        assert fold(word) == word
        assert any(character.isalnum() for character in word)


@given(TEXTS)
@settings(max_examples=200)
def test_stop_words_are_no_tokens(text: str) -> None:
    assert stop_words().isdisjoint(token.text for token in tokens(text))


@given(TEXTS)
@settings(max_examples=200)
def test_words_of_a_text_are_those_of_its_folded_form(text: str) -> None:
    assert words(text) == list(words_of_folded(fold(text))) == words(fold(text))


@given(TEXTS)
@settings(max_examples=200)
def test_words_have_no_spaces(text: str) -> None:
    # The embedded index joins them by spaces.
    assert [word for word in words(text) if word.split() != [word]] == []


def test_plain_words_leave_out_the_words_inside_words() -> None:
    assert plain_words("农业发展银行") != words("农业发展银行")
    assert "".join(plain_words("农业发展银行")) == "农业发展银行"


@given(TEXTS)
@settings(max_examples=200)
def test_plain_words_stand_in_the_folded_text_one_after_the_other(text: str) -> None:
    rest = fold(text)

    for word in plain_words(text):
        assert word in rest
        rest = rest[rest.index(word) + len(word) :]


# Tokens with places


@given(TEXTS)
@settings(max_examples=400)
def test_tokens_lie_inside_the_original_and_fold_to_their_text(text: str) -> None:
    for token in tokens(text):
        assert 0 <= token.start < token.end <= len(text)
        assert token.text in fold(text[token.start : token.end])


@given(TEXTS)
@settings(max_examples=200)
def test_tokens_are_the_words_but_for_parts_of_numbers(text: str) -> None:
    found = [token.text for token in tokens(text)]

    rest = iter(words(text))
    assert all(word in rest for word in found)


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("85℃", Token("85", 0, 2)),
        ("鋰離子電池", Token("电池", 3, 5)),
        ("用ＴＰＵ做", Token("tpu", 1, 4)),
        ("e\u0301厅", Token("é", 0, 2)),
        ("ﬁlm", Token("film", 0, 3)),
    ],
)
def test_a_token_knows_its_place_in_the_original(text: str, token: Token) -> None:
    assert token in tokens(text)


# Bigrams


# Data files


def test_traditional_characters_fold_to_one_other_ideograph() -> None:
    rows = [line.split("\t") for line in data_lines("traditional.tsv")]

    assert len(rows) > 2_000
    assert len({traditional for traditional, _ in rows}) == len(rows)
    assert [row for row in rows if len(row[0]) != 1 or len(row[1]) != 1 or row[0] == row[1]] == []


def test_simplified_characters_are_not_folded_further() -> None:
    rows = [line.split("\t") for line in data_lines("traditional.tsv")]
    traditional = {row[0] for row in rows}

    assert [row for row in rows if row[1] in traditional] == []


def test_stop_words_are_stored_folded() -> None:
    assert [word for word in stop_words() if fold(word) != word] == []


def test_data_lines_have_no_comments() -> None:
    assert [line for line in data_lines("stopwords.txt") if line.startswith("#")] == []


def test_normal_form_of_plain_text_is_kept() -> None:
    text = "一种耐磨涂料 abc 123"

    assert fold(text) == unicodedata.normalize("NFKC", text) == text
