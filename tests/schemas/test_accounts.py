"""What accounts receive: which texts are addresses, names, passwords and codes."""

from typing import Any

import msgspec
import pytest

from schemas.accounts import (
    CreditCode,
    Division,
    Email,
    GivenText,
    KeyForm,
    NewPassword,
    OrganisationChange,
    PersonName,
    UserChange,
)

NOT_ONE_LINE = ["a\0bcdefgh", "abcdefgh\n", "abcd\nefgh", "abcd\x1befgh", "abcdefgh\x7f"]


def is_taken(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    "address",
    [
        "a@b.cn",
        "Lin.Gong+market@mail.example.com.cn",
        "o'neil@example.co",
        "zhang@xn--fiqs8s.xn--fiqz9s",
        f"{'x' * 64}@{'y' * 180}.cn",
    ],
)
def test_addresses_are_taken(address: str) -> None:
    assert is_taken(address, Email)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "lin",
        "lin@",
        "@example.cn",
        "lin@localhost",
        "lin@example.",
        "lin@example.c",
        "lin@.cn",
        "lin@-example.cn",
        "lin@@example.cn",
        "lin @example.cn",
        "lin@example.cn ",
        "lin@example.cn\n",
        "lin@example.cn\nbcc: all@example.cn",
        "林@example.cn",
        "lin@例子.中国",
        '"lin"@example.cn',
        "lin@example.cn,wu@example.cn",
        f"{'x' * 65}@example.cn",
        f"lin@{'y' * 250}.cn",
        12,
        None,
    ],
)
def test_what_is_no_address_is_refused(address: Any) -> None:
    assert not is_taken(address, Email)


@pytest.mark.parametrize("name", ["林", "José  Ångström", "x" * 100])
def test_names_are_taken(name: str) -> None:
    assert is_taken(name, PersonName)


@pytest.mark.parametrize("name", ["", " ", "　", "x" * 101, *NOT_ONE_LINE])
def test_what_is_no_name_is_refused(name: str) -> None:
    assert not is_taken(name, PersonName)


@pytest.mark.parametrize("password", ["12345678", "三只白鹭 three 27", "x" * 128, " " * 8])
def test_form_of_passwords_is_free(password: str) -> None:
    assert is_taken(password, NewPassword)


@pytest.mark.parametrize("password", ["", "1234567", "x" * 129, *NOT_ONE_LINE])
def test_what_is_no_password_is_refused(password: str) -> None:
    assert not is_taken(password, NewPassword)


@pytest.mark.parametrize(("given", "taken"), [("", True), ("x" * 254, True), ("x" * 255, False)])
def test_what_is_only_compared_is_bounded(given: str, taken: bool) -> None:
    assert is_taken(given, GivenText) is taken


@pytest.mark.parametrize("given", NOT_ONE_LINE)
def test_what_is_only_compared_is_one_line(given: str) -> None:
    assert not is_taken(given, GivenText)


@pytest.mark.parametrize(
    ("code", "kind", "taken"),
    [
        ("91350100M000100Y43", CreditCode, True),
        ("91350100m000100y43", CreditCode, True),
        ("91350100M000100Y4", CreditCode, False),
        ("91350100M000100Y43\n", CreditCode, False),
        ("９1350100M000100Y43", CreditCode, False),
        ("350582", Division, True),
        ("3505", Division, False),
        ("350582\n", Division, False),
        ("٣٥٠٥٨٢", Division, False),
    ],
)
def test_codes_have_one_form(code: str, kind: Any, taken: bool) -> None:
    assert is_taken(code, kind) is taken


@pytest.mark.parametrize("kind", [OrganisationChange, UserChange])
def test_change_of_nothing_changes_nothing(kind: Any) -> None:
    change = msgspec.json.decode(b"{}", type=kind)

    assert {getattr(change, name) for name in change.__struct_fields__} == {msgspec.UNSET}


@pytest.mark.parametrize("field", ["name", "about"])
def test_null_empties_no_text_of_an_organisation(field: str) -> None:
    assert not is_taken({field: None}, OrganisationChange)


@pytest.mark.parametrize(
    "scopes",
    [[], ["administrator"], ["listings:read", "*"], ["listings:read"] * 9, "listings:read"],
)
def test_key_has_scopes_that_exist(scopes: Any) -> None:
    assert not is_taken({"name": "程序", "scopes": scopes}, KeyForm)
