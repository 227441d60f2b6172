"""Registrations, participants and notices as the structs that go out."""

from typing import Any, cast

import msgspec

from market.accounts.viewer import Viewer
from market.fairs.models import Fair, FairDelegate, FairNotice, FairRegistration, FairWish
from market.fairs.queries import organizes
from market.fairs.registration_queries import (
    ParticipantRow,
    RegistrationRow,
    WholeRegistration,
)
from market.fairs.states import REGISTRATION_TRANSITIONS
from market.fairs.wire import organisation_ref
from schemas.fair_meetings import NoticeView
from schemas.fair_registrations import (
    ConsentView,
    DelegateView,
    ParticipantView,
    RegistrationAction,
    RegistrationSummary,
    RegistrationView,
    WishView,
)

_OWN_ACTIONS: frozenset[RegistrationAction] = frozenset({"withdraw", "resubmit"})


def registration_view(found: WholeRegistration, fair: Fair, viewer: Viewer) -> RegistrationView:
    """For its own organisation and the organizer, to whom the delegates gave their contacts."""
    registration = found.registration
    return RegistrationView(
        **_summary(registration),
        fair_id=str(registration.fair_id),
        organisation=organisation_ref(found.organisation),
        teams=registration.teams,
        most_meetings=registration.most_meetings,
        absent_slots=registration.absent_slots,
        note=registration.note,
        place_in_line=found.place_in_line,
        allowed_actions=_allowed(registration, fair, viewer),
        delegates=[delegate_view(each, shows_contacts=True) for each in found.delegates],
        listing_ids=[str(each) for each in found.listing_ids],
        changed_at=registration.changed_at,
    )


def registration_summary(row: RegistrationRow) -> RegistrationSummary:
    return RegistrationSummary(
        **_summary(row.registration), organisation=organisation_ref(row.organisation)
    )


def _summary(registration: FairRegistration) -> dict[str, Any]:
    return {
        "id": str(registration.id),
        "status": registration.status,
        "version": registration.version,
        "zone": registration.zone,
        "delegation_id": _text(registration.delegation_id),
        "reference": registration.reference,
        "created_at": registration.created_at,
    }


def _allowed(
    registration: FairRegistration, fair: Fair, viewer: Viewer
) -> list[RegistrationAction]:
    status: Any = registration.status
    possible = [name for name, states in REGISTRATION_TRANSITIONS.items() if status in states]
    if organizes(viewer, fair):
        return possible
    return [name for name in possible if name in _OWN_ACTIONS]


def delegate_view(delegate: FairDelegate, *, shows_contacts: bool) -> DelegateView:
    """With their contacts, or with the name alone."""
    parts: dict[str, Any] = {}
    if shows_contacts:
        consent = delegate.consent
        parts = {
            "phone": delegate.phone,
            "email": delegate.email,
            "consent": None if consent is None else msgspec.convert(consent, ConsentView),
        }
    return DelegateView(id=str(delegate.id), name=delegate.name, post=delegate.post, **parts)


def participant_view(row: ParticipantRow) -> ParticipantView:
    registration = row.registration
    return ParticipantView(
        registration_id=str(registration.id),
        organisation=organisation_ref(row.organisation),
        kind=cast(Any, registration.kind),
        zone=registration.zone,
        delegation_id=_text(registration.delegation_id),
        results=row.listings.get("result", 0),
        needs=row.listings.get("need", 0),
    )


def wish_view(wish: FairWish) -> WishView:
    """A wish for a listing does not tell whose it is: that may be hidden."""
    is_listing = wish.target_id != wish.wished_id
    return WishView(
        wish=cast(Any, wish.wish),
        registration_id=None if is_listing else str(wish.wished_id),
        listing_id=str(wish.target_id) if is_listing else None,
    )


def notice_view(notice: FairNotice) -> NoticeView:
    return NoticeView(
        id=str(notice.id),
        fair_id=str(notice.fair_id),
        kind=cast(Any, notice.kind),
        payload=notice.payload,
        created_at=notice.created_at,
        read_at=notice.read_at,
    )


def _text(found: object) -> str | None:
    return None if found is None else str(found)
