"""Intention orders over HTTP: proposed by one side, confirmed by the other, followed to the end."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import event, update

from market.db import Database, utc_now
from market.deals import proposing
from market.deals.models import IntentOrder
from tests.market.accounts.factories import Account, make_account, make_key, places, told
from tests.market.deals.factories import (
    CONTRACT,
    ORDER,
    REGISTRATION,
    URL,
    Dealing,
    Order,
    happened,
    make_dealing,
    make_fair,
)
from tests.market.listings.factories import NEED_FORM, NO_SUCH_ID, RESULT_FORM, post_listing


def party(account: Account, *, is_confirmed: bool) -> dict[str, Any]:
    assert account.organisation is not None
    return {
        "id": str(account.organisation.id),
        "name": account.organisation.name,
        "kind": account.organisation.kind,
        "is_confirmed": is_confirmed,
    }


async def history(dealing: Dealing, order: Order, account: Account) -> list[tuple[Any, ...]]:
    moves = await dealing.items(account, f"{order.url}/history")
    names = ("action", "from_stage", "to_stage", "side", "note")
    return [tuple(made[name] for name in names) for made in moves]


async def test_a_proposal_is_told_as_it_was_made(dealing: Dealing) -> None:
    order = await dealing.proposed(private_note="最多出一百万")

    body = order.body
    times = {body.pop(name) for name in ("created_at", "progressed_at", "changed_at")}
    assert len(times) == 1
    assert order.answer.headers["location"] == order.url
    assert body == {
        "id": order.id,
        "version": 1,
        "stage": "intent",
        "lapsed_from": None,
        "institute": party(dealing.institute, is_confirmed=False),
        "enterprise": party(dealing.enterprise, is_confirmed=True),
        "proposed_by": "enterprise",
        "own_side": "enterprise",
        "result": {"id": dealing.result_id, "title": RESULT_FORM["title"]},
        "need": {"id": dealing.need_id, "title": NEED_FORM["title"]},
        "fair_id": None,
        "meeting_id": None,
        "amount_min_cny": 300_000,
        "amount_max_cny": 800_000,
        "mode": "licence",
        "expected_month": "2031-05",
        "next_step": ORDER["next_step"],
        "next_step_on": "2031-03-31",
        "contract": None,
        "is_confirmed": False,
        "confirmed_at": None,
        "allowed_actions": ["change", "lapse"],
        "private_note": "最多出一百万",
    }


async def test_the_other_side_says_yes(dealing: Dealing) -> None:
    order = await dealing.proposed(private_note="最多出一百万")
    seen = (await dealing.read(order, dealing.institute)).json()

    confirmed = await dealing.done(order, "confirm", "institute")

    assert (seen["own_side"], seen["private_note"]) == ("institute", "")
    assert seen["allowed_actions"] == ["confirm", "change", "lapse"]
    assert confirmed.body["is_confirmed"]
    assert confirmed.body["confirmed_at"] is not None
    assert confirmed.body["version"] == 2
    assert await history(dealing, order, dealing.enterprise) == [
        ("propose", None, "intent", "enterprise", ORDER["note"]),
        ("confirm", "intent", "intent", "institute", ""),
    ]


async def test_saying_yes_twice_is_as_good_as_once(dealing: Dealing) -> None:
    confirmed = await dealing.confirmed()

    again = await dealing.done(confirmed, "confirm", "institute")

    assert again.body == confirmed.body
    assert len(await history(dealing, again, dealing.institute)) == 2


async def test_an_order_goes_all_the_way(dealing: Dealing) -> None:
    order = await dealing.confirmed()
    order = await dealing.done(order, "negotiate", "enterprise", note="见了面")
    order = await dealing.done(order, "agree", "institute")
    order = await dealing.done(order, "sign", "institute", note="签了")
    unconfirmed = await dealing.do(order, "register", "institute")
    order = await dealing.done(order, "confirm", "enterprise")
    order = await dealing.done(order, "register", "institute")
    order = await dealing.done(order, "fulfil", "enterprise")

    assert told(unconfirmed) == (409, "order_not_confirmed")
    assert order.body["stage"] == "fulfilled"
    assert order.body["contract"] == {
        "kind": "licence",
        "amount_cny": 650_000,
        "number": CONTRACT["contract_number"],
        "signed_on": CONTRACT["signed_on"],
        **REGISTRATION,
    }
    assert order.body["allowed_actions"] == ["step_back"]
    assert await history(dealing, order, dealing.enterprise) == [
        ("propose", None, "intent", "enterprise", ORDER["note"]),
        ("confirm", "intent", "intent", "institute", ""),
        ("negotiate", "intent", "negotiation", "enterprise", "见了面"),
        ("agree", "negotiation", "agreement", "institute", ""),
        ("sign", "agreement", "contract", "institute", "签了"),
        ("confirm", "contract", "contract", "enterprise", ""),
        ("register", "contract", "registered", "institute", ""),
        ("fulfil", "registered", "fulfilled", "enterprise", ""),
    ]


async def test_nothing_goes_on_before_both_say_yes(dealing: Dealing) -> None:
    order = await dealing.proposed()

    answers = [
        await dealing.do(order, action, "enterprise") for action in ("negotiate", "agree", "sign")
    ]

    assert [told(each) for each in answers] == [(409, "order_not_confirmed")] * 3


async def test_changed_terms_need_a_new_yes(dealing: Dealing) -> None:
    order = await dealing.confirmed()

    changed = Order(await dealing.change(order, "enterprise", amount_max_cny=500_000))
    refused = await dealing.do(changed, "negotiate", "enterprise")
    agreed = await dealing.done(changed, "confirm", "institute")

    assert not changed.body["is_confirmed"]
    assert changed.body["enterprise"]["is_confirmed"]
    assert told(refused) == (409, "order_not_confirmed")
    assert agreed.body["is_confirmed"]
    assert agreed.body["confirmed_at"] == order.body["confirmed_at"]


async def test_a_next_step_needs_no_yes(dealing: Dealing) -> None:
    order = await dealing.confirmed()

    changed = await dealing.change(
        order, "institute", next_step="安排中试", next_step_on=None, private_note="他们急"
    )

    assert changed.json()["is_confirmed"]
    assert changed.json()["next_step"] == "安排中试"
    assert changed.json()["next_step_on"] is None
    assert changed.json()["private_note"] == "他们急"
    other = (await dealing.read(order, dealing.enterprise)).json()
    assert (other["next_step"], other["private_note"]) == ("安排中试", "")


async def test_a_change_that_changes_nothing_keeps_the_version(dealing: Dealing) -> None:
    order = await dealing.confirmed()

    same = await dealing.change(order, "enterprise", mode="licence", amount_max_cny=800_000)

    assert same.json() == order.body | {"own_side": "enterprise"} | {
        "allowed_actions": same.json()["allowed_actions"],
        "private_note": "",
    }
    assert len(await history(dealing, order, dealing.institute)) == 2


async def test_a_declined_order_can_be_taken_up_again(dealing: Dealing) -> None:
    order = await dealing.proposed()
    lapsed = await dealing.done(order, "lapse", "institute", note="目前没有人手")

    refused = [
        await dealing.do(lapsed, "confirm", "institute"),
        await dealing.do(lapsed, "negotiate", "institute"),
        await dealing.change(lapsed, "institute", mode="service"),
    ]
    resumed = await dealing.done(lapsed, "resume", "institute")
    confirmed = await dealing.done(resumed, "confirm", "enterprise")

    assert (lapsed.body["stage"], lapsed.body["lapsed_from"]) == ("lapsed", "intent")
    assert lapsed.body["allowed_actions"] == ["resume"]
    assert [told(each)[1] for each in refused] == [
        "order_lapsed",
        "transition_refused",
        "order_settled",
    ]
    assert resumed.body["stage"] == "intent"
    assert resumed.body["institute"]["is_confirmed"]
    assert not resumed.body["enterprise"]["is_confirmed"]
    assert confirmed.body["is_confirmed"]


async def test_a_contract_that_was_entered_by_mistake_goes_away(dealing: Dealing) -> None:
    signed = await dealing.done(await dealing.confirmed(), "sign", "institute")

    back = await dealing.done(signed, "step-back", "enterprise", note="还没有签")

    assert (back.body["stage"], back.body["contract"]) == ("agreement", None)
    assert back.body["is_confirmed"]
    again = await dealing.done(back, "sign", "enterprise", contract_amount_cny=700_000)
    assert again.body["contract"]["amount_cny"] == 700_000


async def test_terms_of_a_contract_stay(dealing: Dealing) -> None:
    order = await dealing.signed()

    refused = await dealing.change(order, "institute", amount_max_cny=900_000)
    step = await dealing.change(order, "institute", next_step="办理登记")

    assert told(refused) == (409, "terms_settled")
    assert step.json()["next_step"] == "办理登记"


async def test_one_order_for_two_sides_and_a_listing(dealing: Dealing) -> None:
    await dealing.proposed()

    answers = [
        await dealing.propose("enterprise"),
        await dealing.propose("institute"),
        await dealing.propose("institute", result_id=..., amount_min_cny=...),
        # About the result alone it is another matter.
        await dealing.propose(
            "enterprise", need_id=..., counterpart_id=str(dealing.institute.user.organisation_id)
        ),
    ]

    assert [told(each) for each in answers[:3]] == [(409, "order_exists")] * 3
    assert answers[3].status_code == 201


async def test_the_same_key_proposes_once(dealing: Dealing) -> None:
    key = {"Idempotency-Key": "order-1"}

    first, second = [await dealing.propose(headers=key) for _ in range(2)]
    other = await dealing.propose(headers=key, mode="service")

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert second.headers["idempotency-replayed"] == "true"
    assert told(other) == (422, "invalid")
    assert len(await dealing.items(dealing.enterprise)) == 1


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"result_id": ..., "need_id": ...}, "#/result_id"),
        ({"result_id": NO_SUCH_ID}, "#/result_id"),
        ({"need_id": "不是编号"}, "#/need_id"),
        ({"counterpart_id": NO_SUCH_ID}, "#/counterpart_id"),
        ({"result_id": ...}, "#/counterpart_id"),
        ({"result_id": ..., "counterpart_id": NO_SUCH_ID}, "#/counterpart_id"),
        ({"fair_id": NO_SUCH_ID}, "#/fair_id"),
        ({"meeting_id": NO_SUCH_ID}, "#/meeting_id"),
        ({"amount_min_cny": 900_000}, "#/amount_max_cny"),
        ({"amount_min_cny": -1}, "#/amount_min_cny"),
        ({"mode": "gift"}, "#/mode"),
        ({"expected_month": "2031-13"}, "#/expected_month"),
        ({"next_step_on": "2999-01-01"}, "#/next_step_on"),
        ({"stage": "contract"}, "#/stage"),
    ],
)
async def test_a_proposal_that_makes_no_sense_is_refused(
    dealing: Dealing, changes: dict[str, Any], place: str
) -> None:
    answer = await dealing.propose(**changes)

    assert told(answer) == (422, "invalid")
    assert places(answer) == [place]
    assert await dealing.items(dealing.enterprise) == []


async def test_each_side_proposes_from_its_own_listing(dealing: Dealing) -> None:
    stranger = await make_account(dealing.database, "institute")
    other_result = await post_listing(dealing.client, stranger, "results", "publish")
    mine = str(dealing.institute.user.organisation_id)

    # Two listings of others; a result taken by an institute; oneself; a side's own kind.
    refused = [
        await dealing.client.post(
            URL,
            json={"result_id": other_result.id, "need_id": dealing.need_id},
            headers=dealing.institute.headers,
        ),
        await dealing.client.post(
            URL, json={"result_id": other_result.id}, headers=dealing.institute.headers
        ),
        await dealing.client.post(
            URL,
            json={"result_id": dealing.result_id, "counterpart_id": mine},
            headers=dealing.institute.headers,
        ),
        await dealing.client.post(
            URL,
            json={
                "result_id": dealing.result_id,
                "counterpart_id": str(stranger.user.organisation_id),
            },
            headers=dealing.institute.headers,
        ),
    ]

    assert [places(each) for each in refused] == [
        ["#/need_id"],
        ["#/result_id"],
        ["#/counterpart_id"],
        ["#/counterpart_id"],
    ]


async def test_a_draft_is_nothing_to_order(dealing: Dealing) -> None:
    draft = await post_listing(dealing.client, dealing.enterprise, "needs", reference="XQ-008")

    own = await dealing.propose("enterprise", need_id=draft.id)
    theirs = await dealing.propose("institute", need_id=draft.id)

    assert (places(own), places(theirs)) == (["#/need_id"], ["#/need_id"])


async def test_an_investor_may_take_a_result(dealing: Dealing) -> None:
    investor = await make_account(dealing.database, "investor")

    answer = await dealing.client.post(
        URL, json={"result_id": dealing.result_id, "mode": "equity"}, headers=investor.headers
    )

    assert answer.status_code == 201
    assert answer.json()["enterprise"] == party(investor, is_confirmed=True)
    assert answer.json()["amount_min_cny"] is None


async def test_who_is_not_verified_proposes_nothing(dealing: Dealing) -> None:
    newcomer = await make_account(dealing.database, "enterprise", is_verified=False)

    answer = await dealing.client.post(
        URL, json={"result_id": dealing.result_id}, headers=newcomer.headers
    )

    assert told(answer) == (403, "organisation_not_verified")


async def test_a_hidden_enterprise_is_told_when_it_says_yes(dealing: Dealing) -> None:
    """NEED_FORM hides who needs; the institute proposes to whoever that is."""
    order = await dealing.proposed("institute")
    name = dealing.enterprise.organisation and dealing.enterprise.organisation.name

    mine = await dealing.read(order, dealing.institute)
    theirs = await dealing.read(order, dealing.enterprise)
    confirmed = await dealing.done(order, "confirm", "enterprise")
    after = await dealing.read(confirmed, dealing.institute)

    hidden = {"id": None, "name": None, "kind": "enterprise", "is_confirmed": False}
    assert order.body["enterprise"] == mine.json()["enterprise"] == hidden
    assert str(name) not in mine.text
    assert theirs.json()["enterprise"] == party(dealing.enterprise, is_confirmed=False)
    assert theirs.json()["institute"] == party(dealing.institute, is_confirmed=True)
    assert after.json()["enterprise"] == party(dealing.enterprise, is_confirmed=True)


async def test_trying_names_does_not_find_out_who_hides(dealing: Dealing) -> None:
    stranger = await make_account(dealing.database, "enterprise")
    organizer = await make_account(dealing.database, "organizer")
    fair_id = await make_fair(dealing.database, organizer, dealing.institute, dealing.enterprise)
    meeting_id = await happened(
        dealing.database, fair_id, "held", dealing.institute, dealing.enterprise
    )

    by_name = [
        await dealing.propose("institute", counterpart_id=str(each.user.organisation_id))
        for each in (dealing.enterprise, stranger)
    ]
    by_meeting = [
        await dealing.propose("institute", meeting_id=str(each))
        for each in (meeting_id, NO_SUCH_ID)
    ]

    for first, second in (by_name, by_meeting):
        assert (first.status_code, first.json()) == (422, second.json())
    assert await dealing.items(dealing.institute) == []


async def test_an_order_from_a_meeting_belongs_to_its_fair(dealing: Dealing) -> None:
    organizer = await make_account(dealing.database, "organizer")
    both = (dealing.institute, dealing.enterprise)
    fair_id = await make_fair(dealing.database, organizer, *both)
    other_id = await make_fair(dealing.database, organizer, *both)
    meeting_id = await happened(dealing.database, fair_id, "held", *both)

    elsewhere = await dealing.propose(meeting_id=str(meeting_id), fair_id=str(other_id))
    order = await dealing.proposed(meeting_id=str(meeting_id))

    assert places(elsewhere) == ["#/fair_id"]
    assert order.body["fair_id"] == str(fair_id)
    assert order.body["meeting_id"] == str(meeting_id)


async def test_a_meeting_of_others_is_no_meeting(dealing: Dealing) -> None:
    organizer = await make_account(dealing.database, "organizer")
    stranger = await make_account(dealing.database, "institute")
    fair_id = await make_fair(dealing.database, organizer, dealing.enterprise, stranger)
    meeting_id = await happened(dealing.database, fair_id, "held", stranger, dealing.enterprise)

    answer = await dealing.propose(meeting_id=str(meeting_id))

    assert places(answer) == ["#/meeting_id"]


async def test_only_guests_order_at_a_fair(dealing: Dealing) -> None:
    organizer = await make_account(dealing.database, "organizer")
    fair_id = await make_fair(dealing.database, organizer, dealing.enterprise)

    guest = await dealing.propose("enterprise", fair_id=str(fair_id))
    not_there = await dealing.propose("institute", fair_id=str(fair_id))

    assert (guest.status_code, guest.json()["fair_id"]) == (201, str(fair_id))
    assert places(not_there) == ["#/fair_id"]


async def test_an_organizer_sees_what_both_sides_confirmed_at_its_fair(dealing: Dealing) -> None:
    organizer, rival = [await make_account(dealing.database, "organizer") for _ in range(2)]
    fair_id = await make_fair(dealing.database, organizer, dealing.enterprise)
    order = await dealing.proposed(fair_id=str(fair_id), private_note="底价一百万")
    before = await dealing.read(order, organizer)
    await dealing.done(order, "confirm", "institute")

    after = await dealing.read(order, organizer)
    others = await dealing.read(order, rival)

    assert (before.status_code, others.status_code) == (404, 404)
    assert (after.json()["own_side"], after.json()["allowed_actions"]) == (None, [])
    assert "private_note" not in after.json()
    assert "底价" not in after.text
    assert [each["id"] for each in await dealing.items(organizer, fair_id=str(fair_id))] == [
        order.id
    ]
    assert await dealing.items(rival) == []
    assert [note for *_, note in await history(dealing, order, organizer)] == ["", ""]
    refused = await dealing.client.post(
        f"{order.url}/confirm", headers=organizer.headers | {"If-Match": '"2"'}
    )
    assert refused.status_code == 403


async def test_strangers_know_of_no_order(dealing: Dealing) -> None:
    order = await dealing.confirmed()
    stranger = await make_account(dealing.database, "enterprise")
    headers = stranger.headers | {"If-Match": '"2"'}

    answers = [
        await dealing.client.get(order.url, headers=headers),
        await dealing.client.get(f"{order.url}/history", headers=headers),
        await dealing.client.patch(order.url, json={"mode": "service"}, headers=headers),
        await dealing.client.post(f"{order.url}/confirm", headers=headers),
        await dealing.client.post(f"{order.url}/lapse", json={}, headers=headers),
    ]

    assert [each.status_code for each in answers] == [404] * 5
    assert await dealing.items(stranger) == []
    assert (await dealing.read(order, dealing.institute)).json()["stage"] == "intent"


async def test_an_administrator_reads_all_and_changes_nothing(dealing: Dealing) -> None:
    order = await dealing.proposed(private_note="底价一百万")
    admin = await make_account(dealing.database, None, is_administrator=True)

    seen = await dealing.read(order, admin)
    listed = await dealing.items(admin)
    refused = await dealing.client.post(
        f"{order.url}/lapse", json={}, headers=admin.headers | {"If-Match": '"1"'}
    )

    assert [each["id"] for each in listed] == [order.id]
    assert seen.json()["institute"]["name"] == party(dealing.institute, is_confirmed=False)["name"]
    assert "private_note" not in seen.json()
    assert refused.status_code == 403


async def test_a_key_needs_the_scope(dealing: Dealing) -> None:
    await dealing.proposed()
    reads = await make_key(dealing.database, dealing.enterprise, "deals:read")
    other = await make_key(dealing.database, dealing.enterprise, "listings:read")

    answers = [
        await dealing.client.get(URL, headers=reads),
        await dealing.client.post(URL, json={}, headers=reads),
        await dealing.client.get(URL, headers=other),
    ]

    assert [each.status_code for each in answers] == [200, 403, 403]


async def test_changes_name_the_version_that_they_saw(dealing: Dealing) -> None:
    order = await dealing.proposed()
    headers = dealing.institute.headers
    confirmed = await dealing.done(order, "confirm", "institute")

    late = await dealing.change(order, "enterprise", mode="service")
    unnamed = await dealing.client.patch(order.url, json={"mode": "service"}, headers=headers)
    unchanged = await dealing.client.get(
        order.url, headers=headers | {"If-None-Match": confirmed.answer.headers["etag"]}
    )

    assert told(late) == (412, "version_outdated")
    assert told(unnamed) == (428, "version_required")
    assert unchanged.status_code == 304


@pytest.mark.parametrize(
    ("action", "form", "place"),
    [
        ("sign", {"contract_kind": "gift"}, "#/contract_kind"),
        ("sign", {"signed_on": "2999-01-01"}, "#/signed_on"),
        ("sign", {"contract_amount_cny": 1.5}, "#/contract_amount_cny"),
        ("register", {"registered_on": "2026-03-30"}, "#/registered_on"),
        ("register", {"registered_on": "2999-01-01"}, "#/registered_on"),
    ],
)
async def test_contracts_that_can_t_be_are_refused(
    dealing: Dealing, action: str, form: dict[str, Any], place: str
) -> None:
    order = await (dealing.confirmed() if action == "sign" else dealing.signed())

    answer = await dealing.do(order, action, "institute", **form)

    assert told(answer) == (422, "invalid")
    assert places(answer) == [place]


async def many(dealing: Dealing, number: int, *, named: str = "1") -> list[str]:
    made = []
    for turn in range(number):
        need = await post_listing(
            dealing.client, dealing.enterprise, "needs", "publish", reference=f"XQ-{named}{turn}"
        )
        made.append((await dealing.proposed(need_id=need.id)).id)
    return made[::-1]


@pytest.mark.parametrize("limit", [1, 2, 5])
async def test_pages_hold_each_order_once_the_newest_first(dealing: Dealing, limit: int) -> None:
    expected = await many(dealing, 5)
    found: list[str] = []
    asked: dict[str, Any] = {"limit": limit}

    while True:
        page = await dealing.client.get(URL, params=asked, headers=dealing.institute.headers)
        found += [each["id"] for each in page.json()["items"]]
        if page.json()["next_cursor"] is None:
            break
        asked["cursor"] = page.json()["next_cursor"]

    assert found == expected


async def test_lists_are_filtered(dealing: Dealing) -> None:
    third, second, first = await many(dealing, 3)
    orders = {each["id"]: each for each in await dealing.items(dealing.institute)}
    headers = dealing.institute.headers
    confirmed = await dealing.client.post(
        f"{URL}/{first}/confirm", headers=headers | {"If-Match": '"1"'}
    )
    await dealing.client.post(
        f"{URL}/{second}/lapse", json={}, headers=headers | {"If-Match": '"1"'}
    )
    await dealing.client.patch(
        f"{URL}/{first}",
        json={"next_step_on": "2026-01-01"},
        headers=headers | {"If-Match": confirmed.headers["etag"]},
    )

    async def ids(**asked: Any) -> list[str]:
        return [each["id"] for each in await dealing.items(dealing.institute, **asked)]

    assert await ids(stage="lapsed") == [second]
    assert await ids(awaits_own="true") == [third]
    assert await ids(is_due="true") == [first]
    assert await ids(listing_id=orders[third]["need"]["id"]) == [third]
    assert await ids(listing_id=dealing.result_id) == [third, second, first]
    assert await ids(listing_id="nonsense") == await ids(fair_id=NO_SUCH_ID) == []


async def test_a_longer_page_asks_no_more_questions(
    dealing: Dealing, client: httpx.AsyncClient, database: Database
) -> None:
    counts: list[int] = []

    async def statements() -> int:
        asked: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            asked.append(statement)

        engines = {database.engine.sync_engine, database._reading.sync_engine}
        for engine in engines:
            event.listen(engine, "before_cursor_execute", note)
        await client.get(URL, headers=dealing.institute.headers)
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
        return len([each for each in asked if each.startswith("SELECT")])

    for number in (1, 2):
        await many(dealing, number, named=str(number))
        counts.append(await statements())

    assert counts[0] == counts[1]


async def test_nobody_asks_everybody(
    dealing: Dealing, monkeypatch: pytest.MonkeyPatch, client: httpx.AsyncClient
) -> None:
    monkeypatch.setattr(proposing, "MOST_A_DAY", 2)
    other = await make_dealing(client, dealing.database)
    needs = [
        await post_listing(client, other.enterprise, "needs", "publish", reference=f"N-{n}")
        for n in range(3)
    ]
    first = await dealing.propose("institute")
    answers = [await dealing.propose("institute", need_id=need.id, result_id=...) for need in needs]

    assert [first.status_code, *(answer.status_code for answer in answers)] == [
        *(201, 201, 429, 429),
    ]
    assert told(answers[1]) == (429, "too_many_proposals")
    assert 86_000 < int(answers[1].headers["retry-after"]) <= 86_400
    # The other side may still propose, and so may who was asked.
    assert (await other.propose("institute")).status_code == 201
    async with dealing.database.writing() as session:
        await session.execute(
            update(IntentOrder).values(created_at=utc_now() - timedelta(hours=25))
        )
    assert (await dealing.propose("institute", need_id=needs[1].id, result_id=...)).is_success


async def test_an_outpost_stands_on_either_side_and_sees_both(dealing: Dealing) -> None:
    outpost = await make_account(dealing.database, "outpost")
    own = await post_listing(dealing.client, outpost, "results", "publish")
    enterprise_id = str(dealing.enterprise.user.organisation_id)
    forms = [
        {"result_id": own.id, "counterpart_id": enterprise_id},
        {"result_id": dealing.result_id},
    ]

    made = [await dealing.client.post(URL, json=form, headers=outpost.headers) for form in forms]

    assert [each.json()["own_side"] for each in made] == ["institute", "enterprise"]
    listed = await dealing.items(outpost)
    assert [each["id"] for each in listed] == [each.json()["id"] for each in reversed(made)]
    assert [each["own_side"] for each in await dealing.items(dealing.enterprise)] == ["enterprise"]
