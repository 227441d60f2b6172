"""Meetings as the structs that go out, cut to what each side may see of the other."""

from typing import Any, cast

from market.accounts.models import Organisation
from market.accounts.viewer import Viewer
from market.fairs.booking import is_live
from market.fairs.meeting_models import FairOutcome
from market.fairs.meeting_queries import MeetingParts, MeetingRow
from market.fairs.models import Fair, FairRegistration
from market.fairs.queries import organizes
from market.fairs.registration_wire import delegate_view
from market.fairs.wire import organisation_ref
from schemas.fair_meetings import MeetingSide, MeetingView, OutcomeView
from schemas.fair_registrations import DelegateView


def meeting_view(row: MeetingRow, parts: MeetingParts, fair: Fair, viewer: Viewer) -> MeetingView:
    meeting, by_organizer = row.meeting, organizes(viewer, fair)
    own: dict[str, Any] = {"weight": meeting.weight} if by_organizer else {}
    return MeetingView(
        id=str(meeting.id),
        fair_id=str(meeting.fair_id),
        state=cast(Any, meeting.state),
        version=meeting.version,
        slot_id=str(row.slot.id),
        slot=row.slot.number,
        begins_at=row.slot.begins_at,
        ends_at=row.slot.ends_at,
        table_id=str(row.table.id),
        table=row.table.name,
        hall=row.table.hall,
        first=_side(row, row.first, row.first_organisation, parts, fair, viewer),
        second=_side(row, row.second, row.second_organisation, parts, fair, viewer),
        result_id=None if meeting.result_id is None else str(meeting.result_id),
        need_id=None if meeting.need_id is None else str(meeting.need_id),
        is_pinned=meeting.is_pinned,
        absent=meeting.absent,
        reason=meeting.reason,
        outcomes=[
            outcome_view(said, is_own=_owns(viewer, side))
            for side in (row.first, row.second)
            for said in parts.outcomes.get(meeting.id, ())
            if said.registration_id == side.id and (by_organizer or _owns(viewer, side))
        ],
        **own,
    )


def outcome_view(outcome: FairOutcome, *, is_own: bool) -> OutcomeView:
    """With the note for who wrote it."""
    own: dict[str, Any] = {"note": outcome.note} if is_own else {}
    return OutcomeView(
        registration_id=str(outcome.registration_id),
        answer=cast(Any, outcome.answer),
        given_at=outcome.given_at,
        **own,
    )


def _owns(viewer: Viewer, side: FairRegistration) -> bool:
    return viewer.organisation_id == side.organisation_id


def _side(
    row: MeetingRow,
    side: FairRegistration,
    organisation: Organisation,
    parts: MeetingParts,
    fair: Fair,
    viewer: Viewer,
) -> MeetingSide:
    return MeetingSide(
        registration_id=str(side.id),
        organisation=organisation_ref(organisation),
        delegates=_delegates(row, side, parts, fair, viewer),
        checked_in=(side.id, row.slot.day) in parts.checked_in,
    )


def _delegates(
    row: MeetingRow, side: FairRegistration, parts: MeetingParts, fair: Fair, viewer: Viewer
) -> list[DelegateView]:
    """All people of one's own side; of the other one those who consented, while it is to be met.

    Consent names the participants with whom a meeting is published: a cancelled one is none.
    """
    people = parts.delegates.get(side.id, [])
    if not (_owns(viewer, side) or organizes(viewer, fair)):
        people = [each for each in people if each.consent is not None and is_live(row.meeting)]
    return [delegate_view(each, shows_contacts=True) for each in people]
