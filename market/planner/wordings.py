"""Why a pair does not meet, and the cheapest way out, as sentences. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from market.planner.model import Change, Unplanned
from schemas.vocab import Lang

Names = Mapping[str, str]


class PlanNames(NamedTuple):
    """How people call what the planner knows by id: parties and slots by their names."""

    parties: Names
    slots: Names
    # Of a pair's id the ids of its parties.
    sides: Callable[[str], tuple[str, str]]

    def pair(self, pair_id: str | None, lang: Lang) -> str:
        if pair_id is None:
            return ""
        both = (self.party(each, lang) for each in self.sides(pair_id))
        return (" 与 " if lang == "zh" else " with ").join(both)

    def party(self, party_id: str | None, lang: Lang) -> str:
        name = self.parties.get(party_id or "", party_id or "")
        return f"“{name}”" if lang == "zh" else name


def reason_of(unplanned: Unplanned, names: PlanNames, lang: Lang) -> str:
    """Why the pair does not meet."""
    zh, en = _REASONS[unplanned.cause](unplanned, names)
    return zh if lang == "zh" else en


def fix_of(unplanned: Unplanned, names: PlanNames, lang: Lang) -> str:
    """What to change so that the pair can meet; "" where nothing helps."""
    fix = unplanned.fix
    if fix is None:
        return ""
    slot = names.slots.get(fix.slot, fix.slot)
    if not fix.changes:
        return f"可直接排入第 {slot} 场" if lang == "zh" else f"Fits into slot {slot} as it is"
    parts = [_change(change, slot, names, lang) for change in fix.changes]
    if lang == "zh":
        return f"安排在第 {slot} 场：" + "；".join(parts)
    return f"In slot {slot}: " + "; ".join(parts)


_Told = tuple[str, str]


def _forbidden(_: Unplanned, __: PlanNames) -> _Told:
    return "至少一方表示不见面", "At least one side does not want to meet"


def _no_common_slot(_: Unplanned, __: PlanNames) -> _Told:
    return "双方没有同时在场的场次", "There is no slot in which both are there"


def _capacity(unplanned: Unplanned, names: PlanNames) -> _Told:
    zh, en = names.party(unplanned.party, "zh"), names.party(unplanned.party, "en")
    return (
        f"{zh}已达到自己的会面上限{_kept(unplanned, 'zh')}",
        f"{en} has as many meetings as it may have{_kept(unplanned, 'en')}",
    )


def _party_full(unplanned: Unplanned, names: PlanNames) -> _Told:
    zh, en = names.party(unplanned.party, "zh"), names.party(unplanned.party, "en")
    return (
        f"{zh}在场的场次都已排满{_kept(unplanned, 'zh')}",
        f"{en} has a meeting in every slot{_kept(unplanned, 'en')}",
    )


def _kept(unplanned: Unplanned, lang: Lang) -> str:
    if unplanned.kept_weight is None:
        return ""
    if lang == "zh":
        return f"，其中最轻的一场权重 {unplanned.kept_weight}"
    return f"; the lightest weighs {unplanned.kept_weight}"


def _shared_table(unplanned: Unplanned, names: PlanNames) -> _Told:
    zh, en = names.party(unplanned.party, "zh"), names.party(unplanned.party, "en")
    return (
        f"{zh}与别的单位共用一张桌，空闲场次该桌已被占用",
        f"{en} shares its table, which another host uses whenever both are free",
    )


def _tables_full(unplanned: Unplanned, names: PlanNames) -> _Told:
    slots = [names.slots.get(slot, slot) for slot in unplanned.slots]
    return (
        f"双方都空闲的第 {'、'.join(slots)} 场洽谈桌已用完",
        f"All tables are taken in the slots in which both are free: {', '.join(slots)}",
    )


def _not_placeable(_: Unplanned, __: PlanNames) -> _Told:
    return (
        "双方各有空闲场次，但时间错开，也换不开",
        "Both have free slots, but at different times, and no exchange helps",
    )


_REASONS: Mapping[str, Callable[[Unplanned, PlanNames], _Told]] = {
    "forbidden": _forbidden,
    "no_common_slot": _no_common_slot,
    "capacity": _capacity,
    "party_full": _party_full,
    "shared_table": _shared_table,
    "tables_full": _tables_full,
    "not_placeable": _not_placeable,
}


def _change(change: Change, slot: str, names: PlanNames, lang: Lang) -> str:
    party = names.party(change.party, lang)
    pair = names.pair(change.pair, lang)
    zh, en = {
        "allow_pair": ("请双方同意见面", "both must agree to meet"),
        "allow_slot": ("允许该配对用这一场", "let the pair use this slot"),
        "make_available": (f"请{party}这一场到场", f"{party} must come to this slot"),
        "raise_capacity": (
            f"把{party}的会面上限加一",
            f"raise the number of meetings of {party} by one",
        ),
        "add_table": (f"第 {slot} 场加一张桌", f"add a table in slot {slot}"),
        "separate_table": (f"给{party}单独一张桌", f"give {party} a table of its own"),
        "displace": (
            f"取消{pair}的会面（权重 {change.weight}）",
            f"give up the meeting of {pair} (weight {change.weight})",
        ),
        "unpin": (
            f"放开{pair}固定的会面（权重 {change.weight}）",
            f"unpin the meeting of {pair} (weight {change.weight})",
        ),
    }[change.kind]
    return zh if lang == "zh" else en


def slot_names(slots: Sequence[str]) -> dict[str, str]:
    """Slots are called by their numbers."""
    return {slot: str(number) for number, slot in enumerate(slots, 1)}
