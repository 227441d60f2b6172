"""Intention orders as the structs that go out, cut to what the viewer may know."""

import uuid

from market.accounts.models import Organisation
from market.accounts.viewer import Viewer
from market.deals.models import IntentOrder, OrderMove, OrderReminder
from market.deals.queries import OrderRow, side_of
from market.deals.states import allowed_actions, stage_of
from schemas.deals import (
    ContractView,
    IntentOrderView,
    OrderListing,
    OrderMoveView,
    OrderParty,
    OrderReminderView,
    OrderSide,
)


def order_view(row: OrderRow, viewer: Viewer) -> IntentOrderView:
    """An order as the viewer may see it; who is no side of it sees no private note."""
    order, side = row.order, side_of(viewer, row.order)
    view = IntentOrderView(
        id=str(order.id),
        version=order.version,
        stage=stage_of(order),
        lapsed_from=order.lapsed_from,  # type: ignore[arg-type]  # checked by the database
        institute=_party(row, row.institute, side),
        enterprise=_party(row, row.enterprise, side),
        proposed_by="institute" if order.proposed_by_id == order.institute_id else "enterprise",
        own_side=side,
        result=_listing(order.result_id, order.result_title),
        need=_listing(order.need_id, order.need_title),
        fair_id=_text(order.fair_id),
        meeting_id=_text(order.meeting_id),
        amount_min_cny=order.amount_min_cny,
        amount_max_cny=order.amount_max_cny,
        mode=order.mode,
        expected_month=order.expected_month,
        next_step=order.next_step,
        next_step_on=order.next_step_on,
        contract=_contract(order),
        is_confirmed=row.is_confirmed,
        confirmed_at=order.confirmed_at,
        allowed_actions=allowed_actions(
            order,
            is_own=side is not None,
            has_said_yes=viewer.organisation_id in row.confirmed,
            is_confirmed=row.is_confirmed,
        ),
        created_at=order.created_at,
        progressed_at=order.progressed_at,
        changed_at=order.changed_at,
    )
    if side is not None:
        view.private_note = order.institute_note if side == "institute" else order.enterprise_note
    return view


def variant_of(row: OrderRow, viewer: Viewer) -> str:
    """What else than the order's version an answer depends on."""
    versions = f"{row.institute.version}.{row.enterprise.version}"
    return f"{versions}.{side_of(viewer, row.order) or 'others'}"


def move_view(made: OrderMove, order: IntentOrder, *, with_notes: bool) -> OrderMoveView:
    side: OrderSide | None = None
    if made.organisation_id is not None:
        side = "institute" if made.organisation_id == order.institute_id else "enterprise"
    return OrderMoveView(
        action=made.action,  # type: ignore[arg-type]  # only we write it
        from_stage=made.from_stage,  # type: ignore[arg-type]  # only we write it
        to_stage=made.to_stage,  # type: ignore[arg-type]  # only we write it
        side=side,
        note=made.note if with_notes else "",
        at=made.at,
    )


def reminder_view(reminder: OrderReminder) -> OrderReminderView:
    return OrderReminderView(
        id=str(reminder.id),
        order_id=str(reminder.order_id),
        kind=reminder.kind,  # type: ignore[arg-type]  # checked by the database
        about_on=reminder.about_on,
        created_at=reminder.created_at,
    )


def _party(row: OrderRow, organisation: Organisation, own: OrderSide | None) -> OrderParty:
    is_known = own is None or not is_hidden(row.order, organisation.id, own)
    return OrderParty(
        id=str(organisation.id) if is_known else None,
        name=organisation.name if is_known else None,
        kind=organisation.kind,
        is_confirmed=organisation.id in row.confirmed,
    )


def is_hidden(order: IntentOrder, organisation_id: uuid.UUID, own: OrderSide) -> bool:
    """Whether who proposed does not know yet to whom. A proposal itself tells who made it."""
    own_id = order.institute_id if own == "institute" else order.enterprise_id
    is_proposer = own_id == order.proposed_by_id
    return (
        order.hides_counterpart
        and order.confirmed_at is None
        and is_proposer
        and organisation_id != own_id
    )


def _listing(listing_id: uuid.UUID | None, title: str) -> OrderListing | None:
    return None if listing_id is None else OrderListing(id=str(listing_id), title=title)


def _contract(order: IntentOrder) -> ContractView | None:
    if order.contract_kind is None or order.contract_amount_cny is None or order.signed_on is None:
        return None
    return ContractView(
        kind=order.contract_kind,
        amount_cny=order.contract_amount_cny,
        number=order.contract_number,
        signed_on=order.signed_on,
        registration_number=order.registration_number,
        registered_on=order.registered_on,
    )


def _text(found: uuid.UUID | None) -> str | None:
    return None if found is None else str(found)
