"""An intention order under random hands: it does what the rules say, and no more than that."""

from collections import Counter
from random import Random
from typing import Any

import httpx
import msgspec
import pytest

from market.db import Database
from market.deals.models import IntentOrder, OrderConfirmation, OrderMove
from tests.market.accounts.factories import rows
from tests.market.deals.factories import Dealing, Order, make_dealing

_STEPS = 60
_SIDES = ("institute", "enterprise")
_FORWARD = {
    "negotiate": {"intent": "negotiation"},
    "agree": {"intent": "agreement", "negotiation": "agreement"},
    "sign": dict.fromkeys(("intent", "negotiation", "agreement"), "contract"),
    "register": {"contract": "registered"},
    "fulfil": {"contract": "fulfilled", "registered": "fulfilled"},
}
_BACK = {
    "negotiation": "intent",
    "agreement": "negotiation",
    "contract": "agreement",
    "registered": "contract",
}
_OPEN = {"intent", "negotiation", "agreement"}
_ACTIONS = (*_FORWARD, "lapse", "resume", "step_back", "confirm", "terms", "step")


class _Model(msgspec.Struct):
    """The order in as few words as possible. `yes` are the sides that said so."""

    stage: str = "intent"
    yes: frozenset[str] = frozenset({"enterprise"})
    before: str | None = None
    is_registered: bool = False
    moves: int = 1

    def does(self, action: str, side: str) -> str | None:
        """What is refused with, None for what is done."""
        refusal = self.refusal(action)
        if refusal is None:
            self._do(action, side)
        return refusal

    def refusal(self, action: str) -> str | None:
        if action in _FORWARD:
            if self.stage not in _FORWARD[action]:
                return "transition_refused"
            return None if len(self.yes) == 2 else "order_not_confirmed"
        if action in {"lapse", "resume", "step_back"}:
            possible = {
                "lapse": self.stage not in {"fulfilled", "lapsed"},
                "resume": self.stage == "lapsed",
                "step_back": self.stage in {*_BACK, "fulfilled"},
            }[action]
            return None if possible else "transition_refused"
        if action == "confirm":
            return "order_lapsed" if self.stage == "lapsed" else None
        if self.stage in {"lapsed", "fulfilled"}:
            return "order_settled"
        return "terms_settled" if action == "terms" and self.stage not in _OPEN else None

    def _do(self, action: str, side: str) -> None:
        if action == "confirm":
            self.moves += side not in self.yes
            self.yes |= {side}
            return
        self.moves += 1
        if action in {"terms", "sign", "resume"}:
            self.yes = frozenset({side})
        if action in {"terms", "step"}:
            return
        self.stage, self.before = self._next(action)
        if action == "step_back":
            self.yes |= {side}
            self.is_registered = self.is_registered and self.stage == "registered"
        if action == "register":
            self.is_registered = True

    def _next(self, action: str) -> tuple[str, str | None]:
        if action == "lapse":
            return "lapsed", self.stage
        if action == "resume":
            assert self.before
            return self.before, None
        if action == "step_back":
            if self.stage == "fulfilled":
                return ("registered" if self.is_registered else "contract"), None
            return _BACK[self.stage], None
        return _FORWARD[action][self.stage], None


async def _ask(dealing: Dealing, order: Order, action: str, side: str, step: int) -> httpx.Response:
    if action == "terms":
        return await dealing.change(order, side, amount_max_cny=900_000 + step)
    if action == "step":
        return await dealing.change(order, side, next_step=f"第 {step} 步")
    return await dealing.do(order, action.replace("_", "-"), side)


@pytest.mark.parametrize("seed", range(6))
async def test_an_order_does_what_the_rules_say(
    client: httpx.AsyncClient, database: Database, seed: int
) -> None:
    dealing, random = await make_dealing(client, database), Random(seed)
    order, model = await dealing.proposed(), _Model()
    done: Counter[str] = Counter()
    for step in range(_STEPS):
        action, side = _chosen(random, model), random.choice(_SIDES)
        was = order
        refusal = model.does(action, side)

        answer = await _ask(dealing, order, action, side, step)

        if refusal is not None:
            assert (answer.status_code, answer.json()["code"]) == (409, refusal), (action, model)
            continue
        assert answer.status_code == 200, (action, answer.text)
        order = Order(answer)
        done[action] += 1
        assert _told(order.body) == (model.stage, model.before, model.yes)
        assert order.body["version"] >= was.body["version"]
        assert (order.body["contract"] is None) == (_reached(model) in _OPEN)

    assert len(done) >= 6
    await _check_rows(database, model)


def _chosen(random: Random, model: _Model) -> str:
    """Mostly what is possible, so that orders come far; sometimes anything."""
    if len(model.yes) < 2 and random.random() < 0.4:
        return "confirm"
    possible = [action for action in _ACTIONS if model.refusal(action) is None]
    return random.choice(possible if random.random() < 0.75 else _ACTIONS)


def _reached(model: _Model) -> str:
    return model.before or model.stage


def _told(body: dict[str, Any]) -> tuple[str, str | None, frozenset[str]]:
    yes = frozenset(side for side in _SIDES if body[side]["is_confirmed"])
    return body["stage"], body["lapsed_from"], yes


async def _check_rows(database: Database, model: _Model) -> None:
    (order,) = await rows(database, IntentOrder)
    said = await rows(database, OrderConfirmation)
    moves = await rows(database, OrderMove)
    names = {order.institute_id: "institute", order.enterprise_id: "enterprise"}
    assert (order.stage, order.lapsed_from) == (model.stage, model.before)
    assert {names[each.organisation_id] for each in said} == model.yes
    assert len(moves) == model.moves
    assert [each.to_stage for each in sorted(moves, key=lambda each: each.id)][-1] == model.stage
    if order.contract_confirmed_at is not None:
        assert _reached(model) not in _OPEN
