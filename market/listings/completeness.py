"""What a listing needs before it may be published, and what would make it clearer."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from market.errors import FieldError
from market.listings.models import Listing, NeedListing, ResultListing
from schemas.patents import is_wrong_patent_number

SHORTEST_TEXT = 20

# Praise that says nothing unless a number stands by it.
_PRAISE = re.compile(
    r"先进|领先|一流|高端|优异|优良|卓越|显著|大幅|世界水平|国际水平"
    r"|\b(?:advanced|leading|world-class|excellent|outstanding|superior)\b",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_SENTENCE_END = re.compile(r"[。！？!?;；\n]|\.(?=\s|$)")
_FEW_CHARACTERS = 100
_FEWEST_KEYWORDS = 3


class Suggestion(msgspec.Struct, frozen=True):
    """What would make a listing clearer: where, and how, in both languages."""

    code: str
    pointer: str
    zh: str
    en: str


def missing_for_publication(listing: Listing) -> list[FieldError]:
    """Everything that the listing lacks yet; empty when it may be published."""
    columns = {name: getattr(listing, name) for name in ("title", "text", "fields", "industries")}
    if isinstance(listing, NeedListing):
        columns["indicators"] = listing.indicators
    pointer = "#/summary" if isinstance(listing, ResultListing) else "#/description"
    return list(_missing(columns, pointer))


def is_complete(columns: Mapping[str, Any]) -> bool:
    """Whether a listing with these columns lacks nothing, before there is a listing."""
    return next(_missing(columns, ""), None) is None


def advice(listing: ResultListing | NeedListing, owner: str) -> list[Suggestion]:
    """What would make the listing clearer; `owner` is the name of who posts it.

    None of it must be done.
    """
    if isinstance(listing, ResultListing):
        return [*_on_name(listing, owner, "#/summary"), *_on_result(listing)]
    return [*_on_name(listing, owner, "#/description"), *_on_need(listing)]


def _missing(columns: Mapping[str, Any], pointer_of_text: str) -> Iterator[FieldError]:
    if not columns["title"].strip():
        yield FieldError("#/title", "请填写名称", "A title is needed.")
    indicators = "".join(each.get("text", "") for each in columns.get("indicators", ()))
    if len(columns["text"].strip()) + len(indicators) < SHORTEST_TEXT:
        yield FieldError(
            pointer_of_text,
            f"请写明内容，至少 {SHORTEST_TEXT} 个字",
            f"Say more: at least {SHORTEST_TEXT} characters.",
        )
    if not columns["fields"] and not columns["industries"]:
        yield FieldError(
            "#/fields",
            "请至少选择一个技术领域或国民经济行业",
            "Name at least one field or industry.",
        )


def _on_result(result: ResultListing) -> Iterator[Suggestion]:
    yield from _on_texts(result, "#/summary")
    if not _DIGIT.search(result.text):
        yield Suggestion(
            "no_number",
            "#/summary",
            "没有数字：与现有技术相比好多少？请给出一两个指标的前后数值",
            "There is no number: how much better than what is in use? Give one or two values.",
        )
    if result.trl is None:
        yield _NO_TRL
    if result.price_min_cny is None and result.price_max_cny is None:
        yield Suggestion(
            "no_price",
            "#/price_min_cny",
            "没有价格：给出区间，企业才知道是否谈得起",
            "There is no price: a range tells enterprises whether they can afford to talk.",
        )
    if not result.modes:
        yield _NO_MODE
    yield from _on_patents(result)


def _on_need(need: NeedListing) -> Iterator[Suggestion]:
    yield from _on_texts(need, "#/description")
    if not any(each.get("value") is not None for each in need.indicators):
        yield Suggestion(
            "no_indicator",
            "#/indicators",
            "没有量化的考核指标：如“湿摩擦系数≥0.5”",
            "No indicator has a number, such as “wet friction coefficient ≥ 0.5”.",
        )
    if need.budget_min_cny is None and need.budget_max_cny is None:
        yield Suggestion(
            "no_budget",
            "#/budget_max_cny",
            "没有预算：给出上限，合适的院所才会来谈",
            "There is no budget: an upper limit brings the institutes that fit.",
        )
    if need.deadline is None:
        yield Suggestion(
            "no_deadline",
            "#/deadline",
            "没有期限：希望何时解决？",
            "There is no deadline: when must it be solved?",
        )
    if not need.modes:
        yield _NO_MODE


_NO_TRL = Suggestion(
    "no_trl",
    "#/trl",
    "没有技术成熟度（TRL 1–9）：企业最先看这一项",
    "There is no maturity (TRL 1–9): enterprises look at it first.",
)
_NO_MODE = Suggestion(
    "no_mode",
    "#/modes",
    "没有合作方式：转让、许可、合作开发……",
    "There is no mode of cooperation: transfer, licence, joint R&D …",
)


def _on_name(listing: Listing, owner: str, pointer: str) -> Iterator[Suggestion]:
    if not listing.shows_organisation and owner in f"{listing.title}\n{listing.text}":
        yield Suggestion(
            "names_owner",
            pointer,
            "您选择了不显示机构名称，但文字中写有它，任何人都能看到",
            "You hide who posts this, but the text names you, for everybody to read.",
        )


def _on_patents(result: ResultListing) -> Iterator[Suggestion]:
    for place, number in enumerate(result.patents):
        if is_wrong_patent_number(number):
            yield Suggestion(
                "patent_check_digit",
                f"#/patents/{place}",
                f"专利号“{number}”的校验位不对，请核对",
                f"The check digit of patent number “{number}” is wrong: please look again.",
            )


def _on_texts(listing: Listing, pointer: str) -> Iterator[Suggestion]:
    if (praise := _empty_praise(listing.text)) is not None:
        yield Suggestion(
            "empty_praise",
            pointer,
            f"“{praise}”没有数字支撑：请写明指标和数值",
            f"“{praise}” stands without a number: name the measure and its value.",
        )
    if len(listing.text) < _FEW_CHARACTERS:
        yield Suggestion(
            "short_text",
            pointer,
            "内容很短：写明用在哪里、解决什么问题、现状如何",
            "The text is short: say where it is used, what it solves, how things are today.",
        )
    if len(listing.keywords) < _FEWEST_KEYWORDS:
        yield Suggestion(
            "few_keywords",
            "#/keywords",
            f"关键词少于 {_FEWEST_KEYWORDS} 个：会影响检索与匹配",
            f"There are fewer than {_FEWEST_KEYWORDS} keywords: they help to be found.",
        )


def _empty_praise(text: str) -> str | None:
    """The first word of praise in a sentence without a number."""
    for sentence in _SENTENCE_END.split(text):
        match = _PRAISE.search(sentence)
        if match and not _DIGIT.search(sentence):
            return match[0]
    return None
