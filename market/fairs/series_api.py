"""Routes of series of fairs."""

import uuid
from typing import Annotated

from litestar import Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.guard import anyone
from market.db import Database, utc_now
from market.fairs import service
from market.fairs.answering import ORGANIZER, ORGANIZER_READS, Asked, made, once, versioned
from market.fairs.queries import (
    count_of,
    organized_series,
    series_page,
    series_row,
    visible_fair,
)
from market.fairs.series import carried_over
from market.fairs.wire import fair_view, series_view
from market.http.etags import TAKES_VERSION, TELLS_VERSION, version_asked
from market.http.idempotency import TAKES_KEY, Answer
from market.http.paging import DEFAULT_PER_PAGE, CursorText, Limit, cursor_of, id_of, place_of
from schemas.common import Page
from schemas.fairs import (
    CarriedOver,
    FairView,
    NextFairForm,
    SeriesChange,
    SeriesForm,
    SeriesView,
)

_TAGS = ["fairs"]
_Own = Annotated[
    bool, QueryParameter(description="只看本单位的 · only those of one's own organisation")
]


@post(
    "/fair-series",
    operation_id="createFairSeries",
    summary="新建对接会系列 · Begin a series of fairs",
    opt=ORGANIZER | TAKES_KEY,
    tags=_TAGS,
)
async def create_series(
    data: JSONBody[SeriesForm], request: Asked, database: NamedDependency[Database]
) -> Response[SeriesView]:
    async def act(session: AsyncSession) -> Answer:
        series = await service.create_series(session, request.user, data, utc_now())
        view = series_view(await series_row(session, series.id), request.user)
        return made(request, f"fair-series/{series.id}", view, series.version)

    return await once(request, database, act)


@get(
    "/fair-series",
    operation_id="listFairSeries",
    summary="对接会系列 · Series of fairs",
    opt=anyone(),
    tags=_TAGS,
)
async def list_series(
    request: Asked,
    database: NamedDependency[Database],
    own: _Own = False,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[SeriesView]:
    before = place_of(cursor, uuid.UUID)
    async with database.reading() as session:
        found = await series_page(session, request.user, is_own=own, before=before, limit=limit + 1)
    shown = found[:limit]
    return Page(
        items=[series_view(each, request.user) for each in shown],
        next_cursor=cursor_of(shown[-1].series.id) if len(found) > limit else None,
    )


@get(
    "/fair-series/{series_id:str}",
    operation_id="readFairSeries",
    summary="查看系列 · Read a series",
    opt=anyone() | TELLS_VERSION,
    tags=_TAGS,
)
async def read_series(
    series_id: FromPath[str], request: Asked, database: NamedDependency[Database]
) -> Response[SeriesView]:
    async with database.reading() as session:
        row = await series_row(session, id_of(series_id))
    return versioned(request, series_view(row, request.user), row.series.version)


@patch(
    "/fair-series/{series_id:str}",
    operation_id="changeFairSeries",
    summary="修改系列 · Change a series",
    opt=ORGANIZER | TAKES_VERSION,
    tags=_TAGS,
)
async def change_series(
    series_id: FromPath[str],
    data: JSONBody[SeriesChange],
    request: Asked,
    database: NamedDependency[Database],
) -> Response[SeriesView]:
    version = version_asked(request)
    async with database.writing() as session:
        series = await service.change_series(session, request.user, id_of(series_id), version, data)
        row = await series_row(session, series.id)
    return versioned(request, series_view(row, request.user), row.series.version)


@post(
    "/fair-series/{series_id:str}/fairs",
    operation_id="createNextFair",
    summary="按模板办下一期（草稿） · Begin the next fair of a series, as a draft",
    opt=ORGANIZER | TAKES_KEY,
    tags=_TAGS,
)
async def create_next_fair(
    series_id: FromPath[str],
    data: JSONBody[NextFairForm],
    request: Asked,
    database: NamedDependency[Database],
) -> Response[FairView]:
    now = utc_now()

    async def act(session: AsyncSession) -> Answer:
        fair = await service.create_next_fair(session, request.user, id_of(series_id), data, now)
        row = await visible_fair(session, request.user, fair.id)
        view = fair_view(row, await count_of(session, fair.id), request.user, now)
        return made(request, f"fairs/{fair.id}", view, fair.version)

    return await once(request, database, act)


@get(
    "/fair-series/{series_id:str}/carried-over",
    operation_id="readCarriedOver",
    summary="往期对接过的双方与未满足的需求 · Who met before, and unmet needs",
    opt=ORGANIZER_READS,
    tags=_TAGS,
)
async def read_carried_over(
    series_id: FromPath[str], request: Asked, database: NamedDependency[Database]
) -> CarriedOver:
    async with database.reading() as session:
        series = await organized_series(session, request.user, id_of(series_id))
        return await carried_over(session, series.id)


routes: list[ControllerRouterHandler] = [
    create_series,
    list_series,
    read_series,
    change_series,
    create_next_fair,
    read_carried_over,
]
