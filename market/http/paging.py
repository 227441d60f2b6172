"""Cursors: opaque to clients, a place in a list to us."""

import base64
import binascii
import uuid
from typing import Annotated, Any, TypeVar

import msgspec
from litestar.params import QueryParameter

from market.errors import FieldError, Invalid

T = TypeVar("T")
MOST_PER_PAGE = 100
DEFAULT_PER_PAGE = 20

Limit = Annotated[
    int, QueryParameter(ge=1, le=MOST_PER_PAGE, description="每页条数 · items on a page")
]
CursorText = Annotated[
    str | None,
    QueryParameter(
        max_length=400, description="上一页的 next_cursor · next_cursor of the last page"
    ),
]


def cursor_of(place: Any) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()


def place_of(cursor: str | None, kind: type[T]) -> T | None:
    """The place that a cursor stands for; None at the beginning. Raises Invalid."""
    if cursor is None:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return msgspec.json.decode(
            base64.b64decode(padded, altchars=b"-_", validate=True), type=kind
        )
    except (ValueError, binascii.Error, msgspec.MsgspecError, RecursionError):
        raise Invalid(
            FieldError("cursor", "游标无效", "The cursor is not valid.", source="query")
        ) from None


def id_of(text: str) -> uuid.UUID | None:
    """The id that a path names; None for what can't be one."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
