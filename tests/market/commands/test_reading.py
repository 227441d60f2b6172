"""Results read by a child while the index is filled."""

import os
import signal
from pathlib import Path

import msgspec
import pytest

from market.commands import reading
from market.commands.reading import ResultsOfFile
from market.commands.two_processes import can_fork
from market.errors import DuijieError, FileRefused
from market.exchange.readers import read_results
from market.indexing.documents import document_of_result
from market.matching.pairing import ReadResult
from schemas.listings import Result
from search.documents import document_words

needs_fork = pytest.mark.skipif(
    not can_fork(), reason="this system can't fork safely or has one processor"
)


def write_results(folder: Path, count: int, *, extra_line: str = "") -> Path:
    rows = [
        {
            "id": f"R{n}",
            "成果名称": f"防滑橡胶大底 {n}",
            "简介": "湿态摩擦系数高",
            "备注": "甲",
            "电话": "1",
        }
        for n in range(count)
    ]
    path = folder / "results.jsonl"
    lines = [msgspec.json.encode(row).decode() for row in rows]
    path.write_text("\n".join([*lines, extra_line]), encoding="utf-8")
    return path


def result_of(each: Result | ReadResult) -> Result:
    return each.result if isinstance(each, ReadResult) else each


@pytest.fixture
def large_from_one_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_WORTHWHILE_BYTES", 1)


def test_a_small_file_is_read_here(tmp_path: Path) -> None:
    read = ResultsOfFile(write_results(tmp_path, 3), lang="zh")

    found = list(read)

    assert [type(each) for each in found] == [Result, Result, Result]


@needs_fork
@pytest.mark.single_threaded
@pytest.mark.usefixtures("large_from_one_byte")
@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 1200])
def test_a_child_reads_the_same_as_this_process(tmp_path: Path, count: int) -> None:
    path = write_results(tmp_path, count, extra_line='{"id": "bad", "title": ""}')
    whole = read_results(path)

    read = ResultsOfFile(path, lang="zh")
    found = list(read)

    assert list(map(result_of, found)) == whole.listings
    assert (read.refused, read.warnings, read.columns) == (
        whole.refused,
        whole.warnings,
        whole.columns,
    )


@needs_fork
@pytest.mark.single_threaded
@pytest.mark.usefixtures("large_from_one_byte")
def test_the_words_of_a_child_are_those_of_the_document(tmp_path: Path) -> None:
    found = list(ResultsOfFile(write_results(tmp_path, 2_000), lang="zh"))

    # Every fourth batch is left to this process.
    cut = [each for each in found if isinstance(each, ReadResult)]
    assert len(cut) == 1_500
    for each in cut:
        assert tuple(each.words) == document_words(document_of_result(each.result))


@needs_fork
@pytest.mark.single_threaded
@pytest.mark.usefixtures("large_from_one_byte")
def test_a_file_that_cannot_be_read_is_refused_as_here(tmp_path: Path) -> None:
    path = tmp_path / "results.xlsx"
    path.write_bytes(b"no workbook")
    with pytest.raises(FileRefused) as here:
        read_results(path)

    with pytest.raises(FileRefused) as there:
        list(ResultsOfFile(path, lang="zh"))

    assert str(there.value) == str(here.value)


@needs_fork
@pytest.mark.single_threaded
@pytest.mark.usefixtures("large_from_one_byte")
def test_a_child_that_dies_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_results(tmp_path, 3)
    parent = os.getpid()

    def read_and_die(*_: object, **__: object) -> None:
        assert os.getpid() != parent
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(reading, "read_results", read_and_die)

    with pytest.raises(DuijieError, match="cut short"):
        list(ResultsOfFile(path, lang="zh"))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused):
        list(ResultsOfFile(tmp_path / "none.jsonl", lang="zh"))
