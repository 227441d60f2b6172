"""What a saved search asks for, read by the rules of searches themselves."""

from collections.abc import Iterator
from typing import Any

import msgspec

from market.accounts.viewer import Viewer
from market.errors import FieldError, Invalid
from market.indexing.search_parameters import NeedSearch, ResultSearch, price_names, wanted_by
from market.indexing.search_queries import in_bands, refuse_telling, relation_in_general
from market.listings.visibility import TABLE, Group
from market.subscriptions.evaluation import Id, SavedSearch
from schemas.subscriptions import SavedQuery
from search.port import Filters
from search.strict import strict_search
from search.synonyms import Synonyms

# The kinds of subscription that are searches, and the kind of listing that each finds.
LISTING_KIND = {"results": "result", "needs": "need"}
_PRICES = {
    "results": ("price_min_cny", "price_max_cny"),
    "needs": ("budget_min_cny", "budget_max_cny"),
}
_NO_PRICES = {"results": _PRICES["needs"], "needs": _PRICES["results"]}


def search_of(kind: str, query: SavedQuery) -> ResultSearch | NeedSearch:
    """The search that a saved one stands for; what is of the other kind is left out."""
    given = msgspec.structs.asdict(query)
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in given.items()
        if name not in _NO_PRICES[kind]
    }
    return ResultSearch(**values) if kind == "results" else NeedSearch(**values)


def refuse_wrong(kind: str, query: SavedQuery, viewer: Viewer) -> None:
    """Raises Invalid for what can't be understood, Forbidden for what may not be asked."""
    errors = list(_of_other_kind(kind, query))
    try:
        asked = search_of(kind, query)
        wanted_by(asked)
    except Invalid as error:
        errors += [FieldError(f"#/query/{each.place}", each.zh, each.en) for each in error.errors]
    if errors:
        raise Invalid(*errors)
    refuse_telling("result" if kind == "results" else "need", asked, relation_in_general(viewer))


def _of_other_kind(kind: str, query: SavedQuery) -> Iterator[FieldError]:
    ours = "、".join(price_names("result" if kind == "results" else "need"))
    for name in _NO_PRICES[kind]:
        if getattr(query, name) is not None:
            yield FieldError(f"#/query/{name}", f"此处应为 {ours}", f"Here it is {ours}.")


def exact_filters(kind: str, query: SavedQuery) -> Filters:
    """Raises Invalid for codes that are not in the vocabularies any more."""
    return wanted_by(search_of(kind, query)).filters


def saved_search(
    subscription_id: Id, version: int, kind: str, stored: dict[str, Any], synonyms: Synonyms
) -> SavedSearch:
    """A stored saved search, made ready. Raises Invalid as `exact_filters`."""
    query = msgspec.convert(stored, SavedQuery)
    filters = exact_filters(kind, query)
    return SavedSearch(
        id=subscription_id,
        version=version,
        kind=LISTING_KIND[kind],
        search=strict_search(query.q, in_bands(filters), synonyms),
        filters=filters,
        organisation_id=None if query.organisation_id is None else id_named(query.organisation_id),
        asks_who=bool(query.organisation) or query.organisation_id is not None,
    )


def id_named(text: str) -> Id:
    """The id, or one that nothing has: whoever asks for what can't be gets nothing."""
    try:
        return Id(text)
    except ValueError:
        return Id(int=0)


def sees_exactly(viewer: Viewer) -> bool:
    """Whether filters by price mean exact numbers to this viewer, and not bands."""
    return TABLE["terms"][relation_in_general(viewer)] != "band"


def may_ask_who(kind: str, viewer: Viewer) -> bool:
    """Whether the viewer may look by who posts listings of this kind."""
    group: Group = "institute" if kind == "result" else "enterprise"
    return TABLE[group][relation_in_general(viewer)] != "band"
