"""Idempotency-Key: the same request sent twice happens once and gets the same answer.

The key's row, the change and the stored answer are one transaction, with the key's row first: a
second request at the same time waits for the first one's commit and then replays its answer.
"""

import hashlib
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from litestar import Request, Response
from sqlalchemy import Index, Integer, LargeBinary, String, Uuid, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from market.db import Database, Json, Model, UtcTime, utc_now
from market.errors import FieldError, Invalid

KEPT_HOURS = 48
# For `opt=` of a route that answers by `answer_once`: its document then names the header.
TAKES_KEY = {"takes_key": True}
_KEY = re.compile(r"^[\x21-\x7e]{1,80}$")


class StoredAnswer(Model):
    """What a key was answered with; without a status the transaction that holds it is running."""

    __tablename__ = "stored_answers"
    __table_args__ = (Index(None, "created_at"),)

    actor_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(32))
    status: Mapped[int | None] = mapped_column(Integer)
    headers: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class Answer(msgspec.Struct, frozen=True):
    """What a create answers: a wire struct, its status and headers."""

    content: Any
    status: int = 201
    headers: Mapping[str, str] = {}


async def answer_once(
    request: Request[Any, Any, Any],
    database: Database,
    actor_id: uuid.UUID,
    act: Callable[[AsyncSession], Awaitable[Answer]],
    *,
    content: bytes | None = None,
) -> Response[Any]:
    """Do `act` in one unit of work and answer; with an Idempotency-Key, at most once.

    The same key with another request is Invalid. Failures are not stored: the same key may be
    tried again. Not for answers that hold a secret: they would be stored as they are.
    `content` stands for the body where its bytes differ each time it is sent (multipart).
    """
    key = request.headers.get("idempotency-key")
    if key is not None and not _KEY.match(key):
        raise Invalid(
            FieldError(
                "Idempotency-Key",
                "应为 1–80 个可见 ASCII 字符",
                "Must be 1–80 visible ASCII characters.",
                source="header",
            )
        )
    fingerprint = _fingerprint(request, await request.body() if content is None else content)
    async with database.writing() as session:
        if key is not None and not await _take(session, actor_id, key, fingerprint):
            return await _replay(session, actor_id, key, fingerprint)
        answer = await act(session)
        body = msgspec.json.encode(answer.content)
        if key is not None:
            await _store(session, (actor_id, key), answer, body)
    return _response(body, answer.status, dict(answer.headers))


def _fingerprint(request: Request[Any, Any, Any], body: bytes) -> bytes:
    head = f"{request.method} {request.url.path}\n".encode()
    return hashlib.sha256(head + body).digest()


async def _take(session: AsyncSession, actor_id: uuid.UUID, key: str, fingerprint: bytes) -> bool:
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    taken = await session.execute(
        insert(StoredAnswer)
        .values(
            actor_id=actor_id,
            key=key,
            fingerprint=fingerprint,
            headers={},
            created_at=utc_now(),
        )
        .on_conflict_do_nothing()
        .returning(StoredAnswer.key)
    )
    return taken.first() is not None


async def _replay(
    session: AsyncSession, actor_id: uuid.UUID, key: str, fingerprint: bytes
) -> Response[Any]:
    stored = (
        await session.execute(
            select(StoredAnswer).where(StoredAnswer.actor_id == actor_id, StoredAnswer.key == key)
        )
    ).scalar_one()
    if stored.fingerprint != fingerprint:
        raise Invalid(
            FieldError(
                "Idempotency-Key",
                "已用于另一个请求",
                "Was used for another request.",
                source="header",
            )
        )
    headers = {**stored.headers, "Idempotency-Replayed": "true"}
    return _response(stored.body or b"", stored.status or 200, headers)


async def _store(
    session: AsyncSession, place: tuple[uuid.UUID, str], answer: Answer, body: bytes
) -> None:
    await session.execute(
        update(StoredAnswer)
        .where(StoredAnswer.actor_id == place[0], StoredAnswer.key == place[1])
        .values(status=answer.status, headers=dict(answer.headers), body=body)
    )


def _response(body: bytes, status: int, headers: dict[str, str]) -> Response[Any]:
    return Response(body, status_code=status, headers=headers, media_type="application/json")


async def prune_answers(session: AsyncSession, now: datetime) -> None:
    """Forget the keys that were used more than KEPT_HOURS ago: they may be used anew."""
    kept_from = now - timedelta(hours=KEPT_HOURS)
    await session.execute(
        delete(StoredAnswer)
        .where(StoredAnswer.created_at < kept_from)
        .execution_options(synchronize_session=False)
    )
