"""The statistics of a fair as a list: what the plan comes to, and what came of the fair."""

from collections.abc import Iterator

from market.exchange.fair_agendas import FairView
from market.exchange.fair_statistics import FairStatistics, statistics_of
from market.exchange.fair_tables import FairColumn, FairList, Row, Value
from market.exchange.fair_words import CAUSES, KINDS, Words, said

_COLUMNS = (
    FairColumn("figure", ("项目", "What"), 30, "wrapped"),
    FairColumn("value", ("内容", "Value"), 34, "wrapped"),
    FairColumn("definition", ("统计口径", "What is counted"), 70, "wrapped"),
)


def statistics_list(view: FairView) -> FairList:
    """Each figure with its name; those of the funnel with their definition."""
    return FairList(_COLUMNS, _rows(view))


def _rows(view: FairView) -> Iterator[Row]:
    for name, value in _figures(statistics_of(view), view):
        yield said(name, view.lang), value, None
    for each in view.book.funnel:
        yield each.name, each.count, each.definition
        if each.amount_cny is not None:
            amount = said(("金额（元）", "amount in CNY"), view.lang)
            yield f"{each.name} {amount}", each.amount_cny, None


def _figures(statistics: FairStatistics, view: FairView) -> Iterator[tuple[Words, Value]]:
    for kind, count in statistics.participants.items():
        yield _joined(("参会单位", "Participants"), KINDS.get(kind, (kind, kind))), count
    yield ("成果", "Results"), statistics.results
    yield ("需求", "Needs"), statistics.needs
    yield ("场次", "Slots"), statistics.slots
    yield ("洽谈桌", "Tables"), statistics.tables
    yield ("可会面的配对", "Pairs that may meet"), statistics.pairs
    yield ("已排定会面", "Meetings"), statistics.meetings
    yield ("已取消会面", "Cancelled meetings"), statistics.cancelled
    yield ("表达的意愿", "Wishes"), statistics.wishes
    yield ("满足的意愿", "Wishes met"), statistics.wishes_met
    yield ("意愿满足率", "Share of wishes met"), _percent(statistics.wish_share)
    yield ("方案总权重", "Weight of the plan"), statistics.weight
    yield ("权重上界", "Upper bound"), statistics.upper_bound
    yield ("达到上界的比例", "Share of the bound"), _percent(statistics.weight_share)
    yield ("没有会面的单位", "Participants without a meeting"), len(statistics.without_meeting)
    names = [view.participants[each].name for each in statistics.without_meeting]
    if names:
        yield ("其中", "Among them"), said(("、", ", "), view.lang).join(names)
    yield ("空等场次合计", "Idle slots in all"), statistics.idle_slots
    yield ("桌位利用率", "Places taken at tables"), _percent(statistics.table_share)
    for cause, count in statistics.unplanned.items():
        yield _joined(("未排定", "Unplanned"), CAUSES.get(cause, (cause, cause))), count


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _joined(before: Words, after: Words) -> Words:
    return f"{before[0]}：{after[0]}", f"{before[1]}: {after[1]}"
