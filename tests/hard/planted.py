"""Marked secrets: texts and numbers that only the named actors may ever be answered with."""

import re
from collections.abc import Collection, Iterable
from hashlib import sha256

import msgspec

_MARK = re.compile(rb"zq\d{5}qz|7319\d{6}")
# Keys, sessions and one-time links: 256 random bits behind a prefix.
_TOKEN = re.compile(rb"dj[skltf]_[A-Za-z0-9_-]{43}")

NOBODY: frozenset[str] = frozenset()


class Secret(msgspec.Struct, frozen=True):
    """`known_to`: names of the actors who may read it."""

    name: str
    mark: bytes
    known_to: frozenset[str]


class Secrets:
    """Every secret of a world, and which of them an answer gives away."""

    def __init__(self) -> None:
        self._by_mark: dict[bytes, Secret] = {}
        self._literals: list[Secret] = []
        self._tokens: set[bytes] = set()
        self._like: dict[str, frozenset[str]] = {}
        self.seen: set[tuple[str, str]] = set()

    def text(self, name: str, known_to: Collection[str]) -> str:
        """A new secret as a text: marks survive JSON, lower case and being part of more."""
        mark = f"zq{len(self._by_mark):05d}qz"
        self._add(Secret(name, mark.encode(), frozenset(known_to)))
        return mark

    def number(self, name: str, known_to: Collection[str]) -> int:
        """A new secret as a number of ten digits."""
        number = 7_319_000_000 + len(self._by_mark)
        self._add(Secret(name, str(number).encode(), frozenset(known_to)))
        return number

    def token(self, token: str) -> None:
        """A token that somebody holds: neither it nor its hash is ever told again."""
        self._tokens.add(token.encode())
        digest = sha256(token.encode()).hexdigest()
        self._literals.append(Secret("the hash of a token", digest.encode(), NOBODY))

    def literal(self, name: str, text: str) -> None:
        """Something that nobody may be answered with, as it stands."""
        self._literals.append(Secret(name, text.encode(), NOBODY))

    def trust(self, actor: str, like: Collection[str]) -> None:
        """Until `distrust`, the actor may read whatever all of these may read."""
        self._like[actor] = frozenset(like)

    def distrust(self) -> None:
        self._like.clear()

    def _may_read(self, actor: str, secret: Secret) -> bool:
        like = self._like.get(actor)
        return actor in secret.known_to or (like is not None and like <= secret.known_to)

    def told(self, actor: str, body: bytes) -> list[str]:
        """Names of the secrets in an answer that are not the actor's to know."""
        found = [self._by_mark[mark] for mark in set(_MARK.findall(body)) if mark in self._by_mark]
        self.seen.update((secret.name, actor) for secret in found)
        leaked = [secret for secret in found if not self._may_read(actor, secret)]
        leaked += [secret for secret in self._literals if secret.mark in body]
        names = [secret.name for secret in leaked]
        if self._tokens.intersection(_TOKEN.findall(body)):
            names.append("a token of somebody")
        return names

    def never_seen(self, names: Iterable[str], actor: str) -> list[str]:
        """Which of these secrets the actor was never answered with."""
        return [name for name in names if (name, actor) not in self.seen]

    def _add(self, secret: Secret) -> None:
        self._by_mark[secret.mark] = secret
