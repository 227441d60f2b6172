"""The work of `duijie reindex`."""

import asyncio
import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import select

from market.commands.databases import opened_database
from market.commands.progress import Steps
from market.db import Database
from market.errors import DuijieError
from market.indexing.engines import RECONCILE, Kind, upkeep_of
from market.indexing.handlers import REBUILD
from market.indexing.published import published_documents
from market.indexing.upkeep import Batches
from market.jobs import Job, enqueue
from market.settings import Settings

_NAMES: Mapping[Kind, tuple[str, str]] = {"result": ("成果", "results"), "need": ("需求", "needs")}
_LOOK_EVERY_S = 0.3


async def rebuild_indexes(
    settings: Settings, kinds: Sequence[Kind], steps: Steps
) -> dict[Kind, int]:
    """Make these indexes anew, here or by the worker that holds them; how many each holds then.

    Raises DuijieError when the worker failed for good.
    """
    async with opened_database(settings) as database:
        upkeep = upkeep_of(settings, database)
        try:
            for kind in kinds:
                if await upkeep.become_writer():
                    await upkeep.rebuild(kind, _documents(database, kind, steps))
                else:
                    await _let_the_worker(database, kind, steps)
            async with database.writing() as session:
                # What the database remembers of the texts may be outdated as well.
                await enqueue(session, RECONCILE, {})
            return {kind: len(await upkeep.of(kind).versions()) for kind in kinds}
        finally:
            await upkeep.close()


def _documents(database: Database, kind: Kind, steps: Steps) -> Batches:
    zh, en = _NAMES[kind]
    return published_documents(database, kind, steps.counter(f"重建{zh}索引", f"Indexing {en}"))


async def _let_the_worker(database: Database, kind: Kind, steps: Steps) -> None:
    mark = f"reindex:{uuid.uuid4()}"
    async with database.writing() as session:
        await enqueue(session, REBUILD, {"kind": kind}, dedupe=mark)
    zh, en = _NAMES[kind]
    tick = steps.counter(f"等待后台任务重建{zh}索引", f"Waiting for the worker to index {en}")
    looks = 0
    while not await _is_done(database, mark):
        looks += 1
        tick(looks)
        await asyncio.sleep(_LOOK_EVERY_S)


async def _is_done(database: Database, mark: str) -> bool:
    async with database.reading() as session:
        job = (await session.scalars(select(Job).where(Job.dedupe == mark))).first()
    if job is None or job.state == "dead":
        reason = job.error if job else "dropped"
        raise DuijieError(f"重建失败 · The rebuild failed: {reason}")
    return job.state == "done"
