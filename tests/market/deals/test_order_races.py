"""Many at once on one order: one proposal, no lost change, one stage after the other."""

import asyncio
from collections import Counter

from market.deals.models import IntentOrder, OrderConfirmation, OrderMove
from tests.market.accounts.factories import rows
from tests.market.deals.factories import Dealing, Order

CLIENTS = 10


async def test_of_many_proposals_one_is_made(dealing: Dealing) -> None:
    sides = ["institute", "enterprise"] * CLIENTS

    answers = await asyncio.gather(*(dealing.propose(side) for side in sides))

    assert Counter(each.status_code for each in answers) == {201: 1, 409: 2 * CLIENTS - 1}
    assert len(await rows(dealing.database, IntentOrder)) == 1
    assert len(await rows(dealing.database, OrderConfirmation)) == 1


async def test_of_many_moves_from_one_version_one_is_made(dealing: Dealing) -> None:
    order = await dealing.confirmed()
    actions = ["negotiate", "agree", "sign", "lapse"] * 4

    answers = await asyncio.gather(
        *(dealing.do(order, action, side) for action in actions for side in SIDES)
    )

    assert Counter(each.status_code for each in answers) == {200: 1, 412: len(answers) - 1}
    moves = await rows(dealing.database, OrderMove)
    assert len(moves) == 3
    (stored,) = await rows(dealing.database, IntentOrder)
    assert (stored.version, stored.stage) == (order.body["version"] + 1, moves[-1].to_stage)


async def test_no_change_is_lost_among_many(dealing: Dealing) -> None:
    order = await dealing.confirmed()
    accepted: list[str] = []

    async def change(number: int) -> list[int]:
        statuses, side = [], SIDES[number % 2]
        for turn in range(4):
            seen = Order(await dealing.read(order, dealing.account(side)))
            words = f"{seen.body['next_step']}{number}.{turn};"[-150:]
            answer = await dealing.change(seen, side, next_step=words)
            statuses.append(answer.status_code)
            if answer.status_code == 200:
                accepted.append(words)
        return statuses

    answered = await asyncio.gather(*(change(number) for number in range(CLIENTS)))

    statuses = Counter(status for each in answered for status in each)
    (stored,) = await rows(dealing.database, IntentOrder)
    assert set(statuses) <= {200, 412}
    assert stored.version - order.body["version"] == statuses[200] == len(accepted)
    assert stored.next_step in accepted


async def test_both_sides_say_yes_at_once(dealing: Dealing) -> None:
    order = await dealing.confirmed()
    changed = Order(await dealing.change(order, "enterprise", mode="service"))

    answers = await asyncio.gather(
        *(dealing.do(changed, "confirm", side) for side in SIDES for _ in range(4))
    )

    assert {each.status_code for each in answers} <= {200, 412}
    assert len(await rows(dealing.database, OrderConfirmation)) == 2


SIDES = ("institute", "enterprise")
