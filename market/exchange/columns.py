"""What is shown of a need and of a result beside each other, in either language."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from market.exchange.problems import Lang
from market.exchange.rows import RIGHTS_WORDS
from schemas import vocab
from schemas.listings import Need, Result

ListingT = TypeVar("ListingT", Need, Result)

# Texts of a list are joined where a format has no lists.
Value = str | int | float | tuple[str, ...] | date | bool | None


@dataclass(frozen=True)
class Field(Generic[ListingT]):
    """One field: its key in .jsonl, its headers in tables, and its width there in characters."""

    key: str
    zh: str
    en: str
    width: int
    value: Callable[[ListingT, Lang], Value]

    def header(self, lang: Lang) -> str:
        return self.zh if lang == "zh" else self.en


def _names(vocabulary: vocab.Vocabulary, codes: tuple[str, ...], lang: Lang) -> tuple[str, ...]:
    return tuple(vocabulary[code].name(lang) if code in vocabulary else code for code in codes)


def _fields(listing: Need | Result, lang: Lang) -> tuple[str, ...]:
    return _names(vocab.fields(), listing.fields, lang)


def _modes(listing: Need | Result, lang: Lang) -> tuple[str, ...]:
    return _names(vocab.modes(), listing.modes, lang)


def _industries(listing: Need | Result, lang: Lang) -> tuple[str, ...]:
    return tuple(vocab.industries().with_code(code, lang) for code in listing.industries)


def _division(listing: Need | Result, lang: Lang) -> str | None:
    return listing.division and vocab.divisions().with_code(listing.division, lang)


def _rights(result: Result, lang: Lang) -> str | None:
    if result.rights is None or lang == "en":
        return result.rights
    return RIGHTS_WORDS[result.rights][0]


NEED_FIELDS: tuple[Field[Need], ...] = (
    Field("description", "需求描述", "Need: description", 50, lambda n, _: n.description),
    Field("keywords", "需求关键词", "Need: keywords", 20, lambda n, _: n.keywords),
    Field("indicators", "考核指标", "Need: indicators", 30, lambda n, _: n.indicators),
    Field("fields", "需求领域", "Need: fields", 16, _fields),
    Field("industries", "需求行业", "Need: industries", 26, _industries),
    Field("trl_min", "最低成熟度", "Need: lowest TRL", 10, lambda n, _: n.trl_min),
    Field("trl_max", "最高成熟度", "Need: highest TRL", 10, lambda n, _: n.trl_max),
    Field("modes", "需求合作方式", "Need: cooperation modes", 20, _modes),
    Field(
        "budget_min_cny", "预算下限（元）", "Budget from (CNY)", 14, lambda n, _: n.budget_min_cny
    ),
    Field("budget_max_cny", "预算上限（元）", "Budget to (CNY)", 14, lambda n, _: n.budget_max_cny),
    Field("deadline", "截止日期", "Deadline", 12, lambda n, _: n.deadline),
    Field("division", "需求地区", "Need: region", 18, _division),
    Field("enterprise", "企业", "Enterprise", 28, lambda n, _: n.enterprise),
    Field("credit_code", "企业信用代码", "Enterprise: credit code", 20, lambda n, _: n.credit_code),
)

RESULT_FIELDS: tuple[Field[Result], ...] = (
    Field("summary", "成果简介", "Result: summary", 50, lambda r, _: r.summary),
    Field("keywords", "成果关键词", "Result: keywords", 20, lambda r, _: r.keywords),
    Field("fields", "成果领域", "Result: fields", 16, _fields),
    Field("industries", "成果行业", "Result: industries", 26, _industries),
    Field("trl", "成果成熟度", "Result: TRL", 10, lambda r, _: r.trl),
    Field("modes", "成果合作方式", "Result: cooperation modes", 20, _modes),
    Field("price_min_cny", "价格下限（元）", "Price from (CNY)", 14, lambda r, _: r.price_min_cny),
    Field("price_max_cny", "价格上限（元）", "Price to (CNY)", 14, lambda r, _: r.price_max_cny),
    Field("division", "成果地区", "Result: region", 18, _division),
    Field("institute", "单位", "Institute", 28, lambda r, _: r.institute),
    Field("credit_code", "单位信用代码", "Institute: credit code", 20, lambda r, _: r.credit_code),
    Field("patents", "专利号", "Patents", 24, lambda r, _: r.patents),
    Field("rights", "权利状态", "Rights", 12, _rights),
    Field("ready_on", "可交付日期", "Ready on", 12, lambda r, _: r.ready_on),
)


def cell_value(value: Value, lang: Lang) -> str | int | float | None:
    """The value for one cell of a table; "" counts as none."""
    if isinstance(value, tuple):
        return ("、" if lang == "zh" else "; ").join(value) or None
    if isinstance(value, date):
        # As text: a date serial would show in whatever way the reader's system is set.
        return value.isoformat()
    return None if value == "" else value


def json_value(value: Value) -> object:
    return list(value) if isinstance(value, tuple) else value
