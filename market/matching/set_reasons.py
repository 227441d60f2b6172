"""Why pairs of listings go together, for those who plan their meetings.

What is told is what everybody may read of both: no price, no budget, no deadline, no indicator.
"""

import asyncio
import uuid
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database, utc_now
from market.listings.models import Listing
from market.listings.plain import in_parts
from market.listings.queries import listings_by_id
from market.matching.catalogue import (
    PublishedNeed,
    PublishedResult,
    published_needs,
    published_results,
)
from market.matching.disclosure import shown_reasons
from market.matching.models import MatchRow
from market.matching.scales import Scales
from market.matching.scoring import Scale, Scorer, explanation_of
from schemas.matching import Reason
from schemas.vocab import Lang

Id = uuid.UUID
Two = tuple[Id, Id]


async def reasons_of_pairs(
    database: Database, pairs: Collection[Two], lang: Lang
) -> dict[Two, list[Reason]]:
    """The reasons of each (result, need) of which both are published, in the language.

    Those of a stored match where there is one, else they are worked out.
    """
    async with database.reading() as session:
        told = await _stored(session, pairs)
        missing = sorted(set(pairs) - told.keys())
        results = await published_results(session, {result for result, _ in missing})
        needs = await published_needs(session, {need for _, need in missing})
        scale = await Scales().current(session, utc_now()) if missing else None
        askers = {need for _, need in pairs}
        listings: dict[Id, Any] = {}
        for some in in_parts(askers):
            listings |= await listings_by_id(session, "need", some)
    if scale is not None:
        told |= await asyncio.to_thread(_explained, missing, results, needs, (scale, lang))
    return await asyncio.to_thread(_shown, told, listings, lang)


async def _stored(session: AsyncSession, pairs: Collection[Two]) -> dict[Two, Mapping[str, Any]]:
    wanted = set(pairs)
    found: dict[Two, Mapping[str, Any]] = {}
    for some in in_parts({result for result, _ in pairs}):
        rows = await session.execute(
            select(MatchRow.result_id, MatchRow.need_id, MatchRow.explanation).where(
                MatchRow.result_id.in_(some), MatchRow.state == "open"
            )
        )
        found |= {(row[0], row[1]): row[2] for row in rows if (row[0], row[1]) in wanted}
    return found


def _explained(
    missing: Collection[Two],
    results: Mapping[Id, PublishedResult],
    needs: Mapping[Id, PublishedNeed],
    asked: tuple[Scale, Lang],
) -> dict[Two, Mapping[str, Any]]:
    scale, lang = asked
    scorer = Scorer(scale, results.values())
    return {
        (result_id, need_id): explanation_of(
            scorer.pair(results[result_id], needs[need_id]), (lang,)
        )
        for result_id, need_id in missing
        if result_id in results and need_id in needs
    }


def _shown(
    told: Mapping[Two, Mapping[str, Any]], needs: Mapping[Id, Listing], lang: Lang
) -> dict[Two, list[Reason]]:
    return {
        two: [
            reason
            for reason in shown_reasons(explanation, needs[two[1]], lang, is_open=False)
            # Neither side reads in an agenda what the other asks or can pay, not even whether
            # the two go together.
            if reason.feature != "price"
        ]
        for two, explanation in told.items()
        if two[1] in needs
    }
