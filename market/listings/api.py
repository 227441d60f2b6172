"""Every route of listings but the search."""

from litestar.types import ControllerRouterHandler

from market.listings import needs_api, results_api

routes: list[ControllerRouterHandler] = [*results_api.routes, *needs_api.routes]
