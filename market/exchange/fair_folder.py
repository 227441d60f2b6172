"""All files of a fair in one folder: each is written aside and takes its place when it is whole."""

import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple

from market.exchange.atomic import refuse_writing, writing_aside
from market.exchange.cells import clean
from market.exchange.fair_agendas import Agenda, FairView
from market.exchange.fair_calendars import calendar_of
from market.exchange.fair_pdf import badges_pdf, can_set_pages, handbook_pdf
from market.exchange.fair_text import FAIR_LISTS, CsvEncoding, write_fair_csv, write_fair_jsonl
from market.exchange.fair_workbook import write_fair_workbook
from market.exchange.problems import RowProblem, Source

CALENDARS = "calendars"
# The names that this module gives: an older run's calendars may go, other files may not.
_OWN_CALENDAR = re.compile(r"\d{3,}-.*\.ics")
_UNUSABLE = re.compile(r'[\\/:*?"<>|\s]+')
_NAME_BYTES = 120


class FileToWrite(NamedTuple):
    """A file of a fair by its name in the folder; `write` puts its bytes out.

    Pages take long, in a typesetter that lets others work meanwhile.
    """

    name: str
    write: Callable[[BinaryIO], object]
    is_pages: bool = False

    def content(self) -> bytes:
        file = io.BytesIO()
        self.write(file)
        return file.getvalue()


@contextmanager
def pages_ahead(files: Iterable[FileToWrite]) -> Iterator[Callable[[FileToWrite], bytes]]:
    """Gives a function from a file to its bytes; pages are set in a thread from now on."""
    with ThreadPoolExecutor(1) as apart:
        ahead = {file.name: apart.submit(file.content) for file in files if file.is_pages}
        try:
            yield lambda file: ahead[file.name].result() if file.is_pages else file.content()
        finally:
            apart.shutdown(wait=False, cancel_futures=True)


def file_names(view: FairView) -> list[str]:
    """The files that `write_fair_folder` writes, in their order."""
    return [file.name for file in fair_files(view, (), "utf-8-sig")]


def write_fair_folder(
    view: FairView,
    folder: Path,
    *,
    problems: Sequence[RowProblem] = (),
    encoding: CsvEncoding = "utf-8-sig",
) -> Iterator[str]:
    """Writes file by file and yields the name of each; calendars of an earlier run are removed.

    Without the extra `fairs` handbook and badges are left out. Raises FileRefused.
    """
    _make(folder / CALENDARS, view)
    kept = set()
    files = list(fair_files(view, problems, encoding))
    with pages_ahead(files) as content_of:
        for file in files:
            with writing_aside(folder / file.name, lang=view.lang) as target:
                target.write(content_of(file))
            kept.add(file.name)
            yield file.name
    for path in sorted((folder / CALENDARS).iterdir()):
        if _OWN_CALENDAR.fullmatch(path.name) and f"{CALENDARS}/{path.name}" not in kept:
            path.unlink(missing_ok=True)


def _make(folder: Path, view: FairView) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise refuse_writing(Source(folder, view.lang), error) from None


def fair_files(
    view: FairView, problems: Sequence[RowProblem], encoding: CsvEncoding
) -> Iterator[FileToWrite]:
    """All files of a fair; pages only where they can be set, and last, as they take longest."""
    yield FileToWrite("fair.xlsx", lambda file: write_fair_workbook(view, file, problems=problems))
    for name in FAIR_LISTS:
        if name == "signings" and not view.book.signings:
            continue
        yield FileToWrite(f"{name}.csv", partial(write_fair_csv, view, name, encoding=encoding))
        yield FileToWrite(f"{name}.jsonl", partial(write_fair_jsonl, view, name))
    for number, agenda in enumerate(view.agendas(), 1):
        name_of_file = f"{CALENDARS}/{number:03d}-{_file_name(agenda)}.ics"
        yield FileToWrite(name_of_file, partial(_write_calendar, view, agenda))
    for page, pages in (("handbook", handbook_pdf), ("badges", badges_pdf)):
        if can_set_pages():
            yield FileToWrite(f"{page}.pdf", partial(_write_pages, view, pages), is_pages=True)


def _write_pages(view: FairView, pages: Callable[[FairView], bytes], file: BinaryIO) -> None:
    file.write(pages(view))


def _write_calendar(view: FairView, agenda: Agenda, file: BinaryIO) -> None:
    file.write(calendar_of(agenda, view))


def _file_name(agenda: Agenda) -> str:
    """The participant's name as far as every file system takes it."""
    name = _UNUSABLE.sub(" ", clean(agenda.participant.name.encode("utf-8", "replace").decode()))
    short = name.replace("\0", " ").encode()[:_NAME_BYTES].decode("utf-8", "ignore")
    return short.strip(" .") or "_"
