"""The routes of saved searches and of what they tell."""

from litestar.types import ControllerRouterHandler

from market.subscriptions import (
    alerts_api,
    endpoints_api,
    feeds_api,
    saved_searches_api,
    stop_api,
)

routes: list[ControllerRouterHandler] = [
    *saved_searches_api.routes,
    *stop_api.routes,
    *alerts_api.routes,
    *endpoints_api.routes,
    *feeds_api.routes,
]
