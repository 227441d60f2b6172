"""ETag and If-Match: nobody overwrites what they have not seen (RFC 9110 §13)."""

import re
from typing import Any

from litestar import Request

from market.errors import FieldError, Invalid, PreconditionRequired

# For `opt=` of a route that asks for If-Match, and of one that may answer 304.
TAKES_VERSION = {"takes_version": True}
TELLS_VERSION = {"tells_version": True}

_ETAG = re.compile(r'^"(\d{1,9})(?:\.[a-z0-9.]{1,60})?"$')


def etag(version: int, variant: str = "") -> str:
    """`variant` tells apart what different viewers see of one version: "3.owner.zh"."""
    return f'"{version}.{variant}"' if variant else f'"{version}"'


def version_asked(request: Request[Any, Any, Any]) -> int:
    """The version that a change starts from.

    Raises PreconditionRequired without If-Match and Invalid for one that we never gave out.
    """
    given = request.headers.get("if-match")
    if given is None:
        raise PreconditionRequired
    match = _ETAG.match(given.strip())
    if match is None:
        raise Invalid(
            FieldError(
                "If-Match",
                '应为读取时得到的 ETag，如 "3"',
                'Must be the ETag that you got, such as "3".',
                source="header",
            )
        )
    return int(match[1])


def is_unchanged(request: Request[Any, Any, Any], version: int, variant: str = "") -> bool:
    """Whether the client has this version already (If-None-Match): answer 304."""
    given = request.headers.get("if-none-match", "")
    return etag(version, variant) in (each.strip().removeprefix("W/") for each in given.split(","))
