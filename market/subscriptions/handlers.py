"""What the worker does for saved searches."""

from functools import partial

from market.db import Database
from market.indexing.engines import Indexes
from market.jobs import (
    APPLY_IMPORT,
    CHECK_IMPORT,
    INDEX,
    TELL_OF_LISTINGS,
    TELL_OF_MATCHES,
    TELL_OF_VERIFICATION,
    UNDO_IMPORT,
    JobKind,
)
from market.settings import Settings
from market.subscriptions.digests import send_digests
from market.subscriptions.endpoints import outgoing_of
from market.subscriptions.finding import Finding
from market.subscriptions.mailing import Mailing
from market.subscriptions.match_news import tell_of_matches
from market.subscriptions.own_news import tell_of_expiring, tell_of_verification
from market.subscriptions.telling import DELIVER_MAIL, DELIVER_WEBHOOK
from market.subscriptions.upkeep import prune_told
from market.subscriptions.webhooks import Webhooks

# By the clock, with an empty payload.
TELL_OF_EXPIRING = "subscriptions.expiring"
SEND_DIGESTS = "subscriptions.digests"
PRUNE = "subscriptions.prune"
_BULK_WORK = frozenset({INDEX, CHECK_IMPORT, APPLY_IMPORT, UNDO_IMPORT})
_JOBS_TOGETHER = 10
# Messages on their way at once from a process, and how many of its places they may take.
_MESSAGES_TOGETHER = 16
_GROUPS_AT_ONCE = 3
_MAILS_TOGETHER = 10


def job_kinds(
    settings: Settings,
    database: Database,
    indexes: Indexes,  # noqa: ARG001 - every area's handlers are made alike.
) -> dict[str, JobKind]:
    return {
        TELL_OF_LISTINGS: JobKind(
            Finding(database, settings).handle, batch=_JOBS_TOGETHER, yields_to=_BULK_WORK
        ),
        TELL_OF_MATCHES: JobKind(
            partial(tell_of_matches, database, settings),
            batch=_JOBS_TOGETHER,
            yields_to=_BULK_WORK,
        ),
        TELL_OF_VERIFICATION: JobKind(
            partial(tell_of_verification, database, settings), batch=_JOBS_TOGETHER
        ),
        TELL_OF_EXPIRING: JobKind(partial(tell_of_expiring, database, settings), batch=5),
        DELIVER_WEBHOOK: JobKind(
            Webhooks(database, settings, outgoing_of(settings)).handle,
            batch=_MESSAGES_TOGETHER,
            patient_batch=_MESSAGES_TOGETHER,
            at_once=_GROUPS_AT_ONCE,
        ),
        DELIVER_MAIL: JobKind(
            Mailing(database, settings).handle,
            batch=_MAILS_TOGETHER,
            patient_batch=_MAILS_TOGETHER,
        ),
        SEND_DIGESTS: JobKind(partial(send_digests, database, settings), batch=20),
        PRUNE: JobKind(partial(prune_told, database), batch=5),
    }
