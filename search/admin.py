"""The control plane of Meilisearch: indexes, their settings, rebuilds, keys, dumps.

The official client does what is done seldom. It blocks and is not made for threads, so each call
has a client of its own in a thread of its own; tasks are awaited by the connection of the data
plane, which can be cancelled.
"""

import asyncio
import hmac
import logging
import secrets
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from search.documents import SearchDocument
from search.meilisearch_http import MeilisearchConnection
from search.meilisearch_settings import MADE_BY, PRIMARY_KEY, settings
from search.meilisearch_writing import IndexWriter
from search.port import (
    DocumentRefused,
    DocumentsRefused,
    IndexMissing,
    IndexOutdated,
    SearchError,
    SearchUnavailable,
)

if TYPE_CHECKING:
    from meilisearch import Client

T = TypeVar("T")

# A change of settings indexes all documents again.
_TASK_LIMIT_S = 3_600.0
# The server makes one batch of what it is sent at once, and each batch costs half a second.
_DOCUMENTS_A_WRITE = 10_000
_TEMPORARY = "__new_"
_MOST_INDEXES = 1_000
# The order of these lists means something; that of all others does not.
_ORDERED = frozenset({"searchableAttributes", "rankingRules"})
# Raise the number with every change of the rights: those of a key can't be changed.
_KEYS_VERSION = 1
_KEYS_NAMESPACE = uuid.UUID("7f3f5c62-6f2c-4b3e-9a55-0d3b5f1f6c11")
_RIGHTS: dict[str, list[str]] = {
    # A search reads what it ranks. The index holds nothing that anyone may not know.
    "searcher": ["search", "documents.get"],
    "writer": ["search", "documents.*", "tasks.get", "indexes.get", "stats.get"],
    "admin": ["*"],
}
_log = logging.getLogger("duijie.search")


class IndexStats(msgspec.Struct, frozen=True):
    """`is_current` tells whether the index was made by this version of the product."""

    documents: int
    is_indexing: bool
    is_current: bool


class MeilisearchAdmin:
    """What is done to a server seldom, with the key that may do it.

    Methods raise SearchUnavailable when the server can't be reached, is too slow, or refuses the
    key. A call takes `timeout_s` at most, a task of the server an hour.
    """

    def __init__(self, url: str, key: str, *, timeout_s: float = 30.0) -> None:
        self._url = url
        self._key = key
        self._timeout_s = timeout_s

    async def prepare(self, index_uid: str) -> None:
        """Make sure that the index can be searched and written as this version does it.

        Settings that differ are sent, no others. What a rebuild that was cut off left behind is
        deleted: nobody else may be rebuilding this index. Raises IndexMissing, and IndexOutdated
        for an index of another version; `rebuild` helps in both cases.
        """
        await self._delete_temporaries(index_uid)
        held = await self._held_settings(index_uid)
        if not _is_current(held):
            raise IndexOutdated(f"The search index {index_uid} is of another version.")
        if differing := differences(held, settings()):
            await self._change(lambda client: client.index(index_uid).update_settings(differing))

    async def rebuild(self, index_uid: str, batches: AsyncIterator[list[SearchDocument]]) -> None:
        """Make the index anew of these documents, the old one searchable until it is swapped.

        Documents that no index can hold are left out and logged. A failure leaves the old index
        as it was, and raises what the batches raise.
        """
        new_uid = f"{index_uid}{_TEMPORARY}{secrets.token_hex(4)}"
        try:
            await self._create(new_uid)
            await self._fill(new_uid, batches)
            await self._swap(new_uid, index_uid)
        except BaseException:
            with suppress(SearchError):
                await asyncio.shield(self.drop(new_uid))
            raise
        await self.drop(new_uid)

    async def create_keys(self, prefix: str) -> dict[str, str]:
        """Make the keys for the indexes of a prefix: searcher, writer, admin → value.

        The key of this object must be the server's master key. Running it again is no error and
        gives the same keys.
        """
        for role in _RIGHTS:
            await self._call(partial(_create_key, prefix, role))
        return {role: key_value(self._key, key_uid(prefix, role)) for role in _RIGHTS}

    async def stats(self, index_uid: str) -> IndexStats:
        """Raises IndexMissing."""
        held = await self._held_settings(index_uid)
        told = await self._call(lambda client: client.index(index_uid).get_stats())
        return IndexStats(told.number_of_documents, told.is_indexing, _is_current(held))

    async def dump(self) -> str:
        """Let the server write a dump into its folder; the dump's name there."""
        task = await self._change(lambda client: client.create_dump())
        return str(task["details"]["dumpUid"])

    async def drop(self, index_uid: str) -> None:
        """Delete the index; one that is missing is no error."""
        with suppress(IndexMissing):
            await self._change(lambda client: client.delete_index(index_uid))

    async def _held_settings(self, index_uid: str) -> dict[str, Any]:
        held: dict[str, Any] = await self._call(
            lambda client: client.http.get(f"indexes/{index_uid}/settings")
        )
        return held

    async def _delete_temporaries(self, index_uid: str) -> None:
        path = f"indexes?limit={_MOST_INDEXES}"
        listed: dict[str, Any] = await self._call(lambda client: client.http.get(path))
        for found in listed["results"]:
            if found["uid"].startswith(f"{index_uid}{_TEMPORARY}"):
                await self.drop(found["uid"])

    async def _create(self, index_uid: str) -> None:
        await self._change(
            lambda client: client.create_index(index_uid, {"primaryKey": PRIMARY_KEY})
        )
        await self._change(lambda client: client.index(index_uid).update_settings(settings()))

    async def _fill(self, index_uid: str, batches: AsyncIterator[list[SearchDocument]]) -> None:
        async with self._connection() as connection:
            writer = IndexWriter(connection, index_uid)
            waiting: list[SearchDocument] = []
            async for batch in batches:
                waiting += batch
                if len(waiting) >= _DOCUMENTS_A_WRITE:
                    await _write(writer, waiting)
                    waiting = []
            await _write(writer, waiting)

    async def _swap(self, new_uid: str, index_uid: str) -> None:
        try:
            await self._call(lambda client: client.get_raw_index(index_uid))
        except IndexMissing:
            await self._create(index_uid)
        await self._change(lambda client: client.swap_indexes([{"indexes": [new_uid, index_uid]}]))

    async def _change(self, act: "Callable[[Client], Any]") -> dict[str, Any]:
        """Hand a change over and wait until its task succeeded; the task."""
        enqueued = await self._call(act)
        async with self._connection() as connection:
            await connection.wait(enqueued.task_uid)
            task: dict[str, Any] = await connection.read(
                "GET", f"/tasks/{enqueued.task_uid}", answer=dict
            )
        return task

    async def _call(self, act: "Callable[[Client], T]") -> T:
        return await asyncio.to_thread(self._called, act)

    def _called(self, act: "Callable[[Client], T]") -> T:
        # The client takes a third of a second to import, and few processes need it.
        from meilisearch import Client  # noqa: PLC0415
        from meilisearch.errors import MeilisearchApiError, MeilisearchError  # noqa: PLC0415
        from requests import RequestException  # noqa: PLC0415

        try:
            # The library says whole seconds and hands them to one that takes any number.
            return act(Client(self._url, self._key, timeout=self._timeout_s))  # type: ignore[arg-type]
        except MeilisearchApiError as error:
            raise _refusal(error) from error
        except (MeilisearchError, RequestException, ValueError, KeyError) as error:
            raise SearchUnavailable(f"The search engine can't be reached: {error}") from error

    def _connection(self) -> MeilisearchConnection:
        return MeilisearchConnection(
            self._url, self._key, timeout_s=self._timeout_s, task_timeout_s=_TASK_LIMIT_S
        )


def _refusal(error: Any) -> SearchError:
    if error.code == "index_not_found":
        return IndexMissing(f"The search index is missing: {error.message}")
    if error.code in ("invalid_api_key", "missing_authorization_header"):
        return SearchUnavailable(f"The search engine refuses the key: {error.message}")
    if error.code is None or error.status_code >= 500:
        return SearchUnavailable(f"The search engine does not answer: {error}")
    return SearchError(f"The search engine refuses: {error.message} ({error.code})")


def _is_current(held: dict[str, Any]) -> bool:
    marks = held.get("filterableAttributes", [])
    return any(
        MADE_BY in each.get("attributePatterns", []) for each in marks if isinstance(each, dict)
    )


def differences(held: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """The wanted settings that are not in force. Only of ordered lists the order counts."""
    return {
        name: value
        for name, value in wanted.items()
        if name not in held or _plain(held[name], name) != _plain(value, name)
    }


def _plain(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _plain(each, key) for key, each in value.items()}
    if isinstance(value, list) and name not in _ORDERED:
        return sorted((_plain(each) for each in value), key=msgspec.json.encode)
    return value


async def _write(writer: IndexWriter, documents: Sequence[SearchDocument]) -> None:
    """Write what can be written: one bad document must not keep a whole index from being made."""
    if not documents:
        return
    try:
        await writer.upsert(documents)
    except DocumentsRefused as error:
        _log.error("%s", error)
    except DocumentRefused as error:
        if len(documents) == 1:
            _log.error("%s", error)
            return
        middle = len(documents) // 2
        await _write(writer, documents[:middle])
        await _write(writer, documents[middle:])


def key_uid(prefix: str, role: str) -> str:
    """The fixed id of a key: the same for everyone who asks."""
    return str(uuid.uuid5(_KEYS_NAMESPACE, f"{_KEYS_VERSION}/{prefix}/{role}"))


def key_value(master_key: str, uid: str) -> str:
    """What the server makes of its master key and a key's id: HMAC-SHA256, in hexadecimal."""
    return hmac.digest(master_key.encode(), uid.encode(), "sha256").hex()


def _create_key(prefix: str, role: str, client: "Client") -> None:
    from meilisearch.errors import MeilisearchApiError  # noqa: PLC0415 - as in `_called`.

    try:
        client.create_key(
            {
                "uid": key_uid(prefix, role),
                "name": f"duijie {role}",
                "description": f"Duijie ({prefix or 'no prefix'}): {role}",
                "actions": _RIGHTS[role],
                # Dumps and swaps are of the whole server.
                "indexes": ["*"] if role == "admin" else [f"{prefix}*"],
                "expiresAt": None,
            }
        )
    except MeilisearchApiError as error:
        if error.code != "api_key_already_exists":
            raise
