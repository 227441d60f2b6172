"""Between whom an order is, and about what: worked out of what one side proposes.

Who a listing hides must not be found out by trying: its owner is not named by who proposes, and
is told only that the proposal arrived.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import Organisation
from market.accounts.queries import visible_organisation
from market.accounts.viewer import Viewer
from market.deals.models import IntentOrder
from market.deals.sides import SIDES
from market.errors import FieldError, Invalid, NotFound, TooManyRequests
from market.http.paging import id_of
from market.listings.models import Listing
from market.listings.queries import visible_listing
from market.listings.visibility import relation_of, sees_organisation
from market.records.queries import fair_of_meeting, known_fair, takes_part
from schemas.deals import IntentOrderForm, OrderSide
from schemas.listing_views import ListingKind

# Proposals of an organisation within 24 hours that come from no meeting.
MOST_A_DAY = 200
_OTHER: Mapping[OrderSide, OrderSide] = {"institute": "enterprise", "enterprise": "institute"}


class Proposal(NamedTuple):
    """Who proposes what to whom. `fair_id` is that of the meeting, where there is one."""

    own_side: OrderSide
    institute_id: uuid.UUID
    enterprise_id: uuid.UUID
    hides_counterpart: bool
    result: Listing | None
    need: Listing | None
    fair_id: uuid.UUID | None
    meeting_id: uuid.UUID | None

    @property
    def listing_id(self) -> uuid.UUID:
        """What the order is one of its kind for."""
        listing = self.need or self.result
        assert listing is not None  # noqa: S101 - for the types: one was asked for.
        return listing.id


class _Told(NamedTuple):
    """A listing as the viewer sees it, and whose it is."""

    kind: ListingKind
    listing: Listing
    owner: Organisation
    is_own: bool


async def proposal_of(session: AsyncSession, viewer: Viewer, form: IntentOrderForm) -> Proposal:
    """What a form proposes. Raises Invalid, naming the fields."""
    result = await _told(session, viewer, "result", form.result_id)
    need = await _told(session, viewer, "need", form.need_id)
    side = _own_side(viewer, result, need)
    other = next((each for each in (result, need) if each and not each.is_own), None)
    counterpart = await _counterpart(session, viewer, side, other, form.counterpart_id)
    own_id = viewer.organisation_id
    assert own_id is not None  # noqa: S101 - for the types: the route asks for a role.
    is_hidden = other is not None and not _shows_owner(viewer, other)
    fair_id, meeting_id = await _occasion(session, (own_id, counterpart), form, hidden=is_hidden)
    return Proposal(
        own_side=side,
        institute_id=own_id if side == "institute" else counterpart,
        enterprise_id=own_id if side == "enterprise" else counterpart,
        hides_counterpart=is_hidden,
        result=result.listing if result else None,
        need=need.listing if need else None,
        fair_id=fair_id,
        meeting_id=meeting_id,
    )


async def refuse_flood(session: AsyncSession, viewer: Viewer, now: datetime) -> None:
    """Strangers can be asked by hand, not by the thousand. Raises TooManyRequests.

    Several proposals at the same moment may exceed the bound by a few.
    """
    own = viewer.organisation_id
    since = now - timedelta(days=1)
    proposed = await session.execute(
        select(func.count(), func.min(IntentOrder.created_at, type_=IntentOrder.created_at.type))
        .where(or_(IntentOrder.institute_id == own, IntentOrder.enterprise_id == own))
        .where(
            IntentOrder.proposed_by_id == own,
            IntentOrder.created_at > since,
            IntentOrder.meeting_id.is_(None),
        )
    )
    count, first_at = proposed.one()
    if count >= MOST_A_DAY:
        wait_s = max(1, int((first_at - since).total_seconds()))
        raise TooManyRequests(
            "too_many_proposals",
            f"一天最多提出 {MOST_A_DAY} 份意向订单（对接会上的会面不限）",
            f"At most {MOST_A_DAY} proposals a day, but for those from meetings of a fair.",
            retry_after_s=wait_s,
        )


async def _told(
    session: AsyncSession, viewer: Viewer, kind: ListingKind, given: str | None
) -> _Told | None:
    """The listing that was named; one's own must have been public at some time."""
    if given is None:
        return None
    place = f"#/{kind}_id"
    try:
        listing, owner = await visible_listing(session, viewer, kind, id_of(given))
    except NotFound:
        raise _wrong(place, "没有这个条目", "There is no such listing.") from None
    if listing.published_at is None:
        raise _wrong(place, "请先发布该条目", "Publish this listing first.")
    return _Told(kind, listing, owner, owner.id == viewer.organisation_id)


def _own_side(viewer: Viewer, result: _Told | None, need: _Told | None) -> OrderSide:
    """A result is the institute's side, a need the enterprise's; one of two is one's own."""
    if result is None and need is None:
        raise _wrong("#/result_id", "请指明成果或需求", "Name a result, a need, or both.")
    if result and need and result.is_own == need.is_own:
        raise _wrong(
            "#/need_id",
            "成果和需求应分属双方",
            "One of result and need must be yours, the other theirs.",
        )
    is_institute = result.is_own if result else not (need and need.is_own)
    side: OrderSide = "institute" if is_institute else "enterprise"
    if not viewer.roles & SIDES[side]:
        place = "#/result_id" if result else "#/need_id"
        raise _wrong(
            place,
            "您的单位类型不能作为这一方",
            "An organisation of your kind can't be this side of an order.",
        )
    return side


async def _counterpart(
    session: AsyncSession, viewer: Viewer, side: OrderSide, other: _Told | None, given: str | None
) -> uuid.UUID:
    place = "#/counterpart_id"
    if other is not None:
        # For a hidden owner the answer is the same, whoever is named.
        is_named_right = _shows_owner(viewer, other) and id_of(given or "") == other.owner.id
        if given is not None and not is_named_right:
            raise _wrong(
                place,
                "对方由其条目确定，请不要填写",
                "The other side follows from its listing: leave this out.",
            )
        found = other.owner
    else:
        found = await _named(session, viewer, given)
    if found.id == viewer.organisation_id or found.kind not in SIDES[_OTHER[side]]:
        raise _wrong(place, "该单位不能作为对方", "This organisation can't be the other side.")
    return found.id


async def _named(session: AsyncSession, viewer: Viewer, given: str | None) -> Organisation:
    place = "#/counterpart_id"
    if given is None:
        raise _wrong(place, "请指明对方单位", "Name the other side.")
    try:
        found = await visible_organisation(session, viewer, id_of(given))
    except NotFound:
        raise _wrong(place, "没有这个单位", "There is no such organisation.") from None
    return found


def _shows_owner(viewer: Viewer, told: _Told) -> bool:
    return sees_organisation(relation_of(viewer, told.listing), told.listing)


async def _occasion(
    session: AsyncSession,
    parties: tuple[uuid.UUID, uuid.UUID],
    form: IntentOrderForm,
    *,
    hidden: bool,
) -> tuple[uuid.UUID | None, uuid.UUID | None]:
    """The fair and the meeting from which the order comes, as far as they are known."""
    fair_id = id_of(form.fair_id or "")
    if form.meeting_id is not None:
        return await _meeting(session, parties, form, hidden=hidden)
    if form.fair_id is None:
        return None, None
    fair = await known_fair(session, fair_id)
    if fair is None or not await takes_part(session, fair.fair_id, parties[0]):
        raise _wrong(
            "#/fair_id",
            "没有这场对接会，或您的单位没有报名",
            "There is no such fair, or your organisation takes no part in it.",
        )
    return fair.fair_id, None


async def _meeting(
    session: AsyncSession,
    parties: tuple[uuid.UUID, uuid.UUID],
    form: IntentOrderForm,
    *,
    hidden: bool,
) -> tuple[uuid.UUID, uuid.UUID]:
    meeting_id = id_of(form.meeting_id or "")
    found = None
    # Whether a hidden owner sat at a meeting of one's own would tell who it is.
    if meeting_id is not None and not hidden:
        found = await fair_of_meeting(session, meeting_id, *parties)
    if found is None or meeting_id is None:
        raise _wrong("#/meeting_id", "双方没有这场对接", "The two sides had no such meeting.")
    if form.fair_id is not None and id_of(form.fair_id) != found:
        raise _wrong("#/fair_id", "对接不属于这场对接会", "The meeting was at another fair.")
    return found, meeting_id


def _wrong(place: str, zh: str, en: str) -> Invalid:
    return Invalid(FieldError(place, zh, en))
