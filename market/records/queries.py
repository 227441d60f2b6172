"""Reads of what is known of fairs."""

import uuid

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.records.models import FairFact, FairRecord


async def known_fair(session: AsyncSession, fair_id: uuid.UUID | None) -> FairRecord | None:
    """The fair with this id, if it was made known."""
    return None if fair_id is None else await session.get(FairRecord, fair_id)


async def takes_part(
    session: AsyncSession, fair_id: uuid.UUID, organisation_id: uuid.UUID | None
) -> bool:
    """Whether the organisation is registered at the fair."""
    found = await session.scalar(
        select(FairFact.id)
        .where(
            FairFact.fair_id == fair_id,
            FairFact.organisation_id == organisation_id,
            FairFact.stage == "registered",
        )
        .limit(1)
    )
    return found is not None


async def fair_of_meeting(
    session: AsyncSession, meeting_id: uuid.UUID, first_id: uuid.UUID, second_id: uuid.UUID
) -> uuid.UUID | None:
    """The fair at which these two organisations had this meeting; None for any other meeting."""
    both = (first_id, second_id)
    found: uuid.UUID | None = await session.scalar(
        select(FairFact.fair_id)
        .where(
            FairFact.subject_id == meeting_id,
            or_(FairFact.stage == "planned", FairFact.stage == "held"),
            FairFact.organisation_id.in_(both),
            FairFact.other_organisation_id.in_(both),
        )
        .limit(1)
    )
    return found
