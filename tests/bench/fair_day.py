"""The day of the fair of the bench: who comes, what both sides say, what they agree on."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from random import Random
from typing import NamedTuple

from sqlalchemy import select

from market.accounts.viewer import Viewer
from market.db import Database, utc_now
from market.deals.service import confirm, propose
from market.fairs.badges import payload_of
from market.fairs.check_in import take_scans
from market.fairs.meeting_models import FairMeeting
from market.fairs.meeting_queries import locked_meeting
from market.fairs.meetings import give_outcome
from market.fairs.models import Fair, FairDelegate, FairRegistration, FairSlot
from market.fairs.no_shows import watch_fair
from market.fairs.queries import locked_fair, organized_fair, shared_fair
from market.fairs.service import move_fair
from market.listings.models import Listing
from schemas.deals import IntentOrderForm
from schemas.fair_meetings import OutcomeForm, Scan
from tests.bench.fair_guests import BEGINS_AT, Guest

Id = uuid.UUID
ORDERS = 4_300
_SCANS_A_BATCH = 500
# So many come, and some badges are scanned twice.
_COME, _SCANNED_TWICE = 0.97, 0.2


async def start(database: Database, fair_id: Id) -> None:
    async with database.writing() as session:
        fair = await locked_fair(session, fair_id)
        await move_fair(session, fair, "start", BEGINS_AT)


async def check_in(database: Database, organizer: Guest, fair_id: Id, random: Random) -> int:
    """Batches of a device that was offline, in no order; how many scans."""
    async with database.reading() as session:
        fair = await session.get_one(Fair, fair_id)
        delegates = await session.scalars(
            select(FairDelegate.id)
            .join(FairRegistration, FairRegistration.id == FairDelegate.registration_id)
            .where(FairRegistration.fair_id == fair_id)
            .order_by(FairDelegate.id)
        )
        came = [each for each in delegates if random.random() < _COME]
    came += [each for each in came if random.random() < _SCANNED_TWICE]
    random.shuffle(came)
    scans = [
        Scan(
            payload=payload_of(fair.secret, each),
            scanned_at=BEGINS_AT - timedelta(minutes=random.randrange(1, 60)),
            gate="东门",
        )
        for each in came
    ]
    for begin in range(0, len(scans), _SCANS_A_BATCH):
        async with database.writing() as session:
            fair = await organized_fair(session, organizer.viewer, fair_id)
            await take_scans(session, fair, scans[begin : begin + _SCANS_A_BATCH], utc_now())
    return len(scans)


async def slots_of(database: Database, fair_id: Id) -> list[FairSlot]:
    async with database.reading() as session:
        found = await session.scalars(
            select(FairSlot).where(FairSlot.fair_id == fair_id).order_by(FairSlot.number)
        )
        return list(found)


async def watch(database: Database, fair_id: Id, slots: Sequence[FairSlot]) -> None:
    """What the clock does: nobody came, or a meeting is over."""
    for slot in slots:
        async with database.writing() as session:
            await watch_fair(session, fair_id, slot.ends_at)


class Held(NamedTuple):
    """A meeting that took place: who proposes and who confirms an order about what."""

    meeting_id: Id
    proposer: Viewer
    confirmer: Viewer
    result_id: Id
    need_id: Id


async def held_about_listings(
    database: Database, fair_id: Id, guests: Sequence[Guest]
) -> list[Held]:
    """Meetings that were held about a result and a need."""
    viewers = {each.organisation_id: each.viewer for each in guests}
    async with database.reading() as session:
        meetings = await session.scalars(
            select(FairMeeting)
            .where(
                FairMeeting.fair_id == fair_id,
                FairMeeting.state == "held",
                FairMeeting.result_id.is_not(None),
                FairMeeting.need_id.is_not(None),
            )
            .order_by(FairMeeting.id)
        )
        listings = {each.id: each for each in await session.scalars(select(Listing))}
        return list(_held(list(meetings), listings, viewers))


def _held(
    meetings: Sequence[FairMeeting],
    listings: Mapping[Id, Listing],
    viewers: Mapping[Id, Viewer],
) -> Iterator[Held]:
    for meeting in meetings:
        assert meeting.result_id is not None
        assert meeting.need_id is not None
        need = listings[meeting.need_id]
        institute = viewers[listings[meeting.result_id].organisation_id]
        enterprise = viewers[need.organisation_id]
        # Whoever is hidden proposes: of a hidden owner nobody may name a meeting.
        ordered = (institute, enterprise) if need.shows_organisation else (enterprise, institute)
        yield Held(
            meeting_id=meeting.id,
            proposer=ordered[0],
            confirmer=ordered[1],
            result_id=meeting.result_id,
            need_id=meeting.need_id,
        )


async def tell_outcomes(database: Database, fair_id: Id, held: Sequence[Held]) -> None:
    """Whoever is to propose says that they want to work together, in a request of its own."""
    for each in held:
        async with database.writing() as session:
            fair = await shared_fair(session, each.proposer, fair_id)
            meeting = await locked_meeting(session, each.proposer, fair, each.meeting_id)
            form = OutcomeForm(answer="intent")
            await give_outcome(session, each.proposer, fair, meeting, form, utc_now())


async def order(database: Database, held: Sequence[Held]) -> None:
    """One side proposes an intention order, the other side confirms it."""
    for each in held:
        form = IntentOrderForm(
            result_id=str(each.result_id),
            need_id=str(each.need_id),
            meeting_id=str(each.meeting_id),
            amount_min_cny=100_000,
            amount_max_cny=500_000,
        )
        async with database.writing() as session:
            made = await propose(session, each.proposer, form, utc_now())
        async with database.writing() as session:
            await confirm(session, each.confirmer, made.id, made.version, utc_now())
