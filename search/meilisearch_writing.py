"""Writes to a Meilisearch index, in batches; a bad document is found by halves."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from search.documents import SearchDocument
from search.meilisearch_codes import key_of
from search.meilisearch_documents import stored_document
from search.meilisearch_http import MeilisearchConnection, TaskFailed
from search.meilisearch_settings import PRIMARY_KEY
from search.port import DocumentsRefused, SearchUnavailable

_encoder = msgspec.json.Encoder()
# The server takes 100 MB a request; a smaller one keeps its memory and ours small.
_BATCH_BYTES = 24_000_000
_KEYS_A_BATCH = 10_000
# So many tasks may fail in the search for bad documents; if more do, documents are not at fault.
_MOST_FAILURES = 200


class _Line(msgspec.Struct, frozen=True):
    """A document as it is sent."""

    id: str
    content: bytes


class IndexWriter:
    """Writes one index. Every method returns when the next search sees what was written."""

    def __init__(self, connection: MeilisearchConnection, index_uid: str) -> None:
        self._connection = connection
        self._documents_path = f"/indexes/{index_uid}/documents"

    async def upsert(self, documents: Iterable[SearchDocument]) -> None:
        """Write the documents, the last of each id; those of one batch are seen at once.

        All are read first, so that a failure of theirs writes nothing. Raises DocumentRefused
        before anything is written, DocumentsRefused after everything else is.
        """
        lines = await asyncio.to_thread(_lines, documents)
        refused: list[str] = []
        for batch in _batches(lines):
            refused += await self._write(batch, _Patience())
        if refused:
            shown = ", ".join(refused[:10])
            raise DocumentsRefused(
                f"The search engine refuses {len(refused)} documents: {shown}", tuple(refused)
            )

    async def _write(self, lines: Sequence[_Line], patience: "_Patience") -> list[str]:
        """Ids of the documents that could not be written."""
        content = b"\n".join(line.content for line in lines)
        path = f"{self._documents_path}?primaryKey={PRIMARY_KEY}"
        try:
            await self._connection.write_lines(path, content)
        except TaskFailed as error:
            patience.bear(error)
        else:
            return []
        if len(lines) == 1:
            return [lines[0].id]
        middle = len(lines) // 2
        first = await self._write(lines[:middle], patience)
        return first + await self._write(lines[middle:], patience)

    async def delete(self, ids: Iterable[str]) -> None:
        """Unknown ids are no error."""
        keys = list(dict.fromkeys(map(key_of, ids)))
        for start in range(0, len(keys), _KEYS_A_BATCH):
            batch = keys[start : start + _KEYS_A_BATCH]
            path = f"{self._documents_path}/delete-batch"
            await self._connection.write("POST", path, batch)


class _Patience:
    """Ends the search for bad documents where it is plain that all fail alike."""

    def __init__(self) -> None:
        self._failures = 0

    def bear(self, error: TaskFailed) -> None:
        self._failures += 1
        if error.is_fault_of_server or self._failures > _MOST_FAILURES:
            raise SearchUnavailable(str(error)) from error


def _lines(documents: Iterable[SearchDocument]) -> list[_Line]:
    last = {document.id: document for document in documents}
    return [_Line(each.id, _encoder.encode(stored_document(each))) for each in last.values()]


def _batches(lines: Iterable[_Line]) -> Iterator[list[_Line]]:
    batch: list[_Line] = []
    size = 0
    for line in lines:
        if batch and size + len(line.content) > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line.content)
    if batch:
        yield batch
