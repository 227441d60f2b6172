"""`duijie worker`: the jobs of the marketplace, in a process of their own."""

import asyncio
import os
import signal
from contextlib import suppress

import click

from market.commands.databases import opened_database
from market.settings import Settings, settings_from
from market.worker import Worker


@click.command()
@click.option("--once", is_flag=True, help="做完到期的任务即退出 · do what is due, then leave")
def worker(once: bool) -> None:
    """运行后台任务，直到 Ctrl+C 或 SIGTERM；可同时运行多个。

    Does the jobs until Ctrl+C or SIGTERM, then finishes what is running. Many may run at once;
    one of them writes the search index.
    """
    # The text pipeline takes a second to import: --help need not wait for it.
    from market.http.requests import set_up_logging  # noqa: PLC0415

    settings = settings_from(os.environ)
    set_up_logging(settings)
    asyncio.run(_work(settings, once=once))


async def _work(settings: Settings, *, once: bool) -> None:
    from market.indexing.engines import open_indexes  # noqa: PLC0415
    from market.work import worker_of  # noqa: PLC0415

    async with (
        opened_database(settings) as database,
        open_indexes(settings, database, for_writing=True) as indexes,
    ):
        worker = worker_of(settings, database, indexes)
        _stop_at_signals(worker)
        await (worker.run_once() if once else worker.run())


def _stop_at_signals(worker: Worker) -> None:
    loop = asyncio.get_running_loop()

    def stop(number: int) -> None:
        worker.stop()
        # A second signal ends the process as signals do.
        loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, stop, number)
