"""Every route of deals."""

from litestar.types import ControllerRouterHandler

from market.deals import orders_api

routes: list[ControllerRouterHandler] = [*orders_api.routes]
