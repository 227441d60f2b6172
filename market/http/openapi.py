"""The OpenAPI document: what every operation has in common is said here, once.

Routes name their own answers by their types. From their `opt` (who may, TAKES_VERSION, TAKES_KEY
…) and their parameters follow the errors, the headers and the security of each.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from typing import Any

import msgspec
from litestar import Litestar, Router
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import Tag
from litestar.routes import HTTPRoute

from market.http.examples import body_example
from schemas.common import Problem
from schemas.events import EVENTS

_PROBLEM_REF = {"$ref": "#/components/schemas/Problem"}
_SCHEMA_REF = "#/components/schemas/{name}"
_BEARER = "bearer"
_PAGE_NAME = re.compile(r"Page_[\w.]*\.(\w+?)(?:View)?_(?=[\"\\])")
_ERRORS: Mapping[int, str] = {
    400: "请求无法理解 · The request can't be read",
    401: "未登录，或令牌无效 · Nobody signed in, or the token is not good",
    403: "角色或密钥权限不足 · Role or scope of the key may not do this",
    404: "没有，或您看不到 · Not there, or not visible to you",
    409: "与当前状态冲突 · Against the present state",
    412: "版本已过时：请重新读取 · The version is outdated: read it again",
    413: "请求体过大 · The body is too large",
    415: "不支持的内容类型 · The media type is not supported",
    422: "字段有误，逐一列出 · Fields are wrong; each is listed",
    428: "缺少 If-Match · If-Match is missing",
    429: "请求过多，见 Retry-After · Too many requests; see Retry-After",
    500: "服务器内部错误 · Something went wrong inside the server",
    503: "暂时不可用，见 Retry-After · Not available just now; see Retry-After",
}
_TAGS: Mapping[str, str] = {
    "auth": "登录与账号 · Signing in",
    "organisations": "单位与成员 · Organisations and their people",
    "users": "人员 · People",
    "keys": "接口密钥 · API keys",
    "results": "科技成果 · Technology results",
    "needs": "技术需求 · Technical needs",
    "matches": "匹配与反馈 · Matches and feedback",
    "synonyms": "同义词（管理员） · Synonyms, for administrators",
    "saved-searches": "保存的检索与提醒方式 · Saved searches, and how to hear of what they find",
    "alerts": "收件箱 · The inbox of alerts",
    "webhook-endpoints": "Webhook 端点与投递记录 · Webhook endpoints and their log",
    "feeds": "订阅源（Atom、JSON Feed） · Feeds",
    "imports": "表格导入 · Imports of spreadsheets",
    "exports": "导出 · Exports",
    "fairs": "对接会：系列、日程、场馆 · Fairs: series, days, halls",
    "fair registrations": "对接会报名 · Taking part in a fair",
    "fair plans": "配对与排程 · Pairs and plans of a fair",
    "fair meetings": "对接与现场 · Meetings, and the day itself",
    "fair exports": "会务资料 · Files of a fair",
    "intent orders": "意向订单 · Intention orders",
    "signing ceremonies": "集中签约 · Signing ceremonies",
    "statistics": "统计：漏斗与图表 · Statistics: funnel and charts",
    "vocabularies": "词表 · Vocabularies",
    "health": "运行状态 · How the service is",
}
_SIGNED = (
    "Standard Webhooks：请求头 webhook-id（每次重发相同）、webhook-timestamp、webhook-signature；"
    "至少送达一次，不保证次序。 · Signed as Standard Webhooks says; told at least once, under one "
    "webhook-id, in no order."
)
_ABOUT = """\
科技成果与技术需求的对接平台：高校院所发布成果，企业发布需求，检索与匹配让它们相遇，并说明理由。
Institutes post results, enterprises post needs; search and matching bring them together.

- 登录 · Sign in: `POST /api/v1/auth/login`, then `Authorization: Bearer <token>`, or an API key.
- 错误 · Errors are `application/problem+json` (RFC 9457), in the language of `Accept-Language`.
- 列表 · Lists answer `{"items": […], "next_cursor": …}`; send `cursor` for the next page.
- 修改 · Changes need `If-Match` with the `ETag` that was read; creates take an `Idempotency-Key`.
- 金额为整数元（`_cny`），时间为 RFC 3339 · Money is whole CNY, times are RFC 3339.
"""


def openapi_config(router: Router, plugins: Sequence[OpenAPIRenderPlugin]) -> OpenAPIConfig:
    """What the document begins with; `router` and `plugins` serve it."""
    return OpenAPIConfig(
        title="对接 Duijie",
        version=_version(),
        description=_ABOUT,
        tags=[Tag(name=name, description=about) for name, about in _TAGS.items()],
        openapi_router=router,
        render_plugins=plugins,
        create_examples=False,
        use_handler_docstrings=False,
    )


def document_of(app: Litestar) -> dict[str, Any]:
    """The whole document, as plain values; made once an application."""
    if "openapi" not in app.state:
        app.state.openapi = _document(app)
    document: dict[str, Any] = app.state.openapi
    return document


def _document(app: Litestar) -> dict[str, Any]:
    document = _plainly_named(app.openapi_schema.to_schema())
    schemas = document["components"].setdefault("schemas", {})
    _, problem = msgspec.json.schema_components([Problem], ref_template=_SCHEMA_REF)
    schemas.update(problem)
    document["components"]["securitySchemes"] = {
        _BEARER: {
            "type": "http",
            "scheme": "bearer",
            "description": "登录令牌或接口密钥 · token or key",
        }
    }
    for operation, path, handler in _operations(app, document):
        _complete(operation, path, handler, schemas)
    document["webhooks"] = dict(_webhooks(schemas))
    return document


def _webhooks(schemas: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What is sent to the endpoints of organisations (schemas.events)."""
    shapes = list(dict.fromkeys(kind.data for kind in EVENTS.values()))
    found, components = msgspec.json.schema_components(shapes, ref_template=_SCHEMA_REF)
    schemas.update(components)
    data = dict(zip(shapes, found, strict=True))
    for name, kind in EVENTS.items():
        body = {
            "type": "object",
            "required": ["type", "timestamp", "data"],
            "properties": {
                "type": {"const": name},
                "timestamp": {"type": "string", "format": "date-time"},
                "data": data[kind.data],
            },
        }
        yield (
            name,
            {
                "post": {
                    "summary": f"{kind.zh} · {kind.en}",
                    "description": _SIGNED,
                    "tags": ["webhook-endpoints"],
                    "requestBody": {"content": {"application/json": {"schema": body}}},
                    "responses": {
                        "2XX": {"description": "已收到 · Taken; all else is tried again"}
                    },
                }
            },
        )


def _plainly_named(document: dict[str, Any]) -> dict[str, Any]:
    """Pages are named after what they hold, not after the module that it is from."""
    text = msgspec.json.encode(document).decode()
    plain: dict[str, Any] = msgspec.json.decode(_PAGE_NAME.sub(r"\1Page", text))
    return plain


def _operations(
    app: Litestar, document: dict[str, Any]
) -> Iterator[tuple[dict[str, Any], str, HTTPRouteHandler]]:
    for route in app.routes:
        if not isinstance(route, HTTPRoute) or route.path_format not in document["paths"]:
            continue
        operations = document["paths"][route.path_format]
        for method, (handler, _) in route.route_handler_map.items():
            if (operation := operations.get(method.lower())) is not None:
                yield operation, route.path_format, handler


def _complete(
    operation: dict[str, Any], path: str, handler: HTTPRouteHandler, schemas: Mapping[str, Any]
) -> None:
    takes_version = bool(handler.opt.get("takes_version"))
    takes_key = bool(handler.opt.get("takes_key"))
    is_open = handler.opt.get("roles") is None
    operation["security"] = [{}, {_BEARER: []}] if is_open else [{_BEARER: []}]
    parameters = operation.setdefault("parameters", [])
    if takes_version:
        parameters.append(_header("If-Match", "读取时得到的 ETag · the ETag that was read", '"1"'))
    if takes_key:
        key = "同一请求重发时只执行一次 · the same request sent again happens once"
        parameters.append(_header("Idempotency-Key", key, "need-2027-018", required=False))
    if "requestBody" in operation:
        _give_example(operation["requestBody"], schemas)
    responses = operation["responses"]
    responses.pop("400", None)
    _give_headers(responses, handler)
    for status in _statuses(operation, path, handler):
        responses.setdefault(str(status), _problem(status))
    operation["responses"] = dict(sorted(responses.items()))


def _statuses(operation: dict[str, Any], path: str, handler: HTTPRouteHandler) -> Iterator[int]:
    """The errors that an operation may answer, as its declaration tells."""
    yield from (400, 401, 422, 500, 503)
    if handler.opt.get("roles") is not None or handler.opt.get("may_refuse"):
        yield 403
    if "{" in path or handler.opt.get("may_miss"):
        yield 404
    if "requestBody" in operation:
        yield from (413, 415)
    if handler.opt.get("takes_version"):
        yield from (412, 428)
    if "get" not in handler.http_methods and "GET" not in handler.http_methods:
        yield 409
    if "/auth/" in path or handler.opt.get("is_limited"):
        yield from (404, 429)


def _header(name: str, description: str, example: str, *, required: bool = True) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "description": description,
        "required": required,
        "schema": {"type": "string"},
        "example": example,
    }


def _give_headers(responses: dict[str, Any], handler: HTTPRouteHandler) -> None:
    named = {}
    if any(handler.opt.get(each) for each in ("takes_version", "tells_version", "takes_key")):
        named["ETag"] = {"description": "版本 · version", "schema": {"type": "string"}}
    if handler.opt.get("takes_key"):
        named["Location"] = {"description": "地址 · its address", "schema": {"type": "string"}}
    for status, answer in responses.items():
        if named and status in {"200", "201", "202"}:
            answer.setdefault("headers", {}).update(named)
    if handler.opt.get("tells_version"):
        responses["304"] = {"description": "没有变化 · Unchanged since If-None-Match"}


def _problem(status: int) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": _ERRORS[status],
        "content": {"application/problem+json": {"schema": _PROBLEM_REF}},
    }
    if status in {429, 503}:
        answer["headers"] = {
            "Retry-After": {
                "description": "多少秒后再试 · seconds to wait",
                "schema": {"type": "integer"},
            }
        }
    return answer


def _give_example(body: dict[str, Any], schemas: Mapping[str, Any]) -> None:
    for media_type, content in body["content"].items():
        if media_type == "application/json" and "example" not in content:
            content["example"] = body_example(content["schema"], schemas)


def _version() -> str:
    try:
        return metadata.version("duijie")
    except metadata.PackageNotFoundError:
        return "0"
