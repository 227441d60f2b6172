"""Holding what can be held when something is lost."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from market.fairs.models import Fair, FairTable


async def table_was_lost(
    session: AsyncSession, fair: Fair, table: FairTable, now: datetime
) -> None:
    """A stub until there are meetings."""
