"""Every route of deals."""

from litestar.types import ControllerRouterHandler

from market.deals import ceremonies_api, orders_api, project_imports_api, stats_api

routes: list[ControllerRouterHandler] = [
    *orders_api.routes,
    *ceremonies_api.routes,
    *project_imports_api.routes,
    *stats_api.routes,
]
