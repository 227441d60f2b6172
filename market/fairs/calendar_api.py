"""Routes of calendars: one's agenda of a fair as a file, and a link that calendars subscribe to."""

import hashlib
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import (
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Schema,
)
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from market.accounts.guard import anyone
from market.accounts.viewer import Viewer
from market.db import Database, utc_now
from market.errors import NotFound
from market.fairs.answering import EITHER, EITHER_READS, Asked
from market.fairs.calendar_events import CalendarAsked, calendar_events, recent_registrations
from market.fairs.calendar_links import give_link, link_since, organisation_of_link, revoke_link
from market.fairs.calendars import MEDIA_TYPE, calendar_of
from market.fairs.queries import visible_fair
from market.fairs.registration_queries import registration_for, whole
from market.http.etags import TELLS_VERSION, etag, is_unchanged
from market.http.languages import language_of
from market.http.paging import id_of
from market.settings import Settings
from market.subscriptions.addresses import api_address
from schemas.fair_meetings import CalendarLinkView, CalendarUrl

_TAGS = ["fair meetings"]
_SUFFIX = ".ics"
_PRIVATE = "private, max-age=300"
_ZONE = "Asia/Shanghai"


@dataclass
class _CalendarOperation(Operation):
    """Documents what a route of calendars answers."""

    def __post_init__(self) -> None:
        answer = (self.responses or {}).get("200")
        if isinstance(answer, OpenAPIResponse):
            content = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
            answer.content = {MEDIA_TYPE: OpenAPIMediaType(schema=content)}


@get(
    "/fairs/{fair_id:str}/registrations/{registration_id:str}/agenda.ics",
    operation_id="downloadFairAgenda",
    summary="日程的日历文件（本单位或主办方） · An agenda as a calendar file",
    description=(
        "与日程接口一致；对方人员只列出同意展示的。再次导入即更新，取消的对接会标为取消。"
        " · What the agenda tells; of the other side those who consented. Imported again it "
        "updates what is there, and cancels what is cancelled."
    ),
    opt=EITHER_READS | TELLS_VERSION,
    tags=_TAGS,
    media_type=MEDIA_TYPE,
    operation_class=_CalendarOperation,
)
async def download_agenda(
    fair_id: FromPath[str],
    registration_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[bytes]:
    asked = CalendarAsked(settings, language_of(request), shows_contacts=True)
    async with database.reading() as session:
        fair = (await visible_fair(session, request.user, id_of(fair_id))).fair
        own = await registration_for(session, request.user, fair, id_of(registration_id))
        events = await calendar_events(session, fair, own, asked)
        organisation = (await whole(session, own)).organisation
    content = calendar_of(f"{fair.name} · {organisation.name}", fair.time_zone, events)
    return _answer(request, content, {"Content-Disposition": 'attachment; filename="agenda.ics"'})


@post(
    "/my/fair-calendar",
    operation_id="giveFairCalendar",
    summary="生成日历订阅链接（只显示一次） · A link for calendars; the one before is good no more",
    opt=EITHER,
    tags=_TAGS,
)
async def give_calendar(
    request: Asked, database: NamedDependency[Database], settings: NamedDependency[Settings]
) -> CalendarUrl:
    async with database.writing() as session:
        token = await give_link(session, request.user, utc_now())
    return CalendarUrl(url=api_address(settings, f"calendars/{token}{_SUFFIX}"))


@get(
    "/my/fair-calendar",
    operation_id="readFairCalendar",
    summary="是否有日历订阅链接 · Whether there is a link for calendars",
    opt=EITHER_READS,
    tags=_TAGS,
)
async def read_calendar(request: Asked, database: NamedDependency[Database]) -> CalendarLinkView:
    async with database.reading() as session:
        return CalendarLinkView(created_at=await link_since(session, request.user))


@delete(
    "/my/fair-calendar",
    operation_id="revokeFairCalendar",
    summary="停用日历订阅链接 · Revoke the link for calendars",
    opt=EITHER,
    tags=_TAGS,
)
async def revoke_calendar(request: Asked, database: NamedDependency[Database]) -> None:
    async with database.writing() as session:
        await revoke_link(session, request.user)


@get(
    "/calendars/{name:str}",
    operation_id="subscribeFairCalendar",
    summary="本单位各场对接会的日历，凭链接 · The calendar of one's fairs, by its link",
    description=(
        "不含联系方式：持有链接者均可读取。 · It holds no contacts: whoever has the link reads it."
    ),
    opt=anyone() | TELLS_VERSION,
    tags=_TAGS,
    media_type=MEDIA_TYPE,
    operation_class=_CalendarOperation,
)
async def subscribe_calendar(
    name: FromPath[str],
    request: Request[Viewer, Any, Any],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[bytes]:
    if not name.endswith(_SUFFIX):
        raise NotFound
    asked = CalendarAsked(settings, language_of(request), shows_contacts=False)
    async with database.reading() as session:
        organisation = await organisation_of_link(session, name.removesuffix(_SUFFIX))
        found = await recent_registrations(session, organisation.id, utc_now())
        events = [
            event
            for fair, registration in found
            for event in await calendar_events(session, fair, registration, asked)
        ]
    title = "对接会" if asked.lang == "zh" else "Fairs"
    zone = found[0][0].time_zone if found else _ZONE
    return _answer(request, calendar_of(f"{title} · {organisation.name}", zone, events), {})


def _answer(
    request: Request[Viewer, Any, Any], content: bytes, headers: dict[str, str]
) -> Response[Any]:
    """The calendar, or that it is what the reader has already (304)."""
    variant = hashlib.blake2b(content, digest_size=16).hexdigest()
    told = {
        "ETag": etag(1, variant),
        "Cache-Control": _PRIVATE,
        "Vary": "Accept-Language, Authorization",
    }
    if is_unchanged(request, 1, variant):
        return Response(None, status_code=304, headers=told)
    return Response(content, media_type=MEDIA_TYPE, headers=told | headers)


routes: list[ControllerRouterHandler] = [
    download_agenda,
    give_calendar,
    read_calendar,
    revoke_calendar,
    subscribe_calendar,
]
