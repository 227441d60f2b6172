"""Routes of delegates, delegations, participants, spreadsheets and notices."""

import uuid
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, delete, get, patch, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, MultipartBody, QueryParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.guard import anyone
from market.db import Database, utc_now
from market.exchange.uploads import YES_OR_NO, Choice, content_of, refuse_form
from market.fairs.answering import EITHER, EITHER_READS, ORGANIZER, Asked, once
from market.fairs.brought import brought_views
from market.fairs.delegates import add_delegate, change_delegate, remove_delegate
from market.fairs.notices import mark_all_read, mark_read, notices_page
from market.fairs.queries import organized_fair, visible_fair
from market.fairs.registering import add_delegation, registration_to_change
from market.fairs.registration_queries import (
    brought_page,
    delegations_of,
    participants_page,
    refuse_outsiders,
)
from market.fairs.registration_sheet import read_sheet
from market.fairs.registration_wire import delegate_view, notice_view, participant_view
from market.fairs.registrations_api import KindAsked
from market.fairs.states import refuse_unless
from market.fairs.uploading import upload
from market.http.idempotency import TAKES_KEY, Answer
from market.http.languages import language_of
from market.http.paging import DEFAULT_PER_PAGE, CursorText, Limit, cursor_of, id_of, place_of
from market.settings import Settings
from schemas.common import Page
from schemas.fair_meetings import NoticeView
from schemas.fair_registrations import (
    DelegateChange,
    DelegateForm,
    DelegateView,
    DelegationForm,
    DelegationList,
    DelegationView,
    FairListingView,
    ParticipantView,
    UploadReport,
)
from schemas.fairs import ZoneCode
from schemas.listing_views import ListingKind

_TAGS = ["fair registrations"]
_DELEGATES = "/fairs/{fair_id:str}/registrations/{registration_id:str}/delegates"
_Kind = Annotated[
    ListingKind | None, QueryParameter(description="只看成果或需求 · results or needs only")
]
_Zone = Annotated[ZoneCode | None, QueryParameter(description="只看这一展区 · of this zone only")]
_Unread = Annotated[bool, QueryParameter(description="只看未读 · only what was not read")]


class SheetForm(msgspec.Struct):
    """The fields of the form. `dry_run`: tell what would happen, and change nothing."""

    file: UploadFile
    dry_run: bool = True


async def check_sheet_form(request: Request[Any, Any, Any]) -> None:
    """Before the route reads the form."""
    await refuse_form(request, {"dry_run": Choice(YES_OR_NO, required=False)})


@post(
    _DELEGATES,
    operation_id="addFairDelegate",
    summary="添加参会人员 · Add a delegate",
    opt=EITHER | TAKES_KEY,
    tags=_TAGS,
)
async def add(
    fair_id: FromPath[str],
    registration_id: FromPath[str],
    data: JSONBody[DelegateForm],
    request: Asked,
    database: NamedDependency[Database],
) -> Response[DelegateView]:
    now = utc_now()

    async def act(session: AsyncSession) -> Answer:
        fair, found = await registration_to_change(
            session, request.user, id_of(fair_id), id_of(registration_id)
        )
        delegate = await add_delegate(session, request.user, fair, found, data, now)
        place = f"/api/v1/fairs/{fair.id}/registrations/{found.id}/delegates/{delegate.id}"
        view = delegate_view(delegate, shows_contacts=True)
        return Answer(view, headers={"Location": place})

    return await once(request, database, act)


@patch(
    f"{_DELEGATES}/{{delegate_id:str}}",
    operation_id="changeFairDelegate",
    summary="修改参会人员；给予或撤回同意 · Change a delegate; give or take back consent",
    opt=EITHER,
    tags=_TAGS,
)
async def change(
    fair_id: FromPath[str],
    registration_id: FromPath[str],
    delegate_id: FromPath[str],
    data: JSONBody[DelegateChange],
    request: Asked,
    database: NamedDependency[Database],
) -> DelegateView:
    async with database.writing() as session:
        fair, found = await registration_to_change(
            session, request.user, id_of(fair_id), id_of(registration_id)
        )
        delegate = await change_delegate(
            session, request.user, fair, found, id_of(delegate_id), data, utc_now()
        )
    return delegate_view(delegate, shows_contacts=True)


@delete(
    f"{_DELEGATES}/{{delegate_id:str}}",
    operation_id="removeFairDelegate",
    summary="移除参会人员 · Remove a delegate",
    opt=EITHER,
    tags=_TAGS,
)
async def remove(
    fair_id: FromPath[str],
    registration_id: FromPath[str],
    delegate_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
) -> None:
    async with database.writing() as session:
        _, found = await registration_to_change(
            session, request.user, id_of(fair_id), id_of(registration_id)
        )
        await remove_delegate(session, found, id_of(delegate_id))


@post(
    "/fairs/{fair_id:str}/delegations",
    operation_id="createFairDelegation",
    summary="新建代表团：其成员之间不对接 · Begin a delegation, whose members do not meet",
    opt=ORGANIZER | TAKES_KEY,
    tags=_TAGS,
)
async def create_delegation(
    fair_id: FromPath[str],
    data: JSONBody[DelegationForm],
    request: Asked,
    database: NamedDependency[Database],
) -> Response[DelegationView]:
    async def act(session: AsyncSession) -> Answer:
        fair = await organized_fair(session, request.user, id_of(fair_id))
        made = await add_delegation(session, fair, data.name, utc_now())
        view = DelegationView(id=str(made.id), name=made.name, registrations=0)
        return Answer(view, headers={"Location": f"/api/v1/fairs/{fair.id}/delegations"})

    return await once(request, database, act)


@get(
    "/fairs/{fair_id:str}/delegations",
    operation_id="listFairDelegations",
    summary="代表团 · The delegations of a fair",
    opt=anyone(),
    tags=_TAGS,
)
async def list_delegations(
    fair_id: FromPath[str], request: Asked, database: NamedDependency[Database]
) -> DelegationList:
    async with database.reading() as session:
        row = await visible_fair(session, request.user, id_of(fair_id))
        found = await delegations_of(session, row.fair.id)
    return DelegationList(
        items=[
            DelegationView(id=str(each.id), name=each.name, registrations=amount)
            for each, amount in found
        ]
    )


@get(
    "/fairs/{fair_id:str}/participants",
    operation_id="listFairParticipants",
    summary="参会单位（参会者和主办方可见） · Who takes part, for participants and the organizer",
    opt=EITHER_READS,
    tags=_TAGS,
)
async def list_participants(
    fair_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
    kind: KindAsked = None,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[ParticipantView]:
    after = place_of(cursor, uuid.UUID)
    async with database.reading() as session:
        fair = (await visible_fair(session, request.user, id_of(fair_id))).fair
        await refuse_outsiders(session, request.user, fair)
        found = await participants_page(session, fair.id, kind=kind, after=after, limit=limit + 1)
    shown = found[:limit]
    return Page(
        items=[participant_view(each) for each in shown],
        next_cursor=cursor_of(shown[-1].registration.id) if len(found) > limit else None,
    )


@get(
    "/fairs/{fair_id:str}/listings",
    operation_id="listFairListings",
    summary="参会的成果和需求 · Results and needs that are brought to a fair",
    opt=anyone(),
    tags=_TAGS,
)
async def list_listings(  # noqa: PLR0913, PLR0917 - a parameter for each filter.
    fair_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
    kind: _Kind = None,
    zone: _Zone = None,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[FairListingView]:
    after = place_of(cursor, uuid.UUID)
    async with database.reading() as session:
        row = await visible_fair(session, request.user, id_of(fair_id))
        found = await brought_page(
            session, row.fair.id, kind=kind, zone=zone, after=after, limit=limit + 1
        )
        shown = found[:limit]
        items = await brought_views(session, request.user, shown, language_of(request))
    return Page(
        items=items,
        next_cursor=cursor_of(shown[-1].brought.id) if len(found) > limit else None,
    )


@post(
    "/fairs/{fair_id:str}/registrations/upload",
    status_code=200,
    operation_id="uploadFairRegistrations",
    summary="上传参会单位表格，先试后行 · Register from a spreadsheet, dry run first",
    description=(
        "缺省只试算（dry_run=true），逐行给出结果；同一表格再次上传不会重复报名。"
        "表中的人员没有同意展示联系方式，须由其单位自己确认。"
        " · By default a dry run with a row-by-row report. The same file sent again changes "
        "nothing. Contacts from a sheet are shown to nobody without consent."
    ),
    opt=ORGANIZER,
    tags=_TAGS,
    before_request=check_sheet_form,
    request_max_body_size=None,
)
async def upload_registrations(
    fair_id: FromPath[str],
    request: Asked,
    data: MultipartBody[SheetForm],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> UploadReport:
    content = await content_of(data.file, min(settings.upload_limit_bytes, _MOST_BYTES))
    lang = language_of(request)
    rows = read_sheet(content, data.file.filename, lang)
    async with database.writing() as session:
        fair = await organized_fair(session, request.user, id_of(fair_id), locks=True)
        refuse_unless(fair, "open", "matching", "published", "running")
        return await upload(
            session, request.user, fair, rows, utc_now(), lang, dry_run=data.dry_run
        )


_MOST_BYTES = 2_000_000


@get(
    "/my/fair-notices",
    operation_id="listMyFairNotices",
    summary="对接会通知 · What one is told of fairs",
    opt=EITHER_READS,
    tags=_TAGS,
)
async def list_notices(
    request: Asked,
    database: NamedDependency[Database],
    unread: _Unread = False,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[NoticeView]:
    before = place_of(cursor, uuid.UUID)
    async with database.reading() as session:
        found = await notices_page(
            session, request.user, is_unread=unread, before=before, limit=limit + 1
        )
    shown = found[:limit]
    return Page(
        items=[notice_view(each) for each in shown],
        next_cursor=cursor_of(shown[-1].id) if len(found) > limit else None,
    )


@post(
    "/my/fair-notices/{notice_id:str}/read",
    status_code=200,
    operation_id="markFairNoticeRead",
    summary="标为已读 · Mark a notice as read",
    opt=EITHER,
    tags=_TAGS,
)
async def read_notice(
    notice_id: FromPath[str], request: Asked, database: NamedDependency[Database]
) -> NoticeView:
    async with database.writing() as session:
        notice = await mark_read(session, request.user, id_of(notice_id), utc_now())
    return notice_view(notice)


@post(
    "/my/fair-notices/read-all",
    status_code=204,
    operation_id="markAllFairNoticesRead",
    summary="全部标为已读 · Mark all notices as read",
    opt=EITHER,
    tags=_TAGS,
)
async def read_all_notices(request: Asked, database: NamedDependency[Database]) -> None:
    async with database.writing() as session:
        await mark_all_read(session, request.user, utc_now())


routes: list[ControllerRouterHandler] = [
    add,
    change,
    remove,
    create_delegation,
    list_delegations,
    list_participants,
    list_listings,
    upload_registrations,
    list_notices,
    read_notice,
    read_all_notices,
]
