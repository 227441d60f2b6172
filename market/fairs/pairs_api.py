"""Routes of pairs: who may meet whom, and what more slots or teams would bring."""

import asyncio
from typing import Annotated

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.types import ControllerRouterHandler

from market.db import Database
from market.errors import Conflict
from market.fairs.answering import ORGANIZER, ORGANIZER_READS, Asked
from market.fairs.plan_input import plan_input
from market.fairs.plan_orders import ask_for_pairs
from market.fairs.plan_queries import PairPlace, PairsAsked, pairs_page
from market.fairs.plan_wire import pair_view
from market.fairs.queries import organized_fair
from market.http.paging import DEFAULT_PER_PAGE, CursorText, Limit, cursor_of, id_of, place_of
from market.planner.what_if import what_if
from schemas.common import Page
from schemas.fair_plans import (
    PairsState,
    PairView,
    PlanOptions,
    WhatIfForm,
    WhatIfRow,
    WhatIfTable,
)

_TAGS = ["fair plans"]
_PAIRS = "/fairs/{fair_id:str}/pairs"
_Registration = Annotated[
    str | None,
    QueryParameter(
        name="registration", max_length=40, description="只看这一参会方 · of this participant"
    ),
]
_Forbidden = Annotated[
    bool | None, QueryParameter(description="只看（不看）一方不愿的 · refused ones only, or none")
]
# A question before the fair, answered while one waits.
_WHAT_IF_SECONDS = 2


@get(
    _PAIRS,
    operation_id="listFairPairs",
    summary="可能的对接，权重高者在前 · Who may meet whom, the heaviest first",
    opt=ORGANIZER_READS,
    tags=_TAGS,
)
async def list_pairs(  # noqa: PLR0913, PLR0917 - a parameter for each filter.
    fair_id: FromPath[str],
    request: Asked,
    database: NamedDependency[Database],
    registration: _Registration = None,
    forbidden: _Forbidden = None,
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[PairView]:
    after = place_of(cursor, PairPlace)
    async with database.reading() as session:
        fair = await organized_fair(session, request.user, id_of(fair_id))
        side = None if registration is None else id_of(registration) or fair.id
        asked = PairsAsked(registration_id=side, forbidden=forbidden, after=after, limit=limit + 1)
        found = await pairs_page(session, fair.id, asked)
    shown = found[:limit]
    last = shown[-1].pair if len(found) > limit else None
    return Page(
        items=[pair_view(each) for each in shown],
        next_cursor=None if last is None else cursor_of(PairPlace(last.weight, last.id)),
    )


@post(
    f"{_PAIRS}/refresh",
    status_code=202,
    operation_id="refreshFairPairs",
    summary="重新计算配对 · Have the pairs worked out anew",
    opt=ORGANIZER,
    tags=_TAGS,
)
async def refresh_pairs(
    fair_id: FromPath[str], request: Asked, database: NamedDependency[Database]
) -> PairsState:
    async with database.writing() as session:
        fair = await organized_fair(session, request.user, id_of(fair_id))
        await ask_for_pairs(session, fair)
    return PairsState(pairs_at=fair.pairs_at)


@post(
    "/fairs/{fair_id:str}/what-if",
    status_code=200,
    operation_id="askFairWhatIf",
    summary="如果时段或洽谈组更多 · What more slots or teams would bring",
    opt=ORGANIZER_READS,
    tags=_TAGS,
)
async def ask_what_if(
    fair_id: FromPath[str],
    data: JSONBody[WhatIfForm],
    request: Asked,
    database: NamedDependency[Database],
) -> WhatIfTable:
    async with database.reading() as session:
        fair = await organized_fair(session, request.user, id_of(fair_id))
        if fair.pairs_at is None or fair.begins_at is None:
            raise Conflict("pairs_missing", "请先计算配对", "Have the pairs worked out first.")
        options = PlanOptions(seconds=_WHAT_IF_SECONDS)
        asked = await plan_input(session, fair, options)
    told = await asyncio.to_thread(
        what_if,
        asked.request,
        slots=sorted(set(data.slots)),
        delegations=sorted(set(data.teams)),
        kind=data.kind,
    )
    return WhatIfTable(
        items=[
            WhatIfRow(
                slots=row.slots,
                teams=row.delegations,
                meetings=row.meetings,
                weight=row.weight,
                meetings_share=round(row.meetings_share, 4),
                weight_share=round(row.weight_share, 4),
                tables_used=row.tables_used,
            )
            for row in told
        ]
    )


routes: list[ControllerRouterHandler] = [list_pairs, refresh_pairs, ask_what_if]
