"""Who asks: the session or the key in the Authorization header."""

from litestar.types import Scope

from market.accounts.identification import viewer_of_token
from market.accounts.viewer import ANONYMOUS, Viewer
from market.errors import Unauthorized


async def viewer_of_request(scope: Scope) -> Viewer:
    """By `Authorization: Bearer <session token or API key>`; without it the viewer is anonymous.

    A token that is not good is refused on open routes too (Unauthorized): its owner should hear
    of it.
    """
    given = next((value for name, value in scope["headers"] if name == b"authorization"), None)
    if given is None:
        return ANONYMOUS
    scheme, _, token = given.decode("latin-1").partition(" ")
    viewer = None
    if scheme.lower() == "bearer":
        state = scope["litestar_app"].state
        viewer = await viewer_of_token(
            state.database,
            token.strip(),
            session_idle_days=state.settings.session_idle_days,
        )
    if viewer is None:
        raise Unauthorized(
            "token_refused", "令牌无效或已过期", "The token is not valid or has expired."
        )
    return viewer
