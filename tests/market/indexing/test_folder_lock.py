"""One writing process for a folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from market.indexing.folder_lock import FolderLock
from search.port import SearchUnavailable
from tests.market.commands.runs import environment

_HOLD = """
import sys, pathlib
from market.indexing.folder_lock import FolderLock
lock = FolderLock(pathlib.Path(sys.argv[1]))
print(lock.take(), flush=True)
sys.stdin.read()
"""


def test_lock_is_taken_once_and_given_back(tmp_path: Path) -> None:
    first, second = FolderLock(tmp_path / "index"), FolderLock(tmp_path / "index")

    taken = [first.take(), second.take(), first.take()]
    first.give_back()
    first.give_back()

    assert taken == [True, False, True]
    assert [second.take(), first.take()] == [True, False]
    assert (first.is_held, second.is_held) == (False, True)


def test_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path)],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        held = other.stdout.readline()
        while_it_lived = lock.take()
        other.kill()

    assert (held, while_it_lived) == (b"True\n", False)
    assert lock.take()
    lock.give_back()


def test_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    with pytest.raises(SearchUnavailable, match="can't be written"):
        FolderLock(tmp_path / "file" / "index").take()
