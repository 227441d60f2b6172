"""Routes of webhook endpoints and of what was sent to them."""

from typing import Any

from litestar import Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler
from msgspec import UNSET

from market.accounts.attempts import Allowance, take_attempts
from market.accounts.viewer import Viewer
from market.accounts.wire import page_of, unless_unchanged, versioned
from market.db import Database, utc_now
from market.http.etags import TAKES_VERSION, TELLS_VERSION, version_asked
from market.http.paging import DEFAULT_PER_PAGE, CursorText, Limit, id_of, place_of
from market.settings import Settings
from market.subscriptions import endpoints
from market.subscriptions.queries import (
    Id,
    deliveries_of,
    delivery_to,
    own_endpoint,
    own_endpoints,
    tries_of,
)
from market.subscriptions.saved_searches_api import READER, WRITER
from market.subscriptions.wire import delivery_details, delivery_view, endpoint_view
from schemas.common import Page
from schemas.webhooks import (
    DeliveryDetails,
    DeliveryView,
    EndpointChange,
    EndpointForm,
    EndpointView,
    NewEndpoint,
)

_TAGS = ["webhook-endpoints"]
_Asked = Request[Viewer, Any, Any]
_TRIES_A_QUARTER_HOUR = 30
_LIMITED = WRITER | {"is_limited": True}


@post(
    "/webhook-endpoints",
    operation_id="createEndpoint",
    summary="登记 webhook 端点（密钥只显示一次） · Add an endpoint; its secret is shown once",
    tags=_TAGS,
    opt=_LIMITED,
)
async def create_endpoint(
    data: JSONBody[EndpointForm],
    request: _Asked,
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> NewEndpoint:
    endpoints.refuse_outsiders(request.user)
    await _limit(request, database)
    await endpoints.refuse_address(data.url, settings)
    async with database.writing() as session:
        made = await endpoints.create_endpoint(session, request.user, data, settings, utc_now())
    return NewEndpoint(secret=made.secret, endpoint=endpoint_view(made))


@get(
    "/webhook-endpoints",
    operation_id="listEndpoints",
    summary="本单位的端点 · The endpoints of one's organisation",
    tags=_TAGS,
    opt=READER,
)
async def list_endpoints(
    request: _Asked,
    database: NamedDependency[Database],
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[EndpointView]:
    before = place_of(cursor, Id)
    async with database.reading() as session:
        found = await own_endpoints(session, request.user, before, limit=limit + 1)
    return page_of(found, limit, endpoint_view)


@get(
    "/webhook-endpoints/{endpoint_id:str}",
    operation_id="readEndpoint",
    summary="查看端点 · Read an endpoint",
    tags=_TAGS,
    opt=READER | TELLS_VERSION,
)
async def read_endpoint(
    endpoint_id: FromPath[str], request: _Asked, database: NamedDependency[Database]
) -> Response[EndpointView]:
    async with database.reading() as session:
        found = await own_endpoint(session, request.user, id_of(endpoint_id))
    return unless_unchanged(request, endpoint_view(found), found.version)


@patch(
    "/webhook-endpoints/{endpoint_id:str}",
    operation_id="changeEndpoint",
    summary="修改、停用或启用端点 · Change, disable or enable an endpoint",
    tags=_TAGS,
    opt=_LIMITED | TAKES_VERSION,
)
async def change_endpoint(
    endpoint_id: FromPath[str],
    data: JSONBody[EndpointChange],
    request: _Asked,
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[EndpointView]:
    async with database.reading() as session:
        await own_endpoint(session, request.user, id_of(endpoint_id))
    version = version_asked(request)
    if data.url is not UNSET:
        await _limit(request, database)
        await endpoints.refuse_address(data.url, settings)
    async with database.writing() as session:
        changed = await endpoints.change_endpoint(
            session, request.user, id_of(endpoint_id), data, version
        )
    return versioned(endpoint_view(changed), changed.version)


@delete(
    "/webhook-endpoints/{endpoint_id:str}",
    operation_id="deleteEndpoint",
    summary="删除端点及其记录 · Delete an endpoint with its log",
    tags=_TAGS,
    opt=WRITER,
)
async def delete_endpoint(
    endpoint_id: FromPath[str], request: _Asked, database: NamedDependency[Database]
) -> None:
    async with database.writing() as session:
        await endpoints.delete_endpoint(session, request.user, id_of(endpoint_id))


@post(
    "/webhook-endpoints/{endpoint_id:str}/secret",
    operation_id="rotateSecret",
    summary="更换密钥，旧密钥再签名一天 · A new secret; the old one signs for a day more",
    tags=_TAGS,
    opt=WRITER,
)
async def rotate_secret(
    endpoint_id: FromPath[str], request: _Asked, database: NamedDependency[Database]
) -> NewEndpoint:
    async with database.writing() as session:
        changed = await endpoints.rotate_secret(
            session, request.user, id_of(endpoint_id), utc_now()
        )
    return NewEndpoint(secret=changed.secret, endpoint=endpoint_view(changed))


@post(
    "/webhook-endpoints/{endpoint_id:str}/test",
    status_code=202,
    operation_id="fireTest",
    summary="发送测试消息 · Send a message to try it with",
    tags=_TAGS,
    opt=_LIMITED,
)
async def fire_test(
    endpoint_id: FromPath[str], request: _Asked, database: NamedDependency[Database]
) -> DeliveryView:
    await _limit(request, database)
    async with database.writing() as session:
        sent = await endpoints.fire_test(session, request.user, id_of(endpoint_id), utc_now())
    return delivery_view(sent)


@get(
    "/webhook-endpoints/{endpoint_id:str}/deliveries",
    operation_id="listDeliveries",
    summary="投递记录 · What was sent to it",
    tags=_TAGS,
    opt=READER,
)
async def list_deliveries(
    endpoint_id: FromPath[str],
    request: _Asked,
    database: NamedDependency[Database],
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[DeliveryView]:
    before = place_of(cursor, Id)
    async with database.reading() as session:
        endpoint = await own_endpoint(session, request.user, id_of(endpoint_id))
        found = await deliveries_of(session, endpoint, before, limit=limit + 1)
    return page_of(found, limit, delivery_view)


@get(
    "/webhook-endpoints/{endpoint_id:str}/deliveries/{delivery_id:str}",
    operation_id="readDelivery",
    summary="一次投递：正文与各次尝试 · One of them: its body, and every try",
    tags=_TAGS,
    opt=READER,
)
async def read_delivery(
    endpoint_id: FromPath[str],
    delivery_id: FromPath[str],
    request: _Asked,
    database: NamedDependency[Database],
) -> DeliveryDetails:
    async with database.reading() as session:
        endpoint = await own_endpoint(session, request.user, id_of(endpoint_id))
        found = await delivery_to(session, endpoint, id_of(delivery_id))
        tries = await tries_of(session, found)
    return delivery_details(found, tries)


@post(
    "/webhook-endpoints/{endpoint_id:str}/deliveries/{delivery_id:str}/replay",
    status_code=202,
    operation_id="replayDelivery",
    summary="立即重发，编号不变 · Send it again, under its old id",
    tags=_TAGS,
    opt=_LIMITED,
)
async def replay_delivery(
    endpoint_id: FromPath[str],
    delivery_id: FromPath[str],
    request: _Asked,
    database: NamedDependency[Database],
) -> DeliveryView:
    await _limit(request, database)
    async with database.writing() as session:
        sent = await endpoints.replay(
            session, request.user, id_of(endpoint_id), id_of(delivery_id), utc_now()
        )
    return delivery_view(sent)


async def _limit(request: _Asked, database: Database) -> None:
    """Nobody makes the marketplace knock at doors, or ask for names, all day."""
    key = f"webhook-test:{request.user.organisation_id or request.user.user_id}"
    await take_attempts(database, [Allowance(key, _TRIES_A_QUARTER_HOUR)], utc_now())


routes: list[ControllerRouterHandler] = [
    create_endpoint,
    list_endpoints,
    read_endpoint,
    change_endpoint,
    delete_endpoint,
    rotate_secret,
    fire_test,
    list_deliveries,
    read_delivery,
    replay_delivery,
]
