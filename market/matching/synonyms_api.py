"""Routes of synonyms, for administrators."""

import uuid
from typing import Annotated, Any

from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.guard import signed_in
from market.accounts.viewer import Viewer
from market.db import Database, utc_now
from market.errors import NotFound
from market.http.idempotency import TAKES_KEY, Answer, answer_once
from market.http.paging import DEFAULT_PER_PAGE, CursorText, Limit, cursor_of, id_of, place_of
from market.matching.models import SynonymRow
from market.matching.synonyms import (
    FOLLOW_EVERY_S,
    add_synonyms,
    added_synonyms,
    remove_synonyms,
)
from schemas.common import Page
from schemas.match_views import SynonymForm, SynonymView
from search.synonyms import shipped_lines

_TAGS = ["synonyms"]
_ADMINISTRATOR = signed_in("administrator")
_Asked = Request[Viewer, Any, Any]
_Shipped = Annotated[
    bool,
    QueryParameter(description="系统自带的，而非新增的 · the shipped lines, not the added ones"),
]


@get(
    "/synonyms",
    operation_id="listSynonyms",
    summary="同义词 · Synonyms",
    tags=_TAGS,
    opt=_ADMINISTRATOR,
)
async def list_synonyms(
    database: NamedDependency[Database],
    shipped: _Shipped = False,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[SynonymView]:
    if shipped:
        return _shipped_page(place_of(cursor, int) or 0, limit)
    after = place_of(cursor, uuid.UUID)
    async with database.reading() as session:
        found = await added_synonyms(session, after, limit=limit + 1)
    items = [_view(row) for row in found[:limit]]
    next_cursor = cursor_of(found[limit - 1].id) if len(found) > limit else None
    return Page(items=items, next_cursor=next_cursor)


def _shipped_page(start: int, limit: int) -> Page[SynonymView]:
    lines = shipped_lines()
    start = max(0, start)
    end = start + limit
    return Page(
        items=[SynonymView(line=line) for line in lines[start:end]],
        next_cursor=cursor_of(end) if end < len(lines) else None,
    )


@post(
    "/synonyms",
    operation_id="addSynonyms",
    summary="新增一行同义词 · Add a line of synonyms",
    description=(
        f"搜索和匹配在 {FOLLOW_EVERY_S:.0f} 秒内采用 · "
        f"Searches and matches know it within {FOLLOW_EVERY_S:.0f} seconds."
    ),
    tags=_TAGS,
    opt=_ADMINISTRATOR | TAKES_KEY,
)
async def add_line(
    data: JSONBody[SynonymForm], request: _Asked, database: NamedDependency[Database]
) -> Response[SynonymView]:
    async def act(session: AsyncSession) -> Answer:
        return Answer(
            _view(await add_synonyms(session, request.user, data.line, data.note, utc_now()))
        )

    if request.user.user_id is None:
        raise NotFound
    return await answer_once(request, database, request.user.user_id, act)


@delete(
    "/synonyms/{synonyms_id:str}",
    operation_id="removeSynonyms",
    summary="删除一行新增的同义词 · Remove an added line of synonyms",
    tags=_TAGS,
    opt=_ADMINISTRATOR,
)
async def remove_line(synonyms_id: FromPath[str], database: NamedDependency[Database]) -> None:
    async with database.writing() as session:
        await remove_synonyms(session, id_of(synonyms_id))


def _view(row: SynonymRow) -> SynonymView:
    return SynonymView(line=row.line, id=str(row.id), note=row.note, created_at=row.created_at)


routes: list[ControllerRouterHandler] = [list_synonyms, add_line, remove_line]
