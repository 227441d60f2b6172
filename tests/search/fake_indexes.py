"""The indexes of the fake server: documents, settings, and searches that rank nothing."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.search.fake_wire import (
    DEFAULT_SETTINGS,
    FETCH_FIELDS,
    SEARCH_FIELDS,
    Json,
    TaskError,
    allow,
    now,
)

_ID_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


class FakeIndexes:
    """What is stored. Changes raise TaskError, as the task that does them fails."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Json]] = {}
        self.settings: dict[str, Json] = {}
        self.primary_keys: dict[str, str | None] = {}
        self.poison: set[str] = set()

    def create(self, uid: str, primary_key: str | None) -> None:
        if uid in self.documents:
            raise TaskError("index_already_exists", f"Index `{uid}` already exists.")
        self.documents[uid] = {}
        self.settings[uid] = _copied(DEFAULT_SETTINGS)
        self.primary_keys[uid] = primary_key

    def existing(self, uid: str) -> dict[str, Json]:
        if uid not in self.documents:
            raise TaskError("index_not_found", f"Index `{uid}` not found.")
        return self.documents[uid]

    def drop(self, uid: str) -> None:
        self.existing(uid)
        for kept in (self.documents, self.settings, self.primary_keys):
            del kept[uid]

    def swap(self, pairs: Iterable[Sequence[str]]) -> None:
        for one, other in pairs:
            self.existing(one)
            self.existing(other)
        for one, other in pairs:
            for kept in (self.documents, self.settings, self.primary_keys):
                _exchange(kept, one, other)

    def change(self, uid: str, settings: Json) -> None:
        if uid not in self.documents:
            self.create(uid, None)
        for name, value in settings.items():
            before = self.settings[uid][name]
            if isinstance(value, dict) and isinstance(before, dict):
                self.settings[uid][name] = before | value
            else:
                default = _copied(DEFAULT_SETTINGS)[name]
                self.settings[uid][name] = default if value is None else value

    def add(self, uid: str, added: Sequence[Json], primary_key: str | None) -> None:
        if uid not in self.documents:
            self.create(uid, primary_key)
        key = self.primary_keys[uid] or primary_key or "id"
        self.primary_keys[uid] = key
        for document in added:
            self._check(document, key)
        self.documents[uid] |= {document[key]: document for document in added}

    def _check(self, document: Json, primary_key: str) -> None:
        if primary_key not in document:
            raise TaskError("missing_document_id", "Document doesn't have an id.")
        key = document[primary_key]
        if not isinstance(key, str) or not 0 < len(key) <= 511 or set(key) - _ID_CHARACTERS:
            raise TaskError("invalid_document_id", f"Document identifier `{key}` is invalid.")
        if not self.poison.isdisjoint((key, document.get("id", key))):
            raise TaskError("invalid_document_fields", f"Document `{key}` is poison.")

    def remove(self, uid: str, keys: Iterable[str]) -> None:
        documents = self.existing(uid)
        for key in keys:
            documents.pop(key, None)

    def described(self, uid: str) -> Json:
        times = {"createdAt": now(), "updatedAt": now()}
        return {"uid": uid, "primaryKey": self.primary_keys[uid]} | times

    def listed(self, query: Mapping[str, str]) -> Json:
        offset, limit = int(query.get("offset", 0)), int(query.get("limit", 20))
        uids = sorted(self.documents)
        page = [self.described(uid) for uid in uids[offset : offset + limit]]
        return {"results": page, "offset": offset, "limit": limit, "total": len(uids)}

    def stats(self, uid: str) -> Json:
        fields = Counter(name for each in self.documents[uid].values() for name in each)
        return {
            "numberOfDocuments": len(self.documents[uid]),
            "rawDocumentDbSize": 0,
            "avgDocumentSize": 0,
            "isIndexing": False,
            "numberOfEmbeddings": 0,
            "numberOfEmbeddedDocuments": 0,
            "fieldDistribution": dict(fields),
        }

    def fetched(self, uid: str, body: Json) -> Json:
        allow(body, FETCH_FIELDS)
        kept = self.documents[uid]
        keys = body.get("ids", kept)
        found = [kept[key] for key in keys if key in kept]
        offset, limit = body.get("offset", 0), body.get("limit", 20)
        page = [_some_of(each, body.get("fields")) for each in found[offset : offset + limit]]
        return {"results": page, "offset": offset, "limit": limit, "total": len(found)}

    def found(self, query: Json) -> Json:
        """Every document, whatever is asked: all equally good, in the order of their keys."""
        allow(query, SEARCH_FIELDS)
        documents = self.documents[query["indexUid"]]
        is_paged = "page" in query or "hitsPerPage" in query
        limit = query.get("hitsPerPage", 20) if is_paged else query.get("limit", 20)
        offset = (query.get("page", 1) - 1) * limit if is_paged else query.get("offset", 0)
        keys = sorted(documents)[offset : offset + limit]
        hits = [_some_of(documents[key], query.get("attributesToRetrieve")) for key in keys]
        if query.get("showRankingScore"):
            hits = [hit | {"_rankingScore": 1.0} for hit in hits]
        counted = (
            {
                "page": query.get("page", 1),
                "hitsPerPage": limit,
                "totalPages": -(-len(documents) // limit) if limit else 0,
                "totalHits": len(documents),
            }
            if is_paged
            else {"offset": offset, "limit": limit, "estimatedTotalHits": len(documents)}
        )
        facets = {name: dict[str, int]() for name in query.get("facets", ())}
        return {
            "indexUid": query["indexUid"],
            "hits": hits,
            "query": query.get("q", ""),
            "processingTimeMs": 0,
            **counted,
            **({"facetDistribution": facets, "facetStats": {}} if facets else {}),
        }


def _some_of(document: Json, fields: list[str] | None) -> Json:
    if fields is None or fields == ["*"]:
        return dict(document)
    return {name: document[name] for name in fields if name in document}


def _exchange(kept: dict[str, Any], one: str, other: str) -> None:
    kept[one], kept[other] = kept[other], kept[one]


def _copied(settings: Json) -> Json:
    copied: Json = json.loads(json.dumps(settings))
    return copied
