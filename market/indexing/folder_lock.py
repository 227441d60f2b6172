"""One writing process for a folder of indexes, also while an index in it is made anew.

The engine's own lock lies in the index: of an index that is missing or broken there is none.
"""

import os
import sys
from pathlib import Path

from search.port import SearchUnavailable

_NAME = "writer.lock"


class FolderLock:
    """Held by one process at a time; it goes with the process, however that ends."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME
        self._file: int | None = None

    @property
    def is_held(self) -> bool:
        return self._file is not None

    def take(self) -> bool:
        """Whether it is ours now. Raises SearchUnavailable where no file can be written."""
        if self._file is not None:
            return True
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise SearchUnavailable(f"{self._path} can't be written: {error}.") from error
        if not _lock(file):
            os.close(file)
            return False
        self._file = file
        return True

    def give_back(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> bool:
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
