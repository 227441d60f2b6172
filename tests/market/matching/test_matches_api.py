"""Matches over HTTP: whose they are, what they tell, and what one may say of them."""

import asyncio
import uuid
from typing import Any

import httpx
import pytest
from sqlalchemy import event, select, update

from market.db import Database, utc_now
from market.matching.models import MatchFeedback, MatchRow
from tests.market.accounts.factories import Account, make_account
from tests.market.factories import make_need, make_result
from tests.market.matching.bazaar import Bazaar

CODES = ["too_early", "too_expensive", "wrong_field", "already_solved", "not_our_scale"]


def url(kind: str, listing_id: uuid.UUID) -> str:
    return f"/api/v1/{kind}s/{listing_id}/matches"


async def items_at(
    client: httpx.AsyncClient, account: Account, path: str, **parameters: Any
) -> list[dict[str, Any]]:
    answer = await client.get(path, params=parameters, headers=account.headers)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def say(
    client: httpx.AsyncClient, account: Account, match_id: str, **form: Any
) -> httpx.Response:
    return await client.put(
        f"/api/v1/matches/{match_id}/feedback", json=form, headers=account.headers
    )


async def test_a_result_s_owner_sees_the_needs_that_it_fits(
    bazaar: Bazaar, client: httpx.AsyncClient
) -> None:
    result_id, need_id = await bazaar.post_pair()
    (row,) = await bazaar.matches()

    (match,) = await items_at(client, bazaar.institute, url("result", result_id))

    counterpart = match.pop("counterpart")
    assert match == {
        "id": str(row.id),
        "score": round(row.score, 1),
        "is_good": True,
        "listing": {"id": str(result_id), "kind": "result", "title": make_result().title},
        "reasons": row.explanation["reasons"]["zh"],
        "feedback": None,
        "found_at": match["found_at"],
    }
    assert (counterpart["id"], counterpart["title"]) == (str(need_id), make_need().title)
    assert "organisation" not in counterpart
    assert counterpart["organisation_hint"].endswith("企业")


async def test_a_need_s_owner_sees_the_results_that_fit(
    bazaar: Bazaar, client: httpx.AsyncClient
) -> None:
    result_id, need_id = await bazaar.post_pair()

    (match,) = await items_at(client, bazaar.enterprise, url("need", need_id))

    assert match["listing"] == {"id": str(need_id), "kind": "need", "title": make_need().title}
    assert match["counterpart"]["id"] == str(result_id)
    assert match["counterpart"]["organisation"]["name"] == "刺桐大学"


async def test_reasons_come_in_the_language_asked_for(
    bazaar: Bazaar, client: httpx.AsyncClient
) -> None:
    result_id, _ = await bazaar.post_pair()
    (row,) = await bazaar.matches()
    headers = {**bazaar.institute.headers, "Accept-Language": "en"}

    answer = await client.get(url("result", result_id), headers=headers)

    assert answer.json()["items"][0]["reasons"] == row.explanation["reasons"]["en"]


async def test_the_parts_of_both_sides_come_when_asked_for(
    bazaar: Bazaar, client: httpx.AsyncClient
) -> None:
    result_id, _ = await bazaar.post_pair()
    (row,) = await bazaar.matches()

    (match,) = await items_at(client, bazaar.institute, url("result", result_id), explain="true")

    assert {side: match[side] for side in ("enterprise", "institute")} == {
        side: row.explanation[side] for side in ("enterprise", "institute")
    }


async def test_the_matches_of_others_are_not_there(
    bazaar: Bazaar, client: httpx.AsyncClient
) -> None:
    result_id, need_id = await bazaar.post_pair()
    stranger = await make_account(bazaar.database, "institute")
    paths = [
        (stranger, url("result", result_id)),
        (stranger, url("need", need_id)),
        (bazaar.enterprise, url("result", result_id)),
        (bazaar.institute, url("need", need_id)),
        (bazaar.institute, url("need", result_id)),
        (bazaar.institute, url("result", uuid.uuid4())),
        (bazaar.institute, "/api/v1/results/nonsense/matches"),
    ]

    answers = [await client.get(path, headers=account.headers) for account, path in paths]

    assert [answer.status_code for answer in answers] == [404] * len(paths)
    assert await items_at(client, stranger, "/api/v1/my/matches") == []


async def test_those_who_are_not_signed_in_see_no_matches(
    bazaar: Bazaar, client: httpx.AsyncClient
) -> None:
    result_id, _ = await bazaar.post_pair()
    (row,) = await bazaar.matches()

    answers = [
        await client.get(url("result", result_id)),
        await client.get("/api/v1/my/matches"),
        await client.put(f"/api/v1/matches/{row.id}/feedback", json={"verdict": "saved"}),
        await client.delete(f"/api/v1/matches/{row.id}/feedback"),
    ]

    assert [answer.status_code for answer in answers] == [401] * 4


async def test_moderators_see_the_matches_of_every_listing(
    bazaar: Bazaar, client: httpx.AsyncClient
) -> None:
    result_id, _ = await bazaar.post_pair()
    moderator = await make_account(bazaar.database, None, is_moderator=True)

    (match,) = await items_at(client, moderator, url("result", result_id))

    assert match["counterpart"]["organisation"]["name"] == "晋江某鞋业"


async def test_what_left_the_market_a_moment_ago_is_not_shown(
    bazaar: Bazaar, client: httpx.AsyncClient
) -> None:
    result_id, need_id = await bazaar.post_pair()

    await bazaar.change(need_id, status="withdrawn")

    assert [row.state for row in await bazaar.matches()] == ["open"]
    assert await items_at(client, bazaar.institute, url("result", result_id)) == []
    assert await items_at(client, bazaar.institute, "/api/v1/my/matches") == []


async def many_matches(bazaar: Bazaar) -> uuid.UUID:
    """A need with seven matches, of which three have the same score."""
    results = [make_result(trl=trl) for trl in (9, 9, 9, 5, 4, 3, 2)]
    *_, need_id = await bazaar.post(*results, make_need())
    await bazaar.rematching.rematch("need", [need_id])
    return need_id


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
async def test_pages_hold_each_match_once_the_best_first(
    bazaar: Bazaar, client: httpx.AsyncClient, limit: int
) -> None:
    need_id = await many_matches(bazaar)
    found: list[str] = []
    cursor: str | None = None

    while True:
        asked = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        answer = await client.get(
            url("need", need_id), params=asked, headers=bazaar.enterprise.headers
        )
        found += [match["id"] for match in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            break

    rows = sorted(await bazaar.matches(), key=lambda row: (-row.score, row.id))
    assert found == [str(row.id) for row in rows]
    assert len(found) == 7


async def test_a_page_goes_on_where_a_match_has_gone_meanwhile(
    bazaar: Bazaar, client: httpx.AsyncClient
) -> None:
    need_id = await many_matches(bazaar)
    rows = sorted(await bazaar.matches(), key=lambda row: (-row.score, row.id))
    first = await client.get(
        url("need", need_id), params={"limit": 4}, headers=bazaar.enterprise.headers
    )
    async with bazaar.database.writing() as session:
        await session.delete(await session.get_one(MatchRow, rows[3].id))

    rest = await items_at(
        client, bazaar.enterprise, url("need", need_id), cursor=first.json()["next_cursor"]
    )

    assert [match["id"] for match in rest][-3:] == [str(row.id) for row in rows[4:]]


async def test_a_cursor_does_not_tell_the_exact_score(
    bazaar: Bazaar, client: httpx.AsyncClient
) -> None:
    need_id = await many_matches(bazaar)
    cursors = []
    for score in (61.501, 61.502):
        async with bazaar.database.writing() as session:
            await session.execute(update(MatchRow).values(score=score))

        answer = await client.get(
            url("need", need_id), params={"limit": 1}, headers=bazaar.enterprise.headers
        )
        cursors.append(answer.json()["next_cursor"])

    assert cursors[0] == cursors[1]


@pytest.mark.parametrize(
    "parameters",
    [
        {"cursor": "nonsense"},
        {"limit": 0},
        {"limit": 101},
        {"min_score": -1},
        {"min_score": 101},
        {"min_score": "61.5"},
        {"verdict": "loved"},
        {"explain": "perhaps"},
    ],
)
async def test_parameters_that_make_no_sense_are_refused(
    bazaar: Bazaar, client: httpx.AsyncClient, parameters: dict[str, Any]
) -> None:
    need_id = await many_matches(bazaar)

    answer = await client.get(
        url("need", need_id), params=parameters, headers=bazaar.enterprise.headers
    )

    assert answer.status_code == 422
    assert [error["parameter"] for error in answer.json()["errors"]] == list(parameters)


async def test_a_lowest_score_leaves_out_the_rest(
    bazaar: Bazaar, client: httpx.AsyncClient
) -> None:
    need_id = await many_matches(bazaar)
    scores = sorted((row.score for row in await bazaar.matches()), reverse=True)
    least = int(scores[4]) + 1

    found = await items_at(client, bazaar.enterprise, url("need", need_id), min_score=least)

    assert len(found) == sum(score >= least for score in scores)
    assert 0 < len(found) < 7


@pytest.mark.parametrize(
    ("verdict", "shown"),
    [
        (None, {"saved", "open"}),
        ("saved", {"saved"}),
        ("declined", {"declined"}),
        ("open", {"open"}),
    ],
)
@pytest.mark.parametrize("path", ["{need}", "/api/v1/my/matches"])
async def test_matches_are_told_apart_by_what_was_said_of_them(
    bazaar: Bazaar, client: httpx.AsyncClient, path: str, verdict: str | None, shown: set[str]
) -> None:
    *_, need_id = await bazaar.post(*(make_result() for _ in range(3)), make_need())
    await bazaar.rematching.rematch("need", [need_id])
    said = {}
    for row, word in zip(await bazaar.matches(), ("saved", "declined", "open"), strict=True):
        said[str(row.id)] = word
        if word != "open":
            reason = "too_early" if word == "declined" else None
            await say(client, bazaar.enterprise, str(row.id), verdict=word, reason=reason)

    asked = {"verdict": verdict} if verdict else {}
    found = await items_at(
        client, bazaar.enterprise, path.format(need=url("need", need_id)), **asked
    )

    assert {said[match["id"]] for match in found} == shown
    # The other side said nothing, and hears nothing.
    assert len(await items_at(client, bazaar.institute, "/api/v1/my/matches")) == 3


async def test_my_matches_are_those_of_all_my_listings(
    bazaar: Bazaar, client: httpx.AsyncClient
) -> None:
    broker = await make_account(bazaar.database, "broker", name="某技术经理人")
    await bazaar.post_pair()
    enterprise, bazaar.enterprise = bazaar.enterprise, broker
    (own_need,) = await bazaar.post(make_need(title="鞋底防滑"))
    bazaar.enterprise = enterprise
    institute, bazaar.institute = bazaar.institute, broker
    (own_result,) = await bazaar.post(make_result(title="橡胶鞋底配方"))
    bazaar.institute = institute
    await bazaar.work()

    found = await items_at(client, broker, "/api/v1/my/matches")

    assert {(match["listing"]["kind"], match["listing"]["id"]) for match in found} == {
        ("need", str(own_need)),
        ("result", str(own_result)),
    }
    assert {match["counterpart"]["title"] for match in found} == {
        make_result().title,
        make_need().title,
    }


async def test_a_saved_match_is_found_again_and_let_go(
    bazaar: Bazaar, client: httpx.AsyncClient
) -> None:
    await bazaar.post_pair()
    (row,) = await bazaar.matches()

    answer = await say(client, bazaar.institute, str(row.id), verdict="saved", text=" 下周联系 ")
    saved = await items_at(client, bazaar.institute, "/api/v1/my/matches", verdict="saved")
    removed = await client.delete(
        f"/api/v1/matches/{row.id}/feedback", headers=bazaar.institute.headers
    )
    again = await client.delete(
        f"/api/v1/matches/{row.id}/feedback", headers=bazaar.institute.headers
    )

    given_at = answer.json()["given_at"]
    feedback = {"verdict": "saved", "reason": None, "text": "下周联系", "given_at": given_at}
    assert (answer.status_code, answer.json()) == (200, feedback)
    assert [match["feedback"] for match in saved] == [feedback]
    assert (removed.status_code, again.status_code) == (204, 204)
    assert await items_at(client, bazaar.institute, "/api/v1/my/matches", verdict="saved") == []


async def test_what_is_said_later_replaces_what_was_said(
    bazaar: Bazaar, client: httpx.AsyncClient
) -> None:
    result_id, _ = await bazaar.post_pair()
    (row,) = await bazaar.matches()
    await say(client, bazaar.institute, str(row.id), verdict="saved")

    for code in CODES:
        await say(client, bazaar.institute, str(row.id), verdict="declined", reason=code)

    (match,) = await items_at(
        client, bazaar.institute, url("result", result_id), verdict="declined"
    )
    assert match["feedback"]["reason"] == CODES[-1]
    async with bazaar.database.reading() as session:
        assert len(list(await session.scalars(select(MatchFeedback)))) == 1


async def test_the_other_side_does_not_hear_what_was_said(
    bazaar: Bazaar, client: httpx.AsyncClient
) -> None:
    result_id, need_id = await bazaar.post_pair()
    (row,) = await bazaar.matches()
    moderator = await make_account(bazaar.database, None, is_moderator=True)
    secret = "他们的报价不可信"

    await say(
        client, bazaar.institute, str(row.id), verdict="declined", reason="other", text=secret
    )

    for account, path in (
        (bazaar.enterprise, url("need", need_id)),
        (bazaar.enterprise, "/api/v1/my/matches"),
        (moderator, url("result", result_id)),
    ):
        answer = await client.get(path, headers=account.headers)
        assert [match["feedback"] for match in answer.json()["items"]] == [None]
        assert secret not in answer.text


@pytest.mark.parametrize(
    ("form", "pointers"),
    [
        ({}, ["#/verdict"]),
        ({"verdict": "declined"}, ["#/reason"]),
        ({"verdict": "declined", "reason": "other"}, ["#/text"]),
        ({"verdict": "declined", "reason": "other", "text": "  "}, ["#/text"]),
        ({"verdict": "saved", "reason": "too_early"}, ["#/reason"]),
        ({"verdict": "saved", "reason": "other"}, ["#/reason", "#/text"]),
    ],
)
async def test_feedback_that_makes_no_sense_is_refused_with_every_error(
    bazaar: Bazaar, client: httpx.AsyncClient, form: dict[str, Any], pointers: list[str]
) -> None:
    await bazaar.post_pair()
    (row,) = await bazaar.matches()

    answer = await say(client, bazaar.institute, str(row.id), **form)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == pointers


@pytest.mark.parametrize(
    "form",
    [
        {"verdict": "loved"},
        {"verdict": "declined", "reason": "bored"},
        {"verdict": "saved", "text": "长" * 1_001},
        {"verdict": "saved", "score": 100},
        {"verdict": "saved", "text": "\x00"},
    ],
)
async def test_feedback_of_another_form_is_refused(
    bazaar: Bazaar, client: httpx.AsyncClient, form: dict[str, Any]
) -> None:
    await bazaar.post_pair()
    (row,) = await bazaar.matches()

    answer = await say(client, bazaar.institute, str(row.id), **form)

    assert answer.status_code == 422
    async with bazaar.database.reading() as session:
        assert list(await session.scalars(select(MatchFeedback))) == []


async def test_nobody_speaks_of_the_matches_of_others(
    bazaar: Bazaar, client: httpx.AsyncClient
) -> None:
    await bazaar.post_pair()
    (row,) = await bazaar.matches()
    strangers = [
        await make_account(bazaar.database, "institute"),
        await make_account(bazaar.database, None, is_moderator=True),
        await make_account(bazaar.database, "enterprise"),
    ]

    for account in strangers:
        put = await say(client, account, str(row.id), verdict="saved")
        path = f"/api/v1/matches/{row.id}/feedback"
        removed = await client.delete(path, headers=account.headers)
        assert (put.status_code, removed.status_code) == (404, 404)

    for wrong in (str(uuid.uuid4()), "nonsense"):
        assert (await say(client, bazaar.institute, wrong, verdict="saved")).status_code == 404
    async with bazaar.database.reading() as session:
        assert list(await session.scalars(select(MatchFeedback))) == []


async def test_a_closed_match_takes_no_new_feedback_and_keeps_the_old(
    bazaar: Bazaar, client: httpx.AsyncClient
) -> None:
    result_id, _ = await bazaar.post_pair()
    (row,) = await bazaar.matches()
    await say(client, bazaar.institute, str(row.id), verdict="saved")
    await bazaar.change(result_id, status="paused")
    await bazaar.rematching.rematch("result", [result_id])

    other = await say(client, bazaar.enterprise, str(row.id), verdict="saved")
    own = await say(
        client, bazaar.institute, str(row.id), verdict="declined", reason="already_solved"
    )

    assert (other.status_code, own.status_code) == (404, 200)


async def test_a_saved_match_is_shown_though_neither_side_keeps_it(
    bazaar: Bazaar, client: httpx.AsyncClient
) -> None:
    result_id, need_id = await bazaar.post_pair()
    (row,) = await bazaar.matches()
    await say(client, bazaar.institute, str(row.id), verdict="saved")

    await bazaar.change(result_id, rights="encumbered")
    await bazaar.rematching.rematch("result", [result_id])

    (kept,) = await items_at(client, bazaar.institute, url("result", result_id))
    assert (kept["id"], kept["score"], kept["is_good"]) == (str(row.id), 0.0, False)
    assert await items_at(client, bazaar.enterprise, url("need", need_id)) == []


async def test_feedback_of_many_people_at_once_ends_in_one_row(
    bazaar: Bazaar, client: httpx.AsyncClient
) -> None:
    await bazaar.post_pair()
    (row,) = await bazaar.matches()

    answers = await asyncio.gather(
        *(
            say(client, bazaar.institute, str(row.id), verdict="declined", reason=code)
            for code in CODES * 4
        )
    )

    assert {answer.status_code for answer in answers} == {200}
    async with bazaar.database.reading() as session:
        (stored,) = await session.scalars(select(MatchFeedback))
    assert stored.reason in CODES


@pytest.mark.parametrize("amount", [1, 7])
async def test_a_page_costs_the_same_queries_however_long_it_is(
    bazaar: Bazaar, client: httpx.AsyncClient, amount: int
) -> None:
    *_, need_id = await bazaar.post(*(make_result() for _ in range(amount)), make_need())
    await bazaar.rematching.rematch("need", [need_id])
    with Statements(bazaar.database) as statements:
        found = await items_at(client, bazaar.enterprise, url("need", need_id))

    assert len(found) == amount
    # Who asks, whose listing it is, the page, results, needs, organisations.
    assert len(statements.seen) == 6


class Statements:
    """The reads of a database within a block."""

    def __init__(self, database: Database) -> None:
        self._engines = {database._reading.sync_engine, database._writing.sync_engine}
        self.seen: list[str] = []

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("SELECT"):
            self.seen.append(statement)

    def __enter__(self) -> "Statements":
        for engine in self._engines:
            event.listen(engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for engine in self._engines:
            event.remove(engine, "before_cursor_execute", self._note)


async def test_a_listing_without_matches_has_an_empty_page(
    bazaar: Bazaar, client: httpx.AsyncClient
) -> None:
    (result_id,) = await bazaar.post(make_result(), published_at=utc_now())

    answer = await client.get(url("result", result_id), headers=bazaar.institute.headers)

    assert (answer.status_code, answer.json()) == (200, {"items": [], "next_cursor": None})
