"""The sheets of a fair's spreadsheet and the words that head their columns, as in headings.py.

`hint` is for the template: what belongs into the column. The sheets of results and needs have
the columns of market.exchange.headings.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Literal, NamedTuple

from market.exchange.cells import word_set
from market.exchange.fair_words import Words
from market.exchange.headers import header_key
from market.exchange.headings import Heading

SheetKind = Literal["fair", "participants", "results", "needs", "wishes", "slots", "tables"]
# Those whose columns are told here.
OwnSheet = Literal["fair", "participants", "wishes", "slots", "tables"]


class SheetName(NamedTuple):
    """The names of one sheet; the first two are the ones that are written."""

    zh: str
    en: str
    synonyms: str


SHEET_NAMES: Mapping[SheetKind, SheetName] = {
    "fair": SheetName("对接会", "fair", "对接会信息 活动 活动信息 会议 会议信息 基本信息 event"),
    "participants": SheetName(
        "参会单位",
        "participants",
        "参会方 参展单位 参会名单 报名单位 单位 organisations",
    ),
    "results": SheetName("成果", "results", "科技成果 成果清单 成果汇总 technologies"),
    "needs": SheetName("需求", "needs", "技术需求 需求清单 需求汇总 企业需求"),
    "wishes": SheetName("意愿", "wishes", "对接意愿 意向 会面意愿 preferences"),
    "slots": SheetName("场次", "slots", "时段 日程 时间 会议日程 schedule timeslots"),
    "tables": SheetName("洽谈桌", "tables", "桌位 桌 桌号 展位 洽谈桌位 booths"),
}
# Sheets that hold explanations: nobody expects them to be read.
_HELP = frozenset(map(header_key, ("说明", "填写说明", "填表说明", "help", "about", "readme")))

FAIR_HEADINGS: Mapping[OwnSheet, tuple[Heading, ...]] = {
    "fair": (
        Heading("key", "项目", "item", "名目 字段 setting key"),
        Heading("value", "内容", "value", "值 填写"),
    ),
    "participants": (
        Heading("id", "编号", "id", "单位编号 报名编号 展位号 no participant_id"),
        Heading(
            "name",
            "单位名称",
            "organisation",
            "单位 参会单位 参展单位 名称 企业名称 公司名称 机构名称 name organization company "
            "institute",
        ),
        Heading("kind", "类别", "kind", "类型 单位类别 单位类型 单位性质 性质 身份 type"),
        Heading("zone", "展区", "zone", "所在展区 专区 分区"),
        Heading("teams", "洽谈组数", "teams", "组数 代表队数 席位数 delegations"),
        Heading("most_meetings", "最多会面", "most_meetings", "会面上限 最多场数 capacity"),
        Heading("floor", "至少会面", "at_least", "会面下限 最少会面 保底会面 floor"),
        Heading("absent", "缺席场次", "absent_slots", "不参加场次 不在场场次 请假场次 absent"),
        Heading("tables", "固定桌号", "own_tables", "桌号 展位 固定桌位 own_table"),
        Heading("profile", "简介", "profile", "单位简介 介绍 about description"),
        Heading("delegate", "参会人", "delegate", "参会人员 姓名 代表 联系人 person contact"),
        Heading("post", "职务", "post", "职位 职称 position job_title"),
        Heading("phone", "电话", "phone", "手机 联系电话 手机号 联系方式 mobile telephone"),
        Heading("email", "邮箱", "email", "电子邮箱 邮件 mail e_mail"),
        Heading(
            "consents",
            "同意公开联系方式",
            "consents",
            "同意公开 是否同意 是否公开联系方式 单独同意 consent",
        ),
    ),
    "wishes": (
        Heading("who", "单位", "who", "单位名称 提出方 意愿方 organisation organization from"),
        Heading("whom", "想见", "whom", "对象 对接对象 目标 成果或需求 想见单位 target to"),
        Heading("wish", "意愿", "wish", "程度 态度 preference"),
        Heading("note", "备注", "note", "说明 notes remark"),
    ),
    "slots": (
        Heading("day", "日期", "day", "日 date"),
        Heading("begins", "开始", "begins", "开始时间 起 begin start from"),
        Heading("ends", "结束", "ends", "结束时间 止 end to"),
        Heading("slot_min", "每场分钟", "slot_minutes", "时长 分钟 每场时长 slot_min minutes"),
        Heading("gap_min", "间隔分钟", "gap_minutes", "间隔 gap_min gap"),
    ),
    "tables": (
        Heading("name", "桌号", "table", "名称 洽谈桌 展位 展位号 桌 name booth"),
        Heading("count", "数量", "count", "张数 桌数 number"),
        Heading("hall", "展厅", "hall", "展馆 场馆 会场 厅"),
        Heading("zone", "展区", "zone", "所在展区 专区 分区"),
    ),
}

# What the sheet of the fair itself tells, one a row.
SETTING_HEADINGS: tuple[Heading, ...] = (
    Heading("name", "名称", "name", "对接会名称 活动名称 会议名称 title"),
    Heading("organizer", "主办方", "organizer", "主办 主办单位 承办方 承办单位 organiser"),
    Heading("venue", "地点", "venue", "场馆 会场 举办地点"),
    Heading("address", "地址", "address", "详细地址"),
    Heading("time_zone", "时区", "time_zone", "timezone"),
    Heading("about", "简介", "about", "介绍 说明 description"),
    Heading("url", "网址", "url", "链接 link website"),
    Heading("seating", "座位", "seating", "座位方式 就座方式"),
    Heading("floor", "保底会面", "floor", "至少会面 保底场数 at_least"),
    Heading("most_meetings", "最多会面", "most_meetings", "会面上限 每单位最多会面 capacity"),
)

KIND_WORDS: Mapping[str, str] = {
    "institute": (
        "高校院所 高校 院校 大学 院所 科研院所 科研机构 研究院 研究所 研究机构 新型研发机构 成果方 "
        "供方 institute university research"
    ),
    "enterprise": "企业 公司 需求方 需方 厂家 工厂 enterprise company firm",
    "investor": "投资机构 投资方 投资 基金 银行 金融机构 创投 investor fund bank",
    "outpost": "飞地 离岸创新中心 科创飞地 异地孵化器 outpost",
    "broker": "技术经理人 技术转移机构 服务机构 中介 中介机构 科技特派员 broker agent",
}
WISH_WORDS: Mapping[str, str] = {
    "must": "必须 一定 必见 必选 指定 must",
    "like": "愿意 希望 想见 可以 有意 意向 like yes 是",
    "no": "不见 不愿 不愿意 拒绝 回避 不 否 no never",
}
SEATING_WORDS: Mapping[str, str] = {
    "hosts_stay": "固定 固定桌 主方固定 甲方固定 hosts_stay fixed",
    "free": "自由 不固定 流动 free",
}
YES_WORDS = frozenset(
    ["是", "同意", "公开", "可以", "yes", "y", "true", "1", "√", "✓", "✔", "agree"]
)
NO_WORDS = word_set("否 不同意 不公开 不 no n false 0 × ✗ x")


def sheet_kind(name: str) -> SheetKind | None:
    """Which sheet bears this name, in either language."""
    return _sheets().get(header_key(name))


def is_help(name: str) -> bool:
    """Whether a sheet of this name holds explanations."""
    return header_key(name) in _HELP


def sheet_words(kind: SheetKind) -> Words:
    return SHEET_NAMES[kind].zh, SHEET_NAMES[kind].en


def fair_fields(headers: Sequence[str], sheet: OwnSheet) -> list[str]:
    """The field of each header, "" for one that is not known or came before."""
    keys = _columns(sheet)
    fields: list[str] = []
    for header in headers:
        field = keys.get(header_key(header), "")
        fields.append("" if field in fields else field)
    return fields


def setting_field(name: str) -> str | None:
    """Which setting of the fair bears this name."""
    return _settings().get(header_key(name))


def code_meant(text: str, words: Mapping[str, str]) -> str | None:
    """The code of a word, by one of the tables above."""
    key = header_key(text)
    return next(
        (code for code, names in words.items() if key in map(header_key, names.split())), None
    )


def names_of(heading: Heading) -> list[str]:
    return [heading.zh, heading.en, *heading.synonyms.split()]


@cache
def _sheets() -> dict[str, SheetKind]:
    return {
        header_key(word): kind
        for kind, name in SHEET_NAMES.items()
        for word in (name.zh, name.en, *name.synonyms.split())
    }


@cache
def _columns(sheet: OwnSheet) -> dict[str, str]:
    return {
        header_key(name): heading.field
        for heading in FAIR_HEADINGS[sheet]
        for name in names_of(heading)
    }


@cache
def _settings() -> dict[str, str]:
    return {
        header_key(name): heading.field
        for heading in SETTING_HEADINGS
        for name in names_of(heading)
    }
