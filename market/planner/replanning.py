"""A new plan out of an earlier one, as cancellations and late registrations demand.

*Hold and fill* moves nothing: what can be held is held, and the freed places go to pairs that
wait. *Improve* is a proposal: it moves and removes as little as it wins from, and says what.
"""

import msgspec

from market.planner.bits import IntArray
from market.planner.board import NOBODY, Board
from market.planner.choice import choose, worth
from market.planner.colouring import insert, insert_directly
from market.planner.fairness import bonuses_of
from market.planner.model import Meeting, MeetingChange, Plan, PlanRefused, PlanRequest, Replan
from market.planner.planning import shorten_days
from market.planner.problem import Held, Problem, compile_request
from market.planner.search import Deadline, Sought, search, seats_for
from market.planner.seats import seats_elsewhere
from market.planner.survival import Survival, survival
from market.planner.telling import told

# So many chains are looked at for the one that moves the fewest meetings.
_TRIES = 400


def hold_and_fill(request: PlanRequest, *, from_slot: str | None = None) -> Replan:
    """Keep every `previous` meeting that can still be held, then plan what fits beside them.

    Meetings before `from_slot` are history and stay in the plan as they were. Raises PlanRefused
    like `plan`. Doing it again with the new plan as `previous` changes nothing; where hosts
    stay, give them the tables of the earlier plan (`host_tables`), which are guessed from its
    meetings otherwise.
    """
    survived = survival(request, from_slot)
    deadline = Deadline(request.budget.seconds)
    return _told(_beside(survived.held, survived, deadline), survived, request, deadline)


def improve(request: PlanRequest, *, from_slot: str | None = None) -> Replan:
    """Propose better meetings at the price of changes, each of them worth `keep_bonus`.

    A pair moves others only if it weighs more than `keep_bonus` for each that moves. Where that
    wins nothing over hold and fill, hold and fill is the answer.
    """
    survived = survival(request, from_slot)
    deadline = Deadline(request.budget.seconds)
    asked = _asked(survived)
    held = _beside(survived.held, survived, deadline)
    better = _beside(_better_places(survived, asked), survived, deadline)
    merit = _Merit(survived, asked)
    best = better if merit.of(better.board) > merit.of(held.board) else held
    return _told(best, survived, request, deadline)


def _beside(held: Held, survived: Survival, deadline: Deadline) -> Sought:
    """These meetings where they are, and the best that fits beside them."""
    rest = msgspec.structs.replace(survived.request, keep_bonus=0)
    sought = _held_and_filled(held, survived, rest, deadline)
    shorten_days(sought, rest, deadline)
    # The bound is that of a free hand: it tells what could be won by moving meetings.
    asked = compile_request(rest, survived.pins, survived.already, begin=survived.begin)
    seats = seats_elsewhere(sought.seats, asked)
    choice = choose(Board(asked, seats), sought.bonuses)
    return sought._replace(choice=choice, asked=asked, seats=seats)


def _held_and_filled(
    held: Held, survived: Survival, rest: PlanRequest, deadline: Deadline
) -> Sought:
    problem = compile_request(rest, held, survived.already, begin=survived.begin)
    try:
        return search(problem, rest, deadline)
    except PlanRefused as refused:
        # Hosts that share tables and visit each other may have been seated by hand in a way
        # that is not found again. Then a survivor gives way; a pin never does.
        if refused.subject_id in survived.pins or refused.subject_id not in held:
            raise
        rest_of_held = {pair: held[pair] for pair in held if pair != refused.subject_id}
        return _held_and_filled(rest_of_held, survived, rest, deadline)


def _asked(survived: Survival) -> Problem:
    """All that is free to move, with a keep bonus on each survivor."""
    survivors = tuple(each for each in survived.future if each.pair in survived.held)
    rest = msgspec.structs.replace(survived.request, previous=survivors)
    return compile_request(rest, survived.pins, survived.already, begin=survived.begin)


def _better_places(survived: Survival, problem: Problem) -> Held:
    """Where survivors are best under the keep bonus: mostly where they were."""
    rest = survived.request
    bonuses = bonuses_of(problem, rest.fairness)
    board = Board(problem, seats_for(problem, bonuses))
    choice = choose(board, bonuses)
    places = _places(survived, problem)
    chosen = set(choice.pairs.tolist())
    _put_back(board, {pair: slot for pair, slot in places.items() if pair in chosen})
    _seat_others(board, choice.pairs, rest.keep_bonus)
    _put_back(board, places)
    return {**survived.pins, **_where_they_are(survived, board, places)}


def _where_they_are(survived: Survival, board: Board, places: dict[int, int]) -> Held:
    """The survivors on the board; those that did not move keep their table if nobody needs it."""
    problem, tables = board.problem, board.seats.table
    there = {pair: board.slot_of[pair] for pair in places if board.slot_of[pair] != NOBODY}
    needed = {
        (slot, tables[seat])
        for pair, slot in there.items()
        for seat in board.ends[pair]
        if seat in tables and slot != places[pair]
    }
    held: dict[str, tuple[str, str | None]] = {}
    for pair, slot in there.items():
        name = problem.pairs[pair].id
        table = survived.held[name][1] if slot == places[pair] else None
        held[name] = problem.slots[slot].id, None if (slot, table) in needed else table
    return held


def _places(survived: Survival, problem: Problem) -> dict[int, int]:
    """The slot of each survivor that is no pin, the heaviest first."""
    slot_at = {slot.id: place for place, slot in enumerate(problem.slots)}
    held = {
        place: slot_at[survived.held[pair.id][0]]
        for place, pair in enumerate(problem.pairs)
        if pair.id in survived.held and pair.id not in survived.pins
    }
    ordered = sorted(held, key=lambda pair: (-int(problem.weight[pair]), pair))
    return {pair: held[pair] for pair in ordered}


def _put_back(board: Board, places: dict[int, int]) -> None:
    """Put survivors that are off the board where they were, as long as there is room."""
    for pair, slot in places.items():
        if board.slot_of[pair] != NOBODY or not board.has_capacity(pair):
            continue
        for way in board.ways_of(pair):
            if board.common_free(pair, way) >> slot & 1:
                board.put(pair, slot, way)
                break


def _seat_others(board: Board, chosen: IntArray, keep_bonus: int) -> None:
    """Those that fit at once, then those that are worth the moves of others."""
    waiting = sorted(
        (pair for pair in chosen.tolist() if board.slot_of[pair] == NOBODY),
        key=lambda pair: (-board.value[pair], pair),
    )
    waiting = [
        pair for pair in waiting if not (board.has_capacity(pair) and insert_directly(board, pair))
    ]
    for pair in waiting:
        longest = (board.value[pair] - 1) // keep_bonus if keep_bonus else len(board.slot_of)
        insert(board, pair, tries=_TRIES, shortest=True, longest=longest)


class _Merit:
    """What a board is worth, a keep bonus for each survivor that did not move included."""

    def __init__(self, survived: Survival, asked: Problem) -> None:
        self._asked = asked
        self._bonuses = bonuses_of(asked, survived.request.fairness)
        self._places = _places(survived, asked)
        self._keep_bonus = survived.request.keep_bonus

    def of(self, board: Board) -> int:
        moved = sum(
            board.slot_of[pair] not in {NOBODY, slot} for pair, slot in self._places.items()
        )
        return worth(self._asked, board.planned(), self._bonuses) - moved * self._keep_bonus


def _told(sought: Sought, survived: Survival, request: PlanRequest, deadline: Deadline) -> Replan:
    kept = _kept_tables(survived, sought.board)
    plan = told(sought, request, deadline, survived.past, kept)
    weights = {pair.id: pair.weight for pair in request.pairs}
    staying = {*survived.held, *(meeting.pair for meeting in survived.past)}
    before = sum(
        weights.get(meeting.pair, 0) for meeting in request.previous if meeting.pair in staying
    )
    changes = _changes(survived, plan)
    ends = {pair.id: (pair.first, pair.second) for pair in request.pairs}
    return Replan(
        plan=plan,
        cancelled=_cancelled(survived, plan),
        changes=changes,
        gain=plan.weight - before,
        affected=tuple(
            sorted({party for each in changes if each.before for party in ends[each.pair]})
        ),
    )


def _kept_tables(survived: Survival, board: Board) -> dict[int, str]:
    """The tables of earlier meetings that are still in their slot."""
    slot_of = {
        pair.id: (place, board.problem.slots[board.slot_of[place]].id)
        for place, pair in enumerate(board.problem.pairs)
        if board.slot_of[place] != NOBODY
    }
    places = [(meeting, slot_of.get(meeting.pair)) for meeting in survived.future]
    return {
        place[0]: meeting.table
        for meeting, place in places
        if place is not None and place[1] == meeting.slot
    }


def _cancelled(survived: Survival, plan: Plan) -> tuple[Meeting, ...]:
    planned = {meeting.pair for meeting in plan.meetings}
    return tuple(
        meeting
        for meeting in survived.future
        if meeting.pair not in survived.held and meeting.pair not in planned
    )


def _changes(survived: Survival, plan: Plan) -> tuple[MeetingChange, ...]:
    """In the order of pairs: moved (their table included), removed, and new meetings."""
    past = {meeting.pair for meeting in survived.past}
    after = {meeting.pair: meeting for meeting in plan.meetings if meeting.pair not in past}
    before = {
        meeting.pair: meeting
        for meeting in survived.future
        if meeting.pair in survived.held or meeting.pair in after
    }
    return tuple(
        MeetingChange(pair=pair, before=before.get(pair), after=after.get(pair))
        for pair in sorted(before.keys() | after.keys())
        if before.get(pair) != after.get(pair)
    )
