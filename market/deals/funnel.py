"""The funnel as numbers: counts beside their definitions, and how many went on."""

from collections.abc import Mapping

from market.deals.definitions import DEFINITIONS
from schemas.stats import FunnelNumber, FunnelStep
from schemas.vocab import Lang


def funnel_of(counts: Mapping[FunnelStep, int], amount_cny: int, lang: Lang) -> list[FunnelNumber]:
    """Every step in its order; a step without a count has none.

    A share compares a step with the one before that counts the same: meetings with meetings.
    """
    numbers: list[FunnelNumber] = []
    for each in DEFINITIONS:
        count = counts.get(each.step, 0)
        before = numbers[-1] if numbers and numbers[-1].unit == each.unit else None
        numbers.append(
            FunnelNumber(
                step=each.step,
                unit=each.unit,
                name=each.name(lang),
                definition=each.means(lang),
                count=count,
                share=share_of(count, before.count if before else 0),
                amount_cny=amount_cny if each.step == "contract" else None,
            )
        )
    return numbers


def share_of(count: int, whole: int) -> float | None:
    """To four digits; None of nothing."""
    return round(count / whole, 4) if whole else None
