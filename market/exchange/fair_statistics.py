"""What a fair's plan comes to, in figures."""

from collections import Counter

import msgspec

from market.exchange.fair_agendas import FairView
from market.exchange.fair_words import KINDS


class FairStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """Counts and shares (0–1) of one plan.

    A wish is what one side said of another (must, like) where nobody refused; it is met when the
    two have a meeting. `weight_share` is the plan's weight by the highest that is possible;
    `table_share` the places at tables that are taken;
    `without_meeting` names participants.
    """

    participants: dict[str, int]
    results: int
    needs: int
    slots: int
    tables: int
    pairs: int
    meetings: int
    cancelled: int
    wishes: int
    wishes_met: int
    wish_share: float
    weight: int
    upper_bound: int
    weight_share: float
    without_meeting: tuple[str, ...]
    idle_slots: int
    table_share: float
    unplanned: dict[str, int]


def statistics_of(view: FairView) -> FairStatistics:
    book, figures = view.book, view.book.figures
    on = [each for each in view.appointments if each.is_on]
    wished = {
        pair.id: sum(wish in {"must", "like"} for wish in (pair.first_wish, pair.second_wish))
        for pair in book.pairs
        if not pair.is_forbidden
    }
    wishes = sum(wished.values())
    met = sum(wished.get(pair, 0) for pair in view.met_pairs)
    kinds: Counter[str] = Counter(each.kind for each in view.present)
    listings = Counter(listing.kind for listing in view.listings.values())
    places = len(book.slots) * len(book.tables)
    with_meeting = {each.id for one in on for each in (one.first, one.second)}
    return FairStatistics(
        participants={kind: kinds[kind] for kind in KINDS if kind in kinds},
        results=listings["result"],
        needs=listings["need"],
        slots=len(book.slots),
        tables=len(book.tables),
        pairs=sum(not pair.is_forbidden for pair in book.pairs),
        meetings=len(on),
        cancelled=len(view.appointments) - len(on),
        wishes=wishes,
        wishes_met=met,
        wish_share=_share(met, wishes),
        weight=figures.weight,
        upper_bound=figures.upper_bound,
        weight_share=_share(figures.weight, figures.upper_bound),
        without_meeting=tuple(each.id for each in view.present if each.id not in with_meeting),
        idle_slots=sum(figures.idle_slots.values()),
        table_share=_share(len(on), places),
        unplanned=dict(sorted(Counter(each.cause for each in book.unplanned).items())),
    )


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 1.0
