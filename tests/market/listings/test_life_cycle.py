"""A listing's whole life over HTTP, step by step at random, against a model of it."""

import asyncio
import uuid
from collections.abc import Coroutine
from datetime import date
from typing import Any, TypeVar

import httpx
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from market.db import Database, utc_now
from market.listings.models import Listing
from market.listings.service import expire_due
from tests.market.accounts.factories import Account, make_account
from tests.market.listings.factories import announced, both, owner_of, post_listing, read

T = TypeVar("T")

# Written by hand, not taken from the table that is tested: what an action makes of a state.
LEADS_TO = {
    ("draft", "publish"): "published",
    ("paused", "publish"): "published",
    ("published", "pause"): "paused",
    ("published", "close"): "closed",
    ("paused", "close"): "closed",
    ("closed", "reopen"): "published",
    ("withdrawn", "reopen"): "draft",
    ("published", "renew"): "published",
    ("expired", "renew"): "published",
    **{
        (state, "withdraw"): "withdrawn"
        for state in ("draft", "published", "paused", "closed", "expired")
    },
}
ACTIONS = st.sampled_from(["publish", "pause", "close", "reopen", "withdraw", "renew"])
TITLES = st.sampled_from(["鞋底材料", "橡胶配方", "白炭黑补强"])


class World:
    """The application that the machine talks to, from a thread of its own."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        client: httpx.AsyncClient,
        database: Database,
        people: tuple[Account, Account],
        path: str,
    ) -> None:
        self.loop = loop
        self.client = client
        self.database = database
        self.owner, self.other = people
        self.path = path

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=60)

    def send(self, method: str, url: str, version: int, body: Any = None) -> httpx.Response:
        headers = self.owner.headers | {"If-Match": f'"{version}"'}
        return self.run(self.client.request(method, url, json=body, headers=headers))


def machine_in(world: World) -> type[RuleBasedStateMachine]:
    class Life(RuleBasedStateMachine):
        @initialize(title=TITLES)
        def begin(self, title: str) -> None:
            self.create(title)

        @precondition(lambda self: not self.is_there)
        @rule(title=TITLES)
        def begin_again(self, title: str) -> None:
            self.create(title)

        def create(self, title: str) -> None:
            self.announced_before = len(world.run(announced(world.database)))
            posted = world.run(
                post_listing(world.client, world.owner, world.path, title=title, reference=...)
            )
            self.url, self.id = posted.url, uuid.UUID(posted.id)
            self.status, self.version, self.title = "draft", 1, title
            self.was_public, self.is_there, self.announcements = False, True, 0

        def enter(self, status: str) -> None:
            if "published" in {self.status, status}:
                self.announcements += 1
            self.was_public |= status == "published"
            self.status, self.version = status, self.version + 1

        @precondition(lambda self: self.is_there)
        @rule(action=ACTIONS)
        def move(self, action: str) -> None:
            body: dict[str, Any] | None = {} if action == "renew" else None
            answer = world.send("POST", f"{self.url}/{action}", self.version, body)

            target = LEADS_TO.get((self.status, action))
            assert answer.status_code == (409 if target is None else 200), answer.text
            if target is not None:
                self.enter(target)
                assert answer.json()["status"] == target

        @precondition(lambda self: self.is_there)
        @rule(action=ACTIONS, behind=st.integers(1, 3))
        def move_another_version(self, action: str, behind: int) -> None:
            body: dict[str, Any] | None = {} if action == "renew" else None
            answer = world.send("POST", f"{self.url}/{action}", self.version + behind, body)

            assert answer.status_code == 412

        @precondition(lambda self: self.is_there)
        @rule(title=TITLES)
        def change(self, title: str) -> None:
            answer = world.send("PATCH", self.url, self.version, {"title": title})

            assert answer.status_code == 200
            if title != self.title:
                self.title = title
                self.enter(self.status)

        @precondition(lambda self: self.is_there)
        @rule()
        def make_incomplete(self) -> None:
            answer = world.send("PATCH", self.url, self.version, {"fields": [], "industries": []})

            if self.status == "published":
                assert answer.status_code == 422
                return
            self.enter(self.status)
            changed = {"fields": ["materials"], "industries": ["C1954"]}
            assert world.send("PATCH", self.url, self.version, changed).status_code == 200
            self.enter(self.status)

        @precondition(lambda self: self.is_there)
        @rule()
        def delete(self) -> None:
            answer = world.send("DELETE", self.url, self.version)

            may = self.status == "draft" and not self.was_public
            assert answer.status_code == (204 if may else 409)
            self.is_there = not may

        @precondition(lambda self: self.is_there)
        @rule()
        def let_time_pass(self) -> None:
            world.run(self._age())

            if self.status in {"published", "paused"}:
                # One version for the hand that made it old, one for its end.
                self.status, self.version = "expired", self.version + 2
                self.announcements += 1

        async def _age(self) -> None:
            async with world.database.writing() as session:
                listing = await session.get_one(Listing, self.id)
                if listing.status in {"published", "paused"}:
                    listing.expires_on = date(2020, 1, 1)
            async with world.database.writing() as session:
                await expire_due(session, utc_now(), limit=10)

        @invariant()
        def owner_sees_the_model(self) -> None:
            answer = world.run(read(world.client, self.url, world.owner))
            if not self.is_there:
                assert answer.status_code == 404
                return
            body = answer.json()
            seen = (body["status"], body["version"], body["title"])
            assert seen == (self.status, self.version, self.title)

        @invariant()
        def others_see_what_is_published(self) -> None:
            answer = world.run(read(world.client, self.url, world.other))
            shown = self.is_there and self.status == "published"
            assert answer.status_code == (200 if shown else 404)

        @invariant()
        def every_public_change_was_announced(self) -> None:
            jobs = world.run(announced(world.database))[self.announced_before :]
            assert [job["ids"] for job in jobs] == [[str(self.id)]] * self.announcements

    return Life


@both
async def test_life_of_a_listing_follows_the_model(
    client: httpx.AsyncClient, database: Database, path: str
) -> None:
    people = (await owner_of(database, path), await make_account(database, "investor"))
    world = World(asyncio.get_running_loop(), client, database, people, path)
    size = settings(
        max_examples=6,
        stateful_step_count=15,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )

    await asyncio.to_thread(run_state_machine_as_test, machine_in(world), settings=size)
