"""What the two sides do with an intention order. Everything is written into its history."""

import uuid
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from msgspec import UNSET, structs
from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.exc import StaleDataError

from market.accounts.viewer import Viewer
from market.db import new_id
from market.deals.models import IntentOrder, OrderConfirmation, OrderMove
from market.deals.order_checks import change_errors, contract_errors, form_errors, refuse_if
from market.deals.proposing import Proposal, proposal_of, refuse_flood
from market.deals.queries import confirmations_of, locked_order, side_of
from market.deals.states import ONE_SIDED, OPEN, SIGNED, move, target_of
from market.errors import Conflict, Forbidden, PreconditionFailed
from market.jobs import SOON, TELL_OF_ORDERS, enqueue, enqueue_all
from schemas.deals import (
    ContractRegistration,
    IntentOrderChange,
    IntentOrderForm,
    OrderAction,
    Remark,
    SigningForm,
)

# What both sides say yes to; the rest is everybody's own or only a reminder.
TERMS = ("amount_min_cny", "amount_max_cny", "mode", "expected_month")
Progress = Remark | SigningForm | ContractRegistration


class Step(NamedTuple):
    """An action on an order, as it was read with `version`."""

    order_id: uuid.UUID | None
    version: int
    action: OrderAction


async def propose(
    session: AsyncSession, viewer: Viewer, form: IntentOrderForm, now: datetime
) -> IntentOrder:
    """A new order, to which the viewer's side says yes; the other side is asked to.

    Raises Invalid, Forbidden for an organisation that is not verified, and Conflict
    (order_exists) when the two already have an order about this listing; TooManyRequests for more
    than MOST_A_DAY that do not come from a meeting.
    """
    if not viewer.is_verified:
        raise Forbidden(
            "organisation_not_verified",
            "机构尚未通过核验，暂不能提出意向订单",
            "The organisation is not verified yet and can't propose orders.",
        )
    refuse_if(form_errors(form, now.date()))
    proposal = await proposal_of(session, viewer, form)
    if proposal.meeting_id is None:
        await refuse_flood(session, viewer, now)
    order = _order_of(proposal, viewer, form, now)
    session.add(order)
    await _flush(session)
    await _say_yes(session, viewer, order, (), now)
    await _write_down(session, viewer, order, "propose", None, form.note, now)
    return order


async def confirm(
    session: AsyncSession, viewer: Viewer, order_id: uuid.UUID | None, version: int, now: datetime
) -> IntentOrder:
    """Say yes to an order as it stands; twice is as good as once.

    Raises NotFound, Forbidden, PreconditionFailed, and Conflict for a lapsed one.
    """
    order = await _order_to_change(session, viewer, order_id, version)
    if order.stage == "lapsed":
        raise Conflict(
            "order_lapsed",
            "订单已失效，请先重新启动",
            "The order has lapsed: take it up again first.",
        )
    confirmed = await confirmations_of(session, order.id)
    if viewer.organisation_id in confirmed:
        return order
    await _say_yes(session, viewer, order, confirmed, now)
    order.progressed_at = order.changed_at = now
    await _write_down(session, viewer, order, "confirm", order.stage, "", now)
    return order


async def change(
    session: AsyncSession,
    viewer: Viewer,
    order_id: uuid.UUID | None,
    version: int,
    form: IntentOrderChange,
    now: datetime,
) -> IntentOrder:
    """Set what the form names. Changed terms need the other side's yes anew.

    A change that changes nothing keeps the version. Raises NotFound, Forbidden, Invalid,
    PreconditionFailed, and Conflict where a stage holds the terms fast.
    """
    order = await _order_to_change(session, viewer, order_id, version)
    said = {name: value for name, value in structs.asdict(form).items() if value is not UNSET}
    refuse_if(change_errors(order, said, now.date()))
    note = said.pop("private_note", None)
    changed = {name: value for name, value in said.items() if getattr(order, name) != value}
    _refuse_settled(order, changed)
    for name, value in changed.items():
        setattr(order, name, value)
    if note is not None:
        setattr(order, f"{side_of(viewer, order)}_note", note)
    if changed.keys() & set(TERMS):
        await _take_back_yes(session, order)
        await _say_yes(session, viewer, order, (), now)
    if changed:
        order.progressed_at = order.changed_at = now
        await _write_down(session, viewer, order, "change", order.stage, "", now)
    await _flush(session)
    return order


async def progress(
    session: AsyncSession,
    viewer: Viewer,
    asked: Step,
    form: Progress,
    now: datetime,
) -> IntentOrder:
    """Take an order into the stage that the action leads to.

    Forward takes a yes of both sides to the order as it stands; a contract then needs the other
    side's yes. Raises NotFound, Forbidden, Invalid, PreconditionFailed and Conflict.
    """
    order = await _order_to_change(session, viewer, asked.order_id, asked.version)
    action = asked.action
    target_of(order, action)
    confirmed = await confirmations_of(session, order.id)
    if action not in ONE_SIDED and len(confirmed) < 2:
        raise Conflict(
            "order_not_confirmed",
            "双方尚未都确认当前内容",
            "Both sides must say yes to the order as it stands first.",
        )
    _enter(order, form, now)
    was = move(order, action, now)
    _leave(order, was)
    if action in {"sign", "resume"}:
        await _take_back_yes(session, order)
        confirmed = frozenset()
    if action in {"sign", "resume", "step_back"}:
        await _say_yes(session, viewer, order, confirmed, now)
    await _write_down(session, viewer, order, action, was, form.note, now)
    return order


async def write_down_lapses(
    session: AsyncSession, lapsed: Iterable[tuple[IntentOrder, str]], now: datetime
) -> None:
    """The history of orders that time ended, each with the stage that it was in."""
    moves = [_move(None, order, "expire", was, "", now) for order, was in lapsed]
    session.add_all(moves)
    await session.flush()
    payloads = [{"ids": [str(move.id)]} for move in moves]
    await enqueue_all(session, TELL_OF_ORDERS, payloads, priority=SOON)


def _order_of(
    proposal: Proposal, viewer: Viewer, form: IntentOrderForm, now: datetime
) -> IntentOrder:
    same = ("amount_min_cny", "amount_max_cny", "mode", "expected_month", "next_step_on")
    order = IntentOrder(
        institute_id=proposal.institute_id,
        enterprise_id=proposal.enterprise_id,
        proposed_by_id=viewer.organisation_id,
        hides_counterpart=proposal.hides_counterpart,
        listing_id=proposal.listing_id,
        result_id=proposal.result.id if proposal.result else None,
        need_id=proposal.need.id if proposal.need else None,
        result_title=proposal.result.title if proposal.result else "",
        need_title=proposal.need.title if proposal.need else "",
        fair_id=proposal.fair_id,
        meeting_id=proposal.meeting_id,
        next_step=form.next_step.strip(),
        stage="intent",
        created_by_id=viewer.user_id,
        created_at=now,
        progressed_at=now,
        changed_at=now,
        **{name: getattr(form, name) for name in same},
    )
    setattr(order, f"{proposal.own_side}_note", form.private_note)
    return order


async def _order_to_change(
    session: AsyncSession, viewer: Viewer, order_id: uuid.UUID | None, version: int
) -> IntentOrder:
    order = await locked_order(session, viewer, order_id)
    if order.version != version:
        raise PreconditionFailed
    return order


def _refuse_settled(order: IntentOrder, changed: dict[str, object]) -> None:
    if changed and order.stage in {"lapsed", "fulfilled"}:
        raise Conflict(
            "order_settled",
            "订单已结束，内容不能再改",
            "The order is over: what it says can't change any more.",
        )
    if changed.keys() & set(TERMS) and order.stage not in OPEN:
        raise Conflict(
            "terms_settled",
            "合同已签，意向条款不能再改",
            "The contract is signed: the terms of the intent can't change any more.",
        )


def _enter(order: IntentOrder, form: Progress, now: datetime) -> None:
    """What a form says of the stage that is entered with it. Raises Invalid."""
    refuse_if(contract_errors(order, form, now.date()))
    if isinstance(form, SigningForm):
        order.contract_kind = form.contract_kind
        order.contract_amount_cny = form.contract_amount_cny
        order.contract_number = form.contract_number.strip()
        order.signed_on = form.signed_on
    elif isinstance(form, ContractRegistration):
        order.registered_on = form.registered_on
        order.registration_number = form.registration_number.strip()


def _leave(order: IntentOrder, was: str) -> None:
    """What an order stepped back from is not so any more."""
    if was in {"registered", "contract"} and order.stage == "contract":
        order.registered_on, order.registration_number = None, ""
    if was in SIGNED and order.stage in OPEN:
        order.contract_kind = order.contract_amount_cny = order.signed_on = None
        order.contract_number = ""
        order.contract_confirmed_at = None


async def _say_yes(
    session: AsyncSession,
    viewer: Viewer,
    order: IntentOrder,
    said: Collection[uuid.UUID],
    now: datetime,
) -> None:
    """`said` are the organisations that say yes already; who locks the order knows them."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    await session.execute(
        insert(OrderConfirmation)
        .values(
            order_id=order.id,
            organisation_id=viewer.organisation_id,
            user_id=viewer.user_id,
            confirmed_at=now,
        )
        .on_conflict_do_nothing()
    )
    if len({*said, viewer.organisation_id}) < 2:
        return
    order.confirmed_at = order.confirmed_at or now
    if order.stage in SIGNED:
        order.contract_confirmed_at = order.contract_confirmed_at or now


async def _take_back_yes(session: AsyncSession, order: IntentOrder) -> None:
    await session.execute(delete(OrderConfirmation).where(OrderConfirmation.order_id == order.id))


async def _write_down(  # noqa: PLR0913, PLR0917 - the columns of a history.
    session: AsyncSession,
    viewer: Viewer,
    order: IntentOrder,
    action: str,
    was: str | None,
    note: str,
    now: datetime,
) -> None:
    """Store what was done, and have the other side told of it."""
    move = _move(viewer, order, action, was, note, now)
    session.add(move)
    await _flush(session)
    await enqueue(session, TELL_OF_ORDERS, {"ids": [str(move.id)]})


def _move(
    viewer: Viewer | None,
    order: IntentOrder,
    action: str,
    was: str | None,
    note: str,
    now: datetime,
) -> OrderMove:
    return OrderMove(
        id=new_id(),
        order_id=order.id,
        action=action,
        from_stage=was,
        to_stage=order.stage,
        note=note.strip(),
        organisation_id=viewer.organisation_id if viewer else None,
        user_id=viewer.user_id if viewer else None,
        at=now,
    )


async def _flush(session: AsyncSession) -> None:
    try:
        await session.flush()
    except StaleDataError:
        raise PreconditionFailed from None
    except IntegrityError as error:
        if _names_the_pair(error):
            raise Conflict(
                "order_exists",
                "双方就此条目已有意向订单",
                "The two sides already have an order about this listing.",
            ) from error
        raise


def _names_the_pair(error: IntegrityError) -> bool:
    """PostgreSQL names the constraint, SQLite its columns."""
    said = str(error.orig)
    return "uq_intent_orders" in said or "intent_orders.listing_id" in said
