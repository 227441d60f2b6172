"""What may stand in an order, beyond what its form's types say."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from market.deals.models import IntentOrder
from market.errors import FieldError, Invalid
from schemas import vocab
from schemas.deals import ContractRegistration, IntentOrderForm, Remark, SigningForm

# A step further away is a slip of the pen.
_FARTHEST = timedelta(days=366 * 10)
_EARLIEST = date(2000, 1, 1)


def refuse_if(errors: Iterator[FieldError] | Sequence[FieldError]) -> None:
    """Raises Invalid when there are errors."""
    if found := tuple(errors):
        raise Invalid(*found)


def form_errors(form: IntentOrderForm, today: date) -> Iterator[FieldError]:
    values = {name: getattr(form, name) for name in form.__struct_fields__}
    yield from _errors(values, values, today)


def change_errors(order: IntentOrder, said: Mapping[str, Any], today: date) -> Iterator[FieldError]:
    """What is wrong with a change; what it leaves out is as it is."""
    present = {
        "amount_min_cny": order.amount_min_cny,
        "amount_max_cny": order.amount_max_cny,
    }
    yield from _errors(said, present | dict(said), today)


def contract_errors(
    order: IntentOrder, form: Remark | SigningForm | ContractRegistration, today: date
) -> Iterator[FieldError]:
    """What is wrong with a signing or a registration."""
    # In China it may be tomorrow already.
    latest = today + timedelta(days=1)
    if isinstance(form, SigningForm):
        if form.contract_kind not in vocab.contract_kinds():
            yield FieldError(
                "#/contract_kind", "没有这个合同类型", "There is no such kind of contract."
            )
        if not _EARLIEST <= form.signed_on <= latest:
            yield FieldError("#/signed_on", "不能晚于今天", "It must not be in the future.")
    if isinstance(form, ContractRegistration):
        signed_on = order.signed_on or _EARLIEST
        if not signed_on <= form.registered_on <= latest:
            yield FieldError(
                "#/registered_on",
                "应在签订之后、今天之前",
                "It must lie between the signing and today.",
            )


def _errors(said: Mapping[str, Any], after: Mapping[str, Any], today: date) -> Iterator[FieldError]:
    low, high = after["amount_min_cny"], after["amount_max_cny"]
    if low is not None and high is not None and low > high:
        yield FieldError("#/amount_max_cny", "不能低于下限", "It must not be below the minimum.")
    mode = said.get("mode")
    if mode is not None and mode not in vocab.modes():
        yield FieldError("#/mode", "没有这种合作方式", "There is no such mode of cooperation.")
    step_on = said.get("next_step_on")
    if step_on is not None and not _EARLIEST <= step_on <= today + _FARTHEST:
        yield FieldError("#/next_step_on", "日期过远", "This day is too far away.")
