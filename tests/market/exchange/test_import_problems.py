"""Refused rows and warnings as a file that people correct their tables by."""

import csv
import io
from pathlib import Path

import msgspec
import pytest

from tests.market.commands.runs import sheets_of
from tests.market.exchange.importing import BROKEN, EN, FILM, HEADERS, Importing

ODD = ["R2", "=HYPERLINK(1)", "说明", "不存在的领域", "80万元", "7"]
ZH_TABLE = [
    ["文件", "行", "列", "类别", "原因", "原值"],
    ["成果.csv", "3", "技术领域", "提醒", "“不存在的领域”不在词表中，原样保留", "不存在的领域"],
    ["成果.csv", "4", "转让价格（万元）", "退回", "金额“八百”无法理解", "八百"],
]


async def test_problems_are_a_table_by_default(importing: Importing, tmp_path: Path) -> None:
    told = await importing.checked([HEADERS, FILM, ODD, BROKEN])

    answer = await importing.get(f"/{told['id']}/problems")

    (tmp_path / "x.xlsx").write_bytes(answer.content)
    (rows,) = sheets_of(tmp_path / "x.xlsx").values()
    assert [[str(cell).removesuffix(".0") for cell in row] for row in rows] == ZH_TABLE
    assert answer.headers["content-disposition"] == (
        'attachment; filename="import-problems.xlsx"; '
        "filename*=UTF-8''%E5%AF%BC%E5%85%A5%E9%80%80%E5%9B%9E%E8%A1%8C.xlsx"
    )
    assert answer.headers["content-type"] == (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )


async def test_problems_are_text_when_asked_for(importing: Importing) -> None:
    told = await importing.checked([HEADERS, FILM, ODD, BROKEN])

    answer = await importing.get(f"/{told['id']}/problems?format=csv")

    assert list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))) == ZH_TABLE


async def test_problems_are_told_in_the_language_asked_for(importing: Importing) -> None:
    told = await importing.checked([HEADERS, BROKEN])

    answer = await importing.get(f"/{told['id']}/problems?format=jsonl", **EN)

    assert msgspec.json.decode(answer.content) == {
        "file": "成果.csv",
        "line": 2,
        "column": "转让价格（万元）",
        "kind": "refused",
        "code": "money_unread",
        "reason": "the amount “八百” is not understood",
        "value": "八百",
    }


@pytest.mark.parametrize(("format_", "size"), [("csv", 1), ("jsonl", 0)])
async def test_import_without_problems_has_an_empty_table(
    format_: str, size: int, importing: Importing
) -> None:
    told = await importing.checked([HEADERS, FILM])

    answer = await importing.get(f"/{told['id']}/problems?format={format_}")

    assert len(answer.content.splitlines()) == size


async def test_unknown_format_is_refused(importing: Importing) -> None:
    told = await importing.checked([HEADERS, FILM])

    answer = await importing.get(f"/{told['id']}/problems?format=pdf")

    assert answer.status_code == 422
