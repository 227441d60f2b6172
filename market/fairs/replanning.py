"""Holding what can be held when something is lost, and filling what is free."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from market.fairs.models import Fair, FairRegistration, FairTable


async def participant_left(
    session: AsyncSession, fair: Fair, registration: FairRegistration, now: datetime
) -> None:
    """A stub until there are meetings."""


async def participant_came(session: AsyncSession, fair: Fair, now: datetime) -> None:
    """A stub until there are meetings."""


async def table_was_lost(
    session: AsyncSession, fair: Fair, table: FairTable, now: datetime
) -> None:
    """A stub until there are meetings."""
