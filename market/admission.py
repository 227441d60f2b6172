"""Around every route: who asks, whether the route lets them in, and what it may be asked."""

from typing import Any

from litestar.enums import HttpMethod
from litestar.types import ASGIApp, Receive, Scope, Send

from market.accounts.authentication import viewer_of_request
from market.accounts.guard import guard
from market.http.requested import refuse_undeclared


class Admission:
    """Middleware of all routes; `scope["user"]` is the Viewer within.

    No guard of the framework, which would copy the route's handler for each request: that takes
    a good part of the time of a small answer.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        whole: Any = scope
        # Browsers ask so before they send what proves who they are.
        if whole.get("method") != HttpMethod.OPTIONS:
            whole["user"] = await viewer_of_request(scope)
        guard(whole.get("user"), scope["route_handler"])
        refuse_undeclared(scope)
        await self._app(scope, receive, send)
