"""Small files of results and needs of which a reader can tell who fits whom."""

from pathlib import Path

from tests.market.exchange.files import BENCH, json_lines, text_file, workbook

RESULT_HEADERS = ["成果编号", "成果名称", "成果简介", "报价（万元）", "联系人", "手机", "展位"]
SOLE = ["R1", "防滑橡胶鞋底材料", "橡胶鞋底湿摩擦系数0.55，解决打滑", "80"]
TEA = ["R2", "茶叶热泵烘干机", "茶叶烘干温度湿度闭环控制，节能40%", "30"]
POND = ["R3", "海参育苗水质调控", "海参育苗池亚硝酸盐在线监测与降解", "45"]
RESULT_ROWS = [
    [*SOLE, "张伟", "13900001111", "A区01"],
    [*TEA, "王芳", "13900002222", "B区02"],
    [*POND, "李娜", "13900003333", "C区03"],
]
NEED_HEADERS = ["需求编号", "需求名称", "需求描述", "电子邮箱", "场次"]
NEED_ROWS = [
    ["N1", "橡胶鞋底打滑", "橡胶鞋底湿摩擦系数不够，客户投诉打滑", "boss@example.org", "上午"],
    ["N2", "茶叶烘干耗能高", "茶叶烘干费电，温度湿度控制不稳", "tea@example.org", "下午"],
]
# Nobody's business but that of the people themselves.
CONTACTS = [
    *("张伟", "王芳", "李娜", "13900001111", "13900002222", "13900003333"),
    *("boss@example.org", "tea@example.org", "联系人", "手机", "电子邮箱"),
]


def results_csv(folder: Path, *more: list[str], encoding: str = "utf-8") -> Path:
    return text_file(folder / "results.csv", [RESULT_HEADERS, *RESULT_ROWS, *more], encoding)


def needs_csv(folder: Path, *more: list[str], encoding: str = "utf-8") -> Path:
    return text_file(folder / "needs.csv", [NEED_HEADERS, *NEED_ROWS, *more], encoding)


def results_file(folder: Path, extension: str) -> Path:
    """The same three results as .csv, .jsonl or .xlsx."""
    return _file(folder / f"results{extension}", [RESULT_HEADERS, *RESULT_ROWS])


def needs_file(folder: Path, extension: str) -> Path:
    """The same two needs as .csv, .jsonl or .xlsx."""
    return _file(folder / f"needs{extension}", [NEED_HEADERS, *NEED_ROWS])


def _file(path: Path, table: list[list[str]]) -> Path:
    headers, *rows = table
    if path.suffix == ".csv":
        return text_file(path, table)
    if path.suffix == ".xlsx":
        return workbook(path, table)
    return json_lines(path, *(dict(zip(headers, row, strict=True)) for row in rows))


def english_files(folder: Path) -> tuple[Path, Path]:
    """A file of results and one of needs without a Chinese character."""
    results = [
        ["id", "title", "summary", "field", "industry", "trl", "mode", "price", "region", "owner"],
        [
            *("R1", "Slip-resistant rubber outsole", "Wet friction of 0.55 on tiles", "materials"),
            *("C19", "7", "licence", "CNY 600000", "350503", "Citong University"),
        ],
        ["R2", "Heat pump dryer for tea", "Closed loop", "energy", "C15", "4", "", "", "", ""],
    ]
    needs = [
        ["id", "title", "description", "industry", "trl", "mode", "budget", "region", "deadline"],
        [
            *("N1", "Rubber outsole slips", "Wet friction of the outsole is low", "C19", "8"),
            *("licence", "CNY 500000", "350582", "2027-05"),
        ],
        ["N2", "Cement kiln emissions", "Nitrogen oxides above limits", "C30", "", "", "", "", ""],
    ]
    return text_file(folder / "results.csv", results), text_file(folder / "needs.csv", needs)


def bench_files(folder: Path, *, results: int, needs: int) -> tuple[Path, Path]:
    """So many listings of the development data; past its end they come again under new ids."""
    return (
        _repeated(BENCH / "results.jsonl", folder / "results.jsonl", results),
        _repeated(BENCH / "needs-dev.jsonl", folder / "needs.jsonl", needs),
    )


def _repeated(source: Path, target: Path, count: int) -> Path:
    lines = source.read_bytes().splitlines(keepends=True)
    with target.open("wb") as file:
        for place in range(count):
            turn, line = divmod(place, len(lines))
            file.write(lines[line].replace(b'{"id": "', b'{"id": "%d-' % turn, 1))
    return target
