"""The OpenAPI document and a page to try it with, which loads nothing from elsewhere."""

from importlib import resources
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, Router, get
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.params import FromPath
from litestar.status_codes import HTTP_404_NOT_FOUND

from market.accounts.guard import anyone
from market.errors import NotFound
from market.http.openapi import document_of, openapi_config

_FILES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui-standalone-preset.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "explorer.js": "text/javascript",
}
_START = """\
window.addEventListener("load", () => {
  window.ui = SwaggerUIBundle({
    url: "schema/openapi.json",
    dom_id: "#explorer",
    deepLinking: true,
    persistAuthorization: true,
    validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis],
  });
});
"""
_PAGE = """\
<!doctype html>
<html lang="zh">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>对接 Duijie · API</title>
<link rel="stylesheet" href="schema/static/swagger-ui.css">
</head>
<body>
<noscript>请启用 JavaScript，或直接阅读 <a href="schema/openapi.json">openapi.json</a>。
Please allow JavaScript, or read <a href="schema/openapi.json">openapi.json</a>.</noscript>
<div id="explorer"></div>
<script src="schema/static/swagger-ui-bundle.js"></script>
<script src="schema/static/explorer.js"></script>
</body>
</html>
"""
# The explorer writes styles and small pictures into its own page; scripts come from here alone.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_DAY = {"Cache-Control": "public, max-age=86400"}


class _Page(OpenAPIRenderPlugin):
    """The explorer at the root of /schema."""

    def __init__(self) -> None:
        super().__init__(path="/", media_type=MediaType.HTML)

    def render(self, _request: Request[Any, Any, Any], _schema: dict[str, Any]) -> bytes:
        return _PAGE.encode()


class _Document(OpenAPIRenderPlugin):
    """The document with all that operations have in common."""

    def __init__(self) -> None:
        super().__init__(path="/openapi.json", media_type=MediaType.JSON)

    def render(self, request: Request[Any, Any, Any], _schema: dict[str, Any]) -> bytes:
        return msgspec.json.encode(document_of(request.app))


@get(
    "/static/{name:str}",
    operation_id="getExplorerFile",
    summary="接口浏览器的文件 · A file of the explorer",
    tags=["schema"],
)
async def explorer_file(name: FromPath[str]) -> Response[bytes]:
    """Raises NotFound for every name but those that the page asks for."""
    if name not in _FILES:
        raise NotFound
    return Response(_content(name), media_type=_FILES[name], headers=_DAY)


async def _refuse_unknown(response: Response[Any]) -> Response[Any]:
    """The framework serves a page of its own where nothing is: that is a problem as elsewhere."""
    if response.status_code == HTTP_404_NOT_FOUND:
        raise NotFound
    return response


def _content(name: str) -> bytes:
    if name == "explorer.js":
        return _START.encode()
    return (resources.files("litestar_offline_docs") / "static" / name).read_bytes()


def documentation() -> OpenAPIConfig:
    """The document with the explorer; whoever asks may read them."""
    router = Router(
        "/schema",
        route_handlers=[explorer_file],
        opt=anyone(),
        include_in_schema=False,
        after_request=_refuse_unknown,
        response_headers={"Content-Security-Policy": _POLICY},
    )
    return openapi_config(router, [_Page(), _Document()])
