"""Routes of registrations: from the form to the decision, what is brought and wished for."""

import uuid
from typing import Annotated, Any

from litestar import Response, get, patch, post, put
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database, utc_now
from market.errors import Forbidden
from market.fairs.admission import decide
from market.fairs.answering import (
    EITHER,
    EITHER_READS,
    ORGANIZER,
    Asked,
    made,
    once,
    versioned,
)
from market.fairs.models import Fair, FairRegistration
from market.fairs.queries import ORGANIZER_ONLY, organizes, visible_fair
from market.fairs.registering import (
    change_registration,
    register,
    registration_to_change,
    set_listings,
)
from market.fairs.registration_queries import (
    RegistrationsAsked,
    registration_for,
    registrations_page,
    whole,
    wishes_of,
)
from market.fairs.registration_wire import (
    registration_summary,
    registration_view,
    wish_view,
)
from market.fairs.wishing import set_wishes
from market.http.etags import TAKES_VERSION, TELLS_VERSION, version_asked
from market.http.idempotency import TAKES_KEY, Answer
from market.http.paging import DEFAULT_PER_PAGE, CursorText, Limit, cursor_of, id_of, place_of
from schemas.common import Page
from schemas.fair_registrations import (
    FairRegistrationForm,
    ListingsForm,
    RegistrationAction,
    RegistrationChange,
    RegistrationStatus,
    RegistrationSummary,
    RegistrationView,
    WishesForm,
    WishList,
)
from schemas.fairs import ParticipantKind

_TAGS = ["fair registrations"]
_PATH = "/fairs/{fair_id:str}/registrations"
_ONE = f"{_PATH}/{{registration_id:str}}"
_OWN: frozenset[RegistrationAction] = frozenset({"withdraw", "resubmit"})
_Status = Annotated[
    RegistrationStatus | None,
    QueryParameter(name="status", description="只看这一状态 · only those in this status"),
]
KindAsked = Annotated[
    ParticipantKind | None, QueryParameter(description="只看这类单位 · only of this kind")
]


@post(
    _PATH,
    operation_id="registerForFair",
    summary="报名参会 · Register for a fair",
    description=(
        "参会人员的联系方式只在其单独同意后（consents）向排定对接的对方展示。"
        " · Contacts of delegates are shown to the other side of a published meeting only with "
        "their separate consent."
    ),
    opt=EITHER | TAKES_KEY,
    tags=_TAGS,
)
async def register_for_fair(
    fair_id: FromPath[str],
    data: JSONBody[FairRegistrationForm],
    request: Asked,
    database: NamedDependency[Database],
) -> Response[RegistrationView]:
    async def act(session: AsyncSession) -> Answer:
        registration = await register(session, request.user, id_of(fair_id), data, utc_now())
        fair = await session.get_one(Fair, registration.fair_id)
        view = registration_view(await whole(session, registration), fair, request.user)
        place = f"fairs/{fair.id}/registrations/{registration.id}"
        return made(request, place, view, registration.version)

    return await once(request, database, act)


@get(
    _PATH,
    operation_id="listFairRegistrations",
    summary="报名：主办方看全部，其他单位看自己的 · All for the organizer, else one's own",
    opt=EITHER_READS,
    tags=_TAGS,
)
async def list_registrations(  # noqa: PLR0913, PLR0917 - a parameter for each filter.
    fair_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
    in_status: _Status = None,
    kind: KindAsked = None,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[RegistrationSummary]:
    after = place_of(cursor, uuid.UUID)
    asked = RegistrationsAsked(status=in_status, kind=kind, after=after, limit=limit + 1)
    async with database.reading() as session:
        row = await visible_fair(session, request.user, id_of(fair_id))
        found = await registrations_page(session, request.user, row.fair, asked)
    shown = found[:limit]
    return Page(
        items=[registration_summary(each) for each in shown],
        next_cursor=cursor_of(shown[-1].registration.id) if len(found) > limit else None,
    )


@get(
    _ONE,
    operation_id="readFairRegistration",
    summary="查看报名 · Read a registration",
    opt=EITHER_READS | TELLS_VERSION,
    tags=_TAGS,
)
async def read_registration(
    fair_id: FromPath[str],
    registration_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
) -> Response[RegistrationView]:
    async with database.reading() as session:
        fair = (await visible_fair(session, request.user, id_of(fair_id))).fair
        found = await registration_for(session, request.user, fair, id_of(registration_id))
        return await _shown(session, request, fair, found)


@patch(
    _ONE,
    operation_id="changeFairRegistration",
    summary="修改报名 · Change a registration",
    opt=EITHER | TAKES_VERSION,
    tags=_TAGS,
)
async def change(
    fair_id: FromPath[str],
    registration_id: FromPath[str],
    data: JSONBody[RegistrationChange],
    request: Asked,
    database: NamedDependency[Database],
) -> Response[RegistrationView]:
    version = version_asked(request)
    async with database.writing() as session:
        fair, found = await registration_to_change(
            session, request.user, id_of(fair_id), id_of(registration_id), version=version
        )
        await change_registration(session, request.user, fair, found, data, utc_now())
        return await _shown(session, request, fair, found)


def _decision(action: RegistrationAction, zh: str, en: str) -> HTTPRouteHandler:
    @post(
        f"{_ONE}/{action}",
        status_code=200,
        operation_id=f"{action}FairRegistration",
        summary=f"{zh} · {en}",
        opt=(EITHER if action in _OWN else ORGANIZER) | TAKES_VERSION,
        tags=_TAGS,
    )
    async def decided(
        fair_id: FromPath[str],
        registration_id: FromPath[str],
        request: Asked,
        database: NamedDependency[Database],
    ) -> Response[RegistrationView]:
        version = version_asked(request)
        ids = id_of(fair_id), id_of(registration_id)
        async with database.writing() as session:
            fair, found = await registration_to_change(
                session, request.user, *ids, version=version, decides=True
            )
            by_organizer = organizes(request.user, fair)
            if action not in _OWN and not by_organizer:
                raise Forbidden(*ORGANIZER_ONLY)
            await decide(session, fair, found, action, utc_now(), by_organizer=by_organizer)
            return await _shown(session, request, fair, found)

    return decided


@put(
    f"{_ONE}/listings",
    operation_id="setFairListings",
    summary="带来的成果和需求 · The results and needs that one brings",
    opt=EITHER,
    tags=_TAGS,
)
async def put_listings(
    fair_id: FromPath[str],
    registration_id: FromPath[str],
    data: JSONBody[ListingsForm],
    request: Asked,
    database: NamedDependency[Database],
) -> Response[RegistrationView]:
    async with database.writing() as session:
        fair, found = await registration_to_change(
            session, request.user, id_of(fair_id), id_of(registration_id)
        )
        await set_listings(session, fair, found, data.listing_ids)
        return await _shown(session, request, fair, found)


@put(
    f"{_ONE}/wishes",
    operation_id="setFairWishes",
    summary="对接意愿：必见、想见、不见 · Whom one must, would like to, will not meet",
    opt=EITHER,
    tags=_TAGS,
)
async def put_wishes(
    fair_id: FromPath[str],
    registration_id: FromPath[str],
    data: JSONBody[WishesForm],
    request: Asked,
    database: NamedDependency[Database],
) -> WishList:
    async with database.writing() as session:
        fair, found = await registration_to_change(
            session, request.user, id_of(fair_id), id_of(registration_id)
        )
        wishes = await set_wishes(session, fair, found, data.wishes)
    return WishList(items=[wish_view(each) for each in wishes])


@get(
    f"{_ONE}/wishes",
    operation_id="listFairWishes",
    summary="查看对接意愿 · The wishes of a registration",
    opt=EITHER_READS,
    tags=_TAGS,
)
async def list_wishes(
    fair_id: FromPath[str],
    registration_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
) -> WishList:
    async with database.reading() as session:
        fair = (await visible_fair(session, request.user, id_of(fair_id))).fair
        found = await registration_for(session, request.user, fair, id_of(registration_id))
        wishes = await wishes_of(session, found.id)
    return WishList(items=[wish_view(each) for each in wishes])


async def _shown(
    session: AsyncSession, request: Asked, fair: Fair, registration: FairRegistration
) -> Response[Any]:
    view = registration_view(await whole(session, registration), fair, request.user)
    return versioned(request, view, registration.version)


routes: list[ControllerRouterHandler] = [
    register_for_fair,
    list_registrations,
    read_registration,
    change,
    _decision("approve", "通过报名；名额已满则候补", "Admit, or have it wait for a place"),
    _decision("reject", "不通过报名", "Turn a registration down"),
    _decision("withdraw", "退出；空出的名额给候补者", "Withdraw; the place goes to who waits"),
    _decision("resubmit", "重新提交已退出的报名", "Submit a withdrawn registration again"),
    put_listings,
    put_wishes,
    list_wishes,
]
