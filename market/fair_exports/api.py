"""Routes of a fair's files: lists at once, everything else as an export that a worker writes."""

import asyncio
import io
import uuid
from typing import Annotated, cast, get_args

from litestar import Response, delete, get, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database, utc_now
from market.errors import Conflict, NotFound, TooLarge
from market.exchange.downloads import BundleOperation, Download, FileOperation, file_answer
from market.exchange.fair_agendas import FairView
from market.fair_exports.books import fair_book
from market.fair_exports.queries import content_of_export, count_pairs, export_of, exports_page
from market.fair_exports.service import LISTS, name_of_file, order_export
from market.fair_exports.wire import export_view
from market.fair_exports.writing import write_list
from market.fairs.answering import ORGANIZER, ORGANIZER_READS, Asked, once
from market.fairs.queries import organized_fair
from market.http.idempotency import TAKES_KEY, Answer
from market.http.languages import language_of
from market.http.paging import DEFAULT_PER_PAGE, CursorText, Limit, cursor_of, id_of, place_of
from schemas.common import Page, Problem
from schemas.fair_exports import (
    FairCsvEncoding,
    FairExportForm,
    FairExportView,
    FairListFormat,
    FairListName,
)

_TAGS = ["fair exports"]
_EXPORTS = "/fairs/{fair_id:str}/exports"
_EXPORT = f"{_EXPORTS}/{{export_id:str}}"
# With more an answer would take too long: that is what exports are for.
_MOST_PAIRS = 5_000
_Format = Annotated[FairListFormat, QueryParameter(name="format", description="文件格式 · format")]
_Encoding = Annotated[
    FairCsvEncoding,
    QueryParameter(
        description="csv 编码，旧版表格软件用 gb18030 · of .csv; gb18030 for old programs"
    ),
]
_TOO_MANY = {
    413: ResponseSpec(
        Problem,
        generate_examples=False,
        description="数量过多，请改用导出任务 · More than one answer holds: order an export",
        media_type="application/problem+json",
    )
}
_NOT_READY = {
    409: ResponseSpec(
        Problem,
        generate_examples=False,
        description="尚未生成完毕 · The file is not written yet",
        media_type="application/problem+json",
    )
}


@get(
    "/fairs/{fair_id:str}/lists/{list_name:str}",
    operation_id="readFairList",
    summary="下载一张清单：配对、会面、日程、桌位表… · One list of a fair as a file",
    description=(
        f"{'、'.join(get_args(FairListName))}。工作簿、手册、日历等请用导出任务。 · For the "
        "workbook, the pages and the calendars order an export."
    ),
    opt=ORGANIZER_READS,
    tags=_TAGS,
    media_type="application/octet-stream",
    operation_class=FileOperation,
    responses=_TOO_MANY,
)
async def read_list(
    fair_id: FromPath[str],
    list_name: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
    format_: _Format = "csv",
    encoding: _Encoding = "utf-8-sig",
) -> Response[bytes]:
    lang = language_of(request)
    async with database.reading() as session:
        fair = await organized_fair(session, request.user, id_of(fair_id))
        name = _list_called(list_name)
        _refuse_too_many(await count_pairs(session, fair.id))
    book = await fair_book(database, request.user, fair.id, lang)

    def work() -> bytes:
        file = io.BytesIO()
        write_list(FairView(book), name, format_, encoding, file)
        return file.getvalue()

    content = await asyncio.to_thread(work)
    shown = name_of_file(fair, name, format_, lang)
    return _file(name, shown, format_, encoding, content)


def _list_called(name: str) -> FairListName:
    """Raises NotFound."""
    if name not in LISTS:
        raise NotFound
    return cast(FairListName, name)


def _refuse_too_many(pairs: int) -> None:
    if pairs > _MOST_PAIRS:
        raise TooLarge(
            "export_too_large",
            "这场对接会太大，请用导出任务（POST …/exports）",
            "This fair is too large for one answer: order an export (POST …/exports).",
        )


@post(
    _EXPORTS,
    status_code=202,
    operation_id="orderFairExport",
    summary="导出会务资料：整册、手册、参会证、日历、清单 · Have files of a fair written",
    description=(
        "后台生成，轮询进度，完成后从 url 下载；保留七天。 · A worker writes them: poll the "
        "progress, then fetch `url`. They are kept for seven days."
    ),
    opt=ORGANIZER | TAKES_KEY,
    tags=_TAGS,
)
async def order(
    fair_id: FromPath[str],
    data: JSONBody[FairExportForm],
    request: Asked,
    database: NamedDependency[Database],
) -> Response[FairExportView]:
    lang = language_of(request)

    async def act(session: AsyncSession) -> Answer:
        fair = await organized_fair(session, request.user, id_of(fair_id), locks=True)
        export = await order_export(session, request.user, fair, data, lang, utc_now())
        place = f"/api/v1/fairs/{fair.id}/exports/{export.id}"
        return Answer(export_view(export, lang), status=202, headers={"Location": place})

    return await once(request, database, act)


@get(
    _EXPORTS,
    operation_id="listFairExports",
    summary="导出任务列表 · The exports of a fair",
    opt=ORGANIZER_READS,
    tags=_TAGS,
)
async def list_exports(
    fair_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[FairExportView]:
    before = place_of(cursor, uuid.UUID)
    async with database.reading() as session:
        fair = await organized_fair(session, request.user, id_of(fair_id))
        found = await exports_page(session, fair.id, before=before, limit=limit + 1)
    lang, shown = language_of(request), found[:limit]
    return Page(
        items=[export_view(each, lang) for each in shown],
        next_cursor=cursor_of(shown[-1].id) if len(found) > limit else None,
    )


@get(
    _EXPORT,
    operation_id="readFairExport",
    summary="导出进度 · How far an export is",
    opt=ORGANIZER_READS,
    tags=_TAGS,
)
async def read_export(
    fair_id: FromPath[str],
    export_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
) -> FairExportView:
    async with database.reading() as session:
        fair = await organized_fair(session, request.user, id_of(fair_id))
        export = await export_of(session, fair.id, id_of(export_id))
    return export_view(export, language_of(request))


@get(
    f"{_EXPORT}/file",
    operation_id="downloadFairExport",
    summary="下载导出的文件 · The file of an export",
    opt=ORGANIZER_READS,
    tags=_TAGS,
    media_type="application/octet-stream",
    operation_class=BundleOperation,
    responses=_NOT_READY,
)
async def download(
    fair_id: FromPath[str],
    export_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
) -> Response[bytes]:
    async with database.reading() as session:
        fair = await organized_fair(session, request.user, id_of(fair_id))
        export = await export_of(session, fair.id, id_of(export_id))
        if export.state != "done":
            raise Conflict(
                "export_not_ready",
                "文件尚未生成，请查看进度",
                "The file is not there yet: look at the export's progress.",
            )
        content = await content_of_export(session, export)
    return _file(export.content, export.file_name, export.format, export.encoding, content)


@delete(
    _EXPORT,
    operation_id="dropFairExport",
    summary="删除导出，或取消正在生成的 · Drop an export, also while it is written",
    opt=ORGANIZER,
    tags=_TAGS,
)
async def drop(
    fair_id: FromPath[str],
    export_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
) -> None:
    async with database.writing() as session:
        fair = await organized_fair(session, request.user, id_of(fair_id))
        await session.delete(await export_of(session, fair.id, id_of(export_id)))


def _file(
    content: str, file_name: str, format_: str, encoding: str, file: bytes
) -> Response[bytes]:
    charset = encoding.removesuffix("-sig") if format_ == "csv" else "utf-8"
    stem = file_name.removesuffix(f".{format_}")
    return file_answer(Download(f"fair-{content}", stem, format_, file, charset))


routes: list[ControllerRouterHandler] = [
    read_list,
    order,
    list_exports,
    read_export,
    download,
    drop,
]
