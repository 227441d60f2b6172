"""Opens the marketplace's database for a command."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import make_url

from market.db import Database
from market.errors import UsageRefused
from market.migrating import pending
from market.settings import Settings


@asynccontextmanager
async def opened_database(settings: Settings) -> AsyncIterator[Database]:
    """The database of the settings, for the block.

    Raises UsageRefused when it isn't ready, and Unavailable when it doesn't answer.
    """
    database = Database(settings.url_of_database, pool_size=settings.database_pool_size)
    try:
        _refuse_missing(database)
        async with database.reading() as session:
            await session.execute(text("SELECT 1"))
        if await pending(database):
            raise UsageRefused(
                "数据库需要升级，请先运行 duijie migrate · "
                "The database is of an older version: run duijie migrate."
            )
        yield database
    finally:
        await database.close()


def _refuse_missing(database: Database) -> None:
    """SQLite would make an empty file of any path that it is given."""
    path = Path(make_url(database.url).database or "")
    if database.is_sqlite and not path.exists():
        raise UsageRefused(
            f"{path}：还没有数据库，请先运行 duijie migrate 或检查 DUIJIE_DATA_FOLDER · "
            "There is no database yet: run duijie migrate, or look at DUIJIE_DATA_FOLDER."
        )
