"""Whether the marketplace lives, whether it is ready, and its figures."""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from sqlalchemy import and_, case, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.guard import anyone
from market.accounts.viewer import Viewer
from market.db import Database, utc_now
from market.errors import Forbidden, RequestRefused, Unauthorized
from market.http.metrics import MEDIA_TYPE, Metrics
from market.indexing.engines import Indexes
from market.jobs import Job
from market.migrating import pending
from market.settings import Settings
from search.port import SearchError, SearchQuery

_LIMIT_S = 1.0
_NO_STORE = {"Cache-Control": "no-store"}


class Alive(msgspec.Struct, frozen=True):
    status: str = "ok"


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """`status` is ready, degraded (the search is away; all else works) or unready.

    `oldest_due_job_s` is how long the oldest due job has waited; None when nobody could look.
    """

    status: str
    checks: Mapping[str, str]
    oldest_due_job_s: float | None


class JobFigures(msgspec.Struct, frozen=True):
    """How many jobs there are in each state that tells something, and how long the oldest waits."""

    counts: Mapping[str, int]
    oldest_due_s: float


@get(
    "/health/live",
    operation_id="getLiveness",
    summary="进程是否存活 · Whether the process lives",
    tags=["health"],
    opt=anyone(),
)
async def live() -> Alive:
    return Alive()


@get(
    "/health/ready",
    operation_id="getReadiness",
    summary="是否可以接受请求 · Whether requests can be served",
    tags=["health"],
    opt=anyone(),
)
async def ready(
    state: State, database: NamedDependency[Database], indexes: NamedDependency[Indexes]
) -> Response[Readiness]:
    figures: list[JobFigures] = []
    checks = {
        "database": await _told(_database_answers(database, figures)),
        "migrations": await _told(_migrations(state, database)),
        "search": await _told(_search_answers(indexes)),
    }
    is_ready = checks["database"] == checks["migrations"] == "ok"
    status = "unready" if not is_ready else "ready" if checks["search"] == "ok" else "degraded"
    return Response(
        Readiness(
            status=status,
            checks=checks,
            oldest_due_job_s=figures[0].oldest_due_s if figures else None,
        ),
        status_code=200 if is_ready else 503,
        headers=_NO_STORE if is_ready else {**_NO_STORE, "Retry-After": "5"},
    )


@get(
    "/metrics",
    operation_id="getMetrics",
    summary="监控指标（Prometheus） · Figures for Prometheus",
    tags=["health"],
    opt=anyone() | {"may_refuse": True},
    media_type=MediaType.TEXT,
)
async def metrics(
    request: Request[Viewer, None, Any],
    settings: NamedDependency[Settings],
    database: NamedDependency[Database],
    figures: NamedDependency[Metrics],
) -> Response[bytes]:
    if not settings.metrics_open:
        _refuse_all_but_administrators(request.user)
    async with database.reading() as session:
        jobs = await _job_figures(session)
    text_of_all = figures.text(jobs.counts, jobs.oldest_due_s)
    return Response(text_of_all, headers={**_NO_STORE, "Content-Type": MEDIA_TYPE})


def _refuse_all_but_administrators(viewer: Viewer) -> None:
    if viewer.is_anonymous:
        raise Unauthorized("sign_in_required", "请先登录", "Please sign in.")
    if "administrator" not in viewer.roles:
        raise Forbidden("role_refused", "仅管理员可以查看", "For administrators only.")


async def _job_figures(session: AsyncSession) -> JobFigures:
    now = utc_now()
    is_due = and_(Job.state == "queued", Job.run_at <= now)
    rows = await session.execute(
        select(Job.state, func.count(), func.min(case((is_due, Job.run_at))))
        .where(Job.state.in_(_TELLING_STATES))
        .group_by(Job.state)
    )
    found = {state: (number, due_at) for state, number, due_at in rows}
    due_at = found.get("queued", (0, None))[1]
    return JobFigures(
        counts={state: found.get(state, (0, None))[0] for state in _TELLING_STATES},
        oldest_due_s=(now - due_at).total_seconds() if due_at else 0.0,
    )


# The finished ones say nothing, and there are many of them.
_TELLING_STATES = ("queued", "running", "dead")


async def _told(check: Any) -> str:
    """`ok`, or in a few words what is wrong: the details are for the log alone."""
    try:
        async with asyncio.timeout(_LIMIT_S):
            return str(await check)
    except TimeoutError:
        return "slow"
    except (RequestRefused, SearchError, SQLAlchemyError, OSError):
        return "away"


async def _database_answers(database: Database, figures: list[JobFigures]) -> str:
    async with database.reading() as session:
        figures.append(await _job_figures(session))
    return "ok"


async def _migrations(state: State, database: Database) -> str:
    """Looked at until it is good: this process can't fall behind afterwards.

    The look needs the connection that writes. On SQLite there is only one of these, so asking
    each time would call a busy process unready.
    """
    if not state.get("is_migrated"):
        state["is_migrated"] = not await pending(database)
    return "ok" if state["is_migrated"] else "pending"


async def _search_answers(indexes: Indexes) -> str:
    pages = await asyncio.gather(
        *(indexes.of(kind).search(SearchQuery(limit=0)) for kind in ("result", "need"))
    )
    return "degraded" if any(page.is_degraded for page in pages) else "ok"


routes = [live, ready, metrics]
