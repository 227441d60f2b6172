"""A worker in a process of its own, to be killed: python -m … DATABASE_URL"""

import asyncio
import sys
from pathlib import Path

from market.db import Database
from market.indexing.engines import indexes_in_memory
from market.jobs import TELL_OF_LISTINGS
from market.settings import Settings
from market.subscriptions.handlers import SEND_DIGESTS
from market.subscriptions.telling import DELIVER_WEBHOOK
from market.work import all_kinds
from market.worker import Pace, Worker


async def start(url: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.market.subscriptions.telling_process", url
    )


async def work(url: str) -> None:
    settings = Settings(
        data_folder=Path("nowhere"), database_url=url, outgoing_private_hosts="127.0.0.1"
    )
    database = Database(url)
    every = all_kinds(settings, database, indexes_in_memory())
    kinds = {name: every[name] for name in (TELL_OF_LISTINGS, DELIVER_WEBHOOK, SEND_DIGESTS)}
    await Worker(database, kinds, pace=Pace(lease_s=0.6, poll_s=0.05)).run()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1]))
