"""What owners send: a new result or need, and changes of one (JSON merge patch, RFC 7396).

In a change a field that is not there stays as it is, and null clears it.
"""

from datetime import date
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from schemas.common import (
    NO_CONTROLS,
    NOT_BLANK,
    ONE_LINE,
    Cny,
    Code,
    Line100,
    Line200,
    Name,
    Request,
    Text20000,
    Trl,
)
from schemas.listings import Comparator, Rights

_Keyword = Annotated[str, Meta(min_length=1, max_length=40, pattern=NOT_BLANK)]
_ContactName = Annotated[str, Meta(min_length=1, max_length=40, pattern=NOT_BLANK)]
# Beyond 2^53 a JSON number loses digits in many clients.
_Number = Annotated[float, Meta(ge=-1e15, le=1e15)]

Reference = Annotated[
    str, Meta(min_length=1, max_length=200, pattern=NOT_BLANK, examples=["CG-2027-018"])
]
Title = Annotated[Name, Meta(examples=["高湿摩擦系数橡胶鞋底材料"])]
NeedTitle = Annotated[Name, Meta(examples=["橡胶鞋底湿摩擦系数不够"])]
Summary = Annotated[
    Text20000, Meta(examples=["用白炭黑补强橡胶，湿摩擦系数由0.32提升到0.55，已完成中试。"])
]
Description = Annotated[
    Text20000, Meta(examples=["现有橡胶鞋底在湿地面上打滑，求配方或改性方案，不增加设备。"])
]
Keywords = Annotated[list[_Keyword], Meta(max_length=20, examples=[["鞋底", "白炭黑"]])]
Fields = Annotated[list[Code], Meta(max_length=10, examples=[["materials"]])]
Industries = Annotated[list[Code], Meta(max_length=10, examples=[["C1954"]])]
Modes = Annotated[list[Code], Meta(max_length=10, examples=[["licence", "service"]])]
Division = Annotated[Code, Meta(examples=["350582"])]
Patents = Annotated[list[Line100], Meta(max_length=30, examples=[["ZL202210094654.7"]])]
PrivateNote = Annotated[Text20000, Meta(examples=["只和本省企业谈独占许可"])]
Contacts = Annotated[
    dict[_ContactName, Line200],
    Meta(max_length=10, examples=[{"联系人": "林工", "电话": "0595-0000000"}]),
]
Day = Annotated[date, Meta(examples=["2027-12-31"])]


class IndicatorForm(Request, kw_only=True):
    """One assessment indicator. "between" takes both values, "stated" none: its name says it."""

    name: Annotated[Line200, Meta(examples=["湿摩擦系数"])]
    comparator: Comparator = "stated"
    value: _Number | None = None
    value_max: _Number | None = None
    unit: Annotated[str, Meta(max_length=40, pattern=ONE_LINE, examples=["N/cm"])] = ""
    text: Annotated[str, Meta(max_length=300, pattern=ONE_LINE)] = ""


Indicators = Annotated[list[IndicatorForm], Meta(max_length=30)]
# As it stands on a form; it is read into indicators.
IndicatorsText = Annotated[
    str,
    Meta(
        max_length=4_000,
        pattern=NO_CONTROLS,
        examples=["湿摩擦系数≥0.5；循环寿命不低于2000次"],
    ),
]


class _ListingForm(Request, kw_only=True):
    """What both kinds have. Codes are those of the vocabularies, the best first."""

    reference: Reference | None = None
    keywords: Keywords = msgspec.field(default_factory=list)
    fields: Fields = msgspec.field(default_factory=list)
    industries: Industries = msgspec.field(default_factory=list)
    modes: Modes = msgspec.field(default_factory=list)
    division: Division | None = None
    shows_terms: bool = True
    private_note: PrivateNote = ""
    contacts: Contacts = msgspec.field(default_factory=dict)
    expires_on: Day | None = None


class ResultForm(_ListingForm, kw_only=True):
    """A new technology result (科技成果). Prices are whole 元; both None: negotiable."""

    title: Title
    summary: Summary = ""
    trl: Trl | None = None
    rights: Rights | None = None
    patents: Patents = msgspec.field(default_factory=list)
    price_min_cny: Cny | None = None
    price_max_cny: Cny | None = None
    price_floor_cny: Cny | None = None
    ready_on: Day | None = None
    # Institutes want to be found.
    shows_organisation: bool = True


class NeedForm(_ListingForm, kw_only=True):
    """A new technical need (技术需求). Budgets are whole 元; both None: open.

    Indicators come one by one or as the text of a form, not both.
    """

    title: NeedTitle
    description: Description = ""
    indicators: Indicators = msgspec.field(default_factory=list)
    indicators_text: IndicatorsText = ""
    trl_min: Trl | None = None
    trl_max: Trl | None = None
    budget_min_cny: Cny | None = None
    budget_max_cny: Cny | None = None
    deadline: Day | None = None
    # Who has a need is told to nobody without being asked.
    shows_organisation: bool = False


class _ListingChange(Request, kw_only=True):
    reference: Reference | UnsetType | None = UNSET
    keywords: Keywords | UnsetType | None = UNSET
    fields: Fields | UnsetType | None = UNSET
    industries: Industries | UnsetType | None = UNSET
    modes: Modes | UnsetType | None = UNSET
    division: Division | UnsetType | None = UNSET
    shows_organisation: bool | UnsetType = UNSET
    shows_terms: bool | UnsetType = UNSET
    private_note: PrivateNote | UnsetType | None = UNSET
    contacts: Contacts | UnsetType | None = UNSET
    expires_on: Day | UnsetType | None = UNSET


class ResultChange(_ListingChange, kw_only=True):
    """What changes of a result; the rest stays."""

    title: Title | UnsetType = UNSET
    summary: Summary | UnsetType | None = UNSET
    trl: Trl | UnsetType | None = UNSET
    rights: Rights | UnsetType | None = UNSET
    patents: Patents | UnsetType | None = UNSET
    price_min_cny: Cny | UnsetType | None = UNSET
    price_max_cny: Cny | UnsetType | None = UNSET
    price_floor_cny: Cny | UnsetType | None = UNSET
    ready_on: Day | UnsetType | None = UNSET


class NeedChange(_ListingChange, kw_only=True):
    """What changes of a need; the rest stays."""

    title: NeedTitle | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    indicators: Indicators | UnsetType | None = UNSET
    indicators_text: IndicatorsText | UnsetType = UNSET
    trl_min: Trl | UnsetType | None = UNSET
    trl_max: Trl | UnsetType | None = UNSET
    budget_min_cny: Cny | UnsetType | None = UNSET
    budget_max_cny: Cny | UnsetType | None = UNSET
    deadline: Day | UnsetType | None = UNSET


class Renewal(Request, kw_only=True):
    """Until when a publication goes on; without a day as long as the marketplace gives."""

    expires_on: Day | None = None


Form = ResultForm | NeedForm
Change = ResultChange | NeedChange


def given(form: Form | Change) -> dict[str, object]:
    """The fields that were sent or have a default, by name; what a change leaves out is not in."""
    values = ((name, getattr(form, name)) for name in form.__struct_fields__)
    return {name: value for name, value in values if value is not UNSET}
