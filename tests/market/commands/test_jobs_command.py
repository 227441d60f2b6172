"""`duijie jobs`: list, counts, retry and drop, and what they say when there is nothing to do."""

import asyncio
import io
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from market.db import Database, utc_now
from market.jobs import SOON, Job
from tests.market.commands.runs import Duijie, DuijieOnMarket, Ran
from tests.market.job_trials import change_jobs, put, rows, states

RUN_AT = datetime(2026, 10, 30, 22, 30, tzinfo=UTC)
NOT_THERE = "0190a6c4-0000-7000-8000-000000000000"
EVERY = ("list", "--json"), ("counts",), ("retry", "--all-dead"), ("drop", NOT_THERE, "--yes")


async def _stock(database: Database) -> list[str]:
    """A dead, a done, a running and a waiting job; their ids."""
    await put(database, 2, kind="index.sync", run_at=RUN_AT, priority=SOON)
    await put(database, 2, kind="imports.check", run_at=RUN_AT)
    ids = [job.id for job in await rows(database)]
    held = {"state": "running", "lease": uuid.uuid4(), "lease_until": utc_now() + timedelta(days=1)}
    await change_jobs(
        database,
        Job.id == ids[0],
        state="dead",
        attempts=8,
        error="ValueError: 坏了",
        done_at=RUN_AT,
    )
    await change_jobs(database, Job.id == ids[1], state="done", attempts=1, done_at=RUN_AT)
    await change_jobs(database, Job.id == ids[2], attempts=1, **held)
    return [str(job_id) for job_id in ids]


def _items(out: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = msgspec.json.decode(out)["items"]
    return items


async def test_list_tells_everything_of_a_job_as_json(
    database: Database, duijie_on_market: DuijieOnMarket
) -> None:
    ids = await _stock(database)

    ran = await duijie_on_market("jobs", "list", "--state", "dead", "--json")

    told = msgspec.json.decode(ran.out)
    created_at = told["items"][0].pop("created_at")
    assert (ran.code, ran.err) == (0, "")
    assert told == {
        "items": [
            {
                "id": ids[0],
                "kind": "index.sync",
                "payload": {"n": 0},
                "state": "dead",
                "priority": SOON,
                "attempts": 8,
                "max_attempts": 8,
                "run_at": "2026-10-30T22:30:00+00:00",
                "done_at": "2026-10-30T22:30:00+00:00",
                "error": "ValueError: 坏了",
            }
        ],
        "total": 1,
    }
    assert datetime.fromisoformat(created_at).tzinfo is not None


@pytest.mark.parametrize(
    ("options", "places", "total"),
    [
        ([], [3, 2, 1, 0], 4),
        (["--limit", "2"], [3, 2], 4),
        (["--kind", "index.sync"], [1, 0], 2),
        (["--kind", "index.sync", "--state", "done"], [1], 1),
        (["--kind", "unknown"], [], 0),
    ],
)
async def test_list_keeps_what_is_asked_for_and_tells_how_many_there_are(
    database: Database,
    duijie_on_market: DuijieOnMarket,
    options: list[str],
    places: list[int],
    total: int,
) -> None:
    ids = await _stock(database)

    ran = await duijie_on_market("jobs", "list", "--json", *options)

    assert [item["id"] for item in _items(ran.out)] == [ids[place] for place in places]
    assert msgspec.json.decode(ran.out)["total"] == total


async def test_list_for_people_has_a_line_for_each_job_even_in_a_pipe(
    database: Database, duijie_on_market: DuijieOnMarket
) -> None:
    ids = await _stock(database)

    ran = await duijie_on_market("jobs", "list", "--limit", "3")

    lines = ran.out.splitlines()
    assert [line.split()[:3] for line in lines[1:-1]] == [
        [ids[3], "imports.check", "queued"],
        [ids[2], "imports.check", "running"],
        [ids[1], "index.sync", "done"],
    ]
    assert lines[-1] == "显示 3 项，共 4 项 · 3 shown of 4"


async def test_list_shows_what_went_wrong(
    database: Database, duijie_on_market: DuijieOnMarket
) -> None:
    ids = await _stock(database)
    local = f"{RUN_AT.astimezone():%Y-%m-%d %H:%M:%S}"

    ran = await duijie_on_market("jobs", "list", "--state", "dead")

    assert ran.out.splitlines()[1].split() == [
        ids[0], "index.sync", "dead", "8/8", *local.split(), "ValueError:", "坏了",
    ]  # fmt: skip


async def test_empty_lists_say_so(duijie_on_market: DuijieOnMarket) -> None:
    listed = await duijie_on_market("jobs", "list")
    counted = await duijie_on_market("jobs", "counts")
    as_json = await duijie_on_market("jobs", "counts", "--json")

    assert (listed.code, listed.out) == (0, "没有这样的任务 · No such jobs.\n")
    assert (counted.code, counted.out) == (0, "没有任务 · There are no jobs.\n")
    assert msgspec.json.decode(as_json.out) == {"kinds": {}, "oldest_due_s": None}


async def test_counts_are_by_kind_and_state(
    database: Database, duijie_on_market: DuijieOnMarket
) -> None:
    await _stock(database)

    ran = await duijie_on_market("jobs", "counts")
    as_json = msgspec.json.decode((await duijie_on_market("jobs", "counts", "--json")).out)

    lines = [line.split() for line in ran.out.splitlines()]
    assert lines[:3] == [
        ["类别", "·", "Kind", "queued", "running", "done", "dead"],
        ["imports.check", "1", "1", "0", "0"],
        ["index.sync", "0", "0", "1", "1"],
    ]
    assert lines[3][0].startswith("等待最久：")
    assert as_json["kinds"] == {
        "imports.check": {"queued": 1, "running": 1},
        "index.sync": {"dead": 1, "done": 1},
    }
    assert as_json["oldest_due_s"] > 0


async def test_retry_brings_named_jobs_back(
    database: Database, duijie_on_market: DuijieOnMarket
) -> None:
    ids = await _stock(database)

    ran = await duijie_on_market("jobs", "retry", ids[0], ids[0])

    assert ran == (0, "将重新执行 1 项 · 1 to be tried again\n", "")
    assert [job.attempts for job in await rows(database)] == [0, 1, 1, 0]
    assert await states(database) == ["queued", "done", "running", "queued"]


async def test_retry_names_what_it_could_not_bring_back(
    database: Database, duijie_on_market: DuijieOnMarket
) -> None:
    ids = await _stock(database)

    ran = await duijie_on_market("jobs", "retry", ids[0], ids[1], ids[2], NOT_THERE)

    why = "不存在、正在执行或已完成 · not there, running, or done already"
    assert (ran.code, ran.out) == (1, "将重新执行 1 项 · 1 to be tried again\n")
    assert ran.err.splitlines() == [f"{each}：{why}" for each in (ids[1], ids[2], NOT_THERE)]
    assert await states(database) == ["queued", "done", "running", "queued"]


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ([], ["queued", "done", "running", "queued"]),
        (["--kind", "imports.check"], ["dead", "done", "running", "queued"]),
    ],
)
async def test_retry_of_all_dead_jobs_may_be_of_one_kind(
    database: Database, duijie_on_market: DuijieOnMarket, options: list[str], wanted: list[str]
) -> None:
    await _stock(database)

    ran = await duijie_on_market("jobs", "retry", "--all-dead", *options)

    assert ran.code == 0
    assert await states(database) == wanted


async def test_drop_takes_jobs_away(database: Database, duijie_on_market: DuijieOnMarket) -> None:
    ids = await _stock(database)

    ran = await duijie_on_market("jobs", "drop", ids[0], ids[2], "--yes")

    assert ran == (
        1,
        "已删除 1 项 · 1 dropped\n",
        f"{ids[2]}：不存在或正在执行 · not there, or running\n",
    )
    assert [str(job.id) for job in await rows(database)] == ids[1:]


@pytest.mark.parametrize(
    ("answer", "code", "left"), [("y\n", 0, 3), ("n\n", 130, 4), ("\n", 130, 4), ("", 130, 4)]
)
async def test_drop_asks_before_it_drops(
    database: Database,
    duijie_on_market: DuijieOnMarket,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    code: int,
    left: int,
) -> None:
    ids = await _stock(database)
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))

    ran = await duijie_on_market("jobs", "drop", ids[0])

    assert ran.code == code
    assert ran.err.startswith("删除 1 项任务 · Drop 1 jobs? [y/N]: ")
    assert len(await rows(database)) == left


@pytest.mark.parametrize(
    "arguments",
    [
        ("retry",),
        ("retry", NOT_THERE, "--all-dead"),
        ("retry", NOT_THERE, "--kind", "index.sync"),
        ("retry", "7"),
        ("drop", "seven", "--yes"),
        ("drop",),
        ("list", "--state", "lost"),
        ("list", "--limit", "0"),
    ],
)
async def test_request_that_makes_no_sense_is_a_usage_error(
    database: Database, duijie_on_market: DuijieOnMarket, arguments: tuple[str, ...]
) -> None:
    await _stock(database)

    ran = await duijie_on_market("jobs", *arguments)

    assert (ran.code, ran.out) == (2, "")
    assert await states(database) == ["dead", "done", "running", "queued"]


@pytest.mark.parametrize("arguments", EVERY)
async def test_missing_database_is_told_and_not_made(
    duijie_in_thread: DuijieOnMarket,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: tuple[str, ...],
) -> None:
    monkeypatch.setenv("DUIJIE_DATA_FOLDER", str(tmp_path / "nowhere"))

    ran = await duijie_in_thread("jobs", *arguments)

    assert (ran.code, ran.out) == (2, "")
    assert "There is no database yet: run duijie migrate" in ran.err
    assert not (tmp_path / "nowhere").exists()


async def test_database_without_tables_is_to_be_migrated_first(
    duijie_in_thread: DuijieOnMarket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "duijie.db").touch()
    monkeypatch.setenv("DUIJIE_DATA_FOLDER", str(tmp_path))

    ran = await duijie_in_thread("jobs", "list")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "错误 · Error: 数据库需要升级，请先运行 duijie migrate · "
        "The database is of an older version: run duijie migrate.\n"
    )


async def test_database_that_does_not_answer_is_told_in_one_sentence(
    duijie_in_thread: DuijieOnMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUIJIE_DATABASE_URL", "postgresql://nobody:geheim@127.0.0.1:1/nothing")

    ran = await duijie_in_thread("jobs", "list")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "错误 · Error: 数据库暂时不可用，请稍后再试 · "
        "The database can't answer just now; please try again.\n"
    )


@pytest.fixture
def duijie_in_thread(duijie: Duijie, monkeypatch: pytest.MonkeyPatch) -> DuijieOnMarket:
    """The command in a thread, where it may bring its own loop."""
    for name in ("DUIJIE_DATABASE_URL", "DUIJIE_DATA_FOLDER"):
        monkeypatch.delenv(name, raising=False)

    async def run(*arguments: str) -> Ran:
        return await asyncio.to_thread(duijie, *arguments)

    return run
