"""Finds out who asks: every request, before its route."""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult

from market.accounts.identification import viewer_of_token
from market.accounts.viewer import ANONYMOUS
from market.errors import Unauthorized


class Authentication(AbstractAuthenticationMiddleware):
    """`Authorization: Bearer <session token or API key>`; without it the viewer is anonymous.

    A token that is not good is refused on open routes too: its owner should hear of it.
    """

    async def authenticate_request(
        self, connection: ASGIConnection[Any, Any, Any, Any]
    ) -> AuthenticationResult:
        given = connection.headers.get("authorization")
        if given is None:
            return AuthenticationResult(user=ANONYMOUS, auth=None)
        scheme, _, token = given.partition(" ")
        viewer = None
        if scheme.lower() == "bearer":
            state = connection.app.state
            viewer = await viewer_of_token(
                state.database,
                token.strip(),
                session_idle_days=state.settings.session_idle_days,
            )
        if viewer is None:
            raise Unauthorized(
                "token_refused", "令牌无效或已过期", "The token is not valid or has expired."
            )
        return AuthenticationResult(user=viewer, auth=None)
