"""Webhooks: signed, tried again as published, kept from dead endpoints, logged and replayed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio
from litestar import Litestar
from sqlalchemy import select, update
from standardwebhooks.webhooks import Webhook

from market.app import open_for
from market.db import Database, utc_now
from market.indexing.engines import Indexes
from market.jobs import JobKind, enqueue
from market.settings import Settings
from market.subscriptions.models import Delivery, WebhookEndpoint
from market.subscriptions.outgoing import GuardedNetwork, Outgoing
from market.subscriptions.schedule import RETRIES_AFTER
from market.subscriptions.telling import DELIVER_WEBHOOK
from market.subscriptions.webhooks import DISABLED_AFTER, Webhooks
from market.worker import Worker
from tests.market.accounts.factories import make_account, places, told
from tests.market.subscriptions.receivers import (
    answering,
    closing_mid_body,
    dripping,
    endless,
    receiving,
    silent,
)
from tests.market.subscriptions.square import Square

URL = "/api/v1/webhook-endpoints"
JSON = dict[str, Any]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, outgoing_private_hosts="127.0.0.1")


class Post:
    """Sends what is due by a clock that the test steps."""

    def __init__(self, square: Square) -> None:
        self.square = square
        self.now = utc_now()
        outgoing = Outgoing(GuardedNetwork(("127.0.0.1",)), total_s=0.3)
        sending = Webhooks(square.database, square.settings, outgoing, self.clock)
        self.kind = JobKind(sending.handle, batch=16, patient_batch=16, at_once=2)

    def clock(self) -> datetime:
        return self.now

    async def send(self, later: timedelta = timedelta()) -> None:
        # What the API stored meanwhile has the real time.
        self.now = max(self.now, utc_now()) + later
        worker = Worker(self.square.database, {DELIVER_WEBHOOK: self.kind}, clock=self.clock)
        await worker.run_until_idle()


@pytest_asyncio.fixture(loop_scope="session")
async def post(square: Square) -> AsyncIterator[Post]:
    yield Post(square)


async def endpoint(square: Square, url: str) -> tuple[str, str]:
    """A new endpoint of the seeker: its id and its secret."""
    answer = await square.client.post(URL, json={"url": url}, headers=square.seeker.headers)
    assert answer.status_code == 201, answer.text
    return answer.json()["endpoint"]["id"], answer.json()["secret"]


async def fire(square: Square, endpoint_id: str, times: int = 1) -> None:
    for _ in range(times):
        answer = await square.client.post(
            f"{URL}/{endpoint_id}/test", headers=square.seeker.headers
        )
        assert answer.status_code == 202, answer.text


async def read(square: Square, path: str) -> JSON:
    answer = await square.client.get(f"{URL}/{path}", headers=square.seeker.headers)
    assert answer.status_code == 200, answer.text
    body: JSON = answer.json()
    return body


async def only_delivery(square: Square, endpoint_id: str) -> JSON:
    (item,) = (await read(square, f"{endpoint_id}/deliveries"))["items"]
    return await read(square, f"{endpoint_id}/deliveries/{item['id']}")


async def test_an_alert_arrives_signed_and_thin(square: Square, post: Post) -> None:
    async with receiving(answering()) as receiver:
        endpoint_id, secret = await endpoint(square, receiver.url)
        saved = await square.save(channels=["webhook"], endpoint_id=endpoint_id)
        posted = await square.post()
        await post.send(timedelta(seconds=1))

    (request,) = receiver.received
    (alert,) = await square.alerts()
    event = Webhook(secret).verify(request.body, request.headers)
    assert event.pop("timestamp")
    assert event == {
        "type": "listing.found",
        "data": {
            "alert_id": str(alert.id),
            "saved_search_id": saved["id"],
            "kind": "result",
            "listing_id": posted.id,
            "url": f"http://127.0.0.1:8000/api/v1/results/{posted.id}",
        },
    }
    delivery = await only_delivery(square, endpoint_id)
    assert request.headers["webhook-id"] == delivery["message_id"]
    assert (delivery["state"], delivery["attempts"]) == ("delivered", 1)
    assert delivery["tries"][0]["status"] == 204
    assert (await square.inbox())["items"] == []


@pytest.mark.parametrize(
    ("behaviour", "status", "error"),
    [
        (answering("500 Oops", body=b"stack trace\0"), 500, ""),
        (answering("302 Found", "Location: http://127.0.0.1/\r\n"), 302, ""),
        (answering("100 Continue"), None, None),
        (silent, None, "no whole answer within 0.3 s"),
        (dripping, None, "no whole answer within 0.3 s"),
        (closing_mid_body, None, None),
    ],
)
async def test_each_failure_is_logged_and_tried_again(
    square: Square, post: Post, behaviour: Any, status: int | None, error: str | None
) -> None:
    async with receiving(behaviour) as receiver:
        endpoint_id, _ = await endpoint(square, receiver.url)
        await fire(square, endpoint_id)
        await post.send(timedelta(seconds=1))

    delivery = await only_delivery(square, endpoint_id)
    (tried,) = delivery["tries"]
    assert (delivery["state"], delivery["attempts"]) == ("waiting", 1)
    assert tried["status"] == status
    assert tried["error"] == error if error is not None else tried["error"]
    assert datetime.fromisoformat(delivery["next_try_at"]) == post.now + RETRIES_AFTER[0]


async def test_a_huge_answer_counts_by_its_status(square: Square, post: Post) -> None:
    async with receiving(endless) as receiver:
        endpoint_id, _ = await endpoint(square, receiver.url)
        await fire(square, endpoint_id)
        await post.send(timedelta(seconds=1))

    delivery = await only_delivery(square, endpoint_id)
    assert delivery["state"] == "delivered"
    assert len(delivery["tries"][0]["answer"]) == 200


async def test_tries_keep_their_id_follow_the_schedule_and_end(square: Square, post: Post) -> None:
    async with receiving(answering("503 Later")) as receiver:
        endpoint_id, _ = await endpoint(square, receiver.url)
        await fire(square, endpoint_id)
        await post.send(timedelta(seconds=1))
        for wait in RETRIES_AFTER:
            await post.send(wait - timedelta(seconds=1))
            before = len(receiver.received)
            await post.send(timedelta(seconds=1))
            # A pause of the endpoint may hold the next try back, by an hour at most.
            for _ in range(8):
                if len(receiver.received) == before:
                    await post.send(timedelta(minutes=10))
            assert len(receiver.received) == before + 1

    delivery = await only_delivery(square, endpoint_id)
    assert (delivery["state"], delivery["attempts"]) == ("dead", 8)
    assert delivery["error"] == "HTTP 503"
    assert {each.headers["webhook-id"] for each in receiver.received} == {delivery["message_id"]}
    assert len({each.body for each in receiver.received}) == 1


async def test_a_dead_delivery_is_sent_again_on_request(square: Square, post: Post) -> None:
    async with receiving(answering()) as receiver:
        endpoint_id, _ = await endpoint(square, receiver.url)
        await fire(square, endpoint_id)
        async with square.database.writing() as session:
            await session.execute(update(Delivery).values(state="dead", attempts=8))
        (item,) = (await read(square, f"{endpoint_id}/deliveries"))["items"]
        answer = await square.client.post(
            f"{URL}/{endpoint_id}/deliveries/{item['id']}/replay", headers=square.seeker.headers
        )
        await post.send(timedelta(seconds=1))

    assert answer.json()["state"] == "waiting"
    assert (await only_delivery(square, endpoint_id))["state"] == "delivered"
    assert [each.headers["webhook-id"] for each in receiver.received] == [item["message_id"]]


async def test_gone_disables_the_endpoint_and_its_people_hear(square: Square, post: Post) -> None:
    async with receiving(answering("410 Gone")) as receiver:
        endpoint_id, _ = await endpoint(square, receiver.url)
        await fire(square, endpoint_id, times=3)
        await post.send(timedelta(seconds=1))
        await post.send(timedelta(hours=1))

    view = await read(square, endpoint_id)
    assert (view["state"], view["disabled_reason"]) == ("disabled", "gone")
    (item,) = (await square.inbox())["items"]
    assert item["type"] == "endpoint.disabled"
    assert item["reasons"] == ["对方回答 410：不再接收", receiver.url]
    refused = await square.client.post(f"{URL}/{endpoint_id}/test", headers=square.seeker.headers)
    assert told(refused) == (409, "endpoint_disabled")


async def test_days_of_failures_disable_and_enabling_forgets_them(
    square: Square, post: Post
) -> None:
    async with receiving(answering("500 Oops")) as receiver:
        endpoint_id, _ = await endpoint(square, receiver.url)
        async with square.database.writing() as session:
            await session.execute(
                update(WebhookEndpoint).values(failures=9, failing_since=post.now - DISABLED_AFTER)
            )
        await fire(square, endpoint_id)
        await post.send(timedelta(seconds=1))

    view = await read(square, endpoint_id)
    assert (view["state"], view["disabled_reason"]) == ("disabled", "failing")
    answer = await square.client.get(f"{URL}/{endpoint_id}", headers=square.seeker.headers)
    enabled = await square.client.patch(
        f"{URL}/{endpoint_id}",
        json={"is_enabled": True},
        headers=square.seeker.headers | {"If-Match": answer.headers["etag"]},
    )
    assert (enabled.json()["state"], enabled.json()["failing_since"]) == ("enabled", None)


async def test_after_five_failures_an_endpoint_is_left_alone_for_a_while(
    square: Square, post: Post
) -> None:
    async with receiving(answering("500 Oops")) as receiver:
        endpoint_id, _ = await endpoint(square, receiver.url)
        await fire(square, endpoint_id, times=12)
        for _ in range(8):
            await post.send(timedelta(seconds=1))
        asked = len(receiver.received)
        await post.send(timedelta(seconds=20))
        paused = len(receiver.received)
        await post.send(timedelta(seconds=60))
        probed = len(receiver.received)

    assert 5 <= asked <= 8
    assert (paused, probed) == (asked, asked + 1)


async def test_at_most_two_at_once_go_to_one_endpoint(square: Square, post: Post) -> None:
    async def slow(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with receiving(slow) as receiver:
        endpoint_id, _ = await endpoint(square, receiver.url)
        await fire(square, endpoint_id, times=10)
        for _ in range(12):
            await post.send(timedelta(seconds=1))

    assert (len(receiver.received), receiver.most_at_once) == (10, 2)


async def test_a_dead_endpoint_holds_up_no_other(square: Square, post: Post) -> None:
    async with receiving(silent) as dead, receiving(answering()) as alive:
        dead_id, _ = await endpoint(square, dead.url)
        alive_id, _ = await endpoint(square, alive.url)
        await fire(square, dead_id, times=8)
        await fire(square, alive_id, times=8)
        await post.send(timedelta(seconds=1))
        arrived = len(alive.received)
        for _ in range(4):
            await post.send(timedelta(seconds=1))

    assert arrived >= 2
    assert len(alive.received) == 8
    assert dead.most_at_once == 2


async def test_a_rotated_secret_signs_with_the_old_one_for_a_day(
    square: Square, post: Post
) -> None:
    async with receiving(answering()) as receiver:
        endpoint_id, old = await endpoint(square, receiver.url)
        answer = await square.client.post(
            f"{URL}/{endpoint_id}/secret", headers=square.seeker.headers
        )
        new = answer.json()["secret"]
        await fire(square, endpoint_id)
        await post.send(timedelta(seconds=1))
        await fire(square, endpoint_id)
        await post.send(timedelta(days=1, seconds=1))

    first, second = receiver.received
    assert new != old
    assert len(first.headers["webhook-signature"].split()) == 2
    for secret in (old, new):
        Webhook(secret).verify(first.body, first.headers)
    assert len(second.headers["webhook-signature"].split()) == 1


async def test_quiet_hours_hold_webhooks_back_and_mute_drops_them(
    square: Square, post: Post
) -> None:
    async with receiving(answering()) as receiver:
        endpoint_id, _ = await endpoint(square, receiver.url)
        wanted: JSON = {"channels": ["inbox", "webhook"], "endpoint_id": endpoint_id}
        minute = post.now + timedelta(minutes=-5)
        until = post.now + timedelta(minutes=90)
        quiet: JSON = {"quiet_from": f"{minute:%H:%M}", "quiet_until": f"{until:%H:%M}"}
        await square.save(name="静", time_zone="UTC", **quiet, **wanted)
        muted = (post.now + timedelta(days=3)).isoformat()
        await square.save(name="哑", muted_until=muted, **wanted)
        await square.post()
        await post.send(timedelta(seconds=1))
        early = len(receiver.received)
        await post.send(timedelta(minutes=91))

    assert (early, len(receiver.received)) == (0, 1)
    assert len((await square.inbox())["items"]) == 2


async def test_a_try_that_was_made_is_not_made_again(square: Square, post: Post) -> None:
    """As after a kill between the answer and the end of the job."""
    async with receiving(answering()) as receiver:
        endpoint_id, _ = await endpoint(square, receiver.url)
        await fire(square, endpoint_id)
        await post.send(timedelta(seconds=1))
        async with square.database.reading() as session:
            delivery = (await session.scalars(select(Delivery))).one()
        job = {"id": str(delivery.id), "try": 1}
        async with square.database.writing() as session:
            await enqueue(session, DELIVER_WEBHOOK, job)
        await post.send(timedelta(seconds=1))

    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://example.cn/hook",
        "https://localhost/hook",
        "https://10.0.0.8/hook",
        "https://no-such-host.invalid/hook",
        "https://[::1]/",
        "nonsense-without-scheme",
    ],
)
async def test_addresses_inside_are_refused_when_they_are_named(square: Square, url: str) -> None:
    created = await square.client.post(URL, json={"url": url}, headers=square.seeker.headers)
    async with receiving(answering()) as receiver:
        endpoint_id, _ = await endpoint(square, receiver.url)
    changed = await square.client.patch(
        f"{URL}/{endpoint_id}",
        json={"url": url},
        headers=square.seeker.headers | {"If-Match": '"1"'},
    )

    assert (created.status_code, places(created)) == (422, ["#/url"])
    assert (changed.status_code, places(changed)) == (422, ["#/url"])


async def test_an_address_that_turned_inside_is_not_asked(
    square: Square, post: Post, database: Database
) -> None:
    async with receiving(answering()) as receiver:
        endpoint_id, _ = await endpoint(square, receiver.url)
        inside = receiver.url.replace("127.0.0.1", "localhost").replace("http:", "https:")
        async with database.writing() as session:
            await session.execute(update(WebhookEndpoint).values(url=inside))
        await fire(square, endpoint_id)
        await post.send(timedelta(seconds=1))

    assert receiver.connections == 0
    (tried,) = (await only_delivery(square, endpoint_id))["tries"]
    assert tried["error"] == "the port is not allowed"


async def test_the_limit_of_endpoints_holds_when_many_ask_at_once(
    square: Square, app: Litestar, settings: Settings, database: Database, indexes: Indexes
) -> None:
    few = msgspec.structs.replace(settings, webhook_endpoints_per_organisation=2)
    open_for(app, few, database, indexes)
    form = {"url": "http://127.0.0.1:9/hook"}

    answers = await asyncio.gather(
        *(square.client.post(URL, json=form, headers=square.seeker.headers) for _ in range(8))
    )

    assert sorted(answer.status_code for answer in answers) == [201] * 2 + [409] * 6


async def test_test_messages_are_limited(square: Square) -> None:
    endpoint_id, _ = await endpoint(square, "http://127.0.0.1:9/hook")
    # To name an address counts, too.
    await fire(square, endpoint_id, times=29)

    answers = [
        await square.client.post(f"{URL}/{endpoint_id}/test", headers=square.seeker.headers),
        await square.client.post(
            URL, json={"url": "https://guess.invalid"}, headers=square.seeker.headers
        ),
    ]

    assert [answer.status_code for answer in answers] == [429, 429]
    assert answers[0].headers["retry-after"]


async def test_names_inside_and_names_of_nobody_are_refused_alike(square: Square) -> None:
    answers = [
        await square.client.post(URL, json={"url": url}, headers=square.seeker.headers)
        for url in ("https://localhost/", "https://no-such-host.invalid/")
    ]

    assert answers[0].json() == answers[1].json()


async def test_endpoints_are_the_organisation_s_own(square: Square, database: Database) -> None:
    endpoint_id, secret = await endpoint(square, "http://127.0.0.1:9/hook")
    await fire(square, endpoint_id)
    (item,) = (await read(square, f"{endpoint_id}/deliveries"))["items"]
    colleague = await make_account(database, organisation=square.seeker.organisation)
    path = f"{URL}/{endpoint_id}"

    listed = await square.client.get(URL, headers=colleague.headers)
    foreign: list[httpx.Response] = [
        await square.client.get(URL, headers=square.poster.headers),
        await square.client.get(path, headers=square.poster.headers),
        await square.client.post(f"{path}/secret", headers=square.poster.headers),
        await square.client.post(f"{path}/test", headers=square.poster.headers),
        await square.client.get(f"{path}/deliveries/{item['id']}", headers=square.poster.headers),
    ]

    assert [each["id"] for each in listed.json()["items"]] == [endpoint_id]
    assert secret not in listed.text
    assert [each.status_code for each in foreign] == [200, 404, 404, 404, 404]
    assert foreign[0].json()["items"] == []


async def test_deleting_an_endpoint_takes_its_log_and_leaves_the_search(square: Square) -> None:
    endpoint_id, _ = await endpoint(square, "http://127.0.0.1:9/hook")
    await fire(square, endpoint_id)
    saved = await square.save(channels=["inbox", "webhook"], endpoint_id=endpoint_id)

    answer = await square.client.delete(f"{URL}/{endpoint_id}", headers=square.seeker.headers)

    assert answer.status_code == 204
    left = await square.saved(saved["id"])
    assert (left.endpoint_id, left.channels) == (None, ["inbox"])
    assert await square.deliveries() == []
