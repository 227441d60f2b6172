"""Alerts as they come: a stream of server-sent events, read from the inbox again and again.

A stream ends after a while, and its client connects again with the id of the last alert that it
got. Ids sort by the time they were made at, but may be stored in another order by some seconds:
each look goes back that far, and what was sent before is passed over. So after a reconnection
the alerts of the last seconds may come again, under the same ids; none is lost.
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from litestar.datastructures import State
from litestar.response import ServerSentEventMessage
from msgspec import json

from market.accounts.viewer import Viewer
from market.db import Database
from market.errors import TooManyRequests, Unavailable
from market.subscriptions.queries import alerts_after
from market.subscriptions.wire import alert_views
from schemas.vocab import Lang

_LOOK_EVERY_S = 1.0
_LOOK_BACK = timedelta(seconds=5)
_AT_ONCE = 100
MOST_EACH = 3
# Each counts as a running request: most of these are for others.
MOST_IN_ALL = 100

Id = uuid.UUID


class Streams:
    """The streams of this process: at most MOST_EACH for one person, MOST_IN_ALL for all."""

    def __init__(self) -> None:
        self._open: Counter[Id | None] = Counter()
        self._must_end = False

    def end(self) -> None:
        """Let all of them end soon: the server stops."""
        self._must_end = True

    def refuse_more(self, viewer: Viewer) -> None:
        """Raises TooManyRequests, and Unavailable where this process has enough of all."""
        if self._open.total() >= MOST_IN_ALL:
            raise Unavailable(
                "streams_used_up",
                "提醒流已满，请稍后再试",
                "All streams are in use; please try again later.",
                retry_after_s=30,
            )
        if self._open[viewer.user_id] >= MOST_EACH:
            raise TooManyRequests(
                "too_many_streams",
                "提醒流过多：请关闭其他页面",
                "Too many streams are open: close another one.",
                retry_after_s=30,
            )

    async def alerts(
        self, database: Database, viewer: Viewer, lang: Lang, last: Id, lasts_s: float
    ) -> AsyncIterator[ServerSentEventMessage]:
        """Alerts with later ids than `last`, as AlertView, for so many seconds."""
        self._open[viewer.user_id] += 1
        try:
            ends_at = asyncio.get_running_loop().time() + lasts_s
            yield ServerSentEventMessage(comment="alerts", retry=3_000)
            sent: set[Id] = {last}
            while True:
                found = await _look(database, viewer, lang, _back(last), sent)
                for alert_id, text in found:
                    sent.add(alert_id)
                    last = max(last, alert_id)
                    yield ServerSentEventMessage(data=text, id=str(alert_id), event="alert")
                sent = {each for each in sent if each > _back(last)} | {last}
                if found:
                    continue
                if self._must_end or asyncio.get_running_loop().time() >= ends_at:
                    return
                await asyncio.sleep(_LOOK_EVERY_S)
        finally:
            self._open[viewer.user_id] -= 1


async def _look(
    database: Database, viewer: Viewer, lang: Lang, after: Id, sent: set[Id]
) -> list[tuple[Id, str]]:
    async with database.reading() as session:
        found = await alerts_after(session, viewer, after, limit=_AT_ONCE + len(sent))
        new = [alert for alert in found if alert.id not in sent]
        views = await alert_views(session, viewer, new, lang) if new else []
    return [(alert.id, json.encode(view).decode()) for alert, view in zip(new, views, strict=True)]


def _back(last: Id) -> Id:
    """The first id of the moment some seconds before this one (UUIDv7)."""
    made_ms = last.int >> 80
    earlier_ms = max(0, made_ms - int(_LOOK_BACK.total_seconds() * 1000))
    return Id(int=earlier_ms << 80)


def first_after(now: datetime) -> Id:
    """An id before all that are made from now on."""
    return Id(int=int(now.timestamp() * 1000) << 80)


def streams_of(state: State) -> Streams:
    """The streams of an application."""
    streams: Streams = state.setdefault("alert_streams", Streams())
    return streams
