"""Routes of signing ceremonies and their projects."""

import uuid
from typing import Annotated, Any

from litestar import Request, Response, delete, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.guard import anyone, signed_in
from market.accounts.viewer import Viewer
from market.accounts.wire import unless_unchanged, versioned
from market.db import Database, utc_now
from market.deals import ceremonies
from market.deals.ceremonies_wire import ceremony_view, project_view
from market.deals.ceremony_queries import (
    CeremoniesAsked,
    CeremonyRow,
    ProjectPlace,
    ProjectsAsked,
    ceremonies_page,
    groups_of,
    is_own,
    locked_ceremony,
    project_of,
    projects_page,
    visible_ceremony,
)
from market.deals.models import SigningCeremony, SigningProject
from market.errors import NotFound
from market.http.etags import TAKES_VERSION, TELLS_VERSION, etag, version_asked
from market.http.idempotency import TAKES_KEY, Answer, answer_once
from market.http.paging import DEFAULT_PER_PAGE, CursorText, Limit, cursor_of, id_of, place_of
from schemas.common import Page
from schemas.signings import (
    CeremonyAction,
    CeremonyChange,
    CeremonyForm,
    CeremonyStatus,
    CeremonyView,
    ProjectChange,
    ProjectForm,
    ProjectView,
)

TAGS = ["signing ceremonies"]
ORGANIZER = signed_in("organizer", scope="deals:write")
Asked = Request[Viewer, Any, Any]
Year = Annotated[
    int | None, QueryParameter(ge=1990, le=2199, description="年份 · held in this year")
]
Fair = Annotated[str | None, QueryParameter(max_length=40, description="对接会 · at this fair")]
_Status = Annotated[CeremonyStatus | None, QueryParameter(description="状态 · status")]
_Mine = Annotated[bool, QueryParameter(description="只看本单位的 · only those of one's own")]
_Kind = Annotated[
    str | None, QueryParameter(max_length=40, description="类别 · of this kind (signing_kinds)")
]
_Stage = Annotated[bool | None, QueryParameter(description="是否上台 · on stage, or off")]
_Batch = Annotated[str | None, QueryParameter(max_length=40, description="批次 · of this batch")]
# What is no id names no thing.
NOTHING = uuid.UUID(int=0)


@post(
    "/signing-ceremonies",
    operation_id="createSigningCeremony",
    summary="新建集中签约（草稿） · Make a signing ceremony, as a draft",
    opt=ORGANIZER | TAKES_KEY,
    tags=TAGS,
)
async def create_ceremony(
    data: JSONBody[CeremonyForm], request: Asked, database: NamedDependency[Database]
) -> Response[CeremonyView]:
    async def act(session: AsyncSession) -> Answer:
        made = await ceremonies.create_ceremony(session, request.user, data, utc_now())
        row = await visible_ceremony(session, request.user, made.id)
        headers = {"ETag": etag(made.version), "Location": f"/api/v1/signing-ceremonies/{made.id}"}
        return Answer(ceremony_view(row, (), is_own=True), headers=headers)

    if request.user.user_id is None:
        raise NotFound
    return await answer_once(request, database, request.user.user_id, act)


def _ceremonies_asked(
    year: Year = None,
    fair_id: Fair = None,
    status: _Status = None,
    mine: _Mine = False,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> CeremoniesAsked:
    return CeremoniesAsked(
        year=year,
        fair_id=None if fair_id is None else id_of(fair_id) or NOTHING,
        status=status,
        mine=mine,
        before=place_of(cursor, uuid.UUID),
        # One more than a page tells whether there is another.
        limit=limit + 1,
    )


@get(
    "/signing-ceremonies",
    operation_id="listSigningCeremonies",
    summary="集中签约 · Signing ceremonies: published ones, and one's own; the newest first",
    opt=anyone(),
    tags=TAGS,
    dependencies={"asked": Provide(_ceremonies_asked, sync_to_thread=False)},
)
async def list_ceremonies(
    request: Asked, asked: NamedDependency[CeremoniesAsked], database: NamedDependency[Database]
) -> Page[CeremonyView]:
    async with database.reading() as session:
        found = await ceremonies_page(session, request.user, asked)
        shown = found[: asked.limit - 1]
        groups = await groups_of(session, [row.ceremony.id for row in shown])
    return Page(
        items=[
            ceremony_view(row, groups[row.ceremony.id], is_own=is_own(request.user, row.ceremony))
            for row in shown
        ],
        next_cursor=cursor_of(shown[-1].ceremony.id) if len(found) == asked.limit else None,
    )


@get(
    "/signing-ceremonies/{ceremony_id:str}",
    operation_id="readSigningCeremony",
    summary="查看集中签约及合计 · Read a ceremony with its sums",
    opt=anyone() | TELLS_VERSION,
    tags=TAGS,
)
async def read_ceremony(
    ceremony_id: FromPath[str], request: Asked, database: NamedDependency[Database]
) -> Response[CeremonyView]:
    async with database.reading() as session:
        row = await visible_ceremony(session, request.user, id_of(ceremony_id))
        view = await _view(session, request.user, row)
    own = "own" if is_own(request.user, row.ceremony) else "public"
    variant = f"{row.organizer.version}.{own}"
    return unless_unchanged(request, view, row.ceremony.version, variant)


@patch(
    "/signing-ceremonies/{ceremony_id:str}",
    operation_id="changeSigningCeremony",
    summary="修改集中签约 · Change a ceremony",
    opt=ORGANIZER | TAKES_VERSION,
    tags=TAGS,
)
async def change_ceremony(
    ceremony_id: FromPath[str],
    data: JSONBody[CeremonyChange],
    request: Asked,
    database: NamedDependency[Database],
) -> Response[CeremonyView]:
    version = version_asked(request)
    async with database.writing() as session:
        ceremony = await ceremonies.ceremony_to_change(
            session, request.user, id_of(ceremony_id), version
        )
        await ceremonies.change_ceremony(session, request.user, ceremony, data, utc_now())
        return await _changed(session, request.user, ceremony)


@delete(
    "/signing-ceremonies/{ceremony_id:str}",
    operation_id="deleteSigningCeremony",
    summary="删除草稿 · Delete a draft with its projects",
    opt=ORGANIZER | TAKES_VERSION,
    tags=TAGS,
)
async def delete_ceremony(
    ceremony_id: FromPath[str], request: Asked, database: NamedDependency[Database]
) -> None:
    version = version_asked(request)
    async with database.writing() as session:
        ceremony = await ceremonies.ceremony_to_change(
            session, request.user, id_of(ceremony_id), version
        )
        await ceremonies.move_ceremony(session, request.user, ceremony, "delete", utc_now())


def _move(action: CeremonyAction, zh: str, en: str) -> HTTPRouteHandler:
    @post(
        f"/signing-ceremonies/{{ceremony_id:str}}/{action}",
        status_code=200,
        operation_id=f"{action}SigningCeremony",
        summary=f"{zh} · {en}",
        opt=ORGANIZER | TAKES_VERSION,
        tags=TAGS,
    )
    async def move(
        ceremony_id: FromPath[str], request: Asked, database: NamedDependency[Database]
    ) -> Response[CeremonyView]:
        version = version_asked(request)
        async with database.writing() as session:
            ceremony = await ceremonies.ceremony_to_change(
                session, request.user, id_of(ceremony_id), version
            )
            await ceremonies.move_ceremony(session, request.user, ceremony, action, utc_now())
            return await _changed(session, request.user, ceremony)

    return move


def projects_asked(
    kind: _Kind = None,
    is_on_stage: _Stage = None,
    batch: _Batch = None,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> ProjectsAsked:
    """The filters of lists of projects: those that the parts of the sums are made by."""
    after = place_of(cursor, ProjectPlace)
    return ProjectsAsked(
        kind=kind, is_on_stage=is_on_stage, batch=batch, after=after, limit=limit + 1
    )


@get(
    "/signing-ceremonies/{ceremony_id:str}/projects",
    operation_id="listSigningProjects",
    summary="签约项目 · The projects of a ceremony, in their order on stage",
    opt=anyone(),
    tags=TAGS,
    dependencies={"asked": Provide(projects_asked, sync_to_thread=False)},
)
async def list_projects(
    ceremony_id: FromPath[str],
    request: Asked,
    asked: NamedDependency[ProjectsAsked],
    database: NamedDependency[Database],
) -> Page[ProjectView]:
    async with database.reading() as session:
        row = await visible_ceremony(session, request.user, id_of(ceremony_id))
        found = await projects_page(session, row.ceremony.id, asked)
    own, shown = is_own(request.user, row.ceremony), found[: asked.limit - 1]
    more = len(found) == asked.limit
    return Page(
        items=[project_view(project, is_own=own) for project in shown],
        next_cursor=cursor_of(ProjectPlace(shown[-1].place, shown[-1].id)) if more else None,
    )


@get(
    "/signing-ceremonies/{ceremony_id:str}/projects/{project_id:str}",
    operation_id="readSigningProject",
    summary="查看签约项目 · Read a project",
    opt=anyone() | TELLS_VERSION,
    tags=TAGS,
)
async def read_project(
    ceremony_id: FromPath[str],
    project_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
) -> Response[ProjectView]:
    async with database.reading() as session:
        row = await visible_ceremony(session, request.user, id_of(ceremony_id))
        project = await project_of(session, row.ceremony.id, id_of(project_id))
    own = is_own(request.user, row.ceremony)
    view = project_view(project, is_own=own)
    return unless_unchanged(request, view, project.version, "own" if own else "public")


@post(
    "/signing-ceremonies/{ceremony_id:str}/projects",
    operation_id="addSigningProject",
    summary="新增签约项目 · Add a project",
    opt=ORGANIZER | TAKES_KEY,
    tags=TAGS,
)
async def add_project(
    ceremony_id: FromPath[str],
    data: JSONBody[ProjectForm],
    request: Asked,
    database: NamedDependency[Database],
) -> Response[ProjectView]:
    async def act(session: AsyncSession) -> Answer:
        ceremony = await locked_ceremony(session, request.user, id_of(ceremony_id))
        project = await ceremonies.add_project(session, ceremony, data, utc_now())
        place = f"/api/v1/signing-ceremonies/{ceremony.id}/projects/{project.id}"
        headers = {"ETag": etag(project.version), "Location": place}
        return Answer(project_view(project, is_own=True), headers=headers)

    if request.user.user_id is None:
        raise NotFound
    return await answer_once(request, database, request.user.user_id, act)


@patch(
    "/signing-ceremonies/{ceremony_id:str}/projects/{project_id:str}",
    operation_id="changeSigningProject",
    summary="修改签约项目 · Change a project",
    opt=ORGANIZER | TAKES_VERSION,
    tags=TAGS,
)
async def change_project(
    ceremony_id: FromPath[str],
    project_id: FromPath[str],
    data: JSONBody[ProjectChange],
    request: Asked,
    database: NamedDependency[Database],
) -> Response[ProjectView]:
    async with database.writing() as session:
        ceremony, project = await _project(session, request, ceremony_id, project_id)
        await ceremonies.change_project(session, ceremony, project, data, utc_now())
    return versioned(project_view(project, is_own=True), project.version)


@delete(
    "/signing-ceremonies/{ceremony_id:str}/projects/{project_id:str}",
    operation_id="removeSigningProject",
    summary="删除签约项目 · Remove a project",
    opt=ORGANIZER | TAKES_VERSION,
    tags=TAGS,
)
async def remove_project(
    ceremony_id: FromPath[str],
    project_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
) -> None:
    async with database.writing() as session:
        ceremony, project = await _project(session, request, ceremony_id, project_id)
        await ceremonies.remove_project(session, ceremony, project, utc_now())


async def _project(
    session: AsyncSession, request: Asked, ceremony_id: str, project_id: str
) -> tuple[SigningCeremony, SigningProject]:
    version = version_asked(request)
    ceremony = await locked_ceremony(session, request.user, id_of(ceremony_id))
    project = await ceremonies.project_to_change(session, ceremony, id_of(project_id), version)
    return ceremony, project


async def _view(session: AsyncSession, viewer: Viewer, row: CeremonyRow) -> CeremonyView:
    groups = await groups_of(session, [row.ceremony.id])
    return ceremony_view(row, groups[row.ceremony.id], is_own=is_own(viewer, row.ceremony))


async def _changed(
    session: AsyncSession, viewer: Viewer, ceremony: SigningCeremony
) -> Response[CeremonyView]:
    row = await visible_ceremony(session, viewer, ceremony.id)
    return versioned(await _view(session, viewer, row), ceremony.version)


routes: list[ControllerRouterHandler] = [
    create_ceremony,
    list_ceremonies,
    read_ceremony,
    change_ceremony,
    delete_ceremony,
    _move("publish", "发布", "Publish a ceremony"),
    _move("withdraw", "撤回为草稿", "Make a ceremony a draft again"),
    list_projects,
    read_project,
    add_project,
    change_project,
    remove_project,
]
