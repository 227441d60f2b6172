"""The guard: what routes declare, and whom it lets through."""

from typing import Any

import pytest
from litestar import Litestar, get

from market.accounts.guard import anyone, guard, signed_in
from market.accounts.viewer import ANONYMOUS, Viewer
from market.db import new_id
from market.errors import Forbidden, Unauthorized

INSTITUTE = Viewer(user_id=new_id(), roles=frozenset({"institute"}))
NO_ROLE = Viewer(user_id=new_id())
READING_KEY = Viewer(
    user_id=new_id(), roles=frozenset({"institute"}), scopes=frozenset({"listings:read"})
)


def refusal(opt: dict[str, Any], viewer: object) -> str | None:
    """The code with which a route of these options sends a viewer away; None when it doesn't."""

    @get("/", opt=opt, sync_to_thread=False)
    def route() -> None: ...

    app = Litestar([route], openapi_config=None)
    [handler] = [each for each in app.routes[0].route_handlers if each.opt == opt]  # type: ignore[union-attr]
    try:
        guard(viewer, handler)
    except (Forbidden, Unauthorized) as refused:
        return refused.code
    return None


@pytest.mark.parametrize("viewer", [ANONYMOUS, INSTITUTE, NO_ROLE, READING_KEY])
def test_open_route_lets_everybody_in(viewer: Viewer) -> None:
    assert refusal(anyone(), viewer) is None


@pytest.mark.parametrize("viewer", [ANONYMOUS, INSTITUTE, NO_ROLE, READING_KEY, None])
def test_route_that_names_nobody_lets_nobody_in(viewer: Viewer | None) -> None:
    assert refusal({"tagged": True}, viewer) == "forbidden"


@pytest.mark.parametrize(
    ("opt", "viewer", "code"),
    [
        (signed_in(), ANONYMOUS, "sign_in_required"),
        (signed_in(), INSTITUTE, None),
        (signed_in(), NO_ROLE, None),
        (signed_in("institute"), INSTITUTE, None),
        (signed_in("institute"), NO_ROLE, "role_refused"),
        (signed_in("institute"), ANONYMOUS, "sign_in_required"),
        (signed_in("administrator"), INSTITUTE, "role_refused"),
        (signed_in(), READING_KEY, "scope_refused"),
        (signed_in(scope="listings:read"), READING_KEY, None),
        (signed_in(scope="listings:write"), READING_KEY, "scope_refused"),
        (signed_in("enterprise", scope="listings:read"), READING_KEY, "role_refused"),
        (signed_in(scope="listings:write"), INSTITUTE, None),
        (signed_in(), "somebody else's user object", "forbidden"),
    ],
)
def test_signed_in_route_asks_for_role_and_scope(
    opt: dict[str, Any], viewer: object, code: str | None
) -> None:
    assert refusal(opt, viewer) == code


def test_unknown_role_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="bank"):
        signed_in("institute", "bank")
