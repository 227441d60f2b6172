"""What two spellings of a name or an address share."""

import pytest

from market.accounts.names import email_key, organisation_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("晋江鞋业（研究院）", "晋江 鞋业研究院"),
        ("Minnan Ceramics Co., Ltd.", "MINNAN  ceramics co ltd"),
        ("ＡＢＣ研究所", "abc研究所"),
        ("——", "—— "),
    ],
)
def test_spellings_of_one_name_share_a_key(one: str, other: str) -> None:
    assert organisation_key(one) == organisation_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("第一研究所", "第二研究所"), ("——", "＊＊"), ("A1", "A2")]
)
def test_different_names_have_different_keys(one: str, other: str) -> None:
    assert organisation_key(one) != organisation_key(other)


@pytest.mark.parametrize("name", ["﷽" * 200, "鞋" * 200, "ß" * 200, "。" * 200])
def test_key_fits_its_column(name: str) -> None:
    assert 1 <= len(organisation_key(name)) <= 200


def test_addresses_are_looked_up_whatever_their_case() -> None:
    assert email_key(" Lin.Gong@Example.CN ") == "lin.gong@example.cn"
