"""Signing ceremonies (集中签约) on the wire: projects, and the sums that are made of them.

A framework agreement is no transfer: it is counted apart from the projects of all other kinds.
"""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from schemas.common import NOT_BLANK, ONE_LINE, Cny, Code, Line200, Name, Request, Text1000
from schemas.deals import Id, PrivateNote

CeremonyStatus = Literal["draft", "published"]
CeremonyAction = Literal["publish", "withdraw", "delete"]
ProjectAction = Literal["create", "update", "unchanged"]

CeremonyName = Annotated[Name, Meta(examples=["创新大会集中签约"])]
HeldOn = Annotated[date, Meta(examples=["2026-06-18"])]
Place = Annotated[Line200, Meta(examples=["晋江国际会展中心"])]
Title = Annotated[Name, Meta(examples=["高湿摩擦系数鞋底材料产业化"])]
Reference = Annotated[
    str, Meta(min_length=1, max_length=200, pattern=NOT_BLANK, examples=["QY-018"])
]
Party = Annotated[str, Meta(min_length=1, max_length=200, pattern=NOT_BLANK)]
Parties = Annotated[list[Party], Meta(max_length=20, examples=[["刺桐大学", "某鞋业有限公司"]])]
Kind = Annotated[Code, Meta(examples=["industry"])]
Amount = Annotated[Cny, Meta(examples=[350_000_000])]
AmountText = Annotated[str, Meta(max_length=100, pattern=ONE_LINE, examples=["3.5亿元"])]
Batch = Annotated[str, Meta(max_length=40, pattern=ONE_LINE, examples=["第一批"])]
Order = Annotated[int, Meta(ge=0, le=100_000)]


class CeremonyForm(Request, kw_only=True):
    """A new ceremony, a draft. `fair_id`: a fair of one's own, at which it is held."""

    name: CeremonyName
    held_on: HeldOn
    place: Place = ""
    about: Text1000 = ""
    fair_id: Id | None = None
    private_note: PrivateNote = ""


class CeremonyChange(Request, kw_only=True):
    name: CeremonyName | UnsetType = UNSET
    held_on: HeldOn | UnsetType = UNSET
    place: Place | UnsetType = UNSET
    about: Text1000 | UnsetType = UNSET
    fair_id: Id | UnsetType | None = UNSET
    private_note: PrivateNote | UnsetType = UNSET


class ProjectForm(Request, kw_only=True):
    """A project. Its kind is one of the vocabulary signing_kinds.

    The amount comes in 元, or as the text in which people write it (3.5亿元), not both.
    """

    title: Title
    kind: Kind
    reference: Reference | None = None
    parties: Parties = msgspec.field(default_factory=list)
    amount_cny: Amount | None = None
    amount_text: AmountText = ""
    is_on_stage: bool = True
    batch: Batch = ""
    place: Order = 0
    note: Text1000 = ""


class ProjectChange(Request, kw_only=True):
    title: Title | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    reference: Reference | UnsetType | None = UNSET
    parties: Parties | UnsetType = UNSET
    amount_cny: Amount | UnsetType | None = UNSET
    amount_text: AmountText | UnsetType = UNSET
    is_on_stage: bool | UnsetType = UNSET
    batch: Batch | UnsetType = UNSET
    place: Order | UnsetType = UNSET
    note: Text1000 | UnsetType = UNSET


class SigningSum(msgspec.Struct, kw_only=True):
    """How many projects, and what they come to in 元."""

    projects: int
    amount_cny: int


class SigningPart(msgspec.Struct, kw_only=True):
    """The sum of one part; None is not a criterion of it. Parts of one list add up to the whole."""

    projects: int
    amount_cny: int
    kind: str | None = None
    is_on_stage: bool | None = None
    batch: str | None = None


class SigningTotals(msgspec.Struct, kw_only=True):
    """`total` is without framework agreements, which stand apart; so are all the parts."""

    total: SigningSum
    framework: SigningSum
    by_kind: list[SigningPart]
    by_stage: list[SigningPart]
    by_kind_and_stage: list[SigningPart]
    by_batch: list[SigningPart]


class Organizer(msgspec.Struct, kw_only=True):
    id: str
    name: str


class CeremonyView(msgspec.Struct, kw_only=True):
    """A ceremony with its sums. `private_note` is for its organizer alone."""

    id: str
    version: int
    name: str
    organizer: Organizer
    fair_id: str | None
    held_on: date
    place: str
    about: str
    status: CeremonyStatus
    published_at: datetime | None
    totals: SigningTotals
    allowed_actions: list[CeremonyAction]
    private_note: str | UnsetType = UNSET


class ProjectView(msgspec.Struct, kw_only=True):
    """A project. `source` is its row as the spreadsheet had it, for the organizer alone."""

    id: str
    ceremony_id: str
    version: int
    reference: str | None
    title: str
    parties: list[str]
    kind: str
    amount_cny: int | None
    is_on_stage: bool
    batch: str
    place: int
    note: str
    source: dict[str, str] | UnsetType = UNSET


class ProjectProblem(msgspec.Struct, kw_only=True):
    """What is wrong with a row of a spreadsheet; a warning refuses nothing."""

    line: int
    column: str | None
    code: str
    problem: str
    value: str | None
    is_refused: bool


class ProjectImport(msgspec.Struct, kw_only=True):
    """What a spreadsheet did, or would do (`dry_run`), and the sums of the ceremony after it."""

    dry_run: bool
    rows: int
    created: int
    updated: int
    unchanged: int
    refused: int
    warnings: int
    problems: list[ProjectProblem]
    totals: SigningTotals
