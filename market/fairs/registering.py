"""What organisations register: themselves, and what they bring."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, get_args

import msgspec
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import Organisation
from market.accounts.viewer import Viewer
from market.errors import Conflict, FieldError, Forbidden, Invalid, PreconditionFailed
from market.fairs.admission import take_in
from market.fairs.delegates import add_delegate
from market.fairs.models import (
    Fair,
    FairDelegation,
    FairListing,
    FairRegistration,
    FairSlot,
)
from market.fairs.queries import locked_fair, organizes, visible_fair
from market.fairs.registration_queries import registration_for
from market.fairs.service import flush, organisation_of
from market.fairs.states import refuse_unless
from market.fairs.wire import takes_registrations
from market.http.paging import id_of
from market.listings.models import Listing
from schemas.fair_registrations import (
    FairRegistrationForm,
    RegistrationChange,
)
from schemas.fairs import ParticipantKind

Id = uuid.UUID
KINDS: frozenset[str] = frozenset(get_args(ParticipantKind))


async def register(
    session: AsyncSession,
    viewer: Viewer,
    fair_id: Id | None,
    form: FairRegistrationForm,
    now: datetime,
) -> FairRegistration:
    """Register the viewer's organisation, or another one for the organizer of the fair.

    Raises NotFound, Forbidden, Invalid, and Conflict: closed, or registered already.
    """
    fair = await _fair_to_join(session, viewer, fair_id, now)
    by_organizer = organizes(viewer, fair)
    organisation = await _who(session, viewer, form, by_organizer=by_organizer)
    await _check(session, fair, form)
    registration = FairRegistration(
        fair_id=fair.id,
        organisation_id=organisation.id,
        registered_by_id=viewer.user_id,
        kind=organisation.kind,
        status="pending",
        zone=form.zone,
        delegation_id=_known_id(form.delegation_id),
        teams=form.teams,
        most_meetings=form.most_meetings,
        absent_slots=sorted(set(form.absent_slots)),
        note=form.note.strip(),
        reference=form.reference,
        created_at=now,
        changed_at=now,
    )
    session.add(registration)
    await _flush_unique(session)
    for delegate in form.delegates:
        await add_delegate(session, viewer, fair, registration, delegate, now)
    await set_listings(session, fair, registration, form.listing_ids)
    await take_in(session, fair, registration, now, by_organizer=by_organizer)
    return registration


async def _fair_to_join(
    session: AsyncSession, viewer: Viewer, fair_id: Id | None, now: datetime
) -> Fair:
    row = await visible_fair(session, viewer, fair_id)
    fair = await locked_fair(session, row.fair.id)
    if organizes(viewer, fair):
        refuse_unless(fair, "open", "matching", "published", "running")
    elif not takes_registrations(fair, now):
        raise Conflict("registration_closed", "报名未开放或已截止", "The registration is not open.")
    return fair


async def _who(
    session: AsyncSession, viewer: Viewer, form: FairRegistrationForm, *, by_organizer: bool
) -> Organisation:
    named = form.organisation_id
    if not by_organizer:
        if named is not None and id_of(named) != viewer.organisation_id:
            raise Forbidden(
                "organizer_only",
                "只有主办方可以为其他单位报名",
                "Only the organizer registers other organisations.",
            )
        if form.reference is not None:
            raise Invalid(FieldError("#/reference", "由主办方填写", "This is the organizer's."))
        named = str(organisation_of(viewer))
    named_id = _known_id(named)
    found = None if named_id is None else await session.get(Organisation, named_id)
    # An organizer learns of no organisation that is not verified or that it can't invite.
    if found is None or found.kind not in KINDS:
        raise Invalid(
            FieldError(
                "#/organisation_id",
                "请填写参会单位（院所、企业、投资机构、飞地或技术经理人机构）",
                "Name an organisation that takes part in fairs.",
            )
        )
    if found.verified_at is None:
        raise Forbidden(
            "organisation_not_verified",
            "单位尚未通过核验，暂不能报名",
            "The organisation is not verified yet and can't register.",
        )
    return found


async def change_registration(
    session: AsyncSession,
    viewer: Viewer,
    fair: Fair,
    registration: FairRegistration,
    change: RegistrationChange,
    now: datetime,
) -> None:
    """Set what the change names. `registration` is locked. Raises Invalid."""
    sent = {
        name: getattr(change, name)
        for name in change.__struct_fields__
        if getattr(change, name) is not msgspec.UNSET
    }
    if "reference" in sent and not organizes(viewer, fair):
        raise Invalid(FieldError("#/reference", "由主办方填写", "This is the organizer's."))
    await _check(session, fair, change)
    for name, value in sent.items():
        setattr(registration, name, _column(name, value))
    registration.changed_at = now
    await _flush_unique(session)


def _column(name: str, value: Any) -> Any:
    if name == "delegation_id":
        return _known_id(value)
    if name == "absent_slots":
        return sorted(set(value))
    return value.strip() if name == "note" else value


def _known_id(text: str | None) -> Id | None:
    return None if text is None else id_of(text)


async def _check(
    session: AsyncSession, fair: Fair, sent: FairRegistrationForm | RegistrationChange
) -> None:
    errors: list[FieldError] = []
    if isinstance(sent.zone, str) and sent.zone not in {zone["code"] for zone in fair.zones}:
        errors.append(FieldError("#/zone", "没有这个展区", "There is no such zone."))
    if isinstance(sent.delegation_id, str):
        known = await session.scalar(
            select(FairDelegation.id).where(
                FairDelegation.id == id_of(sent.delegation_id), FairDelegation.fair_id == fair.id
            )
        )
        if known is None:
            errors.append(
                FieldError("#/delegation_id", "没有这个代表团", "There is no such delegation.")
            )
    if isinstance(sent.absent_slots, list) and sent.absent_slots:
        slots = await session.scalar(select(func.count()).where(FairSlot.fair_id == fair.id)) or 0
        errors += [
            FieldError(f"#/absent_slots/{place}", "没有这个时段", "There is no such slot.")
            for place, number in enumerate(sent.absent_slots)
            if number > slots
        ]
    if errors:
        raise Invalid(*errors)


async def registration_to_change(
    session: AsyncSession,
    viewer: Viewer,
    fair_id: Id | None,
    registration_id: Id | None,
    *,
    version: int | None = None,
    decides: bool = False,
) -> tuple[Fair, FairRegistration]:
    """A registration of one's own, or of one's fair, locked; with `decides` its fair, too.

    Raises NotFound, and PreconditionFailed for another version.
    """
    fair = (await visible_fair(session, viewer, fair_id)).fair
    if decides:
        fair = await locked_fair(session, fair.id)
    registration = await registration_for(session, viewer, fair, registration_id, locks=True)
    if version is not None and registration.version != version:
        raise PreconditionFailed
    refuse_unless(fair, "open", "matching", "published", "running")
    return fair, registration


async def set_listings(
    session: AsyncSession, fair: Fair, registration: FairRegistration, listing_ids: Sequence[str]
) -> None:
    """Bring these published listings of the organisation and no others. Raises Invalid."""
    asked = [id_of(each) for each in listing_ids]
    rows = await session.execute(
        select(Listing.id, Listing.kind).where(
            Listing.id.in_([each for each in asked if each is not None]),
            Listing.organisation_id == registration.organisation_id,
            Listing.status == "published",
        )
    )
    kinds = {row.id: row.kind for row in rows}
    errors = [
        FieldError(
            f"#/listing_ids/{place}",
            "不是本单位已发布的成果或需求",
            "This is no published result or need of the organisation.",
        )
        for place, each in enumerate(asked)
        if each not in kinds
    ]
    if errors:
        raise Invalid(*errors)
    brought = await session.scalars(
        select(FairListing).where(FairListing.registration_id == registration.id)
    )
    for row in brought:
        if row.listing_id in kinds:
            del kinds[row.listing_id]
        else:
            await session.delete(row)
    session.add_all(
        FairListing(
            fair_id=fair.id, registration_id=registration.id, listing_id=listing_id, kind=kind
        )
        for listing_id, kind in kinds.items()
    )
    await flush(session)


async def add_delegation(
    session: AsyncSession, fair: Fair, name: str, now: datetime
) -> FairDelegation:
    """Raises Conflict for a name that is taken."""
    delegation = FairDelegation(fair_id=fair.id, name=name.strip(), created_at=now)
    session.add(delegation)
    try:
        await session.flush()
    except IntegrityError as error:
        raise Conflict("delegation_taken", "已有这个代表团", "It is there already.") from error
    return delegation


async def _flush_unique(session: AsyncSession) -> None:
    """PostgreSQL names the constraint, SQLite its columns."""
    try:
        await flush(session)
    except IntegrityError as error:
        said = str(error.orig)
        if "fair_registrations" not in said:
            raise
        if "reference" in said:
            raise Conflict(
                "reference_taken",
                "该编号已用于另一报名",
                "Another registration has this reference.",
            ) from error
        raise Conflict(
            "already_registered",
            "本单位已报名；可修改，或重新提交已退出的报名",
            "The organisation is registered already: change that, or submit it again.",
        ) from error
