"""Matches of one's own listings as a file of pairs; of the other side what one may see of it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import Organisation
from market.accounts.viewer import Viewer
from market.exchange.headers import Column
from market.exchange.import_files import is_own_reference
from market.exchange.pair_report import PairReport, PairRow
from market.listings.models import NeedListing, ResultListing
from market.listings.queries import organisations_by_id
from market.listings.visibility import need_view, relation_of, result_view, sees_terms
from market.matching.disclosure import shown_reasons, shown_score
from market.matching.queries import MatchesAsked, OwnMatch, own_matches
from schemas.listing_views import NeedView, ResultView
from schemas.listings import Need, Result
from schemas.vocab import Lang

_Organisations = Mapping[UUID, Organisation]


class ExportedMatches(msgspec.Struct, frozen=True):
    """Matches, and the organisations of both sides of each."""

    found: Sequence[OwnMatch]
    organisations: _Organisations


async def matches_to_export(
    session: AsyncSession, viewer: Viewer, asked: MatchesAsked
) -> ExportedMatches:
    found = await own_matches(session, viewer, asked)
    own = await organisations_by_id(session, [each.own for each in found])
    others = {each.organisation.id: each.organisation for each in found}
    return ExportedMatches(found, own | others)


def report_of(exported: ExportedMatches, viewer: Viewer, lang: Lang, as_of: date) -> PairReport:
    """The matches as a report of pairs: own listing by own listing, the best first.

    `rank` is the place among the matches of one's own listing.
    """
    rows = list(_rows(exported, viewer, lang))
    needs, results = [row.need for row in rows], [row.result for row in rows]
    name = "配对数" if lang == "zh" else "Pairs"
    return PairReport(
        pairs=rows,
        need_columns=_extra_columns(needs),
        result_columns=_extra_columns(results),
        lang=lang,
        as_of=as_of,
        top=max((row.rank for row in rows), default=0),
        summary=lambda: {name: len(rows)},
    )


def _rows(exported: ExportedMatches, viewer: Viewer, lang: Lang) -> Iterator[PairRow]:
    seen = _Seen(viewer, exported.organisations, lang)
    by_listing: dict[UUID, list[OwnMatch]] = {}
    for match in exported.found:
        by_listing.setdefault(match.own.id, []).append(match)
    for matches in by_listing.values():
        for rank, match in enumerate(matches, 1):
            yield seen.row(match, rank)


def _extra_columns(listings: Sequence[Need] | Sequence[Result]) -> list[Column]:
    headers = dict.fromkeys(header for listing in listings for header in listing.extra)
    return [Column(header, "extra") for header in headers]


class _Seen:
    """Listings as the viewer may see them, in the form in which pairs are written."""

    def __init__(self, viewer: Viewer, organisations: _Organisations, lang: Lang) -> None:
        self._viewer = viewer
        self._organisations = organisations
        self._lang: Lang = lang

    def row(self, match: OwnMatch, rank: int) -> PairRow:
        relation = relation_of(self._viewer, match.counterpart)
        is_open = sees_terms(relation, match.counterpart)
        told = shown_reasons(
            match.match.explanation, match.counterpart, self._lang, is_open=is_open
        )
        sides = (match.own, match.counterpart)
        need = next(each for each in sides if isinstance(each, NeedListing))
        result = next(each for each in sides if isinstance(each, ResultListing))
        return PairRow(
            need=self._need(need),
            result=self._result(result),
            rank=rank,
            score=shown_score(match.match, is_open=is_open),
            reasons=tuple(reason.text for reason in told if reason.supports),
            counter_reasons=tuple(reason.text for reason in told if not reason.supports),
        )

    def _need(self, listing: NeedListing) -> Need:
        relation = relation_of(self._viewer, listing)
        organisation = self._organisations[listing.organisation_id]
        view = need_view(listing, organisation, relation, self._lang)
        return Need(
            **_common(view),
            description=view.description,
            indicators="；".join(_indicators(view)),
            trl_min=view.trl_min,
            trl_max=view.trl_max,
            budget_min_cny=_known(view.budget_min_cny),
            budget_max_cny=_known(view.budget_max_cny),
            deadline=_known(view.deadline),
            enterprise=_poster(view),
        )

    def _result(self, listing: ResultListing) -> Result:
        relation = relation_of(self._viewer, listing)
        organisation = self._organisations[listing.organisation_id]
        view = result_view(listing, organisation, relation, self._lang)
        return Result(
            **_common(view),
            summary=view.summary,
            trl=view.trl,
            rights=view.rights,
            patents=tuple(_known(view.patents) or ()),
            price_min_cny=_known(view.price_min_cny),
            price_max_cny=_known(view.price_max_cny),
            ready_on=_known(view.ready_on),
            institute=_poster(view),
        )


def _common(view: NeedView | ResultView) -> dict[str, Any]:
    reference = _known(view.reference)
    return {
        "id": reference if is_own_reference(reference) else view.id,
        "title": view.title,
        "keywords": tuple(view.keywords),
        "fields": tuple(view.fields),
        "industries": tuple(view.industries),
        "modes": tuple(view.modes),
        "division": view.division,
        "extra": _known(view.extra) or {},
    }


def _indicators(view: NeedView) -> list[str]:
    if view.indicators is UNSET:
        return view.indicator_names
    return [each.text for each in view.indicators]


def _poster(view: NeedView | ResultView) -> str:
    if view.organisation is UNSET:
        return _known(view.organisation_hint) or ""
    return view.organisation.name


def _known(value: Any) -> Any:
    """What the viewer may not see is empty in a file."""
    return None if value is UNSET else value
