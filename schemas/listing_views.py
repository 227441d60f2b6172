"""Results and needs as others see them: a field that one may not see is not there at all."""

from datetime import date, datetime
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from schemas.listings import Indicator, Rights

ListingKind = Literal["result", "need"]
Status = Literal["draft", "published", "paused", "closed", "withdrawn", "expired"]
Action = Literal["publish", "pause", "close", "reopen", "withdraw", "renew", "delete"]
PriceBand = Literal["under_100k", "100k_500k", "500k_1m", "1m_5m", "5m_up"]


class OrganisationRef(msgspec.Struct, kw_only=True, frozen=True):
    """Who posts."""

    id: str
    name: str
    kind: str
    is_verified: bool


class _ListingView(msgspec.Struct, kw_only=True, frozen=True):
    """What both kinds show. `labels` names every code of the listing in the language asked for.

    `organisation_hint` stands instead of `organisation` where who posts is not shown. The fields
    from `reference` on are for the owner and moderators, `contacts` for the owner.
    """

    id: str
    status: Status
    version: int
    title: str
    keywords: list[str]
    fields: list[str]
    industries: list[str]
    modes: list[str]
    division: str | None
    labels: dict[str, str]
    published_at: datetime | None
    changed_at: datetime
    expires_on: date | None
    organisation: OrganisationRef | UnsetType = UNSET
    organisation_hint: str | UnsetType = UNSET
    reference: str | UnsetType | None = UNSET
    created_at: datetime | UnsetType = UNSET
    shows_organisation: bool | UnsetType = UNSET
    shows_terms: bool | UnsetType = UNSET
    private_note: str | UnsetType = UNSET
    extra: dict[str, str] | UnsetType = UNSET
    allowed_actions: list[Action] | UnsetType = UNSET
    contacts: dict[str, str] | UnsetType = UNSET


class ResultView(_ListingView, kw_only=True, frozen=True):
    """A technology result (科技成果). Where the terms are not shown, bands stand for them.

    `price_band` is None and both prices are None when the price is unknown or negotiable;
    `ready_band` is the quarter of `ready_on` (2027-Q2).
    """

    summary: str
    trl: int | None
    rights: Rights | None
    price_band: PriceBand | None
    ready_band: str | None
    patents: list[str] | UnsetType = UNSET
    price_min_cny: int | UnsetType | None = UNSET
    price_max_cny: int | UnsetType | None = UNSET
    ready_on: date | UnsetType | None = UNSET
    price_floor_cny: int | UnsetType | None = UNSET


class NeedView(_ListingView, kw_only=True, frozen=True):
    """A technical need (技术需求). Where the terms are not shown, bands stand for them.

    `indicator_names` tells what is measured, without the numbers; `deadline_band` is the quarter
    of the deadline (2027-Q2).
    """

    description: str
    trl_min: int | None
    trl_max: int | None
    budget_band: PriceBand | None
    deadline_band: str | None
    indicator_names: list[str]
    indicators: list[Indicator] | UnsetType = UNSET
    budget_min_cny: int | UnsetType | None = UNSET
    budget_max_cny: int | UnsetType | None = UNSET
    deadline: date | UnsetType | None = UNSET


class ListingSummary(msgspec.Struct, kw_only=True, frozen=True):
    """A result or need in a list. The price is a need's budget, the date its deadline.

    `excerpt` is how the text begins. Fields that one may not see are left out.
    """

    id: str
    kind: ListingKind
    status: Status
    version: int
    title: str
    excerpt: str
    keywords: list[str]
    fields: list[str]
    industries: list[str]
    modes: list[str]
    division: str | None
    labels: dict[str, str]
    trl_min: int | None
    trl_max: int | None
    price_band: PriceBand | None
    published_at: datetime | None
    changed_at: datetime
    organisation: OrganisationRef | UnsetType = UNSET
    organisation_hint: str | UnsetType = UNSET
    price_min_cny: int | UnsetType | None = UNSET
    price_max_cny: int | UnsetType | None = UNSET
    ready_on: date | UnsetType | None = UNSET
    deadline: date | UnsetType | None = UNSET
    reference: str | UnsetType | None = UNSET
    expires_on: date | UnsetType | None = UNSET


class Advice(msgspec.Struct, kw_only=True, frozen=True):
    """What would make a listing clearer; nothing that must be done."""

    code: str
    pointer: str
    text: str


class ResultPreview(msgspec.Struct, kw_only=True, frozen=True):
    """A result as others would see it, and what would make it clearer or is missing yet."""

    listing: ResultView
    advice: list[Advice]
    missing: list[Advice]


class NeedPreview(msgspec.Struct, kw_only=True, frozen=True):
    """A need as others would see it, and what would make it clearer or is missing yet."""

    listing: NeedView
    advice: list[Advice]
    missing: list[Advice]


class MyListings(msgspec.Struct, kw_only=True):
    """A page of an organisation's own listings, the newest first; how many each status has."""

    items: list[ListingSummary]
    counts: dict[str, int]
    next_cursor: str | None = None
