"""Statistics on the wire: numbers with their definitions, and the rows behind each number."""

from datetime import datetime
from typing import Literal

import msgspec

from schemas.signings import SigningTotals

FunnelStep = Literal["registered", "checked_in", "planned", "held", "intent", "contract"]
FunnelUnit = Literal["registration", "meeting", "order"]


class StepDefinition(msgspec.Struct, kw_only=True):
    """What a step counts, in the language asked for."""

    step: FunnelStep
    unit: FunnelUnit
    name: str
    definition: str


class Definitions(msgspec.Struct, kw_only=True):
    items: list[StepDefinition]


class FunnelNumber(msgspec.Struct, kw_only=True):
    """A step's number. `share` is that of the step before which counts the same unit.

    `amount_cny` is what contracts come to; None for all other steps.
    """

    step: FunnelStep
    unit: FunnelUnit
    name: str
    definition: str
    count: int
    share: float | None
    amount_cny: int | None


class FunnelView(msgspec.Struct, kw_only=True):
    """A funnel of one fair, one series, one year, or of all that one may see."""

    fair_id: str | None
    series_id: str | None
    year: int | None
    steps: list[FunnelNumber]


class FunnelRow(msgspec.Struct, kw_only=True):
    """One of what a number counts: a registration, a meeting or an order, by its id."""

    id: str
    unit: FunnelUnit
    fair_id: str | None
    organisation_ids: list[str]
    at: datetime
    amount_cny: int | None


class YearNumbers(msgspec.Struct, kw_only=True):
    """What happened in one year, by steps."""

    year: int
    counts: dict[FunnelStep, int]
    amount_cny: int


class YearsView(msgspec.Struct, kw_only=True):
    items: list[YearNumbers]


class SigningStatistics(msgspec.Struct, kw_only=True):
    """The sums of all published ceremonies of a year, of a fair, or of all."""

    year: int | None
    fair_id: str | None
    ceremonies: int
    totals: SigningTotals
