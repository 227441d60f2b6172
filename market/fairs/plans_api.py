"""Routes of plans: made by a worker, edited and published by the organizer."""

import uuid

from litestar import Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database, utc_now
from market.errors import PreconditionFailed
from market.fairs import editing
from market.fairs.answering import ORGANIZER, ORGANIZER_READS, Asked, once, versioned
from market.fairs.meeting_models import FairPlan
from market.fairs.models import Fair
from market.fairs.plan_orders import drop_plan, order_plan
from market.fairs.plan_queries import (
    PlanRow,
    locked_plan,
    plan_meeting,
    plan_meetings_page,
    plan_names,
    plan_row,
    plans_page,
)
from market.fairs.plan_wire import (
    changes_of,
    plan_meeting_view,
    plan_view,
    unplanned_view,
)
from market.fairs.publishing import publish_plan
from market.fairs.queries import organized_fair
from market.http.etags import TAKES_VERSION, TELLS_VERSION, etag, version_asked
from market.http.idempotency import TAKES_KEY, Answer
from market.http.languages import language_of
from market.http.paging import DEFAULT_PER_PAGE, CursorText, Limit, cursor_of, id_of, place_of
from schemas.common import Page
from schemas.fair_plans import (
    PlanChanges,
    PlanForm,
    PlanMeetingChange,
    PlanMeetingForm,
    PlanMeetingView,
    PlanView,
    UnplannedView,
)

_TAGS = ["fair plans"]
_PLANS = "/fairs/{fair_id:str}/plans"
_PLAN = f"{_PLANS}/{{plan_id:str}}"


@post(
    _PLANS,
    status_code=202,
    operation_id="orderFairPlan",
    summary="排程，或为已公布日程提出改进 · Have a plan made, or an improvement proposed",
    opt=ORGANIZER | TAKES_KEY,
    tags=_TAGS,
)
async def order(
    fair_id: FromPath[str],
    data: JSONBody[PlanForm],
    request: Asked,
    database: NamedDependency[Database],
) -> Response[PlanView]:
    lang = language_of(request)

    async def act(session: AsyncSession) -> Answer:
        fair = await organized_fair(session, request.user, id_of(fair_id), locks=True)
        plan = await order_plan(session, request.user, fair, data, utc_now())
        place = f"/api/v1/fairs/{fair.id}/plans/{plan.id}"
        headers = {"ETag": etag(plan.version), "Location": place}
        return Answer(plan_view(PlanRow(plan, 0), lang), status=202, headers=headers)

    return await once(request, database, act)


@get(
    _PLANS,
    operation_id="listFairPlans",
    summary="排程列表 · The plans of a fair",
    opt=ORGANIZER_READS,
    tags=_TAGS,
)
async def list_plans(
    fair_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[PlanView]:
    before = place_of(cursor, uuid.UUID)
    async with database.reading() as session:
        fair = await organized_fair(session, request.user, id_of(fair_id))
        found = await plans_page(session, fair.id, before=before, limit=limit + 1)
    lang, shown = language_of(request), found[:limit]
    return Page(
        items=[plan_view(each, lang) for each in shown],
        next_cursor=cursor_of(shown[-1].plan.id) if len(found) > limit else None,
    )


@get(
    _PLAN,
    operation_id="readFairPlan",
    summary="查看排程：进度、权重、上界 · Read a plan: progress, weight and bound",
    opt=ORGANIZER_READS | TELLS_VERSION,
    tags=_TAGS,
)
async def read_plan(
    fair_id: FromPath[str],
    plan_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
) -> Response[PlanView]:
    async with database.reading() as session:
        fair = await organized_fair(session, request.user, id_of(fair_id))
        return await _shown(session, request, fair, id_of(plan_id))


@delete(
    _PLAN,
    operation_id="dropFairPlan",
    summary="放弃排程或改进 · Drop a draft, or turn an improvement down",
    opt=ORGANIZER,
    tags=_TAGS,
)
async def drop(
    fair_id: FromPath[str],
    plan_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
) -> None:
    async with database.writing() as session:
        fair = await organized_fair(session, request.user, id_of(fair_id))
        await drop_plan(session, await locked_plan(session, fair, id_of(plan_id)))


@post(
    f"{_PLAN}/publish",
    status_code=200,
    operation_id="publishFairPlan",
    summary="公布日程；或采纳改进 · Publish the agenda; accept an improvement",
    opt=ORGANIZER | TAKES_VERSION,
    tags=_TAGS,
)
async def publish(
    fair_id: FromPath[str],
    plan_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
) -> Response[PlanView]:
    version = version_asked(request)
    async with database.writing() as session:
        fair = await organized_fair(session, request.user, id_of(fair_id), locks=True)
        plan = await locked_plan(session, fair, id_of(plan_id))
        _refuse_other_version(plan, version)
        await publish_plan(session, fair, plan, utc_now())
        return await _shown(session, request, fair, plan.id)


@get(
    f"{_PLAN}/changes",
    operation_id="listFairPlanChanges",
    summary="改进会变动哪些对接 · What an improvement changes",
    opt=ORGANIZER_READS,
    tags=_TAGS,
)
async def list_changes(
    fair_id: FromPath[str],
    plan_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
) -> PlanChanges:
    async with database.reading() as session:
        fair = await organized_fair(session, request.user, id_of(fair_id))
        row = await plan_row(session, fair, id_of(plan_id))
    return PlanChanges(items=changes_of(row.plan))


@get(
    f"{_PLAN}/unplanned",
    operation_id="listFairUnplanned",
    summary="未排入的对接及原因 · Who does not meet, and why",
    opt=ORGANIZER_READS,
    tags=_TAGS,
)
async def list_unplanned(
    fair_id: FromPath[str],
    plan_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[UnplannedView]:
    start = max(0, place_of(cursor, int) or 0)
    async with database.reading() as session:
        fair = await organized_fair(session, request.user, id_of(fair_id))
        row = await plan_row(session, fair, id_of(plan_id))
        names = await plan_names(session, fair.id)
    told, lang = row.plan.outcome.get("unplanned", []), language_of(request)
    end = start + limit
    return Page(
        items=[unplanned_view(each, names, lang) for each in told[start:end]],
        next_cursor=cursor_of(end) if end < len(told) else None,
    )


@get(
    f"{_PLAN}/meetings",
    operation_id="listFairPlanMeetings",
    summary="排程中的对接 · The meetings of a plan",
    opt=ORGANIZER_READS,
    tags=_TAGS,
)
async def list_meetings(
    fair_id: FromPath[str],
    plan_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[PlanMeetingView]:
    after = place_of(cursor, uuid.UUID)
    async with database.reading() as session:
        fair = await organized_fair(session, request.user, id_of(fair_id))
        row = await plan_row(session, fair, id_of(plan_id))
        found = await plan_meetings_page(session, row.plan.id, after=after, limit=limit + 1)
    shown = found[:limit]
    return Page(
        items=[plan_meeting_view(each) for each in shown],
        next_cursor=cursor_of(shown[-1].id) if len(found) > limit else None,
    )


@post(
    f"{_PLAN}/meetings",
    operation_id="addFairPlanMeeting",
    summary="手工加入对接 · Put a meeting into a draft",
    opt=ORGANIZER | TAKES_VERSION,
    tags=_TAGS,
)
async def add_meeting(
    fair_id: FromPath[str],
    plan_id: FromPath[str],
    data: JSONBody[PlanMeetingForm],
    request: Asked,
    database: NamedDependency[Database],
) -> Response[PlanMeetingView]:
    version = version_asked(request)
    async with database.writing() as session:
        fair, plan = await _draft(session, request, fair_id, plan_id, version)
        row = await editing.add_meeting(session, fair, plan, data)
    headers = {"ETag": etag(plan.version)}
    return Response(plan_meeting_view(row), status_code=201, headers=headers)


@patch(
    f"{_PLAN}/meetings/{{plan_meeting_id:str}}",
    operation_id="changeFairPlanMeeting",
    summary="移动或固定排程中的对接 · Move or pin a meeting of a draft",
    opt=ORGANIZER | TAKES_VERSION,
    tags=_TAGS,
)
async def change_meeting(
    fair_id: FromPath[str],
    plan_id: FromPath[str],
    plan_meeting_id: FromPath[str],
    data: JSONBody[PlanMeetingChange],
    request: Asked,
    database: NamedDependency[Database],
) -> Response[PlanMeetingView]:
    version = version_asked(request)
    async with database.writing() as session:
        fair, plan = await _draft(session, request, fair_id, plan_id, version)
        row = await plan_meeting(session, plan, id_of(plan_meeting_id))
        await editing.change_meeting(session, fair, plan, row, data)
    return Response(plan_meeting_view(row), headers={"ETag": etag(plan.version)})


@delete(
    f"{_PLAN}/meetings/{{plan_meeting_id:str}}",
    operation_id="removeFairPlanMeeting",
    summary="移出排程中的对接 · Take a meeting out of a draft",
    opt=ORGANIZER | TAKES_VERSION,
    tags=_TAGS,
)
async def remove_meeting(
    fair_id: FromPath[str],
    plan_id: FromPath[str],
    plan_meeting_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
) -> None:
    version = version_asked(request)
    async with database.writing() as session:
        _, plan = await _draft(session, request, fair_id, plan_id, version)
        row = await plan_meeting(session, plan, id_of(plan_meeting_id))
        await editing.remove_meeting(session, plan, row)


async def _draft(
    session: AsyncSession, request: Asked, fair_id: str, plan_id: str, version: int
) -> tuple[Fair, FairPlan]:
    fair = await organized_fair(session, request.user, id_of(fair_id))
    plan = await locked_plan(session, fair, id_of(plan_id))
    _refuse_other_version(plan, version)
    return fair, plan


def _refuse_other_version(plan: FairPlan, version: int) -> None:
    if plan.version != version:
        raise PreconditionFailed


async def _shown(
    session: AsyncSession, request: Asked, fair: Fair, plan_id: uuid.UUID | None
) -> Response[PlanView]:
    row = await plan_row(session, fair, plan_id)
    return versioned(request, plan_view(row, language_of(request)), row.plan.version)


routes: list[ControllerRouterHandler] = [
    order,
    list_plans,
    read_plan,
    drop,
    publish,
    list_changes,
    list_unplanned,
    list_meetings,
    add_meeting,
    change_meeting,
    remove_meeting,
]
