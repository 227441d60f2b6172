"""Projects of a ceremony by spreadsheet: a dry run first, and the same file twice is as once."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import new_id
from market.deals.ceremonies import refuse_too_many
from market.deals.models import SigningCeremony, SigningProject
from market.deals.project_rows import ProjectLine, ReadProjects, columns_of_line
from market.deals.totals import Group
from schemas.signings import ProjectAction


class Planned(NamedTuple):
    """What a line does, and to which project."""

    action: ProjectAction
    columns: dict[str, Any]
    project: SigningProject | None


class Imported(NamedTuple):
    """What a file does to a ceremony; `groups` are its projects afterwards, for the sums."""

    counts: Mapping[str, int]
    groups: list[Group]


async def import_projects(
    session: AsyncSession,
    ceremony: SigningCeremony,
    read: ReadProjects,
    now: datetime,
    *,
    dry_run: bool,
) -> Imported:
    """Make and overwrite projects of a ceremony that is locked, each known by its reference.

    A dry run changes nothing and answers the same. Projects that the file does not name stay.
    Raises Conflict when there would be too many.
    """
    stored = await _projects(session, ceremony)
    planned = [_planned(line, stored.get(line.reference)) for line in read.lines]
    new = sum(each.action == "create" for each in planned)
    await refuse_too_many(session, ceremony, new)
    groups = _groups_after(stored.values(), planned)
    counts: Counter[str] = Counter(each.action for each in planned)
    if not dry_run and counts.total() > counts["unchanged"]:
        await _carry_out(session, ceremony, planned, now)
    return Imported(counts, groups)


async def _projects(
    session: AsyncSession, ceremony: SigningCeremony
) -> dict[str | None, SigningProject]:
    """By their references; those without one, which no file means, under their ids."""
    found = await session.scalars(
        select(SigningProject).where(SigningProject.ceremony_id == ceremony.id)
    )
    return {project.reference or f"id:{project.id}": project for project in found}


def _planned(line: ProjectLine, project: SigningProject | None) -> Planned:
    columns = columns_of_line(line)
    if project is None:
        return Planned("create", columns, None)
    is_same = all(getattr(project, name) == value for name, value in columns.items())
    return Planned("unchanged" if is_same else "update", columns, project)


def _groups_after(stored: Iterable[SigningProject], planned: list[Planned]) -> list[Group]:
    after: list[Mapping[str, Any]] = [each.columns for each in planned]
    replaced = {each.project.id for each in planned if each.project is not None}
    names = ("kind", "is_on_stage", "batch", "amount_cny")
    after += [
        {name: getattr(project, name) for name in names}
        for project in stored
        if project.id not in replaced
    ]
    return [
        Group(each["kind"], each["is_on_stage"], each["batch"], 1, each["amount_cny"] or 0)
        for each in after
    ]


async def _carry_out(
    session: AsyncSession, ceremony: SigningCeremony, planned: list[Planned], now: datetime
) -> None:
    for each in planned:
        if each.action == "create":
            session.add(
                SigningProject(id=new_id(), ceremony_id=ceremony.id, created_at=now, **each.columns)
            )
        elif each.action == "update":
            for name, value in each.columns.items():
                setattr(each.project, name, value)
    ceremony.changed_at = now
    await session.flush()
