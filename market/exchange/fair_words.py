"""The words for what a fair's files show, in Chinese and English."""

from collections.abc import Mapping

from schemas.vocab import Lang

Words = tuple[str, str]

KINDS: Mapping[str, Words] = {
    "institute": ("高校院所", "Institute"),
    "enterprise": ("企业", "Enterprise"),
    "investor": ("投资机构", "Investor"),
    "outpost": ("飞地", "Outpost"),
    "broker": ("技术经理人", "Broker"),
}
WISHES: Mapping[str, Words] = {
    "must": ("必须", "Must"),
    "like": ("愿意", "Like"),
    "no": ("不见", "No"),
}
STATES: Mapping[str, Words] = {
    "planned": ("已排定", "Planned"),
    "held": ("已举行", "Held"),
    "no_show": ("未到", "No-show"),
    "cancelled": ("已取消", "Cancelled"),
}
CAUSES: Mapping[str, Words] = {
    "forbidden": ("一方不愿会面", "Refused"),
    "no_common_slot": ("没有共同时段", "No common slot"),
    "capacity": ("已达会面上限", "Capacity reached"),
    "party_full": ("日程已满", "Day is full"),
    "shared_table": ("洽谈桌被占用", "Table in use"),
    "tables_full": ("洽谈桌已满", "Tables full"),
    "not_placeable": ("空闲时段错开", "Free at different times"),
}
LISTINGS: Mapping[str, Words] = {"result": ("成果", "Result"), "need": ("需求", "Need")}
WEEKDAYS: tuple[Words, ...] = (
    ("周一", "Mon"),
    ("周二", "Tue"),
    ("周三", "Wed"),
    ("周四", "Thu"),
    ("周五", "Fri"),
    ("周六", "Sat"),
    ("周日", "Sun"),
)


def said(words: Words, lang: Lang) -> str:
    """The one of both that is in the language."""
    return words[0] if lang == "zh" else words[1]


def word(table: Mapping[str, Words], code: str | None, lang: Lang) -> str:
    """The word for a code; "" for none, and a code that no table knows stands for itself."""
    if code is None:
        return ""
    return said(table.get(code, (code, code)), lang)
