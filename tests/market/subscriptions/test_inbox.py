"""The inbox: pages, unread counts, marks, and whose it is."""

import pytest

from market.db import Database
from tests.market.accounts.factories import make_account
from tests.market.listings.factories import NO_SUCH_ID
from tests.market.subscriptions.square import Square

URL = "/api/v1/alerts"
TITLES = [f"鞋底材料{place}" for place in range(3)]


async def _three(square: Square) -> list[str]:
    """Three alerts in the inbox; their ids, the newest first."""
    await square.save(query={"q": "鞋底"})
    for place, title in enumerate(TITLES):
        await square.post(reference=f"R{place}", title=title)
    return [item["id"] for item in (await square.inbox())["items"]]


async def test_pages_go_back_in_time(square: Square) -> None:
    await _three(square)

    first = await square.inbox(limit=2)
    second = await square.inbox(limit=2, cursor=first["next_cursor"])

    titles = [[item["title"] for item in page["items"]] for page in (first, second)]
    assert titles == [[TITLES[2], TITLES[1]], [TITLES[0]]]
    assert second["next_cursor"] is None


async def test_what_is_read_counts_no_more(square: Square) -> None:
    ids = await _three(square)

    answers = [
        await square.client.post(f"{URL}/{ids[1]}/read", headers=square.seeker.headers)
        for _ in range(2)
    ]

    assert [answer.json() for answer in answers] == [{"unread": 2}, {"unread": 2}]
    unread = await square.inbox(unread=True)
    assert ([item["id"] for item in unread["items"]], unread["unread"]) == ([ids[0], ids[2]], 2)


async def test_one_and_all_before_it_are_marked_at_once(square: Square) -> None:
    ids = await _three(square)

    answer = await square.client.post(
        f"{URL}/read", json={"until": ids[1]}, headers=square.seeker.headers
    )

    assert answer.json() == {"unread": 1}


@pytest.mark.parametrize("which", ["own", "missing", "junk"])
async def test_nobody_marks_the_alerts_of_others(
    square: Square, database: Database, which: str
) -> None:
    alert_id = {"own": (await _three(square))[0], "missing": NO_SUCH_ID, "junk": "x"}[which]
    other = await make_account(database, organisation=square.seeker.organisation)

    answers = [
        await square.client.post(f"{URL}/{alert_id}/read", headers=other.headers),
        await square.client.post(f"{URL}/read", json={"until": alert_id}, headers=other.headers),
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert (await square.inbox())["unread"] == 3


async def test_the_inbox_is_ones_own(square: Square, database: Database) -> None:
    await _three(square)
    other = await make_account(database, organisation=square.seeker.organisation)

    assert await square.inbox(other) == {"items": [], "unread": 0, "next_cursor": None}


async def test_without_the_channel_the_inbox_stays_empty(square: Square) -> None:
    await square.save(query={"q": "鞋底"}, channels=[])

    await square.post()

    assert (await square.inbox())["items"] == []
    assert len(await square.alerts()) == 1


async def test_what_was_told_stays_when_its_search_is_deleted(square: Square) -> None:
    saved = await square.save(query={"q": "鞋底"})
    await square.post()
    url = f"/api/v1/saved-searches/{saved['id']}"

    await square.client.delete(url, headers=square.seeker.headers)

    (item,) = (await square.inbox())["items"]
    assert item["saved_search"] is None


async def test_reasons_are_in_the_language_asked_for(square: Square) -> None:
    await square.save(query={"q": "鞋底", "division": ["泉州市"], "trl_min": 5})
    await square.post()
    headers = square.seeker.headers | {"Accept-Language": "en"}

    (item,) = (await square.client.get(URL, headers=headers)).json()["items"]

    assert item["reasons"] == ["Words: 鞋底", "Place: Quanzhou", "Its maturity fits"]
