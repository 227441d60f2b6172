"""`duijie reindex`: makes the search index anew from the database."""

import asyncio
import os
from typing import Literal

import click

from market.commands.progress import steps_on_stderr
from market.settings import settings_from
from schemas.vocab import Lang


@click.command()
@click.option(
    "--kind",
    type=click.Choice(["results", "needs"]),
    help="只重建成果或需求 · only results or needs",
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def reindex(kind: Literal["results", "needs"] | None, lang: Lang) -> None:
    """由数据库重建检索索引；其间照常检索旧索引。

    Makes the search index anew from the database; searches go on in the old one meanwhile. Where
    a worker holds the index, that worker does it and this command waits.
    """
    # Database and text pipeline take a second to import: --help need not wait for them.
    from market.commands.reindexing import rebuild_indexes  # noqa: PLC0415
    from market.indexing.engines import KINDS  # noqa: PLC0415

    settings = settings_from(os.environ)
    kinds = [each for each in KINDS if kind in {None, f"{each}s"}]
    with steps_on_stderr(lang) as steps:
        counts = asyncio.run(rebuild_indexes(settings, kinds, steps))
    for each, count in counts.items():
        click.echo(_TOLD[each][lang].format(count=count))


_TOLD: dict[str, dict[Lang, str]] = {
    "result": {"zh": "成果：索引中有 {count} 项", "en": "results: {count} in the index"},
    "need": {"zh": "需求：索引中有 {count} 项", "en": "needs: {count} in the index"},
}
