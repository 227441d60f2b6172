"""Output files that are there whole or not at all."""

import errno
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

_CODES = {
    errno.ENOENT: "folder_missing",
    errno.ENOTDIR: "folder_missing",
    errno.EISDIR: "is_folder",
    errno.EACCES: "no_permission",
    errno.EPERM: "no_permission",
    errno.EROFS: "read_only",
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EFBIG: "disk_full",
}


@contextmanager
def writing_aside(path: Path | Literal["-"], *, lang: Lang = "zh") -> Iterator[BinaryIO]:
    """A file to write that takes the place of `path` when the block ends well.

    Until then it stands beside under another name; on an error or an interruption it is removed
    and an older file stays as it was. Every OSError of the block becomes FileRefused. "-" is
    standard output, devices and pipes are written directly: neither can be taken back.
    """
    source = Source(Path(path), lang)
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
    except (OSError, ValueError) as error:
        raise refuse_writing(source, error) from None


@contextmanager
def _standard_output() -> Iterator[BinaryIO]:
    sys.stdout.flush()
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()


@contextmanager
def _aside(path: Path) -> Iterator[BinaryIO]:
    beside = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}.part")
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
    if isinstance(error, OSError) and error.errno in _CODES:
        return source.refuse(_CODES[error.errno])
    detail = error.strerror if isinstance(error, OSError) else str(error)
    return source.refuse("system", detail=detail or type(error).__name__)
