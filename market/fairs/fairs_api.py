"""Routes of fairs: their page, their life, their slots and tables."""

import uuid
from datetime import datetime
from typing import Annotated

from litestar import Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.guard import anyone, signed_in
from market.db import Database, utc_now
from market.fairs import service
from market.fairs.admission import promote
from market.fairs.answering import (
    ORGANIZER,
    Asked,
    StatusAsked,
    made,
    once,
    versioned,
)
from market.fairs.holding import table_was_lost
from market.fairs.models import Fair
from market.fairs.queries import (
    FairRow,
    FairsAsked,
    count_of,
    fairs_page,
    organized_fair,
    own_fairs,
    slots_of_fair,
    tables_of_fair,
    visible_fair,
)
from market.fairs.wire import fair_summary, fair_view, slot_view, table_view
from market.http.etags import TAKES_VERSION, TELLS_VERSION, version_asked
from market.http.idempotency import TAKES_KEY, Answer
from market.http.paging import DEFAULT_PER_PAGE, CursorText, Limit, cursor_of, id_of, place_of
from schemas.common import Page
from schemas.fairs import (
    FairAction,
    FairChange,
    FairForm,
    FairRole,
    FairSlots,
    FairSummary,
    FairTables,
    FairView,
    TableView,
)

_TAGS = ["fairs"]
_Series = Annotated[
    str | None,
    QueryParameter(name="series", max_length=40, description="只看这一系列 · of this series"),
]
_Role = Annotated[
    FairRole | None,
    QueryParameter(description="主办的，或报名的 · those one holds, or registered for"),
]


@post(
    "/fairs",
    operation_id="createFair",
    summary="新建对接会（草稿） · Begin a fair, as a draft",
    opt=ORGANIZER | TAKES_KEY,
    tags=_TAGS,
)
async def create_fair(
    data: JSONBody[FairForm], request: Asked, database: NamedDependency[Database]
) -> Response[FairView]:
    now = utc_now()

    async def act(session: AsyncSession) -> Answer:
        fair = await service.create_fair(session, request.user, data, now)
        row = await visible_fair(session, request.user, fair.id)
        view = fair_view(row, await count_of(session, fair.id), request.user, now)
        return made(request, f"fairs/{fair.id}", view, fair.version)

    return await once(request, database, act)


@get(
    "/fairs",
    operation_id="listFairs",
    summary="对接会 · Fairs",
    opt=anyone(),
    tags=_TAGS,
)
async def list_fairs(
    request: Asked,
    database: NamedDependency[Database],
    status: StatusAsked = None,
    series: _Series = None,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[FairSummary]:
    asked = _asked(status, cursor, limit, series)
    async with database.reading() as session:
        found = await fairs_page(session, request.user, asked)
    return _page(found, limit)


@get(
    "/my/fairs",
    operation_id="listMyFairs",
    summary="本单位主办或报名的对接会 · Fairs that one holds or registered for",
    opt=signed_in(scope="fairs:read"),
    tags=_TAGS,
)
async def list_my_fairs(
    request: Asked,
    database: NamedDependency[Database],
    role: _Role = None,
    status: StatusAsked = None,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[FairSummary]:
    asked = _asked(status, cursor, limit, None)
    async with database.reading() as session:
        found = await own_fairs(session, request.user, asked, role)
    return _page(found, limit)


@get(
    "/fairs/{fair_id:str}",
    operation_id="readFair",
    summary="查看对接会 · Read a fair's page",
    opt=anyone() | TELLS_VERSION,
    tags=_TAGS,
)
async def read_fair(
    fair_id: FromPath[str], request: Asked, database: NamedDependency[Database]
) -> Response[FairView]:
    async with database.reading() as session:
        row = await visible_fair(session, request.user, id_of(fair_id))
        count = await count_of(session, row.fair.id)
    view = fair_view(row, count, request.user, utc_now())
    return versioned(request, view, row.fair.version)


@patch(
    "/fairs/{fair_id:str}",
    operation_id="changeFair",
    summary="修改对接会 · Change a fair",
    opt=ORGANIZER | TAKES_VERSION,
    tags=_TAGS,
)
async def change_fair(
    fair_id: FromPath[str],
    data: JSONBody[FairChange],
    request: Asked,
    database: NamedDependency[Database],
) -> Response[FairView]:
    version = version_asked(request)
    async with database.writing() as session:
        fair = await service.fair_to_change(session, request.user, id_of(fair_id), version)
        await service.change_fair(session, fair, data)
        now = utc_now()
        # More places are for those who wait.
        await promote(session, fair, now)
        return await _shown(session, request, fair, now)


@delete(
    "/fairs/{fair_id:str}",
    operation_id="deleteFair",
    summary="删除从未开放的草稿 · Delete a draft that was never open",
    opt=ORGANIZER | TAKES_VERSION,
    tags=_TAGS,
)
async def delete_fair(
    fair_id: FromPath[str], request: Asked, database: NamedDependency[Database]
) -> None:
    version = version_asked(request)
    async with database.writing() as session:
        fair = await service.fair_to_change(session, request.user, id_of(fair_id), version)
        await service.delete_fair(session, fair)


def _move(action: FairAction, zh: str, en: str) -> HTTPRouteHandler:
    @post(
        f"/fairs/{{fair_id:str}}/{action}",
        status_code=200,
        operation_id=f"{action}Fair",
        summary=f"{zh} · {en}",
        opt=ORGANIZER | TAKES_VERSION,
        tags=_TAGS,
    )
    async def move(
        fair_id: FromPath[str], request: Asked, database: NamedDependency[Database]
    ) -> Response[FairView]:
        now, version = utc_now(), version_asked(request)
        async with database.writing() as session:
            fair = await service.fair_to_change(session, request.user, id_of(fair_id), version)
            await service.move_fair(session, fair, action, now)
            return await _shown(session, request, fair, now)

    return move


@get(
    "/fairs/{fair_id:str}/slots",
    operation_id="listFairSlots",
    summary="时段 · The slots of a fair",
    opt=anyone(),
    tags=_TAGS,
)
async def list_slots(
    fair_id: FromPath[str], request: Asked, database: NamedDependency[Database]
) -> FairSlots:
    async with database.reading() as session:
        row = await visible_fair(session, request.user, id_of(fair_id))
        found = await slots_of_fair(session, row.fair.id)
    return FairSlots(items=[slot_view(each) for each in found])


@get(
    "/fairs/{fair_id:str}/tables",
    operation_id="listFairTables",
    summary="洽谈桌 · The tables of a fair",
    opt=anyone(),
    tags=_TAGS,
)
async def list_tables(
    fair_id: FromPath[str], request: Asked, database: NamedDependency[Database]
) -> FairTables:
    async with database.reading() as session:
        row = await visible_fair(session, request.user, id_of(fair_id))
        found = await tables_of_fair(session, row.fair.id)
    return FairTables(items=[table_view(each) for each in found])


@post(
    "/fairs/{fair_id:str}/tables/{table_id:str}/lose",
    status_code=200,
    operation_id="loseFairTable",
    summary="停用洽谈桌，改排其对接 · Take a table away; its meetings are placed anew",
    opt=ORGANIZER,
    tags=_TAGS,
)
async def lose_table(
    fair_id: FromPath[str],
    table_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
) -> TableView:
    now = utc_now()
    async with database.writing() as session:
        fair = await organized_fair(session, request.user, id_of(fair_id), locks=True)
        table = await service.set_table_lost(session, fair, id_of(table_id), now)
        await table_was_lost(session, fair, table, now)
    return table_view(table)


@post(
    "/fairs/{fair_id:str}/tables/{table_id:str}/restore",
    status_code=200,
    operation_id="restoreFairTable",
    summary="恢复洽谈桌 · Give a table back",
    opt=ORGANIZER,
    tags=_TAGS,
)
async def restore_table(
    fair_id: FromPath[str],
    table_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
) -> TableView:
    async with database.writing() as session:
        fair = await organized_fair(session, request.user, id_of(fair_id), locks=True)
        table = await service.set_table_lost(session, fair, id_of(table_id), None)
    return table_view(table)


def _asked(status: str | None, cursor: str | None, limit: int, series: str | None) -> FairsAsked:
    # What is no id of a series has no fairs.
    nothing = uuid.UUID(int=0)
    return FairsAsked(
        status=status,
        series_id=None if series is None else id_of(series) or nothing,
        before=place_of(cursor, uuid.UUID),
        limit=limit + 1,
    )


def _page(found: list[FairRow], limit: int) -> Page[FairSummary]:
    shown = found[:limit]
    return Page(
        items=[fair_summary(each) for each in shown],
        next_cursor=cursor_of(shown[-1].fair.id) if len(found) > limit else None,
    )


async def _shown(
    session: AsyncSession, request: Asked, fair: Fair, now: datetime
) -> Response[FairView]:
    row = await visible_fair(session, request.user, fair.id)
    view = fair_view(row, await count_of(session, fair.id), request.user, now)
    return versioned(request, view, fair.version)


routes: list[ControllerRouterHandler] = [
    create_fair,
    list_fairs,
    list_my_fairs,
    read_fair,
    change_fair,
    delete_fair,
    _move("open", "开放报名", "Open a fair for registration"),
    _move(
        "withdraw", "撤回为草稿（无人报名时） · Make it a draft again", "while nobody registered"
    ),
    _move("match", "截止报名，开始配对", "Close the registration, begin to match"),
    _move("reopen", "重新开放报名", "Open the registration again"),
    _move("revise", "撤回日程，重新配对", "Take the agenda back, match again"),
    _move("start", "开幕", "Begin the fair"),
    _move("close", "闭幕", "End the fair"),
    _move("resume", "撤销闭幕", "Go on with a fair that was ended"),
    list_slots,
    list_tables,
    lose_table,
    restore_table,
]
