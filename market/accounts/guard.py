"""The one guard of all routes: a route tells whom it lets in, or it can't be registered."""

from typing import Any, get_args

from litestar.handlers.base import BaseRouteHandler
from litestar.types import Empty

from market.accounts.viewer import Role, Scope, Viewer
from market.errors import Forbidden, Unauthorized

ROLES: frozenset[str] = frozenset(get_args(Role))
SCOPES: frozenset[str] = frozenset(get_args(Scope))
POSTING: frozenset[str] = frozenset({"institute", "enterprise", "outpost", "broker"})


def anyone() -> dict[str, Any]:
    """For `opt=`: the route is open, also to those who are not signed in."""
    return {"roles": None, "scope": None}


def signed_in(*roles: str, scope: Scope | None = None) -> dict[str, Any]:
    """For `opt=`: signed-in people with one of these roles; all of them when none is named.

    API keys need `scope`; without one the route is for people who signed in, not for keys.
    """
    unknown = set(roles) - ROLES
    if unknown:
        raise ValueError(f"These are no roles: {unknown}.")
    return {"roles": frozenset(roles) or ROLES, "scope": scope}


def declares_roles(handler: BaseRouteHandler) -> bool:
    return "roles" in handler.opt


def guard(viewer: object, handler: BaseRouteHandler) -> None:
    """Refuse whoever the route does not name; a route that names nobody refuses everybody.

    Raises Forbidden and Unauthorized. Who is no Viewer gets into open routes alone.
    """
    roles = handler.opt.get("roles", Empty)
    if roles is None:
        return
    if roles is Empty or not isinstance(viewer, Viewer):
        raise Forbidden("forbidden", "不允许", "This is not allowed.")
    if viewer.is_anonymous:
        raise Unauthorized("sign_in_required", "请先登录", "Please sign in.")
    # Who has no role (any more) may still look after the own account, and sign out.
    if roles != ROLES and not viewer.roles & roles:
        raise Forbidden("role_refused", "您的角色不能这样做", "Your role may not do this.")
    scope = handler.opt["scope"]
    if viewer.scopes is not None and scope not in viewer.scopes:
        raise Forbidden(
            "scope_refused", "此密钥没有所需的权限", "This key lacks the scope that is needed."
        )
