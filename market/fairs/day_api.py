"""Routes of the day itself: badges and check-ins."""

import uuid
from datetime import date
from typing import Annotated

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler

from market.accounts.models import Organisation
from market.db import Database, utc_now
from market.fairs.answering import EITHER_READS, ORGANIZER, ORGANIZER_READS, Asked
from market.fairs.badges import payload_of, svg_of
from market.fairs.check_in import CheckInPlace, check_ins_page, take_scans
from market.fairs.queries import organized_fair, visible_fair
from market.fairs.registration_queries import delegate_of, registration_for
from market.http.paging import DEFAULT_PER_PAGE, CursorText, Limit, cursor_of, id_of, place_of
from schemas.common import Page
from schemas.fair_meetings import BadgeView, CheckInView, ScanAnswers, ScansForm

_TAGS = ["fair meetings"]
_CHECK_INS = "/fairs/{fair_id:str}/check-ins"
_DELEGATE = "/fairs/{fair_id:str}/registrations/{registration_id:str}/delegates/{delegate_id:str}"
_Day = Annotated[date | None, QueryParameter(description="只看这一天 · of this day only")]


@get(
    f"{_DELEGATE}/badge",
    operation_id="readFairBadge",
    summary="参会证二维码 · The QR code of a delegate's badge",
    opt=EITHER_READS,
    tags=_TAGS,
)
async def read_badge(
    fair_id: FromPath[str],
    registration_id: FromPath[str],
    delegate_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
) -> BadgeView:
    async with database.reading() as session:
        fair = (await visible_fair(session, request.user, id_of(fair_id))).fair
        registration = await registration_for(session, request.user, fair, id_of(registration_id))
        delegate = await delegate_of(session, registration, id_of(delegate_id))
        organisation = await session.get_one(Organisation, registration.organisation_id)
    payload = payload_of(fair.secret, delegate.id)
    return BadgeView(
        delegate_id=str(delegate.id),
        name=delegate.name,
        organisation=organisation.name,
        payload=payload,
        svg=svg_of(payload),
    )


@post(
    _CHECK_INS,
    status_code=200,
    operation_id="checkInAtFair",
    summary="签到：扫码、手工或离线补传 · Check in: scans, by hand, or from an offline device",
    description=(
        "可乱序、可重复发送：每人每天以最早一次为准。"
        " · In any order and as often as one likes: the earliest of a day counts."
    ),
    opt=ORGANIZER,
    tags=_TAGS,
)
async def check_in(
    fair_id: FromPath[str],
    data: JSONBody[ScansForm],
    request: Asked,
    database: NamedDependency[Database],
) -> ScanAnswers:
    async with database.writing() as session:
        fair = await organized_fair(session, request.user, id_of(fair_id))
        answers = await take_scans(session, fair, data.scans, utc_now())
    return ScanAnswers(items=answers)


@get(
    _CHECK_INS,
    operation_id="listFairCheckIns",
    summary="签到名单 · Who came",
    opt=ORGANIZER_READS,
    tags=_TAGS,
)
async def list_check_ins(
    fair_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
    day: _Day = None,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[CheckInView]:
    after = place_of(cursor, CheckInPlace)
    async with database.reading() as session:
        fair = await organized_fair(session, request.user, id_of(fair_id))
        found = await check_ins_page(session, fair.id, day=day, after=after, limit=limit + 1)
    shown = found[:limit]
    last = shown[-1] if len(found) > limit else None
    place = last and CheckInPlace(last.day, uuid.UUID(last.delegate_id))
    return Page(items=shown, next_cursor=None if place is None else cursor_of(place))


routes: list[ControllerRouterHandler] = [read_badge, check_in, list_check_ins]
