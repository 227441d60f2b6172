"""Exports that are interrupted: whoever holds the job last writes the file, once."""

import uuid
from typing import Any

import httpx
import pytest

from market.claiming import claim
from market.db import Database
from market.exchange import fair_folder
from market.exchange.import_work import Held
from market.fair_exports.models import FairExport, FairExportFile
from market.fair_exports.service import MAKE
from market.fair_exports.work import make_export
from market.jobs import ClaimedJob, LeaseLost
from tests.market.accounts.factories import rows
from tests.market.fairs.factories import Held as Fair
from tests.market.fairs.factories import hold_fair


@pytest.fixture
async def fair(client: httpx.AsyncClient, database: Database) -> Fair:
    return await hold_fair(client, database, "open")


async def ordered(fair: Fair, **form: Any) -> uuid.UUID:
    answer = await fair.post("exports", **form)
    assert answer.status_code == 202, answer.text
    return uuid.UUID(answer.json()["id"])


async def claimed(database: Database, *, lease_s: float = 60) -> ClaimedJob:
    async with database.writing() as session:
        (job,) = await claim(session, [MAKE], limit=1, lease_s=lease_s)
    return job


async def states(database: Database) -> list[tuple[str, int]]:
    return [(each.state, each.progress) for each in await rows(database, FairExport)]


async def test_worker_that_lost_its_job_writes_nothing(fair: Fair, database: Database) -> None:
    export_id = await ordered(fair, content="everything")
    slow = await claimed(database, lease_s=0)
    quick = await claimed(database)

    with pytest.raises(LeaseLost):
        await make_export(database, export_id, Held(slow, 60))
    assert await rows(database, FairExportFile) == []

    await make_export(database, export_id, Held(quick, 60))
    assert await states(database) == [("done", 100)]
    (first,) = await rows(database, FairExportFile)

    # The one that was slow comes back once more: what is done stays.
    with pytest.raises(LeaseLost):
        await make_export(database, export_id, Held(slow, 60))
    (after,) = await rows(database, FairExportFile)
    assert after.content == first.content


async def test_export_that_was_dropped_is_not_begun(fair: Fair, database: Database) -> None:
    export_id = await ordered(fair, content="workbook")
    job = await claimed(database)
    async with database.writing() as session:
        await session.delete(await session.get_one(FairExport, export_id))

    await make_export(database, export_id, Held(job, 60))

    assert await rows(database, FairExport) == []
    assert await rows(database, FairExportFile) == []


async def test_without_the_typesetter_pages_are_refused_with_the_way_to_get_it(
    fair: Fair, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_id = await ordered(fair, content="handbook")
    job = await claimed(database)
    # The worker's machine lacks what that of the web process has.
    monkeypatch.setattr(fair_folder, "can_set_pages", lambda: False)

    await make_export(database, export_id, Held(job, 60))

    (export,) = await rows(database, FairExport)
    assert export.state == "failed"
    assert export.problem
    assert all("duijie[fairs]" in export.problem[lang] for lang in ("zh", "en"))
    assert await rows(database, FairExportFile) == []
