"""Output files that are there whole or not at all."""

import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Literal

from market.errors import FileRefused
from market.exchange.problems import Lang, Source
from market.exchange.system_errors import WRITING, refuse_system_error

# Characters of the name that the file beside bears as well: four bytes each at most, and file
# systems take names of 255 bytes.
_KEPT_NAME = 50


@contextmanager
def writing_aside(path: Path | Literal["-"], *, lang: Lang = "zh") -> Iterator[BinaryIO]:
    """A file to write that takes the place of `path` when the block ends well.

    Until then it stands beside under another name; on an error or an interruption it is removed
    and an older file stays as it was. Every OSError of the block becomes FileRefused. "-" is
    standard output, devices and pipes are written directly: neither can be taken back. A reader
    of standard output that has seen enough is no failure of a file: BrokenPipeError passes.
    """
    source = Source(Path(path), lang)
    _check_name(source)
    try:
        if path == "-":
            with _standard_output() as output:
                yield output
        elif source.path.exists() and not source.path.is_file():
            with source.path.open("wb") as device:
                yield device
        else:
            with _aside(source.path.resolve()) as file:
                yield file
    except OSError as error:
        if path == "-" and isinstance(error, BrokenPipeError):
            raise
        raise refuse_writing(source, error) from None


def _check_name(source: Source) -> None:
    # Only here a ValueError speaks of the path (NUL, unpaired surrogates); raised while the
    # block runs, it is a fault of whoever writes and must not pass for one of the system.
    try:
        with suppress(OSError):
            source.path.lstat()
    except ValueError as error:
        raise refuse_writing(source, error) from None


@contextmanager
def _standard_output() -> Iterator[BinaryIO]:
    sys.stdout.flush()
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()


@contextmanager
def _aside(path: Path) -> Iterator[BinaryIO]:
    beside = path.with_name(f".{path.name[:_KEPT_NAME]}.{secrets.token_hex(6)}.part")
    try:
        # Made by os.open, so that the umask decides on its mode as for any new file.
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(beside, flags, 0o666), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, beside)
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise


def refuse_writing(source: Source, error: OSError | ValueError) -> FileRefused:
    """What an error while writing means for the one who asked for the file."""
    return refuse_system_error(source, error, WRITING)
