"""The rows of a report of pairs, made one by one while they are written."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from market.commands.progress import Steps
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
        # Ranks by (place of the need, place of the result).
        self._rank_for_need: dict[tuple[int, int], int] = {}
        self._rank_for_result: dict[tuple[int, int], int] = {}

    def __iter__(self) -> Iterator[PairRow]:
        results_choices = self._choices_of_results() if self._wanted.both_ways else []
        yield from self._rows_of_needs()
        for choices in self._steps.counted("写出成果方", "Writing", results_choices):
            yield from self._rows(choices, "result")

    def _choices_of_results(self) -> list[list[RankedPair]]:
        ranked = self._matcher.rank_needs_for_results(top=self._wanted.top)
        total = len(self._matcher.results)
        counted = self._steps.counted("成果找需求", "Needs for results", ranked, total=total)
        choices = [self._good_enough(pairs) for pairs in counted]
        for pairs in choices:
            for rank, pair in enumerate(pairs, 1):
                self._rank_for_result[pair.need, pair.result] = rank
        return choices

    def _rows_of_needs(self) -> Iterator[PairRow]:
        ranked = self._matcher.rank_results_for_needs(top=self._wanted.top)
        needs = self._matcher.needs
        counted = self._steps.counted("需求找成果", "Results for needs", ranked, total=len(needs))
        for need, pairs in zip(needs, counted, strict=True):
            self._note_if_without(need, pairs)
            yield from self._rows(self._good_enough(pairs), "need")

    def _good_enough(self, pairs: Iterable[RankedPair]) -> list[RankedPair]:
        return [pair for pair in pairs if pair.score >= self._wanted.min_score]

    def _rows(self, pairs: Sequence[RankedPair], direction: Direction) -> Iterator[PairRow]:
        for rank, pair in enumerate(pairs, 1):
            if direction == "need" and self._wanted.both_ways:
                self._rank_for_need[pair.need, pair.result] = rank
            self.count += 1
            yield self._row(rank, pair, direction)

    def _row(self, rank: int, pair: RankedPair, direction: Direction) -> PairRow:
        match = self._matcher.explain(pair)
        place = pair.need, pair.result
        result_rank = self._rank_for_result.get(place)
        chosen_by_need = direction == "need" or place in self._rank_for_need
        return PairRow(
            need=self._matcher.needs[pair.need],
            result=self._matcher.results[pair.result],
            rank=rank,
            score=match.score,
            reasons=_texts(match, supports=True),
            counter_reasons=_texts(match, supports=False),
            result_rank=result_rank,
            mutual=chosen_by_need and result_rank is not None if self._wanted.both_ways else None,
            direction=direction,
        )

    def _note_if_without(self, need: Need, pairs: Sequence[RankedPair]) -> None:
        best = pairs[0] if pairs else None
        if best is None or best.score < GOOD_SCORE:
            self.without_result.append(
                NeedWithoutResult(need, best and round(best.score, 1), self._why_without(best))
            )

    def _why_without(self, best: RankedPair | None) -> str:
        zh = self._lang == "zh"
        if best is None:
            return "没有可比的成果" if zh else "There is no result to compare with"
        against = _texts(self._matcher.explain(best), supports=False)
        if zh:
            return f"最高分低于 {GOOD_SCORE:g}" + "".join(f"；{text}" for text in against)
        return f"The best score is below {GOOD_SCORE:g}" + "".join(f"; {text}" for text in against)


def _texts(match: Match, *, supports: bool) -> tuple[str, ...]:
    return tuple(reason.text for reason in match.reasons if reason.supports is supports)
