"""A listing as the matcher and the indexes see it: schemas.listings.Result or Need.

Everything is there, also what the owner hides: whoever shows it to others goes by visibility.py.
"""

from typing import Any

import msgspec
from sqlalchemy import Row

from market.accounts.models import Organisation
from market.listings.models import Listing, NeedListing, ResultListing
from schemas.listings import Indicator, Need, Result, Rights


def result_of(listing: ResultListing, organisation: Organisation) -> Result:
    return Result(
        id=str(listing.id),
        title=listing.title,
        summary=listing.text,
        keywords=tuple(listing.keywords),
        fields=tuple(listing.fields),
        industries=tuple(listing.industries),
        trl=listing.trl,
        modes=tuple(listing.modes),
        price_min_cny=listing.price_min_cny,
        price_max_cny=listing.price_max_cny,
        division=listing.division,
        institute=organisation.name,
        credit_code=organisation.credit_code or "",
        patents=tuple(listing.patents),
        rights=rights_of(listing),
        ready_on=listing.ready_on,
        extra=listing.extra,
        contacts=listing.contacts,
    )


def need_of(listing: NeedListing, organisation: Organisation) -> Need:
    return Need(
        id=str(listing.id),
        title=listing.title,
        description=listing.text,
        keywords=tuple(listing.keywords),
        indicators="；".join(each.text for each in indicators_of(listing)),
        fields=tuple(listing.fields),
        industries=tuple(listing.industries),
        trl_min=listing.trl_min,
        trl_max=listing.trl_max,
        modes=tuple(listing.modes),
        budget_min_cny=listing.budget_min_cny,
        budget_max_cny=listing.budget_max_cny,
        deadline=listing.deadline,
        division=listing.division,
        enterprise=organisation.name,
        credit_code=organisation.credit_code or "",
        extra=listing.extra,
        contacts=listing.contacts,
    )


def domain_of(listing: Listing, organisation: Organisation) -> Result | Need:
    if isinstance(listing, ResultListing):
        return result_of(listing, organisation)
    if isinstance(listing, NeedListing):
        return need_of(listing, organisation)
    raise TypeError(f"{type(listing)} is no listing.")


def indicators_of(listing: NeedListing | Row[Any]) -> list[Indicator]:
    return msgspec.convert(listing.indicators, list[Indicator])


def rights_of(listing: ResultListing) -> Rights | None:
    rights: Rights | None = msgspec.convert(listing.rights, Rights | None)
    return rights
