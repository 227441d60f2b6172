"""Routes of published meetings: the agenda, changes by hand, what became of each."""

from typing import Annotated

from litestar import Response, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database, utc_now
from market.errors import NotFound, PreconditionFailed
from market.fairs import meetings
from market.fairs.answering import (
    EITHER,
    EITHER_READS,
    ORGANIZER,
    Asked,
    made,
    once,
    versioned,
)
from market.fairs.meeting_queries import (
    MeetingPlace,
    MeetingsAsked,
    agenda_of,
    locked_meeting,
    meeting_row,
    meetings_page,
    parts_of,
)
from market.fairs.meeting_wire import meeting_view, outcome_view
from market.fairs.models import Fair
from market.fairs.queries import organized_fair, organizes, shared_fair, visible_fair
from market.fairs.registration_queries import own_registration, registration_for, whole
from market.fairs.states import ANNOUNCED
from market.fairs.wire import organisation_ref
from market.http.etags import TAKES_VERSION, TELLS_VERSION, version_asked
from market.http.idempotency import TAKES_KEY, Answer
from market.http.paging import DEFAULT_PER_PAGE, CursorText, Limit, cursor_of, id_of, place_of
from schemas.common import Page
from schemas.fair_meetings import (
    Agenda,
    BookingForm,
    CancelForm,
    MeetingMove,
    MeetingState,
    MeetingView,
    NoShowForm,
    OutcomeForm,
    OutcomeView,
)
from schemas.fairs import MOST_SLOTS

_TAGS = ["fair meetings"]
_PATH = "/fairs/{fair_id:str}/meetings"
_ONE = f"{_PATH}/{{meeting_id:str}}"
_State = Annotated[
    MeetingState | None, QueryParameter(name="state", description="只看这一状态 · in this state")
]
_Slot = Annotated[
    int | None, QueryParameter(ge=1, le=MOST_SLOTS, description="只看这一时段 · in this slot")
]
_Registration = Annotated[
    str | None,
    QueryParameter(
        name="registration", max_length=40, description="只看这一参会方 · of this participant"
    ),
]


@get(
    _PATH,
    operation_id="listFairMeetings",
    summary="对接：主办方看全部，参会方看自己的 · All for the organizer, one's own for others",
    opt=EITHER_READS,
    tags=_TAGS,
)
async def list_meetings(  # noqa: PLR0913, PLR0917 - a parameter for each filter.
    fair_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
    in_state: _State = None,
    slot: _Slot = None,
    registration: _Registration = None,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[MeetingView]:
    after = place_of(cursor, MeetingPlace)
    async with database.reading() as session:
        fair = (await visible_fair(session, request.user, id_of(fair_id))).fair
        side = None if registration is None else id_of(registration) or fair.id
        asked = MeetingsAsked(
            state=in_state, slot=slot, registration_id=side, after=after, limit=limit + 1
        )
        found = await meetings_page(session, request.user, fair, asked)
        shown = found[:limit]
        parts = await parts_of(session, shown)
    last = shown[-1] if len(found) > limit else None
    place = last and MeetingPlace(last.slot.number, last.table.number, last.meeting.id)
    return Page(
        items=[meeting_view(each, parts, fair, request.user) for each in shown],
        next_cursor=None if place is None else cursor_of(place),
    )


@get(
    _ONE,
    operation_id="readFairMeeting",
    summary="查看对接 · Read a meeting",
    opt=EITHER_READS | TELLS_VERSION,
    tags=_TAGS,
)
async def read_meeting(
    fair_id: FromPath[str],
    meeting_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
) -> Response[MeetingView]:
    async with database.reading() as session:
        fair = (await visible_fair(session, request.user, id_of(fair_id))).fair
        row = await meeting_row(session, request.user, fair, id_of(meeting_id))
        view = meeting_view(row, await parts_of(session, [row]), fair, request.user)
    return versioned(request, view, row.meeting.version)


@get(
    "/fairs/{fair_id:str}/agenda",
    operation_id="readFairAgenda",
    summary="本单位的日程；主办方可看任一参会方的 · One's own agenda; any for the organizer",
    opt=EITHER_READS,
    tags=_TAGS,
)
async def read_agenda(
    fair_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
    registration: _Registration = None,
) -> Agenda:
    async with database.reading() as session:
        fair = (await visible_fair(session, request.user, id_of(fair_id))).fair
        own = await own_registration(session, request.user, fair)
        if registration is not None:
            own = await registration_for(session, request.user, fair, id_of(registration))
        if own is None:
            raise NotFound
        is_shown = fair.status in ANNOUNCED or organizes(request.user, fair)
        rows = await agenda_of(session, own) if is_shown else []
        parts = await parts_of(session, rows)
        organisation = (await whole(session, own)).organisation
    return Agenda(
        registration_id=str(own.id),
        organisation=organisation_ref(organisation),
        items=[meeting_view(each, parts, fair, request.user) for each in rows],
    )


@post(
    _PATH,
    operation_id="bookFairMeeting",
    summary="手工安排对接 · Arrange a meeting by hand",
    description=(
        "同一时段的同一张桌、同一参会方只能有一场；后到者得到 409。"
        " · One meeting for a table and for a participant in each slot: who comes second gets 409."
    ),
    opt=ORGANIZER | TAKES_KEY,
    tags=_TAGS,
)
async def book_meeting(
    fair_id: FromPath[str],
    data: JSONBody[BookingForm],
    request: Asked,
    database: NamedDependency[Database],
) -> Response[MeetingView]:
    async def act(session: AsyncSession) -> Answer:
        fair = await organized_fair(session, request.user, id_of(fair_id), shares=True)
        meeting = await meetings.book_by_hand(session, fair, data, utc_now())
        view = await _view(session, request, fair, meeting.id)
        return made(request, f"fairs/{fair.id}/meetings/{meeting.id}", view, meeting.version)

    return await once(request, database, act)


@patch(
    _ONE,
    operation_id="moveFairMeeting",
    summary="改期、换桌或固定 · Move a meeting, or pin it",
    opt=ORGANIZER | TAKES_VERSION,
    tags=_TAGS,
)
async def move_meeting(
    fair_id: FromPath[str],
    meeting_id: FromPath[str],
    data: JSONBody[MeetingMove],
    request: Asked,
    database: NamedDependency[Database],
) -> Response[MeetingView]:
    version = version_asked(request)
    async with database.writing() as session:
        fair = await organized_fair(session, request.user, id_of(fair_id), shares=True)
        meeting = await locked_meeting(session, request.user, fair, id_of(meeting_id))
        if meeting.version != version:
            raise PreconditionFailed
        await meetings.move_by_hand(session, fair, meeting, data, utc_now())
        view = await _view(session, request, fair, meeting.id)
        return versioned(request, view, meeting.version)


@post(
    f"{_ONE}/cancel",
    status_code=200,
    operation_id="cancelFairMeeting",
    summary="取消对接；通知双方并补排 · Cancel a meeting; both are told, the place is filled",
    opt=EITHER,
    tags=_TAGS,
)
async def cancel_meeting(
    fair_id: FromPath[str],
    meeting_id: FromPath[str],
    data: JSONBody[CancelForm],
    request: Asked,
    database: NamedDependency[Database],
) -> MeetingView:
    async with database.writing() as session:
        fair = await shared_fair(session, request.user, id_of(fair_id))
        meeting = await meetings.meeting_to_cancel(session, request.user, fair, id_of(meeting_id))
        await meetings.cancel(session, fair, meeting, data.reason, utc_now())
        return await _view(session, request, fair, meeting.id)


@post(
    f"{_ONE}/no-show",
    status_code=200,
    operation_id="markFairNoShow",
    summary="标记未到；桌位释放并补排 · Mark who did not come; the table is free for others",
    opt=ORGANIZER,
    tags=_TAGS,
)
async def no_show(
    fair_id: FromPath[str],
    meeting_id: FromPath[str],
    data: JSONBody[NoShowForm],
    request: Asked,
    database: NamedDependency[Database],
) -> MeetingView:
    # What is no id is no side of any meeting.
    absent = [id_of(each) or id_of(fair_id) for each in data.absent_ids]
    async with database.writing() as session:
        fair = await organized_fair(session, request.user, id_of(fair_id), shares=True)
        meeting = await locked_meeting(session, request.user, fair, id_of(meeting_id))
        known = [each for each in absent if each is not None]
        await meetings.mark_no_show(session, fair, meeting, known, utc_now())
        return await _view(session, request, fair, meeting.id)


@post(
    f"{_ONE}/restore",
    status_code=200,
    operation_id="restoreFairMeeting",
    summary="撤销取消或未到（位置仍空时） · Take a cancellation or no-show back",
    opt=ORGANIZER,
    tags=_TAGS,
)
async def restore_meeting(
    fair_id: FromPath[str],
    meeting_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
) -> MeetingView:
    async with database.writing() as session:
        fair = await organized_fair(session, request.user, id_of(fair_id), shares=True)
        meeting = await locked_meeting(session, request.user, fair, id_of(meeting_id))
        await meetings.bring_back(session, fair, meeting, utc_now())
        return await _view(session, request, fair, meeting.id)


@put(
    f"{_ONE}/outcome",
    operation_id="giveFairOutcome",
    summary="对接结果（各填各的，互不可见） · What one's side says of a meeting",
    opt=EITHER,
    tags=_TAGS,
)
async def put_outcome(
    fair_id: FromPath[str],
    meeting_id: FromPath[str],
    data: JSONBody[OutcomeForm],
    request: Asked,
    database: NamedDependency[Database],
) -> OutcomeView:
    async with database.writing() as session:
        fair = await shared_fair(session, request.user, id_of(fair_id))
        meeting = await locked_meeting(session, request.user, fair, id_of(meeting_id))
        said = await meetings.give_outcome(session, request.user, fair, meeting, data, utc_now())
    return outcome_view(said, is_own=True)


async def _view(
    session: AsyncSession, request: Asked, fair: Fair, meeting_id: object
) -> MeetingView:
    row = await meeting_row(session, request.user, fair, id_of(str(meeting_id)))
    return meeting_view(row, await parts_of(session, [row]), fair, request.user)


routes: list[ControllerRouterHandler] = [
    list_meetings,
    read_meeting,
    read_agenda,
    book_meeting,
    move_meeting,
    cancel_meeting,
    no_show,
    restore_meeting,
    put_outcome,
]
