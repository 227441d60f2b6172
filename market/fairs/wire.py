"""Series and fairs as the structs that go out. No row leaves as it is."""

from datetime import datetime
from typing import Any, cast

import msgspec

from market.accounts.models import Organisation
from market.accounts.viewer import Viewer
from market.fairs.meeting_models import FairPlan
from market.fairs.models import Fair, FairSlot, FairTable
from market.fairs.queries import FairCount, FairRow, SeriesRow, organizes
from market.fairs.states import TAKES_LATE, allowed_actions, status_of
from schemas.fair_plans import PlanOptions
from schemas.fairs import (
    FairCounts,
    FairDay,
    FairSummary,
    FairTemplate,
    FairView,
    Hall,
    SeriesView,
    SlotView,
    TableView,
    Zone,
)
from schemas.listing_views import OrganisationRef


def organisation_ref(organisation: Organisation) -> OrganisationRef:
    return OrganisationRef(
        id=str(organisation.id),
        name=organisation.name,
        kind=organisation.kind,
        is_verified=organisation.verified_at is not None,
    )


def series_view(row: SeriesRow, viewer: Viewer) -> SeriesView:
    series = row.series
    parts: dict[str, Any] = {}
    if organizes(viewer, series):
        parts["template"] = msgspec.convert(series.template, FairTemplate)
    return SeriesView(
        id=str(series.id),
        organizer=organisation_ref(row.organizer),
        name=series.name,
        industry=series.industry,
        cadence=cast(Any, series.cadence),
        fairs=row.fairs,
        version=series.version,
        created_at=series.created_at,
        **parts,
    )


def fair_summary(row: FairRow) -> FairSummary:
    return FairSummary(**_summary(row))


def fair_view(row: FairRow, count: FairCount, viewer: Viewer, now: datetime) -> FairView:
    fair = row.fair
    own = _own(fair, count) if organizes(viewer, fair) else {}
    return FairView(
        **_summary(row),
        about=fair.about,
        address=fair.address,
        zones=msgspec.convert(fair.zones, list[Zone]),
        halls=msgspec.convert(fair.halls, list[Hall]),
        days=msgspec.convert(fair.days, list[FairDay]),
        slots=count.slots,
        tables=count.tables,
        takes_registrations=takes_registrations(fair, now),
        registration_closes_at=fair.registration_closes_at,
        counts=_counts(count),
        **own,
    )


def takes_registrations(fair: Fair, now: datetime) -> bool:
    """Whether an organisation may register by itself; late ones always need approval."""
    closes_at = fair.registration_closes_at
    is_in_time = closes_at is None or now < closes_at
    return is_in_time and (fair.status == "open" or fair.status in TAKES_LATE)


def slot_view(slot: FairSlot) -> SlotView:
    return SlotView(
        id=str(slot.id),
        number=slot.number,
        day=slot.day,
        begins_at=slot.begins_at,
        ends_at=slot.ends_at,
    )


def table_view(table: FairTable) -> TableView:
    return TableView(
        id=str(table.id),
        number=table.number,
        name=table.name,
        hall=table.hall,
        zone=table.zone,
        lost_at=table.lost_at,
    )


def options_of(plan: FairPlan) -> PlanOptions:
    """How a plan was asked for, without what was asked beside."""
    names = PlanOptions.__struct_fields__
    return msgspec.convert({name: plan.options[name] for name in names}, PlanOptions)


def _summary(row: FairRow) -> dict[str, Any]:
    fair = row.fair
    return {
        "id": str(fair.id),
        "series_id": None if fair.series_id is None else str(fair.series_id),
        "organizer": organisation_ref(row.organizer),
        "name": fair.name,
        "status": status_of(fair),
        "venue": fair.venue,
        "division": fair.division,
        "time_zone": fair.time_zone,
        "begins_at": fair.begins_at,
        "ends_at": fair.ends_at,
        "version": fair.version,
    }


def _counts(count: FairCount) -> FairCounts:
    return FairCounts(
        registrations=count.by_status.get("approved", 0),
        by_kind=cast(Any, count.by_kind),
        results=count.listings.get("result", 0),
        needs=count.listings.get("need", 0),
        meetings=count.meetings,
    )


def _own(fair: Fair, count: FairCount) -> dict[str, Any]:
    return {
        "quotas": fair.quotas,
        "places": fair.places,
        "needs_approval": fair.needs_approval,
        "meetings_each": fair.meetings_each,
        "no_show_min": fair.no_show_min,
        "waiting": count.by_status.get("waiting", 0),
        "pending": count.by_status.get("pending", 0),
        "plan_id": None if fair.plan_id is None else str(fair.plan_id),
        "allowed_actions": allowed_actions(fair),
        "created_at": fair.created_at,
    }
