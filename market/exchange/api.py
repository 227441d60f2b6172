"""Every route of imports and exports."""

from litestar.types import ControllerRouterHandler

from market.exchange.exports_api import routes as export_routes
from market.exchange.imports_api import routes as import_routes

routes: list[ControllerRouterHandler] = [*import_routes, *export_routes]
