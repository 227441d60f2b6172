"""Requests that contradict themselves: the first contradiction is refused, by its name."""

from collections import Counter
from collections.abc import Mapping

from market.planner.model import (
    MAX_DELEGATIONS,
    MAX_WEIGHT,
    Pair,
    Party,
    PlanRefused,
    PlanRequest,
    Subject,
)

# What is wrong, as the end of a sentence, in Chinese and English.
_Wrong = tuple[str, str] | None


def refuse_contradictions(request: PlanRequest) -> None:
    """Raise PlanRefused unless all names are known and unique and all numbers make sense.

    Pins are looked at by `refuse_impossible_pins`.
    """
    _refuse_repeated("party", [party.id for party in request.parties])
    _refuse_repeated("slot", [slot.id for slot in request.slots])
    _refuse_repeated("pair", [pair.id for pair in request.pairs])
    _refuse_repeated("pin", [pin.pair for pin in request.pins])
    slots = {slot.id for slot in request.slots}
    tables = {table for slot in request.slots for table in slot.tables}
    _look_at_slots(request)
    for party in request.parties:
        wrong = (
            _wrong_numbers(party)
            or _unknown_names(party, slots, tables)
            or _wrong_tables(party, stays=request.seating == "hosts_stay" and party.host)
        )
        if wrong is not None:
            raise PlanRefused(
                "party",
                party.id,
                f"参会方“{party.id}”{wrong[0]}",
                f"Party {party.id!r} {wrong[1]}.",
            )
    _look_at_pairs(request, slots)
    _look_at_numbers(request)


def _refuse_repeated(subject: Subject, ids: list[str]) -> None:
    if len(set(ids)) == len(ids):
        return
    repeated = next(each for each, times in Counter(ids).items() if times > 1)
    raise PlanRefused(
        subject,
        repeated,
        f"“{repeated}”出现了不止一次",
        f"There is more than one {subject} {repeated!r}.",
    )


def _look_at_slots(request: PlanRequest) -> None:
    for slot in request.slots:
        if len(set(slot.tables)) != len(slot.tables):
            raise PlanRefused(
                "slot",
                slot.id,
                f"时段“{slot.id}”的桌号有重复",
                f"Slot {slot.id!r} names a table more than once.",
            )


def _wrong_numbers(party: Party) -> _Wrong:
    if not 1 <= party.delegations <= MAX_DELEGATIONS:
        return f"的代表队数应为 1–{MAX_DELEGATIONS}", f"needs 1 to {MAX_DELEGATIONS} delegations"
    if party.capacity is not None and party.capacity < 0:
        return "的会面上限不能为负", "has a negative capacity"
    if party.floor is not None and party.floor < 0:
        return "的会面下限不能为负", "has a negative floor"
    return None


def _unknown_names(party: Party, slots: set[str], tables: set[str]) -> _Wrong:
    for slot in party.available or ():
        if slot not in slots:
            return f"的时段“{slot}”不存在", f"is available in an unknown slot, {slot!r}"
    for table in party.tables:
        if table not in tables:
            return f"的桌号“{table}”不存在", f"has a table that no slot has, {table!r}"
    return None


def _wrong_tables(party: Party, *, stays: bool) -> _Wrong:
    if len(set(party.tables)) != len(party.tables):
        return "的桌号有重复", "names a table more than once"
    if stays and len(party.tables) > party.delegations:
        return "的桌数多于代表队数", "has more tables than delegations"
    return None


def _look_at_pairs(request: PlanRequest, slots: set[str]) -> None:
    parties = {party.id for party in request.parties}
    joined: dict[tuple[str, str], str] = {}
    for pair in request.pairs:
        both = (pair.first, pair.second) if pair.first < pair.second else (pair.second, pair.first)
        wrong = _wrong_pair(pair, parties, slots)
        if wrong is None and both in joined:
            other = joined[both]
            wrong = (f"与“{other}”是同样的两方", f"joins the same two parties as {other!r}")
        if wrong is not None:
            raise PlanRefused(
                "pair", pair.id, f"配对“{pair.id}”{wrong[0]}", f"Pair {pair.id!r} {wrong[1]}."
            )
        joined[both] = pair.id


def _wrong_pair(pair: Pair, parties: set[str], slots: set[str]) -> _Wrong:
    if pair.first not in parties or pair.second not in parties:
        party = pair.second if pair.first in parties else pair.first
        return f"的参会方“{party}”不存在", f"has an unknown party, {party!r}"
    if pair.first == pair.second:
        return "的双方是同一方", "joins a party with itself"
    if not 1 <= pair.weight <= MAX_WEIGHT:
        return f"的权重应为 1–{MAX_WEIGHT}", f"needs a weight from 1 to {MAX_WEIGHT}"
    if pair.slots is not None and not slots.issuperset(pair.slots):
        slot = min(set(pair.slots) - slots)
        return f"的时段“{slot}”不存在", f"may meet in an unknown slot, {slot!r}"
    return None


def _look_at_numbers(request: PlanRequest) -> None:
    if request.fairness.floor < 0:
        raise PlanRefused("request", "fairness", "会面下限不能为负", "The floor is negative.")
    if not 0 <= request.keep_bonus <= MAX_WEIGHT:
        raise PlanRefused(
            "request",
            "keep_bonus",
            f"保留加分应为 0–{MAX_WEIGHT}",
            f"The keep bonus must lie between 0 and {MAX_WEIGHT}.",
        )


def refuse_impossible_pins(request: PlanRequest, already: Mapping[str, int]) -> None:
    """Raise PlanRefused for the first pin, by its pair, that can't stand beside those before.

    Expects what `refuse_contradictions` lets through; `already` counts a party's past meetings.
    """
    parties = {party.id: party for party in request.parties}
    pairs = {pair.id: pair for pair in request.pairs}
    tables = {slot.id: slot.tables for slot in request.slots}
    # How often each place is taken: a table in a slot, a slot, a party in a slot, a party.
    taken: Counter[tuple[str, ...]] = Counter(
        {("in all", party): meetings for party, meetings in already.items()}
    )
    for pin in sorted(request.pins, key=lambda each: each.pair):
        pair = pairs.get(pin.pair)
        if pair is None or pin.slot not in tables:
            raise refused_pin(
                pin.pair, pin.slot, "配对或时段不存在", "there is no such pair or slot"
            )
        both = parties[pair.first], parties[pair.second]
        wrong = (
            _wrong_pin(pair, pin.slot, both)
            or _no_room(pin.slot, both, taken)
            or _no_table(pin.slot, pin.table, tables[pin.slot], taken)
        )
        if wrong is not None:
            raise refused_pin(pin.pair, pin.slot, *wrong)


def refused_pin(pair: str, slot: str, zh: str, en: str) -> PlanRefused:
    return PlanRefused(
        "pin",
        pair,
        f"固定的会面“{pair}”（时段“{slot}”）：{zh}",
        f"The pinned meeting {pair!r} in slot {slot!r}: {en}.",
    )


def _wrong_pin(pair: Pair, slot: str, both: tuple[Party, Party]) -> _Wrong:
    if pair.forbidden:
        return "该配对被禁止", "the pair is forbidden"
    if pair.slots is not None and slot not in pair.slots:
        return "该配对不能用这一时段", "the pair may not meet in this slot"
    for party in both:
        if party.available is not None and slot not in party.available:
            return f"“{party.id}”不在场", f"party {party.id!r} is absent"
    return None


def _no_room(slot: str, both: tuple[Party, Party], taken: Counter[tuple[str, ...]]) -> _Wrong:
    for party in both:
        at_once, in_all = ("at once", slot, party.id), ("in all", party.id)
        taken[at_once] += 1
        taken[in_all] += 1
        if taken[at_once] > party.delegations:
            return (
                f"“{party.id}”在该时段固定的会面太多",
                f"party {party.id!r} has more pinned meetings in it than delegations",
            )
        if party.capacity is not None and taken[in_all] > party.capacity:
            return (
                f"“{party.id}”固定的会面超过上限 {party.capacity}",
                f"party {party.id!r} has more pinned meetings than its capacity, {party.capacity}",
            )
    return None


def _no_table(
    slot: str, table: str | None, tables: tuple[str, ...], taken: Counter[tuple[str, ...]]
) -> _Wrong:
    taken["slot", slot] += 1
    if taken["slot", slot] > len(tables):
        return "该时段的桌子已用完", "the slot has fewer tables than pinned meetings"
    if table is None:
        return None
    if table not in tables:
        return f"该时段没有“{table}”桌", f"the slot has no table {table!r}"
    taken["table", slot, table] += 1
    if taken["table", slot, table] > 1:
        return f"“{table}”桌已被占用", f"table {table!r} is taken by another pinned meeting"
    return None
