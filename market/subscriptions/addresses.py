"""Where things are found, for messages that leave the marketplace."""

import uuid
from collections.abc import Mapping
from typing import Any

from market.settings import Settings

_PATHS = {"result": "results", "need": "needs", "": "organisations"}
_PATHS_OF_FACTS = {"fair_id": "fairs", "order_id": "intent-orders"}


def api_address(settings: Settings, path: str) -> str:
    """The whole address of a path of the API."""
    return f"{settings.public_url.rstrip('/')}/api/v1/{path}"


def address_of(settings: Settings, kind: str, subject_id: uuid.UUID) -> str:
    """The address of a listing of this kind; without a kind that of an organisation."""
    return api_address(settings, f"{_PATHS[kind]}/{subject_id}")


def address_of_facts(settings: Settings, facts: Mapping[str, Any]) -> str | None:
    """The address of the fair or order that an alert is about; None where it is about neither."""
    for name, path in _PATHS_OF_FACTS.items():
        if name in facts:
            return api_address(settings, f"{path}/{facts[name]}")
    return None


def stop_address(settings: Settings, token: str) -> str:
    return api_address(settings, f"stop/{token}")


def feed_address(settings: Settings, token: str, form: str) -> str:
    return api_address(settings, f"feeds/saved/{token}/{form}")
