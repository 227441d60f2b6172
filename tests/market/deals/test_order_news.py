"""Intention orders reach the people of their sides: what the other side does, and what time."""

from datetime import timedelta
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from market.db import utc_now
from market.deals import order_words as words
from market.deals.ageing import Patience, lapse_quiet, remind
from market.deals.models import IntentOrder, OrderMove
from market.deals.order_words import Said
from market.jobs import TELL_OF_ORDERS, TELL_OF_REMINDERS, Job
from market.settings import Settings
from schemas.deals import OrderDeed, OrderStage, ReminderKind
from tests.market.accounts.factories import Account, make_account, rows
from tests.market.deals.factories import Dealing
from tests.market.subscriptions.hearing import (
    alerts_of,
    deliveries,
    follow_own,
    have_told,
    open_endpoint,
    sending,
    titles_of,
    unfinished,
)

TITLE = "鞋底防滑"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return sending(settings)


async def work(dealing: Dealing, settings: Settings) -> None:
    await have_told(dealing.database, settings, TELL_OF_ORDERS, TELL_OF_REMINDERS)


async def told(dealing: Dealing, who: Account) -> list[tuple[str, str]]:
    """(type, what happened) without the title of the listing."""
    titles = await titles_of(dealing.client, who)
    return [(kind, title.partition("：")[0]) for kind, title in titles]


async def need_title(dealing: Dealing) -> str:
    (order,) = await rows(dealing.database, IntentOrder)
    return order.need_title


async def test_the_other_side_hears_what_is_proposed_and_who_proposes(
    dealing: Dealing, settings: Settings
) -> None:
    order = await dealing.proposed()

    await work(dealing, settings)

    (alert,) = await alerts_of(dealing.client, dealing.institute)
    enterprise = dealing.enterprise.organisation
    assert enterprise is not None
    shown = ("type", "title", "reasons", "order_id", "fair_id", "listing")
    assert {name: alert[name] for name in shown} == {
        "type": "order.proposed",
        "title": f"对方提出意向订单：{await need_title(dealing)}",
        "reasons": [f"对方：{enterprise.name}", "阶段：意向", "待您方确认当前内容"],
        "order_id": order.id,
        "fair_id": None,
        "listing": None,
    }
    assert await alerts_of(dealing.client, dealing.enterprise) == []


async def test_the_life_of_an_order_as_each_side_hears_of_it(
    dealing: Dealing, settings: Settings
) -> None:
    order = await dealing.confirmed()
    for action, side in (
        ("negotiate", "enterprise"),
        ("agree", "institute"),
        ("step-back", "enterprise"),
        ("lapse", "institute"),
        ("resume", "enterprise"),
    ):
        order = await dealing.done(order, action, side)
    await work(dealing, settings)

    assert await told(dealing, dealing.institute) == [
        ("order.proposed", "对方提出意向订单"),
        ("order.stage_changed", "意向订单进入洽谈"),
        ("order.stage_changed", "意向订单退回上一阶段"),
        ("order.stage_changed", "意向订单已重新启动"),
    ]
    assert await told(dealing, dealing.enterprise) == [
        ("order.confirmed", "对方已确认意向订单"),
        ("order.stage_changed", "意向订单已达成协议"),
        ("order.lapsed", "对方终止了意向订单"),
    ]
    assert await unfinished(dealing.database, TELL_OF_ORDERS) == 0


async def test_a_contract_from_its_signing_to_its_fulfilment(
    dealing: Dealing, settings: Settings
) -> None:
    order = await dealing.signed()
    order = await dealing.done(order, "register", "institute")
    await dealing.done(order, "fulfil", "enterprise")

    await work(dealing, settings)

    assert await told(dealing, dealing.enterprise) == [
        ("order.confirmed", "对方已确认意向订单"),
        ("order.stage_changed", "意向订单已签合同"),
        ("order.stage_changed", "合同已登记"),
    ]
    assert (await told(dealing, dealing.institute))[1:] == [
        ("order.confirmed", "对方已确认意向订单"),
        ("order.stage_changed", "合同已履约"),
    ]


async def test_changed_terms_wait_for_a_yes_and_a_private_note_is_no_news(
    dealing: Dealing, settings: Settings
) -> None:
    order = await dealing.confirmed()
    await work(dealing, settings)
    headers = dealing.enterprise.headers | {"If-Match": order.answer.headers["etag"]}
    noted = await dealing.client.patch(
        order.url, json={"private_note": "上限可以到一百万"}, headers=headers
    )
    headers |= {"If-Match": noted.headers["etag"]}
    changed = await dealing.client.patch(
        order.url, json={"amount_max_cny": 900_000}, headers=headers
    )
    assert (noted.status_code, changed.status_code) == (200, 200)

    await work(dealing, settings)

    *_, alert = await alerts_of(dealing.client, dealing.institute)
    assert (await told(dealing, dealing.institute))[1:] == [("order.changed", "对方修改了意向订单")]
    assert "待您方确认当前内容" in alert["reasons"]
    assert "一百万" not in str(await alerts_of(dealing.client, dealing.institute))


async def test_who_proposed_to_a_hidden_owner_does_not_hear_who_that_is(
    dealing: Dealing, settings: Settings
) -> None:
    """An institute proposes to the owner of a need, which shows no name before its yes."""
    order = await dealing.proposed("institute", result_id=..., next_step_on=...)
    enterprise = dealing.enterprise.organisation
    assert enterprise is not None
    await work(dealing, settings)
    async with dealing.database.writing() as session:
        long_ago = utc_now() - timedelta(days=91)
        await session.execute(update(IntentOrder).values(progressed_at=long_ago))
        patience = Patience(reminder_days=14, lapse_days=90)
        await remind(session, utc_now(), patience, None)
        await lapse_quiet(session, utc_now(), days=90)

    await work(dealing, settings)

    institute = await alerts_of(dealing.client, dealing.institute)
    assert [each["type"] for each in institute] == ["order.lapsed"]
    assert enterprise.name not in str(institute)
    # A proposal itself tells who made it.
    assert dealing.institute.organisation is not None
    theirs = await alerts_of(dealing.client, dealing.enterprise)
    assert [each["type"] for each in theirs].count("order.proposed") == 1
    assert all(dealing.institute.organisation.name in str(each) for each in theirs)
    assert {each["order_id"] for each in (*institute, *theirs)} == {order.id}


async def test_after_the_yes_the_name_is_told(dealing: Dealing, settings: Settings) -> None:
    order = await dealing.proposed("institute", result_id=..., next_step_on=...)
    await dealing.done(order, "confirm", "enterprise")

    await work(dealing, settings)

    (alert,) = await alerts_of(dealing.client, dealing.institute)
    assert dealing.enterprise.organisation is not None
    assert alert["type"] == "order.confirmed"
    assert f"对方：{dealing.enterprise.organisation.name}" in alert["reasons"]


async def test_time_tells_both_sides(dealing: Dealing, settings: Settings) -> None:
    await dealing.confirmed(next_step_on=...)
    await work(dealing, settings)
    now = utc_now()
    async with dealing.database.writing() as session:
        await session.execute(update(IntentOrder).values(progressed_at=now - timedelta(days=91)))
        assert await lapse_quiet(session, now, days=90) == 1
        assert await lapse_quiet(session, now, days=90) == 0

    await work(dealing, settings)

    lapsed = ("order.lapsed", "意向订单久无进展，已失效")
    assert (await told(dealing, dealing.institute))[-1] == lapsed
    assert (await told(dealing, dealing.enterprise))[-1] == lapsed


async def test_a_reminder_is_told_once_however_often_time_looks(
    dealing: Dealing, settings: Settings
) -> None:
    order = await dealing.confirmed()
    await work(dealing, settings)
    today = utc_now().date()
    async with dealing.database.writing() as session:
        await session.execute(update(IntentOrder).values(next_step_on=today))
    for _ in range(3):
        async with dealing.database.writing() as session:
            await remind(session, utc_now(), Patience(14, 90), None)
        await work(dealing, settings)

    for who in (dealing.institute, dealing.enterprise):
        *_, alert = await alerts_of(dealing.client, who)
        assert (alert["type"], alert["order_id"]) == ("order.reminder", order.id)
        assert alert["title"].startswith("意向订单的下一步已到期：")
        assert f"下一步：{today.isoformat()} 寄送样品，两周内回复" in alert["reasons"]
        assert [kind for kind, _ in await told(dealing, who)].count("order.reminder") == 1
    asked = [each for each in await rows(dealing.database, Job) if each.kind == TELL_OF_REMINDERS]
    assert len(asked) == 1


async def test_webhooks_and_mails_by_ones_own_subscription(
    dealing: Dealing, settings: Settings
) -> None:
    endpoint_id = await open_endpoint(dealing.client, dealing.institute, "http://127.0.0.1:9/hook")
    saved = await follow_own(
        dealing.client,
        dealing.institute,
        channels=["webhook", "email"],
        endpoint_id=endpoint_id,
    )
    order = await dealing.proposed()
    today = utc_now().date()
    await work(dealing, settings)
    async with dealing.database.writing() as session:
        await session.execute(update(IntentOrder).values(next_step_on=today))
        await remind(session, utc_now(), Patience(14, 90), None)
    await work(dealing, settings)

    sent = [each for each in await deliveries(dealing.database) if each.channel == "webhook"]
    events = [msgspec.json.decode(each.body) for each in sent]
    common = {
        "saved_search_id": saved["id"],
        "url": f"http://127.0.0.1:8000/api/v1/intent-orders/{order.id}",
        "order_id": order.id,
    }
    ids = [{"alert_id": each.alert_ids[0]} for each in sent]
    assert [(event["type"], event["data"]) for event in events] == [
        ("order.proposed", common | ids[0] | {"action": "propose", "stage": "intent"}),
        (
            "order.reminder",
            common | ids[1] | {"reminder": "step", "about_on": today.isoformat()},
        ),
    ]
    mails = [each for each in await deliveries(dealing.database) if each.channel == "email"]
    assert [each.type for each in mails] == ["order.proposed"]


async def test_strangers_and_refused_deeds_tell_nothing(
    dealing: Dealing, settings: Settings
) -> None:
    stranger = await make_account(dealing.database, "enterprise")
    order = await dealing.proposed()
    again = await dealing.propose()
    early = await dealing.do(order, "sign", "institute")
    stale = await dealing.client.post(
        f"{order.url}/confirm",
        headers=dealing.institute.headers | {"If-Match": '"99"'},
    )
    assert [each.status_code for each in (again, early, stale)] == [409, 409, 412]

    await work(dealing, settings)

    assert await alerts_of(dealing.client, stranger) == []
    assert len(await alerts_of(dealing.client, dealing.institute)) == 1
    moves = await rows(dealing.database, OrderMove)
    jobs = [each for each in await rows(dealing.database, Job) if each.kind == TELL_OF_ORDERS]
    assert [job.payload for job in jobs] == [{"ids": [str(move.id)]} for move in moves]


async def test_a_job_that_runs_again_tells_nothing_again(
    dealing: Dealing, settings: Settings
) -> None:
    await dealing.confirmed()
    await work(dealing, settings)
    before = [await told(dealing, each) for each in (dealing.institute, dealing.enterprise)]
    async with dealing.database.writing() as session:
        await session.execute(
            update(Job).where(Job.kind == TELL_OF_ORDERS).values(state="queued", attempts=0)
        )

    await work(dealing, settings)

    assert before == [await told(dealing, each) for each in (dealing.institute, dealing.enterprise)]


def _is_said(said: Said) -> bool:
    zh, en = said
    return bool(zh and en) and zh != en


@pytest.mark.parametrize("action", get_args(OrderDeed))
def test_every_deed_has_words(action: str) -> None:
    assert _is_said(words.deed(action, TITLE))
    assert all(each.endswith(TITLE) for each in words.deed(action, TITLE))


@pytest.mark.parametrize("kind", get_args(ReminderKind))
def test_every_reminder_has_words(kind: Any) -> None:
    assert _is_said(words.reminder(kind, TITLE))


@pytest.mark.parametrize("stage", get_args(OrderStage))
def test_every_stage_has_words(stage: Any) -> None:
    assert _is_said(words.stage(stage))


@given(st.text(max_size=40), st.none() | st.dates())
def test_the_next_step_is_one_line_or_none(text: str, on: Any) -> None:
    said = words.next_step(text, on)

    assert bool(said) == bool(text.split() or on)
    for zh, en in said:
        assert "\n" not in zh + en
        assert on is None or on.isoformat() in zh
