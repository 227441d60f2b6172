"""One writing process for the indexes on a server, whichever machine it runs on.

The engine knows no versions of its own: two writers could put an older listing over a newer one.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from sqlalchemy import or_, update
from sqlalchemy.dialects import postgresql, sqlite

from market.db import Database, time_of
from market.errors import Unavailable
from market.indexing.models import IndexWriter

LEASE_S = 30.0


class WriterLease:
    """Held by one process at a time, and by nobody soon after that process has died.

    `is_held` tells nothing that others could not overtake: it ends a third of the lease before
    the row does, by this process's own clock, which no other clock can move.
    """

    def __init__(self, database: Database, name: str, *, lease_s: float = LEASE_S) -> None:
        self._database = database
        self._name = name
        self._lease_s = lease_s
        self._me = uuid.uuid4()
        self._held_until_s = 0.0

    @property
    def is_held(self) -> bool:
        return time.monotonic() < self._held_until_s

    async def take(self) -> bool:
        """Whether it is ours from now on, for another term. Raises Unavailable."""
        asked_s = time.monotonic()
        async with self._database.writing() as session:
            now = time_of(session)
            is_sqlite = session.get_bind().dialect.name == "sqlite"
            insert = sqlite.insert if is_sqlite else postgresql.insert
            until = now + timedelta(seconds=self._lease_s)
            mine = await session.scalar(
                insert(IndexWriter)
                .values(name=self._name, holder=self._me, until=until)
                .on_conflict_do_update(
                    index_elements=["name"],
                    set_={"holder": self._me, "until": until},
                    where=or_(IndexWriter.holder == self._me, IndexWriter.until < now),
                )
                .returning(IndexWriter.name)
            )
        self._held_until_s = asked_s + self._lease_s * 2 / 3 if mine else 0.0
        return mine is not None

    async def give_back(self) -> None:
        """Let another process have it at once. A database that is away lets it run out."""
        self._held_until_s = 0.0
        with suppress(Unavailable):
            async with self._database.writing() as session:
                await session.execute(
                    update(IndexWriter)
                    .where(IndexWriter.name == self._name, IndexWriter.holder == self._me)
                    .values(until=time_of(session) - timedelta(seconds=1))
                )

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Prolong it during the block: a rebuild takes longer than a term."""
        beating = asyncio.create_task(self._beat(), name="keep the writer's lease")
        try:
            yield
        finally:
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._lease_s / 6)
            with suppress(Unavailable):
                await self.take()
