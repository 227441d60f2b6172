"""Routes of needs."""

from litestar import Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler

from market.accounts.guard import POSTING, anyone, signed_in
from market.db import Database
from market.http.etags import TAKES_VERSION, TELLS_VERSION
from market.http.idempotency import TAKES_KEY
from market.http.paging import DEFAULT_PER_PAGE, CursorText, Limit
from market.listings import answers
from market.listings.answers import NEEDS, Asked
from market.listings.parameters import PreviewAs, StatusAsked, TextAsked, own_listings
from market.listings.service import POSTERS
from market.settings import Settings
from schemas.listing_forms import NeedChange, NeedForm, Renewal
from schemas.listing_views import Action, MyListings, NeedPreview, NeedView

_TAGS = ["needs"]
_OWNER = signed_in(*sorted(POSTERS["need"]), scope="listings:write")
_READER = signed_in(*sorted(POSTING), "moderator", "administrator", scope="listings:read")


@post(
    "/needs",
    operation_id="createNeed",
    summary="登记需求（草稿） · Register a need, as a draft",
    opt=_OWNER | TAKES_KEY,
    tags=_TAGS,
)
async def create_need(
    data: JSONBody[NeedForm], request: Asked, database: NamedDependency[Database]
) -> Response[NeedView]:
    return await answers.created(NEEDS, request, database, data)


@get(
    "/needs/{listing_id:str}",
    operation_id="readNeed",
    summary="查看需求 · Read a need",
    opt=anyone() | TELLS_VERSION,
    tags=_TAGS,
)
async def read_need(
    listing_id: FromPath[str], request: Asked, database: NamedDependency[Database]
) -> Response[NeedView]:
    return await answers.read(NEEDS, request, database, listing_id)


@patch(
    "/needs/{listing_id:str}",
    operation_id="changeNeed",
    summary="修改需求 · Change a need",
    opt=_OWNER | TAKES_VERSION,
    tags=_TAGS,
)
async def change_need(
    listing_id: FromPath[str],
    data: JSONBody[NeedChange],
    request: Asked,
    database: NamedDependency[Database],
) -> Response[NeedView]:
    return await answers.changed(NEEDS, request, database, listing_id, data)


@delete(
    "/needs/{listing_id:str}",
    operation_id="deleteNeed",
    summary="删除从未发布的草稿 · Delete a draft that was never public",
    opt=_OWNER | TAKES_VERSION,
    tags=_TAGS,
)
async def delete_need(
    listing_id: FromPath[str], request: Asked, database: NamedDependency[Database]
) -> None:
    await answers.deleted(NEEDS, request, database, listing_id)


@get(
    "/needs/{listing_id:str}/preview",
    operation_id="previewNeed",
    summary="预览与建议 · See a need as others would, with advice",
    opt=_READER,
    tags=_TAGS,
)
async def preview_need(
    listing_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
    seen_as: PreviewAs = "anyone",
) -> NeedPreview:
    shown = await answers.previewed(NEEDS, request, database, listing_id, seen_as)
    return NeedPreview(listing=shown.listing, advice=shown.advice, missing=shown.missing)


@get(
    "/my/needs",
    operation_id="listMyNeeds",
    summary="本机构的需求 · The needs of one's own organisation",
    opt=_READER,
    tags=_TAGS,
)
async def list_my_needs(
    request: Asked,
    database: NamedDependency[Database],
    status: StatusAsked = None,
    q: TextAsked = "",
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> MyListings:
    asked = own_listings("need", status, q, cursor)
    return await answers.my_listings(request, database, asked, limit)


def _move(action: Action, zh: str, en: str) -> HTTPRouteHandler:
    @post(
        f"/needs/{{listing_id:str}}/{action}",
        status_code=200,
        operation_id=f"{action}Need",
        summary=f"{zh} · {en} a need",
        opt=_OWNER | TAKES_VERSION,
        tags=_TAGS,
    )
    async def move(
        listing_id: FromPath[str],
        request: Asked,
        database: NamedDependency[Database],
        settings: NamedDependency[Settings],
    ) -> Response[NeedView]:
        return await answers.moved(NEEDS, request, database, settings, listing_id, action)

    return move


@post(
    "/needs/{listing_id:str}/renew",
    status_code=200,
    operation_id="renewNeed",
    summary="续期 · Renew a need's publication",
    opt=_OWNER | TAKES_VERSION,
    tags=_TAGS,
)
async def renew_need(
    listing_id: FromPath[str],
    data: JSONBody[Renewal],
    request: Asked,
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[NeedView]:
    return await answers.renewed(NEEDS, request, database, settings, listing_id, data)


routes: list[ControllerRouterHandler] = [
    create_need,
    read_need,
    change_need,
    delete_need,
    preview_need,
    list_my_needs,
    _move("publish", "发布", "Publish"),
    _move("pause", "暂停", "Pause"),
    _move("close", "关闭", "Close"),
    _move("reopen", "重新打开", "Reopen"),
    _move("withdraw", "撤回", "Withdraw"),
    renew_need,
]
