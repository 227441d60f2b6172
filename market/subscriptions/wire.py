"""Saved searches, alerts and endpoints as their owners see them."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import Organisation
from market.accounts.viewer import Viewer
from market.listings.models import Listing, NeedListing, ResultListing
from market.listings.queries import listings_by_id, organisations_by_id
from market.listings.visibility import relation_of, sees_terms, summary_of
from market.matching.disclosure import shown_reasons, shown_score
from market.matching.models import MatchRow
from market.subscriptions.models import (
    Alert,
    Delivery,
    DeliveryAttempt,
    Subscription,
    WebhookEndpoint,
)
from market.subscriptions.queries import subscriptions_by_id
from market.subscriptions.reasons import sentences, title_of
from market.subscriptions.schedule import clock_time_of
from schemas.subscriptions import AlertSource, AlertView, EventType, SavedSearchView
from schemas.vocab import Lang
from schemas.webhooks import AttemptView, DeliveryDetails, DeliveryView, EndpointView

_REASONS_SHOWN = 3
Id = uuid.UUID


def saved_search_view(saved: Subscription) -> SavedSearchView:
    same = ("name", "kind", "query", "min_score", "frequency", "digest_weekday", "time_zone")
    times = ("muted_until", "next_digest_at", "created_at", "changed_at")
    return msgspec.convert(
        {
            **{name: getattr(saved, name) for name in (*same, *times, "channels")},
            "id": str(saved.id),
            "listing_id": _text(saved.listing_id),
            "endpoint_id": _text(saved.endpoint_id),
            "digest_time": clock_time_of(saved.digest_minute),
            "quiet_from": _clock_time(saved.quiet_from),
            "quiet_until": _clock_time(saved.quiet_until),
            "has_feed": saved.feed_hash is not None,
        },
        SavedSearchView,
    )


def _text(found: Id | None) -> str | None:
    return None if found is None else str(found)


def _clock_time(minute: int | None) -> str | None:
    return None if minute is None else clock_time_of(minute)


class _Context(msgspec.Struct, frozen=True):
    """What alerts name, read for all of them at once."""

    listings: Mapping[Id, ResultListing | NeedListing]
    organisations: Mapping[Id, Organisation]
    saved: Mapping[Id, Subscription]
    matches: Mapping[Id, MatchRow]
    viewer: Viewer
    lang: Lang


async def alert_views(
    session: AsyncSession, viewer: Viewer, alerts: Sequence[Alert], lang: Lang
) -> list[AlertView]:
    """Alerts in their order. Listings show what the viewer may see of them now, or nothing."""
    ids = {each.listing_id for each in alerts if each.listing_id is not None}
    listings: dict[Id, ResultListing | NeedListing] = {
        **await listings_by_id(session, "result", ids),
        **await listings_by_id(session, "need", ids),
    }
    visible = {key: each for key, each in listings.items() if _is_visible(each, viewer)}
    context = _Context(
        listings=visible,
        organisations=await organisations_by_id(session, visible.values()),
        saved=await subscriptions_by_id(session, (each.subscription_id for each in alerts)),
        matches=await _open_matches(session, alerts),
        viewer=viewer,
        lang=lang,
    )
    return [_alert_view(each, context) for each in alerts]


def _is_visible(listing: Listing, viewer: Viewer) -> bool:
    return listing.status == "published" or relation_of(viewer, listing) in {"owner", "moderator"}


async def _open_matches(session: AsyncSession, alerts: Sequence[Alert]) -> dict[Id, MatchRow]:
    ids = {each.match_id for each in alerts if each.match_id is not None}
    found = await session.scalars(
        select(MatchRow).where(
            MatchRow.id.in_(ids),
            MatchRow.state == "open",
            or_(MatchRow.for_result, MatchRow.for_need),
        )
    )
    return {match.id: match for match in found}


def _alert_view(alert: Alert, context: _Context) -> AlertView:
    listing = context.listings.get(alert.listing_id or Id(int=0))
    saved = context.saved.get(alert.subscription_id or Id(int=0))
    summary = None
    if listing is not None:
        organisation = context.organisations[listing.organisation_id]
        relation = relation_of(context.viewer, listing)
        summary = summary_of(listing, organisation, relation, context.lang)
    facts = _facts(alert, context.viewer)
    return AlertView(
        id=str(alert.id),
        type=msgspec.convert(alert.type, EventType),
        title=listing.title if listing is not None else title_of(alert.type, facts, context.lang),
        reasons=_reasons(alert, listing, context),
        saved_search=None if saved is None else AlertSource(id=str(saved.id), name=saved.name),
        listing=summary,
        match_id=_text(alert.match_id),
        fair_id=facts.get("fair_id"),
        order_id=facts.get("order_id"),
        created_at=alert.created_at,
        read_at=alert.read_at,
    )


def _facts(alert: Alert, viewer: Viewer) -> Mapping[str, Any]:
    """What an alert tells; nothing to who has left the organisation that it was told to."""
    told_to = alert.reasons.get("told_to")
    return alert.reasons if told_to in {None, _text(viewer.organisation_id)} else {}


def _reasons(
    alert: Alert, listing: ResultListing | NeedListing | None, context: _Context
) -> list[str]:
    if alert.type != "match.found":
        # What a listing that is gone was found by is not told either: it may quote it.
        is_gone = alert.listing_id is not None and listing is None
        return [] if is_gone else sentences(_facts(alert, context.viewer), context.lang)
    match = context.matches.get(alert.match_id or Id(int=0))
    if match is None or listing is None:
        return []
    is_open = sees_terms(relation_of(context.viewer, listing), listing)
    reasons = shown_reasons(match.explanation, listing, context.lang, is_open=is_open)
    score = f"{shown_score(match, is_open=is_open):g}"
    head = f"得分 {score}" if context.lang == "zh" else f"Score {score}"
    return [head, *(each.text for each in reasons if each.supports)][: _REASONS_SHOWN + 1]


def endpoint_view(endpoint: WebhookEndpoint) -> EndpointView:
    return msgspec.convert(
        {name: getattr(endpoint, name) for name in EndpointView.__struct_fields__}
        | {"id": str(endpoint.id)},
        EndpointView,
    )


def delivery_view(delivery: Delivery) -> DeliveryView:
    return DeliveryView(**_delivery_parts(delivery))


def delivery_details(delivery: Delivery, tries: Sequence[DeliveryAttempt]) -> DeliveryDetails:
    return DeliveryDetails(
        **_delivery_parts(delivery),
        body=delivery.body,
        tries=[msgspec.convert(each, AttemptView, from_attributes=True) for each in tries],
    )


def message_id(delivery: Delivery) -> str:
    """The name of a message, the same at every try."""
    return f"msg_{delivery.id.hex}"


def _delivery_parts(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": str(delivery.id),
        "message_id": message_id(delivery),
        "type": delivery.type,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "next_try_at": delivery.next_try_at if delivery.state == "waiting" else None,
        "error": delivery.error,
        "created_at": delivery.created_at,
        "ended_at": delivery.ended_at,
    }
