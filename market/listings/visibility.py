"""Who sees what of a listing: one table, and the views that are cut after it."""

import re
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, cast

from sqlalchemy import ColumnElement, Row, or_, true

from market.accounts.models import Organisation
from market.accounts.viewer import Viewer
from market.listings.domain import indicators_of, rights_of
from market.listings.models import Listing, NeedListing, ResultListing
from market.listings.names import labels_of, organisation_hint
from market.listings.states import allowed_actions
from schemas.listing_views import (
    ListingKind,
    ListingSummary,
    NeedView,
    OrganisationRef,
    PriceBand,
    ResultView,
)
from schemas.vocab import Lang
from search.port import PRICE_BANDS_CNY

if TYPE_CHECKING:
    from typing_extensions import TypeIs

# How one stands to a listing. `agreed`: both sides agreed on an interest; `contact`: a named
# contact was released to this recipient.
Relation = Literal["anyone", "verified", "agreed", "contact", "owner", "moderator"]
RELATIONS: tuple[Relation, ...] = (
    "anyone",
    "verified",
    "agreed",
    "contact",
    "owner",
    "moderator",
)

# What belongs together:
# subject     title, text, keywords, field, industry, place, maturity, modes, standing of rights
# institute   who posts a result; its patents
# enterprise  who posts a need
# terms       indicators, price or budget, deadline or first day
# private     notes, price floor, reference, unknown columns of the source, what is hidden
# actions     what one may do with it
# contacts    people, telephone, mail
Group = Literal["subject", "institute", "enterprise", "terms", "private", "actions", "contacts"]

# "band": the trade and place of an organisation, the band of a price, the quarter of a day.
# "if_shown": all of it, unless the owner hides it; then the band.
Level = Literal["yes", "if_shown", "band", "no"]


def _row(*levels: Level) -> Mapping[Relation, Level]:
    return dict(zip(RELATIONS, levels, strict=True))


TABLE: Mapping[Group, Mapping[Relation, Level]] = {
    #                  anyone      verified    agreed contact owner moderator
    "subject": _row("yes", "yes", "yes", "yes", "yes", "yes"),
    "institute": _row("if_shown", "if_shown", "yes", "yes", "yes", "yes"),
    "enterprise": _row("band", "if_shown", "yes", "yes", "yes", "yes"),
    "terms": _row("band", "if_shown", "yes", "yes", "yes", "yes"),
    "private": _row("no", "no", "no", "no", "yes", "yes"),
    "actions": _row("no", "no", "no", "no", "yes", "no"),
    # A moderator's look at contacts has to be recorded, and nothing records it yet.
    "contacts": _row("no", "no", "no", "yes", "yes", "no"),
}

_EXCERPT_CHARACTERS = 200
_DIGIT = re.compile(r"\d")


def relation_of(viewer: Viewer, listing: Listing) -> Relation:
    """How the viewer stands to the listing, as far as accounts tell.

    A key without the scope to read listings opens nothing that only its owner may see.
    """
    may_read_own = viewer.scopes is None or "listings:read" in viewer.scopes
    if may_read_own and viewer.organisation_id == listing.organisation_id:
        return "owner"
    if may_read_own and viewer.is_moderator:
        return "moderator"
    return "verified" if viewer.is_verified else "anyone"


def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """The listings that a viewer may know of: published ones, and all of their own."""
    may_read_own = viewer.scopes is None or "listings:read" in viewer.scopes
    is_published = Listing.status == "published"
    if may_read_own and viewer.is_moderator:
        return true()
    if may_read_own and viewer.organisation_id is not None:
        return or_(is_published, Listing.organisation_id == viewer.organisation_id)
    return is_published


def level_of(group: Group, relation: Relation, listing: Listing) -> Literal["yes", "band", "no"]:
    """What is shown of a group, after what the owner hides."""
    level = TABLE[group][relation]
    if level != "if_shown":
        return level
    is_shown = listing.shows_terms if group == "terms" else listing.shows_organisation
    return "yes" if is_shown else "band"


def sees_terms(relation: Relation, listing: Listing) -> bool:
    """Whether numbers of price, budget, indicators and deadline may be told."""
    return level_of("terms", relation, listing) == "yes"


def sees_organisation(relation: Relation, listing: Listing) -> bool:
    """Whether the name of who posts may be told, and found by."""
    return level_of(_who(listing), relation, listing) == "yes"


def result_view(
    listing: ResultListing, organisation: Organisation, relation: Relation, lang: Lang
) -> ResultView:
    parts = _common(listing, organisation, relation, lang)
    if sees_terms(relation, listing):
        parts |= {
            "price_min_cny": listing.price_min_cny,
            "price_max_cny": listing.price_max_cny,
            "ready_on": listing.ready_on,
        }
    if sees_organisation(relation, listing):
        parts["patents"] = listing.patents
    if level_of("private", relation, listing) == "yes":
        parts["price_floor_cny"] = listing.price_floor_cny
    return ResultView(
        summary=listing.text,
        trl=listing.trl,
        rights=rights_of(listing),
        price_band=price_band(listing.price_min_cny, listing.price_max_cny),
        ready_band=quarter(listing.ready_on),
        **parts,
    )


def need_view(
    listing: NeedListing, organisation: Organisation, relation: Relation, lang: Lang
) -> NeedView:
    parts = _common(listing, organisation, relation, lang)
    if sees_terms(relation, listing):
        parts |= {
            "budget_min_cny": listing.budget_min_cny,
            "budget_max_cny": listing.budget_max_cny,
            "deadline": listing.deadline,
            "indicators": indicators_of(listing),
        }
    return NeedView(
        description=listing.text,
        trl_min=listing.trl_min,
        trl_max=listing.trl_max,
        budget_band=price_band(listing.budget_min_cny, listing.budget_max_cny),
        deadline_band=quarter(listing.deadline),
        indicator_names=indicator_names(listing),
        **parts,
    )


def summary_of(
    listing: ResultListing | NeedListing,
    organisation: Organisation,
    relation: Relation,
    lang: Lang,
) -> ListingSummary:
    """A listing in a list; prices are a need's budget."""
    return ListingSummary(**summary_parts(listing, organisation, relation, lang))


def summary_parts(
    listing: ResultListing | NeedListing,
    organisation: Organisation,
    relation: Relation,
    lang: Lang,
) -> dict[str, Any]:
    """The fields of a summary that the relation may see, for structs that show more beside."""
    kind, low, high = _in_short(listing)
    parts = _subject(listing, lang) | _who_posts(listing, organisation, relation, lang)
    if sees_terms(relation, listing):
        parts |= {"price_min_cny": low, "price_max_cny": high, **_day(listing)}
    if level_of("private", relation, listing) == "yes":
        parts |= {"reference": listing.reference, "expires_on": listing.expires_on}
    parts["kind"] = kind
    parts["excerpt"] = listing.text[:_EXCERPT_CHARACTERS]
    parts["trl_min"], parts["trl_max"] = _trl(listing)
    parts["price_band"] = price_band(low, high)
    return parts


def price_band(low_cny: int | None, high_cny: int | None) -> PriceBand | None:
    """The band of a range's lower end, as the facets count it; of the upper end if that is all."""
    amount = high_cny if low_cny is None else low_cny
    if amount is None:
        return None
    band = next(band for band, upper in PRICE_BANDS_CNY if upper is None or amount < upper)
    return cast(PriceBand, band)


def quarter(day: date | None) -> str | None:
    """The quarter that a day lies in: 2027-Q2."""
    return None if day is None else f"{day.year}-Q{(day.month + 2) // 3}"


def indicator_names(listing: NeedListing | Row[Any]) -> list[str]:
    """What is measured, without the numbers. One of words only is cut at its first digit."""
    names = (
        _DIGIT.split(each.name)[0].strip() if each.comparator == "stated" else each.name
        for each in indicators_of(listing)
    )
    return [name for name in names if name]


def _common(
    listing: Listing, organisation: Organisation, relation: Relation, lang: Lang
) -> dict[str, Any]:
    """The parts that views of both kinds have, by the names of their fields."""
    parts = _subject(listing, lang) | _who_posts(listing, organisation, relation, lang)
    parts["expires_on"] = listing.expires_on
    if level_of("private", relation, listing) == "yes":
        parts |= {
            "reference": listing.reference,
            "created_at": listing.created_at,
            "shows_organisation": listing.shows_organisation,
            "shows_terms": listing.shows_terms,
            "private_note": listing.private_note,
            "extra": listing.extra,
        }
    if level_of("actions", relation, listing) == "yes":
        parts["allowed_actions"] = allowed_actions(listing)
    if level_of("contacts", relation, listing) == "yes":
        parts["contacts"] = listing.contacts
    return parts


def _subject(listing: Listing, lang: Lang) -> dict[str, Any]:
    return {
        "id": str(listing.id),
        "status": listing.status,
        "version": listing.version,
        "title": listing.title,
        "keywords": listing.keywords,
        "fields": listing.fields,
        "industries": listing.industries,
        "modes": listing.modes,
        "division": listing.division,
        "labels": labels_of(listing, lang),
        "published_at": listing.published_at,
        "changed_at": listing.changed_at,
    }


def _who_posts(
    listing: Listing, organisation: Organisation, relation: Relation, lang: Lang
) -> dict[str, Any]:
    if not sees_organisation(relation, listing):
        return {"organisation_hint": organisation_hint(listing, organisation.kind, lang)}
    shown = OrganisationRef(
        id=str(organisation.id),
        name=organisation.name,
        kind=organisation.kind,
        is_verified=organisation.verified_at is not None,
    )
    return {"organisation": shown}


def _who(listing: Listing) -> Group:
    return "institute" if listing.kind == "result" else "enterprise"


def _is_result(listing: ResultListing | NeedListing) -> "TypeIs[ResultListing]":
    """By its kind and not by its class: a search shows plain rows of the same columns."""
    return listing.kind == "result"


def _in_short(
    listing: ResultListing | NeedListing,
) -> tuple[ListingKind, int | None, int | None]:
    if _is_result(listing):
        return "result", listing.price_min_cny, listing.price_max_cny
    return "need", listing.budget_min_cny, listing.budget_max_cny


def _trl(listing: ResultListing | NeedListing) -> tuple[int | None, int | None]:
    if _is_result(listing):
        return listing.trl, listing.trl
    return listing.trl_min, listing.trl_max


def _day(listing: ResultListing | NeedListing) -> dict[str, date | None]:
    if _is_result(listing):
        return {"ready_on": listing.ready_on}
    return {"deadline": listing.deadline}
