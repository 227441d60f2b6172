"""Every route of matching."""

from litestar.types import ControllerRouterHandler

from market.matching import matches_api, synonyms_api

routes: list[ControllerRouterHandler] = [*matches_api.routes, *synonyms_api.routes]
