"""What `duijie doctor` looks at: settings, database, jobs, indexes."""

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import msgspec
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from market.db import Database, utc_now
from market.errors import DuijieError, SettingsRefused, Unavailable
from market.indexing.drift import Drift, compare, repair
from market.indexing.engines import KINDS, Indexes, Kind, open_indexes
from market.job_upkeep import count_jobs, oldest_due_at
from market.migrating import pending
from market.settings import Settings, settings_from
from market.sqlite import has_wal_reset_bug, library_version
from search.port import SearchEngine, SearchError

Level = Literal["ok", "warning", "problem"]

# A due job that nobody took for so long: most likely no worker runs.
_LONGEST_WAIT = timedelta(minutes=10)
_KINDS_ZH: Mapping[Kind, str] = {"result": "成果", "need": "需求"}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in one place. `details` are for machines."""

    check: str
    level: Level
    zh: str
    en: str
    details: dict[str, Any] = {}


async def examine(*, looks_at_index: bool, repairs: bool) -> AsyncIterator[Finding]:
    """Each finding as soon as it is made; what can't be looked at ends the examination."""
    try:
        settings = settings_from(os.environ)
    except SettingsRefused as refused:
        yield _problem("settings", f"设置有误：{refused}", f"Wrong settings: {refused}")
        return
    yield _ok(
        "settings",
        f"设置可用，数据文件夹：{settings.data_folder}",
        f"The settings are fine; the data folder is {settings.data_folder}.",
    )
    database = Database(settings.url_of_database, pool_size=settings.database_pool_size)
    try:
        async for finding in _of_database(database):
            yield finding
            if finding.check in {"database", "migrations"} and finding.level == "problem":
                return
        yield await _of_jobs(database)
        if looks_at_index:
            async for finding in _of_indexes(settings, database, repairs=repairs):
                yield finding
    except (Unavailable, SQLAlchemyError) as failure:
        reason = failure.__cause__ or failure
        yield _problem("database", f"数据库不可用：{reason}", f"The database fails: {reason}")
    finally:
        await database.close()


async def _of_database(database: Database) -> AsyncIterator[Finding]:
    path = make_url(database.url).database or ""
    if database.is_sqlite and not _is_file(path):
        yield _problem(
            "database",
            f"{path}：还没有数据库，请先运行 duijie migrate",
            f"{path}: there is no database yet: run duijie migrate.",
        )
        return
    async with database.reading() as session:
        await session.execute(text("SELECT 1"))
    yield _ok("database", "数据库可以连接", "The database answers.")
    if database.is_sqlite:
        yield _of_library()
        async for finding in _of_file(database):
            yield finding
    yield await _of_migrations(database)


def _is_file(path: str) -> bool:
    """SQLite would make an empty file of any path that it is given."""
    return Path(path).is_file()


def _of_library() -> Finding:
    version = ".".join(map(str, library_version()))
    if has_wal_reset_bug(library_version()):
        return _warning(
            "sqlite",
            f"SQLite {version} 在多个连接同时写入时可能丢失数据，请升级到 3.51.3 或更高版本",
            f"SQLite {version} may lose commits when two connections write at once "
            "(https://sqlite.org/wal.html#walresetbug): take 3.51.3 or later.",
            version=version,
        )
    return _ok("sqlite", f"SQLite {version}", f"SQLite {version}.", version=version)


async def _of_file(database: Database) -> AsyncIterator[Finding]:
    async with database.reading() as session:
        damage = (await session.scalars(text("PRAGMA quick_check(5)"))).all()
        broken = (await session.execute(text("PRAGMA foreign_key_check"))).all()
    if list(damage) == ["ok"]:
        yield _ok("integrity", "数据库文件完好", "The database file is sound.")
    else:
        yield _problem(
            "integrity",
            f"数据库文件已损坏，请从备份恢复：{'；'.join(map(str, damage))}",
            f"The database file is damaged: restore a backup. {'; '.join(map(str, damage))}",
        )
    if broken:
        yield _problem(
            "references",
            f"{len(broken)} 行引用了不存在的行",
            f"{len(broken)} rows refer to rows that are not there.",
            rows=len(broken),
        )


async def _of_migrations(database: Database) -> Finding:
    try:
        missing = await pending(database)
    except DuijieError as refused:
        return _problem("migrations", str(refused), str(refused))
    if missing:
        return _problem(
            "migrations",
            f"数据库需要升级，请运行 duijie migrate（缺 {'、'.join(missing)}）",
            f"The database is of an older version: run duijie migrate ({', '.join(missing)}).",
            missing=missing,
        )
    return _ok("migrations", "数据库是本版本的", "The database is of this version.")


async def _of_jobs(database: Database) -> Finding:
    now = utc_now()
    async with database.reading() as session:
        counts = await count_jobs(session)
        oldest = await oldest_due_at(session, now)
    dead = sum(of_kind.get("dead", 0) for of_kind in counts.values())
    queued = sum(of_kind.get("queued", 0) for of_kind in counts.values())
    waited_s = 0 if oldest is None else int((now - oldest).total_seconds())
    told = {"dead": dead, "queued": queued, "waited_s": waited_s}
    if dead:
        return _problem(
            "jobs",
            f"{dead} 个任务多次失败后停止：duijie jobs list --state dead",
            f"{dead} jobs failed for good: duijie jobs list --state dead.",
            **told,
        )
    if waited_s > _LONGEST_WAIT.total_seconds():
        return _problem(
            "jobs",
            f"有任务已等待 {waited_s // 60} 分钟：后台任务进程在运行吗？",
            f"A job has waited for {waited_s // 60} minutes: does a worker run?",
            **told,
        )
    return _ok("jobs", f"{queued} 个任务在等待", f"{queued} jobs wait.", **told)


async def _of_indexes(
    settings: Settings, database: Database, *, repairs: bool
) -> AsyncIterator[Finding]:
    async with open_indexes(settings, database, for_writing=False) as indexes:
        for kind, name, engine in _copies(indexes):
            try:
                drift = await compare(database, engine, kind)
            except SearchError as error:
                yield _problem(
                    name,
                    f"{_KINDS_ZH[kind]}索引不可用：请启动后台任务，或运行 duijie reindex。{error}",
                    f"The index of {kind}s can't be read: start a worker, or run "
                    f"duijie reindex. {error}",
                )
                continue
            if drift.ids and repairs:
                await repair(database, kind, drift)
            yield _of_drift(kind, name, drift, is_repaired=repairs)


def _copies(indexes: Indexes) -> Iterator[tuple[Kind, str, SearchEngine]]:
    """Each index with the name of its check; one that stands in for another has its own."""
    for kind in KINDS:
        for place, engine in enumerate(indexes.copies_of(kind)):
            yield kind, f"index.{kind}.fallback" if place else f"index.{kind}", engine


def _of_drift(kind: Kind, name: str, drift: Drift, *, is_repaired: bool) -> Finding:
    told = {
        "missing": len(drift.missing),
        "stale": len(drift.stale),
        "surplus": len(drift.surplus),
        "uncut": len(drift.uncut),
        "ids": sorted(drift.ids),
    }
    if not drift.ids:
        return _ok(
            name,
            f"{_KINDS_ZH[kind]}索引与数据库一致",
            f"The index of {kind}s agrees with the database.",
            **told,
        )
    zh = (
        f"{_KINDS_ZH[kind]}索引与数据库不一致：缺 {len(drift.missing)}，旧 {len(drift.stale)}，"
        f"多 {len(drift.surplus)}，未分词 {len(drift.uncut)}"
    )
    en = (
        f"The index of {kind}s differs from the database: {len(drift.missing)} missing, "
        f"{len(drift.stale)} stale, {len(drift.surplus)} surplus, {len(drift.uncut)} uncut"
    )
    if is_repaired:
        return _warning(
            name, f"{zh}；已交给后台任务修复", f"{en}; the worker will mend it.", **told
        )
    return _problem(name, f"{zh}；加 --repair 修复", f"{en}; --repair mends it.", **told)


def _ok(check: str, zh: str, en: str, **details: Any) -> Finding:
    return Finding(check=check, level="ok", zh=zh, en=en, details=details)


def _warning(check: str, zh: str, en: str, **details: Any) -> Finding:
    return Finding(check=check, level="warning", zh=zh, en=en, details=details)


def _problem(check: str, zh: str, en: str, **details: Any) -> Finding:
    return Finding(check=check, level="problem", zh=zh, en=en, details=details)
