"""Routes of matches and of what one says of them."""

from typing import Annotated, Any

from litestar import Request, delete, get, put
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler

from market.accounts.guard import signed_in
from market.accounts.viewer import Viewer
from market.db import Database, utc_now
from market.http.languages import language_of
from market.http.paging import DEFAULT_PER_PAGE, CursorText, Limit, cursor_of, id_of, place_of
from market.matching.disclosure import feedback_view, match_view
from market.matching.queries import (
    MatchesAsked,
    MatchPlace,
    OwnMatch,
    matches_of_listing,
    own_matches,
)
from market.matching.service import give_feedback, take_back_feedback
from schemas.common import Page
from schemas.match_views import FeedbackForm, FeedbackView, MatchView, VerdictAsked

_TAGS = ["matches"]
_READER = signed_in(scope="matches:read")
_WRITER = signed_in(scope="matches:write")
_Asked = Request[Viewer, Any, Any]
_Explain = Annotated[
    bool, QueryParameter(description="附上双方各项得分 · with the parts of both sides' scores")
]
_Verdict = Annotated[
    VerdictAsked | None,
    QueryParameter(
        description="只看已收藏、已婉拒或未表态的；缺省不含已婉拒 · only those saved, declined, or "
        "open (nothing said); by default all but the declined"
    ),
]
_MinScore = Annotated[
    int, QueryParameter(ge=0, le=100, description="最低得分 · only matches that score so much")
]


def _matches_asked(
    verdict: _Verdict = None,
    min_score: _MinScore = 0,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> MatchesAsked:
    # One more than a page tells whether there is another.
    return MatchesAsked(verdict, min_score, place_of(cursor, MatchPlace), limit + 1)


_LISTED = {"asked": Provide(_matches_asked, sync_to_thread=False)}


@get(
    "/results/{listing_id:str}/matches",
    operation_id="listMatchesOfResult",
    summary="成果匹配到的需求 · Needs that a result fits",
    tags=_TAGS,
    opt=_READER,
    dependencies=_LISTED,
)
async def list_matches_of_result(
    listing_id: FromPath[str],
    request: _Asked,
    asked: NamedDependency[MatchesAsked],
    database: NamedDependency[Database],
    explain: _Explain = False,
) -> Page[MatchView]:
    async with database.reading() as session:
        found = await matches_of_listing(session, request.user, "result", id_of(listing_id), asked)
    return _page(found, asked, request, explain=explain)


@get(
    "/needs/{listing_id:str}/matches",
    operation_id="listMatchesOfNeed",
    summary="需求匹配到的成果 · Results that fit a need",
    tags=_TAGS,
    opt=_READER,
    dependencies=_LISTED,
)
async def list_matches_of_need(
    listing_id: FromPath[str],
    request: _Asked,
    asked: NamedDependency[MatchesAsked],
    database: NamedDependency[Database],
    explain: _Explain = False,
) -> Page[MatchView]:
    async with database.reading() as session:
        found = await matches_of_listing(session, request.user, "need", id_of(listing_id), asked)
    return _page(found, asked, request, explain=explain)


@get(
    "/my/matches",
    operation_id="listMyMatches",
    summary="我单位全部成果和需求的匹配 · Matches of all our listings",
    tags=_TAGS,
    opt=_READER,
    dependencies=_LISTED,
)
async def list_my_matches(
    request: _Asked,
    asked: NamedDependency[MatchesAsked],
    database: NamedDependency[Database],
    explain: _Explain = False,
) -> Page[MatchView]:
    async with database.reading() as session:
        found = await own_matches(session, request.user, asked)
    return _page(found, asked, request, explain=explain)


@put(
    "/matches/{match_id:str}/feedback",
    operation_id="giveMatchFeedback",
    summary="收藏或婉拒一个匹配 · Save or decline a match",
    tags=_TAGS,
    opt=_WRITER,
)
async def give_match_feedback(
    match_id: FromPath[str],
    data: JSONBody[FeedbackForm],
    request: _Asked,
    database: NamedDependency[Database],
) -> FeedbackView:
    async with database.writing() as session:
        feedback = await give_feedback(session, request.user, id_of(match_id), data, utc_now())
    return feedback_view(feedback)


@delete(
    "/matches/{match_id:str}/feedback",
    operation_id="takeBackMatchFeedback",
    summary="撤回对匹配的表态 · Take back what was said of a match",
    tags=_TAGS,
    opt=_WRITER,
)
async def take_back_match_feedback(
    match_id: FromPath[str], request: _Asked, database: NamedDependency[Database]
) -> None:
    async with database.writing() as session:
        await take_back_feedback(session, request.user, id_of(match_id))


def _page(
    found: list[OwnMatch], asked: MatchesAsked, request: _Asked, *, explain: bool
) -> Page[MatchView]:
    lang = language_of(request)
    shown = found[: asked.limit - 1]
    views = [match_view(each, request.user, lang, explain=explain) for each in shown]
    last = shown[-1].match if len(found) > len(shown) else None
    return Page(
        items=views,
        next_cursor=None if last is None else cursor_of(MatchPlace(last.id, round(last.score))),
    )


routes: list[ControllerRouterHandler] = [
    list_matches_of_result,
    list_matches_of_need,
    list_my_matches,
    give_match_feedback,
    take_back_match_feedback,
]
