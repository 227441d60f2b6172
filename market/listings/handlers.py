"""Jobs of listings."""

from collections.abc import Sequence
from functools import partial

from market.db import Database, utc_now
from market.jobs import ClaimedJob, JobKind, finish
from market.listings.service import expire_due

# Hourly: publications whose last day has passed end. The payload is empty.
EXPIRE = "listings.expire"
_EXPIRED_AT_ONCE = 500


def job_kinds(database: Database) -> dict[str, JobKind]:
    # What one run finds due the next would not find again: many at once are as one.
    return {EXPIRE: JobKind(partial(expire_listings, database), batch=20)}


async def expire_listings(database: Database, jobs: Sequence[ClaimedJob]) -> None:
    """End all publications that are due, in units of work short enough to let others write."""
    while True:
        async with database.writing() as session:
            expired = await expire_due(session, utc_now(), limit=_EXPIRED_AT_ONCE)
            if expired < _EXPIRED_AT_ONCE:
                await finish(session, jobs)
                return
