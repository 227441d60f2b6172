"""`duijie serve`: the marketplace in one process, or its web part in many."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import Any

import click
import msgspec

from market.errors import UsageRefused
from market.settings import Settings, settings_from


@click.command()
@click.option("--host", help="监听地址 · address to listen on  [DUIJIE_HOST]")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="监听端口，0 为任意空闲端口 · port  [DUIJIE_PORT]"
)
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="网络进程数；大于 1 时须另行运行 duijie worker · web processes; from 2 on without worker",
)
def serve(host: str | None, port: int | None, processes: int) -> None:
    """运行平台：接口与后台任务在同一进程，数据在数据文件夹中。

    Runs the marketplace until Ctrl+C: API and worker in one process, data in the data folder.
    The database is brought to this version first.
    """
    changes = {"host": host, "port": port}
    settings = msgspec.structs.replace(
        settings_from(os.environ),
        **{name: value for name, value in changes.items() if value is not None},
    )
    run_server(settings, processes=processes)


def run_server(settings: Settings, *, processes: int = 1) -> None:
    """Serve until a signal ends it."""
    # The web stack takes a second to import: other commands need not wait for it.
    from market import serving  # noqa: PLC0415
    from market.http.requests import set_up_logging  # noqa: PLC0415

    set_up_logging(settings)
    if processes == 1:
        _run(serving.serve(settings, on_ready=lambda port: _tell(settings.host, port)))
        return
    if settings.port == 0:
        raise UsageRefused("--processes > 1：须指定端口 · needs a port")
    serving.serve_many(settings, processes)


def _run(serving: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(serving)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The faster loop where it can be had."""
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:
        return None
    return uvloop.new_event_loop


def _tell(host: str, port: int) -> None:
    shown = f"[{host}]" if ":" in host else host
    click.echo(
        f"对接 Duijie：http://{shown}:{port}/schema（接口说明 · API explorer）\n"
        "Ctrl+C 停止 · stops it",
        err=True,
    )
