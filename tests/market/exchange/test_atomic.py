"""An output file is there whole or not at all, whatever happens while it is written."""

import os
import resource
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from market.errors import FileRefused
from market.exchange.atomic import writing_aside
from market.exchange.problems import Lang
from tests.market.commands.runs import ROOT, environment, names_in

YESTERDAY = b"of yesterday"


def write_half(target: Path, error: BaseException, *, lang: Lang = "zh") -> None:
    with writing_aside(target, lang=lang) as file:
        file.write(b"half")
        file.flush()
        raise error


def refusal(path: Path, lang: Lang = "zh") -> str:
    with pytest.raises(FileRefused) as refused, writing_aside(path, lang=lang):
        pass
    return refused.value.reason


def test_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    target = tmp_path / "pairs.csv"

    with writing_aside(target) as file:
        file.write(b"new")
        file.flush()
        assert not target.exists()

    assert target.read_bytes() == b"new"
    assert names_in(tmp_path) == ["pairs.csv"]


def test_older_file_stays_until_the_block_ends(tmp_path: Path) -> None:
    target = tmp_path / "pairs.csv"
    target.write_bytes(YESTERDAY)

    with writing_aside(target) as file:
        file.write(b"new")
        file.flush()
        seen_meanwhile = target.read_bytes()

    assert seen_meanwhile == YESTERDAY
    assert target.read_bytes() == b"new"
    assert names_in(tmp_path) == ["pairs.csv"]


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), SystemExit(), ValueError("a fault of ours"), KeyError("x")]
)
def test_whatever_stops_the_block_passes_through_and_leaves_the_older_file(
    error: BaseException, tmp_path: Path
) -> None:
    target = tmp_path / "pairs.csv"
    target.write_bytes(YESTERDAY)

    with pytest.raises(type(error)) as raised:
        write_half(target, error)

    assert raised.value is error
    assert target.read_bytes() == YESTERDAY
    assert names_in(tmp_path) == ["pairs.csv"]


def test_error_of_the_system_in_the_block_is_a_refusal(tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refused:
        write_half(tmp_path / "p.csv", OSError(28, "No space left on device"), lang="en")

    assert refused.value.reason == "the disk is full"
    assert refused.value.path == str(tmp_path / "p.csv")
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("name", ["a\0b.csv", "a\ud800b.csv"])
def test_name_that_no_file_can_have_is_a_refusal(name: str, tmp_path: Path) -> None:
    reason = refusal(tmp_path / name)

    assert reason == "文件名含有系统不接受的字符"
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "lang", "reason"),
    [
        ("nix/p.csv", "zh", "所在文件夹不存在"),
        ("file/p.csv", "en", "its folder does not exist"),
        ("folder", "zh", "这是文件夹，不是文件"),
    ],
)
def test_place_that_can_not_be_written_is_a_refusal(
    name: str, lang: Lang, reason: str, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()

    assert refusal(tmp_path / name, lang) == reason
    assert names_in(tmp_path) == ["file", "folder"]
    assert names_in(tmp_path / "folder") == []


@pytest.mark.parametrize("stem", ["成" * 83, "p" * 251, "😀" * 62])
def test_name_may_be_as_long_as_the_system_allows(stem: str, tmp_path: Path) -> None:
    target = tmp_path / f"{stem}.csv"

    with writing_aside(target) as file:
        file.write(b"new")

    assert target.read_bytes() == b"new"
    assert names_in(tmp_path) == [target.name]


def test_two_writers_at_once_do_not_mix(tmp_path: Path) -> None:
    target = tmp_path / "p.csv"

    with writing_aside(target) as first:
        first.write(b"first")
        with writing_aside(target) as second:
            second.write(b"second")
        after_second = target.read_bytes()

    assert after_second == b"second"
    assert target.read_bytes() == b"first"
    assert names_in(tmp_path) == ["p.csv"]


def test_rights_of_the_older_file_are_kept(tmp_path: Path) -> None:
    target = tmp_path / "p.csv"
    target.touch(mode=0o600)
    target.chmod(0o640)

    with writing_aside(target) as file:
        file.write(b"new")

    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_umask_decides_on_the_rights_of_a_new_file(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with writing_aside(tmp_path / "p.csv") as file:
            file.write(b"new")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "p.csv").stat().st_mode) == 0o640


def test_link_goes_on_leading_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "p.csv", tmp_path / "link.csv"
    real.write_bytes(YESTERDAY)
    link.symlink_to(real)

    with writing_aside(link) as file:
        file.write(b"new")

    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert names_in(tmp_path / "real") == ["p.csv"]


def test_device_is_written_directly() -> None:
    with writing_aside(Path("/dev/null")) as file:
        file.write(b"gone")

    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_dash_is_standard_output(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    with writing_aside("-") as file:
        file.write("鞋底\n".encode())

    assert capsysbinary.readouterr().out == "鞋底\n".encode()


WRITE_A_MEGABYTE = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from market.errors import FileRefused
    from market.exchange.atomic import writing_aside

    try:
        with writing_aside(Path(sys.argv[1]), lang="en") as file:
            for _ in range(1024):
                file.write(b"x" * 1024)
    except FileRefused as refused:
        print(refused.reason)
    """
)


def test_full_disk_leaves_the_older_file(tmp_path: Path) -> None:
    target = tmp_path / "p.csv"
    target.write_bytes(YESTERDAY)

    # A bound on the size of any file fails the writer where a full disk would.
    done = subprocess.run(
        [sys.executable, "-c", WRITE_A_MEGABYTE, str(target)],
        cwd=ROOT,
        env=environment(),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536)),
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, b"the disk is full\n", b"")
    assert target.read_bytes() == YESTERDAY
    assert names_in(tmp_path) == ["p.csv"]
