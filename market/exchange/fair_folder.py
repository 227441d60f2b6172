"""All files of a fair in one folder: each is written aside and takes its place when it is whole."""

import re
from collections.abc import Callable, Iterator, Sequence
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
    """A file of a fair by its name in the folder; `write` puts its bytes out."""

    name: str
    write: Callable[[BinaryIO], object]


def file_names(view: FairView) -> list[str]:
    """The files that `write_fair_folder` writes, calendars last."""
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
    for file in fair_files(view, problems, encoding):
        with writing_aside(folder / file.name, lang=view.lang) as target:
            file.write(target)
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
    """All files of a fair, calendars last; pages only where they can be set."""
    yield FileToWrite("fair.xlsx", lambda file: write_fair_workbook(view, file, problems=problems))
    for name in FAIR_LISTS:
        if name == "signings" and not view.book.signings:
            continue
        yield FileToWrite(f"{name}.csv", partial(write_fair_csv, view, name, encoding=encoding))
        yield FileToWrite(f"{name}.jsonl", partial(write_fair_jsonl, view, name))
    if can_set_pages():
        yield FileToWrite("handbook.pdf", lambda file: file.write(handbook_pdf(view)))
        yield FileToWrite("badges.pdf", lambda file: file.write(badges_pdf(view)))
    for number, agenda in enumerate(view.agendas(), 1):
        name_of_file = f"{CALENDARS}/{number:03d}-{_file_name(agenda)}.ics"
        yield FileToWrite(name_of_file, partial(_write_calendar, view, agenda))


def _write_calendar(view: FairView, agenda: Agenda, file: BinaryIO) -> None:
    file.write(calendar_of(agenda, view))


def _file_name(agenda: Agenda) -> str:
    """The participant's name as far as every file system takes it."""
    name = _UNUSABLE.sub(" ", clean(agenda.participant.name.encode("utf-8", "replace").decode()))
    short = name.replace("\0", " ").encode()[:_NAME_BYTES].decode("utf-8", "ignore")
    return short.strip(" .") or "_"
