"""The language that a request asks for."""

from typing import Any

from litestar.connection import ASGIConnection

from schemas.vocab import Lang


def language_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Lang:
    """zh or en by Accept-Language, else the language of the settings."""
    default: Lang = getattr(connection.app.state, "lang", "zh")
    asked = connection.headers.get("accept-language", "")
    weighed: list[tuple[float, Lang]] = []
    for part in asked.split(","):
        name, _, quality = part.strip().lower().partition(";q=")
        lang: Lang | None = "zh" if name[:2] == "zh" else "en" if name[:2] == "en" else None
        if lang:
            weighed.append((_weight(quality), lang))
    if not weighed:
        return default
    return max(weighed, key=lambda each: each[0])[1]


def _weight(quality: str) -> float:
    try:
        return float(quality) if quality else 1.0
    except ValueError:
        return 0.0
