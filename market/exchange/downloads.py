"""Files that are answered whole: written in a thread to a folder that goes away again."""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import msgspec
from litestar import Response
from litestar.openapi.spec import (
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Schema,
)

from market.exchange.problem_rows import write_refused
from market.exchange.problems import RowProblem
from schemas.imports import ExportFormat
from schemas.vocab import Lang

_MEDIA_TYPES: dict[str, str] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "jsonl": "application/x-ndjson",
    "pdf": "application/pdf",
    "zip": "application/zip",
}


@dataclass
class FileOperation(Operation):
    """Documents what a route answers that answers files: one of these formats."""

    formats: ClassVar[Sequence[str]] = ("xlsx", "csv", "jsonl")

    def __post_init__(self) -> None:
        answer = (self.responses or {}).get("200")
        if isinstance(answer, OpenAPIResponse):
            content = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
            types = [_MEDIA_TYPES[each] for each in self.formats]
            answer.content = dict.fromkeys(types, OpenAPIMediaType(schema=content))


@dataclass
class BundleOperation(FileOperation):
    """As FileOperation, for what may also be an archive or pages."""

    formats: ClassVar[Sequence[str]] = ("zip", "pdf", *FileOperation.formats)


class Download(msgspec.Struct, frozen=True):
    """A file to hand out: its name in plain letters and in the reader's own, and its bytes.

    `charset` is that of a text.
    """

    plain_name: str
    name: str
    format: str
    content: bytes
    charset: str = "utf-8"


async def written(
    write: Callable[[Path], None], names: tuple[str, str], format_: ExportFormat
) -> Download:
    """What `write` puts into the file that it gets; `names` are the plain and the shown one."""

    def work() -> bytes:
        with tempfile.TemporaryDirectory(prefix="duijie-export-") as folder:
            path = Path(folder) / f"export.{format_}"
            write(path)
            return path.read_bytes()

    return Download(*names, format_, await asyncio.to_thread(work))


async def problems_file(
    problems: Sequence[RowProblem], format_: ExportFormat, lang: Lang
) -> Download:
    names = ("import-problems", "导入退回行" if lang == "zh" else "import-problems")
    return await written(lambda path: write_refused(problems, path, lang), names, format_)


def file_answer(download: Download) -> Response[bytes]:
    """Answers the file for saving, under its name in any script (RFC 6266)."""
    extension = download.format
    shown = quote(f"{download.name}.{extension}", safe="")
    return Response(
        download.content,
        media_type=_MEDIA_TYPES[extension],
        # The library tells it of every text.
        encoding=download.charset,
        headers={
            "Content-Disposition": f'attachment; filename="{download.plain_name}.{extension}"; '
            f"filename*=UTF-8''{shown}",
            "Cache-Control": "no-store",
        },
    )
