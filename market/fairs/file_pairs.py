"""Who may meet whom of a fair's spreadsheet: its listings matched, and its wishes. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

import msgspec

from market.exchange.fair_book import MatchedPair, Wish
from market.exchange.fair_file import FairFile
from market.exchange.fair_words import KINDS, word
from market.exchange.problems import RowProblem
from market.fairs.meeting_rules import is_host, may_meet
from market.fairs.weighing import Likings, stronger, weigh
from market.matching.pairing import Matcher, RankedPair
from schemas.listings import Need, Result
from schemas.matching import Match
from schemas.vocab import Lang

# So many results of a need are looked at; a fair's organisations bring a handful each.
_MOST_RESULTS = 100
Progress = Callable[[int], None]


class PairsOfFile(NamedTuple):
    """The pairs in the order of the participants, and the wishes that can't be."""

    pairs: tuple[MatchedPair, ...]
    refused: list[RowProblem]


class _Found(NamedTuple):
    """The best of the listings of two participants; `is_turned`: the host has the need."""

    match: Match
    is_turned: bool


_Two = tuple[str, str]


def pairs_of_file(
    fair: FairFile,
    *,
    as_of: date,
    lang: Lang,
    min_score: float,
    progress: Progress | None = None,
) -> PairsOfFile:
    """One pair for each two participants that a match of `min_score` or a wish brings together.

    Of several matches of two participants the best one counts and gives the reasons. Where
    either side says no, the pair is forbidden, whatever else speaks for it.
    """
    kinds = {each.participant.id: each.participant.kind for each in fair.participants}
    wishes, refused = _wishes(fair, kinds, lang)
    found = _matches(fair, kinds, as_of=as_of, lang=lang, progress=progress)
    wished = {_hosted(who, whom, kinds) for who, whom in wishes}
    wanted = wished | {two for two, each in found.items() if each.match.score >= min_score}
    places = {each.participant.id: place for place, each in enumerate(fair.participants)}
    ordered = sorted(wanted, key=lambda two: (places[two[0]], places[two[1]]))
    pairs = filter(None, (_pair(two, found.get(two), wishes, min_score) for two in ordered))
    numbered = (
        msgspec.structs.replace(pair, id=f"P{number:04d}") for number, pair in enumerate(pairs, 1)
    )
    return PairsOfFile(tuple(numbered), refused)


def _wishes(
    fair: FairFile, kinds: Mapping[str, str], lang: Lang
) -> tuple[dict[_Two, Wish], list[RowProblem]]:
    """The strongest wish of each for each: a no before a must before a like."""
    wishes: dict[_Two, Wish] = {}
    refused = []
    for each in fair.wishes:
        two = (each.who, each.whom)
        if not may_meet(kinds[each.who], kinds[each.whom]):
            first, second = (word(KINDS, kinds[one], lang) for one in two)
            values = {"first": first, "second": second}
            sheet = each.sheet
            refused.append(RowProblem(sheet, each.line, each.column, "kinds_do_not_meet", values))
        else:
            wishes[two] = stronger(wishes.get(two), each.wish) or each.wish
    return wishes, refused


def _hosted(one: str, other: str, kinds: Mapping[str, str]) -> _Two:
    """The two of them, the host first."""
    return (one, other) if is_host(kinds[one], kinds[other]) else (other, one)


def _matches(
    fair: FairFile,
    kinds: Mapping[str, str],
    *,
    as_of: date,
    lang: Lang,
    progress: Progress | None,
) -> dict[_Two, _Found]:
    """The best match of each two participants that may meet."""
    if not fair.results or not fair.needs:
        return {}
    matcher = Matcher(fair.results, fair.needs, as_of=as_of, lang=lang)
    best: dict[_Two, RankedPair] = {}
    for place, ranked in enumerate(matcher.rank_results_for_needs(top=_MOST_RESULTS), 1):
        for pair in ranked:
            two = _two_of(pair, matcher, fair, kinds)
            if two is not None and (two not in best or pair.score > best[two].score):
                best[two] = pair
        if progress is not None:
            progress(place)
    return dict(_explained(best, matcher, fair))


def _two_of(
    pair: RankedPair, matcher: Matcher, fair: FairFile, kinds: Mapping[str, str]
) -> _Two | None:
    giver, asker = _sides(matcher.results[pair.result], matcher.needs[pair.need], fair)
    if giver == asker or not may_meet(kinds[giver], kinds[asker]):
        return None
    return _hosted(giver, asker, kinds)


def _sides(result: Result, need: Need, fair: FairFile) -> _Two:
    return fair.owners["result", result.id], fair.owners["need", need.id]


def _explained(
    best: dict[_Two, RankedPair], matcher: Matcher, fair: FairFile
) -> Iterator[tuple[_Two, _Found]]:
    # Need by need: what is worked out for a need is let go of once its pairs are told.
    of_need: dict[int, list[_Two]] = defaultdict(list)
    for two, pair in best.items():
        of_need[pair.need].append(two)
    for need, twos in of_need.items():
        for two in twos:
            pair = best[two]
            giver, _ = _sides(matcher.results[pair.result], matcher.needs[need], fair)
            yield two, _Found(matcher.explain(pair), is_turned=giver != two[0])
        matcher.forget(need)


def _pair(
    two: _Two, found: _Found | None, wishes: dict[_Two, Wish], floor: float
) -> MatchedPair | None:
    """The pair as it weighs; None where neither wish nor score is worth a meeting."""
    first_wish, second_wish = wishes.get(two), wishes.get((two[1], two[0]))
    first_log_odds, second_log_odds = _log_odds(found)
    weighed = weigh(
        Likings(
            score=None if found is None else found.match.score,
            first_log_odds=first_log_odds,
            second_log_odds=second_log_odds,
            first_wish=first_wish,
            second_wish=second_wish,
        ),
        floor=floor,
    )
    if weighed is None:
        return None
    pair = MatchedPair(
        id="",
        first=two[0],
        second=two[1],
        # The planner takes no pair without a weight, not even to say that it is forbidden.
        weight=max(1, weighed.weight),
        first_wish=first_wish,
        second_wish=second_wish,
        is_forbidden=weighed.is_forbidden,
    )
    return pair if found is None else _with_match(pair, found.match)


def _log_odds(found: _Found | None) -> tuple[float | None, float | None]:
    if found is None:
        return None, None
    institute, enterprise = found.match.institute.log_odds, found.match.enterprise.log_odds
    return (enterprise, institute) if found.is_turned else (institute, enterprise)


def _with_match(pair: MatchedPair, match: Match) -> MatchedPair:
    # Agendas go to both sides: neither reads there what the other asks or can pay.
    told = [(each.supports, each.text) for each in match.reasons if each.feature != "price"]
    return msgspec.structs.replace(
        pair,
        score=match.score,
        result_id=f"result/{match.result_id}",
        need_id=f"need/{match.need_id}",
        reasons=tuple(text for supports, text in told if supports),
        counter_reasons=tuple(text for supports, text in told if not supports),
    )
