"""Runs a command as a whole process, and tells its time and how much memory it took."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from time import perf_counter
from typing import NamedTuple

_REPOSITORY = Path(__file__).parents[2]
_SAMPLED_EVERY_S = 0.2
_LARGEST_REPORTED = 2_000


class Run(NamedTuple):
    """What a process took from start to end; the memory is that of all its processes."""

    wall_s: float
    peak_memory_mb: float


class ProcessFailedError(Exception):
    """A measured process ended with another exit code than 0."""


def run_process(command: Sequence[str]) -> Run:
    """Run a process and wait for it. Raises ProcessFailedError with what it said on stderr."""
    begin_s = perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command, cwd=_REPOSITORY, stdout=subprocess.DEVNULL, stderr=errors
        )
        with _sampled_kb(process.pid) as sampled_kb:
            _, status, usage = os.wait4(process.pid, 0)
        wall_s = perf_counter() - begin_s
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        said = errors.read().decode(errors="replace")
    if process.returncode:
        told = said[-_LARGEST_REPORTED:]
        raise ProcessFailedError(f"{' '.join(command)} ended with {process.returncode}: {told}")
    # The system's own figure begins with the size of the process that started this one.
    return Run(wall_s, max(sampled_kb, default=usage.ru_maxrss) / 1024)


@contextmanager
def _sampled_kb(pid: int) -> Iterator[list[int]]:
    """The memory of a process and its children, now and then until the block ends.

    The list stays empty where the system has no /proc, or the process ends too soon.
    """
    found: list[int] = []
    ended = Event()

    def sample() -> None:
        while not ended.wait(_SAMPLED_EVERY_S):
            if kb := memory_kb(pid):
                found.append(kb)

    sampler = Thread(target=sample, daemon=True)
    sampler.start()
    try:
        yield found
    finally:
        ended.set()
        sampler.join()


def memory_kb(pid: int) -> int:
    """What a process and all below it hold now, or what one of them held before, if more.

    Pages that forked processes share count once: their proportional shares (Pss) are summed.
    0 when the process is gone.
    """
    family = list(_family(pid))
    now = sum(_kb(f"/proc/{each}/smaps_rollup", "Pss:") for each in family)
    return max(now, *(_kb(f"/proc/{each}/status", "VmHWM:") for each in family))


def _family(pid: int) -> Iterator[int]:
    yield pid
    with suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from _family(int(child))


def _kb(file: str, name: str) -> int:
    # A process may end between being named and being read.
    with suppress(OSError):
        for line in Path(file).read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1])
    return 0
