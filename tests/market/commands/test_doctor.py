"""`duijie doctor`: what is wrong, and the way back."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import text, update

from market.accounts.models import Organisation
from market.db import Database, utc_now
from market.indexing.engines import open_indexes
from market.indexing.handlers import job_kinds
from market.jobs import INDEX, Job, enqueue
from market.settings import Settings
from market.sqlite import has_wal_reset_bug, library_version
from market.worker import Worker
from search.documents import SearchDocument
from tests.conftest import POSTGRESQL
from tests.market.accounts.factories import make_account
from tests.market.commands.runs import Duijie, DuijieOnMarket
from tests.market.indexing.factories import Row, announce, change, ids_of, jobs_of, post, run_jobs

on_sqlite = pytest.mark.skipif(bool(POSTGRESQL), reason="files of SQLite")
LIBRARY = "warning" if has_wal_reset_bug(library_version()) else "ok"
SOUND = (
    {"settings": "ok", "database": "ok", "migrations": "ok", "jobs": "ok"}
    if POSTGRESQL
    else {
        "settings": "ok",
        "database": "ok",
        "sqlite": LIBRARY,
        "integrity": "ok",
        "migrations": "ok",
        "jobs": "ok",
    }
)


@pytest.fixture
async def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(data_folder=tmp_path / "duijie-data", database_url=database_url)


@pytest.fixture
async def owner(database: Database) -> Organisation:
    organisation = (await make_account(database)).organisation
    assert organisation is not None
    return organisation


def levels(told: dict[str, Any]) -> dict[str, str]:
    return {finding["check"]: finding["level"] for finding in told["findings"]}


def details(told: dict[str, Any], check: str) -> dict[str, Any]:
    return next(each["details"] for each in told["findings"] if each["check"] == check)


async def examined(duijie: DuijieOnMarket, *arguments: str, code: int = 0) -> dict[str, Any]:
    """What the doctor tells with --json."""
    ran = await duijie("doctor", "--json", *arguments)
    assert (ran.code, ran.err) == (code, "")
    told: dict[str, Any] = msgspec.json.decode(ran.out)
    assert told["ok"] == (code == 0)
    return told


async def test_sound_installation_is_told_to_be_sound(duijie_on_market: DuijieOnMarket) -> None:
    assert levels(await examined(duijie_on_market)) == SOUND


@pytest.mark.parametrize(
    ("lang", "first"),
    [
        ("zh", "✓ 设置可用，数据文件夹：duijie-data"),
        ("en", "✓ The settings are fine; the data folder is duijie-data."),
    ],
)
async def test_people_get_a_line_for_each_finding(
    duijie_on_market: DuijieOnMarket, lang: str, first: str
) -> None:
    ran = await duijie_on_market("doctor", "--lang", lang)

    lines = ran.out.splitlines()
    assert (ran.code, lines[0], len(lines)) == (0, first, len(SOUND))


def test_wrong_settings_end_the_examination(
    duijie: Duijie, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUIJIE_PORT", "many")

    ran = duijie("doctor", "--json")

    told = msgspec.json.decode(ran.out)
    assert (ran.code, levels(told)) == (1, {"settings": "problem"})
    assert "DUIJIE_PORT" in told["findings"][0]["en"]


def test_missing_database_is_told_and_not_made(duijie: Duijie, folder: Path) -> None:
    ran = duijie("doctor", "--json")

    told = msgspec.json.decode(ran.out)
    assert (ran.code, levels(told)) == (1, {"settings": "ok", "database": "problem"})
    assert not (folder / "duijie-data").exists()


def test_database_that_does_not_answer_is_told(
    duijie: Duijie, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUIJIE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")

    ran = duijie("doctor", "--json")

    assert (ran.code, levels(msgspec.json.decode(ran.out))) == (
        1,
        {"settings": "ok", "database": "problem"},
    )


@on_sqlite
def test_file_that_is_no_database_is_told(
    duijie: Duijie, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "other.db").write_bytes(b"no database at all" * 100)
    monkeypatch.setenv("DUIJIE_DATABASE_URL", f"sqlite:///{folder / 'other.db'}")

    ran = duijie("doctor", "--json")

    assert (ran.code, levels(msgspec.json.decode(ran.out))) == (
        1,
        {"settings": "ok", "database": "problem"},
    )


async def test_missing_migrations_end_the_examination(
    duijie_on_market: DuijieOnMarket, database: Database
) -> None:
    async with database.writing() as session:
        await session.execute(text("DELETE FROM alembic_version"))

    told = await examined(duijie_on_market, "--index", code=1)

    before = {check: level for check, level in SOUND.items() if check != "jobs"}
    assert levels(told) == {**before, "migrations": "problem"}


@on_sqlite
async def test_rows_that_refer_to_nothing_are_told(
    duijie_on_market: DuijieOnMarket, database: Database, owner: Organisation
) -> None:
    await post(database, owner)
    async with database.engine.connect() as connection:
        raw = await connection.get_raw_connection()
        assert raw.driver_connection is not None
        await raw.driver_connection.execute("PRAGMA foreign_keys=OFF")
        await connection.execute(text("DELETE FROM organisations"))
        await connection.commit()

    told = await examined(duijie_on_market, code=1)

    assert details(told, "references") == {"rows": 2}


async def test_dead_jobs_are_told(duijie_on_market: DuijieOnMarket, database: Database) -> None:
    async with database.writing() as session:
        await enqueue(session, INDEX, {"kind": "result", "ids": []})
        await session.execute(update(Job).values(state="dead"))

    told = await examined(duijie_on_market, code=1)

    assert levels(told) == {**SOUND, "jobs": "problem"}
    assert details(told, "jobs") == {"dead": 1, "queued": 0, "waited_s": 0}


async def test_job_that_nobody_takes_is_told(
    duijie_on_market: DuijieOnMarket, database: Database
) -> None:
    async with database.writing() as session:
        await enqueue(session, INDEX, {"kind": "result", "ids": []})
        await session.execute(update(Job).values(run_at=utc_now() - timedelta(hours=1)))

    told = await examined(duijie_on_market, code=1)

    assert levels(told)["jobs"] == "problem"
    assert details(told, "jobs")["waited_s"] >= 3600


async def test_index_that_is_not_there_is_told(duijie_on_market: DuijieOnMarket) -> None:
    told = await examined(duijie_on_market, "--index", code=1)

    assert levels(told) == {**SOUND, "index.result": "problem", "index.need": "problem"}


@pytest.fixture
async def drifted(settings: Settings, database: Database, owner: Organisation) -> dict[str, Row]:
    """Results that drifted in every way; the needs are as they should be."""
    rows = {name: await post(database, owner) for name in ("stale", "surplus", "sound")}
    need = await post(database, owner, "need")
    async with open_indexes(settings, database, for_writing=True) as indexes:
        await announce(database, *rows.values())
        await announce(database, need)
        await run_jobs(settings, database, indexes)
        await indexes.results.upsert([SearchDocument(id="fremd", title="无主文档")])
    await change(database, rows["stale"], title="新标题")
    await change(database, rows["surplus"], status="withdrawn")
    return rows | {"missing": await post(database, owner)}


async def test_every_drift_is_told(
    duijie_on_market: DuijieOnMarket, drifted: dict[str, Row]
) -> None:
    told = await examined(duijie_on_market, "--index", code=1)

    assert levels(told) == {**SOUND, "index.result": "problem", "index.need": "ok"}
    wrong = ids_of([drifted["stale"], drifted["surplus"], drifted["missing"]])
    assert details(told, "index.result") == {
        "missing": 1,
        "stale": 1,
        "surplus": 2,
        "uncut": 2,
        "ids": sorted([*wrong, "fremd"]),
    }


async def test_repair_lets_the_worker_mend_the_index(
    duijie_on_market: DuijieOnMarket,
    settings: Settings,
    database: Database,
    drifted: dict[str, Row],
) -> None:
    first = await examined(duijie_on_market, "--repair")
    waiting = len(await jobs_of(database, INDEX))
    async with open_indexes(settings, database, for_writing=True) as indexes:
        await Worker(database, job_kinds(settings, database, indexes)).run_until_idle()
        held = await indexes.results.versions()

    again = await examined(duijie_on_market, "--index")

    assert levels(first) == {**SOUND, "index.result": "warning", "index.need": "ok"}
    assert waiting == 1
    assert held == {
        str(drifted["stale"].id): 2,
        str(drifted["sound"].id): 1,
        str(drifted["missing"].id): 1,
    }
    assert levels(again) == {**SOUND, "index.result": "ok", "index.need": "ok"}


@pytest.mark.usefixtures("drifted")
async def test_differences_are_told_in_one_sentence(duijie_on_market: DuijieOnMarket) -> None:
    zh = await duijie_on_market("doctor", "--index")
    en = await duijie_on_market("doctor", "--index", "--lang", "en")

    assert [ran.out.splitlines()[-2] for ran in (zh, en)] == [
        "✗ 成果索引与数据库不一致：缺 1，旧 1，多 2，未分词 2；加 --repair 修复",
        (
            "✗ The index of results differs from the database: "
            "1 missing, 1 stale, 2 surplus, 2 uncut; --repair mends it."
        ),
    ]
