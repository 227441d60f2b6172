"""`duijie import FILE --kind results --organisation NAME`: a spreadsheet into the marketplace."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
import msgspec

from market.commands.problems import tell_problems
from market.errors import EXIT_FAILED, EXIT_SOME_REFUSED, UsageRefused
from market.exchange.problem_rows import check_refused_target, write_refused
from market.settings import settings_from
from schemas.vocab import Lang

if TYPE_CHECKING:
    from market.commands.importing import Told

_SHOWN_REFUSED = 20
_LINES: tuple[tuple[str, str, str], ...] = (
    ("created", "新建", "created"),
    ("updated", "更新", "updated"),
    ("unchanged", "不变", "unchanged"),
    ("refused", "退回", "refused"),
    ("warnings", "提醒", "warnings"),
    ("published", "发布", "published"),
    ("left_draft", "内容不全，留作草稿", "left as drafts, not complete"),
    ("restored", "恢复原状", "restored"),
    ("withdrawn", "撤回", "withdrawn"),
    ("deleted", "删除草稿", "drafts deleted"),
    ("kept", "之后改动过，保留", "kept, changed since"),
    ("gone", "已不存在", "gone before"),
)
_STATES: dict[str, tuple[str, str]] = {
    "checked": ("检查结果（尚未导入）", "What would happen (nothing is imported yet)"),
    "applied": ("导入完成", "Imported"),
    "undone": ("已撤销", "Undone"),
    "failed": ("失败", "Failed"),
}


_INDEXED: dict[Lang, str] = {
    "zh": "已发布的条目由后台任务编入检索与匹配；没有运行 serve 或 worker 时，待其下次启动。",
    "en": "A worker takes what is published into search and matching; without one running, "
    "that happens at the next start of serve or worker.",
}


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--kind", type=click.Choice(["results", "needs"]), help="成果或需求 · which kind")
@click.option("--organisation", metavar="NAME|ID", help="导入到哪个单位 · whose listings they are")
@click.option("--user", metavar="EMAIL", help="以谁的名义，默认首位管理者 · by whom; a manager")
@click.option("--publish", is_flag=True, help="内容完整的直接发布 · publish what is complete")
@click.option("--dry-run", is_flag=True, help="只检查，不导入 · only tell what would happen")
@click.option("--yes", is_flag=True, help="不再询问 · do not ask")
@click.option("--undo", metavar="IMPORT_ID", help="撤销一次导入 · undo an import")
@click.option(
    "--errors",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="退回的行和提醒另存为文件 · refused rows and warnings also go to this file",
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON · print JSON")
def import_(
    file: Path | None,
    kind: Literal["results", "needs"] | None,
    organisation: str | None,
    user: str | None,
    publish: bool,
    dry_run: bool,
    yes: bool,
    undo: str | None,
    errors: Path | None,
    lang: Lang,
    as_json: bool,
) -> int:
    """把表格中的成果或需求导入一个单位：先检查，确认后执行，可撤销。

    Imports a spreadsheet of results or needs for an organisation: checks it, asks, carries it
    out. Rows are known again by their own ids, else by title, so a second import updates.

    \b
    退出码 · Exit codes
      0    全部成功 · all good
      1    读写失败 · reading or writing failed
      2    用法错误 · usage
      3    有行被退回，其余已导入 · some rows were refused, the others are imported
      130  中断 · interrupted
    """
    # Database and text pipeline take a second to import: --help need not wait for them.
    from market.commands.importing import ImportRequest, run_import, run_undo  # noqa: PLC0415

    settings = settings_from(os.environ)
    if errors is not None:
        check_refused_target(errors, lang=lang)
    if undo is not None:
        if file or kind or organisation:
            raise UsageRefused("--undo 不与 FILE、--kind、--organisation 同用 · goes without them")
        told = asyncio.run(run_undo(settings, undo, user=user, lang=lang))
        return _tell(told, lang, as_json=as_json)
    if file is None or kind is None or organisation is None:
        raise UsageRefused("缺少 FILE、--kind 或 --organisation · one of them is missing")
    if as_json and not (yes or dry_run):
        raise UsageRefused("--json 须同时给 --yes 或 --dry-run · needs one of them as well")
    request = ImportRequest(
        path=file,
        kind="result" if kind == "results" else "need",
        organisation=organisation,
        user=user,
        publishes=publish,
        is_dry_run=dry_run,
        lang=lang,
    )
    told = asyncio.run(run_import(settings, request, lambda told: yes or _agreed(told, lang)))
    if errors is not None:
        write_refused(told.problems, errors, lang)
    return _tell(told, lang, as_json=as_json)


def _agreed(told: "Told", lang: Lang) -> bool:
    _print(told, lang)
    click.echo(err=True)
    return click.confirm("导入？" if lang == "zh" else "Import?", err=True)


def _tell(told: "Told", lang: Lang, *, as_json: bool) -> int:
    if as_json:
        click.echo(msgspec.json.encode(told.view).decode())
    else:
        _print(told, lang)
    if told.view.state == "failed":
        return EXIT_FAILED
    return EXIT_SOME_REFUSED if told.view.counts.refused else 0


def _print(told: "Told", lang: Lang) -> None:
    """The state, what it counts, and the first rows that were refused."""
    view, place = told.view, 0 if lang == "zh" else 1
    click.echo(f"{_STATES[view.state][place]} · {view.file_name} · {view.id}")
    if view.problem is not None:
        click.echo(f"  {view.problem}")
    for name, zh, en in _LINES:
        if number := getattr(view.counts, name):
            click.echo(f"  {zh if lang == 'zh' else en}: {number}")
    refused = [problem for problem in told.problems if problem.kind == "refused"]
    warnings = [problem for problem in told.problems if problem.kind == "warning"]
    tell_problems(refused[:_SHOWN_REFUSED], warnings, lang=lang)
    if (more := len(refused) - _SHOWN_REFUSED) > 0:
        click.echo(_more(more, lang), err=True)
    if view.counts.published and view.state == "applied":
        click.echo(_INDEXED[lang])


def _more(count: int, lang: Lang) -> str:
    if lang == "zh":
        return f"……另有 {count} 行被退回，可用 --errors FILE 存为文件"
    return f"… and {count} more refused rows; --errors FILE writes all of them"
