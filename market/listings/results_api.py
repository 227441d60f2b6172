"""Routes of results."""

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
from market.listings.answers import RESULTS, Asked
from market.listings.parameters import PreviewAs, StatusAsked, TextAsked, own_listings
from market.listings.service import POSTERS
from market.settings import Settings
from schemas.listing_forms import Renewal, ResultChange, ResultForm
from schemas.listing_views import Action, MyListings, ResultPreview, ResultView

_TAGS = ["results"]
_OWNER = signed_in(*sorted(POSTERS["result"]), scope="listings:write")
_READER = signed_in(*sorted(POSTING), "moderator", "administrator", scope="listings:read")


@post(
    "/results",
    operation_id="createResult",
    summary="登记成果（草稿） · Register a result, as a draft",
    opt=_OWNER | TAKES_KEY,
    tags=_TAGS,
)
async def create_result(
    data: JSONBody[ResultForm], request: Asked, database: NamedDependency[Database]
) -> Response[ResultView]:
    return await answers.created(RESULTS, request, database, data)


@get(
    "/results/{listing_id:str}",
    operation_id="readResult",
    summary="查看成果 · Read a result",
    opt=anyone() | TELLS_VERSION,
    tags=_TAGS,
)
async def read_result(
    listing_id: FromPath[str], request: Asked, database: NamedDependency[Database]
) -> Response[ResultView]:
    return await answers.read(RESULTS, request, database, listing_id)


@patch(
    "/results/{listing_id:str}",
    operation_id="changeResult",
    summary="修改成果 · Change a result",
    opt=_OWNER | TAKES_VERSION,
    tags=_TAGS,
)
async def change_result(
    listing_id: FromPath[str],
    data: JSONBody[ResultChange],
    request: Asked,
    database: NamedDependency[Database],
) -> Response[ResultView]:
    return await answers.changed(RESULTS, request, database, listing_id, data)


@delete(
    "/results/{listing_id:str}",
    operation_id="deleteResult",
    summary="删除从未发布的草稿 · Delete a draft that was never public",
    opt=_OWNER | TAKES_VERSION,
    tags=_TAGS,
)
async def delete_result(
    listing_id: FromPath[str], request: Asked, database: NamedDependency[Database]
) -> None:
    await answers.deleted(RESULTS, request, database, listing_id)


@get(
    "/results/{listing_id:str}/preview",
    operation_id="previewResult",
    summary="预览与建议 · See a result as others would, with advice",
    opt=_READER,
    tags=_TAGS,
)
async def preview_result(
    listing_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
    seen_as: PreviewAs = "anyone",
) -> ResultPreview:
    shown = await answers.previewed(RESULTS, request, database, listing_id, seen_as)
    return ResultPreview(listing=shown.listing, advice=shown.advice, missing=shown.missing)


@get(
    "/my/results",
    operation_id="listMyResults",
    summary="本机构的成果 · The results of one's own organisation",
    opt=_READER,
    tags=_TAGS,
)
async def list_my_results(
    request: Asked,
    database: NamedDependency[Database],
    status: StatusAsked = None,
    q: TextAsked = "",
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> MyListings:
    asked = own_listings("result", status, q, cursor)
    return await answers.my_listings(request, database, asked, limit)


def _move(action: Action, zh: str, en: str) -> HTTPRouteHandler:
    @post(
        f"/results/{{listing_id:str}}/{action}",
        status_code=200,
        operation_id=f"{action}Result",
        summary=f"{zh} · {en} a result",
        opt=_OWNER | TAKES_VERSION,
        tags=_TAGS,
    )
    async def move(
        listing_id: FromPath[str],
        request: Asked,
        database: NamedDependency[Database],
        settings: NamedDependency[Settings],
    ) -> Response[ResultView]:
        return await answers.moved(RESULTS, request, database, settings, listing_id, action)

    return move


@post(
    "/results/{listing_id:str}/renew",
    status_code=200,
    operation_id="renewResult",
    summary="续期 · Renew a result's publication",
    opt=_OWNER | TAKES_VERSION,
    tags=_TAGS,
)
async def renew_result(
    listing_id: FromPath[str],
    data: JSONBody[Renewal],
    request: Asked,
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[ResultView]:
    return await answers.renewed(RESULTS, request, database, settings, listing_id, data)


routes: list[ControllerRouterHandler] = [
    create_result,
    read_result,
    change_result,
    delete_result,
    preview_result,
    list_my_results,
    _move("publish", "发布", "Publish"),
    _move("pause", "暂停", "Pause"),
    _move("close", "关闭", "Close"),
    _move("reopen", "重新打开", "Reopen"),
    _move("withdraw", "撤回", "Withdraw"),
    renew_result,
]
