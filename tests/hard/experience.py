"""What a run learns as it asks: who gets in where, what belongs to whom, and its versions.

Without it nearly all requests would end at the first door: somebody else's thing, an old version.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from random import Random
from typing import Any

from tests.hard.asgi import WireAnswer
from tests.hard.operations import Operation
from tests.hard.world import Actor, World

# Answers behind the doors: done, or refused for what was asked and not for who asked.
_INSIDE = frozenset({200, 201, 202, 204, 304, 409, 412, 422})
_REFUSALS_SHOWN = 300


class Experience:
    """`tokens` are the one-time links that were given out, `reached` the operations that did
    what they were asked at least once, `refusals` how the others refused."""

    def __init__(self, world: World, random: Random) -> None:
        self._world = world
        self._random = random
        self._insiders: dict[str, list[Actor]] = {}
        self._etags: dict[str, str] = {}
        self.tokens: list[str] = []
        self.reached: set[str] = set()
        self.refusals: dict[str, Counter[str]] = {}

    def actor_for(self, operation: Operation) -> Actor:
        """Anybody, or in half of the cases somebody who got in before."""
        insiders = self._insiders.get(operation.name)
        if insiders and self._random.random() < 0.5:
            return self._random.choice(insiders)
        return self._random.choice(self._world.actors)

    def ids_for(self, actor: Actor) -> Mapping[str, Sequence[str]]:
        """All ids, or in most cases the actor's own where it has any of a collection."""
        if self._random.random() < 0.4:
            return self._world.ids
        return {**self._world.ids, **self._world.own_ids(actor.name)}

    def etag_for(self, path: Sequence[str]) -> str | None:
        """The last version that was told of the thing that a path names."""
        return next((self._etags[part] for part in reversed(path) if part in self._etags), None)

    def learn(self, operation: Operation, actor: Actor, answer: WireAnswer) -> None:
        if answer.status in _INSIDE:
            insiders = self._insiders.setdefault(operation.name, [])
            if actor not in insiders:
                insiders.append(actor)
        if answer.status < 300:
            self.reached.add(operation.name)
            self._remember(operation, actor, answer)
        elif answer.status >= 400:
            said = answer.body[:_REFUSALS_SHOWN].decode("utf-8", "replace")
            self.refusals.setdefault(operation.name, Counter())[said] += 1

    def _remember(self, operation: Operation, actor: Actor, answer: WireAnswer) -> None:
        for made in _objects(answer.body):
            made_id = made.get("id")
            if isinstance(made_id, str) and "etag" in answer.headers:
                self._etags[made_id] = answer.headers["etag"]
            if isinstance(made_id, str) and operation.makes:
                self._world.add_id(operation.collection, made_id, owner=actor.name)
            if str(made.get("token", "")).startswith("djl_"):
                self.tokens.append(made["token"])


def _objects(body: bytes) -> Iterator[dict[str, Any]]:
    with suppress(ValueError, UnicodeDecodeError):
        told = json.loads(body)
        if isinstance(told, dict):
            yield told
