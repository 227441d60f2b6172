"""Whoever comes, goes and is decided on, in whatever order: quotas hold, and the line is fair."""

import uuid
from collections import Counter
from random import Random

import httpx
import msgspec
import pytest
from sqlalchemy import select

from market.db import Database
from market.fairs.models import FairRegistration
from tests.market.accounts.factories import Account, make_account
from tests.market.fairs.factories import Held, hold_fair, register
from tests.market.fairs.facts import as_it_is, written_down

_STEPS = 45
_KINDS = ("institute", "enterprise", "enterprise", "enterprise", "investor")
_PLACES, _QUOTAS = 3, {"enterprise": 2, "investor": 1}


class _Model:
    """What must be so, said in as few words as possible."""

    def __init__(self, kinds: list[str]) -> None:
        self._kinds = kinds
        self.states: dict[int, str] = {}
        self._line: list[int] = []

    def _has_room(self, who: int) -> bool:
        inside = [each for each, state in self.states.items() if state == "approved"]
        kind = self._kinds[who]
        alike = sum(self._kinds[each] == kind for each in inside)
        return len(inside) < _PLACES and alike < _QUOTAS.get(kind, _PLACES)

    def admit(self, who: int) -> None:
        if self._has_room(who):
            self.states[who] = "approved"
            self._line = [each for each in self._line if each != who]
        else:
            self.states[who] = "waiting"
            if who not in self._line:
                self._line.append(who)

    def leave(self, who: int, state: str) -> None:
        was, self.states[who] = self.states[who], state
        self._line = [each for each in self._line if each != who]
        if was == "approved":
            for each in list(self._line):
                if self._has_room(each):
                    self.admit(each)

    def allowed(self, who: int) -> list[str]:
        return {
            None: ["register"],
            "approved": ["withdraw", "reject"],
            "waiting": ["withdraw", "reject", "approve"],
            "rejected": ["approve"],
            "withdrawn": ["resubmit"],
        }[self.states.get(who)]


class _Play(msgspec.Struct):
    fair: Held
    guests: list[Account]
    model: _Model
    ids: dict[int, str] = {}

    async def step(self, random: Random) -> str:
        who = random.randrange(len(self.guests))
        action = random.choice(self.model.allowed(who))
        if action == "register":
            answer = await register(self.fair, self.guests[who])
            assert answer.status_code == 201, answer.text
            self.ids[who] = answer.json()["id"]
            self.model.admit(who)
        else:
            answer = await self._decide(who, action)
            assert answer.status_code == 200, answer.text
            if action in {"approve", "resubmit"}:
                self.model.admit(who)
            else:
                self.model.leave(who, "withdrawn" if action == "withdraw" else "rejected")
        return action

    async def _decide(self, who: int, action: str) -> httpx.Response:
        path = f"registrations/{self.ids[who]}"
        is_own = action in {"withdraw", "resubmit"}
        account = self.guests[who] if is_own else self.fair.organizer
        tag = (await self.fair.get(path, account)).headers["etag"]
        return await self.fair.client.post(
            f"{self.fair.url}/{path}/{action}", headers=account.headers | {"If-Match": tag}
        )

    async def states(self, database: Database) -> dict[int, str]:
        places = {uuid.UUID(name): who for who, name in self.ids.items()}
        async with database.reading() as session:
            found = await session.scalars(select(FairRegistration))
            return {places[each.id]: each.status for each in found}


@pytest.mark.parametrize("seed", range(5))
async def test_admission_is_as_the_rules_say(
    client: httpx.AsyncClient, database: Database, seed: int
) -> None:
    fair = await hold_fair(
        client, database, "open", places=_PLACES, quotas=_QUOTAS, needs_approval=False
    )
    kinds = [*_KINDS, *_KINDS]
    guests = [await make_account(database, kind) for kind in kinds]
    play, random = _Play(fair, guests, _Model(kinds), {}), Random(seed)
    done: Counter[str] = Counter()

    for _ in range(_STEPS):
        done[await play.step(random)] += 1
        assert await play.states(database) == play.model.states

    assert await written_down(database) == await as_it_is(database)
    assert set(done) == {"register", "withdraw", "reject", "approve", "resubmit"}
