"""Routes of intention orders."""

import uuid
from typing import Annotated, Any

from litestar import Request, Response, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.guard import signed_in
from market.accounts.viewer import Viewer
from market.accounts.wire import page_of, unless_unchanged
from market.db import Database, utc_now
from market.deals import service
from market.deals.models import IntentOrder
from market.deals.orders_wire import move_view, order_view, reminder_view, variant_of
from market.deals.queries import (
    OrdersAsked,
    moves_of,
    orders_page,
    reminders_of,
    side_of,
    visible_order,
)
from market.deals.sides import PARTIES
from market.errors import NotFound
from market.http.etags import TAKES_VERSION, TELLS_VERSION, etag, version_asked
from market.http.idempotency import TAKES_KEY, Answer, answer_once
from market.http.paging import DEFAULT_PER_PAGE, CursorText, Limit, cursor_of, id_of, place_of
from schemas.common import Page
from schemas.deals import (
    ContractRegistration,
    IntentOrderChange,
    IntentOrderForm,
    IntentOrderView,
    OrderAction,
    OrderMoveView,
    OrderReminderView,
    OrderStage,
    Remark,
    SigningForm,
)

_TAGS = ["intent orders"]
_PARTY = signed_in(*sorted(PARTIES), scope="deals:write")
_READER = signed_in(*sorted(PARTIES), "organizer", "administrator", scope="deals:read")
_Asked = Request[Viewer, Any, Any]
_Stage = Annotated[OrderStage | None, QueryParameter(description="阶段 · stage")]
_Fair = Annotated[
    str | None, QueryParameter(max_length=40, description="对接会 · the orders of a fair")
]
_Listing = Annotated[
    str | None, QueryParameter(max_length=40, description="成果或需求 · about this listing")
]
_Awaits = Annotated[
    bool, QueryParameter(description="只看等我方确认的 · only those that wait for one's own yes")
]
_IsDue = Annotated[
    bool, QueryParameter(description="只看下一步已到期的 · only those whose next step is due")
]
# What is no id names no thing.
_NOTHING = uuid.UUID(int=0)


@post(
    "/intent-orders",
    operation_id="proposeIntentOrder",
    summary="提出意向订单 · Propose an intention order",
    description=(
        "就对方的成果或需求提出时，对方由该条目确定；就本单位的条目提出时，请指明对方单位。"
        "对方未公开名称的，其确认后才可见。 · A listing of the other side says who that is; who a "
        "listing hides is told once they say yes."
    ),
    opt=_PARTY | TAKES_KEY | {"is_limited": True},
    tags=_TAGS,
)
async def propose_order(
    data: JSONBody[IntentOrderForm], request: _Asked, database: NamedDependency[Database]
) -> Response[IntentOrderView]:
    async def act(session: AsyncSession) -> Answer:
        order = await service.propose(session, request.user, data, utc_now())
        view, headers = await _shown(session, request.user, order)
        return Answer(view, headers={**headers, "Location": f"/api/v1/intent-orders/{order.id}"})

    if request.user.user_id is None:
        raise NotFound
    return await answer_once(request, database, request.user.user_id, act)


def _orders_asked(  # noqa: PLR0913, PLR0917 - a parameter for each filter.
    stage: _Stage = None,
    fair_id: _Fair = None,
    listing_id: _Listing = None,
    awaits_own: _Awaits = False,
    is_due: _IsDue = False,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> OrdersAsked:
    return OrdersAsked(
        stage=stage,
        fair_id=None if fair_id is None else id_of(fair_id) or _NOTHING,
        listing_id=None if listing_id is None else id_of(listing_id) or _NOTHING,
        awaits_own=awaits_own,
        step_by=utc_now().date() if is_due else None,
        before=place_of(cursor, uuid.UUID),
        # One more than a page tells whether there is another.
        limit=limit + 1,
    )


@get(
    "/intent-orders",
    operation_id="listIntentOrders",
    summary="意向订单 · Intention orders that one may see, the newest first",
    description=(
        "双方各看自己的；主办方看其对接会上双方已确认的；管理员看全部。 · The sides see their own, "
        "organizers those of their fairs to which both sides said yes, administrators all."
    ),
    opt=_READER,
    tags=_TAGS,
    dependencies={"asked": Provide(_orders_asked, sync_to_thread=False)},
)
async def list_orders(
    request: _Asked, asked: NamedDependency[OrdersAsked], database: NamedDependency[Database]
) -> Page[IntentOrderView]:
    async with database.reading() as session:
        found = await orders_page(session, request.user, asked)
    shown = found[: asked.limit - 1]
    return Page(
        items=[order_view(row, request.user) for row in shown],
        next_cursor=cursor_of(shown[-1].order.id) if len(found) == asked.limit else None,
    )


@get(
    "/intent-orders/{order_id:str}",
    operation_id="readIntentOrder",
    summary="查看意向订单 · Read an intention order",
    opt=_READER | TELLS_VERSION,
    tags=_TAGS,
)
async def read_order(
    order_id: FromPath[str], request: _Asked, database: NamedDependency[Database]
) -> Response[IntentOrderView]:
    async with database.reading() as session:
        row = await visible_order(session, request.user, id_of(order_id))
    view = order_view(row, request.user)
    return unless_unchanged(request, view, row.order.version, variant_of(row, request.user))


@patch(
    "/intent-orders/{order_id:str}",
    operation_id="changeIntentOrder",
    summary="修改意向订单；条款改动须对方重新确认 · Change an order; terms need a new yes",
    opt=_PARTY | TAKES_VERSION,
    tags=_TAGS,
)
async def change_order(
    order_id: FromPath[str],
    data: JSONBody[IntentOrderChange],
    request: _Asked,
    database: NamedDependency[Database],
) -> Response[IntentOrderView]:
    version = version_asked(request)
    async with database.writing() as session:
        order = await service.change(
            session, request.user, id_of(order_id), version, data, utc_now()
        )
        view, headers = await _shown(session, request.user, order)
    return Response(view, headers=headers)


@post(
    "/intent-orders/{order_id:str}/confirm",
    status_code=200,
    operation_id="confirmIntentOrder",
    summary="确认当前内容 · Say yes to an order as it stands",
    opt=_PARTY | TAKES_VERSION,
    tags=_TAGS,
)
async def confirm_order(
    order_id: FromPath[str], request: _Asked, database: NamedDependency[Database]
) -> Response[IntentOrderView]:
    version = version_asked(request)
    async with database.writing() as session:
        order = await service.confirm(session, request.user, id_of(order_id), version, utc_now())
        view, headers = await _shown(session, request.user, order)
    return Response(view, headers=headers)


@get(
    "/intent-orders/{order_id:str}/history",
    operation_id="listIntentOrderHistory",
    summary="订单经过：谁、何时、从何到何 · What was done with an order, the first thing first",
    opt=_READER,
    tags=_TAGS,
)
async def list_history(
    order_id: FromPath[str],
    request: _Asked,
    database: NamedDependency[Database],
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[OrderMoveView]:
    after = place_of(cursor, uuid.UUID)
    async with database.reading() as session:
        row = await visible_order(session, request.user, id_of(order_id))
        found = await moves_of(session, row.order.id, after=after, limit=limit + 1)
    # What the two sides tell each other is not for the organizer.
    is_side = side_of(request.user, row.order) is not None
    with_notes = is_side or "administrator" in request.user.roles
    return page_of(found, limit, lambda made: move_view(made, row.order, with_notes=with_notes))


@get(
    "/my/order-reminders",
    operation_id="listMyOrderReminders",
    summary="本单位订单的提醒 · Reminders of one's own orders, the newest first",
    opt=signed_in(*sorted(PARTIES), scope="deals:read"),
    tags=_TAGS,
)
async def list_reminders(
    request: _Asked,
    database: NamedDependency[Database],
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[OrderReminderView]:
    before = place_of(cursor, uuid.UUID)
    async with database.reading() as session:
        found = await reminders_of(session, request.user, before=before, limit=limit + 1)
    return page_of(found, limit, reminder_view)


def _move(action: OrderAction, zh: str, en: str) -> HTTPRouteHandler:
    @post(
        f"/intent-orders/{{order_id:str}}/{action.replace('_', '-')}",
        status_code=200,
        operation_id=f"{_CAMEL.get(action, action)}IntentOrder",
        summary=f"{zh} · {en}",
        opt=_PARTY | TAKES_VERSION,
        tags=_TAGS,
    )
    async def move(
        order_id: FromPath[str],
        data: JSONBody[Remark],
        request: _Asked,
        database: NamedDependency[Database],
    ) -> Response[IntentOrderView]:
        return await _progressed(request, database, order_id, action, data)

    return move


_CAMEL = {"step_back": "stepBack"}


@post(
    "/intent-orders/{order_id:str}/sign",
    status_code=200,
    operation_id="signIntentOrder",
    summary="登录已签合同，由对方确认 · Enter the signed contract; the other side says yes to it",
    opt=_PARTY | TAKES_VERSION,
    tags=_TAGS,
)
async def sign_order(
    order_id: FromPath[str],
    data: JSONBody[SigningForm],
    request: _Asked,
    database: NamedDependency[Database],
) -> Response[IntentOrderView]:
    return await _progressed(request, database, order_id, "sign", data)


@post(
    "/intent-orders/{order_id:str}/register",
    status_code=200,
    operation_id="registerIntentOrder",
    summary="合同登记 · Enter the registration of the contract",
    opt=_PARTY | TAKES_VERSION,
    tags=_TAGS,
)
async def register_order(
    order_id: FromPath[str],
    data: JSONBody[ContractRegistration],
    request: _Asked,
    database: NamedDependency[Database],
) -> Response[IntentOrderView]:
    return await _progressed(request, database, order_id, "register", data)


async def _progressed(
    request: _Asked,
    database: Database,
    order_id: str,
    action: OrderAction,
    form: service.Progress,
) -> Response[IntentOrderView]:
    version = version_asked(request)
    asked = service.Step(id_of(order_id), version, action)
    async with database.writing() as session:
        order = await service.progress(session, request.user, asked, form, utc_now())
        view, headers = await _shown(session, request.user, order)
    return Response(view, headers=headers)


async def _shown(
    session: AsyncSession, viewer: Viewer, order: IntentOrder
) -> tuple[IntentOrderView, dict[str, str]]:
    row = await visible_order(session, viewer, order.id)
    tag = etag(row.order.version, variant_of(row, viewer))
    return order_view(row, viewer), {"ETag": tag}


routes: list[ControllerRouterHandler] = [
    propose_order,
    list_orders,
    read_order,
    change_order,
    confirm_order,
    list_history,
    list_reminders,
    _move("negotiate", "转为洽谈", "Go on to negotiation"),
    _move("agree", "转为协议", "Go on to an agreement"),
    sign_order,
    register_order,
    _move("fulfil", "履约完成", "The contract is fulfilled"),
    _move("lapse", "终止或婉拒", "End or decline an order"),
    _move("resume", "重新启动，由对方确认", "Take a lapsed order up again; the other side agrees"),
    _move("step_back", "退回上一阶段", "Go back a stage that was entered by mistake"),
]
