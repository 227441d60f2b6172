"""A whole file: what was read, what was refused, what is warned of, and which columns stay."""

from datetime import date
from pathlib import Path

import pytest

from market.exchange.headers import Column
from market.exchange.problems import RowProblem
from market.exchange.readers import ReadListings, read_needs, read_results
from schemas.listings import Need, Result
from tests.market.exchange.files import BENCH, json_lines, text_file, workbook


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "r.csv"


def problem(line: int, column: str, code: str, **values: str) -> RowProblem:
    return RowProblem("r.csv", line, column, code, values)


def told(read: ReadListings[Result] | ReadListings[Need]) -> list[str]:
    return [problem.text("zh") for problem in read.refused + read.warnings]


def test_sample_of_results_is_read_whole() -> None:
    read = read_results(BENCH / "results.jsonl")

    assert (len(read.listings), read.refused, read.rows) == (360, [], 360)
    assert read.listings[0] == Result(
        id="R001",
        title="高湿摩擦系数溶聚丁苯/天然胶复合材料的填料网络调控",
        summary=(
            "通过原位硅烷化分散高比表面沉淀法二氧化硅，并加入极性萜烯树脂，提高胶料在0 ℃附近的损耗"
            "因子，同时抑制60 ℃滞后生热。湿态动摩擦系数（SATRA TM144，水磨石面）由0.32提升到"
            "0.55以上，DIN磨耗不大于120 mm³，硬度62±2 Shore A。与常规开炼—平板硫化工艺兼容，无须"
            "新增设备，已为两种花纹完成100双试穿。配方所用助剂均为国内大宗供应，企业可按自有生胶牌号微调。"
        ),
        keywords=("溶聚丁苯橡胶", "白炭黑", "湿摩擦系数", "耐磨", "硅烷偶联"),
        fields=("materials",),
        industries=("C1954", "C2913"),
        trl=7,
        modes=("licence", "commissioned", "service"),
        price_min_cny=600_000,
        price_max_cny=600_000,
        division="350503",
        institute="刺桐大学材料科学与工程学院",
        patents=("ZL202210094654.7",),
    )


def test_sample_of_needs_is_read_whole() -> None:
    read = read_needs(BENCH / "needs-dev.jsonl")

    assert (len(read.listings), read.refused, read.rows) == (50, [], 50)
    assert read.listings[0] == Need(
        id="N003",
        title="中了勒索病毒停产三天，求防护",
        description=(
            "去年十月中勒锁病毒，MES、称重、WMS全锁，赎金没给，重装三天损失四百万。车间有不少XP工控机"
            "不能装杀毒，也不能随便重启，网络是一张大平网。"
        ),
        indicators="恢复≤1小时",
        fields=("electronics",),
        industries=("I6513", "C3915"),
        trl_min=8,
        trl_max=9,
        modes=("transfer", "service"),
        deadline=date(2026, 12, 31),
        division="350582",
        enterprise="福建心语纸品集团有限公司",
    )


def test_patents_of_the_sample_are_wrong_on_purpose_and_refuse_nothing() -> None:
    read = read_results(BENCH / "results.jsonl")

    assert {warning.code for warning in read.warnings} == {"patent_wrong"}
    assert read.warnings[0] == RowProblem(
        "results.jsonl", 1, "patents", "patent_wrong", {"value": "ZL202210094654.7"}
    )


def test_same_rows_mean_the_same_in_every_format(tmp_path: Path) -> None:
    rows = [
        ["编号", "成果名称", "简介", "成熟度", "报价（万元）", "电话", "展位"],
        ["0012", "橡胶鞋底", "湿摩擦\n系数", "7", "80-120", "0595-0000", "A,1"],
        ["", "陶瓷釉料", "", "中试", "面议", "", ""],
    ]
    files = [
        text_file(tmp_path / "r.csv", rows),
        text_file(tmp_path / "r.txt", rows, "gb18030"),
        workbook(tmp_path / "r.xlsx", rows),
    ]

    reads = [read_results(file) for file in files]

    first = reads[0].listings
    assert [r.id for r in first] == ["0012", "3"]
    assert [read.listings for read in reads] == [first] * 3
    assert [read.columns for read in reads] == [reads[0].columns] * 3


def test_later_row_of_an_id_is_refused_whatever_it_holds(path: Path) -> None:
    text_file(path, [["编号", "成果名称"], ["R1", "甲"], ["R2", "乙"], ["R1", "丙"], ["R1", "甲"]])

    read = read_results(path)

    assert [(r.id, r.title) for r in read.listings] == [("R1", "甲"), ("R2", "乙")]
    assert read.refused == [
        problem(4, "编号", "duplicate_id", value="R1", first="2"),
        problem(5, "编号", "duplicate_id", value="R1", first="2"),
    ]
    assert read.rows == 4


def test_id_of_a_refused_row_is_free_again(path: Path) -> None:
    text_file(path, [["编号", "成果名称"], ["R1", ""], ["R1", "乙"]])

    read = read_results(path)

    assert [(r.id, r.title) for r in read.listings] == [("R1", "乙")]
    assert read.refused == [problem(2, "", "title_missing")]


@pytest.mark.parametrize("listing_id", ["号" * 171, "R" * 513, "R" * 30_000])
def test_id_that_no_index_takes_refuses_its_row(listing_id: str, path: Path) -> None:
    text_file(path, [["编号", "成果名称"], [listing_id, "甲"], ["R2", "乙"]])

    read = read_results(path)

    assert [r.id for r in read.listings] == ["R2"]
    size = len(listing_id.encode())
    assert told(read) == [f"r.csv 第 2 行 “编号”列：编号有 {size} 字节，最多 512 字节"]


def test_contacts_and_extra_columns_stay_in_their_order(path: Path) -> None:
    text_file(
        path,
        [
            ["展位", "成果名称", "联系人", "空列", "备注", "手机", "空电话"],
            ["A1", "甲", "张三", "", "", "139", ""],
            ["", "乙", "", " ", "加急", "", ""],
        ],
    )

    read = read_results(path)

    assert read.columns == (
        Column("展位", "extra"),
        Column("成果名称", "field", "title"),
        Column("联系人", "contact"),
        Column("备注", "extra"),
        Column("手机", "contact"),
    )
    assert read.listings == [
        Result(
            id="2", title="甲", extra={"展位": "A1"}, contacts={"联系人": "张三", "手机": "139"}
        ),
        Result(id="3", title="乙", extra={"备注": "加急"}),
    ]


def test_contact_details_stand_nowhere_but_in_contacts(path: Path) -> None:
    secret = "13900001111"
    headers = ["成果名称", "完成单位及联系方式", "Contact (title)", "简介（电话）", "weChat"]
    text_file(path, [headers, ["甲", *[secret] * 4]])

    (listing,) = read_results(path).listings

    assert listing == Result(id="2", title="甲", contacts=dict.fromkeys(headers[1:], secret))


def test_words_of_no_vocabulary_make_their_column_an_extra_one_too(path: Path) -> None:
    text_file(path, [["成果名称", "合作方式"], ["甲", "技术转让、以物易物"], ["乙", "技术服务"]])

    read = read_results(path)

    assert read.columns == (
        Column("成果名称", "field", "title"),
        Column("合作方式", "field", "modes"),
        Column("合作方式", "extra"),
    )
    assert [(r.modes, r.extra) for r in read.listings] == [
        (("transfer",), {"合作方式": "以物易物"}),
        (("service",), {}),
    ]
    assert read.warnings == [problem(2, "合作方式", "unknown_word", value="以物易物")]


def test_assumed_unit_is_told_once_a_column(path: Path) -> None:
    text_file(path, [["成果名称", "报价"], ["甲", "80"], ["乙", "90"], ["丙", "10万"]])

    read = read_results(path)

    assert [r.price_max_cny for r in read.listings] == [800_000, 900_000, 100_000]
    assert read.warnings == [problem(2, "报价", "unit_assumed", value="80")]


def test_second_column_of_a_field_is_told_once_and_kept(path: Path) -> None:
    text_file(path, [["成果名称", "项目名称"], ["甲", "甲项目"], ["乙", "乙项目"]])

    read = read_results(path)

    assert read.warnings == [problem(1, "项目名称", "field_repeated", first="成果名称")]
    assert [r.extra for r in read.listings] == [{"项目名称": "甲项目"}, {"项目名称": "乙项目"}]


def test_warnings_of_a_refused_row_are_not_told(path: Path) -> None:
    text_file(path, [["成果名称", "专利号", "成熟度"], ["甲", "ZL202210094654.7", "很高"]])

    read = read_results(path)

    assert told(read) == [
        "r.csv 第 2 行 “成熟度”列：成熟度“很高”无法理解（应为 TRL 1–9 或阶段名称）"
    ]


def test_needs_read_as_results_keep_their_ids_and_are_told_of(path: Path) -> None:
    text_file(
        path, [["需求编号", "需求名称", "需求描述"], ["N7", "打滑", "湿地面"], ["N8", "开裂", ""]]
    )

    read = read_results(path)

    assert read.listings == [
        Result(id="N7", title="打滑", summary="湿地面"),
        Result(id="N8", title="开裂"),
    ]
    assert read.warnings == [problem(1, "", "files_swapped", other="需求")]


def test_results_read_as_needs_keep_their_ids_and_are_told_of(path: Path) -> None:
    text_file(path, [["result_id", "成果名称", "成果简介"], ["R7", "釉料", "低温"]])

    read = read_needs(path, lang="en")

    assert read.listings == [Need(id="R7", title="釉料", description="低温")]
    assert [p.text("en") for p in read.warnings] == [
        "r.csv, row 1: the headers look like results: are the two files swapped?"
    ]


def test_id_of_the_other_side_is_extra_beside_an_own_one(path: Path) -> None:
    text_file(path, [["需求编号", "成果编号", "成果名称"], ["N7", "R1", "甲"], ["N7", "R2", "乙"]])

    read = read_results(path)

    assert [(r.id, r.extra) for r in read.listings] == [
        ("R1", {"需求编号": "N7"}),
        ("R2", {"需求编号": "N7"}),
    ]
    assert told(read) == []


@pytest.mark.parametrize(("rows", "calls"), [(0, [0]), (499, [499]), (1_200, [500, 1000, 1200])])
def test_progress_counts_the_rows(rows: int, calls: list[int], path: Path) -> None:
    text_file(path, [["成果名称"], *([f"成果 {number}"] for number in range(rows))])
    counted: list[int] = []

    read_results(path, progress=counted.append)

    assert counted == calls


def test_every_row_is_either_read_or_refused(path: Path) -> None:
    good, bad = ["甲", "7"], ["乙", "很高"]
    text_file(path, [["成果名称", "成熟度"], good, bad, [], good, ["", "7"], bad, good])

    read = read_results(path)

    assert [r.id for r in read.listings] == ["2", "5", "8"]
    assert [p.line for p in read.refused] == [3, 6, 7]
    assert read.rows == 6


def test_file_is_named_by_its_last_part_alone(tmp_path: Path) -> None:
    folder = tmp_path / "张三的文件夹"
    folder.mkdir()
    path = json_lines(folder / "r.jsonl", {"id": "1"}, {"title": "甲"})

    read = read_results(str(path))

    assert told(read) == ["r.jsonl 第 1 行：没有名称"]


def test_reading_twice_gives_the_same(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "r.xlsx", [["成果名称", "专利号", "x"], ["甲", "ZL1", 1.5], ["", "", 2]]
    )

    assert read_results(path) == read_results(path)
