"""Matches as those see them whose listing is matched, and what they say of them."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from schemas.common import Request, Text1000
from schemas.listing_views import ListingKind, ListingSummary
from schemas.matching import Part, Reason

Verdict = Literal["saved", "declined"]
# "open": nothing was said yet.
VerdictAsked = Literal["saved", "declined", "open"]
DeclineReason = Literal[
    "too_early",
    "too_expensive",
    "wrong_field",
    "already_solved",
    "not_our_scale",
    "ip_unclear",
    "other",
]


class SideView(msgspec.Struct, kw_only=True, frozen=True):
    """How one side's log-odds come about: `base` and the points of each part add up to them.

    Where the other side's terms are not shown, their parts and the sum, which would tell them,
    are left out.
    """

    base: float
    parts: list[Part]
    log_odds: float | UnsetType = UNSET


# One line, which may hold tabs: they part the words of the notation.
_ONE_LINE = r"^[^\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]*(?![\s\S])"


class FeedbackForm(Request):
    """What one's organisation says of a match. To decline takes a reason, "other" a text."""

    verdict: Annotated[Verdict, msgspec.Meta(examples=["declined"])]
    reason: Annotated[DeclineReason | None, msgspec.Meta(examples=["too_early"])] = None
    text: Annotated[Text1000, msgspec.Meta(examples=["中试尚未完成，明年再联系"])] = ""


class FeedbackView(msgspec.Struct, kw_only=True, frozen=True):
    """What one's organisation said of a match. Nobody else sees it."""

    verdict: Verdict
    reason: DeclineReason | None
    text: str
    given_at: datetime


class OwnListing(msgspec.Struct, kw_only=True, frozen=True):
    """The listing of one's own that is matched."""

    id: str
    kind: ListingKind
    title: str


class MatchView(msgspec.Struct, kw_only=True, frozen=True):
    """A result and a need that fit each other, seen from one of the sides.

    `score` is 0–100, in whole points where the counterpart hides its terms. `is_good`: most
    pairs that score so much are right. `enterprise` and `institute` come with `explain=true`.
    """

    id: str
    score: float
    is_good: bool
    listing: OwnListing
    counterpart: ListingSummary
    reasons: list[Reason]
    feedback: FeedbackView | None
    found_at: datetime
    enterprise: SideView | UnsetType = UNSET
    institute: SideView | UnsetType = UNSET


class SynonymForm(Request):
    """A line of synonyms: "=⇥a|b" (equivalents), ">⇥a|b⇥c|d" (a or b also looks for c, d)."""

    line: Annotated[
        str,
        msgspec.Meta(
            min_length=3,
            max_length=500,
            pattern=_ONE_LINE,
            examples=["=\t锂电池|锂离子电池", ">\t鞋底滑\t湿摩擦系数|防滑"],
        ),
    ]
    note: Annotated[
        str,
        msgspec.Meta(
            max_length=500,
            pattern=_ONE_LINE,
            examples=["晋江企业常用的说法"],
        ),
    ] = ""


class SynonymView(msgspec.Struct, kw_only=True, frozen=True):
    """A line of synonyms; a shipped one has no id and stays."""

    line: str
    id: str | None = None
    note: str = ""
    created_at: datetime | None = None
