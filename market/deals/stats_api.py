"""Routes of statistics: numbers, the rows behind them, and charts of them."""

import uuid
from typing import Annotated, Any, get_args

from litestar import Request, Response, get
from litestar.di import NamedDependency, Provide
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, QueryParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy import and_
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.guard import anyone, signed_in
from market.accounts.viewer import Viewer
from market.db import Database, utc_now
from market.deals.ceremonies_api import NOTHING, Fair, Year, projects_asked
from market.deals.ceremonies_wire import project_view
from market.deals.ceremony_queries import (
    ProjectPlace,
    ProjectsAsked,
    all_groups,
    count_ceremonies,
    published_in,
    published_projects,
)
from market.deals.charts import Bar, Line, Words, bar_chart, line_chart
from market.deals.definitions import DEFINITIONS
from market.deals.funnel import funnel_of
from market.deals.funnel_queries import (
    Scope,
    StepRow,
    check_scope,
    counts_by_year,
    counts_of,
    fair_name,
    rows_of_step,
    this_year,
)
from market.deals.totals import totals_of
from market.errors import NotFound
from market.http.languages import language_of
from market.http.paging import DEFAULT_PER_PAGE, CursorText, Limit, cursor_of, id_of, place_of
from schemas.common import Page, Problem
from schemas.signings import ProjectView
from schemas.stats import (
    Definitions,
    FunnelNumber,
    FunnelRow,
    FunnelStep,
    FunnelView,
    SigningStatistics,
    StepDefinition,
    YearNumbers,
    YearsView,
)
from schemas.vocab import Lang

_TAGS = ["statistics"]
_READER = signed_in("organizer", "administrator", scope="deals:read")
_Asked = Request[Viewer, Any, Any]
_Series = Annotated[
    str | None, QueryParameter(max_length=40, description="系列 · the fairs of a series")
]
_Years = Annotated[
    int, QueryParameter(ge=1, le=20, description="最近几年 · so many years, this one last")
]
_STEPS = get_args(FunnelStep)
_UNITS = {each.step: each.unit for each in DEFINITIONS}
_SVG = "image/svg+xml"
_NOT_YOURS = {
    404: ResponseSpec(
        Problem,
        generate_examples=False,
        description="没有这场对接会或系列，或您看不到 · No such fair or series for you",
        media_type="application/problem+json",
    )
}


def _scope(fair_id: Fair = None, series_id: _Series = None, year: Year = None) -> Scope:
    return Scope(
        None if fair_id is None else id_of(fair_id) or NOTHING,
        None if series_id is None else id_of(series_id) or NOTHING,
        year,
    )


_SCOPED = {"within": Provide(_scope, sync_to_thread=False)}


@get(
    "/stats/definitions",
    operation_id="listStatisticsDefinitions",
    summary="统计口径 · What each number counts",
    opt=anyone(),
    tags=_TAGS,
)
async def list_definitions(request: _Asked) -> Definitions:
    lang = language_of(request)
    return Definitions(
        items=[
            StepDefinition(
                step=each.step, unit=each.unit, name=each.name(lang), definition=each.means(lang)
            )
            for each in DEFINITIONS
        ]
    )


@get(
    "/stats/funnel",
    operation_id="readFunnel",
    summary="漏斗：报名 → 签到 → 安排 → 对接 → 意向 → 合同 · The funnel, with definitions",
    description=(
        "主办方看本单位对接会的，管理员看全部。 · Organizers see that of their own fairs, "
        "administrators all."
    ),
    opt=_READER,
    tags=_TAGS,
    responses=_NOT_YOURS,
    dependencies=_SCOPED,
)
async def read_funnel(
    request: _Asked, within: NamedDependency[Scope], database: NamedDependency[Database]
) -> FunnelView:
    async with database.reading() as session:
        steps = await _numbers(session, request, within)
    return FunnelView(
        fair_id=None if within.fair_id is None else str(within.fair_id),
        series_id=None if within.series_id is None else str(within.series_id),
        year=within.year,
        steps=steps,
    )


@get(
    "/stats/funnel/{step:str}/rows",
    operation_id="listFunnelRows",
    summary="数字背后的明细 · The rows behind a number of the funnel",
    opt=_READER,
    tags=_TAGS,
    dependencies=_SCOPED,
)
async def list_rows(
    step: FromPath[str],
    request: _Asked,
    within: NamedDependency[Scope],
    database: NamedDependency[Database],
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[FunnelRow]:
    if step not in _STEPS:
        raise NotFound
    after = place_of(cursor, uuid.UUID)
    asked: FunnelStep = step  # type: ignore[assignment]  # it is one of them
    async with database.reading() as session:
        await check_scope(session, request.user, within)
        found = await rows_of_step(
            session, request.user, within, asked, after=after, limit=limit + 1
        )
    return Page(
        items=[_row(each, asked) for each in found[:limit]],
        next_cursor=cursor_of(found[limit - 1].place) if len(found) > limit else None,
    )


@get(
    "/stats/years",
    operation_id="readYears",
    summary="逐年统计 · Year by year",
    opt=_READER,
    tags=_TAGS,
    responses=_NOT_YOURS,
)
async def read_years(
    request: _Asked,
    database: NamedDependency[Database],
    series_id: _Series = None,
    years: _Years = 5,
) -> YearsView:
    return YearsView(items=await _by_year(request, database, _scope(None, series_id), years))


@get(
    "/stats/charts/funnel",
    operation_id="drawFunnel",
    summary="漏斗图（SVG） · The funnel as a picture",
    opt=_READER,
    tags=_TAGS,
    responses=_NOT_YOURS,
    dependencies=_SCOPED,
    media_type=_SVG,
)
async def draw_funnel(
    request: _Asked, within: NamedDependency[Scope], database: NamedDependency[Database]
) -> Response[str]:
    lang = language_of(request)
    async with database.reading() as session:
        numbers = await _numbers(session, request, within)
        name = "" if within.fair_id is None else await fair_name(session, within.fair_id)
    bars = [Bar(each.name, each.count, _share(each, lang)) for each in numbers]
    title = "对接漏斗" if lang == "zh" else "Funnel"
    told = _told(title, name or within.year)
    return _picture(bar_chart(Words(told, _listed(bars, lang)), bars))


@get(
    "/stats/charts/years",
    operation_id="drawYears",
    summary="逐年折线图（SVG） · Meetings, orders and contracts by year, as a picture",
    opt=_READER,
    tags=_TAGS,
    responses=_NOT_YOURS,
    media_type=_SVG,
)
async def draw_years(
    request: _Asked,
    database: NamedDependency[Database],
    series_id: _Series = None,
    years: _Years = 5,
) -> Response[str]:
    lang = language_of(request)
    found = await _by_year(request, database, _scope(None, series_id), years)
    shown = [each for each in DEFINITIONS if each.step in {"held", "intent", "contract"}]
    lines = [Line(each.name(lang), [year.counts[each.step] for year in found]) for each in shown]
    title = "逐年对接、意向与合同" if lang == "zh" else "Meetings, orders and contracts by year"
    told = "；".join(f"{line.name} {', '.join(map(str, line.values))}" for line in lines)
    places = [str(year.year) for year in found]
    return _picture(line_chart(Words(title, f"{', '.join(places)}: {told}"), places, lines))


@get(
    "/stats/signings",
    operation_id="readSigningStatistics",
    summary="签约合计：按年、按对接会 · Sums of published signing ceremonies",
    opt=anyone(),
    tags=_TAGS,
)
async def read_signings(
    database: NamedDependency[Database], year: Year = None, fair_id: Fair = None
) -> SigningStatistics:
    asked_id = None if fair_id is None else id_of(fair_id) or NOTHING
    wanted = and_(*published_in(year, asked_id))
    async with database.reading() as session:
        groups = await all_groups(session, wanted)
        ceremonies = await count_ceremonies(session, wanted)
    return SigningStatistics(
        year=year, fair_id=fair_id, ceremonies=ceremonies, totals=totals_of(groups)
    )


@get(
    "/stats/signings/projects",
    operation_id="listSignedProjects",
    summary="签约合计的明细 · The projects behind the sums",
    opt=anyone(),
    tags=_TAGS,
    dependencies={"asked": Provide(projects_asked, sync_to_thread=False)},
)
async def list_signed_projects(
    asked: NamedDependency[ProjectsAsked],
    database: NamedDependency[Database],
    year: Year = None,
    fair_id: Fair = None,
) -> Page[ProjectView]:
    asked_id = None if fair_id is None else id_of(fair_id) or NOTHING
    async with database.reading() as session:
        found = await published_projects(session, published_in(year, asked_id), asked)
    shown = found[: asked.limit - 1]
    more = len(found) == asked.limit
    return Page(
        items=[project_view(each, is_own=False) for each in shown],
        next_cursor=cursor_of(ProjectPlace(0, shown[-1].id)) if more else None,
    )


async def _numbers(session: AsyncSession, request: _Asked, scope: Scope) -> list[FunnelNumber]:
    await check_scope(session, request.user, scope)
    counts, amount_cny = await counts_of(session, request.user, scope)
    return funnel_of(counts, amount_cny, language_of(request))


async def _by_year(
    request: _Asked, database: Database, scope: Scope, number: int
) -> list[YearNumbers]:
    last = this_year(utc_now())
    years = range(last - number + 1, last + 1)
    async with database.reading() as session:
        await check_scope(session, request.user, scope)
        found = await counts_by_year(session, request.user, scope, years)
    return [
        YearNumbers(
            year=year,
            counts={each.step: counts.get(each.step, 0) for each in DEFINITIONS},
            amount_cny=amount_cny,
        )
        for year, (counts, amount_cny) in found.items()
    ]


def _row(found: StepRow, step: FunnelStep) -> FunnelRow:
    ids = [each for each in (found.first_id, found.second_id) if each is not None]
    return FunnelRow(
        id=str(found.subject_id),
        unit=_UNITS[step],
        fair_id=None if found.fair_id is None else str(found.fair_id),
        organisation_ids=[str(each) for each in ids],
        at=found.at,
        amount_cny=found.amount_cny,
    )


def _share(number: FunnelNumber, lang: Lang) -> str:
    if number.share is None:
        return ""
    share = f"{number.share:.0%}"
    return f"上一步的 {share}" if lang == "zh" else f"{share} of the step before"


def _told(title: str, of: object) -> str:
    return f"{title} · {of}" if of else title


def _listed(bars: list[Bar], lang: Lang) -> str:
    return ("；" if lang == "zh" else "; ").join(f"{bar.label} {bar.value}" for bar in bars)


def _picture(svg: str) -> Response[str]:
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Language, Authorization"}
    return Response(svg, media_type=_SVG, headers=headers)


routes: list[ControllerRouterHandler] = [
    list_definitions,
    read_funnel,
    list_rows,
    read_years,
    draw_funnel,
    draw_years,
    read_signings,
    list_signed_projects,
]
