"""`duijie search`: words, facets, order, pages, and what it prints."""

from pathlib import Path

import msgspec
import pytest

from tests.market.commands.catalogue import ALL, Search, ids
from tests.market.commands.runs import Duijie, Ran, names_in
from tests.market.exchange.files import json_lines, text_file

pytestmark = pytest.mark.usefixtures("catalogue")


def test_empty_query_lists_all(found: Search) -> None:
    assert ids(found()) == ALL
    assert ids(found("")) == ALL


def test_query_finds_titles_before_bodies(found: Search) -> None:
    assert ids(found("橡胶")) == ["R1", "R3"]


def test_query_finds_through_synonyms_and_slips(found: Search) -> None:
    assert ids(found("鞋底打滑"))[0] == "R1"
    assert ids(found("gan外延"))[0] == "R3"


def test_quoted_words_must_stand_together(found: Search) -> None:
    assert ids(found('"热泵烘干"')) == ["R2"]
    assert ids(found('"烘干热泵"')) == []


def test_answer_as_json(found: Search) -> None:
    answer = found("鞋底", "--limit", "1")

    assert list(answer) == ["total", "items", "facets"]
    (item,) = answer["items"]
    assert item.pop("score") > 0
    spans = item.pop("highlights")
    assert item == {
        "id": "R1",
        "title": "高湿摩擦系数橡胶鞋底",
        "keywords": ["鞋底", "湿摩擦系数"],
        "body": "白炭黑补强橡胶，雨天不打滑",
        "fields": ["materials"],
        "industries": ["C1954"],
        "division": "350503",
        "organisation": "刺桐大学材料科学与工程学院",
        "modes": ["licence"],
        "trl_min": 7,
        "trl_max": 7,
        "price_min_cny": 600_000,
        "price_max_cny": 600_000,
    }
    marked = [item["title"][span["start"] : span["end"]] for span in spans["title"]]
    assert marked == ["鞋底"]


def test_contacts_are_neither_shown_nor_found(duijie: Duijie) -> None:
    shown = duijie("search", "results.jsonl", "")
    as_json = duijie("search", "results.jsonl", "", "--json")
    asked = duijie("search", "results.jsonl", "13900001111")

    assert "13900001111" not in shown.out + as_json.out
    assert asked.out == "没有找到。换个说法，或放宽筛选条件。\n"


def test_facets_count_what_is_found(found: Search) -> None:
    facets = found("", "--division", "350000", "--limit", "0")["facets"]

    assert facets == {
        "fields": {"energy": 1, "materials": 1},
        "industry_sections": {"C": 2},
        "provinces": {"350000": 2},
        "modes": {"licence": 1, "service": 1, "transfer": 1},
        "trl": {"7": 1, "9": 1},
        "price_bands": {"500k_1m": 1, "under_100k": 1},
    }
    # What a listing is about comes first.
    assert next(iter(facets)) == "fields"


def test_facets_in_words(duijie: Duijie) -> None:
    ran = duijie("search", "results.jsonl", "--division", "福建", "--limit", "0")

    assert ran.out.splitlines() == [
        "显示 0 项，共 2 项",
        "领域: 新能源与节能 1  新材料 1",
        "行业门类: 制造业 2",
        "省份: 福建省 2",
        "合作方式: 技术许可 1  技术服务 1  技术转让 1",
        "成熟度: TRL 7 1  TRL 9 1",
        "价格: 50万–100万 1  10万以下 1",
    ]


def test_facets_in_english(duijie: Duijie) -> None:
    ran = duijie("search", "results.jsonl", "--field", "materials", "--limit", "0", "--lang", "en")

    assert ran.out.splitlines() == [
        "0 shown of 1",
        "Fields: New materials 1",
        "Industry sections: Manufacturing 1",
        "Provinces: Fujian 1",
        "Modes: Licensing 1",
        "TRL: TRL 7 1",
        "Price: 500k–1m 1",
    ]


def test_table_shows_rank_id_title_and_figures(duijie: Duijie) -> None:
    ran = duijie("search", "results.jsonl", "茶叶")

    rows = [line.split() for line in ran.out.splitlines()[:2]]
    assert rows == [
        ["#", "编号", "名称", "单位", "TRL", "价格/预算（元）"],
        ["1", "R2", "茶叶热泵烘干机", "闽都大学", "9", "80,000"],
    ]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("price_up", ["R2", "R1", "R3"]),
        ("price_down", ["R3", "R1", "R2"]),
        ("trl_up", ["R3", "R1", "R2"]),
        ("trl_down", ["R2", "R1", "R3"]),
    ],
)
def test_order_puts_the_unknown_last(sort: str, order: list[str], found: Search) -> None:
    assert ids(found("", "--sort", sort)) == [*order, "R4"]


def test_pages_join_to_the_whole(found: Search) -> None:
    pages = [found("", "--limit", "3", "--offset", str(offset)) for offset in (0, 3, 6)]

    assert [ids(page) for page in pages] == [["R1", "R2", "R3"], ["R4"], []]
    assert [page["total"] for page in pages] == [4, 4, 4]


def test_ranks_of_a_later_page_go_on(duijie: Duijie) -> None:
    ran = duijie("search", "results.jsonl", "--limit", "1", "--offset", "2")

    assert ran.out.splitlines()[1].split()[:2] == ["3", "R3"]


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("zh", "没有找到。换个说法，或放宽筛选条件。\n"),
        ("en", "Nothing found. Try other words or fewer filters.\n"),
    ],
)
def test_nothing_found_says_what_to_try(lang: str, said: str, duijie: Duijie) -> None:
    ran = duijie("search", "results.jsonl", "量子纠缠", "--lang", lang)

    assert ran == Ran(0, said, "")


def test_needs_are_searched_as_needs(folder: Path, duijie: Duijie) -> None:
    text_file(
        folder / "n.csv",
        [
            ["需求编号", "需求名称", "需求描述", "投入预算（万元）", "企业名称", "手机"],
            ["N1", "橡胶鞋底打滑", "雨天打滑", "50", "晋江某鞋业", "13900001111"],
            ["N2", "茶叶烘干", "费电", "5", "安溪某茶业", "13900001111"],
        ],
    )

    ran = duijie("search", "n.csv", "", "--needs", "--price", "10万-80万", "--json")

    answer = msgspec.json.decode(ran.out)
    assert [(i["id"], i["organisation"], i["price_max_cny"]) for i in answer["items"]] == [
        ("N1", "晋江某鞋业", 500_000)
    ]
    assert "13900001111" not in ran.out


def test_refused_rows_are_told_and_the_others_searched(folder: Path, duijie: Duijie) -> None:
    text_file(folder / "r.csv", [["编号", "成果名称"], ["R1", "橡胶鞋底"], ["R1", "茶叶"]])

    ran = duijie("search", "r.csv", "橡胶", "--json")

    assert ran.code == 3
    assert ran.err == "退回 · r.csv 第 3 行 “编号”列：编号“R1”与第 2 行重复\n"
    assert ids(msgspec.json.decode(ran.out)) == ["R1"]


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("nix.csv", "nix.csv: 文件不存在"),
        (".", ".: 这是文件夹，不是文件"),
        ("empty.csv", "empty.csv: 文件是空的"),
    ],
)
def test_file_that_can_not_be_read_is_named(
    file: str, said: str, folder: Path, duijie: Duijie
) -> None:
    (folder / "empty.csv").touch()

    assert duijie("search", file, "橡胶") == Ran(1, "", f"错误 · Error: {said}\n")


@pytest.mark.parametrize(
    "query",
    [
        *('"', '""', '"橡胶', "*", "?", "title:橡胶", ")(", "+橡胶 -鞋底", "AND OR NOT", "\\"),
        *("   ", "\u3000", "，。；", "a\x01b", "\udcff", "🦐", "橡" * 20_000, "x" * 20_000),
        *("[bold]橡胶[/bold]", "{0}", "%s", "^$", "橡胶~9", "[a TO b]"),
    ],
)
def test_no_query_is_syntax(query: str, folder: Path, duijie: Duijie) -> None:
    before = names_in(folder)

    ran = duijie("search", "results.jsonl", query)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out
    assert names_in(folder) == before


def test_title_with_markup_is_shown_as_it_is(folder: Path, duijie: Duijie) -> None:
    json_lines(folder / "r.jsonl", {"id": "[red]R1", "title": "[bold]橡胶[/nix]鞋底"})

    ran = duijie("search", "r.jsonl", "橡胶")

    assert ran.code == 0
    assert ran.out.splitlines()[1].split() == ["1", "[red]R1", "[bold]橡胶[/nix]鞋底"]
