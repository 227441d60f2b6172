"""What people are told of fairs, in Chinese and English. Pure functions.

Times are those of the fair's own time zone, which is named.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

# A text in Chinese and in English.
Said = tuple[str, str]

MOST_LINES = 20
_TITLES: dict[str, Said] = {
    "received": ("新的报名待审核", "A registration waits for your decision"),
    "approved": ("报名已通过", "Your registration was approved"),
    "waiting": ("报名已进入候补", "Your registration is on the waiting list"),
    "rejected": ("报名未通过", "Your registration was not approved"),
    "withdrawn": ("报名已退出", "A registration was withdrawn"),
    "agenda_published": ("对接日程已公布", "The agenda is published"),
    "agenda_withdrawn": ("对接日程正在重排", "The agenda is being worked out anew"),
    "meetings": ("您的对接有变化", "Meetings of yours changed"),
    "ready": ("排程已完成，请查看", "A plan is ready to be looked at"),
    "failed": ("排程未成功", "A plan could not be made"),
    "improvement": ("找到更好的日程，请确认", "A better agenda was found: please decide"),
}
_CHANGES: dict[str, Said] = {
    "added": ("新增", "new"),
    "moved": ("改为", "moved to"),
    "cancelled": ("取消", "cancelled"),
    "no_show": ("未到场", "not held, somebody did not come"),
}


class MeetingTold(NamedTuple):
    """A meeting as one of its sides is told of it."""

    partner: str
    begins_at: datetime
    ends_at: datetime
    hall: str
    table: str
    reason: str = ""


def title(what: str, fair_name: str) -> Said:
    """What happened, and at which fair; `what` is a key of the table above."""
    zh, en = _TITLES[what]
    return f"{zh}：{fair_name}", f"{en}: {fair_name}"


def who(name: str) -> Said:
    return f"单位：{name}", f"Organisation: {name}"


def fair_line(begins_at: datetime | None, ends_at: datetime | None, zone: str) -> list[Said]:
    """When a fair is; nothing where that is open."""
    if begins_at is None or ends_at is None:
        return []
    when = times(begins_at, ends_at, zone)
    return [(f"时间：{when}", f"Time: {when}")]


def place_line(venue: str, address: str) -> list[Said]:
    where = tuple(filter(None, (venue, address)))
    return [(f"地点：{'，'.join(where)}", f"Place: {', '.join(where)}")] if where else []


def agenda_lines(meetings: Sequence[MeetingTold], zone: str) -> list[Said]:
    """How many meetings there are, and when the first one is."""
    if not meetings:
        return [("目前没有安排给您的对接", "No meetings were arranged for you so far")]
    first = min(meetings, key=lambda each: each.begins_at)
    amount = len(meetings)
    return [
        (f"共 {amount} 场对接", f"Meetings: {amount}"),
        _line(("首场", "The first"), first, zone),
    ]


def change_lines(changes: Sequence[tuple[str, MeetingTold]], zone: str) -> list[Said]:
    """One line a meeting, in the order of time; of very many the first ones."""
    ordered = sorted(changes, key=lambda each: (each[1].begins_at, each[1].table))
    lines = [meeting_line(*each, zone) for each in ordered[:MOST_LINES]]
    if (rest := len(ordered) - MOST_LINES) > 0:
        lines.append((f"另有 {rest} 场，见日程", f"{rest} more: see the agenda"))
    return lines


def meeting_line(change: str, told: MeetingTold, zone: str) -> Said:
    """What became of a meeting; `change` is a key of the table above."""
    return _line(_CHANGES[change], told, zone)


def _line(head: Said, told: MeetingTold, zone: str) -> Said:
    zh, en = head
    when, where = times(told.begins_at, told.ends_at, zone), (told.hall, told.table)
    reason = told.reason and f"（{told.reason}）", told.reason and f" ({told.reason})"
    return (
        f"{zh}：{when}，{' '.join(filter(None, where))}，{told.partner}{reason[0]}",
        f"{en}: {when}, {' '.join(filter(None, where))}, {told.partner}{reason[1]}",
    )


def times(begins_at: datetime, ends_at: datetime, zone: str) -> str:
    """2027-06-18 09:00–09:20 (Asia/Shanghai); both days where there are two."""
    begin, end = (each.astimezone(ZoneInfo(zone)) for each in (begins_at, ends_at))
    until = f"{end:%H:%M}" if begin.date() == end.date() else f"{end:%Y-%m-%d %H:%M}"
    return f"{begin:%Y-%m-%d %H:%M}–{until} ({zone})"
