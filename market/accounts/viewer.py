"""Who asks."""

import uuid
from typing import Literal

import msgspec

from schemas.accounts import Scope

__all__ = ["ANONYMOUS", "Role", "Scope", "Viewer"]

Role = Literal[
    "institute",
    "enterprise",
    "investor",
    "outpost",
    "organizer",
    "broker",
    "moderator",
    "administrator",
]


class Viewer(msgspec.Struct, frozen=True):
    """Who asks, as far as rights go; anonymous without a user.

    `roles` are the kind of the organisation, and moderator or administrator where they apply.
    `scopes` is None for a signed-in person, who may do all that the roles allow; an API key may
    do what its scopes name. `is_verified`: the organisation was verified.
    """

    user_id: uuid.UUID | None = None
    organisation_id: uuid.UUID | None = None
    roles: frozenset[str] = frozenset()
    is_manager: bool = False
    is_verified: bool = False
    scopes: frozenset[str] | None = None
    session_id: uuid.UUID | None = None

    @property
    def is_anonymous(self) -> bool:
        return self.user_id is None

    @property
    def is_moderator(self) -> bool:
        """Moderators and administrators see every listing."""
        return bool(self.roles & {"moderator", "administrator"})


ANONYMOUS = Viewer()
