"""What each number of the funnel counts, in both languages: the one place that says so.

The statistics count by these words, and the words are what people are shown beside the numbers.
"""

from typing import NamedTuple

from schemas.stats import FunnelStep, FunnelUnit
from schemas.vocab import Lang


class Definition(NamedTuple):
    """One step: what is counted (`unit`), its name, and when one counts."""

    step: FunnelStep
    unit: FunnelUnit
    zh: str
    en: str
    means_zh: str
    means_en: str

    def name(self, lang: Lang) -> str:
        return self.zh if lang == "zh" else self.en

    def means(self, lang: Lang) -> str:
        return self.means_zh if lang == "zh" else self.means_en


# In the order of the funnel. A year is one in China; what is taken back does not count.
DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        "registered",
        "registration",
        "报名",
        "Registered",
        "报名参加对接会并获通过的单位，每场每单位计一次；撤回的不计。按报名时间归年。",
        "Organisations registered for a fair, once a fair; withdrawn ones do not count. Its year "
        "is that of the registration.",
    ),
    Definition(
        "checked_in",
        "registration",
        "签到",
        "Checked in",
        "到场签到的报名单位，每场每单位计一次。按首次签到时间归年。",
        "Registered organisations that came, once a fair. Its year is that of the first check-in.",
    ),
    Definition(
        "planned",
        "meeting",
        "安排对接",
        "Meetings planned",
        "排入对接会日程的对接，取消的不计。按排定时间归年。",
        "Meetings on the agenda of a fair; cancelled ones do not count. Its year is that of the "
        "planning.",
    ),
    Definition(
        "held",
        "meeting",
        "实际对接",
        "Meetings held",
        "双方实际进行了的对接。按对接时间归年。",
        "Meetings that both sides came to. Its year is that of the meeting.",
    ),
    Definition(
        "intent",
        "order",
        "意向订单",
        "Intention orders",
        "双方都确认过的意向订单，同一对单位就同一条目计一次；之后失效的仍计。按双方首次都确认的时间归年。",
        "Intention orders to which both sides said yes, once for two sides and a listing, also if "
        "they lapsed later. Its year is that in which both had said yes first.",
    ),
    Definition(
        "contract",
        "order",
        "签订合同",
        "Contracts",
        "双方都确认已签订合同的意向订单，金额为合同金额；退回的不计。按双方都确认合同的时间归年。",
        "Intention orders of which both sides confirmed the contract, with its amount; those taken "
        "back do not count. Its year is that in which both had confirmed it.",
    ),
)
