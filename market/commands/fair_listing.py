"""What `duijie fairs list` shows."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import Organisation
from market.commands.databases import opened_database
from market.fairs.models import Fair
from market.fairs.queries import count_of
from market.settings import Settings

_STATES = {
    "draft": ("草稿", "draft"),
    "open": ("报名中", "open"),
    "matching": ("配对中", "matching"),
    "published": ("已公布", "published"),
    "running": ("进行中", "running"),
    "closed": ("已结束", "closed"),
}
_HEADERS = (
    *("编号 · id", "名称 · name", "主办方 · organizer", "状态 · status"),
    *("开始 · begins", "参会 · admitted", "对接 · meetings"),
)
_WIDTH_OF_A_PIPE = 1_000


async def listed_fairs(settings: Settings, limit: int) -> list[dict[str, Any]]:
    """Fairs of all organizers, the youngest first."""
    async with opened_database(settings) as database, database.reading() as session:
        rows = await session.execute(
            select(Fair, Organisation.name)
            .join(Organisation, Organisation.id == Fair.organisation_id)
            .order_by(Fair.id.desc())
            .limit(limit)
        )
        return [await _told(session, row[0], row[1]) for row in rows.all()]


async def _told(session: AsyncSession, fair: Fair, organizer: str) -> dict[str, Any]:
    counts = await count_of(session, fair.id)
    return {
        "id": str(fair.id),
        "name": fair.name,
        "organizer": organizer,
        "status": fair.status,
        "begins_at": None if fair.begins_at is None else fair.begins_at.isoformat(),
        "time_zone": fair.time_zone,
        **counts._asdict(),
    }


def _cells(fair: dict[str, Any]) -> tuple[object, ...]:
    state = " · ".join(_STATES[fair["status"]])
    begins = ""
    if fair["begins_at"] is not None:
        local = datetime.fromisoformat(fair["begins_at"]).astimezone(ZoneInfo(fair["time_zone"]))
        begins = f"{local:%Y-%m-%d %H:%M}"
    admitted = fair["by_status"].get("approved", 0)
    return fair["id"], fair["name"], fair["organizer"], state, begins, admitted, fair["meetings"]


def print_fairs(found: list[dict[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False)
    for header in _HEADERS:
        table.add_column(header, overflow="fold")
    for each in found:
        table.add_row(*(Text(str(cell)) for cell in _cells(each)))
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH_OF_A_PIPE)
    console.print(table)
