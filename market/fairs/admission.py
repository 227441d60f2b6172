"""Who is admitted to a fair: quotas, the waiting list, and what each decision leads to.

Every decision holds the fair's row, so decisions of one fair come one after the other: no quota
is exceeded however many ask at once.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.fairs.holding import participant_came, participant_left
from market.fairs.models import Fair, FairRegistration
from market.fairs.notices import tell
from market.fairs.recording import record_registration
from market.fairs.registration_queries import waiting_line
from market.fairs.states import TAKES_LATE, target_of
from schemas.fair_meetings import NoticeKind
from schemas.fair_registrations import RegistrationAction

_A_MOMENT = timedelta(microseconds=1)
_TOLD: dict[str, NoticeKind] = {
    "approved": "registration_approved",
    "waiting": "registration_waiting",
    "rejected": "registration_rejected",
}


async def take_in(
    session: AsyncSession,
    fair: Fair,
    registration: FairRegistration,
    now: datetime,
    *,
    by_organizer: bool,
) -> None:
    """Admit a new registration, or have it wait for the organizer or for a place.

    Late ones wait for the organizer in any case. `fair` is locked.
    """
    if not by_organizer and (fair.needs_approval or fair.status in TAKES_LATE):
        registration.status = "pending"
        await session.flush()
        payload = {"registration_id": str(registration.id)}
        await tell(session, fair, [fair.organisation_id], "registration_received", payload, now)
        return
    await _admit(session, fair, registration, now)


async def decide(
    session: AsyncSession,
    fair: Fair,
    registration: FairRegistration,
    action: RegistrationAction,
    now: datetime,
    *,
    by_organizer: bool,
) -> None:
    """Take a registration into the state that the action leads to. Raises Conflict.

    A place that becomes free goes to who waits longest and fits in. `fair` is locked.
    """
    was, target = registration.status, target_of(registration, action)
    registration.changed_at = now
    if target == "pending":
        await take_in(session, fair, registration, now, by_organizer=by_organizer)
        return
    if target == "approved":
        await _admit(session, fair, registration, now)
        return
    registration.status, registration.queued_at = target, None
    await session.flush()
    await record_registration(session, registration)
    await _tell_decision(session, fair, registration, now, by_organizer=by_organizer)
    if was == "approved":
        await participant_left(session, fair, registration, now)
        await promote(session, fair, now)


async def promote(session: AsyncSession, fair: Fair, now: datetime) -> int:
    """Give free places to those who wait, in order; how many got one. `fair` is locked.

    Who waits for a full kind does not keep others from a place of another kind.
    """
    promoted = 0
    for registration in await waiting_line(session, fair.id, locks=True):
        if await _has_room(session, fair, registration.kind):
            registration.changed_at = now
            await _admit(session, fair, registration, now)
            promoted += 1
    return promoted


async def _admit(
    session: AsyncSession, fair: Fair, registration: FairRegistration, now: datetime
) -> None:
    was = registration.status
    if await _has_room(session, fair, registration.kind):
        registration.status, registration.queued_at = "approved", None
    else:
        registration.status = "waiting"
        registration.queued_at = registration.queued_at or await _end_of_line(session, fair, now)
    await session.flush()
    if registration.status != was:
        await _tell_decision(session, fair, registration, now, by_organizer=True)
    if registration.status == "approved":
        await record_registration(session, registration)
        await participant_came(session, fair)


async def _end_of_line(session: AsyncSession, fair: Fair, now: datetime) -> datetime:
    """Behind everybody who waits: those who asked at the same time were let in one by one."""
    line = await waiting_line(session, fair.id)
    latest = [each.queued_at for each in line if each.queued_at is not None]
    return max([now, *(each + _A_MOMENT for each in latest)])


async def _has_room(session: AsyncSession, fair: Fair, kind: str) -> bool:
    if fair.places is None and kind not in fair.quotas:
        return True
    rows = await session.execute(
        select(FairRegistration.kind, func.count())
        .where(FairRegistration.fair_id == fair.id, FairRegistration.status == "approved")
        .group_by(FairRegistration.kind)
    )
    admitted: dict[str, int] = {row[0]: row[1] for row in rows}
    if fair.places is not None and sum(admitted.values()) >= fair.places:
        return False
    quota = fair.quotas.get(kind)
    return quota is None or admitted.get(kind, 0) < quota


async def _tell_decision(
    session: AsyncSession,
    fair: Fair,
    registration: FairRegistration,
    now: datetime,
    *,
    by_organizer: bool,
) -> None:
    payload = {"registration_id": str(registration.id)}
    if registration.status in _TOLD:
        kind = _TOLD[registration.status]
        await tell(session, fair, [registration.organisation_id], kind, payload, now)
        return
    other = registration.organisation_id if by_organizer else fair.organisation_id
    await tell(session, fair, [other], "registration_withdrawn", payload, now)
