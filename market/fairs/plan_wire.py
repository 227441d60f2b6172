"""Pairs and plans as the structs that go out."""

import uuid
from collections.abc import Mapping
from typing import Any, cast

import msgspec

from market.fairs.meeting_models import FairPlan, PlanMeeting
from market.fairs.plan_input import sides_of
from market.fairs.plan_orders import allowed_actions
from market.fairs.plan_queries import PairRow, PlanRow
from market.fairs.plan_work import change_of
from market.fairs.wire import options_of, organisation_ref
from market.planner.model import Unplanned
from market.planner.wordings import PlanNames, fix_of, reason_of
from schemas.fair_plans import (
    PairSide,
    PairView,
    PlanChangeView,
    PlanMeetingView,
    PlanView,
    UnplannedView,
)
from schemas.vocab import Lang


def pair_view(row: PairRow) -> PairView:
    pair = row.pair
    return PairView(
        id=str(pair.id),
        first=PairSide(
            registration_id=str(pair.first_id),
            organisation=organisation_ref(row.first_organisation),
            likes=round(pair.first_likes, 3),
            wish=cast(Any, pair.first_wish),
        ),
        second=PairSide(
            registration_id=str(pair.second_id),
            organisation=organisation_ref(row.second_organisation),
            likes=round(pair.second_likes, 3),
            wish=cast(Any, pair.second_wish),
        ),
        result_id=_text(pair.result_id),
        need_id=_text(pair.need_id),
        score=None if pair.score is None else round(pair.score, 1),
        met_before=pair.met_before,
        forbidden=pair.forbidden,
        weight=pair.weight,
    )


def plan_view(row: PlanRow, lang: Lang) -> PlanView:
    plan, told = row.plan, row.plan.outcome
    proposal: dict[str, Any] = {}
    if "changes" in told:
        proposal = {
            "gain": told["gain"],
            "affected": told["affected"],
            "changes": len(told["changes"]),
        }
    return PlanView(
        id=str(plan.id),
        fair_id=str(plan.fair_id),
        number=plan.number,
        kind=cast(Any, plan.kind),
        state=cast(Any, plan.state),
        version=plan.version,
        progress=plan.progress,
        options=options_of(plan),
        meetings=row.meetings,
        weight=plan.weight,
        upper_bound=plan.upper_bound,
        gap=_gap(plan),
        without_meeting=told.get("without_meeting", []),
        idle_slots=told.get("idle_slots"),
        unplanned=told.get("unplanned_total", 0),
        out_of_time=told.get("out_of_time", False),
        is_edited=plan.is_edited,
        problem=plan.problem[lang] if plan.problem else None,
        allowed_actions=allowed_actions(plan),
        created_at=plan.created_at,
        finished_at=plan.finished_at,
        **proposal,
    )


def _gap(plan: FairPlan) -> float | None:
    """What the bound leaves open; a draft that was edited may weigh more than its plan did."""
    if plan.weight is None or plan.upper_bound is None:
        return None
    return round(max(0.0, 1 - plan.weight / plan.upper_bound), 6) if plan.upper_bound else 0.0


def plan_meeting_view(meeting: PlanMeeting) -> PlanMeetingView:
    return PlanMeetingView(
        id=str(meeting.id),
        first_id=str(meeting.first_id),
        second_id=str(meeting.second_id),
        slot_id=str(meeting.slot_id),
        table_id=str(meeting.table_id),
        weight=meeting.weight,
        is_pinned=meeting.is_pinned,
    )


def changes_of(plan: FairPlan) -> list[PlanChangeView]:
    views = []
    for told in plan.outcome.get("changes", []):
        change, first, second = change_of(told)
        views.append(
            PlanChangeView(
                change=cast(Any, change),
                first_id=str(first),
                second_id=str(second),
                from_slot_id=told[1],
                from_table_id=told[2],
                to_slot_id=told[3],
                to_table_id=told[4],
            )
        )
    return views


def unplanned_view(told: Mapping[str, Any], names: PlanNames, lang: Lang) -> UnplannedView:
    why = msgspec.convert(told["why"], Unplanned)
    first, second = sides_of(why.pair)
    return UnplannedView(
        first_id=str(first),
        second_id=str(second),
        weight=told["weight"],
        cause=why.cause,
        reason=reason_of(why, names, lang),
        registration_id=why.party,
        kept_weight=why.kept_weight,
        fix=fix_of(why, names, lang),
        displaced_weight=0 if why.fix is None else why.fix.displaced_weight,
    )


def _text(found: uuid.UUID | None) -> str | None:
    return None if found is None else str(found)
