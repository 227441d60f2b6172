"""Reads of signing ceremonies: published ones are public, drafts are their organizer's."""

import uuid
from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple

import msgspec
from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import Organisation
from market.accounts.viewer import Viewer
from market.deals.models import SigningCeremony, SigningProject
from market.deals.totals import Group
from market.errors import Forbidden, NotFound

Id = uuid.UUID


class CeremonyRow(NamedTuple):
    ceremony: SigningCeremony
    organizer: Organisation


class CeremoniesAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Which ceremonies; `mine` are those of the viewer's organisation."""

    year: int | None = None
    fair_id: Id | None = None
    status: str | None = None
    mine: bool = False
    before: Id | None = None
    limit: int = 20


class ProjectPlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of projects ends: at this one."""

    place: int
    id: Id


class ProjectsAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Which projects: what a number of the sums is made of."""

    kind: str | None = None
    is_on_stage: bool | None = None
    batch: str | None = None
    after: ProjectPlace | None = None
    limit: int = 20


def is_own(viewer: Viewer, ceremony: SigningCeremony) -> bool:
    """Whether the viewer may see and do what is its organizer's."""
    return _may_read_own(viewer) and viewer.organisation_id == ceremony.organisation_id


def ceremonies_visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """Published ones, one's own, and all for administrators."""
    published = SigningCeremony.status == "published"
    if not _may_read_own(viewer):
        return published
    if "administrator" in viewer.roles:
        return true()
    return or_(published, SigningCeremony.organisation_id == viewer.organisation_id)


async def visible_ceremony(
    session: AsyncSession, viewer: Viewer, ceremony_id: Id | None
) -> CeremonyRow:
    """Raises NotFound."""
    wanted = and_(SigningCeremony.id == ceremony_id, ceremonies_visible_to(viewer))
    found = await _rows(session, wanted, 1)
    if not found:
        raise NotFound
    return found[0]


async def locked_ceremony(
    session: AsyncSession, viewer: Viewer, ceremony_id: Id | None
) -> SigningCeremony:
    """A ceremony of the viewer's organisation, locked for a change. Raises NotFound, Forbidden."""
    found: SigningCeremony | None = await session.scalar(
        select(SigningCeremony)
        .where(
            SigningCeremony.id == ceremony_id,
            SigningCeremony.organisation_id == viewer.organisation_id,
        )
        .with_for_update()
    )
    if found is None:
        await visible_ceremony(session, viewer, ceremony_id)
        raise Forbidden("organizer_only", "只有主办方可以这样做", "Only its organizer may do this.")
    return found


async def ceremonies_page(
    session: AsyncSession, viewer: Viewer, asked: CeremoniesAsked
) -> Sequence[CeremonyRow]:
    """Ceremonies that the viewer may know of, the newest first."""
    wanted = [ceremonies_visible_to(viewer)]
    if asked.year is not None:
        wanted.append(is_in_year(asked.year))
    if asked.fair_id is not None:
        wanted.append(SigningCeremony.fair_id == asked.fair_id)
    if asked.status is not None:
        wanted.append(SigningCeremony.status == asked.status)
    if asked.mine:
        wanted.append(SigningCeremony.organisation_id == viewer.organisation_id)
    if asked.before is not None:
        wanted.append(SigningCeremony.id < asked.before)
    return await _rows(session, and_(*wanted), asked.limit)


async def projects_page(
    session: AsyncSession, ceremony_id: Id, asked: ProjectsAsked
) -> Sequence[SigningProject]:
    """Projects of a ceremony in their order on stage."""
    wanted = [SigningProject.ceremony_id == ceremony_id, *are_asked_for(asked)]
    if asked.after is not None:
        behind = and_(SigningProject.place == asked.after.place, SigningProject.id > asked.after.id)
        wanted.append(or_(SigningProject.place > asked.after.place, behind))
    ordered = select(SigningProject).where(*wanted)
    ordered = ordered.order_by(SigningProject.place, SigningProject.id).limit(asked.limit)
    return (await session.scalars(ordered)).all()


async def groups_of(session: AsyncSession, ceremony_ids: Collection[Id]) -> dict[Id, list[Group]]:
    """What the sums of ceremonies are made of."""
    found: dict[Id, list[Group]] = {ceremony_id: [] for ceremony_id in ceremony_ids}
    keys = (SigningProject.kind, SigningProject.is_on_stage, SigningProject.batch)
    rows = await session.execute(
        select(SigningProject.ceremony_id, *keys, func.count(), _amount())
        .where(SigningProject.ceremony_id.in_(ceremony_ids))
        .group_by(SigningProject.ceremony_id, *keys)
    )
    for ceremony_id, kind, is_on_stage, batch, projects, amount_cny in rows:
        # PostgreSQL adds large integers up as decimals.
        group = Group(kind, is_on_stage, batch, projects, int(amount_cny))
        found[ceremony_id].append(group)
    return found


async def all_groups(session: AsyncSession, wanted: ColumnElement[bool]) -> list[Group]:
    """What the sums of all projects of these ceremonies together are made of."""
    keys = (SigningProject.kind, SigningProject.is_on_stage, SigningProject.batch)
    rows = await session.execute(
        select(*keys, func.count(), _amount())
        .join(SigningCeremony, SigningCeremony.id == SigningProject.ceremony_id)
        .where(wanted)
        .group_by(*keys)
    )
    return [Group(*row[:4], int(row[4])) for row in rows]


async def count_ceremonies(session: AsyncSession, wanted: ColumnElement[bool]) -> int:
    counted = select(func.count()).select_from(SigningCeremony).where(wanted)
    return await session.scalar(counted) or 0


def published_in(year: int | None, fair_id: Id | None) -> list[ColumnElement[bool]]:
    """The published ceremonies of a year, of a fair, or all of them."""
    wanted: list[ColumnElement[bool]] = [SigningCeremony.status == "published"]
    if year is not None:
        wanted.append(is_in_year(year))
    if fair_id is not None:
        wanted.append(SigningCeremony.fair_id == fair_id)
    return wanted


async def published_projects(
    session: AsyncSession, ceremonies: list[ColumnElement[bool]], asked: ProjectsAsked
) -> Sequence[SigningProject]:
    """The projects of these ceremonies in the order of their ids; of `after` the id counts."""
    wanted = [*ceremonies, *are_asked_for(asked)]
    if asked.after is not None:
        wanted.append(SigningProject.id > asked.after.id)
    rows = await session.scalars(
        select(SigningProject)
        .join(SigningCeremony, SigningCeremony.id == SigningProject.ceremony_id)
        .where(*wanted)
        .order_by(SigningProject.id)
        .limit(asked.limit)
    )
    return rows.all()


async def projects_of_fair(
    session: AsyncSession, fair_id: Id, organizer_id: Id
) -> Sequence[SigningProject]:
    """The projects of the organizer's ceremonies at a fair, drafts too, in their order on stage."""
    rows = await session.scalars(
        select(SigningProject)
        .join(SigningCeremony, SigningCeremony.id == SigningProject.ceremony_id)
        .where(SigningCeremony.fair_id == fair_id, SigningCeremony.organisation_id == organizer_id)
        .order_by(
            SigningCeremony.held_on, SigningCeremony.id, SigningProject.place, SigningProject.id
        )
    )
    return rows.all()


def is_in_year(year: int) -> ColumnElement[bool]:
    return SigningCeremony.held_on.between(date(year, 1, 1), date(year, 12, 31))


def are_asked_for(asked: ProjectsAsked) -> list[ColumnElement[bool]]:
    """The projects of the kind, stage and batch that are asked for."""
    wanted: list[ColumnElement[bool]] = []
    if asked.kind is not None:
        wanted.append(SigningProject.kind == asked.kind)
    if asked.is_on_stage is not None:
        wanted.append(SigningProject.is_on_stage.is_(asked.is_on_stage))
    if asked.batch is not None:
        wanted.append(SigningProject.batch == asked.batch)
    return wanted


async def project_of(
    session: AsyncSession, ceremony_id: Id, project_id: Id | None
) -> SigningProject:
    """Raises NotFound."""
    found: SigningProject | None = await session.scalar(
        select(SigningProject)
        .where(SigningProject.id == project_id, SigningProject.ceremony_id == ceremony_id)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


def _may_read_own(viewer: Viewer) -> bool:
    return viewer.scopes is None or "deals:read" in viewer.scopes or "deals:write" in viewer.scopes


def _amount() -> ColumnElement[int]:
    return func.coalesce(func.sum(SigningProject.amount_cny), 0)


async def _rows(
    session: AsyncSession, wanted: ColumnElement[bool], limit: int
) -> Sequence[CeremonyRow]:
    rows = await session.execute(
        select(SigningCeremony, Organisation)
        .join(Organisation, Organisation.id == SigningCeremony.organisation_id)
        .where(wanted)
        .order_by(SigningCeremony.id.desc())
        .limit(limit)
    )
    return [CeremonyRow(*row) for row in rows]
