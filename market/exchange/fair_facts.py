"""A listing as a fair's files show it: only what anybody may see of a published one.

Prices, budgets, indicators, extra columns and contacts stay in the spreadsheet.
"""

from collections.abc import Iterator

from market.exchange.fair_book import BroughtListing
from schemas import vocab
from schemas.listings import Need, Result
from schemas.vocab import Lang


def brought_result(result: Result, lang: Lang) -> BroughtListing:
    return BroughtListing(
        id=f"result/{result.id}",
        kind="result",
        title=result.title,
        summary=result.summary,
        facts=tuple(_facts(result, lang)),
    )


def brought_need(need: Need, lang: Lang) -> BroughtListing:
    return BroughtListing(
        id=f"need/{need.id}",
        kind="need",
        title=need.title,
        summary=need.description,
        facts=tuple(_facts(need, lang)),
    )


def _facts(listing: Result | Need, lang: Lang) -> Iterator[str]:
    """Maturity, field, modes of cooperation and region, those that are known."""
    trl = listing.trl if isinstance(listing, Result) else listing.trl_min
    if trl is not None:
        yield f"TRL {trl}" if isinstance(listing, Result) else f"TRL ≥ {trl}"
    for vocabulary, codes in ((vocab.fields(), listing.fields), (vocab.modes(), listing.modes)):
        names = [vocabulary[code].name(lang) for code in codes if code in vocabulary]
        if names:
            yield ("、" if lang == "zh" else ", ").join(names)
    divisions = vocab.divisions()
    if listing.division is not None and listing.division in divisions:
        yield divisions[listing.division].name(lang)
