"""The command line `duijie`: its commands, and what its exit codes mean.

0 all good · 1 reading or writing failed · 2 usage · 3 some rows were refused · 130 interrupted
"""

import io
import keyword
import os
import sys
from importlib import import_module, metadata

import click

from market.errors import (
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_USAGE,
    DuijieError,
    UsageRefused,
)

# name → what it does; the module of the same name is imported when it is called, so that
# `duijie --help` answers at once.
_COMMANDS = {
    "demo": "样例配对，先看一眼 · Pair the sample that comes with the product",
    "pair": "两份文件配对：成果 × 需求 · Pair a file of results with a file of needs",
    "fair": "一个工作簿排定一场对接会 · Plan a fair from one workbook, without a server",
    "search": "在一份文件中快速检索 · Search one file",
    "serve": "运行平台（接口与后台任务） · Run the marketplace",
    "worker": "另行运行后台任务 · Run the jobs in a process of their own",
    "migrate": "升级数据库 · Bring the database to this version",
    "users": "用户与管理员 · People and administrators",
    "keys": "接口密钥 · API keys",
    "jobs": "后台任务：查看、重试、删除 · See, retry and drop jobs",
    "import": "把表格导入平台 · Import a spreadsheet into the marketplace",
    "fairs": "平台上的对接会：列出、导出资料 · Fairs of the marketplace and their files",
    "export": "从平台导出 · Export from the marketplace",
    "reindex": "重建检索索引 · Build the search index anew",
    "engine": "Meilisearch 服务器：密钥、状态、转储 · The Meilisearch server",
    "doctor": "检查安装与数据 · Look for what is wrong",
}


def _version() -> str:
    try:
        return metadata.version("duijie")
    except metadata.PackageNotFoundError:
        return "(not installed)"


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        # `import` is a word of the language: its module and function end in an underscore.
        name = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        command: click.Command = getattr(import_module(f"market.commands.{name}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        # The library would import every command to ask it for its one line.
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_version())
def duijie() -> None:
    """对接 Duijie：让科技成果与技术需求相遇，并说明理由。

    Pairs technology results with technical needs, and says why.
    """


def run(arguments: list[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a character shows its number; the run goes on.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(exit_code_of(arguments))


def exit_code_of(arguments: list[str] | None = None) -> int:
    """Run one command; tell every failure in one sentence on stderr, without a traceback."""
    try:
        code = duijie.main(args=arguments, prog_name="duijie", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as refused:
        refused.show()
        code = EXIT_USAGE
    except DuijieError as failure:
        click.echo(f"错误 · Error: {failure}", err=True)
        code = EXIT_USAGE if isinstance(failure, UsageRefused) else EXIT_FAILED
    except (KeyboardInterrupt, click.Abort):
        click.echo("已中断 · Interrupted", err=True)
        code = EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe (head, less) has seen enough.
        _give_up_stdout()
        code = EXIT_FAILED
    except OSError as failure:
        # Files are refused by name where they are opened: what is left is stdout itself.
        click.echo(f"错误 · Error: {failure.strerror or failure}", err=True)
        _give_up_stdout()
        code = EXIT_FAILED
    return code if isinstance(code, int) else 0


def _give_up_stdout() -> None:
    # Python would complain once more while it closes stdout, so stdout gets a place where
    # nothing can break.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
