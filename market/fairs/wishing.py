"""Whom an organisation must, would like to, or will not meet."""

import uuid
from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.errors import FieldError, Invalid
from market.fairs.meeting_rules import may_meet
from market.fairs.models import Fair, FairListing, FairRegistration, FairWish
from market.http.paging import id_of
from schemas.fair_registrations import WishForm

Id = uuid.UUID


async def set_wishes(
    session: AsyncSession, fair: Fair, registration: FairRegistration, wishes: Sequence[WishForm]
) -> list[FairWish]:
    """Wish for these and no others. Raises Invalid for each that can't be."""
    targets = await _targets(session, fair, registration, wishes)
    await session.execute(delete(FairWish).where(FairWish.registration_id == registration.id))
    rows = [
        FairWish(
            fair_id=fair.id,
            registration_id=registration.id,
            wished_id=wished_id,
            target_id=target_id,
            wish=form.wish,
        )
        for form, (wished_id, target_id) in zip(wishes, targets, strict=True)
    ]
    session.add_all(rows)
    await session.flush()
    return rows


async def _targets(
    session: AsyncSession, fair: Fair, registration: FairRegistration, wishes: Sequence[WishForm]
) -> list[tuple[Id, Id]]:
    """For each wish the participant and what the wish names of it."""
    participants = await _participants(session, fair)
    listings = await _brought(session, fair)
    found: list[tuple[Id, Id]] = []
    errors: list[FieldError] = []
    seen: set[Id] = set()
    for place, form in enumerate(wishes):
        target = id_of(form.listing_id or form.registration_id or "")
        wished = listings.get(target) if form.listing_id else target  # type: ignore[arg-type]
        kind = participants.get(wished)  # type: ignore[arg-type]
        if (form.listing_id is None) == (form.registration_id is None):
            errors.append(_wish_error(place, "请填写其中之一", "Name one of both."))
        elif target is None or wished is None or kind is None:
            errors.append(_wish_error(place, "没有这个参会方", "There is no such participant."))
        elif wished == registration.id or not may_meet(registration.kind, kind):
            errors.append(_wish_error(place, "双方不能对接", "These two can't meet."))
        elif target in seen:
            errors.append(_wish_error(place, "重复", "It is there twice."))
        else:
            seen.add(target)
            found.append((wished, target))
    if errors:
        raise Invalid(*errors[:100])
    return found


def _wish_error(place: int, zh: str, en: str) -> FieldError:
    return FieldError(f"#/wishes/{place}", zh, en)


async def _participants(session: AsyncSession, fair: Fair) -> dict[Id, str]:
    rows = await session.execute(
        select(FairRegistration.id, FairRegistration.kind).where(
            FairRegistration.fair_id == fair.id, FairRegistration.status == "approved"
        )
    )
    return {row.id: row.kind for row in rows}


async def _brought(session: AsyncSession, fair: Fair) -> dict[Id, Id]:
    rows = await session.execute(
        select(FairListing.listing_id, FairListing.registration_id).where(
            FairListing.fair_id == fair.id
        )
    )
    return {row.listing_id: row.registration_id for row in rows}
