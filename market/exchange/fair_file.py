"""What the spreadsheet of a fair says, before anybody is paired or planned."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from market.exchange.fair_book import FairSlot, FairTable, Participant, Wish
from market.exchange.problems import RowProblem
from schemas.listings import Need, Result

Seating = Literal["free", "hosts_stay"]


class FairSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the sheet of the fair itself says; None where it says nothing."""

    name: str = ""
    organizer: str = ""
    venue: str = ""
    address: str = ""
    time_zone: str = "Asia/Shanghai"
    about: str = ""
    url: str = ""
    seating: Seating | None = None
    floor: int | None = None
    most_meetings: int | None = None


class SheetParticipant(msgspec.Struct, frozen=True, kw_only=True):
    """A participant with what the planner must know; `line` is the first row that names it.

    `absent` are numbers of slots from 1, `tables` ids of tables of its own.
    """

    participant: Participant
    line: int = 0
    most_meetings: int | None = None
    floor: int | None = None
    absent: frozenset[int] = frozenset()
    tables: tuple[str, ...] = ()


class SheetWish(msgspec.Struct, frozen=True, kw_only=True):
    """What one participant says of another; the last three are where the target stands."""

    who: str
    whom: str
    wish: Wish
    sheet: str
    line: int
    column: str


class FairFile(msgspec.Struct, frozen=True, kw_only=True):
    """A whole spreadsheet. Participants are named by id; every listing has one that brings it.

    `owners` says whose each listing is: (kind of listing, its id) → id of the participant.
    `refused` and `warnings` bear the sheet's name where a file's would stand.
    """

    settings: FairSettings
    slots: tuple[FairSlot, ...]
    tables: tuple[FairTable, ...]
    participants: tuple[SheetParticipant, ...]
    results: Sequence[Result]
    needs: Sequence[Need]
    owners: dict[tuple[str, str], str]
    wishes: Sequence[SheetWish]
    refused: list[RowProblem]
    warnings: list[RowProblem]
