"""The route by which the projects of a ceremony come as a spreadsheet."""

import asyncio
from collections.abc import Sequence

import msgspec
from litestar import Request, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, MultipartBody
from litestar.types import ControllerRouterHandler

from market.db import Database, utc_now
from market.deals.ceremonies_api import ORGANIZER, TAGS, Asked
from market.deals.ceremony_queries import locked_ceremony, visible_ceremony
from market.deals.project_imports import Imported, import_projects
from market.deals.project_rows import ReadProjects, read_projects
from market.deals.totals import totals_of
from market.errors import FieldError, FileRefused, Invalid
from market.exchange.import_work import problem_of_file
from market.exchange.problems import RowProblem, quoted
from market.exchange.service import shown_name
from market.exchange.uploads import YES_OR_NO, Choice, content_of, refuse_form
from market.http.languages import language_of
from market.http.paging import id_of
from market.settings import Settings
from schemas.signings import ProjectImport, ProjectProblem
from schemas.vocab import Lang

# Nobody corrects more than that by hand; the counts tell of all.
_MOST_PROBLEMS = 500
# A file of thousands of projects has no such size.
_FILE_BYTES = 2_000_000


class ProjectsForm(msgspec.Struct):
    """The fields of the form. A dry run changes nothing and tells what would happen."""

    file: UploadFile
    dry_run: bool = True


async def _check_form(request: Request) -> None:  # type: ignore[type-arg]  # as the library calls it
    await refuse_form(request, {"dry_run": Choice(YES_OR_NO, required=False)})


@post(
    "/signing-ceremonies/{ceremony_id:str}/projects/import",
    status_code=200,
    operation_id="importSigningProjects",
    summary="批量录入签约项目 · Enter projects by a spreadsheet, after a dry run",
    description=(
        "先试运行（dry_run=true，缺省），再以 dry_run=false 执行。项目按编号识别，没有编号的按"
        "名称；同一文件重复导入不产生变化。名称重复时两行都保留并提醒。 · Rows are known again by "
        "their id column, or by title. The same file twice changes nothing. A repeated label keeps "
        "both rows, with a warning."
    ),
    opt=ORGANIZER,
    tags=TAGS,
    before_request=_check_form,
    request_max_body_size=None,
)
async def import_rows(
    ceremony_id: FromPath[str],
    request: Asked,
    data: MultipartBody[ProjectsForm],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> ProjectImport:
    content = await content_of(data.file, min(_FILE_BYTES, settings.upload_limit_bytes))
    async with database.reading() as session:
        await visible_ceremony(session, request.user, id_of(ceremony_id))
    # Read before anything is locked: that takes its time.
    read = await _read(content, shown_name(data.file.filename))
    async with database.writing() as session:
        ceremony = await locked_ceremony(session, request.user, id_of(ceremony_id))
        done = await import_projects(session, ceremony, read, utc_now(), dry_run=data.dry_run)
    return _told(read, done, language_of(request), dry_run=data.dry_run)


async def _read(content: bytes, file_name: str) -> ReadProjects:
    try:
        return await asyncio.to_thread(read_projects, content, file_name)
    except FileRefused as refusal:
        problem = problem_of_file(refusal)
        raise Invalid(FieldError("#/file", problem["zh"], problem["en"])) from None


def _told(read: ReadProjects, done: Imported, lang: Lang, *, dry_run: bool) -> ProjectImport:
    problems: Sequence[RowProblem] = sorted(read.problems, key=lambda each: each.line)
    return ProjectImport(
        dry_run=dry_run,
        rows=len(read.lines) + read.refused,
        created=done.counts["create"],
        updated=done.counts["update"],
        unchanged=done.counts["unchanged"],
        refused=read.refused,
        warnings=len(problems) - read.refused,
        problems=[_problem(each, lang) for each in problems[:_MOST_PROBLEMS]],
        totals=totals_of(done.groups),
    )


def _problem(problem: RowProblem, lang: Lang) -> ProjectProblem:
    return ProjectProblem(
        line=problem.line,
        column=problem.column or None,
        code=problem.code,
        problem=problem.reason(lang),
        value=quoted(problem.value) or None,
        is_refused=problem.kind == "refused",
    )


routes: list[ControllerRouterHandler] = [import_rows]
