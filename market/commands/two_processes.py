"""Shares a long loop with a second process, where the system can fork one."""

import os
import pickle
import signal
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import BinaryIO, TypeVar

T = TypeVar("T")

# A shorter loop is over before a second process would pay.
_FEWEST_PLACES = 64
_LENGTH = struct.Struct("<Q")


def in_two_processes(count: int, work: Callable[[int], T]) -> Iterator[T]:
    """work(0), work(1) … work(count − 1), in this order, odd places worked out by a forked child.

    `work` must give the same in either process and change nothing that another place needs; what
    it returns must be picklable. Where the system can't fork safely, or the child dies, this
    process does all of it. The child ends when the iterator is closed or exhausted.
    """
    if count < _FEWEST_PLACES or not _can_fork():
        yield from map(work, range(count))
        return
    child, answers = _fork(range(1, count, 2), work)
    try:
        for place in range(count):
            answer = _read(answers) if place % 2 else None
            yield work(place) if answer is None else pickle.loads(answer)  # noqa: S301 - our own child's
    finally:
        answers.close()
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _can_fork() -> bool:
    # A child of a process with other threads may find their locks taken for ever; on macOS
    # system libraries start such threads by themselves.
    is_safe = sys.platform == "linux" and threading.active_count() == 1
    return is_safe and len(os.sched_getaffinity(0)) > 1


def _fork(places: range, work: Callable[[int], object]) -> tuple[int, BinaryIO]:
    # What stands in buffers would be written twice.
    sys.stdout.flush()
    sys.stderr.flush()
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, os.fdopen(reading, "rb")
    try:
        os.close(reading)
        # An interruption reaches both; the parent tells of it and ends the child.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with os.fdopen(writing, "wb") as answers:
            for place in places:
                _write(answers, pickle.dumps(work(place), protocol=pickle.HIGHEST_PROTOCOL))
    finally:
        # Nothing of the parent's may run here: no clean-up, no exit handlers, no traceback. The
        # parent meets an error of this place itself when it does the place again.
        os._exit(0)


def _write(answers: BinaryIO, answer: bytes) -> None:
    answers.write(_LENGTH.pack(len(answer)))
    answers.write(answer)
    answers.flush()


def _read(answers: BinaryIO) -> bytes | None:
    """The next answer, or None when the child has ended before it was whole."""
    head = answers.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    answer = answers.read(length)
    return answer if len(answer) == length else None
