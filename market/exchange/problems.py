"""What can be wrong with a file or a row of it, as one sentence in Chinese or English."""

from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from market.errors import FileRefused
from market.exchange.fair_messages import FAIR_FILE_MESSAGES, FAIR_ROW_MESSAGES

Lang = Literal["zh", "en"]
Kind = Literal["refused", "warning"]

# A value is quoted so that its owner recognises it, not so that it fills the screen.
_QUOTED_CHARACTERS = 60


class _Message(NamedTuple):
    kind: Kind
    zh: str
    en: str


_ROW_MESSAGES = {
    "title_missing": _Message("refused", "没有名称", "the title is missing"),
    "duplicate_id": _Message(
        "refused",
        "编号“{value}”与第 {first} 行重复",
        "the id “{value}” is already that of row {first}",
    ),
    "id_too_long": _Message(
        "refused",
        "编号有 {size} 字节，最多 {limit} 字节",
        "the id has {size} bytes; {limit} are allowed",
    ),
    "nul": _Message("refused", "含有 NUL 字符", "contains a NUL character"),
    "surrogate": _Message("refused", "含有不成对的代理字符", "contains an unpaired surrogate"),
    "cell_too_long": _Message(
        "refused",
        "单元格有 {length} 个字符，最多 {limit} 个",
        "the cell has {length} characters; {limit} are allowed",
    ),
    "money_unread": _Message(
        "refused", "金额“{value}”无法理解", "the amount “{value}” is not understood"
    ),
    "date_unread": _Message(
        "refused", "日期“{value}”无法理解", "the date “{value}” is not understood"
    ),
    "trl_unread": _Message(
        "refused",
        "成熟度“{value}”无法理解（应为 TRL 1–9 或阶段名称）",
        "the maturity “{value}” is not understood (TRL 1–9 or the name of a stage)",
    ),
    "trl_order": _Message(
        "refused",
        "最低成熟度 {low} 高于最高成熟度 {high}",
        "the lowest maturity {low} is above the highest, {high}",
    ),
    "too_many_cells": _Message(
        "refused",
        "有 {count} 个单元格，表头只有 {limit} 个（逗号未加引号？）",
        "has {count} cells under {limit} headers (a comma without quotation marks?)",
    ),
    "json_unread": _Message("refused", "不是有效的 JSON：{detail}", "is no valid JSON: {detail}"),
    "not_object": _Message("refused", "不是 JSON 对象", "is no JSON object"),
    "not_utf8": _Message("refused", "不是 UTF-8 编码", "is not encoded in UTF-8"),
    "line_too_long": _Message("refused", "长于 {limit} 字节", "is longer than {limit} bytes"),
    "header_repeated": _Message(
        "warning",
        "表头重复，后一列改名为“{name}”原样保留",
        "the header stands twice; the later column is kept as “{name}”",
    ),
    "field_repeated": _Message(
        "warning",
        "与“{first}”列含义相同，以“{first}”为准，本列原样保留",
        "means the same as “{first}”, which counts; this column is kept as it is",
    ),
    "other_sheets": _Message(
        "warning",
        "只读取了工作表“{sheet}”，未读取：{others}",
        "only the sheet “{sheet}” was read, not: {others}",
    ),
    "error_value": _Message(
        "warning", "错误值 {value} 按空白处理", "the error value {value} counts as empty"
    ),
    "unit_assumed": _Message(
        "warning",
        "金额没有单位：小于 10,000 的按万元，其余按元（如“{value}”）",
        "amounts without a unit: under 10,000 counts as 万元 (CNY 10,000), "
        "the others as 元 (e.g. “{value}”)",
    ),
    "unknown_word": _Message(
        "warning", "“{value}”不在词表中，原样保留", "“{value}” is in no vocabulary; kept as it is"
    ),
    "credit_code_wrong": _Message(
        "warning",
        "统一社会信用代码“{value}”校验不通过",
        "the credit code “{value}” fails its check",
    ),
    "patent_wrong": _Message(
        "warning", "专利号“{value}”校验不通过", "the patent number “{value}” fails its check digit"
    ),
    "files_swapped": _Message(
        "warning",
        "表头更像{other}，两个文件是否颠倒了？",
        "the headers look like {other}: are the two files swapped?",
    ),
    "title_repeated": _Message(
        "refused",
        "没有编号，而名称与第 {first} 行相同，无法区分；请填写编号",
        "has no id, and the same title as row {first}: please give it an id",
    ),
    "row_too_long": _Message(
        "refused",
        "整行内容超过 {limit} 字节",
        "the row holds more than {limit} bytes",
    ),
    "other_organisation": _Message(
        "warning",
        "“{value}”不是本单位；仍按本单位导入，该名称原样保留",
        "“{value}” is not your organisation; imported as yours, the name is kept as it is",
    ),
    "signing_kind_unread": _Message(
        "refused",
        "项目类别“{value}”不在词表中",
        "the kind “{value}” is in no vocabulary",
    ),
    "amount_unread": _Message(
        "refused",
        "金额“{value}”须是一个确切的、带单位的数额",
        "the amount “{value}” must be one exact sum with its unit",
    ),
    "stage_unread": _Message(
        "refused",
        "签约形式“{value}”无法理解（应为上台或线下）",
        "“{value}” is neither on stage nor off stage",
    ),
    "place_unread": _Message("refused", "“{value}”应为整数", "“{value}” must be a whole number"),
    "label_repeated": _Message(
        "warning",
        "“{value}”与第 {first} 行重复，两行都保留原文，请核对",
        "“{value}” stands in row {first}, too; both are kept as they are, please check",
    ),
    "amount_missing": _Message(
        "warning", "没有金额，按 0 合计", "has no amount, and adds nothing to the sum"
    ),
    "too_many_parties": _Message(
        "refused",
        "签约单位有 {count} 个，最多 {limit} 个",
        "names {count} parties; {limit} are allowed",
    ),
    "no_rows": _Message("warning", "只有表头，没有数据", "holds headers but no rows"),
    **{code: _Message(*message) for code, message in FAIR_ROW_MESSAGES.items()},
}

_FILE_MESSAGES = {
    "missing": ("文件不存在", "there is no such file"),
    "is_folder": ("这是文件夹，不是文件", "this is a folder, not a file"),
    "not_a_file": ("不是普通文件", "this is no ordinary file"),
    "no_permission": ("没有权限", "permission denied"),
    "system": ("读写失败：{detail}", "reading or writing failed: {detail}"),
    "disk_full": ("磁盘已满", "the disk is full"),
    "exists": ("同名文件已存在", "there is already a file of this name"),
    "name_unusable": (
        "文件名含有系统不接受的字符",
        "the name of the file has characters that the system does not take",
    ),
    "name_too_long": ("文件名过长", "the name of the file is too long"),
    "too_many_open": ("打开的文件过多，请稍后再试", "too many files are open; try again later"),
    "folder_missing": ("所在文件夹不存在", "its folder does not exist"),
    "read_only": ("位置只读", "the place is read-only"),
    "unknown_format": (
        "不支持的格式，可读取 .xlsx、.xlsm、.csv、.tsv、.txt、.jsonl、.ndjson",
        "unknown format; .xlsx, .xlsm, .csv, .tsv, .txt, .jsonl and .ndjson are read",
    ),
    "old_workbook": (
        "旧版 Excel 或加密的文件，请另存为不加密的 .xlsx",
        "an old Excel file or an encrypted one; please save it as .xlsx without a password",
    ),
    "too_big": (
        "大于 {limit} MB，请拆分后再读",
        "larger than {limit} MB; please split it",
    ),
    "empty": ("文件是空的", "the file is empty"),
    "undecodable": (
        "第 {line} 行既不是 UTF-8 也不是 GB18030 编码",
        "row {line} is neither UTF-8 nor GB18030 text",
    ),
    "undecodable_as": (
        "第 {line} 行不是有效的 {encoding} 编码",
        "row {line} is no valid {encoding} text",
    ),
    "is_workbook": (
        "内容是 Excel 工作簿，请把扩展名改为 .xlsx",
        "this is an Excel workbook; please name it .xlsx",
    ),
    "not_workbook": (
        "不是 Excel 工作簿（可能是改了扩展名的 CSV 或网页），请另存为 .xlsx",
        "no Excel workbook (perhaps a CSV file or web page under this name); save it as .xlsx",
    ),
    "encrypted": (
        "工作簿已加密，请去掉密码后另存",
        "the workbook is encrypted; save it without a password",
    ),
    "damaged": (
        "工作簿已损坏或不完整：{detail}",
        "the workbook is damaged or incomplete: {detail}",
    ),
    "bomb": (
        "解压后过大（超过 {limit} MB，或压缩比异常）",
        "grows too large when unzipped (over {limit} MB, or packed beyond belief)",
    ),
    "sheet_too_large": (
        "工作表“{sheet}”跨 {rows} 行 × {columns} 列，过大；请删去远处的单元格",
        (
            "the sheet “{sheet}” spans {rows} rows × {columns} columns, which is too large; "
            "delete its far-away cells"
        ),
    ),
    "too_many_columns": (
        "第 {line} 行有 {count} 列，最多 {limit} 列",
        "row {line} has {count} columns; {limit} are allowed",
    ),
    "too_many_rows": ("超过 {limit} 行", "holds more than {limit} rows"),
    "record_too_long": (
        "第 {line} 行过长（超过 {limit} 个字符，引号没有配对？）",
        "row {line} is longer than {limit} characters (a missing quotation mark?)",
    ),
    "quote_open": (
        "第 {line} 行的引号没有配对",
        "a quotation mark opened in row {line} is never closed",
    ),
    "time_up": (
        "读取超过 {limit} 秒，请拆分后再导入",
        "reading takes longer than {limit} seconds; please split it",
    ),
    "headers_unknown": (
        "没有找到名称列。读到的表头：{found}。可识别的名称列：{understood}",
        "no column of titles was found. Headers read: {found}. Understood as title: {understood}",
    ),
    **FAIR_FILE_MESSAGES,
    "title_column_missing": (
        "前 {count} 行内没有可识别的表头",
        "no header is recognised in the first {count} rows",
    ),
}


class RowProblem(msgspec.Struct, frozen=True):
    """Something to tell about one row; `line` counts as the file counts its rows.

    `column` is the header as the file wrote it, or "" when the whole row is meant; line 0
    means the whole file. `values` fill the message of `code`; "value" is the cell's text.
    """

    file: str
    line: int
    column: str
    code: str
    values: dict[str, str] = {}

    @property
    def kind(self) -> Kind:
        """Whether the row was refused or goes on with a warning."""
        return _ROW_MESSAGES[self.code].kind

    @property
    def value(self) -> str:
        return self.values.get("value", "")

    def reason(self, lang: Lang) -> str:
        """Why, without the place."""
        message = _ROW_MESSAGES[self.code]
        template = message.zh if lang == "zh" else message.en
        return template.format(**{key: quoted(text) for key, text in self.values.items()})

    def text(self, lang: Lang) -> str:
        """One line: file, row, column and reason."""
        return f"{self._place(lang)}{'：' if lang == 'zh' else ': '}{self.reason(lang)}"

    def _place(self, lang: Lang) -> str:
        words = [printable(self.file)]
        if self.line:
            words.append(f"第 {self.line} 行" if lang == "zh" else f"row {self.line}")
        if self.column:
            column = quoted(self.column)
            words.append(f"“{column}”列" if lang == "zh" else f"column “{column}”")
        return (" " if lang == "zh" else ", ").join(words)


class Source(NamedTuple):
    """The file that is being read or written, and the language in which to speak of it."""

    path: Path
    lang: Lang

    def refuse(self, code: str, **values: object) -> FileRefused:
        """The error to raise for the whole file."""
        shown = {key: printable(str(value)) for key, value in values.items()}
        zh, en = (template.format(**shown) for template in _FILE_MESSAGES[code])
        return RefusedFile(printable(str(self.path)), zh, en, lang=self.lang)


class RefusedFile(FileRefused):
    """A file that is refused for a reason of ours, which can be told in either language."""

    def __init__(self, path: object, zh: str, en: str, *, lang: Lang) -> None:
        super().__init__(path, zh if lang == "zh" else en)
        self.zh = zh
        self.en = en


def printable(text: str) -> str:
    """The text on one line without characters that a terminal or an encoder would choke on."""
    return "".join(c if c.isprintable() else " " for c in text)


def quoted(text: str) -> str:
    short = text if len(text) <= _QUOTED_CHARACTERS else text[: _QUOTED_CHARACTERS - 1] + "…"
    return printable(short)
