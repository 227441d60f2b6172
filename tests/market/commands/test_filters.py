"""What may stand behind the filters of `duijie search`: codes and names in either language."""

import pytest

from tests.market.commands.catalogue import Search, ids
from tests.market.commands.runs import Duijie, Ran

pytestmark = pytest.mark.usefixtures("catalogue")


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        (["--field", "materials"], ["R1"]),
        (["--field", "新材料"], ["R1"]),
        (["--field", "New materials"], ["R1"]),
        (["--field", "新材料", "--field", "electronics"], ["R1", "R3"]),
        (["--industry", "C1954"], ["R1"]),
        (["--industry", "1954"], ["R1"]),
        (["--industry", "橡胶鞋制造"], ["R1"]),
        (["--industry", "C15"], ["R2"]),
        (["--industry", "C"], ["R1", "R2", "R3"]),
        (["--industry", "Manufacturing"], ["R1", "R2", "R3"]),
        (["--division", "350503"], ["R1"]),
        (["--division", "3505"], ["R1", "R2"]),
        (["--division", "350500"], ["R1", "R2"]),
        (["--division", "３５０５"], ["R1", "R2"]),
        (["--division", "泉州"], ["R1", "R2"]),
        (["--division", "Quanzhou"], ["R1", "R2"]),
        (["--division", "35", "--division", "浙江"], ["R1", "R2", "R3"]),
        (["--mode", "licence"], ["R1", "R3"]),
        (["--mode", "技术许可"], ["R1", "R3"]),
        (["--mode", "Licensing"], ["R1", "R3"]),
        (["--mode", "独占许可"], ["R3"]),
        (["--mode", "技术服务"], ["R2"]),
        (["--trl", "7"], ["R1"]),
        (["--trl", "6-9"], ["R1", "R2"]),
        (["--trl", "TRL 4"], ["R3"]),
        (["--trl", "小试"], ["R3"]),
        (["--price", "10万-80万"], ["R1"]),
        (["--price", "80000元"], ["R2"]),
        (["--price", "不超过100万"], ["R1", "R2"]),
        (["--organisation", "大学"], ["R1", "R2", "R3"]),
        (["--organisation", "材料科学与工程"], ["R1"]),
        (["--division", "泉州", "--trl", "8-9"], ["R2"]),
        (["--field", "aerospace"], []),
    ],
)
def test_filter_keeps_what_it_names(arguments: list[str], kept: list[str], found: Search) -> None:
    answer = found(*arguments)

    assert sorted(ids(answer)) == kept
    assert answer["total"] == len(kept)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--field", "占星术"),
        ("--field", ""),
        ("--industry", "ZZ99"),
        ("--industry", "Footwear"),
        ("--division", "9999"),
        ("--division", "Atlantis"),
        ("--mode", "赠送"),
        ("--trl", "12"),
        ("--trl", ""),
        ("--price", "很多钱"),
        ("--price", "面议"),
        ("--price", ""),
    ],
)
def test_filter_that_is_not_understood_names_its_option(
    option: str, value: str, duijie: Duijie
) -> None:
    # The file is not even opened: a wrong word costs no waiting.
    ran = duijie("search", "nix.jsonl", "橡胶", option, value)

    assert ran == Ran(2, "", f"错误 · Error: {option} {value}：无法理解 · not understood\n")
