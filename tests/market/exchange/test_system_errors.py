"""What errors of the operating system become, while reading and while writing."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from market.errors import FileRefused
from market.exchange.atomic import writing_aside
from market.exchange.problems import Lang, Source
from market.exchange.system_errors import READING, WRITING, refuse_system_error
from tests.market.exchange.files import text_file

BOTH = [READING, WRITING]


@pytest.mark.parametrize("codes", BOTH)
@pytest.mark.parametrize(
    ("number", "zh", "en"),
    [
        (errno.EISDIR, "这是文件夹，不是文件", "this is a folder, not a file"),
        (errno.EACCES, "没有权限", "permission denied"),
        (errno.EPERM, "没有权限", "permission denied"),
        (errno.EEXIST, "同名文件已存在", "there is already a file of this name"),
        (errno.ENAMETOOLONG, "文件名过长", "the name of the file is too long"),
        (errno.EMFILE, "打开的文件过多，请稍后再试", "too many files are open; try again later"),
        (errno.ENFILE, "打开的文件过多，请稍后再试", "too many files are open; try again later"),
        (errno.EROFS, "位置只读", "the place is read-only"),
        (errno.ENOSPC, "磁盘已满", "the disk is full"),
        (errno.EDQUOT, "磁盘已满", "the disk is full"),
    ],
)
def test_error_of_the_system_is_told_in_both_languages(
    number: int, zh: str, en: str, codes: dict[int, str]
) -> None:
    error = OSError(number, os.strerror(number))

    for lang, reason in (("zh", zh), ("en", en)):
        source = Source(Path("f.csv"), "zh" if lang == "zh" else "en")
        refusal = refuse_system_error(source, error, codes)
        assert (refusal.path, refusal.reason) == ("f.csv", reason)


@pytest.mark.parametrize("number", [errno.ENOENT, errno.ENOTDIR])
def test_what_is_missing_is_the_file_read_or_the_folder_written_to(number: int) -> None:
    source, error = Source(Path("f.csv"), "zh"), OSError(number, os.strerror(number))

    reasons = [refuse_system_error(source, error, codes).reason for codes in BOTH]

    assert reasons == ["文件不存在", "所在文件夹不存在"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.EIO, "Input/output error"), "读写失败：Input/output error"),
        (OSError("odd\nerror"), "读写失败：OSError"),
        (ValueError("embedded null byte"), "文件名含有系统不接受的字符"),
        (ValueError(), "文件名含有系统不接受的字符"),
    ],
)
def test_error_without_a_sentence_is_told_in_its_own_words(
    error: OSError | ValueError, reason: str
) -> None:
    source = Source(Path("f.csv"), "zh")

    assert refuse_system_error(source, error, READING).reason == reason


@pytest.mark.parametrize(
    ("lang", "reason"), [("zh", "文件名过长"), ("en", "the name of the file is too long")]
)
def test_name_that_no_file_system_takes_is_told_before_anything_is_written(
    lang: Lang, reason: str, tmp_path: Path
) -> None:
    with (
        pytest.raises(FileRefused) as refused,
        writing_aside(tmp_path / f"{'长' * 100}.csv", lang=lang) as file,
    ):
        file.write(b"rows")

    assert refused.value.reason == reason
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize(("lang", "reason"), [("zh", "磁盘已满"), ("en", "the disk is full")])
def test_full_disk_is_told_in_the_language_of_the_run(lang: Lang, reason: str) -> None:
    with (
        pytest.raises(FileRefused) as refused,
        writing_aside(Path("/dev/full"), lang=lang) as file,
    ):
        file.write(b"rows")

    assert refused.value.reason == reason


def test_reader_of_standard_output_that_left_is_no_failure_of_a_file() -> None:
    with pytest.raises(BrokenPipeError), writing_aside("-"):
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")


def test_broken_pipe_behind_any_other_output_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(FileRefused), writing_aside(tmp_path / "p.csv"):
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")


def test_command_is_silent_when_the_reader_of_its_output_leaves(tmp_path: Path) -> None:
    rows = [[f"R{number}", "橡胶鞋底材料", "湿摩擦" * 50] for number in range(60)]
    results = text_file(tmp_path / "r.csv", [["成果编号", "成果名称", "成果简介"], *rows])
    needs = text_file(tmp_path / "n.csv", [["需求编号", "需求名称", "需求描述"], *rows])
    pair = [sys.executable, "-m", "market", "pair", str(results), str(needs)]
    nobody_reads, output = os.pipe()
    os.close(nobody_reads)

    ran = subprocess.run(
        [*pair, "-o", "-", "--top", "50"], stdout=output, stderr=subprocess.PIPE, check=False
    )
    os.close(output)

    assert (ran.returncode, ran.stderr) == (1, b"")
