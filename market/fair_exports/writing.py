"""The files of a book as one file: alone, or in an archive. Pure but for the typesetter."""

import io
import zipfile
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO, cast

from market.exchange.fair_agendas import FairView
from market.exchange.fair_folder import CALENDARS, FileToWrite, fair_files, pages_ahead
from market.exchange.fair_text import (
    FAIR_LISTS,
    CsvEncoding,
    ListName,
    write_fair_csv,
    write_fair_jsonl,
)

_SINGLE = {"workbook": "fair.xlsx", "handbook": "handbook.pdf", "badges": "badges.pdf"}
# The first day that an archive knows: with the clock's no two archives would be alike.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


class Bundle:
    """Writes what was ordered step by step, so that somebody can tell how far it is."""

    def __init__(self, view: FairView, content: str, format_: str, encoding: CsvEncoding) -> None:
        self._is_archive = format_ == "zip"
        self._files = list(_wanted(view, content, format_, encoding))
        self._target = io.BytesIO()

    @property
    def steps(self) -> int:
        return len(self._files)

    def write(self) -> Iterator[str]:
        """Yields the name of each file when it is written."""
        if not self._is_archive:
            (file,) = self._files
            file.write(self._target)
            yield file.name
            return
        archive = zipfile.ZipFile(self._target, "w", zipfile.ZIP_DEFLATED)
        with archive, pages_ahead(self._files) as content_of:
            for file in self._files:
                told = zipfile.ZipInfo(file.name, _NO_TIME)
                told.compress_type, told.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                archive.writestr(told, content_of(file))
                yield file.name

    def content(self) -> bytes:
        """What was written, once `write` has come to its end."""
        return self._target.getvalue()


def _wanted(
    view: FairView, content: str, format_: str, encoding: CsvEncoding
) -> Iterator[FileToWrite]:
    if content in FAIR_LISTS:
        name = cast(ListName, content)
        yield FileToWrite(f"{name}.{format_}", partial(write_list, view, name, format_, encoding))
        return
    for file in fair_files(view, (), encoding):
        is_calendar = content == "calendars" and file.name.startswith(f"{CALENDARS}/")
        if content == "everything" or _SINGLE.get(content) == file.name or is_calendar:
            yield file


def write_list(
    view: FairView, name: ListName, format_: str, encoding: CsvEncoding, file: BinaryIO
) -> None:
    """One list of a fair, as .csv or .jsonl."""
    if format_ == "csv":
        write_fair_csv(view, name, file, encoding)
    else:
        write_fair_jsonl(view, name, file)
