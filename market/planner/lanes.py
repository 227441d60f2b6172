"""Which host sits at which table for the whole fair.

Every host gets tables of its own if there are enough. Otherwise hosts share: the busiest first,
each at the table that is left fullest but still holds all its meetings (best fit decreasing).
"""

from collections import Counter
from collections.abc import Collection, Mapping
from functools import partial

from market.planner.bits import IntArray, mask_of
from market.planner.lane import Fixed, Lane
from market.planner.model import PlanRefused
from market.planner.problem import Problem
from market.planner.refusals import refused_pin

Tables = dict[int, tuple[str, ...]]

# So many tables are tried for a host that fits nowhere as a whole.
_TABLES_TRIED = 12


def assign_tables(problem: Problem, demand: IntArray) -> Tables:
    """The tables of every host, one for each delegation: those it names, or the best left.

    `demand` is how many meetings each party is going to have. A host that is left out has to
    visit others. Raises PlanRefused for one with pinned meetings at its own table that collide
    with others' at every table.
    """
    fixed = _fixed_slots(problem)
    lanes = _lanes(problem, fixed)
    seated = _given(problem)
    for host, tables in seated.items():
        for table in tables:
            lanes[table].join(host, lanes[table].with_host(host, 0) or [])
    taken = {table for tables in seated.values() for table in tables}
    unused = {table: lane for table, lane in lanes.items() if table not in taken}
    waiting = [
        host for host, party in enumerate(problem.parties) if party.host and host not in seated
    ]
    waiting.sort(
        key=lambda host: (
            -fixed.sitting.get(host, 0).bit_count(),
            -fixed.of(host).bit_count(),
            -int(demand[host]),
            host,
        )
    )
    if sum(problem.parties[host].delegations for host in waiting) <= len(unused):
        own = _own_tables(problem, waiting, unused)
        if own is not None:
            return seated | own
    for host in waiting:
        need = int(demand[host])
        seated[host] = _shared_tables(problem, unused, host, need) or _shared_tables(
            problem, lanes, host, need
        )
        if lanes and not seated[host] and host in fixed.sitting:
            raise _collides(problem, host)
    return {host: tables for host, tables in seated.items() if tables}


def _collides(problem: Problem, host: int) -> PlanRefused:
    pair = next(each for each in problem.fixed if host in problem.hosts_of(each)[:1])
    return refused_pin(
        problem.pairs[pair].id,
        problem.slots[problem.fixed[pair]].id,
        "与每张桌上的其他固定会面冲突",
        "it collides with other pinned meetings at every table where its host could stay",
    )


def _lanes(problem: Problem, fixed: Fixed) -> dict[str, Lane]:
    tables = dict.fromkeys(table for slot in problem.slots for table in slot.tables)
    known = [set(slot.tables) for slot in problem.slots]
    lanes = {
        table: Lane(problem.masks, mask_of(table in names for names in known), fixed)
        for table in tables
    }
    for pair, table in problem.fixed_tables.items():
        lanes[table].guests.append((problem.fixed[pair], next(iter(problem.hosts_of(pair)), None)))
    return lanes


def _fixed_slots(problem: Problem) -> Fixed:
    fixed = Fixed({}, {})
    for pair, slot in problem.fixed.items():
        # Of two hosts the first meets at its own table.
        for host, slots in zip(
            problem.hosts_of(pair), (fixed.sitting, fixed.walking), strict=False
        ):
            party = problem.parties[host]
            at_one = len(party.tables) > 1 and problem.fixed_tables.get(pair) in party.tables
            # A host of several tables is busy at this one only, which its lane knows as a guest.
            if not (at_one and slots is fixed.sitting):
                slots[host] = slots.get(host, 0) | 1 << slot
    return fixed


def _given(problem: Problem) -> Tables:
    """What hosts name themselves, and the one table to which all pins of a host agree."""
    agreed: dict[int, set[str]] = {}
    for pair, table in sorted(problem.fixed_tables.items()):
        for host in problem.hosts_of(pair)[:1]:
            agreed.setdefault(host, set()).add(table)
    given: Tables = {}
    for host, party in enumerate(problem.parties):
        if party.host and party.tables:
            given[host] = party.tables
        elif party.host and party.delegations == 1 and len(agreed.get(host, ())) == 1:
            given[host] = tuple(agreed[host])
    return given


def _own_tables(problem: Problem, hosts: list[int], lanes: Mapping[str, Lane]) -> Tables | None:
    """A table for each delegation, those that stand in the most slots for the busiest hosts.

    None where pinned meetings of others leave a host without a table of its own.
    """
    tables = sorted(lanes, key=lambda table: -lanes[table].open.bit_count())
    wanted = Counter(table for host in hosts for table in problem.parties[host].near)
    if len({lane.open for lane in lanes.values()}) == 1 and not any(
        lane.guests for lane in lanes.values()
    ):
        # All are the same: the order of names is easiest for people to find their way in.
        hosts = sorted(hosts)
    own: Tables = {}
    for host in hosts:
        count, near = problem.parties[host].delegations, problem.parties[host].near
        wanted.subtract(near)
        fitting = [table for table in tables if lanes[table].with_host(host, 0) is not None]
        if len(fitting) < count:
            return None
        fitting.sort(key=partial(_liking, lanes, near, wanted))
        own[host] = tuple(fitting[:count])
        tables = [table for table in tables if table not in own[host]]
    return own


def _liking(
    lanes: Mapping[str, Lane], near: Collection[str], wanted: Mapping[str, int], table: str
) -> tuple[int, bool, bool]:
    """Of tables that stand in as many slots those near by come first, and those last that
    somebody else would rather have."""
    return -lanes[table].open.bit_count(), table not in near, wanted[table] > 0


def _shared_tables(
    problem: Problem, lanes: Mapping[str, Lane], host: int, demand: int
) -> tuple[str, ...]:
    """One table after the other until all delegations sit or no table is left."""
    tables: list[str] = []
    delegations = problem.parties[host].delegations
    for left in range(delegations, 0, -1):
        others = {table: lane for table, lane in lanes.items() if table not in tables}
        near = problem.parties[host].near
        choice = _fullest_that_holds(others, host, -(-demand // left), near)
        if choice is None:
            break
        table, holders = choice
        demand -= holders.count(host)
        lanes[table].join(host, holders)
        tables.append(table)
    return tuple(tables)


def _fullest_that_holds(
    lanes: Mapping[str, Lane], host: int, need: int, near: Collection[str]
) -> tuple[str, list[int]] | None:
    room = {table: lane.room for table, lane in lanes.items()}
    # Enough room comes before too little; of enough the least, of too little the most.
    order = sorted(
        room,
        key=lambda table: (
            room[table] < need,
            abs(room[table] - need),
            room[table],
            table not in near,
        ),
    )
    best: tuple[str, list[int]] | None = None
    tried = 0
    for table in order:
        holders = lanes[table].with_host(host, need)
        if holders is None:
            continue
        tried += 1
        if best is None or holders.count(host) > best[1].count(host):
            best = table, holders
        if holders.count(host) >= need or tried >= _TABLES_TRIED:
            break
    return best
