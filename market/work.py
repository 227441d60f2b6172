"""All the work of the marketplace: which jobs there are, and which come by the clock."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, time, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.service import prune_accounts
from market.crons import Cron
from market.db import Database, utc_now
from market.deals import handlers as deals
from market.exchange import handlers as exchange
from market.fair_exports import handlers as fair_exports
from market.fairs import handlers as fairs
from market.http.idempotency import prune_answers
from market.indexing import handlers as indexing
from market.indexing.engines import RECONCILE, Indexes
from market.job_upkeep import PRUNED_AT_ONCE, prune_jobs
from market.jobs import ClaimedJob, JobKind, finish
from market.listings import handlers as listings
from market.matching import handlers as matching
from market.settings import Settings
from market.subscriptions import handlers as subscriptions
from market.worker import Worker, pace_of

_HOUR = timedelta(hours=1)
# In China, where the users are, it is three at night then.
_NIGHT = time(19)

CRONS = (
    Cron("fairs.watch", "fairs.watch", timedelta(minutes=1)),
    Cron("listings.expire", "listings.expire", _HOUR),
    Cron("matching.count_words", "matching.count_words", timedelta(minutes=10)),
    Cron("deals.age", "deals.age", _HOUR),
    Cron("accounts.prune", "accounts.prune", _HOUR),
    Cron("answers.prune", "answers.prune", _HOUR),
    Cron("fair_exports.prune", "fair_exports.prune", _HOUR),
    Cron("imports.prune", "imports.prune", _HOUR),
    Cron("jobs.prune", "jobs.prune", _HOUR),
    Cron(subscriptions.SEND_DIGESTS, subscriptions.SEND_DIGESTS, timedelta(minutes=1)),
    Cron(subscriptions.PRUNE, subscriptions.PRUNE, _HOUR),
    Cron(subscriptions.TELL_OF_EXPIRING, subscriptions.TELL_OF_EXPIRING, _HOUR),
    Cron(RECONCILE, RECONCILE, _NIGHT),
)


def worker_of(settings: Settings, database: Database, indexes: Indexes) -> Worker:
    """A worker for everything, at the pace of the settings."""
    kinds = all_kinds(settings, database, indexes)
    return Worker(database, kinds, CRONS, pace_of(settings))


def all_kinds(settings: Settings, database: Database, indexes: Indexes) -> dict[str, JobKind]:
    return {
        **listings.job_kinds(database),
        **indexing.job_kinds(settings, database, indexes),
        **matching.job_kinds(settings, database, indexes),
        **exchange.job_kinds(settings, database, indexes),
        **fairs.job_kinds(settings, database, indexes),
        **fair_exports.job_kinds(settings, database),
        **deals.job_kinds(settings, database),
        **subscriptions.job_kinds(settings, database, indexes),
        "accounts.prune": JobKind(_pruning(database, prune_accounts)),
        "answers.prune": JobKind(_pruning(database, prune_answers)),
        "jobs.prune": JobKind(_pruning(database, prune_jobs)),
    }


Prune = Callable[[AsyncSession, datetime], Awaitable[int | None]]


def _pruning(database: Database, prune: Prune) -> Callable[[Sequence[ClaimedJob]], Awaitable[None]]:
    """Prunes part by part, for as long as `prune` tells that a part was full."""

    async def handle(jobs: Sequence[ClaimedJob]) -> None:
        is_full = True
        while is_full:
            async with database.writing() as session:
                is_full = await prune(session, utc_now()) == PRUNED_AT_ONCE
                if not is_full:
                    await finish(session, jobs)

    return handle
