"""The one writer of an embedded index."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain, count, islice
from typing import NamedTuple

from tantivy import Document, Index, IndexWriter

from search.documents import SearchDocument
from search.embedded_schema import index_document, number_document
from search.embedded_snapshot import Snapshot
from search.port import IndexLocked, SearchUnavailable
from search.text import clean

_HEAP_BYTES = 128_000_000
# A made document takes some 10 KB.
_MADE_AHEAD = 2_000


class MadeDocument(NamedTuple):
    """A document as tantivy takes it, but for the number of its writing."""

    id: str
    made: Document


def made_documents(documents: Iterable[SearchDocument]) -> Iterator[MadeDocument]:
    """The first 2,000 made at once, any others when they are taken.

    That is most of the work of a write, and needs no lock of the index. Raises DocumentRefused,
    and what the iterable raises.
    """
    making = (MadeDocument(each.id, index_document(each)) for each in documents)
    ahead = list(islice(making, _MADE_AHEAD))
    return chain(ahead, making)


class IndexWriting:
    """Holds the writer's lock of an index until `close`. Raises IndexLocked when it is taken."""

    def __init__(self, index: Index, snapshot: Snapshot) -> None:
        self._index = index
        self._one_at_a_time = threading.Lock()
        self._writer: IndexWriter | None = open_writer(index)
        self._known_ids = snapshot.known_ids
        # Writing numbers start at the clock: a number that a reader remembers is never given
        # to another document, not even after the documents with the highest were deleted.
        self._numbers = count(max(snapshot.highest_number() + 1, time.time_ns()))

    def upsert(self, documents: Iterable[MadeDocument]) -> None:
        def write(writer: IndexWriter) -> None:
            for document_id, made in documents:
                self._number(document_id, made)
                _replace(writer, document_id, made)

        self._commit(write)

    def add_candidates(self, documents: Iterable[tuple[SearchDocument, Sequence[str]]]) -> None:
        def write(writer: IndexWriter) -> None:
            for document, words in documents:
                made = index_document(document, words=words)
                self._number(document.id, made)
                _add(writer, made)

        self._commit(write)

    def _number(self, document_id: str, made: Document) -> None:
        number = next(self._numbers)
        number_document(made, number)
        self._known_ids[number] = document_id

    def delete(self, ids: Iterable[str]) -> None:
        def write(writer: IndexWriter) -> None:
            for document_id in ids:
                writer.delete_documents_by_term("id", clean(document_id))

        self._commit(write)

    def _commit(self, write: Callable[[IndexWriter], None]) -> None:
        with self._one_at_a_time:
            writer = self._writer or open_writer(self._index)
            # Until the commit is done the writer holds half a batch, which must not get into
            # the next commit.
            self._writer = None
            try:
                write(writer)
                _commit(writer)
            except BaseException:
                with suppress(ValueError):
                    writer.rollback()
                    self._writer = writer
                raise
            self._writer = writer

    def close(self) -> None:
        with self._one_at_a_time:
            if self._writer:
                self._writer.wait_merging_threads()
            self._writer = None


def _replace(writer: IndexWriter, document_id: str, made: Document) -> None:
    # Into an empty index too: there it costs nothing that can be measured, and a batch may
    # hold an id twice.
    try:
        writer.delete_documents_by_term("id", document_id)
    except (ValueError, OSError) as error:
        raise SearchUnavailable(f"The search index can't be written: {error}.") from error
    _add(writer, made)


def _add(writer: IndexWriter, made: Document) -> None:
    try:
        writer.add_document(made)
    except (ValueError, OSError) as error:
        raise SearchUnavailable(f"The search index can't be written: {error}.") from error


def _commit(writer: IndexWriter) -> None:
    try:
        writer.commit()
    except (ValueError, OSError) as error:
        raise SearchUnavailable(f"The search index can't be written: {error}.") from error


def open_writer(index: Index) -> IndexWriter:
    """Raises IndexLocked when another engine has it."""
    try:
        # One thread: segments and so equal scores come out alike from run to run.
        return index.writer(heap_size=_HEAP_BYTES, num_threads=1)
    except ValueError as error:
        if "LockBusy" in str(error):
            raise IndexLocked("Another process writes to this search index.") from error
        raise SearchUnavailable(f"The search index can't be written: {error}.") from error
