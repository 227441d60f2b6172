"""How the fake server's requests and answers look on the wire."""

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

Json = dict[str, Any]

SEARCH_FIELDS = frozenset(
    [
        "indexUid",
        "q",
        "offset",
        "limit",
        "page",
        "hitsPerPage",
        "filter",
        "sort",
        "distinct",
        "facets",
        "attributesToRetrieve",
        "attributesToCrop",
        "cropLength",
        "cropMarker",
        "attributesToHighlight",
        "highlightPreTag",
        "highlightPostTag",
        "showMatchesPosition",
        "matchingStrategy",
        "attributesToSearchOn",
        "rankingScoreThreshold",
        "locales",
        "hybrid",
        "vector",
        "retrieveVectors",
        "showRankingScore",
        "showRankingScoreDetails",
        "showPerformanceDetails",
    ]
)
FETCH_FIELDS = frozenset(["fields", "ids", "filter", "offset", "limit", "retrieveVectors", "sort"])
FACET_FIELDS = frozenset(
    ["facetName", "facetQuery", "q", "filter", "matchingStrategy", "attributesToSearchOn"]
)
KEY_FIELDS = frozenset(["uid", "name", "description", "actions", "indexes", "expiresAt"])
DEFAULT_SETTINGS: Json = {
    "displayedAttributes": ["*"],
    "searchableAttributes": ["*"],
    "filterableAttributes": [],
    "sortableAttributes": [],
    "rankingRules": [
        "words",
        "typo",
        "proximity",
        "attributeRank",
        "sort",
        "wordPosition",
        "exactness",
    ],
    "stopWords": [],
    "nonSeparatorTokens": [],
    "separatorTokens": [],
    "dictionary": [],
    "synonyms": {},
    "distinctAttribute": None,
    "proximityPrecision": "byWord",
    "typoTolerance": {
        "enabled": True,
        "minWordSizeForTypos": {"oneTypo": 5, "twoTypos": 9},
        "disableOnWords": [],
        "disableOnAttributes": [],
        "disableOnNumbers": False,
    },
    "faceting": {"maxValuesPerFacet": 100, "sortFacetValuesBy": {"*": "alpha"}},
    "pagination": {"maxTotalHits": 1000},
    "searchCutoffMs": None,
    "localizedAttributes": None,
    "facetSearch": True,
    "prefixSearch": "indexingTime",
    "embedders": {},
}


class Reply(NamedTuple):
    status: int
    body: bytes
    headers: Mapping[str, str] = {}


class Refused(Exception):
    """An answer in the envelope of errors."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.reply = json_reply(status, error_envelope(code, message or f"fake: {code}"))


class TaskError(Exception):
    """What lets a task fail."""

    def __init__(self, code: str, message: str, kind: str = "invalid_request") -> None:
        super().__init__(message)
        self.told = error_envelope(code, message) | {"type": kind}


def error_envelope(code: str, message: str) -> Json:
    return {"message": message, "code": code, "type": "invalid_request", "link": ""}


def json_reply(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, json.dumps(body, ensure_ascii=False).encode(), headers or {})


def parsed(headers: Mapping[str, str], body: bytes) -> Any:
    if not body:
        return {}
    kind = headers.get("content-type", "")
    try:
        if kind == "application/x-ndjson":
            return [json.loads(line) for line in body.splitlines() if line]
        if kind == "application/json":
            return json.loads(body)
    except ValueError as error:
        raise Refused(400, "malformed_payload", str(error)) from error
    raise Refused(415, "invalid_content_type", f"not a content type: {kind!r}")


def allow(body: Json, fields: Collection[str]) -> None:
    unknown = sorted(set(body) - set(fields))
    if unknown:
        raise Refused(400, "bad_request", f"Unknown field `{unknown[0]}`.")


def now() -> str:
    # The official client can't read times without fraction digits.
    return (datetime.now(UTC) + timedelta(microseconds=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
