"""Imports that go wrong: files that can't be read, workers that die, jobs that never end."""

import asyncio
import zipfile
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select, update

from market.claiming import claim
from market.db import Database, new_id, utc_now
from market.exchange.handlers import job_kinds
from market.exchange.import_rows import CHUNK
from market.exchange.models import Import, ImportFile, ImportRow
from market.exchange.service import FILE_KEPT_DAYS, prune_imports
from market.indexing.engines import indexes_in_memory
from market.jobs import APPLY_IMPORT, CHECK_IMPORT, ClaimedJob, Job, LeaseLost, enqueue
from market.worker import Worker
from tests.market.exchange.files import RESULT_HEADERS, RESULT_ROW, workbook
from tests.market.exchange.importing import (
    EN,
    FILM,
    HEADERS,
    ROWS,
    SOLE,
    Importing,
    counts,
    csv_bytes,
)

SHEET = "xl/worksheets/sheet1.xml"


class Crash(Exception):
    """The power goes."""


def bomb(folder: Path) -> bytes:
    """A workbook of which one part grows a thousandfold."""
    plain = workbook(folder / "plain.xlsx", [RESULT_HEADERS, RESULT_ROW])
    buffer = BytesIO()
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name) if name != SHEET else b" " * 300_000_000)
    return buffer.getvalue()


def wide(_: Path) -> bytes:
    return ("成果名称" + ",x" * 1_000_000 + "\n甲\n").encode()


def garbage(_: Path) -> bytes:
    return bytes(range(256)) * 40


def no_title(_: Path) -> bytes:
    return "甲,乙\n1,2\n".encode()


@pytest.mark.parametrize(
    ("make", "name", "headers", "begins"),
    [
        (bomb, "x.xlsx", {}, "解压后过大"),
        (wide, "x.csv", {}, "第 1 行有 1000001 列，最多 1000 列"),
        (garbage, "x.xlsx", {}, "不是 Excel 工作簿"),
        (garbage, "x.xlsx", EN, "no Excel workbook"),
        (garbage, "x.csv", {}, "第 "),
        (garbage, "x.pdf", EN, "unknown format;"),
        (garbage, "x", {}, "不支持的格式"),
        (no_title, "x.csv", {}, "没有找到名称列"),
    ],
)
async def test_file_that_cannot_be_read_fails_with_the_reason(
    make: Any, name: str, headers: dict[str, str], begins: str, importing: Importing, tmp_path: Path
) -> None:
    told = await importing.checked_bytes(make(tmp_path), name=name)

    again = (await importing.get(f"/{told['id']}", **headers)).json()
    assert (told["state"], told["allowed_actions"]) == ("failed", ["cancel"])
    assert again["problem"].startswith(begins)
    assert await importing.rows(told["id"]) == []
    assert (await importing.delete(f"/{told['id']}")).status_code == 204


async def test_hostile_keys_and_values_are_stored_harmlessly(importing: Importing) -> None:
    row = {
        "成果编号": "R1",
        "成果名称": "甲",
        "a\x00b\x1f": "x",
        "=cmd": "=1+1",
        "报价": "八百\u2028",
    }

    refused = await importing.checked_bytes(msgspec.json.encode(row), name="x.jsonl")
    del row["报价"]
    applied = await importing.checked_bytes(msgspec.json.encode(row), name="x.jsonl")
    await importing.step(applied["id"], "apply")

    (told,) = await importing.rows(refused["id"])
    assert (told["code"], told["value"]) == ("money_unread", "八百")
    assert (await importing.listings())["甲"].extra == {"a b ": "x", "=cmd": "=1+1"}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (["编" * 171, *FILM[1:]], "id_too_long"),
        (["n" * 201, *FILM[1:]], "cell_too_long"),
        (["R1", "甲", "字" * 20_001, "", "", ""], "cell_too_long"),
    ],
)
async def test_what_no_listing_holds_is_refused(
    row: list[str], code: str, importing: Importing
) -> None:
    checked = await importing.checked([HEADERS, row, SOLE])

    assert [(each["line"], each["code"]) for each in await importing.rows(checked["id"])] == [
        (2, code),
        (3, None),
    ]


async def test_row_of_many_long_columns_is_refused(importing: Importing) -> None:
    more = [f"备注{n}" for n in range(20)]

    checked = await importing.checked([[*HEADERS, *more], [*FILM, *["字" * 5_000] * 20]])

    (row,) = await importing.rows(checked["id"])
    assert (row["code"], row["problem"]) == ("row_too_long", "整行内容超过 100000 字节")


async def work_and_crash(importing: Importing, *, units: int) -> None:
    """Do the jobs of imports in a process that dies before its next unit of work."""
    dying = Dying(importing.database, units)
    kinds = job_kinds(importing.settings, dying, indexes_in_memory())
    await Worker(importing.database, kinds).run_until_idle()


class Dying(Database):
    """A database whose process dies after so many units of work that write."""

    def __init__(self, real: Database, units: int) -> None:
        self._real, self._left = real, units

    def writing(self) -> Any:
        self._left -= 1
        if self._left < 0:
            raise Crash
        return self._real.writing()

    def reading(self) -> Any:
        return self._real.reading()


async def due_again(database: Database) -> None:
    """Failed jobs wait a while: not in a test."""
    async with database.writing() as session:
        await session.execute(
            update(Job).where(Job.state == "queued").values(run_at=utc_now() - timedelta(hours=1))
        )


def many(count: int) -> list[list[str]]:
    rows = (
        [f"R{n}", f"成果{n}", f"指标提高 {n}%，不增加设备，已完成中试。", "新材料", "", ""]
        for n in range(count)
    )
    return [HEADERS, *rows]


@pytest.mark.parametrize("units", [1, 3])
async def test_check_that_was_cut_short_begins_again(
    units: int, importing: Importing, database: Database
) -> None:
    sent = (await importing.send(csv_bytes(many(CHUNK + 5)))).json()
    await work_and_crash(importing, units=units)
    await due_again(database)

    await importing.work()

    told = await importing.read(sent["id"])
    assert (told["state"], told["counts"]) == ("checked", counts(created=CHUNK + 5))
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(ImportRow)) == CHUNK + 5


async def test_apply_that_was_cut_short_goes_on(importing: Importing, database: Database) -> None:
    told = await importing.checked(many(2 * CHUNK + 5), publishes=True)
    await importing.post(f"/{told['id']}/apply")
    await work_and_crash(importing, units=1)
    half = await importing.read(told["id"])
    await due_again(database)

    await importing.work()

    applied = await importing.read(told["id"])
    everything = 2 * CHUNK + 5
    assert (half["state"], half["rows_done"]) == ("applying", CHUNK)
    assert applied["state"] == "applied"
    assert applied["counts"] == counts(created=everything, published=everything)
    assert len(await importing.listings()) == everything
    assert [len(titles) for titles in await importing.announced()] == [CHUNK, CHUNK, 5]


async def test_two_imports_of_the_same_rows_at_once_make_each_listing_once(
    importing: Importing,
) -> None:
    first = await importing.checked(many(CHUNK + 5))
    second = await importing.checked(many(CHUNK + 5))
    for each in (first, second):
        await importing.post(f"/{each['id']}/apply")

    await asyncio.gather(importing.work(), importing.work())

    done = [await importing.read(each["id"]) for each in (first, second)]
    assert [each["state"] for each in done] == ["applied", "applied"]
    assert sum(each["counts"]["created"] for each in done) == CHUNK + 5
    assert sum(each["counts"]["unchanged"] for each in done) == CHUNK + 5
    assert len(await importing.listings()) == CHUNK + 5


async def test_undo_that_was_cut_short_goes_on(importing: Importing, database: Database) -> None:
    applied = await importing.applied(many(CHUNK + 5))
    await importing.post(f"/{applied['id']}/undo")
    await work_and_crash(importing, units=1)
    half = len(await importing.listings())
    await due_again(database)

    await importing.work()

    undone = await importing.read(applied["id"])
    assert half == 5
    assert undone["counts"] == counts(created=CHUNK + 5, deleted=CHUNK + 5)
    assert await importing.listings() == {}


@pytest.mark.parametrize(("kind", "steps"), [(CHECK_IMPORT, []), (APPLY_IMPORT, ["apply"])])
async def test_import_that_takes_its_worker_down_is_given_up(
    kind: str, steps: list[str], importing: Importing, database: Database
) -> None:
    sent = (await importing.send(csv_bytes(ROWS))).json()
    for step in steps:
        await importing.work()
        await importing.post(f"/{sent['id']}/{step}")
    async with database.writing() as session:
        await session.execute(update(Job).where(Job.kind == kind).values(attempts=3))

    await importing.work()

    told = await importing.read(sent["id"])
    assert (told["state"], told["problem"]) == (
        "failed",
        "多次尝试后仍未成功，请检查文件后重新导入",
    )
    assert told["allowed_actions"] == ["cancel"]
    assert await importing.listings() == {}


async def test_import_that_failed_half_way_can_be_undone(
    importing: Importing, database: Database
) -> None:
    told = await importing.checked(many(CHUNK + 5))
    await importing.post(f"/{told['id']}/apply")
    await work_and_crash(importing, units=1)
    await due_again(database)
    async with database.writing() as session:
        await session.execute(update(Job).where(Job.kind == APPLY_IMPORT).values(attempts=3))
    await importing.work()
    failed = await importing.read(told["id"])

    undone = await importing.step(told["id"], "undo")

    assert (failed["state"], failed["allowed_actions"]) == ("failed", ["undo"])
    assert (undone["state"], undone["problem"]) == ("undone", None)
    assert undone["counts"]["deleted"] == CHUNK
    assert await importing.listings() == {}


async def test_worker_that_lost_its_lease_changes_nothing(
    importing: Importing, database: Database
) -> None:
    told = await importing.checked(ROWS)
    await importing.post(f"/{told['id']}/apply")
    async with database.writing() as session:
        (job,) = await claim(session, [APPLY_IMPORT], limit=1, lease_s=60)
    stale = msgspec.structs.replace(job, lease=new_id())

    with pytest.raises(LeaseLost):
        await handled(importing, stale)

    assert (await importing.read(told["id"]))["state"] == "applying"
    assert await importing.listings() == {}


async def test_job_that_comes_late_is_finished_without_effect(
    importing: Importing, database: Database
) -> None:
    applied = await importing.applied([HEADERS, FILM])
    async with database.writing() as session:
        await session.execute(
            update(Job).where(Job.kind.in_((CHECK_IMPORT, APPLY_IMPORT))).values(state="queued")
        )

    await importing.work()

    assert await importing.read(applied["id"]) == applied
    assert len(await importing.listings()) == 1


async def handled(importing: Importing, job: ClaimedJob) -> None:
    kinds = job_kinds(importing.settings, importing.database, indexes_in_memory())
    await kinds[job.kind].handle([job])


async def test_files_and_forgotten_imports_are_pruned(
    importing: Importing, database: Database
) -> None:
    applied = await importing.applied([HEADERS, FILM])
    await importing.checked([HEADERS, SOLE])
    later = utc_now() + timedelta(days=FILE_KEPT_DAYS, seconds=60)
    earlier = later - timedelta(minutes=5)

    async with database.writing() as session:
        early = await prune_imports(session, earlier)
    async with database.writing() as session:
        pruned = await prune_imports(session, later)

    assert (early, pruned) == (0, 2)
    assert (await importing.get("")).json()["items"] == [applied]
    async with database.reading() as session:
        assert (await session.scalars(select(ImportFile.import_id))).all() == []
    assert (await importing.step(applied["id"], "undo"))["counts"]["deleted"] == 1


async def test_import_whose_job_was_dropped_fails_in_the_end(
    importing: Importing, database: Database
) -> None:
    sent = (await importing.send(csv_bytes(ROWS))).json()

    async with database.writing() as session:
        pruned = await prune_imports(session, utc_now() + timedelta(days=8))

    assert pruned == 1
    assert (await importing.read(sent["id"]))["state"] == "failed"


async def test_pruning_is_a_job(importing: Importing, database: Database) -> None:
    kinds = job_kinds(importing.settings, database, indexes_in_memory())
    async with database.writing() as session:
        old = utc_now() - timedelta(days=FILE_KEPT_DAYS + 1)
        session.add(
            Import(
                organisation_id=importing.account.user.organisation_id,
                user_id=importing.account.user.id,
                kind="result",
                file_name="x.csv",
                state="checked",
                created_at=old,
            )
        )
        await enqueue(session, "imports.prune", {})

    await Worker(database, kinds).run_until_idle()

    assert (await importing.get("")).json()["items"] == []
    async with database.reading() as session:
        assert await session.scalar(select(Job.state)) == "done"
