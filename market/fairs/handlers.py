"""What the worker does for fairs."""

from functools import partial

from market.db import Database
from market.fairs.filling import Filling
from market.fairs.holding import FILL
from market.fairs.no_shows import WATCH, Watch
from market.fairs.notice_news import tell_of_notices
from market.fairs.plan_orders import PAIRS, PLAN
from market.fairs.plan_work import Planning
from market.indexing.engines import Indexes
from market.jobs import TELL_OF_NOTICES, JobKind
from market.settings import Settings


def job_kinds(
    settings: Settings,
    database: Database,
    indexes: Indexes,  # noqa: ARG001 - every area's handlers are made alike.
) -> dict[str, JobKind]:
    planning = Planning(database)
    return {
        PLAN: JobKind(planning.make_plans),
        PAIRS: JobKind(planning.work_out_pairs, batch=20),
        FILL: JobKind(Filling(database, planning).handle, batch=20),
        WATCH: JobKind(Watch(database).handle, batch=20),
        TELL_OF_NOTICES: JobKind(partial(tell_of_notices, database, settings), batch=20),
    }
