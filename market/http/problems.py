"""Errors as problem+json (RFC 9457), in the language that the request asks for."""

import logging
import re
from collections.abc import Mapping
from typing import Any

from litestar import Request, Response
from litestar.exceptions import (
    HTTPException,
    InternalServerException,
    SerializationException,
    ValidationException,
)
from litestar.utils.scope.state import ScopeState

from market.db import is_database_away
from market.errors import FieldError, Invalid, Malformed, RequestRefused, Unavailable
from market.http.bodies import body_errors
from market.http.languages import language_of
from market.http.requests import request_id_of
from market.http.wordings import worded
from schemas.common import Problem, ProblemError
from schemas.vocab import Lang
from search.port import SearchError

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger("duijie.http")

_STATUS_TEXTS: Mapping[int, tuple[str, str, str]] = {
    400: ("malformed", "请求无法理解", "The request can't be read."),
    401: ("sign_in_required", "请先登录", "Please sign in."),
    403: ("forbidden", "不允许", "This is not allowed."),
    404: ("not_found", "没有找到", "There is no such thing."),
    405: ("method_not_allowed", "此地址不支持该方法", "This address does not know the method."),
    406: ("not_acceptable", "无法按要求的格式应答", "No asked-for format can be answered."),
    413: ("too_large", "请求体过大", "The body is too large."),
    415: ("unsupported_media_type", "不支持的内容类型", "The media type is not supported."),
    422: ("invalid", "输入有误", "The input is not valid."),
    429: ("too_many_requests", "请求过多", "Too many requests."),
    500: ("internal", "服务器内部错误", "Something went wrong inside the server."),
    503: ("unavailable", "暂时不可用，请稍后再试", "Not available just now; please try again."),
}


def problem_of(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """The answer to any error; what nobody foresaw is logged and told without its details."""
    lang = language_of(request)
    if (refusal := _refusal_of(request, error)) is not None:
        return _of_refusal(refusal, lang)
    if isinstance(error, HTTPException) and error.status_code != 500:
        return _of_status(error.status_code, lang, headers=error.headers)
    _log.error("unforeseen error in request %s", request_id_of(request.scope), exc_info=error)
    return _of_status(500, lang, instance=f"urn:duijie:request:{request_id_of(request.scope)}")


def _refusal_of(request: Request[Any, Any, Any], error: Exception) -> RequestRefused | None:
    """What an error means to who asked; None for what has a status, and what nobody foresaw."""
    if isinstance(error, RequestRefused):
        return error
    if isinstance(error, ValidationException):
        return _invalid(request, error)
    if isinstance(error, SearchError):
        return _SEARCH_AWAY
    if is_database_away(error) or isinstance(error, ConnectionError):
        return _DATABASE_AWAY
    if isinstance(error, InternalServerException) and error.detail == _CLIENT_GONE:
        return _UNREADABLE
    return _UNREADABLE if isinstance(error, _READING_ERRORS) else None


# The framework takes a client that leaves before its body is all there for a failure of its own.
_CLIENT_GONE = "client disconnected prematurely"
_READING_ERRORS = (UnicodeDecodeError, RecursionError, SerializationException)


_SEARCH_AWAY = Unavailable(
    "search_unavailable",
    "检索暂时不可用，请稍后再试",
    "The search can't answer just now; please try again.",
)
_DATABASE_AWAY = Unavailable(
    "database_unavailable",
    "数据库暂时不可用，请稍后再试",
    "The database can't answer just now; please try again.",
)
_UNREADABLE = Malformed("malformed", "请求无法理解", "The request can't be read.")


def _invalid(request: Request[Any, Any, Any], error: ValidationException) -> Invalid:
    """Every wrong field at once: the library stops at the first one of a body."""
    extra = error.extra if isinstance(error.extra, list) else []
    parameters = request.route_handler.parsed_fn_signature.parameters
    found = [
        _of_parameter(each, parameters) for each in extra if each.get("source", "body") != "body"
    ]
    if match := _MISSING.match(error.detail):
        found.append(_missing(match["name"], match["source"]))
    field = getattr(request.route_handler, "parsed_data_field", None)
    body = ScopeState.from_scope(request.scope).body
    if not found and field is not None and isinstance(body, bytes):
        found += body_errors(field.raw, body) if body else [_EMPTY_BODY]
    return Invalid(*found)


_EMPTY_BODY = FieldError("#", "缺少请求体", "The body is missing.")


_MISSING = re.compile(r"Missing required (?P<source>\w+) parameter '(?P<name>[^']+)'")


def _missing(name: str, source: str) -> FieldError:
    return FieldError(name, "必填", "This is required.", source=source)


def _of_parameter(told: Mapping[str, Any], parameters: Mapping[str, Any]) -> FieldError:
    name = str(told.get("key", ""))
    field = parameters.get(name)
    wording = worded(str(told.get("message", "")), field.raw if field else None)
    asked_as = getattr(field and field.kwarg_definition, "name", None) or name
    return FieldError(asked_as, wording.zh, wording.en, source=str(told["source"]))


def _of_refusal(error: RequestRefused, lang: Lang) -> Response[Problem]:
    headers = {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    problem = Problem(
        type=f"urn:duijie:{error.code}",
        title=error.zh if lang == "zh" else error.en,
        status=error.status,
        code=error.code,
        errors=[_error(each, lang) for each in error.errors],
    )
    return _answer(problem, lang, headers)


def _error(error: FieldError, lang: Lang) -> ProblemError:
    detail = error.zh if lang == "zh" else error.en
    if error.source == "body":
        return ProblemError(detail=detail, pointer=error.place)
    if error.source == "header":
        return ProblemError(detail=detail, header=error.place)
    return ProblemError(detail=detail, parameter=error.place)


def _of_status(
    status: int,
    lang: Lang,
    *,
    headers: Mapping[str, str] | None = None,
    instance: str | None = None,
) -> Response[Problem]:
    code, zh, en = _STATUS_TEXTS.get(status, _STATUS_TEXTS[400 if status < 500 else 500])
    problem = Problem(
        type=f"urn:duijie:{code}",
        title=zh if lang == "zh" else en,
        status=status,
        code=code,
        instance=instance,
    )
    return _answer(problem, lang, dict(headers or {}))


def _answer(problem: Problem, lang: Lang, headers: dict[str, str]) -> Response[Problem]:
    return Response(
        problem,
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers={**headers, "Content-Language": lang, "Cache-Control": "no-store"},
    )
