"""Changes of organisations, and their verification."""

import uuid
from datetime import datetime

from msgspec import UNSET
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from stdnum.cn import uscc

from market.accounts.models import Organisation
from market.accounts.names import organisation_key
from market.accounts.queries import visible_organisation
from market.accounts.users import manager_needed
from market.accounts.viewer import Viewer
from market.errors import Conflict, FieldError, Forbidden, Invalid, PreconditionFailed
from market.jobs import INDEX_ORGANISATION, SOON, TELL_OF_VERIFICATION, enqueue
from schemas.accounts import OrganisationChange, OrganisationForm
from schemas.vocab import divisions


def organisation_from(form: OrganisationForm, now: datetime) -> Organisation:
    """A new organisation, not verified."""
    return Organisation(
        kind=form.kind,
        name=form.name.strip(),
        name_key=organisation_key(form.name),
        credit_code=form.credit_code.upper() if form.credit_code else None,
        division=form.division,
        about=form.about,
        created_at=now,
    )


def code_errors(
    form: OrganisationForm | OrganisationChange, *, below: str = "#"
) -> list[FieldError]:
    """Codes that can't be ones, at pointers below `below`."""
    errors = []
    if form.credit_code and not uscc.is_valid(form.credit_code):
        errors.append(
            FieldError(
                f"{below}/credit_code",
                "校验码不符：不是有效的统一社会信用代码",
                "Its check character is wrong: no unified social credit code.",
            )
        )
    if form.division and form.division not in divisions():
        errors.append(
            FieldError(
                f"{below}/division", "没有这个行政区划代码", "There is no such division code."
            )
        )
    return errors


def refuse_if(*errors: FieldError) -> None:
    """Raises Invalid when there are errors."""
    if errors:
        raise Invalid(*errors)


async def change_organisation(
    session: AsyncSession,
    viewer: Viewer,
    organisation_id: uuid.UUID | None,
    *,
    version: int,
    change: OrganisationChange,
) -> Organisation:
    """Change what managers say of their organisation.

    What was verified, name and credit code, only administrators change afterwards. Raises
    NotFound, Forbidden, PreconditionFailed, Invalid, and Conflict when another one has the name.
    """
    organisation = await visible_organisation(session, viewer, organisation_id, lock=True)
    _refuse_changing(viewer, organisation)
    if organisation.version != version:
        raise PreconditionFailed
    refuse_if(*code_errors(change))
    if changes_identity(organisation, change) and "administrator" not in viewer.roles:
        _refuse_if_verified(organisation)
    try:
        await _apply(session, organisation, change)
    except IntegrityError:
        raise Conflict(
            "organisation_exists",
            "已有同名或同代码的单位",
            "Another organisation has this name or credit code.",
        ) from None
    return organisation


async def verify(
    session: AsyncSession,
    viewer: Viewer,
    organisation_id: uuid.UUID | None,
    *,
    version: int,
    now: datetime,
) -> Organisation:
    """Confirm who an organisation is, as it was read with `version`. Twice is as good as once.

    Raises NotFound, and PreconditionFailed when it was changed after the administrator looked.
    """
    organisation = await visible_organisation(session, viewer, organisation_id, lock=True)
    if organisation.version != version:
        raise PreconditionFailed
    if organisation.verified_at is None:
        organisation.verified_at = now
        organisation.verified_by_id = viewer.user_id
        await session.flush()
        await _tell_decision(session, organisation)
    return organisation


async def unverify(
    session: AsyncSession, viewer: Viewer, organisation_id: uuid.UUID | None
) -> Organisation:
    """Take the confirmation back, whatever else was changed meanwhile. Raises NotFound."""
    organisation = await visible_organisation(session, viewer, organisation_id, lock=True)
    if organisation.verified_at is not None:
        organisation.verified_at = None
        organisation.verified_by_id = None
        await session.flush()
        await _tell_decision(session, organisation)
    return organisation


async def _tell_decision(session: AsyncSession, organisation: Organisation) -> None:
    is_verified = organisation.verified_at is not None
    payload = {"id": str(organisation.id), "version": organisation.version}
    await enqueue(session, TELL_OF_VERIFICATION, payload | {"is_verified": is_verified})


def changes_identity(organisation: Organisation, change: OrganisationChange) -> bool:
    """Whether a change touches what was verified."""
    names = change.name is not UNSET and change.name.strip() != organisation.name
    if change.credit_code is UNSET:
        return names
    return names or (change.credit_code or "").upper() != (organisation.credit_code or "")


def _refuse_changing(viewer: Viewer, organisation: Organisation) -> None:
    if "administrator" in viewer.roles:
        return
    if viewer.organisation_id != organisation.id or not viewer.is_manager:
        raise manager_needed()


def _refuse_if_verified(organisation: Organisation) -> None:
    if organisation.verified_at is not None:
        raise Forbidden(
            "verified_identity",
            "单位已核验：名称和信用代码请联系平台管理员修改",
            "The organisation is verified: ask an administrator to change name or credit code.",
        )


async def _apply(
    session: AsyncSession, organisation: Organisation, change: OrganisationChange
) -> None:
    former_name = organisation.name
    if change.name is not UNSET:
        organisation.name = change.name.strip()
        organisation.name_key = organisation_key(change.name)
    if change.credit_code is not UNSET:
        organisation.credit_code = change.credit_code.upper() if change.credit_code else None
    if change.division is not UNSET:
        organisation.division = change.division
    if change.about is not UNSET:
        organisation.about = change.about
    await session.flush()
    if organisation.name != former_name:
        await enqueue(session, INDEX_ORGANISATION, {"id": str(organisation.id)}, priority=SOON)
