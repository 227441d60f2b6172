"""Check digits of credit codes and patent numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.exchange.identifiers import (
    is_credit_code,
    is_patent_number,
    is_wrong_patent_number,
    patent_check_digit,
)


@pytest.mark.parametrize("code", ["91110000600037341L", "91110000600037341l"])
def test_credit_code_with_its_check_character_is_valid(code: str) -> None:
    assert is_credit_code(code)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "91110000600037342L",
        "91110000600037341",
        "９１１１００００６０００３７３４１Ｌ",
        "无",
        "9111000060003734IL",
    ],
)
def test_credit_code_with_a_slip_is_not_valid(code: str) -> None:
    assert not is_credit_code(code)


# 2·2 + 0·3 + 2·4 + 2·5 + 1·6 + 0·7 + 0·8 + 9·9 + 4·2 + 6·3 + 5·4 + 4·5 = 175, and 175 mod 11
# is ten, which is written X.
@pytest.mark.parametrize(
    "number",
    [
        "ZL202210094654.X",
        "zl202210094654.x",
        "ZL 202210094654.X",
        "ZL:202210094654.X",
        "CN202210094654.X",
        "202210094654.X",
        "202210094654X",
        " ZL202210094654.X ",
    ],
)
def test_patent_number_with_its_check_digit_is_right(number: str) -> None:
    assert is_patent_number(number)
    assert not is_wrong_patent_number(number)


@pytest.mark.parametrize(
    "number", ["ZL202210094654.7", "CN202210094654.1", "202210094654.0", "ZL2022", "ZL20221009465"]
)
def test_patent_number_with_a_slip_is_wrong(number: str) -> None:
    assert not is_patent_number(number)
    assert is_wrong_patent_number(number)


@pytest.mark.parametrize(
    "text", ["", "CN113456789A", "发明专利 3 项", "US 10,000,000 B2", "ZL", "申请中", "2022"]
)
def test_text_that_is_no_patent_number_is_never_wrong(text: str) -> None:
    assert not is_patent_number(text)
    assert not is_wrong_patent_number(text)


def test_old_number_of_eight_digits_has_the_same_check() -> None:
    # 8·2 + 5·3 + 1·4 + 0·5 + 0·6 + 0·7 + 0·8 + 1·9 = 44, which eleven divides.
    assert patent_check_digit("85100001") == "0"
    assert is_patent_number("ZL85100001.0")


@given(st.from_regex(r"\d{8}|\d{12}", fullmatch=True).filter(str.isascii))
def test_one_check_digit_alone_is_right(digits: str) -> None:
    right = [check for check in "0123456789X" if is_patent_number(f"ZL{digits}.{check}")]

    assert right == [patent_check_digit(digits)]


@given(st.from_regex(r"[0-9]{12}", fullmatch=True), st.integers(0, 11), st.integers(1, 9))
def test_any_single_wrong_digit_is_noticed(digits: str, place: int, step: int) -> None:
    other = str((int(digits[place]) + step) % 10)
    slipped = digits[:place] + other + digits[place + 1 :]

    assert patent_check_digit(slipped) != patent_check_digit(digits)
