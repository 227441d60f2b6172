"""What a request may look like before its route reads it: declared parameters, known media types.

A filter with a slip in its name would quietly be no filter, so unknown parameters are refused.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar import Litestar
from litestar.datastructures import Headers
from litestar.enums import RequestEncodingType
from litestar.exceptions import HTTPException
from litestar.routes import HTTPRoute
from litestar.types import Scope

from market.errors import FieldError, Invalid

_JSON = frozenset({"application/json", "application/merge-patch+json"})
_MULTIPART = frozenset({"multipart/form-data"})


class Expected(msgspec.Struct, frozen=True):
    """What a route declares: query parameters with whether they may repeat, and media types."""

    parameters: Mapping[str, bool]
    media_types: frozenset[str]


def expected_by_route(app: Litestar) -> dict[tuple[str, str], Expected]:
    """What each route of the application declares, by its path's template and the method."""
    return {
        (route.path_format, method): _expected(handler, model.expected_query_params)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, model) in route.route_handler_map.items()
    }


def _expected(handler: Any, parameters: Iterable[Any]) -> Expected:
    data = handler.parsed_data_field
    media_types: frozenset[str] = frozenset()
    if data is not None:
        encoding = getattr(data.kwarg_definition, "media_type", None)
        media_types = _MULTIPART if encoding == RequestEncodingType.MULTI_PART else _JSON
    return Expected({each.field_alias: each.is_sequence for each in parameters}, media_types)


def refuse_undeclared(scope: Scope) -> None:
    """For all routes: 422 for parameters that the route does not know, 415 for bodies.

    Raises UnicodeDecodeError (400) for a query that is no UTF-8.
    """
    route = scope["path_template"], scope.get("method")
    expected: Expected | None = scope["litestar_app"].state.expected.get(route)
    if expected is None:
        return
    if query := scope["query_string"]:
        _refuse_parameters(query, expected.parameters)
    if expected.media_types:
        given = Headers.from_scope(scope).get("content-type", "")
        if given.partition(";")[0].strip().lower() not in expected.media_types:
            raise HTTPException(status_code=415)


def _refuse_parameters(query: bytes, known: Mapping[str, bool]) -> None:
    pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict")
    errors: list[FieldError] = []
    seen: set[str] = set()
    for name, value in pairs:
        shown = name[:100]
        if name not in known:
            errors.append(_error(shown, "没有这个参数", "There is no such parameter."))
        elif name in seen and not known[name]:
            errors.append(_error(shown, "只能出现一次", "May stand once only."))
        elif "\0" in value:
            errors.append(_error(shown, "不能含 NUL 字符", "Must not hold NUL."))
        seen.add(name)
    if errors:
        raise Invalid(*errors[:100])


def _error(name: str, zh: str, en: str) -> FieldError:
    return FieldError(name, zh, en, source="query")
