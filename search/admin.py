"""The control plane of Meilisearch: indexes, settings, keys, rebuilds, dumps."""

from collections.abc import AsyncIterator

from search.documents import SearchDocument


class IndexStats:
    """To come."""


class MeilisearchAdmin:
    """What is done to a server seldom, with the key that may do it."""

    def __init__(self, url: str, key: str, *, timeout_s: float = 30.0) -> None:
        self._url = url
        self._key = key
        self._timeout_s = timeout_s

    async def prepare(self, index_uid: str) -> None:
        """Make the index if it is missing. Raises IndexOutdated when a rebuild is needed."""
        raise NotImplementedError

    async def rebuild(self, index_uid: str, batches: AsyncIterator[list[SearchDocument]]) -> None:
        """Make the index anew, the old one searchable meanwhile."""
        raise NotImplementedError

    async def create_keys(self, prefix: str) -> dict[str, str]:
        """Name of the key (searcher, writer, admin) → its value."""
        raise NotImplementedError

    async def stats(self, index_uid: str) -> IndexStats:
        raise NotImplementedError

    async def dump(self) -> str:
        raise NotImplementedError

    async def drop(self, index_uid: str) -> None:
        """Delete the index; one that is missing is no error."""
        raise NotImplementedError
