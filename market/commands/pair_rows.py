"""The rows of a report of pairs, made one by one while they are written."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from market.commands.progress import Steps
from market.commands.two_processes import in_two_processes
from market.exchange.pair_report import Direction, NeedWithoutResult, PairRow
from market.matching.pairing import Matcher, RankedPair
from market.matching.score import GOOD_SCORE
from schemas.listings import Need
from schemas.matching import Match
from schemas.vocab import Lang


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which pairs go into a report."""

    top: int = 10
    min_score: float = 0.0
    both_ways: bool = False


class _Choice(NamedTuple):
    """A pair that was chosen, with its sentences."""

    pair: RankedPair
    reasons: tuple[str, ...]
    counter_reasons: tuple[str, ...]


class PairRows:
    """The wanted pairs: need by need its best results, then result by result its best needs.

    Iterate once. `count` and `without_result` are complete when the iteration has ended.
    """

    def __init__(self, matcher: Matcher, wanted: Wanted, steps: Steps, *, lang: Lang) -> None:
        self.count = 0
        self.without_result: list[NeedWithoutResult] = []
        self._matcher = matcher
        self._wanted = wanted
        self._steps = steps
        self._lang: Lang = lang
        # A need must stand somewhere: who asks for more than a good score finds it among those
        # without a result.
        self._good_score = max(GOOD_SCORE, wanted.min_score)
        # Ranks by (place of the need, place of the result).
        self._rank_for_need: dict[tuple[int, int], int] = {}
        self._rank_for_result: dict[tuple[int, int], int] = {}

    def __iter__(self) -> Iterator[PairRow]:
        chosen = self._choices_of_results() if self._wanted.both_ways else []
        yield from self._rows_of_needs()
        for pairs in self._steps.counted("写出成果方", "Writing", chosen):
            yield from self._rows(self._explained(pairs), "result")

    def _choices_of_results(self) -> list[list[RankedPair]]:
        matcher, top = self._matcher, self._wanted.top
        # Before the fork: else either process would make an index of its own.
        matcher.index_needs()
        total = len(matcher.results)
        ranked = in_two_processes(total, lambda place: matcher.best_needs(place, top=top))
        counted = self._steps.counted("成果找需求", "Needs for results", ranked, total=total)
        choices = [self._good_enough(pairs) for pairs in counted]
        for pairs in choices:
            for rank, pair in enumerate(pairs, 1):
                self._rank_for_result[pair.need, pair.result] = rank
        return choices

    def _rows_of_needs(self) -> Iterator[PairRow]:
        needs = self._matcher.needs
        chosen = in_two_processes(len(needs), self._chosen_for_need)
        counted = self._steps.counted("需求找成果", "Results for needs", chosen, total=len(needs))
        for need, choices in zip(needs, counted, strict=True):
            self._note_if_without(need, choices)
            yield from self._rows(choices, "need")

    def _chosen_for_need(self, place: int) -> list[_Choice]:
        ranked = self._matcher.best_results(place, top=self._wanted.top)
        # The best one is told of even where it is not good enough to be a row.
        choices = self._explained(self._good_enough(ranked) or ranked[:1])
        self._matcher.forget(place)
        return choices

    def _good_enough(self, pairs: Iterable[RankedPair]) -> list[RankedPair]:
        return [pair for pair in pairs if pair.score >= self._wanted.min_score]

    def _explained(self, pairs: Iterable[RankedPair]) -> list[_Choice]:
        return [_choice(pair, self._matcher.explain(pair)) for pair in pairs]

    def _rows(self, choices: Sequence[_Choice], direction: Direction) -> Iterator[PairRow]:
        for rank, choice in enumerate(choices, 1):
            if choice.pair.score < self._wanted.min_score:
                return
            if direction == "need" and self._wanted.both_ways:
                self._rank_for_need[choice.pair.need, choice.pair.result] = rank
            self.count += 1
            yield self._row(rank, choice, direction)

    def _row(self, rank: int, choice: _Choice, direction: Direction) -> PairRow:
        place = choice.pair.need, choice.pair.result
        result_rank = self._rank_for_result.get(place)
        chosen_by_need = direction == "need" or place in self._rank_for_need
        return PairRow(
            need=self._matcher.needs[choice.pair.need],
            result=self._matcher.results[choice.pair.result],
            rank=rank,
            score=round(choice.pair.score, 1),
            reasons=choice.reasons,
            counter_reasons=choice.counter_reasons,
            warnings=self._notes(choice.pair),
            result_rank=result_rank,
            mutual=chosen_by_need and result_rank is not None if self._wanted.both_ways else None,
            direction=direction,
        )

    def _notes(self, pair: RankedPair) -> tuple[str, ...]:
        """What no score knows: a need that may be settled already."""
        deadline = self._matcher.needs[pair.need].deadline
        if deadline is None or deadline >= self._matcher.as_of:
            return ()
        passed = f"需求期限 {deadline} 已过"
        return (passed if self._lang == "zh" else f"The need's deadline {deadline} has passed",)

    def _note_if_without(self, need: Need, choices: Sequence[_Choice]) -> None:
        best = choices[0] if choices else None
        if best is None:
            reason = (
                "没有可比的成果" if self._lang == "zh" else "There is no result to compare with"
            )
            self.without_result.append(NeedWithoutResult(need, None, reason))
        elif best.pair.score < self._good_score:
            score = round(best.pair.score, 1)
            self.without_result.append(NeedWithoutResult(need, score, self._why_without(best)))

    def _why_without(self, best: _Choice) -> str:
        if self._lang == "zh":
            return "；".join([f"最高分低于 {self._good_score:g}", *best.counter_reasons])
        return "; ".join([f"The best score is below {self._good_score:g}", *best.counter_reasons])


def _choice(pair: RankedPair, match: Match) -> _Choice:
    told = [(reason.supports, reason.text) for reason in match.reasons]
    return _Choice(
        pair=pair,
        reasons=tuple(text for supports, text in told if supports),
        counter_reasons=tuple(text for supports, text in told if not supports),
    )
