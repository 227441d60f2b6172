"""Feeds: valid in both formats, of what their reader may see, and revocable."""

from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from sqlalchemy import update

from market.db import Database
from market.listings.models import Listing
from tests.market.listings.factories import move
from tests.market.subscriptions.square import Square

ATOM = "{http://www.w3.org/2005/Atom}"
PUBLIC = "/api/v1/feeds"


def titles(answer: httpx.Response) -> list[str]:
    if answer.headers["content-type"].startswith("application/feed+json"):
        return [item["title"] for item in answer.json()["items"]]
    root = ET.fromstring(answer.content)
    return [str(entry.findtext(f"{ATOM}title")) for entry in root.iter(f"{ATOM}entry")]


async def feed_links(square: Square, saved: dict[str, Any]) -> list[str]:
    answer = await square.client.post(
        f"/api/v1/saved-searches/{saved['id']}/feed", headers=square.seeker.headers
    )
    assert answer.status_code == 201
    links: dict[str, str] = answer.json()
    return [url.removeprefix("http://127.0.0.1:8000") for url in links.values()]


@pytest.mark.parametrize("form", ["atom", "json"])
async def test_anyone_reads_what_was_published_last(square: Square, form: str) -> None:
    for place in range(3):
        await square.post(reference=f"R{place}", title=f"鞋底 <{place}> & 更多")
    gone = await square.post(reference="gone", title="撤回的")
    await move(square.client, square.poster, gone, "withdraw")

    answer = await square.client.get(f"{PUBLIC}/results/{form}")

    assert titles(answer) == [f"鞋底 <{place}> & 更多" for place in (2, 1, 0)]
    assert "max-age" in answer.headers["cache-control"]


async def test_the_public_feed_tells_no_more_than_the_public_may_know(square: Square) -> None:
    square.poster = square.seeker
    await square.post("needs", shows_organisation=True)

    answer = await square.client.get(f"{PUBLIC}/needs/json", headers=square.poster.headers)

    (item,) = answer.json()["items"]
    assert item["authors"] == [{"name": "晋江市制鞋业企业"}]
    for secret in ("晋江某鞋业", "300000", "800000", "上限可以到一百万", "许厂长"):
        assert secret not in answer.text


@pytest.mark.parametrize(
    "path", ["results/rss", "funds/atom", "saved/djf_nothing/atom", "saved/x/y"]
)
async def test_feeds_that_are_not_there(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(f"{PUBLIC}/{path}")

    assert answer.status_code == 404


async def test_a_saved_search_has_a_feed_of_what_it_told(square: Square) -> None:
    saved = await square.save(query={"q": "鞋底"}, channels=[])
    links = await feed_links(square, saved)
    await square.post(title="鞋底一号")
    await square.post(
        reference="2",
        title="陶瓷",
        keywords=["陶瓷"],
        summary="陶瓷配方一种，已完成中试，可以批量供货。",
    )

    answers = [await square.client.get(link) for link in links]

    assert [titles(answer) for answer in answers] == [["鞋底一号"], ["鞋底一号"]]
    assert "检索词：鞋底" in answers[1].json()["items"][0]["content_text"]
    assert (
        await square.client.get(
            f"/api/v1/saved-searches/{saved['id']}", headers=square.seeker.headers
        )
    ).json()["has_feed"]


@pytest.mark.parametrize("how", ["revoked", "renewed", "deleted"])
async def test_an_old_link_is_good_no_more(square: Square, how: str) -> None:
    saved = await square.save()
    old = await feed_links(square, saved)
    url = f"/api/v1/saved-searches/{saved['id']}"
    if how == "revoked":
        await square.client.delete(f"{url}/feed", headers=square.seeker.headers)
    if how == "renewed":
        await feed_links(square, saved)
    if how == "deleted":
        await square.client.delete(url, headers=square.seeker.headers)

    answers = [await square.client.get(link) for link in old]

    assert [answer.status_code for answer in answers] == [404, 404]


async def test_what_is_gone_leaves_the_feed(square: Square) -> None:
    saved = await square.save()
    links = await feed_links(square, saved)
    posted = await square.post()
    await move(square.client, square.poster, posted, "withdraw")

    assert titles(await square.client.get(links[0])) == []


async def test_characters_that_xml_has_no_place_for(square: Square, database: Database) -> None:
    await square.post()
    async with database.writing() as session:
        await session.execute(update(Listing).values(title="鞋\x0b底\ufffe"))

    assert titles(await square.client.get(f"{PUBLIC}/results/atom")) == ["鞋\ufffd底\ufffd"]
