"""The people who come, and the separate consent to show their contacts."""

import uuid
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.viewer import Viewer
from market.errors import Conflict, FieldError, Invalid
from market.fairs.models import Fair, FairDelegate, FairRegistration
from market.fairs.registration_queries import delegate_of
from schemas.fair_registrations import DelegateChange, DelegateForm

Id = uuid.UUID
MOST_DELEGATES = 20


async def add_delegate(
    session: AsyncSession,
    viewer: Viewer,
    fair: Fair,
    registration: FairRegistration,
    form: DelegateForm,
    now: datetime,
) -> FairDelegate:
    """Raises Invalid for a consent that is not for the viewer to give, Conflict for too many."""
    _refuse_foreign_consent(viewer, registration, form.consents)
    present = await session.scalar(
        select(func.count()).where(FairDelegate.registration_id == registration.id)
    )
    if (present or 0) >= MOST_DELEGATES:
        raise Conflict("too_many_delegates", "参会人员已满", "There are too many delegates.")
    delegate = FairDelegate(
        registration_id=registration.id,
        name=form.name.strip(),
        post=form.post.strip(),
        phone=form.phone.strip(),
        email=form.email or "",
        consent=consent_to(fair, now) if form.consents else None,
        created_at=now,
    )
    session.add(delegate)
    await session.flush()
    return delegate


async def change_delegate(  # noqa: PLR0913, PLR0917 - whose, who, and what.
    session: AsyncSession,
    viewer: Viewer,
    fair: Fair,
    registration: FairRegistration,
    delegate_id: Id | None,
    change: DelegateChange,
    now: datetime,
) -> FairDelegate:
    """Raises NotFound, Invalid."""
    delegate = await delegate_of(session, registration, delegate_id)
    _refuse_foreign_consent(viewer, registration, change.consents)
    for name in ("name", "post", "phone", "email"):
        value = getattr(change, name)
        if value is not msgspec.UNSET:
            setattr(delegate, name, (value or "").strip())
    if change.consents is True:
        delegate.consent = delegate.consent or consent_to(fair, now)
    elif change.consents is False:
        delegate.consent = None
    await session.flush()
    return delegate


async def remove_delegate(
    session: AsyncSession, registration: FairRegistration, delegate_id: Id | None
) -> None:
    """Raises NotFound."""
    await session.delete(await delegate_of(session, registration, delegate_id))
    await session.flush()


def consent_to(fair: Fair, now: datetime) -> dict[str, Any]:
    """What a delegate agrees to: the recipients, the purpose and the data (PIPL art. 23)."""
    return {
        "recipients": f"“{fair.name}”中与本单位排定对接的参会单位 · participants of this fair "
        "with whom a meeting of one's organisation is published",
        "purpose": "联系和举行该次对接 · to arrange and hold that meeting",
        "data": ["name", "post", "phone", "email"],
        "given_at": now.isoformat(),
    }


def _refuse_foreign_consent(
    viewer: Viewer, registration: FairRegistration, consents: bool | msgspec.UnsetType
) -> None:
    """Consent is given by those whom it concerns, not by who sends the form for them."""
    if consents is True and viewer.organisation_id != registration.organisation_id:
        raise Invalid(
            FieldError(
                "#/consents",
                "须由参会单位自己同意",
                "Only the delegate's own organisation can consent.",
            )
        )
