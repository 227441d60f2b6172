"""A listing as a document of the search index."""

from schemas.listings import Need, Result
from search.documents import SearchDocument


def document_of_result(result: Result) -> SearchDocument:
    return SearchDocument(
        id=result.id,
        title=result.title,
        keywords=result.keywords,
        body=result.summary,
        fields=result.fields,
        industries=result.industries,
        division=result.division,
        organisation=result.institute,
        modes=result.modes,
        trl_min=result.trl,
        trl_max=result.trl,
        price_min_cny=result.price_min_cny,
        price_max_cny=result.price_max_cny,
    )


def document_of_need(need: Need) -> SearchDocument:
    return SearchDocument(
        id=need.id,
        title=need.title,
        keywords=need.keywords,
        body=text_of_need(need),
        fields=need.fields,
        industries=need.industries,
        division=need.division,
        organisation=need.enterprise,
        modes=need.modes,
        trl_min=need.trl_min,
        trl_max=need.trl_max,
        price_min_cny=need.budget_min_cny,
        price_max_cny=need.budget_max_cny,
    )


def text_of_need(need: Need) -> str:
    """What a need says below its title: description, indicators."""
    return "\n".join(part for part in (need.description, need.indicators) if part)
