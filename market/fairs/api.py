"""Every route of fairs."""

from litestar.types import ControllerRouterHandler

from market.fairs import fairs_api, series_api

routes: list[ControllerRouterHandler] = [*series_api.routes, *fairs_api.routes]
