"""The synonyms of this marketplace: the shipped lines, and those that administrators added."""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Protocol

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.viewer import Viewer
from market.db import Database, new_id
from market.errors import Conflict, FieldError, Invalid, NotFound, Unavailable
from market.matching.models import SynonymRow
from search.synonyms import Synonyms, checked_line, shipped_lines, shipped_synonyms

# How long an administrator waits until every process knows a new line.
FOLLOW_EVERY_S = 10.0
# All phrases of a line are linked with each other.
MOST_PHRASES = 30
# One character stands in too many words: a trigger of one would be found everywhere.
_SHORTEST_PHRASE = 2
_EXISTS = Conflict("synonyms_exist", "该同义词行已存在", "This line is there already.")
_log = logging.getLogger("duijie.synonyms")

# What tells that the lines changed: how many there are, and when the youngest was added.
_Mark = tuple[int, datetime | None]


class MarketplaceSynonyms:
    """All lines in one map, kept by this process until a line is added or removed."""

    def __init__(self) -> None:
        self._mark: _Mark = (0, None)
        self._map = shipped_synonyms()

    async def current(self, session: AsyncSession) -> Synonyms:
        """Costs one small query, unless the lines changed."""
        count, youngest = (
            await session.execute(select(func.count(), func.max(SynonymRow.created_at)))
        ).one()
        if (count, youngest) != self._mark:
            lines = await session.scalars(select(SynonymRow.line).order_by(SynonymRow.id))
            self._map = await asyncio.to_thread(_with_shipped, lines.all())
            self._mark = (count, youngest)
        return self._map


async def marketplace_synonyms(session: AsyncSession) -> Synonyms:
    """The map as it is now, read anew: for whoever needs it once."""
    return await MarketplaceSynonyms().current(session)


def _with_shipped(lines: Iterable[str]) -> Synonyms:
    own = tuple(lines)
    return Synonyms((*shipped_lines(), *own)) if own else shipped_synonyms()


class TakesSynonyms(Protocol):
    """A search engine that widens what is typed by synonyms."""

    def use_synonyms(self, synonyms: Synonyms) -> None: ...


async def follow_synonyms(
    database: Database,
    engines: Iterable[TakesSynonyms],
    *,
    wait: Callable[[], Awaitable[object]] = lambda: asyncio.sleep(FOLLOW_EVERY_S),
) -> None:
    """Keep the engines of this process at the lines in the database, until cancelled."""
    known, told, followers = MarketplaceSynonyms(), None, tuple(engines)
    while True:
        try:
            async with database.reading() as session:
                current = await known.current(session)
        except Unavailable as error:
            _log.warning("synonyms can't be read: %s", error)
        else:
            if current is not told:
                for engine in followers:
                    engine.use_synonyms(current)
                told = current
        await wait()


async def add_synonyms(
    session: AsyncSession, viewer: Viewer, line: str, note: str, now: datetime
) -> SynonymRow:
    """Add a line. Raises Invalid for a line that can't be read, Conflict for one that is there."""
    kept = _checked(line)
    if kept in shipped_lines():
        raise _EXISTS
    values = {
        "id": new_id(),
        "line": kept,
        "note": note,
        "created_by_id": viewer.user_id,
        "created_at": now,
    }
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    added: SynonymRow | None = await session.scalar(
        insert(SynonymRow)
        .values(values)
        .on_conflict_do_nothing(index_elements=["line"])
        .returning(SynonymRow)
    )
    if added is None:
        raise _EXISTS
    return added


def _checked(line: str) -> str:
    try:
        kept = checked_line(line)
    except ValueError:
        raise Invalid(
            FieldError(
                "#/line",
                "应为“=⇥词|词”（互为同义）或“>⇥词|词⇥词|词”（单向），⇥ 为制表符",
                "Must be “=⇥a|b” (equivalents) or “>⇥a|b⇥c|d” (one way), ⇥ being a tab.",
            )
        ) from None
    phrases = [phrase for cell in kept.split("\t")[1:] for phrase in cell.split("|")]
    if len(phrases) > MOST_PHRASES or min(map(len, phrases)) < _SHORTEST_PHRASE:
        raise Invalid(
            FieldError(
                "#/line",
                f"每行至多 {MOST_PHRASES} 个词，每个词至少 {_SHORTEST_PHRASE} 个字符",
                f"A line has at most {MOST_PHRASES} phrases, "
                f"each of {_SHORTEST_PHRASE} characters or more.",
            )
        )
    return kept


async def remove_synonyms(session: AsyncSession, synonyms_id: uuid.UUID | None) -> None:
    """Remove an added line; shipped ones stay. Raises NotFound."""
    removed = await session.execute(
        delete(SynonymRow).where(SynonymRow.id == synonyms_id).returning(SynonymRow.id)
    )
    if removed.first() is None:
        raise NotFound


async def added_synonyms(
    session: AsyncSession, after: uuid.UUID | None, *, limit: int
) -> list[SynonymRow]:
    """The added lines, the oldest first."""
    wanted = select(SynonymRow).order_by(SynonymRow.id).limit(limit)
    if after is not None:
        wanted = wanted.where(SynonymRow.id > after)
    return list(await session.scalars(wanted))
