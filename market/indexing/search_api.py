"""GET /results, /needs and their suggestions: searches of what is published."""

from typing import Annotated, Any

from litestar import Request, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter
from litestar.types import ControllerRouterHandler

from market.accounts.guard import anyone
from market.accounts.viewer import Viewer
from market.http.languages import language_of
from market.indexing.engines import Indexes
from market.indexing.search_parameters import NeedSearch, ResultSearch
from market.indexing.search_queries import find_listings
from schemas.search import FoundPage, Suggestions

_SUGGESTED = 8
# Some filters and orders are for verified organisations only.
_MAY_REFUSE = anyone() | {"may_refuse": True}
_Typed = Annotated[
    str, QueryParameter(min_length=1, max_length=100, description="已输入的字 · what was typed")
]


@get(
    "/results",
    operation_id="searchResults",
    summary="检索成果 · Search results",
    tags=["results"],
    opt=_MAY_REFUSE,
    dependencies={"asked": Provide(ResultSearch, sync_to_thread=False)},
)
async def search_results(
    request: Request[Viewer, Any, Any],
    asked: NamedDependency[ResultSearch],
) -> FoundPage:
    return await _found(request, asked)


@get(
    "/needs",
    operation_id="searchNeeds",
    summary="检索需求 · Search needs",
    tags=["needs"],
    opt=_MAY_REFUSE,
    dependencies={"asked": Provide(NeedSearch, sync_to_thread=False)},
)
async def search_needs(
    request: Request[Viewer, Any, Any],
    asked: NamedDependency[NeedSearch],
) -> FoundPage:
    return await _found(request, asked)


async def _found(request: Request[Viewer, Any, Any], asked: ResultSearch | NeedSearch) -> FoundPage:
    # As three dependencies they would be resolved in a task of their own each, which takes
    # about as long as a small search.
    opened = request.app.state
    return await find_listings(
        opened.database, opened.indexes, asked, request.user, language_of(request)
    )


@get(
    "/results/suggest",
    operation_id="suggestResultWords",
    summary="补全检索词（成果） · Complete a word of results",
    tags=["results"],
    opt=anyone(),
)
async def suggest_result_words(q: _Typed, indexes: NamedDependency[Indexes]) -> Suggestions:
    return Suggestions(items=await indexes.results.suggest(q, limit=_SUGGESTED))


@get(
    "/needs/suggest",
    operation_id="suggestNeedWords",
    summary="补全检索词（需求） · Complete a word of needs",
    tags=["needs"],
    opt=anyone(),
)
async def suggest_need_words(q: _Typed, indexes: NamedDependency[Indexes]) -> Suggestions:
    return Suggestions(items=await indexes.needs.suggest(q, limit=_SUGGESTED))


routes: list[ControllerRouterHandler] = [
    search_results,
    search_needs,
    suggest_result_words,
    suggest_need_words,
]
