"""`duijie jobs`: what the worker has to do, and what became of it."""

import asyncio
import json
import os
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy.ext.asyncio import AsyncSession

from market.commands.databases import opened_database
from market.db import utc_now
from market.errors import EXIT_FAILED, UsageRefused
from market.job_upkeep import (
    count_jobs,
    drop_jobs,
    listed_jobs,
    oldest_due_at,
    retry_dead_jobs,
    retry_jobs,
)
from market.jobs import Job, State
from market.settings import settings_from

T = TypeVar("T")
STATES = ("queued", "running", "done", "dead")
_ERROR_SHOWN = 200
_WIDTH_OF_A_PIPE = 1_000
_as_json = click.option("--json", "as_json", is_flag=True, help="输出 JSON · print JSON")


@click.group()
def jobs() -> None:
    """后台任务：查看、重试、删除。

    What the worker does: see it, try it again, drop it.
    """


@jobs.command("list")
@click.option("--state", type=click.Choice(STATES), help="只列出此状态 · only this state")
@click.option("--kind", help="只列出此类任务，如 index.sync · only this kind")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@_as_json
def list_jobs(state: State | None, kind: str | None, limit: int, as_json: bool) -> None:
    """列出任务，新的在前。

    Lists jobs, the youngest first; --state dead shows what needs a person.
    """

    async def read(session: AsyncSession) -> tuple[list[Job], int]:
        found = await listed_jobs(session, state=state, kind=kind, limit=limit)
        counts = await count_jobs(session, state=state, kind=kind)
        return found, sum(sum(of_kind.values()) for of_kind in counts.values())

    found, total = _in_unit(read, writes=False)
    if as_json:
        _print_json({"items": [_as_object(job) for job in found], "total": total})
    elif not found:
        click.echo("没有这样的任务 · No such jobs.")
    else:
        _print_jobs(found)
        click.echo(f"显示 {len(found)} 项，共 {total} 项 · {len(found)} shown of {total}")


@jobs.command()
@_as_json
def counts(as_json: bool) -> None:
    """各类任务的数量，以及等待最久的时间。

    Counts jobs by kind and state, and tells how long the oldest due one has waited.
    """
    now = utc_now()

    async def read(session: AsyncSession) -> tuple[dict[str, dict[str, int]], float | None]:
        oldest = await oldest_due_at(session, now)
        waited_s = None if oldest is None else round((now - oldest).total_seconds(), 1)
        return await count_jobs(session), waited_s

    by_kind, waited_s = _in_unit(read, writes=False)
    if as_json:
        _print_json({"kinds": by_kind, "oldest_due_s": waited_s})
        return
    _print_counts(by_kind)
    if waited_s is not None:
        click.echo(f"等待最久：{waited_s:,.0f} 秒 · the oldest has waited {waited_s:,.0f} s")


@jobs.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all-dead", is_flag=True, help="所有已放弃的任务 · every dead job")
@click.option("--kind", help="与 --all-dead 同用：只重试此类 · with --all-dead: only this kind")
def retry(ids: Sequence[str], all_dead: bool, kind: str | None) -> int:
    """重新执行已放弃或推迟的任务，尝试次数从头计算。

    Makes dead jobs, and those put off, due now with all their attempts.
    """
    if bool(ids) == all_dead or (kind and not all_dead):
        raise UsageRefused("请给出任务编号，或 --all-dead · Name jobs, or say --all-dead.")
    asked = _ids_of(ids)

    async def act(session: AsyncSession) -> set[uuid.UUID]:
        if all_dead:
            return await retry_dead_jobs(session, utc_now(), kind=kind)
        return await retry_jobs(session, asked, utc_now())

    again = _in_unit(act)
    click.echo(f"将重新执行 {len(again)} 项 · {len(again)} to be tried again")
    return _tell_others(
        asked, again, "不存在、正在执行或已完成 · not there, running, or done already"
    )


@jobs.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--yes", is_flag=True, help="不再询问 · don't ask")
def drop(ids: Sequence[str], yes: bool) -> int:
    """永久删除任务：要做的事不会再做。

    Takes jobs away for good: what they were to do is not done.
    """
    asked = _ids_of(ids)
    if not yes:
        click.confirm(f"删除 {len(asked)} 项任务 · Drop {len(asked)} jobs?", abort=True, err=True)
    dropped = _in_unit(lambda session: drop_jobs(session, asked, utc_now()))
    click.echo(f"已删除 {len(dropped)} 项 · {len(dropped)} dropped")
    return _tell_others(asked, dropped, "不存在或正在执行 · not there, or running")


def _in_unit(act: Callable[[AsyncSession], Awaitable[T]], *, writes: bool = True) -> T:
    async def run() -> T:
        async with (
            opened_database(settings_from(os.environ)) as database,
            database.writing() if writes else database.reading() as session,
        ):
            return await act(session)

    return asyncio.run(run())


def _ids_of(texts: Sequence[str]) -> list[uuid.UUID]:
    """Each id once, in the order given. Raises UsageRefused."""
    try:
        return list(dict.fromkeys(uuid.UUID(text) for text in texts))
    except ValueError:
        raise UsageRefused(
            "任务编号应为 duijie jobs list 所示 · Ids look as in duijie jobs list."
        ) from None


def _tell_others(asked: Sequence[uuid.UUID], done: set[uuid.UUID], why: str) -> int:
    others = [job_id for job_id in asked if job_id not in done]
    for job_id in others:
        click.echo(f"{job_id}：{why}", err=True)
    return EXIT_FAILED if others else 0


def _as_object(job: Job) -> dict[str, object]:
    return {
        "id": str(job.id),
        "kind": job.kind,
        "payload": job.payload,
        "state": job.state,
        "priority": job.priority,
        "attempts": job.attempts,
        "max_attempts": job.max_attempts,
        "run_at": job.run_at.isoformat(),
        "created_at": job.created_at.isoformat(),
        "done_at": job.done_at.isoformat() if job.done_at else None,
        "error": job.error,
    }


def _print_json(answer: object) -> None:
    click.echo(json.dumps(answer, ensure_ascii=False, indent=2))


def _print_jobs(found: Sequence[Job]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in ("编号 · Id", "类别 · Kind", "状态 · State"):
        table.add_column(header, no_wrap=True)
    table.add_column("次数 · Tries", justify="right")
    table.add_column("时间 · Due or ended", no_wrap=True)
    table.add_column("错误 · Error", overflow="fold")
    for job in found:
        table.add_row(
            str(job.id),
            Text(job.kind),
            job.state,
            f"{job.attempts}/{job.max_attempts}",
            f"{(job.done_at or job.run_at).astimezone():%Y-%m-%d %H:%M:%S}",
            Text(" ".join((job.error or "").split())[:_ERROR_SHOWN]),
        )
    console = Console()
    if not console.is_terminal:
        # A pipe has no width: whole lines there, so that ids can be cut out of them.
        console.width = _WIDTH_OF_A_PIPE
    console.print(table)


def _print_counts(by_kind: dict[str, dict[str, int]]) -> None:
    if not by_kind:
        click.echo("没有任务 · There are no jobs.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("类别 · Kind", no_wrap=True)
    for state in STATES:
        table.add_column(state, justify="right")
    for kind, of_kind in by_kind.items():
        table.add_row(Text(kind), *(f"{of_kind.get(state, 0):,}" for state in STATES))
    Console().print(table)
