"""Who takes part in a fair and what they bring, as far as a fair's files may tell it."""

import uuid
from collections.abc import Mapping, Sequence
from typing import cast

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import Organisation
from market.exchange.fair_book import BroughtListing, Delegate, Participant, ParticipantKind
from market.exchange.fair_facts import brought_need, brought_result
from market.fairs.badges import payload_of
from market.fairs.models import Fair, FairDelegate, FairListing, FairRegistration
from market.fairs.registration_queries import delegates_of
from market.listings.domain import need_of, result_of
from market.listings.models import Listing, NeedListing, ResultListing
from market.listings.plain import in_parts
from market.listings.queries import listings_by_id
from market.listings.visibility import sees_organisation
from schemas.vocab import Lang

Id = uuid.UUID
Registered = tuple[FairRegistration, Organisation]


async def participants_of(
    session: AsyncSession,
    fair: Fair,
    registered: Sequence[Registered],
    lang: Lang,
    *,
    tells_contacts: bool,
) -> tuple[Participant, ...]:
    """In the order of `registered`; of who has left nothing but the name."""
    present = [each.id for each, _ in registered if each.status == "approved"]
    people: dict[Id, list[FairDelegate]] = {}
    for some in in_parts(present):
        people |= await delegates_of(session, some)
    brought = await _brought(session, fair.id)
    zones = {zone["code"]: zone["name"] for zone in fair.zones}
    return tuple(
        Participant(
            id=str(each.id),
            kind=cast(ParticipantKind, each.kind),
            name=organisation.name,
            zone=zones.get(each.zone or "", ""),
            profile=organisation.about,
            teams=each.teams,
            # As the calendars are numbered, where the organizer gave no number of its own.
            label=each.reference or f"{number:03d}",
            has_left=each.status != "approved",
            delegates=tuple(
                _delegate(one, fair.secret, tells_contacts=tells_contacts)
                for one in people.get(each.id, ())
            ),
            listings=tuple(
                _listing(one, organisation, lang)
                for one in brought.get(each.id, ())
                if each.status == "approved"
            ),
        )
        for number, (each, organisation) in enumerate(registered, 1)
    )


def _delegate(delegate: FairDelegate, secret: bytes, *, tells_contacts: bool) -> Delegate:
    return Delegate(
        name=delegate.name,
        post=delegate.post,
        phone=delegate.phone,
        email=delegate.email,
        consents=tells_contacts and delegate.consent is not None,
        code=payload_of(secret, delegate.id),
    )


async def _brought(
    session: AsyncSession, fair_id: Id
) -> Mapping[Id, Sequence[ResultListing | NeedListing]]:
    """The published listings that each participant brings, by kind and title."""
    rows = await session.execute(
        select(FairListing.registration_id, FairListing.listing_id, FairListing.kind)
        .join(Listing, Listing.id == FairListing.listing_id)
        .where(FairListing.fair_id == fair_id, Listing.status == "published")
    )
    owners: dict[Id, Id] = {}
    ids: dict[str, list[Id]] = {"result": [], "need": []}
    for registration_id, listing_id, kind in rows:
        owners[listing_id] = registration_id
        ids[kind].append(listing_id)
    found: dict[Id, list[ResultListing | NeedListing]] = {}
    for kind in ("result", "need"):
        for some in in_parts(ids[kind]):
            for listing in (await listings_by_id(session, kind, some)).values():
                found.setdefault(owners[listing.id], []).append(listing)
    for listings in found.values():
        listings.sort(key=lambda each: (each.kind != "result", each.title, each.id))
    return found


def _listing(
    listing: ResultListing | NeedListing, organisation: Organisation, lang: Lang
) -> BroughtListing:
    is_quiet = not sees_organisation("verified", listing)
    if isinstance(listing, ResultListing):
        told = brought_result(result_of(listing, organisation), lang)
    else:
        told = brought_need(need_of(listing, organisation), lang)
    return msgspec.structs.replace(told, is_quiet=is_quiet)
