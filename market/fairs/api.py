"""Every route of fairs."""

from litestar.types import ControllerRouterHandler

from market.fairs import (
    calendar_api,
    day_api,
    fairs_api,
    meetings_api,
    pairs_api,
    participants_api,
    plans_api,
    registrations_api,
    series_api,
)

routes: list[ControllerRouterHandler] = [
    *series_api.routes,
    *fairs_api.routes,
    *registrations_api.routes,
    *participants_api.routes,
    *pairs_api.routes,
    *plans_api.routes,
    *meetings_api.routes,
    *day_api.routes,
    *calendar_api.routes,
]
