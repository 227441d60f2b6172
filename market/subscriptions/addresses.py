"""Where things are found, for messages that leave the marketplace."""

import uuid

from market.settings import Settings

_PATHS = {"result": "results", "need": "needs", "": "organisations"}


def api_address(settings: Settings, path: str) -> str:
    """The whole address of a path of the API."""
    return f"{settings.public_url.rstrip('/')}/api/v1/{path}"


def address_of(settings: Settings, kind: str, subject_id: uuid.UUID) -> str:
    """The address of a listing of this kind; without a kind that of an organisation."""
    return api_address(settings, f"{_PATHS[kind]}/{subject_id}")


def stop_address(settings: Settings, token: str) -> str:
    return api_address(settings, f"stop/{token}")


def feed_address(settings: Settings, token: str, form: str) -> str:
    return api_address(settings, f"feeds/saved/{token}/{form}")
