"""The web application: routes, what they may ask for, and how failures are told."""

from collections.abc import Callable, Sequence
from typing import Any

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.handlers.base import BaseRouteHandler
from litestar.types import ControllerRouterHandler

from market.accounts.api import routes as account_routes
from market.accounts.guard import declares_roles
from market.admission import Admission
from market.db import Database
from market.deals.api import routes as deal_routes
from market.exchange.api import routes as exchange_routes
from market.explorer import documentation
from market.fair_exports.api import routes as fair_export_routes
from market.fairs.api import routes as fair_routes
from market.health import routes as health_routes
from market.http.metrics import Metrics
from market.http.problems import problem_of
from market.http.requested import expected_by_route
from market.http.requests import RequestRecord
from market.indexing.api import routes as search_routes
from market.indexing.engines import Indexes
from market.listings.api import routes as listing_routes
from market.listings.vocabulary_api import routes as vocabulary_routes
from market.matching.api import routes as match_routes
from market.settings import Settings
from market.subscriptions.api import routes as subscription_routes

API = "/api/v1"


def create_app(
    settings: Settings,
    database: Database,
    indexes: Indexes,
    *,
    extra_routes: Sequence[ControllerRouterHandler] = (),
) -> Litestar:
    """The application on an open database and open indexes; whoever opened them closes them."""
    app = assemble(extra_routes, body_limit_bytes=settings.body_limit_bytes)
    open_for(app, settings, database, indexes)
    return app


def assemble(
    extra_routes: Sequence[ControllerRouterHandler] = (), *, body_limit_bytes: int
) -> Litestar:
    """All routes, with nothing to work on yet. Raises TypeError for one without roles."""
    api = Router(
        API,
        route_handlers=[
            *account_routes,
            *listing_routes,
            *vocabulary_routes,
            *search_routes,
            *match_routes,
            *exchange_routes,
            *fair_routes,
            *fair_export_routes,
            *deal_routes,
            *subscription_routes,
        ],
    )
    app = Litestar(
        [api, *health_routes, *extra_routes],
        middleware=[Admission],
        exception_handlers={Exception: problem_of},
        dependencies={
            name: Provide(_opened(name), sync_to_thread=False)
            for name in ("settings", "database", "indexes", "figures")
        },
        request_max_body_size=body_limit_bytes,
        openapi_config=documentation(),
        # Logging is set up once a process, by whoever starts it.
        logging_config=None,
    )
    refuse_routes_without_roles(app)
    app.state.expected = expected_by_route(app)
    app.state.routing = app.asgi_handler
    return app


def open_for(app: Litestar, settings: Settings, database: Database, indexes: Indexes) -> None:
    """Let an assembled application work on these from now on, with figures that begin anew."""
    app.state.update(
        settings=settings,
        database=database,
        indexes=indexes,
        figures=Metrics(),
        lang=settings.lang,
        # Health looks at it until it is good.
        is_migrated=False,
    )
    app.asgi_handler = RequestRecord(app.state.routing, app.state.figures)


def _opened(name: str) -> Callable[[State], Any]:
    def opened(state: State) -> Any:
        return state[name]

    return opened


def refuse_routes_without_roles(app: Litestar) -> None:
    """A route that does not say who may use it is a mistake of ours: it never starts."""
    for route in app.routes:
        handlers: list[BaseRouteHandler] = getattr(route, "route_handlers", [])
        for handler in handlers:
            if not declares_roles(handler) and "OPTIONS" not in getattr(
                handler, "http_methods", ()
            ):
                raise TypeError(f"{route.path}: {handler} declares no roles.")
