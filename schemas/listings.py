"""The two kinds of listing that meet: a technology result and a technical need."""

from datetime import date
from typing import Literal

import msgspec

# What stands behind a result: granted patents, pending ones, know-how, or rights that are
# pledged, frozen or given away exclusively, so that nobody else can have the result.
Rights = Literal["granted", "pending", "know_how", "encumbered"]

# Codes only: names in either language come from schemas.vocab.
Extra = dict[str, str]


Comparator = Literal[">=", ">", "<=", "<", "=", "between", "stated"]


class Indicator(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One assessment indicator (考核指标): 湿摩擦系数 ≥ 0.5, 剥离强度 80–100 N/cm.

    `text` is what people read and what its source said. Where no number could be read off it the
    comparator is "stated" and `value` None; `value_max` is the upper end of "between".
    """

    name: str
    comparator: Comparator = "stated"
    value: float | None = None
    value_max: float | None = None
    unit: str = ""
    text: str = ""


class Result(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A technology result (科技成果) as an institute offers it.

    `fields`, `industries`, `modes` and `division` hold codes of schemas.vocab, best first;
    empty or None means unknown. Money is whole 元. `price_min_cny` equals `price_max_cny`
    for a single price; both None means unknown or negotiable (面议).
    `ready_on` is the first day on which the result can be handed over, if it is stated.
    `extra` holds the columns of the source that no rule knows, as text, in their order;
    `contacts` those that a contact word names (电话, 邮箱 …): they never leave without consent.
    """

    id: str
    title: str
    summary: str = ""
    keywords: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    trl: int | None = None
    modes: tuple[str, ...] = ()
    price_min_cny: int | None = None
    price_max_cny: int | None = None
    division: str | None = None
    institute: str = ""
    credit_code: str = ""
    patents: tuple[str, ...] = ()
    rights: Rights | None = None
    ready_on: date | None = None
    extra: Extra = {}
    contacts: Extra = {}


class Need(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A technical need (技术需求) as an enterprise states it.

    Codes, money and unknown values as in Result. `indicators` is the text of the assessment
    indicators (考核指标). `trl_min` is the maturity that the enterprise asks for at least.
    `deadline` is the last day of the period named (2027-05 → 2027-05-31).
    """

    id: str
    title: str
    description: str = ""
    keywords: tuple[str, ...] = ()
    indicators: str = ""
    fields: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    trl_min: int | None = None
    trl_max: int | None = None
    modes: tuple[str, ...] = ()
    budget_min_cny: int | None = None
    budget_max_cny: int | None = None
    deadline: date | None = None
    division: str | None = None
    enterprise: str = ""
    credit_code: str = ""
    extra: Extra = {}
    contacts: Extra = {}
