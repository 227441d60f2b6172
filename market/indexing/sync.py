"""Index jobs: the index and the words of listings become what the rows say by now."""

import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from sqlalchemy import Row, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database
from market.indexing.engines import Indexes
from market.indexing.listed_documents import public_document, whole_document
from market.indexing.models import ListingWords
from market.jobs import (
    INDEX,
    NOW,
    REMATCH,
    SOON,
    TELL_OF_LISTINGS,
    ClaimedJob,
    enqueue_all,
    finish,
)
from market.listings.models import Listing
from market.listings.plain import IDS_A_STATEMENT, PLAIN, plain_rows
from search.documents import SearchDocument, document_words
from search.port import DocumentRefused, DocumentsRefused, SearchEngine
from search.text import PIPELINE_VERSION

# What is in memory, in one write of the index and in one transaction at most.
_IDS_A_GROUP = 2_000
IDS_AN_INDEX_JOB = 1_000
# What matching does in one unit of work: a job that is cut short begins anew.
_IDS_A_REMATCH_JOB = 20
_LISTINGS, _WORDS = Listing.__table__.c, ListingWords.__table__.c


class _Seen(NamedTuple):
    """The rows of one kind as they were read. `versions` has no entry for a row that is gone.

    `ids` are all that were asked for, `words` those of what was written to the index, `refused`
    what no index can hold, by id.
    """

    kind: str
    ids: list[uuid.UUID]
    versions: dict[uuid.UUID, int]
    words: list[dict[str, Any]]
    refused: dict[str, DocumentRefused]


async def sync_listings(database: Database, indexes: Indexes, jobs: Sequence[ClaimedJob]) -> None:
    """Do index jobs together: each listing that they name is written once, as it is now.

    A published listing is in the index afterwards, any other is not; matching and subscriptions
    hear of all of them. One that no index can hold gets a job of its own, which will end dead and
    tell why: the others are written. May run twice or late. Raises SearchUnavailable, and
    DocumentRefused for a job of one listing.
    """
    groups = list(_in_groups(jobs))
    for group in groups:
        seen = [
            await _sync_kind(database, indexes.of(kind), kind, ids)
            for kind, ids in _ids_by_kind(group).items()
        ]
        for each in seen:
            _refuse_alone(group, each)
        async with database.writing() as session:
            for each in seen:
                await _store_words(session, each.words)
                await _look_again(session, each)
                await _set_apart(session, each)
            if group is groups[-1]:
                await _pass_on(session, jobs)
                await finish(session, jobs)


def _in_groups(jobs: Sequence[ClaimedJob]) -> Iterator[list[ClaimedJob]]:
    group: list[ClaimedJob] = []
    size = 0
    for job in jobs:
        count = len(job.payload["ids"])
        if group and size + count > _IDS_A_GROUP:
            yield group
            group, size = [], 0
        group.append(job)
        size += count
    if group:
        yield group


def _ids_by_kind(jobs: Iterable[ClaimedJob]) -> dict[str, list[str]]:
    ids: dict[str, set[str]] = {}
    for job in jobs:
        ids.setdefault(job.payload["kind"], set()).update(job.payload["ids"])
    return {kind: sorted(found) for kind, found in ids.items()}


def _uuids(ids: Iterable[str]) -> list[uuid.UUID]:
    """Without those that no row can have: a repair may name what strayed into the index."""
    found = []
    for each in ids:
        with suppress(ValueError):
            found.append(uuid.UUID(each))
    return found


async def _sync_kind(
    database: Database, engine: SearchEngine, kind: str, ids: Sequence[str]
) -> _Seen:
    wanted = _uuids(ids)
    async with database.reading() as session:
        rows = await plain_rows(session, PLAIN[kind], wanted)
    published = [row for row in rows if row.status == "published"]
    words: list[dict[str, Any]] = []
    refused = await _write(engine, published, words) if published else {}
    published_ids = {str(row.id) for row in published}
    if gone := [listing_id for listing_id in ids if listing_id not in published_ids]:
        await engine.delete(gone)
    versions = {row.id: row.version for row in rows}
    return _Seen(kind, wanted, versions, words, refused)


async def _write(
    engine: SearchEngine, rows: Sequence[Row[Any]], words: list[dict[str, Any]]
) -> dict[str, DocumentRefused]:
    """Write all that can be written; what is refused is found by halves and told with its error."""
    cut: list[dict[str, Any]] = []
    try:
        await engine.upsert(_documents(rows, cut))
    except DocumentsRefused as error:
        # It has found them by itself, and written the others.
        words.extend(each for each in cut if str(each["listing_id"]) not in error.ids)
        return dict.fromkeys(error.ids, error)
    except DocumentRefused as error:
        if len(rows) == 1:
            return {str(rows[0].id): error}
        half = len(rows) // 2
        before = await _write(engine, rows[:half], words)
        return before | await _write(engine, rows[half:], words)
    words.extend(cut)
    return {}


def _documents(rows: Iterable[Row[Any]], words: list[dict[str, Any]]) -> Iterator[SearchDocument]:
    """What the index holds of each row, and its words for the score, which go to `words`.

    Made one by one while the engine reads them: that is in its thread, and it asks for the words
    of the same texts right after.
    """
    for row in rows:
        whole = whole_document(row)
        words.append(_words(row, whole))
        yield public_document(row, whole)


def _words(row: Row[Any], whole: SearchDocument) -> dict[str, Any]:
    return {
        "listing_id": row.id,
        "listing_version": row.version,
        "pipeline_version": PIPELINE_VERSION,
        "words": " ".join(document_words(whole)),
    }


async def _store_words(session: AsyncSession, rows: list[dict[str, Any]]) -> None:
    """Newer words stay: a late writer must not put older ones in their place."""
    if not rows:
        return
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    adding = insert(ListingWords.__table__)  # type: ignore[arg-type]
    new = adding.excluded
    await session.execute(
        adding.on_conflict_do_update(
            index_elements=["listing_id"],
            set_={
                "listing_version": new.listing_version,
                "pipeline_version": new.pipeline_version,
                "words": new.words,
            },
            where=_WORDS.listing_version <= new.listing_version,
        ),
        sorted(rows, key=lambda row: row["listing_id"]),
    )


async def _look_again(session: AsyncSession, seen: _Seen) -> None:
    """Index once more what changed since it was read.

    The job of that change may have run before this one wrote, so it can't be counted on.
    """
    present: dict[uuid.UUID, int] = {}
    for some in _in_parts(seen.ids):
        # The kind is looked at here: in the statement it would lead SQLite to the index of
        # kinds, with a look at the listing itself for its version all the same.
        rows = await session.execute(
            select(_LISTINGS.id, _LISTINGS.kind, _LISTINGS.version).where(_LISTINGS.id.in_(some))
        )
        present |= {row.id: row.version for row in rows if row.kind == seen.kind}
    changed = [each for each in seen.ids if present.get(each) != seen.versions.get(each)]
    await index_again(session, seen.kind, map(str, changed), priority=NOW)


def _refuse_alone(jobs: Sequence[ClaimedJob], seen: _Seen) -> None:
    """Fail, where a job is of nothing but what was refused: among others it is run again alone."""
    for job in jobs:
        ids = job.payload["ids"]
        if job.payload["kind"] == seen.kind and len(ids) == 1 and ids[0] in seen.refused:
            raise seen.refused[ids[0]]


async def _set_apart(session: AsyncSession, seen: _Seen) -> None:
    for listing_id in seen.refused:
        await index_again(session, seen.kind, [listing_id])


async def index_again(
    session: AsyncSession, kind: str, ids: Iterable[str], *, priority: int = SOON
) -> None:
    """Enqueue index jobs for these listings in this unit of work."""
    payloads = [
        {"kind": kind, "ids": list(some)} for some in _in_parts(sorted(ids), IDS_AN_INDEX_JOB)
    ]
    await enqueue_all(session, INDEX, payloads, priority=priority)


async def _pass_on(session: AsyncSession, jobs: Sequence[ClaimedJob]) -> None:
    """Let the listings be matched anew, and told to those who look for them.

    As urgent as the change was; a listing that several jobs name is passed on once.
    """
    asked: set[str] = set()
    ids_of: dict[tuple[int, str], list[str]] = {}
    for job in sorted(jobs, key=lambda job: job.priority):
        new = [each for each in job.payload["ids"] if each not in asked]
        ids_of.setdefault((job.priority, job.payload["kind"]), []).extend(new)
        asked.update(new)
    for (priority, kind), ids in ids_of.items():
        payloads = [
            {"kind": kind, "ids": list(some)} for some in _in_parts(ids, _IDS_A_REMATCH_JOB)
        ]
        await enqueue_all(session, REMATCH, payloads, priority=priority)
        await enqueue_all(session, TELL_OF_LISTINGS, payloads, priority=priority)


def _in_parts(ids: Sequence[Any], size: int = IDS_A_STATEMENT) -> Iterator[Sequence[Any]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


async def index_organisation(
    session: AsyncSession, organisation_id: uuid.UUID, kinds: Collection[str]
) -> None:
    """Index all published listings of an organisation again: its name stands in them."""
    for kind in kinds:
        ids = await session.scalars(
            select(Listing.id).where(
                Listing.organisation_id == organisation_id,
                Listing.kind == kind,
                Listing.status == "published",
            )
        )
        await index_again(session, kind, map(str, ids))
