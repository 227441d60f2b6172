"""What every part of the wire contract uses: problems, pages, checked texts."""

from typing import Annotated, Generic, TypeVar

import msgspec

T = TypeVar("T")

# Where a text ends. A `$` would let a line end through in Python, but not in JSON Schema.
_END = r"(?![\s\S])"
# No control characters but tab and line ends: PostgreSQL refuses NUL, and nothing shows the rest.
NO_CONTROLS = rf"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]*{_END}"
ONE_LINE = rf"^[^\x00-\x1f\x7f\ud800-\udfff]*{_END}"
NOT_BLANK = rf"^(?=.*\S)[^\x00-\x1f\x7f\ud800-\udfff]*{_END}"


def _text(longest: int, *, shortest: int = 0, pattern: str = NO_CONTROLS) -> msgspec.Meta:
    return msgspec.Meta(min_length=shortest, max_length=longest, pattern=pattern)


Line100 = Annotated[str, _text(100, pattern=ONE_LINE)]
Line200 = Annotated[str, _text(200, pattern=ONE_LINE)]
Name = Annotated[str, _text(200, shortest=1, pattern=NOT_BLANK)]
Text1000 = Annotated[str, _text(1_000)]
Text20000 = Annotated[str, _text(20_000)]
Code = Annotated[str, _text(40, shortest=1, pattern=ONE_LINE)]
# 10 trillion 元: no price is higher, and every database holds it.
Cny = Annotated[int, msgspec.Meta(ge=0, le=10**13)]
Trl = Annotated[int, msgspec.Meta(ge=1, le=9)]


class Request(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What we receive: unknown fields are refused."""


class Page(msgspec.Struct, Generic[T], kw_only=True):
    """One page of a list; `next_cursor` is None on the last one."""

    items: list[T]
    next_cursor: str | None = None


class ProblemError(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One wrong place: a JSON pointer into the body, or the parameter's or header's name."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None
    header: str | None = None


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """RFC 9457. `code` is stable; title and detail are in the language asked for."""

    type: str
    title: str
    status: int
    code: str
    detail: str | None = None
    instance: str | None = None
    errors: list[ProblemError] = []
