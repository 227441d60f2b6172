"""What the routes of fairs have in common: who asks, an answer with its version, one per key."""

import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from litestar import Request, Response
from litestar.params import QueryParameter
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.guard import signed_in
from market.accounts.viewer import Viewer
from market.db import Database
from market.errors import NotFound
from market.http.etags import etag, is_unchanged
from market.http.idempotency import Answer, answer_once
from schemas.fairs import FairStatus

Asked = Request[Viewer, Any, Any]
PARTICIPANTS = ("broker", "enterprise", "institute", "investor", "outpost")
ORGANIZER = signed_in("organizer", scope="fairs:write")
ORGANIZER_READS = signed_in("organizer", scope="fairs:read")
# Those who hold a fair and those who come to it.
EITHER = signed_in("organizer", *PARTICIPANTS, scope="fairs:write")
EITHER_READS = signed_in("organizer", *PARTICIPANTS, scope="fairs:read")

StatusAsked = Annotated[
    FairStatus | None, QueryParameter(description="只看这一状态 · only those in this status")
]


def made(request: Asked, place: str, view: Any, version: int) -> Answer:
    """What a create answers."""
    headers = {"ETag": etag(version, request_variant(request)), "Location": f"/api/v1/{place}"}
    return Answer(view, headers=headers)


async def once(
    request: Asked,
    database: Database,
    act: Callable[[AsyncSession], Awaitable[Answer]],
    *,
    content: bytes | None = None,
) -> Response[Any]:
    """Do `act` in one unit of work; with an Idempotency-Key at most once."""
    actor_id: uuid.UUID | None = request.user.user_id
    if actor_id is None:
        raise NotFound
    return await answer_once(request, database, actor_id, act, content=content)


def versioned(request: Asked, view: Any, version: int) -> Response[Any]:
    """An answer that tells its version, or that nothing changed since the reader's last look.

    `version` counts what the row itself says: of counts beside it the tag tells by its variant.
    """
    variant = request_variant(request, view)
    headers = {"ETag": etag(version, variant), "Vary": "Accept-Language, Authorization"}
    if request.method in {"GET", "HEAD"} and is_unchanged(request, version, variant):
        return Response(None, status_code=304, headers=headers)
    return Response(view, headers=headers)


def request_variant(request: Asked, view: Any = None) -> str:
    """What else than a version an answer depends on: who asks, and all that it shows."""
    if view is None:
        return "new"
    digest = uuid.uuid5(uuid.NAMESPACE_OID, msgspec.json.encode(view).decode()).hex[:16]
    return f"{digest}.{'own' if request.user.organisation_id else 'any'}"
