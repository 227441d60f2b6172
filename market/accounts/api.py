"""Every route of accounts."""

from litestar.types import ControllerRouterHandler

from market.accounts import (
    invitations_api,
    keys_api,
    organisations_api,
    signing_in_api,
    users_api,
)

routes: list[ControllerRouterHandler] = [
    *signing_in_api.routes,
    *organisations_api.routes,
    *invitations_api.routes,
    *users_api.routes,
    *keys_api.routes,
]
