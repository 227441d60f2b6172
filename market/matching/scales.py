"""What scores are worked out with, kept by this process until the market has moved."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from market.matching.scoring import Scale, Wishes
from market.matching.statistics import Statistics
from market.matching.synonyms import MarketplaceSynonyms


class Scales:
    """The latest scale; two pairs that are scored with the same one compare."""

    def __init__(self) -> None:
        self._statistics = Statistics()
        self._synonyms = MarketplaceSynonyms()
        self._wishes: Wishes | None = None

    async def current(self, session: AsyncSession, now: datetime) -> Scale:
        """Costs a few small queries, unless a count or the synonyms are new."""
        results = await self._statistics.of(session, "result")
        synonyms = await self._synonyms.current(session)
        wishes = self._wishes
        if wishes is None or not wishes.are_of(results, synonyms):
            wishes = self._wishes = Wishes(results, synonyms)
        return Scale(wishes, await self._statistics.of(session, "need"), now.date())
