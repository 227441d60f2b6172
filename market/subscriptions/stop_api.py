"""The stop link of every mail: GET shows a page and changes nothing, POST stops (RFC 8058)."""

from html import escape

from litestar import MediaType, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from market.accounts.guard import anyone
from market.db import Database, utc_now
from market.subscriptions.service import stop, subscription_to_stop

_TAGS = ["saved-searches"]
# The page has one button, which asks the page's own address.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'"
}
_PAGE = """\
<!doctype html>
<html lang="zh">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>对接 Duijie</title></head>
<body><h1>{name}</h1>{rest}</body>
</html>
"""
_ASKS = """\
<p>不再接收此提醒？您仍可登录后重新开启。 · Stop these alerts? You can turn them on again.</p>
<form method="post"><button name="List-Unsubscribe" value="One-Click">停止 · Stop</button></form>
"""
_STOPPED = "<p>已停止，不会再发送此提醒。 · Stopped: nothing more of this is sent.</p>"


@get(
    "/stop/{token:str}",
    operation_id="showStop",
    summary="停止提醒的页面 · The page that asks whether to stop",
    tags=_TAGS,
    opt=anyone(),
    media_type=MediaType.HTML,
)
async def show_stop(token: FromPath[str], database: NamedDependency[Database]) -> Response[str]:
    async with database.reading() as session:
        saved = await subscription_to_stop(session, token)
    rest = _STOPPED if saved.frequency == "off" else _ASKS
    return _page(saved.name, rest)


@post(
    "/stop/{token:str}",
    status_code=200,
    operation_id="stop",
    summary="停止提醒（RFC 8058 一键退订） · Stop; one click (RFC 8058)",
    tags=_TAGS,
    opt=anyone(),
    media_type=MediaType.HTML,
)
async def stop_now(token: FromPath[str], database: NamedDependency[Database]) -> Response[str]:
    async with database.writing() as session:
        saved = await stop(session, token, utc_now())
    return _page(saved.name, _STOPPED)


def _page(name: str, rest: str) -> Response[str]:
    text = _PAGE.format(name=escape(name), rest=rest)
    return Response(text, media_type=MediaType.HTML, headers=_HEADERS)


routes = [show_stop, stop_now]
