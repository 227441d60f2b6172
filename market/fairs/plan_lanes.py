"""Which host sits at which table for the whole fair.

Every host gets tables of its own if there are enough. Otherwise hosts share: the busiest first,
each at the table that is left fullest but still holds all its meetings (best fit decreasing).
"""

from collections.abc import Mapping

from market.fairs.plan_bits import IntArray, mask_of
from market.fairs.plan_lane import Lane
from market.fairs.plan_model import PlanRefused
from market.fairs.plan_problem import Problem

Tables = dict[int, tuple[str, ...]]

# So many tables are tried for a host that fits nowhere as a whole.
_TABLES_TRIED = 12


def assign_tables(problem: Problem, demand: IntArray) -> Tables:
    """The tables of every host, one for each delegation: those it names, or the best left.

    `demand` is how many meetings each party is going to have. Raises PlanRefused for a host
    whose pinned meetings collide with others at every table.
    """
    pinned = _pinned_slots(problem)
    lanes = _lanes(problem, pinned)
    seated = _given(problem)
    for host, tables in seated.items():
        for table in tables:
            lanes[table].join(host, lanes[table].with_host(host, 0) or [])
    taken = {table for tables in seated.values() for table in tables}
    unused = {table: lane for table, lane in lanes.items() if table not in taken}
    waiting = [
        host for host, party in enumerate(problem.parties) if party.host and host not in seated
    ]
    waiting.sort(key=lambda host: (-pinned.get(host, 0).bit_count(), -int(demand[host]), host))
    if sum(problem.parties[host].delegations for host in waiting) <= len(unused):
        own = _own_tables(problem, waiting, unused)
        if own is not None:
            return seated | own
    for host in waiting:
        seated[host] = _shared_tables(problem, unused or lanes, host, int(demand[host]))
    return {host: tables for host, tables in seated.items() if tables}


def _lanes(problem: Problem, pinned: Mapping[int, int]) -> dict[str, Lane]:
    tables = dict.fromkeys(table for slot in problem.slots for table in slot.tables)
    known = [set(slot.tables) for slot in problem.slots]
    lanes = {
        table: Lane(problem.masks, mask_of(table in names for names in known), pinned)
        for table in tables
    }
    for pair, table in problem.fixed_tables.items():
        both = int(problem.first[pair]), int(problem.second[pair])
        lanes[table].guests.append((problem.fixed[pair], both))
    return lanes


def _pinned_slots(problem: Problem) -> dict[int, int]:
    pinned: dict[int, int] = {}
    for pair, slot in problem.fixed.items():
        for party in (int(problem.first[pair]), int(problem.second[pair])):
            pinned[party] = pinned.get(party, 0) | 1 << slot
    return pinned


def _given(problem: Problem) -> Tables:
    """What hosts name themselves, and the one table to which all pins of a host agree."""
    agreed: dict[int, set[str]] = {}
    for pair, table in sorted(problem.fixed_tables.items()):
        ends = int(problem.first[pair]), int(problem.second[pair])
        # Of two hosts only the first meets at its own table.
        for host in [end for end in ends if problem.parties[end].host][:1]:
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
    if len({lane.open for lane in lanes.values()}) == 1 and not any(
        lane.guests for lane in lanes.values()
    ):
        # All are the same: the order of names is easiest for people to find their way in.
        hosts = sorted(hosts)
    own: Tables = {}
    for host in hosts:
        count = problem.parties[host].delegations
        fitting = [table for table in tables if lanes[table].with_host(host, 0) is not None]
        if len(fitting) < count:
            return None
        own[host] = tuple(fitting[:count])
        tables = [table for table in tables if table not in own[host]]
    return own


def _shared_tables(
    problem: Problem, lanes: Mapping[str, Lane], host: int, demand: int
) -> tuple[str, ...]:
    """One table after the other until all delegations sit or no table is left."""
    tables: list[str] = []
    delegations = problem.parties[host].delegations
    for left in range(delegations, 0, -1):
        others = {table: lane for table, lane in lanes.items() if table not in tables}
        choice = _fullest_that_holds(others, host, -(-demand // left))
        if choice is None:
            break
        table, holders = choice
        demand -= holders.count(host)
        lanes[table].join(host, holders)
        tables.append(table)
    if lanes and not tables:
        name = problem.parties[host].id
        raise PlanRefused(
            "party",
            name,
            f"参会方“{name}”固定的会面与每张桌上的其他固定会面冲突",
            f"Pinned meetings of party {name!r} collide with others at every table.",
        )
    return tuple(tables)


def _fullest_that_holds(
    lanes: Mapping[str, Lane], host: int, need: int
) -> tuple[str, list[int]] | None:
    room = {table: lane.room for table, lane in lanes.items()}
    # Enough room comes before too little; of enough the least, of too little the most.
    order = sorted(
        room, key=lambda table: (room[table] < need, abs(room[table] - need), room[table])
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
