"""Who may use which route of accounts, on what: a table written by hand, not made of the guards.

`own` is something of the asking person's organisation, `other` something that exists elsewhere,
`missing` is nothing. An answer counts as let through when it is no 401, 403 or 404.
"""

import httpx
import pytest

from market.accounts.api import routes
from market.db import Database
from tests.market.accounts.factories import (
    Account,
    make_account,
    make_administrator,
    make_key,
)

MISSING = "00000000-0000-7000-8000-000000000000"
ACTORS = (
    "anonymous",
    "bad token",
    "member",
    "manager",
    "manager's key",
    "moderator",
    "administrator",
)
OPEN = (200, 401, 200, 200, 200, 200, 200)
PEOPLE = (401, 401, 200, 200, 403, 200, 200)
ADMINISTRATORS = (401, 401, 403, 403, 403, 403, 200)
# A member's or manager's own things; staff belong to no organisation.
OF_COLLEAGUES = (401, 401, 200, 200, 403, 404, 200)
OF_MANAGERS = (401, 401, 403, 200, 403, 404, 200)
HIDDEN = (401, 401, 404, 404, 403, 404, 200)
GONE = (401, 401, 404, 404, 403, 404, 404)

# (method, path) → which object → the status for each actor, 200 for let through.
MATRIX: dict[tuple[str, str], dict[str, tuple[int, ...]]] = {
    ("POST", "/auth/registrations"): {"-": OPEN},
    # An unknown person's 401 is told apart by its code.
    ("POST", "/auth/login"): {"-": OPEN},
    ("POST", "/auth/logout"): {"-": PEOPLE},
    ("POST", "/auth/logout-everywhere"): {"-": PEOPLE},
    ("GET", "/auth/me"): {"-": PEOPLE},
    ("GET", "/auth/sessions"): {"-": PEOPLE},
    ("DELETE", "/auth/sessions/{session_id}"): {"missing": GONE},
    ("POST", "/auth/password"): {"-": PEOPLE},
    # Made-up tokens of links: 404 for everybody who is let through.
    ("POST", "/auth/password-resets"): {"missing": (404, 401, 404, 404, 404, 404, 404)},
    ("POST", "/auth/invitations/accept"): {"missing": (404, 401, 404, 404, 404, 404, 404)},
    ("GET", "/organisations"): {"-": OPEN},
    ("GET", "/organisations/{organisation_id}"): {
        "own": (404, 401, 200, 200, 200, 200, 200),
        "other": (404, 401, 404, 404, 404, 200, 200),
        "missing": (404, 401, 404, 404, 404, 404, 404),
    },
    ("PATCH", "/organisations/{organisation_id}"): {
        "own": (401, 401, 403, 200, 200, 403, 200),
        "other": (401, 401, 404, 404, 404, 403, 200),
        "missing": (401, 401, 404, 404, 404, 404, 404),
    },
    ("POST", "/organisations/{organisation_id}/verify"): {
        "own": ADMINISTRATORS,
        "other": ADMINISTRATORS,
        "missing": (401, 401, 403, 403, 403, 403, 404),
    },
    ("POST", "/organisations/{organisation_id}/unverify"): {
        "own": ADMINISTRATORS,
        "other": ADMINISTRATORS,
        "missing": (401, 401, 403, 403, 403, 403, 404),
    },
    ("POST", "/organisations/{organisation_id}/invitations"): {
        "own": OF_MANAGERS,
        "other": HIDDEN,
        "missing": GONE,
    },
    ("GET", "/organisations/{organisation_id}/invitations"): {
        "own": OF_MANAGERS,
        "other": HIDDEN,
        "missing": GONE,
    },
    ("DELETE", "/organisations/{organisation_id}/invitations/{invitation_id}"): {
        "other": GONE,
        "missing": GONE,
    },
    ("GET", "/organisations/{organisation_id}/users"): {
        "own": OF_COLLEAGUES,
        "other": HIDDEN,
        "missing": GONE,
    },
    ("GET", "/users/{user_id}"): {"own": OF_COLLEAGUES, "other": HIDDEN, "missing": GONE},
    ("PATCH", "/users/{user_id}"): {"own": OF_MANAGERS, "other": HIDDEN, "missing": GONE},
    ("POST", "/users/{user_id}/disable"): {"own": OF_MANAGERS, "other": HIDDEN, "missing": GONE},
    ("POST", "/users/{user_id}/enable"): {"own": OF_MANAGERS, "other": HIDDEN, "missing": GONE},
    ("POST", "/users/{user_id}/password-reset-links"): {
        "own": OF_MANAGERS,
        "other": HIDDEN,
        "missing": GONE,
    },
    ("POST", "/keys"): {"-": PEOPLE},
    ("GET", "/keys"): {"-": PEOPLE},
    ("DELETE", "/keys/{key_id}"): {"missing": GONE},
}
BODIES = {
    "/auth/registrations": {
        "organisation": {"kind": "institute", "name": "新研究院"},
        "user": {"email": "new@example.cn", "name": "新", "password": "潮汕-Otter-88"},
    },
    "/auth/login": {"email": "nobody@example.cn", "password": "x"},
    "/auth/password": {"old_password": "x", "new_password": "潮汕-Otter-88"},
    "/auth/password-resets": {"token": "djl_x", "new_password": "潮汕-Otter-88"},
    "/auth/invitations/accept": {"token": "djl_x", "name": "新", "password": "潮汕-Otter-88"},
    "/organisations/{organisation_id}/invitations": {"email": "new@example.cn"},
    "/organisations/{organisation_id}": {"about": "改"},
    "/users/{user_id}": {"name": "改"},
    "/keys": {"name": "程序", "scopes": ["listings:read"]},
}
CELLS = [(route, which) for route, objects in MATRIX.items() for which in objects]


def test_every_route_is_in_the_matrix() -> None:
    registered = {
        (method, path.replace(":str", ""))
        for handler in routes
        for method in handler.http_methods  # type: ignore[union-attr]
        for path in handler.paths  # type: ignore[union-attr]
    }

    assert registered == set(MATRIX)


@pytest.mark.parametrize(("route", "which"), CELLS, ids=str)
async def test_matrix(
    client: httpx.AsyncClient, database: Database, route: tuple[str, str], which: str
) -> None:
    # Enterprises that nobody verified: whoever has no business with them sees nothing.
    manager = await make_account(database, "enterprise", is_verified=False)
    others = await make_account(database, "enterprise", is_verified=False)
    target = await make_account(
        database, organisation=manager.organisation if which == "own" else others.organisation
    )
    ids: dict[str, object] = {}
    if which != "missing":
        ids = {"organisation_id": target.user.organisation_id, "user_id": target.user.id}
    actors = await actors_of(database, manager)

    found = {actor: await status(client, route, ids, actors[actor]) for actor in ACTORS}

    assert found == dict(zip(ACTORS, MATRIX[route][which], strict=True))


async def actors_of(database: Database, manager: Account) -> dict[str, dict[str, str]]:
    """Headers of everybody in ACTORS; members and managers are of one organisation."""
    member = await make_account(database, organisation=manager.organisation, is_manager=False)
    moderator = await make_account(database, None, is_moderator=True)
    return {
        "anonymous": {},
        "bad token": {"Authorization": "Bearer djs_nothing"},
        "member": member.headers,
        "manager": manager.headers,
        "manager's key": await make_key(database, manager, "organisation:write"),
        "moderator": moderator.headers,
        "administrator": (await make_administrator(database)).headers,
    }


async def status(
    client: httpx.AsyncClient,
    route: tuple[str, str],
    ids: dict[str, object],
    headers: dict[str, str],
) -> int:
    """401, 403 or 404; 200 for any other answer, and for a login that was merely wrong."""
    method, path = route
    filled = path
    for name in ("organisation_id", "user_id", "session_id", "invitation_id", "key_id"):
        filled = filled.replace(f"{{{name}}}", str(ids.get(name, MISSING)))
    body = BODIES.get(path) if method in {"POST", "PATCH"} else None
    # What is changed was changed by an earlier actor; only whether one is let through counts.
    answer = await client.request(
        method, f"/api/v1{filled}", json=body, headers=headers | {"If-Match": '"1"'}
    )
    assert answer.status_code < 500
    if answer.status_code == 401 and answer.json()["code"] == "credentials_refused":
        return 200
    return answer.status_code if answer.status_code in {401, 403, 404} else 200
