"""What organizers do with exports: order one, drop one; and how long a file is kept."""

import re
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import get_args

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.viewer import Viewer
from market.errors import Conflict, FieldError, Invalid
from market.exchange.fair_pdf import PDF_MISSING, can_set_pages
from market.fair_exports.models import FairExport
from market.fairs.meeting_models import FairPlan
from market.fairs.models import Fair
from market.http.paging import id_of
from market.jobs import NOW, enqueue
from schemas.fair_exports import (
    FairExportContent,
    FairExportForm,
    FairExportFormat,
    FairListName,
)
from schemas.vocab import Lang

Id = uuid.UUID
# {"export_id"}: write the files that were ordered. By the clock, {}: drop what has expired.
MAKE = "fair_exports.make"
PRUNE = "fair_exports.prune"
KEPT = timedelta(days=7)
MOST_UNFINISHED = 3
MOST_KEPT = 20
_PRUNED_AT_ONCE = 20
_UNUSABLE = re.compile(r'[\x00-\x1f\x7f\\/:*?"<>|]+')
_NAME_CHARACTERS = 120

LISTS: frozenset[str] = frozenset(get_args(FairListName))
_PAGES = frozenset({"handbook", "badges"})
_FORMATS: Mapping[str, tuple[FairExportFormat, ...]] = {
    "everything": ("zip",),
    "calendars": ("zip",),
    "workbook": ("xlsx",),
    "handbook": ("pdf",),
    "badges": ("pdf",),
    **dict.fromkeys(LISTS, ("csv", "jsonl")),
}
_NAMES: Mapping[FairExportContent, tuple[str, str]] = {
    "everything": ("全部资料", "files"),
    "workbook": ("工作簿", "workbook"),
    "handbook": ("会务手册", "handbook"),
    "badges": ("参会证", "badges"),
    "calendars": ("各单位日历", "calendars"),
    "participants": ("参会单位", "participants"),
    "pairs": ("配对", "pairs"),
    "meetings": ("会面", "meetings"),
    "agendas": ("各单位日程", "agendas"),
    "table_plan": ("桌位表", "table plan"),
    "unplanned": ("未排定", "unplanned"),
    "signings": ("签约", "signings"),
    "statistics": ("统计", "statistics"),
}


async def order_export(
    session: AsyncSession,
    viewer: Viewer,
    fair: Fair,
    form: FairExportForm,
    lang: Lang,
    at: datetime,
) -> FairExport:
    """Have files of the viewer's own fair written; `fair` is locked.

    Raises Invalid for a format that is not of this content and for a plan that is none; Conflict
    where too many are being written, or where pages can't be set.
    """
    format_ = _format_of(form)
    await _check_plan(session, fair, form)
    await _make_room(session, fair)
    if form.content in _PAGES and not can_set_pages():
        raise Conflict("pages_not_set", *PDF_MISSING)
    spoken: Lang = form.lang or lang
    export = FairExport(
        fair_id=fair.id,
        ordered_by_id=viewer.user_id,
        content=form.content,
        format=format_,
        lang=spoken,
        encoding=form.encoding,
        plan_id=None if form.plan_id is None else id_of(form.plan_id),
        file_name=name_of_file(fair, form.content, format_, spoken),
        state="queued",
        progress=0,
        created_at=at,
        expires_at=at + KEPT,
    )
    session.add(export)
    await session.flush()
    await enqueue(session, MAKE, {"export_id": str(export.id)}, priority=NOW)
    return export


def _format_of(form: FairExportForm) -> FairExportFormat:
    possible = _FORMATS[form.content]
    if form.format is None:
        return possible[0]
    if form.format not in possible:
        told = "、".join(possible), " or ".join(possible)
        raise Invalid(
            FieldError("#/format", f"这项内容的格式是 {told[0]}", f"This is written as {told[1]}.")
        )
    return form.format


async def _check_plan(session: AsyncSession, fair: Fair, form: FairExportForm) -> None:
    if form.plan_id is None:
        return
    state = await session.scalar(
        select(FairPlan.state).where(
            FairPlan.id == id_of(form.plan_id), FairPlan.fair_id == fair.id
        )
    )
    if state not in {"draft", "published"}:
        raise Invalid(FieldError("#/plan_id", "没有这个排程", "There is no such plan."))


async def _make_room(session: AsyncSession, fair: Fair) -> None:
    """A few at a time; of those that ended the oldest go."""
    rows = await session.execute(
        select(FairExport.id, FairExport.state)
        .where(FairExport.fair_id == fair.id)
        .order_by(FairExport.id.desc())
    )
    ended = []
    unfinished = 0
    for export_id, state in rows:
        if state in {"queued", "running"}:
            unfinished += 1
        else:
            ended.append(export_id)
    if unfinished >= MOST_UNFINISHED:
        raise Conflict(
            "exports_running",
            "已有多个导出正在生成，请稍候",
            "Several exports are being written already: wait for one.",
        )
    if len(ended) >= MOST_KEPT:
        await session.execute(delete(FairExport).where(FairExport.id.in_(ended[MOST_KEPT - 1 :])))


def name_of_file(fair: Fair, content: FairExportContent, format_: str, lang: Lang) -> str:
    """The fair's name and what it is, as every file system takes it."""
    zh, en = _NAMES[content]
    name = " ".join(_UNUSABLE.sub(" ", fair.name).split())[:_NAME_CHARACTERS].strip(". ")
    return f"{name or 'fair'}-{zh if lang == 'zh' else en}.{format_}"


async def prune_exports(session: AsyncSession, now: datetime) -> int:
    """Drop exports that have expired; how many. One that is being written goes, too."""
    expired = select(FairExport.id).where(FairExport.expires_at < now).limit(_PRUNED_AT_ONCE)
    ids = list(await session.scalars(expired))
    await session.execute(delete(FairExport).where(FairExport.id.in_(ids)))
    return len(ids)
