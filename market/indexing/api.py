"""The routes of finding."""

from market.indexing.search_api import routes

__all__ = ["routes"]
