"""What a match tells one side of the other, cut to what that side may see of the listing.

A score and its reasons are worked out with everything. Where the counterpart's terms (price or
budget, deadline, indicators) are not for the viewer, sentences that tell of them keep their
meaning and lose their numbers, and key words that stand in the indicators alone are left out.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from market.accounts.viewer import Viewer
from market.listings.models import Listing, NeedListing, ResultListing
from market.listings.visibility import indicator_names, relation_of, sees_terms, summary_of
from market.matching.models import MatchFeedback, MatchRow
from market.matching.queries import OwnMatch
from market.matching.score import GOOD_SCORE
from schemas.listing_views import ListingKind
from schemas.match_views import FeedbackView, MatchView, OwnListing, SideView
from schemas.matching import Part, Reason, Side
from schemas.vocab import Lang
from search.text import fold

_TERMS = frozenset({"price", "deadline"})
_SENTENCES: Mapping[tuple[str, bool], tuple[str, str]] = {
    ("price", True): ("报价与预算相合", "Price and budget go together"),
    ("price", False): ("报价与预算有差距", "Price and budget are apart"),
    ("deadline", True): ("时间赶得上", "In time"),
    ("deadline", False): ("时间紧或赶不上", "Little time, or too late"),
    ("text", True): ("内容相近", "The texts meet"),
    ("text", False): ("文字相近处少", "The texts hardly meet"),
}


def match_view(found: OwnMatch, viewer: Viewer, lang: Lang, *, explain: bool) -> MatchView:
    """The match as the viewer may see it; `explain` adds the parts of both sides."""
    relation = relation_of(viewer, found.counterpart)
    is_open = sees_terms(relation, found.counterpart)
    told = found.match.explanation
    view = MatchView(
        id=str(found.match.id),
        score=shown_score(found.match, is_open=is_open),
        is_good=found.match.score >= GOOD_SCORE,
        listing=_own(found.own),
        counterpart=summary_of(found.counterpart, found.organisation, relation, lang),
        reasons=shown_reasons(told, found.counterpart, lang, is_open=is_open),
        feedback=None if found.feedback is None else feedback_view(found.feedback),
        found_at=found.match.found_at,
    )
    if not explain:
        return view
    return msgspec.structs.replace(
        view,
        enterprise=_side(told["enterprise"], is_open=is_open),
        institute=_side(told["institute"], is_open=is_open),
    )


def shown_score(match: MatchRow, *, is_open: bool) -> float:
    """To one decimal; in whole points where a finer one would tell the price by arithmetic."""
    return round(match.score, 1) if is_open else float(round(match.score))


def shown_reasons(
    told: Mapping[str, Any], counterpart: Listing, lang: Lang, *, is_open: bool
) -> list[Reason]:
    reasons = msgspec.convert(told["reasons"][lang], list[Reason])
    if is_open:
        return reasons
    hidden = _TERMS | {"text"} if isinstance(counterpart, NeedListing) else _TERMS
    return [
        _without_terms(reason, told, counterpart, lang) if reason.feature in hidden else reason
        for reason in reasons
    ]


def _without_terms(
    reason: Reason, told: Mapping[str, Any], counterpart: Listing, lang: Lang
) -> Reason:
    zh, en = _SENTENCES[reason.feature, reason.supports]
    text = zh if lang == "zh" else en
    if reason.feature == "text":
        text += _words_in_sight(told, counterpart, lang)
    return msgspec.structs.replace(reason, text=text)


def _words_in_sight(told: Mapping[str, Any], need: Listing, lang: Lang) -> str:
    """The shared words and other wordings that the need shows without its indicators."""
    shown = _shown_text(need)
    words = [word for word in told["words"] if word in shown]
    wordings = [f"{ours} ≈ {theirs}" for ours, theirs in told["wordings"] if ours in shown]
    comma, colon = ("、", "：") if lang == "zh" else (", ", ": ")
    named = comma.join((*words, *wordings))
    return colon + named if named else ""


def _shown_text(need: Listing) -> str:
    names: Iterable[str] = indicator_names(need) if isinstance(need, NeedListing) else ()
    return fold("\n".join((need.title, *need.keywords, need.text, *names)))


def _side(stored: Any, *, is_open: bool) -> SideView:
    side = msgspec.convert(stored, Side)
    if is_open:
        return SideView(base=side.base, parts=list(side.parts), log_odds=side.log_odds)
    parts: list[Part] = [part for part in side.parts if part.feature not in _TERMS]
    return SideView(base=side.base, parts=parts)


def _own(listing: ResultListing | NeedListing) -> OwnListing:
    kind: ListingKind = "need" if isinstance(listing, NeedListing) else "result"
    return OwnListing(id=str(listing.id), kind=kind, title=listing.title)


def feedback_view(feedback: MatchFeedback) -> FeedbackView:
    return msgspec.convert(feedback, FeedbackView, from_attributes=True)
