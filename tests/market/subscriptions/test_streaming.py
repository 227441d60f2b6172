"""Alerts as they come: each once in a stream, from where the client left off."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from litestar.response import ServerSentEventMessage

from market.accounts.viewer import Viewer
from market.db import new_id, utc_now
from market.errors import TooManyRequests, Unavailable
from market.settings import Settings
from market.subscriptions.models import Alert
from market.subscriptions.streaming import MOST_EACH, MOST_IN_ALL, Id, Streams, first_after
from tests.market.subscriptions.square import Square

URL = "/api/v1/alerts/stream"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, alert_stream_s=0)


async def streamed(square: Square, **headers: str) -> list[dict[str, str]]:
    """The events of a stream that ends after it has told all that is there."""
    answer = await square.client.get(URL, headers=square.seeker.headers | headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    blocks = answer.text.replace("\r\n", "\n").strip().split("\n\n")
    events = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
    return [event for event in events if event.get("event") == "alert"]


async def test_a_stream_begins_with_what_comes_after(square: Square) -> None:
    await square.save(query={"q": "鞋底"})
    await square.post()

    assert (
        await streamed(
            square, **{"Last-Event-ID": str(first_after(utc_now() + timedelta(minutes=1)))}
        )
        == []
    )


async def test_a_client_goes_on_from_the_last_one_it_got(square: Square) -> None:
    await square.save(query={"q": "鞋底"})
    await square.post()
    long_ago = str(Id(int=1))
    (first,) = await streamed(square, **{"Last-Event-ID": long_ago})

    again = await streamed(square, **{"Last-Event-ID": first["id"]})

    assert msgspec.json.decode(first["data"])["title"] == "高湿摩擦系数橡胶鞋底材料"
    assert again == []


async def test_a_stream_tells_each_alert_once_also_those_stored_late(square: Square) -> None:
    streams, viewer = Streams(), _viewer(square)
    alerts = streams.alerts(square.database, viewer, "zh", first_after(utc_now()), 30)
    await anext(alerts)
    late, early = new_id(), new_id()
    await _tell(square, early)
    first = await _next(alerts)
    await _tell(square, late)

    second = await _next(alerts)
    streams.end()
    rest = [each async for each in alerts]

    assert [first.id, second.id] == [str(early), str(late)]
    assert rest == []


def _viewer(square: Square) -> Viewer:
    user = square.seeker.user
    return Viewer(user_id=user.id, organisation_id=user.organisation_id, is_verified=True)


async def _next(alerts: AsyncIterator[ServerSentEventMessage]) -> Any:
    async with asyncio.timeout(10):
        return await anext(alerts)


async def _tell(square: Square, alert_id: Id) -> None:
    user_id = square.seeker.user.id
    async with square.database.writing() as session:
        session.add(
            Alert(
                id=alert_id,
                scope_id=user_id,
                user_id=user_id,
                type="mail.limited",
                subject_id=alert_id,
                subject_version=1,
                in_inbox=True,
                created_at=utc_now(),
            )
        )


async def test_one_person_has_a_few_streams_at_most(square: Square) -> None:
    streams, viewer = Streams(), _viewer(square)
    opened = [
        streams.alerts(square.database, viewer, "zh", first_after(utc_now()), 30)
        for _ in range(MOST_EACH)
    ]
    for each in opened:
        await anext(each)

    with pytest.raises(TooManyRequests):
        streams.refuse_more(viewer)
    for each in opened:
        await each.aclose()  # type: ignore[attr-defined]  # generators have it.
    streams.refuse_more(viewer)


async def test_all_streams_together_leave_room_for_other_requests(square: Square) -> None:
    streams, last = Streams(), first_after(utc_now())
    people = [Viewer(user_id=new_id()) for _ in range(MOST_IN_ALL)]
    opened = [streams.alerts(square.database, each, "zh", last, 30) for each in people]
    for each in opened:
        await anext(each)

    with pytest.raises(Unavailable):
        streams.refuse_more(_viewer(square))
    for each in opened:
        await each.aclose()  # type: ignore[attr-defined]  # generators have it.


async def test_the_document_tells_of_every_webhook(square: Square) -> None:
    document = (await square.client.get("/schema/openapi.json")).json()

    named = document["webhooks"]["listing.found"]["post"]["requestBody"]["content"]
    schema = named["application/json"]["schema"]
    assert set(document["webhooks"]) == {
        *("listing.found", "match.found", "listing.expiring", "listing.expired"),
        *("organisation.verified", "organisation.unverified", "digest", "endpoint.test"),
        *("fair.registration_changed", "fair.agenda_published", "fair.agenda_withdrawn"),
        *("fair.meetings_changed", "fair.plan_finished"),
        *("order.proposed", "order.confirmed", "order.changed", "order.stage_changed"),
        *("order.lapsed", "order.reminder"),
    }
    assert schema["properties"]["type"] == {"const": "listing.found"}
    data = document["components"]["schemas"][schema["properties"]["data"]["$ref"].split("/")[-1]]
    assert {"alert_id", "listing_id", "url"} <= set(data["properties"])
