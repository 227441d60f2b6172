"""Routes of the inbox."""

from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import (
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Schema,
)
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import ServerSentEvent
from litestar.types import ControllerRouterHandler

from market.accounts.viewer import Viewer
from market.db import Database, utc_now
from market.http.languages import language_of
from market.http.paging import DEFAULT_PER_PAGE, CursorText, Limit, cursor_of, id_of, place_of
from market.settings import Settings
from market.subscriptions import queries
from market.subscriptions.saved_searches_api import READER, WRITER
from market.subscriptions.streaming import first_after, streams_of
from market.subscriptions.wire import alert_views
from schemas.subscriptions import Inbox, ReadUntil, Unread

_TAGS = ["alerts"]


@dataclass
class _StreamOperation(Operation):
    """Documents what a stream answers: text, whatever the library takes it for."""

    def __post_init__(self) -> None:
        answer = (self.responses or {}).get("200")
        if isinstance(answer, OpenAPIResponse):
            content = Schema(type=OpenAPIType.STRING)
            answer.content = {"text/event-stream": OpenAPIMediaType(schema=content)}


_Asked = Request[Viewer, Any, Any]
_IsUnread = Annotated[bool, QueryParameter(name="unread", description="只看未读 · unread only")]


@get(
    "/alerts",
    operation_id="listAlerts",
    summary="收件箱 · The inbox, the newest first",
    tags=_TAGS,
    opt=READER,
)
async def list_alerts(
    request: _Asked,
    database: NamedDependency[Database],
    is_unread: _IsUnread = False,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Inbox:
    before = place_of(cursor, queries.Id)
    async with database.reading() as session:
        found = await queries.inbox(
            session, request.user, before, is_unread=is_unread, limit=limit + 1
        )
        items = await alert_views(session, request.user, found[:limit], language_of(request))
        unread = await queries.unread(session, request.user)
    next_cursor = cursor_of(found[limit - 1].id) if len(found) > limit else None
    return Inbox(items=items, unread=unread, next_cursor=next_cursor)


@post(
    "/alerts/{alert_id:str}/read",
    status_code=200,
    operation_id="markAlertRead",
    summary="标为已读 · Mark one as read",
    tags=_TAGS,
    opt=WRITER,
)
async def mark_alert_read(
    alert_id: FromPath[str], request: _Asked, database: NamedDependency[Database]
) -> Unread:
    async with database.writing() as session:
        await queries.mark_read(session, request.user, id_of(alert_id), utc_now())
        return Unread(unread=await queries.unread(session, request.user))


@post(
    "/alerts/read",
    status_code=200,
    operation_id="markAlertsRead",
    summary="将此条及更早的全部标为已读 · Mark one and all before it as read",
    tags=_TAGS,
    opt=WRITER | {"may_miss": True},
)
async def mark_alerts_read(
    data: JSONBody[ReadUntil], request: _Asked, database: NamedDependency[Database]
) -> Unread:
    async with database.writing() as session:
        await queries.mark_read_until(session, request.user, id_of(data.until), utc_now())
        return Unread(unread=await queries.unread(session, request.user))


@get(
    "/alerts/stream",
    operation_id="streamAlerts",
    summary="实时提醒（SSE，支持 Last-Event-ID） · Alerts as they come (SSE)",
    description=(
        "每条为 event: alert，数据同收件箱的一条；断线后带 Last-Event-ID 重连即从该处继续。 · "
        "Each is an event “alert” with an item of the inbox; Last-Event-ID goes on from there."
    ),
    tags=_TAGS,
    opt=READER | {"is_limited": True},
    media_type="text/event-stream",
    operation_class=_StreamOperation,
)
async def stream_alerts(
    request: _Asked, database: NamedDependency[Database], settings: NamedDependency[Settings]
) -> ServerSentEvent:
    streams = streams_of(request.app.state)
    streams.refuse_more(request.user)
    last = id_of(request.headers.get("last-event-id", "")) or first_after(utc_now())
    lang = language_of(request)
    alerts = streams.alerts(database, request.user, lang, last, settings.alert_stream_s)
    return ServerSentEvent(alerts)


routes: list[ControllerRouterHandler] = [
    list_alerts,
    stream_alerts,
    mark_alert_read,
    mark_alerts_read,
]
