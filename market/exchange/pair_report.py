"""What a run has to tell: the pairs, the needs left over, the rows that were refused."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Literal, NamedTuple

import msgspec

from market.exchange.headers import Column
from market.exchange.problems import Lang, RowProblem
from schemas.listings import Need, Result

Direction = Literal["need", "result"]
Summary = Mapping[str, str | int | float]


class PairRow(msgspec.Struct, frozen=True, kw_only=True):
    """One need beside one result.

    `rank` is the place of the result in the need's list, 1 the best; with direction "result" it
    is the place of the need in the result's list. `result_rank` and `mutual` (each among the
    other's best) are known when both ways were asked for.
    """

    need: Need
    result: Result
    rank: int
    score: float
    reasons: tuple[str, ...]
    counter_reasons: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    result_rank: int | None = None
    mutual: bool | None = None
    direction: Direction = "need"


class NeedWithoutResult(NamedTuple):
    """A need whose best score, if there is any, stays under the threshold, and why in words."""

    need: Need
    best_score: float | None
    reason: str


class PairReport(msgspec.Struct, frozen=True, kw_only=True):
    """All that a run has to tell.

    `pairs` is read once, need by need, best first. `without_result` may grow meanwhile: it is
    read along with the pairs, so a need has to be in it before its first pair is handed out, and
    it changes at its end alone. `need_columns` and `result_columns` are those of the two files:
    their extra columns come out again in that order, their contact columns only `with_contacts`.
    `summary` is called once, after the last pair, so that it can hold
    counts of the pairs; its names and values are shown as they are.
    """

    pairs: Iterable[PairRow]
    without_result: Sequence[tuple[Need, float | None, str]] = ()
    refused: Sequence[RowProblem] = ()
    warnings: Sequence[RowProblem] = ()
    need_columns: Sequence[Column] = ()
    result_columns: Sequence[Column] = ()
    lang: Lang = "zh"
    with_contacts: bool = False
    both_ways: bool = False
    as_of: date
    top: int = 10
    summary: Callable[[], Summary] = dict
