"""Files that are answered whole, under names in any script."""

import asyncio
from pathlib import Path
from urllib.parse import unquote

import pytest

from market.errors import FileRefused
from market.exchange.downloads import Download, file_answer, written
from market.exchange.problems import Source
from schemas.imports import ExportFormat


@pytest.mark.parametrize(
    ("format_", "media_type"),
    [
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("csv", "text/csv"),
        ("jsonl", "application/x-ndjson"),
    ],
)
def test_format_tells_the_media_type_and_the_extension(
    format_: ExportFormat, media_type: str
) -> None:
    answer = file_answer(Download("needs", "needs", format_, b"x"))

    assert answer.media_type == media_type
    assert answer.headers["Content-Disposition"] == (
        f"attachment; filename=\"needs.{format_}\"; filename*=UTF-8''needs.{format_}"
    )


@pytest.mark.parametrize("name", ["需求", "a b", 'a"b', "a;b", "a'b", "a\r\nX: y", "100%", "é"])
def test_name_in_any_script_stays_within_its_header(name: str) -> None:
    answer = file_answer(Download("needs", name, "csv", b"x"))

    plain, _, shown = answer.headers["Content-Disposition"].partition("; filename*=UTF-8''")
    assert plain == 'attachment; filename="needs.csv"'
    assert unquote(shown) == f"{name}.csv"
    assert shown.isascii()
    assert not {'"', ";", "'", "\r", "\n", " "} & set(shown)


async def test_file_is_written_aside_and_leaves_nothing() -> None:
    seen: list[Path] = []

    def write(path: Path) -> None:
        seen.append(path)
        path.write_bytes(b"content")

    download = await written(write, ("plain", "名称"), "csv")

    assert download == Download("plain", "名称", "csv", b"content")
    assert seen[0].suffix == ".csv"
    assert not seen[0].parent.exists()


async def test_failure_to_write_passes_and_leaves_nothing() -> None:
    seen: list[Path] = []

    def write(path: Path) -> None:
        seen.append(path)
        raise Source(path, "zh").refuse("disk_full")

    with pytest.raises(FileRefused, match="磁盘已满"):
        await written(write, ("x", "x"), "csv")

    assert not seen[0].parent.exists()


async def test_many_files_at_once_do_not_meet() -> None:
    def writer(number: int) -> bytes:
        return str(number).encode() * 1_000

    downloads = await asyncio.gather(
        *(
            written(lambda path, n=number: path.write_bytes(writer(n)) and None, ("x", "x"), "csv")  # type: ignore[misc]
            for number in range(20)
        )
    )

    assert [each.content for each in downloads] == [writer(number) for number in range(20)]
