"""Endpoints as their owners change them: on, off, elsewhere, and never over another's change."""

from random import Random
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import update

from market.db import Database, utc_now
from market.settings import Settings
from market.subscriptions.models import WebhookEndpoint
from tests.market.accounts.factories import make_account
from tests.market.subscriptions.hearing import API, follow_own, open_endpoint
from tests.market.subscriptions.square import Square

HOOK = "http://127.0.0.1:9/hook"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, outgoing_private_hosts="127.0.0.1")


class Owned(msgspec.Struct):
    """An endpoint, as its owner has it now."""

    square: Square
    url: str
    etag: str = '"1"'

    async def patch(self, etag: str | None = None, **change: Any) -> httpx.Response:
        headers = self.square.seeker.headers | {"If-Match": etag or self.etag}
        answer = await self.square.client.patch(self.url, json=change, headers=headers)
        self.etag = answer.headers.get("etag", self.etag)
        return answer

    async def read(self) -> dict[str, Any]:
        answer = await self.square.client.get(self.url, headers=self.square.seeker.headers)
        self.etag = answer.headers["etag"]
        body: dict[str, Any] = answer.json()
        return body

    async def test(self) -> int:
        """Whether it is on: a message to try it with is taken, or refused."""
        answer = await self.square.client.post(
            f"{self.url}/test", headers=self.square.seeker.headers
        )
        return answer.status_code


@pytest.fixture
async def owned(square: Square) -> Owned:
    endpoint_id = await open_endpoint(square.client, square.seeker, HOOK)
    owned = Owned(square, f"{API}/webhook-endpoints/{endpoint_id}")
    await owned.read()
    return owned


async def test_what_is_named_changes_and_the_rest_stays(owned: Owned) -> None:
    before = await owned.read()

    changed = await owned.patch(url="http://127.0.0.1:9/other", description="  主系统 ")

    assert changed.status_code == 200
    after = await owned.read()
    assert after == before | {"url": "http://127.0.0.1:9/other", "description": "主系统"}
    assert (await owned.patch()).status_code == 200
    assert await owned.read() == after


async def test_a_change_starts_from_the_version_that_was_read(owned: Owned) -> None:
    old = owned.etag
    await owned.patch(description="主系统")

    answers = [
        await owned.patch(old, description="别的"),
        await owned.square.client.patch(
            owned.url, json={"description": "x"}, headers=owned.square.seeker.headers
        ),
    ]

    assert [answer.status_code for answer in answers] == [412, 428]
    assert (await owned.read())["description"] == "主系统"


@pytest.mark.parametrize("url", ["http://10.0.0.1/hook", "ftp://e.cn"])
async def test_it_moves_nowhere_inside(owned: Owned, url: str) -> None:
    answer = await owned.patch(url=url)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/url"
    assert (await owned.read())["url"] == HOOK


async def test_people_without_an_organisation_have_none(square: Square, database: Database) -> None:
    loner = await make_account(database, None, is_administrator=True)

    made = await square.client.post(
        f"{API}/webhook-endpoints", json={"url": HOOK}, headers=loner.headers
    )
    listed = await square.client.get(f"{API}/webhook-endpoints", headers=loner.headers)

    assert (made.status_code, made.json()["code"]) == (403, "organisation_required")
    assert listed.json()["items"] == []


async def test_what_its_owner_turned_off_says_so_however_it_was_before(
    owned: Owned, database: Database
) -> None:
    """Why it was disabled is not overwritten by turning it off once more."""
    async with database.writing() as session:
        gone = {"state": "disabled", "disabled_reason": "gone", "failures": 1}
        await session.execute(update(WebhookEndpoint).values(**gone))
    await owned.patch(is_enabled=False)
    still_gone = await owned.read()
    await owned.patch(is_enabled=True)
    enabled = await owned.read()
    await owned.patch(is_enabled=False)

    told = [each["disabled_reason"] for each in (still_gone, enabled, await owned.read())]
    assert told == ["gone", None, "owner"]
    assert enabled["state"] == "enabled"


@pytest.mark.parametrize("seed", range(3))
async def test_on_and_off_in_any_order(owned: Owned, database: Database, seed: int) -> None:
    """Against a model: enabled or not, and failures, which enabling forgets."""
    chance, is_on, failures = Random(seed), True, 0
    for _ in range(25):
        step = chance.choice(("on", "off", "fails", "renamed"))
        if step == "on":
            is_on, failures = True, 0
            assert (await owned.patch(is_enabled=True)).status_code == 200
        elif step == "off":
            is_on = False
            assert (await owned.patch(is_enabled=False)).status_code == 200
        elif step == "fails":
            failures += 1
            async with database.writing() as session:
                failing = {"failures": failures, "failing_since": utc_now()}
                await session.execute(update(WebhookEndpoint).values(**failing))
        else:
            assert (await owned.patch(description=f"{chance.random()}")).status_code == 200
        view = await owned.read()
        assert (view["state"] == "enabled", view["failing_since"] is None) == (is_on, not failures)

    assert await owned.test() == (202 if is_on else 409)


async def test_a_search_goes_on_without_the_endpoint_that_is_deleted(owned: Owned) -> None:
    square = owned.square
    endpoint_id = owned.url.rpartition("/")[2]
    saved = await follow_own(
        square.client, square.seeker, channels=["webhook", "inbox"], endpoint_id=endpoint_id
    )

    deleted = await square.client.delete(owned.url, headers=square.seeker.headers)
    again = await square.client.delete(owned.url, headers=square.seeker.headers)

    after = await square.saved(saved["id"])
    assert (deleted.status_code, again.status_code) == (204, 404)
    assert (after.endpoint_id, after.channels) == (None, ["inbox"])


async def test_a_search_names_an_endpoint_of_its_own_organisation(
    owned: Owned, database: Database
) -> None:
    square = owned.square
    stranger = await make_account(database, "enterprise")
    endpoint_id = owned.url.rpartition("/")[2]

    answers = [
        await square.try_to_save(who, channels=["webhook"], endpoint_id=each)
        for who, each in (
            (stranger, endpoint_id),
            (square.seeker, "01900000-0000-7000-8000-000000000000"),
            (square.seeker, None),
        )
    ]

    assert [answer.status_code for answer in answers] == [422] * 3
    assert {answer.json()["errors"][0]["pointer"] for answer in answers} == {"#/endpoint_id"}
