"""What organizers do with signing ceremonies and their projects.

Every change of a project holds the ceremony and moves its version on: the sums are part of it.
"""

import uuid
from datetime import date, datetime
from typing import Any

from msgspec import UNSET, structs
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.exc import StaleDataError

from market.accounts.viewer import Viewer
from market.deals.ceremony_queries import groups_of, locked_ceremony, project_of
from market.deals.models import SigningCeremony, SigningProject
from market.errors import Conflict, FieldError, Forbidden, Invalid, PreconditionFailed
from market.exchange.money import parse_amount
from market.http.paging import id_of
from market.records.queries import known_fair
from schemas import vocab
from schemas.signings import (
    CeremonyAction,
    CeremonyChange,
    CeremonyForm,
    ProjectChange,
    ProjectForm,
)

# No ceremony comes near; the projects of one are read together when a spreadsheet arrives.
MOST_PROJECTS = 5_000
_EARLIEST, _LATEST = date(1990, 1, 1), date(2199, 12, 31)


async def create_ceremony(
    session: AsyncSession, viewer: Viewer, form: CeremonyForm, now: datetime
) -> SigningCeremony:
    """A new draft of the viewer's organisation. Raises Forbidden, Invalid."""
    if viewer.organisation_id is None:
        raise Forbidden(
            "organisation_needed", "请先加入一个单位", "This needs an organisation of your own."
        )
    said = await _ceremony_columns(session, viewer, structs.asdict(form))
    ceremony = SigningCeremony(
        organisation_id=viewer.organisation_id,
        created_by_id=viewer.user_id,
        status="draft",
        created_at=now,
        changed_at=now,
        **said,
    )
    session.add(ceremony)
    await _flush(session)
    return ceremony


async def ceremony_to_change(
    session: AsyncSession, viewer: Viewer, ceremony_id: uuid.UUID | None, version: int
) -> SigningCeremony:
    """The viewer's own ceremony in this version, locked until the end of the unit of work.

    Raises NotFound, Forbidden, PreconditionFailed.
    """
    ceremony = await locked_ceremony(session, viewer, ceremony_id)
    if ceremony.version != version:
        raise PreconditionFailed
    return ceremony


async def change_ceremony(
    session: AsyncSession,
    viewer: Viewer,
    ceremony: SigningCeremony,
    change: CeremonyChange,
    now: datetime,
) -> None:
    """Set what the change names; one that changes nothing keeps the version. Raises Invalid."""
    given = {name: value for name, value in structs.asdict(change).items() if value is not UNSET}
    said = await _ceremony_columns(session, viewer, given)
    _set(ceremony, said, ceremony, now)
    await _flush(session)


async def move_ceremony(
    session: AsyncSession,
    viewer: Viewer,
    ceremony: SigningCeremony,
    action: CeremonyAction,
    now: datetime,
) -> None:
    """publish makes it public, withdraw a draft again, delete takes a draft away.

    Raises Conflict, and Forbidden for an organisation that is not verified.
    """
    if action not in allowed_actions(ceremony):
        raise Conflict(
            "transition_refused",
            "当前状态不能这样做",
            f"A ceremony that is {ceremony.status} does not take this.",
        )
    if action == "delete":
        await session.delete(ceremony)
    elif action == "withdraw":
        ceremony.status, ceremony.changed_at = "draft", now
    else:
        await _refuse_unready(session, viewer, ceremony)
        ceremony.status, ceremony.changed_at = "published", now
        ceremony.published_at = ceremony.published_at or now
    await _flush(session)


def allowed_actions(ceremony: SigningCeremony) -> list[CeremonyAction]:
    """What its organizer may do with a ceremony as it is."""
    return ["withdraw"] if ceremony.status == "published" else ["publish", "delete"]


async def add_project(
    session: AsyncSession, ceremony: SigningCeremony, form: ProjectForm, now: datetime
) -> SigningProject:
    """A new project of a ceremony that is locked. Raises Invalid, Conflict (reference_taken)."""
    await refuse_too_many(session, ceremony, 1)
    columns = _project_columns(structs.asdict(form))
    project = SigningProject(ceremony_id=ceremony.id, created_at=now, source={}, **columns)
    session.add(project)
    ceremony.changed_at = now
    await _flush(session)
    return project


async def project_to_change(
    session: AsyncSession,
    ceremony: SigningCeremony,
    project_id: uuid.UUID | None,
    version: int,
) -> SigningProject:
    """A project of a ceremony that is locked. Raises NotFound, PreconditionFailed."""
    project = await project_of(session, ceremony.id, project_id)
    if project.version != version:
        raise PreconditionFailed
    return project


async def change_project(
    session: AsyncSession,
    ceremony: SigningCeremony,
    project: SigningProject,
    change: ProjectChange,
    now: datetime,
) -> None:
    """Set what the change names. Raises Invalid, Conflict (reference_taken)."""
    given = {name: value for name, value in structs.asdict(change).items() if value is not UNSET}
    _set(project, _project_columns(given), ceremony, now)
    await _flush(session)


async def remove_project(
    session: AsyncSession, ceremony: SigningCeremony, project: SigningProject, now: datetime
) -> None:
    await session.delete(project)
    ceremony.changed_at = now
    await _flush(session)


async def refuse_too_many(session: AsyncSession, ceremony: SigningCeremony, more: int) -> None:
    """Raises Conflict when the ceremony has no room for so many more projects."""
    groups = (await groups_of(session, [ceremony.id]))[ceremony.id]
    if sum(group.projects for group in groups) + more > MOST_PROJECTS:
        raise Conflict(
            "too_many_projects",
            f"一场签约最多 {MOST_PROJECTS} 个项目",
            f"A ceremony has at most {MOST_PROJECTS} projects.",
        )


def _set(row: Any, said: dict[str, Any], ceremony: SigningCeremony, now: datetime) -> None:
    changed = {name: value for name, value in said.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    if changed:
        ceremony.changed_at = now


async def _ceremony_columns(
    session: AsyncSession, viewer: Viewer, given: dict[str, Any]
) -> dict[str, Any]:
    """The given fields as columns. Raises Invalid."""
    columns: dict[str, Any] = {
        name: value.strip() if isinstance(value, str) else value for name, value in given.items()
    }
    held_on = columns.get("held_on")
    if held_on is not None and not _EARLIEST <= held_on <= _LATEST:
        raise Invalid(FieldError("#/held_on", "日期不合理", "This day can't be right."))
    if columns.get("fair_id") is not None:
        fair = await known_fair(session, id_of(columns["fair_id"]))
        if fair is None or fair.organisation_id != viewer.organisation_id:
            raise Invalid(
                FieldError("#/fair_id", "没有这场对接会", "You have no such fair."),
            )
        columns["fair_id"] = fair.fair_id
    return columns


def _project_columns(given: dict[str, Any]) -> dict[str, Any]:
    """The given fields as columns, the amount read exactly. Raises Invalid."""
    columns = dict(given)
    errors = []
    text = columns.pop("amount_text", "")
    if text and columns.get("amount_cny") is not None:
        errors.append(
            FieldError(
                "#/amount_text", "金额只能给一次", "Give the amount once: as number or text."
            )
        )
    elif text:
        try:
            columns["amount_cny"] = parse_amount(text)
        except ValueError:
            errors.append(_NO_AMOUNT)
    if "kind" in columns and columns["kind"] not in vocab.signing_kinds():
        errors.append(FieldError("#/kind", "没有这个类别", "There is no such kind."))
    if errors:
        raise Invalid(*errors)
    for name in ("title", "batch", "note"):
        if name in columns:
            columns[name] = columns[name].strip()
    return columns


_NO_AMOUNT = FieldError(
    "#/amount_text",
    "须是一个确切的、带单位的数额，如 3.5亿元",
    "Must be one exact sum with its unit, such as 3.5亿元.",
)


async def _refuse_unready(session: AsyncSession, viewer: Viewer, ceremony: SigningCeremony) -> None:
    if not viewer.is_verified:
        raise Forbidden(
            "organisation_not_verified",
            "机构尚未通过核验，暂不能发布",
            "The organisation is not verified yet and can't publish.",
        )
    if not (await groups_of(session, [ceremony.id]))[ceremony.id]:
        raise Conflict(
            "ceremony_empty", "还没有签约项目", "A ceremony without projects can't be published."
        )


async def _flush(session: AsyncSession) -> None:
    try:
        await session.flush()
    except StaleDataError:
        raise PreconditionFailed from None
    except IntegrityError as error:
        said = str(error.orig)
        if "uq_signing_projects" in said or "signing_projects.reference" in said:
            raise Conflict(
                "reference_taken",
                "该编号已用于这场签约的另一个项目",
                "Another project of this ceremony has this reference.",
            ) from error
        raise
