"""Shares long work with a second process, where the system can fork one."""

import os
import pickle
import signal
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, TypeVar

T = TypeVar("T")
Send = Callable[[bytes], None]

# A shorter loop is over before a second process would pay.
_FEWEST_PLACES = 64
_LENGTH = struct.Struct("<Q")


def _is_for_child(place: int) -> bool:
    # Three of five: this process also does something with what comes out.
    return place % 5 in {1, 3, 4}


def can_fork() -> bool:
    """Whether a forked child is safe here, and has a processor of its own."""
    # A child of a process with other threads may find their locks taken for ever; on macOS
    # system libraries start such threads by themselves.
    is_safe = sys.platform == "linux" and threading.active_count() == 1
    return is_safe and len(os.sched_getaffinity(0)) > 1


def in_two_processes(count: int, work: Callable[[int], T]) -> Iterator[T]:
    """work(0), work(1) … work(count − 1), in this order, most of them worked out by a forked child.

    `work` must give the same in either process and change nothing that another place needs; what
    it returns must be picklable. Where the system can't fork safely, or the child dies, this
    process does all of it. The child ends when the iterator is closed or exhausted.
    """
    if count < _FEWEST_PLACES or not can_fork():
        yield from map(work, range(count))
        return

    def answer_places(send: Send) -> None:
        for place in filter(_is_for_child, range(count)):
            send(pickle.dumps(work(place), protocol=pickle.HIGHEST_PROTOCOL))

    with child_process(answer_places) as answers:
        for place in range(count):
            answer = next(answers, None) if _is_for_child(place) else None
            yield work(place) if answer is None else pickle.loads(answer)  # noqa: S301 - our own child's


@contextmanager
def child_process(job: Callable[[Send], None]) -> Iterator[Iterator[bytes]]:
    """What `job(send)` sends from a forked child, message by message; only where `can_fork()`.

    The messages end when the job returns, fails or is killed: which of these, the last message
    must tell. The child is ended with the block.
    """
    # What stands in buffers would be written twice.
    sys.stdout.flush()
    sys.stderr.flush()
    reading, writing = os.pipe()
    # An interruption in the middle of a fork would be lost: Python swallows what its hooks for
    # forks raise. It waits until the child can be ended in an orderly way.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    child = os.fork()
    if not child:
        os.close(reading)
        _run_in_child(job, writing)
    os.close(writing)
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        with os.fdopen(reading, "rb", buffering=1 << 20) as pipe:
            yield iter(lambda: _read(pipe), None)
    finally:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _run_in_child(job: Callable[[Send], None], writing: int) -> None:
    try:
        # An interruption reaches both; the parent tells of it and ends the child.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with os.fdopen(writing, "wb") as pipe:
            job(lambda message: _write(pipe, message))
    finally:
        # Nothing of the parent's may run here: no clean-up, no exit handlers, no traceback.
        os._exit(0)


def _write(pipe: BinaryIO, message: bytes) -> None:
    pipe.write(_LENGTH.pack(len(message)))
    pipe.write(message)
    pipe.flush()


def _read(pipe: BinaryIO) -> bytes | None:
    """The next message, or None when the child has ended before it was whole."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    message = pipe.read(length)
    return message if len(message) == length else None
