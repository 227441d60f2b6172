"""Passwords: what may be one, and their Argon2id hashes.

A hash costs 19 MiB and some 50 ms on purpose, so all of them share two threads: a flood of logins
waits there, or is sent away, and the rest of the process goes on. Never hash inside an open unit
of work: on SQLite that would hold up every other writer.
"""

import asyncio
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import resources
from typing import TypeVar

import msgspec
from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from market.errors import FieldError, Unavailable

T = TypeVar("T")

# What nobody's password has as its hash: of people who have not chosen one yet.
NO_PASSWORD = "!"  # noqa: S105 - it opens nothing, and that is its use.
# The threads work this off in some five seconds; whoever comes later may as well try again.
_MOST_WAITING = 200
# Of a random password that nobody kept, with the settings below.
_HASH_OF_NOBODY = (
    "$argon2id$v=19$m=19456,t=2,p=1$c3PmDdbDvlzowyEPg3oHkQ"
    "$fjw/quUql4w7ojNAFx/JEfTEKEysWoU6nvFYzE6eq9c"
)
# Threads rather than a semaphore in front of threads: a request that is given up midway leaves
# its thread running, and still no third hash starts.
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="passwords")
_places = threading.BoundedSemaphore(_MOST_WAITING)


class _CountingHasher(Argon2Hasher):
    """Argon2id that counts how often it ran."""

    def __init__(self) -> None:
        super().__init__(time_cost=2, memory_cost=19_456, parallelism=1)
        self.runs = 0
        self._lock = threading.Lock()

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        self._count()
        return super().hash(password, salt=salt)

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:  # noqa: A002 - its name.
        self._count()
        return super().verify(password, hash)

    def _count(self) -> None:
        with self._lock:
            self.runs += 1


_argon2id = _CountingHasher()
_hasher = PasswordHash((_argon2id,))


class PasswordCheck(msgspec.Struct, frozen=True):
    """`new_hash` is set when the password is right and its hash was made with older settings."""

    is_right: bool
    new_hash: str | None = None


def password_errors(password: str, *, email: str, pointer: str) -> list[FieldError]:
    """What speaks against a new password: it is the person's own address, or a common one."""
    folded = _plain(password).casefold()
    address = email.casefold()
    if folded in {address, address.partition("@")[0]}:
        return [FieldError(pointer, "密码不能是邮箱地址", "Must not be your e-mail address.")]
    if folded in common_passwords():
        return [
            FieldError(
                pointer, "这是最常见的密码之一，请换一个", "Is one of the commonest passwords."
            )
        ]
    return []


@cache
def common_passwords() -> frozenset[str]:
    text = resources.files("market.accounts").joinpath("common_passwords.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


async def hash_of(password: str) -> str:
    """The hash to store. Raises Unavailable when too many wait for one."""
    return await _in_thread(lambda: _hasher.hash(_plain(password)))


async def check_password(password: str, stored: str | None) -> PasswordCheck:
    """Whether this is the password of a stored hash; `stored` None when nobody is known.

    Takes the same work in every case, so that the time of an answer does not tell who is known.
    Raises Unavailable when too many wait.
    """
    return await _in_thread(lambda: _check(_plain(password), stored))


def hashes_computed() -> int:
    """How many passwords this process has hashed or checked since its start."""
    return _argon2id.runs


def _check(password: str, stored: str | None) -> PasswordCheck:
    try:
        is_right, new_hash = _hasher.verify_and_update(password, stored or NO_PASSWORD)
    except UnknownHashError:
        _hasher.verify(password, _HASH_OF_NOBODY)
        return PasswordCheck(is_right=False)
    return PasswordCheck(is_right, new_hash)


def _plain(password: str) -> str:
    """One form for all ways to type the same characters, such as full-width digits."""
    return unicodedata.normalize("NFKC", password)


async def _in_thread(work: Callable[[], T]) -> T:
    if not _places.acquire(blocking=False):
        raise Unavailable(
            "busy", "登录请求过多，请稍后再试", "Too many sign in just now; please try again."
        )
    done = _threads.submit(work)
    done.add_done_callback(lambda _: _places.release())
    return await asyncio.wrap_future(done)
