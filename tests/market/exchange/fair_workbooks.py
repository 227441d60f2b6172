"""Spreadsheets of fairs as organizers make them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter

Rows = Sequence[tuple[Any, ...]]

SLOTS: Rows = (
    ("日期", "开始", "结束", "每场分钟"),
    ("2027-06-18", "09:00", "10:00", 20),
)
PARTICIPANTS: Rows = (
    ("编号", "单位名称", "类别"),
    ("U1", "刺桐大学", "高校院所"),
    ("E1", "晋江某鞋业有限公司", "企业"),
    ("I1", "海丝基金", "投资机构"),
)
TABLES: Rows = (("桌号", "展厅"), ("A-01", "1号馆"), ("A-02", "1号馆"))
RESULTS: Rows = (
    ("成果编号", "成果名称", "成果简介", "所属行业", "完成单位", "联系电话"),
    (
        "R1",
        "高湿摩擦系数橡胶鞋底材料",
        "用白炭黑补强橡胶鞋底，湿摩擦系数由0.32提升到0.55。",
        "C1954",
        "刺桐大学",
        "13900002222",
    ),
)
NEEDS: Rows = (
    ("需求编号", "需求名称", "需求描述", "所属行业", "企业名称", "投入预算（万元）"),
    (
        "N1",
        "橡胶鞋底湿摩擦系数不够",
        "橡胶鞋底在湿地面打滑，求湿摩擦系数高的配方。",
        "C1954",
        "晋江某鞋业有限公司",
        87,
    ),
)
WISHES: Rows = (("单位", "想见", "意愿"), ("海丝基金", "R1", "愿意"))

SHEETS: Mapping[str, Rows] = {
    "对接会": (("项目", "内容"), ("名称", "鞋服专场"), ("主办方", "晋江市科技局")),
    "参会单位": PARTICIPANTS,
    "成果": RESULTS,
    "需求": NEEDS,
    "意愿": WISHES,
    "场次": SLOTS,
    "洽谈桌": TABLES,
}


def fair_workbook(path: Path, sheets: Mapping[str, Rows | None] = SHEETS, /, **other: Rows) -> Path:
    """A workbook with these sheets; times and dates keep their types."""
    book = xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm"})
    for name, rows in {**sheets, **other}.items():
        if rows is None:
            continue
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, datetime):
                    sheet.write_datetime(number, column, cell)
                else:
                    sheet.write(number, column, cell)
    book.close()
    return path


def changed(**sheets: Rows | None) -> dict[str, Rows | None]:
    """The small fair with other sheets; None leaves one out."""
    return {**SHEETS, **sheets}
