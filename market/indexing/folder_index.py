"""One embedded index in a folder, whatever becomes of the folder."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from search.documents import SearchDocument
from search.embedded import EmbeddedEngine
from search.embedded_writing import made_documents
from search.port import (
    Filters,
    Hit,
    IndexCorrupt,
    IndexOutdated,
    Neighbourhood,
    SearchError,
    SearchPage,
    SearchQuery,
    SearchUnavailable,
    WeightedTerm,
)
from search.synonyms import Synonyms

T = TypeVar("T")
_NO_FILTERS = Filters()


class FolderIndex:
    """A SearchEngine whose index may be missing, damaged, outdated, or made anew by another.

    Reading opens the index when it is there; until then, and while it can't be read, every call
    raises SearchUnavailable. Writing needs `open_for_writing` or `rebuild` first. All methods
    but the asynchronous ones block, and may be called from any thread.
    """

    def __init__(self, folder: Path, synonyms: Synonyms | None) -> None:
        self._folder = folder
        self._synonyms = synonyms
        self._engine: EmbeddedEngine | None = None
        self._is_writable = False
        self._is_damaged = False
        # Held for every write and every change of the engine: a write that has begun ends in the
        # index that it began in, before another one takes that one's place.
        self._writing = threading.Lock()

    @property
    def is_writable(self) -> bool:
        return self._is_writable

    def open_for_writing(self) -> None:
        """Raises IndexCorrupt and IndexOutdated, which `rebuild` mends, and IndexLocked."""
        with self._writing:
            if self._is_damaged:
                raise IndexCorrupt(f"The search index in {self._folder} could not be read.")
            self._engine = EmbeddedEngine.open(self._folder, writable=True, synonyms=self._synonyms)
            self._is_writable = True

    @property
    def is_there(self) -> bool:
        """Whether the folder holds anything, good or not."""
        return self._folder.exists()

    def rebuild(self, documents: Iterable[SearchDocument]) -> None:
        """Make the index anew and open it for writing; the old one answers until it is complete.

        Writes meanwhile raise SearchUnavailable. A failure leaves the old index as it was, open
        for reading.
        """
        self.finish_writing()
        engine = EmbeddedEngine.rebuild(self._folder, documents, synonyms=self._synonyms)
        with self._writing:
            self._engine = engine
            self._is_writable, self._is_damaged = True, False

    def finish_writing(self) -> None:
        with self._writing:
            self._is_writable = False
            if self._engine is not None:
                self._engine.finish_writing()

    def use_synonyms(self, synonyms: Synonyms | None) -> None:
        """From the next search on. Waits for nobody."""
        self._synonyms = synonyms
        engine = self._engine
        if engine is not None:
            engine.use_synonyms(synonyms)

    async def upsert(self, documents: Iterable[SearchDocument]) -> None:
        await asyncio.to_thread(self._upsert, documents)

    async def delete(self, ids: Iterable[str]) -> None:
        await asyncio.to_thread(self._write, lambda engine: engine.delete_now(ids))

    async def search(self, query: SearchQuery) -> SearchPage:
        return await self._read(lambda engine: engine.search_now(query))

    async def candidates(
        self, terms: Sequence[WeightedTerm], *, filters: Filters = _NO_FILTERS, limit: int = 200
    ) -> list[Hit]:
        return await self._read(
            lambda engine: engine.candidates_now(terms, filters=filters, limit=limit)
        )

    async def candidates_and_neighbours(
        self, terms: Sequence[WeightedTerm], neighbourhood: Neighbourhood, *, limit: int = 200
    ) -> list[Hit]:
        return await self._read(
            lambda engine: engine.candidates_and_neighbours_now(terms, neighbourhood, limit=limit)
        )

    async def suggest(self, typed: str, *, limit: int = 8) -> list[str]:
        return await self._read(lambda engine: engine.suggest_now(typed, limit=limit))

    async def versions(self) -> dict[str, int]:
        return await self._read(lambda engine: engine.versions_now())

    def _upsert(self, documents: Iterable[SearchDocument]) -> None:
        # Before the lock is taken: another write can be on its way meanwhile.
        made = made_documents(documents)
        self._write(lambda engine: engine.upsert_made(made))

    def _write(self, write: Callable[[EmbeddedEngine], None]) -> None:
        with self._writing:
            if self._engine is None or not self._is_writable:
                raise SearchUnavailable("This process does not write the search index now.")
            try:
                write(self._engine)
            except (SearchUnavailable, IndexCorrupt) as error:
                # What is wrong with the files is found out when the index is opened again.
                self._is_writable = False
                self._engine.finish_writing()
                raise SearchUnavailable(str(error)) from error

    async def _read(self, ask: Callable[[EmbeddedEngine], T]) -> T:
        return await asyncio.to_thread(self._answer, ask)

    def _answer(self, ask: Callable[[EmbeddedEngine], T]) -> T:
        """Asks once more after a failure: a rebuild takes old files from under who reads them."""
        engine = self._opened()
        try:
            return ask(engine)
        except (IndexCorrupt, IndexOutdated, SearchUnavailable):
            self._let_go(engine)
        engine = self._opened()
        try:
            return ask(engine)
        except (IndexCorrupt, IndexOutdated) as error:
            self._let_go(engine, is_damaged=True)
            raise SearchUnavailable(str(error)) from error

    def _opened(self) -> EmbeddedEngine:
        engine = self._engine
        if engine is not None:
            return engine
        with self._writing:
            if self._engine is None:
                self._engine = self._open_for_reading()
            return self._engine

    def _open_for_reading(self) -> EmbeddedEngine:
        try:
            return EmbeddedEngine.open(self._folder, writable=False, synonyms=self._synonyms)
        except SearchError as error:
            raise SearchUnavailable(str(error)) from error

    def _let_go(self, engine: EmbeddedEngine, *, is_damaged: bool = False) -> None:
        with self._writing:
            if self._engine is engine:
                self._is_writable, self._engine = False, None
                self._is_damaged = is_damaged
                engine.finish_writing()
