"""The meeting planner: how near to the best conceivable plan, how fast, and against others.

python -m tests.bench.planner [--json] [--rounds N] [--small]

The bound is that of the same objective: with floors, no plan as fair weighs more. Others only
choose pairs, without slots, tables or reasons; greedy makes a plan that it cannot prove.
"""

import argparse
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from statistics import median
from time import perf_counter, process_time
from typing import NamedTuple

import msgspec

from market.planner.board import Board
from market.planner.check import check_plan
from market.planner.choice import choose
from market.planner.fairness import no_bonuses
from market.planner.model import Fairness, Plan, PlanRequest
from market.planner.planning import plan
from market.planner.problem import compile_request
from market.planner.replanning import hold_and_fill, improve
from market.planner.seats import free_seats
from market.planner.what_if import what_if
from tests.bench.fair_wishes import WEIGHT_ONLY, Absences, fair_request
from tests.bench.planner_others import OTHERS, greedy
from tests.bench.table import (
    DEFAULT_SEED,
    Row,
    Section,
    at_least,
    at_most,
    count,
    note,
    run_alone,
    stated,
)

_FAIR_FLOOR = Fairness(floor=1, soft=True)
_LENGTHS = (16, 24, 48)
_KEEP_BONUS = 50


class Size(NamedTuple):
    institutes: int
    enterprises: int
    tables: int

    def __str__(self) -> str:
        return f"{self.institutes:,} × {self.enterprises:,}"


_FAIR, _LARGE = Size(110, 252, 110), Size(2_000, 8_000, 400)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m tests.bench.planner", description="the meeting planner and others"
    )
    made.add_argument("--json", action="store_true", help="print one JSON list instead")
    made.add_argument("--seed", type=int, default=DEFAULT_SEED, help="default %(default)s")
    made.add_argument("--rounds", type=count, default=3, metavar="N", help="runs of each")
    made.add_argument(
        "--small", action="store_true", help="only a fair of a few parties, to try the bench"
    )
    return made


def measure(chosen: argparse.Namespace) -> Section:
    _import_solvers()
    fair = Size(8, 16, 8) if chosen.small else _FAIR
    rows = [row for slots in _LENGTHS for row in _of_fair(fair, slots, chosen)]
    rows += _of_tables(fair, chosen)
    rows += _of_replans(fair, chosen)
    rows.append(_of_what_if(fair, chosen))
    if not chosen.small:
        rows += _of_large(chosen)
    return Section("planner: weight of the best conceivable plan reached, and seconds", rows)


def _import_solvers() -> None:
    """The first use of each in a process waits for its import; that is not to be measured."""
    tiny = fair_request(3, 3, slots=2, tables=2)
    plan(tiny)
    for package, choice in OTHERS.values():
        if find_spec(package) is not None:
            choice(tiny)


class _Took(NamedTuple):
    """By the clock, and of the processors: of a busy machine only the second tells something."""

    seconds: float
    cpu_s: float


class _Measured(NamedTuple):
    made: Plan
    share: float
    took: _Took


def _planned(request: PlanRequest, rounds: int) -> _Measured:
    runs = [_took(plan, request) for _ in range(rounds)]
    took = _Took(median(each.seconds for each in runs), median(each.cpu_s for each in runs))
    made = plan(request)
    if check_plan(request, made.meetings):
        raise AssertionError("the planner made a plan that breaks rules")
    return _Measured(made, made.weight / made.upper_bound, took)


def _request(
    size: Size,
    slots: int,
    seed: int,
    *,
    absences: Absences = "none",
    fairness: Fairness = WEIGHT_ONLY,
) -> PlanRequest:
    return fair_request(
        size.institutes,
        size.enterprises,
        slots=slots,
        tables=size.tables,
        absences=absences,
        fairness=fairness,
        seed=seed,
    )


def _of_fair(size: Size, slots: int, chosen: argparse.Namespace) -> Iterator[Row]:
    note(f"planner: {size}, {slots} slots")
    name = f"planner {size} × {slots}"
    plain = _request(size, slots, chosen.seed)
    fair = _request(size, slots, chosen.seed, fairness=_FAIR_FLOOR)
    absent = _request(size, slots, chosen.seed, absences="rand15")
    measured = _planned(plain, chosen.rounds)
    yield from _told(f"{name}, weight only", measured, share=1, seconds=0.6)
    yield stated(f"{name}: greedy", greedy(plain).weight / measured.made.upper_bound, "of bound")
    yield from _of_others(name, plain, measured)
    yield from _told(f"{name}, floors", _planned(fair, chosen.rounds), share=0.999, seconds=0.6)
    measured = _planned(absent, chosen.rounds)
    yield from _told(f"{name}, 15 % absences", measured, share=0.995, seconds=0.6)
    share = greedy(absent).weight / measured.made.upper_bound
    yield stated(f"{name}, 15 % absences: greedy", share, "of bound")


def _told(name: str, measured: _Measured, *, share: float, seconds: float) -> Iterator[Row]:
    yield at_least(f"{name}: weight", measured.share, "of bound", target=share)
    yield at_most(name, measured.took.seconds, "s", target=seconds)
    yield at_most(f"{name}, of the processors", measured.took.cpu_s, "s", target=seconds)


def _of_others(name: str, request: PlanRequest, measured: _Measured) -> Iterator[Row]:
    """Only the choice of pairs, which is all that the others do."""
    yield stated(f"{name}: our choice alone", _took(_choice, request).cpu_s, "s of the processors")
    for other, (package, choice) in OTHERS.items():
        if find_spec(package) is None:
            yield stated(f"{name}: {other}", 0, f"skipped: no {package}")
            continue
        weight = choice(request) / measured.made.weight
        yield at_most(f"{name}: choice by {other}", weight, "of our plan", target=1)
        yield stated(
            f"{name}: choice by {other}", _took(choice, request).cpu_s, "s of the processors"
        )


def _choice(request: PlanRequest) -> None:
    problem = compile_request(request, {}, {})
    choose(Board(problem, free_seats(problem)), no_bonuses(problem))


def _took(run: Callable[[PlanRequest], object], request: PlanRequest) -> _Took:
    begin_s, begin_cpu_s = perf_counter(), process_time()
    run(request)
    return _Took(perf_counter() - begin_s, process_time() - begin_cpu_s)


def _of_tables(size: Size, chosen: argparse.Namespace) -> Iterator[Row]:
    few = size._replace(tables=max(1, size.tables * 6 // 11))
    request = _request(few, 16, chosen.seed, fairness=_FAIR_FLOOR)
    stay = msgspec.structs.replace(request, seating="hosts_stay")
    free, seated = _planned(request, chosen.rounds), _planned(stay, chosen.rounds)
    name = f"planner {few} × 16, {few.tables} tables, hosts stay"
    share = seated.made.weight / free.made.weight
    yield at_least(f"{name}: weight", share, "of free seats", target=0.97)
    yield stated(name, seated.took.seconds, "s")


def _of_replans(size: Size, chosen: argparse.Namespace) -> Iterator[Row]:
    """One institute in twenty cancels when half of the fair is over."""
    note(f"planner: re-plans of {size}")
    request = _request(size, 16, chosen.seed, fairness=_FAIR_FLOOR)
    made = plan(request)
    gone = {party.id for party in request.parties[::20] if party.host}
    after = msgspec.structs.replace(
        request,
        parties=tuple(
            msgspec.structs.replace(party, available=()) if party.id in gone else party
            for party in request.parties
        ),
        previous=made.meetings,
        keep_bonus=_KEEP_BONUS,
    )
    for name, replan in (("hold and fill", hold_and_fill), ("improve", improve)):
        begin_s = perf_counter()
        new = replan(after, from_slot=request.slots[8].id)
        seconds = perf_counter() - begin_s
        touched = sum(1 for change in new.changes if change.before is not None)
        row = f"planner {size} × 16, 5 % cancel half-way, {name}"
        yield at_least(f"{row}: weight", 1 - new.plan.gap, "of bound", target=0.985)
        yield stated(f"{row}: moved", 100 * touched / len(made.meetings), "%")
        yield stated(row, seconds, "s")


def _of_what_if(size: Size, chosen: argparse.Namespace) -> Row:
    request = _request(size._replace(tables=2 * size.tables), 16, chosen.seed)
    begin_s = perf_counter()
    what_if(request, slots=(8, 16, 24, 48), delegations=(1, 2))
    return stated(f"planner {size}: what-if table of 8 rows", perf_counter() - begin_s, "s")


def _of_large(chosen: argparse.Namespace) -> Iterator[Row]:
    note(f"planner: {_LARGE}, 24 slots")
    name = f"planner {_LARGE} × 24"
    plain = _request(_LARGE, 24, chosen.seed)
    measured, other = _planned(plain, 1), greedy(plain)
    yield from _told(f"{name}, weight only", measured, share=1, seconds=4)
    yield stated(f"{name}: greedy", other.weight / measured.made.upper_bound, "of bound")
    measured = _planned(_request(_LARGE, 24, chosen.seed, fairness=_FAIR_FLOOR), 1)
    yield from _told(f"{name}, floors", measured, share=0.999, seconds=4)
    without = len(measured.made.without_meeting)
    yield at_most(f"{name}, floors: no meeting at all", without, "parties", target=0)
    yield stated(f"{name}: no meeting at all by greedy", other.without_meeting, "parties")


if __name__ == "__main__":
    run_alone(parser(), measure)
