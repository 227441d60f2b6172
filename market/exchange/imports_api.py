"""Routes of imports: send a file, read the report, have it carried out, undo it."""

import uuid
from typing import Annotated, Any

from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, MultipartBody, QueryParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.guard import POSTING, signed_in
from market.accounts.viewer import Viewer
from market.db import Database, utc_now
from market.errors import NotFound
from market.exchange import service
from market.exchange.downloads import FileOperation, file_answer, problems_file
from market.exchange.imports_wire import import_view, row_view
from market.exchange.queries import RowPlace, import_for, imports_of, problems_of, rows_of
from market.exchange.uploads import ImportForm, check_form, upload_of
from market.http.idempotency import TAKES_KEY, Answer, answer_once
from market.http.languages import language_of
from market.http.paging import (
    DEFAULT_PER_PAGE,
    CursorText,
    Limit,
    cursor_of,
    id_of,
    place_of,
)
from market.settings import Settings
from schemas.common import Page
from schemas.imports import (
    ExportFormat,
    ImportRowView,
    ImportState,
    ImportView,
    RowAction,
    RowUndone,
)

_TAGS = ["imports"]
_MINE = signed_in(*sorted(POSTING), scope="imports:write")
_Asked = Request[Viewer, Any, Any]
_State = Annotated[ImportState | None, QueryParameter(name="state", description="状态 · state")]
_Action = Annotated[RowAction | None, QueryParameter(description="只看这类行 · only such rows")]
_Undone = Annotated[
    RowUndone | None, QueryParameter(description="撤销结果 · what an undo did to the row")
]
_Format = Annotated[ExportFormat, QueryParameter(name="format", description="文件格式 · format")]


@post(
    "/imports",
    status_code=202,
    operation_id="beginImport",
    summary="上传表格并检查 · Send a spreadsheet and have it checked",
    description=(
        "先检查、后执行：检查只生成逐行报告，不改动任何成果或需求。编号列对应平台中本单位的同编号条目；"
        "没有编号的行按名称识别。 · A dry run first: rows are matched with the organisation's "
        "listings by their own id column, or by title where they have none. Nothing changes yet."
    ),
    opt=_MINE | TAKES_KEY,
    tags=_TAGS,
    before_request=check_form,
    request_max_body_size=None,
)
async def begin_import(
    request: _Asked,
    data: MultipartBody[ImportForm],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[ImportView]:
    upload = await upload_of(data, settings.upload_limit_bytes)
    lang = language_of(request)

    async def act(session: AsyncSession) -> Answer:
        begun = await service.begin_import(session, request.user, upload, utc_now())
        place = {"Location": f"/api/v1/imports/{begun.id}"}
        return Answer(import_view(begun, lang), status=202, headers=place)

    actor_id = request.user.user_id
    if actor_id is None:
        raise NotFound
    return await answer_once(request, database, actor_id, act, content=upload.fingerprint)


@get(
    "/imports",
    operation_id="listImports",
    summary="本单位的导入 · Imports of one's organisation",
    opt=_MINE,
    tags=_TAGS,
)
async def list_imports(
    request: _Asked,
    database: NamedDependency[Database],
    in_state: _State = None,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[ImportView]:
    before = place_of(cursor, uuid.UUID)
    async with database.reading() as session:
        found = await imports_of(
            session, request.user, state=in_state, before=before, limit=limit + 1
        )
    lang, more = language_of(request), len(found) > limit
    return Page(
        items=[import_view(each, lang) for each in found[:limit]],
        next_cursor=cursor_of(found[limit - 1].id) if more else None,
    )


@get(
    "/imports/{import_id:str}",
    operation_id="readImport",
    summary="查看导入：状态与进度 · Read an import: state and progress",
    opt=_MINE,
    tags=_TAGS,
)
async def read_import(
    request: _Asked, import_id: FromPath[str], database: NamedDependency[Database]
) -> ImportView:
    async with database.reading() as session:
        found = await import_for(session, request.user, id_of(import_id))
    return import_view(found, language_of(request))


@get(
    "/imports/{import_id:str}/rows",
    operation_id="listImportRows",
    summary="逐行报告 · The report, row by row",
    opt=_MINE,
    tags=_TAGS,
)
async def list_rows(  # noqa: PLR0913, PLR0917 - a parameter for each filter.
    request: _Asked,
    import_id: FromPath[str],
    database: NamedDependency[Database],
    action: _Action = None,
    undone: _Undone = None,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[ImportRowView]:
    after = place_of(cursor, RowPlace)
    async with database.reading() as session:
        told = await import_for(session, request.user, id_of(import_id))
        found = await rows_of(
            session, told.id, action=action, undone=undone, after=after, limit=limit + 1
        )
    lang, last = language_of(request), found[limit - 1] if len(found) > limit else None
    return Page(
        items=[row_view(each, told.file_name, lang) for each in found[:limit]],
        next_cursor=None if last is None else cursor_of(RowPlace(last.line, last.place)),
    )


@get(
    "/imports/{import_id:str}/problems",
    operation_id="downloadImportProblems",
    summary="下载退回行与提醒 · Refused rows and warnings as a file",
    opt=_MINE,
    tags=_TAGS,
    media_type="application/octet-stream",
    operation_class=FileOperation,
)
async def download_problems(
    request: _Asked,
    import_id: FromPath[str],
    database: NamedDependency[Database],
    format_: _Format = "xlsx",
) -> Response[bytes]:
    async with database.reading() as session:
        told = await import_for(session, request.user, id_of(import_id))
        problems = await problems_of(session, told)
    return file_answer(await problems_file(problems, format_, language_of(request)))


@post(
    "/imports/{import_id:str}/apply",
    status_code=202,
    operation_id="applyImport",
    summary="执行导入 · Carry the import out",
    opt=_MINE,
    tags=_TAGS,
)
async def apply_import(
    request: _Asked, import_id: FromPath[str], database: NamedDependency[Database]
) -> ImportView:
    async with database.writing() as session:
        told = await service.apply(session, request.user, id_of(import_id))
    return import_view(told, language_of(request))


@post(
    "/imports/{import_id:str}/undo",
    status_code=202,
    operation_id="undoImport",
    summary="撤销导入：之后改动过的保留 · Undo an import; what was changed since stays",
    opt=_MINE,
    tags=_TAGS,
)
async def undo_import(
    request: _Asked, import_id: FromPath[str], database: NamedDependency[Database]
) -> ImportView:
    async with database.writing() as session:
        told = await service.undo(session, request.user, id_of(import_id))
    return import_view(told, language_of(request))


@delete(
    "/imports/{import_id:str}",
    operation_id="cancelImport",
    summary="取消尚未执行的导入 · Drop an import that was not carried out",
    opt=_MINE,
    tags=_TAGS,
)
async def cancel_import(
    request: _Asked, import_id: FromPath[str], database: NamedDependency[Database]
) -> None:
    async with database.writing() as session:
        await service.cancel(session, request.user, id_of(import_id))


routes: list[ControllerRouterHandler] = [
    begin_import,
    list_imports,
    read_import,
    list_rows,
    download_problems,
    apply_import,
    undo_import,
    cancel_import,
]
