"""Routes for tests of what stands around every route."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.guard import anyone, signed_in
from market.accounts.viewer import Viewer
from market.db import Database
from market.errors import Conflict
from market.http.idempotency import Answer, answer_once
from market.jobs import enqueue
from schemas.common import Name, Text1000, Trl
from schemas.common import Request as Received
from search.port import SearchUnavailable


class Part(Received):
    name: Name
    size: Annotated[int, msgspec.Meta(gt=0, le=10)] | None = None


class Body(Received):
    title: Name
    trl: Trl | msgspec.UnsetType = msgspec.UNSET
    note: Text1000 = ""
    kind: Literal["a", "b"] = "a"
    parts: Annotated[list[Part], msgspec.Meta(max_length=3)] = []  # noqa: RUF012 - msgspec copies it.
    labels: dict[Annotated[str, msgspec.Meta(max_length=3)], int] = {}  # noqa: RUF012 - and this.
    on: date | None = None
    at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


@post("/body", operation_id="sendBody", summary="x", opt=anyone())
async def send_body(data: JSONBody[Body]) -> Body:
    return data


@get("/query", operation_id="askQuery", summary="x", opt=anyone())
async def ask_query(
    size: Annotated[int, QueryParameter(ge=1, le=9)],
    kind: Annotated[Literal["a", "b"], QueryParameter(description="kind")] = "a",
    tag: Annotated[list[str] | None, QueryParameter(description="tags")] = None,
) -> dict[str, Any]:
    return {"size": size, "kind": kind, "tag": tag}


@get("/boom", operation_id="boom", summary="x", opt=anyone())
async def boom() -> None:
    raise RuntimeError("the secret of the house")


@get("/away", operation_id="away", summary="x", opt=anyone())
async def away() -> None:
    raise SearchUnavailable("10.0.0.7 is down")


@post("/orders", operation_id="order", summary="x", opt=signed_in(scope="listings:write"))
async def order(
    data: JSONBody[Body],
    request: Request[Viewer, None, Any],
    database: NamedDependency[Database],
) -> Response[Any]:
    """Each order is one job, so that the effects can be counted."""

    async def act(session: AsyncSession) -> Answer:
        await enqueue(session, "order", {"title": data.title})
        if data.title == "refused":
            raise Conflict("refused", "不行", "No.")
        return Answer(data, headers={"Location": "/orders/1"})

    assert request.user.user_id is not None
    return await answer_once(request, database, request.user.user_id, act)


ROUTES = [send_body, ask_query, boom, away, order]
