"""Seeded synthetic listings: the same count and seed give the same listings and the same bytes.

Listings are drawn one after another, so a shorter run is the beginning of a longer one. Both
sides draw from the same topics, but results speak of solutions and needs of problems. About
5 % are in English, 8 % stand in a wrong field, and numbers, modes and prices are often missing.

python -m tests.bench.generator --results 100000 --needs 10000 --folder DIR
"""

import argparse
import math
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import msgspec

from schemas import vocab
from schemas.listings import Need, Result
from search.port import Filters
from tests.bench import sentences
from tests.bench.lexicon import Work, works
from tests.bench.sentences import Topic, compose, compose_english, draw_topic, wording
from tests.bench.table import DEFAULT_SEED, count

ListingT = TypeVar("ListingT", Result, Need)

_ENGLISH_SHARE = 0.05
_WRONG_FIELD_SHARE = 0.08
_TEN_THOUSAND_CNY = 10_000
_YEAR = 2027

_SEARCHES = (
    "{product}",
    "{solution}",
    "{plain}{process}",
    "{product} {solution}",
    "{material} {process}",
    "{process}{product}",
)
_UNIVERSITIES = ("刺桐", "闽都", "鹭江", "武夷", "清源", "东海", "云岭", "中州", "北辰", "江南")
_FACULTIES = ("材料学院", "机械学院", "信息学院", "化工学院", "生命学院", "环境学院", "研究院")
_COMPANIES = ("科技有限公司", "实业有限公司", "集团有限公司", "制造有限公司", "股份有限公司")


def synthetic_results(number: int, *, seed: int = DEFAULT_SEED) -> Iterator[Result]:
    rng = Random(f"results {seed}")
    for place in range(1, number + 1):
        yield _result(rng, f"S{place:06}")


def synthetic_needs(number: int, *, seed: int = DEFAULT_SEED) -> Iterator[Need]:
    rng = Random(f"needs {seed}")
    for place in range(1, number + 1):
        yield _need(rng, f"D{place:06}")


def synthetic_searches(number: int, *, seed: int = DEFAULT_SEED) -> Iterator[tuple[str, Filters]]:
    """One to three words as typed into a search box, with a filter that people choose."""
    rng = Random(f"searches {seed}")
    for _ in range(number):
        topic = draw_topic(rng, works())
        text = rng.choice(_SEARCHES).format_map(wording(rng, topic))
        yield text, _filter(rng, topic)


def _result(rng: Random, listing_id: str) -> Result:
    topic = draw_topic(rng, works())
    words = wording(rng, topic)
    if rng.random() < _ENGLISH_SHARE:
        title = rng.choice(sentences.ENGLISH_TITLES).format_map(words)
        summary = compose_english(words, sentences.ENGLISH_SENTENCES)
        keywords: tuple[str, ...] = (words["thing"], words["means"])
    else:
        title = rng.choice(sentences.RESULT_TITLES).format_map(words)
        summary = compose(rng, words, sentences.RESULT_OPENINGS, sentences.RESULT_SENTENCES)
        keywords = _keywords(rng, words)
    price_cny = _money(rng, unknown=0.35)
    return Result(
        id=listing_id,
        title=title[:1].upper() + title[1:],
        summary=summary,
        keywords=keywords,
        fields=(_field(rng, topic.work),),
        industries=_industries(rng, topic.work),
        trl=rng.choice((3, 4, 5, 6, 6, 7, 7, 8, 9, None)),
        modes=_modes(rng),
        price_min_cny=price_cny,
        price_max_cny=price_cny,
        division=rng.choice(_divisions()),
        institute=f"{rng.choice(_UNIVERSITIES)}大学{rng.choice(_FACULTIES)}",
    )


def _need(rng: Random, listing_id: str) -> Need:
    topic = draw_topic(rng, works())
    words = wording(rng, topic)
    if rng.random() < _ENGLISH_SHARE:
        title = rng.choice(sentences.ENGLISH_TITLES).format_map(words)
        description = compose_english(words, sentences.ENGLISH_NEED_SENTENCES)
    else:
        title = rng.choice(sentences.NEED_TITLES).format_map(words)
        description = compose(rng, words, sentences.NEED_OPENINGS, sentences.NEED_SENTENCES)
    budget_cny = _money(rng, unknown=0.3)
    return Need(
        id=listing_id,
        title=title[:1].upper() + title[1:],
        description=description,
        indicators=words["indicator"] if rng.random() < 0.7 else "",
        fields=(_field(rng, topic.work),),
        industries=_industries(rng, topic.work),
        trl_min=rng.choice((5, 6, 7, 7, 8, None)),
        trl_max=9,
        modes=_modes(rng),
        budget_min_cny=budget_cny,
        budget_max_cny=budget_cny,
        deadline=_last_of_month(rng.randrange(1, 13)) if rng.random() < 0.8 else None,
        division=rng.choice(_divisions()),
        enterprise=f"{words['brand']}{topic.work.name}{rng.choice(_COMPANIES)}",
    )


def _keywords(rng: Random, words: dict[str, str]) -> tuple[str, ...]:
    known = [words[key] for key in ("product", "material", "process", "solution", "tail")]
    return tuple(rng.sample(known, rng.randrange(3, 6)))


def _field(rng: Random, work: Work) -> str:
    other = rng.random() < _WRONG_FIELD_SHARE
    return rng.choice([entry.code for entry in vocab.fields()]) if other else work.field


def _industries(rng: Random, work: Work) -> tuple[str, ...]:
    return work.industries[: rng.randrange(1, len(work.industries) + 1)]


def _modes(rng: Random) -> tuple[str, ...]:
    known = ("transfer", "licence", "joint", "commissioned", "service", "equity")
    return tuple(rng.sample(known, rng.randrange(1, 4)))


def _money(rng: Random, *, unknown: float) -> int | None:
    if rng.random() < unknown:
        return None
    return round(5 * math.pow(400, rng.random())) * _TEN_THOUSAND_CNY


def _last_of_month(month: int) -> date:
    return date(_YEAR + month // 12, month % 12 + 1, 1) - timedelta(days=1)


@cache
def _divisions() -> list[str]:
    """Prefectures, and all counties of one province."""
    codes = [entry.code for entry in vocab.divisions()]
    return [c for c in codes if c.endswith("00") != c.startswith("35") and not c.endswith("0000")]


def _filter(rng: Random, topic: Topic) -> Filters:
    filters = (
        Filters(fields=(topic.work.field,)),
        Filters(industries=(topic.work.industries[0][:3],)),
        Filters(trl_min=6),
        Filters(price_max_cny=1_000_000),
        Filters(fields=(topic.work.field,), trl_min=5, trl_max=8),
        Filters(divisions=("35",)),
    )
    return rng.choice(filters)


def result_row(result: Result) -> dict[str, Any]:
    """A result with the keys that files of results have."""
    price_cny = result.price_min_cny
    return {
        "id": result.id,
        "title": result.title,
        "summary": result.summary,
        "keywords": result.keywords,
        "trl": result.trl,
        "price_cny_10k": None if price_cny is None else price_cny // _TEN_THOUSAND_CNY,
        "institute": result.institute,
    } | _common_row(result)


def need_row(need: Need) -> dict[str, Any]:
    """A need with the keys that files of needs have."""
    budget_cny = need.budget_max_cny
    return {
        "id": need.id,
        "title": need.title,
        "description": need.description,
        "indicators": need.indicators,
        "trl_min": need.trl_min,
        "trl_max": need.trl_max,
        "budget_cny_10k": None if budget_cny is None else budget_cny // _TEN_THOUSAND_CNY,
        "deadline": need.deadline.isoformat()[:7] if need.deadline else None,
        "enterprise": need.enterprise,
    } | _common_row(need)


def _common_row(listing: Result | Need) -> dict[str, Any]:
    industries = vocab.industries()
    return {
        "field": vocab.fields()[listing.fields[0]].zh,
        "industries": [f"{code} {industries[code].zh}" for code in listing.industries],
        "cooperation_modes": [vocab.modes()[code].zh for code in listing.modes],
        "region": listing.division,
    }


def write_files(folder: Path, *, results: int, needs: int, seed: int) -> tuple[Path, Path]:
    """Write results.jsonl and needs.jsonl into the folder, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / "results.jsonl", folder / "needs.jsonl"
    _write_lines(paths[0], synthetic_results(results, seed=seed), result_row)
    _write_lines(paths[1], synthetic_needs(needs, seed=seed), need_row)
    return paths


def _write_lines(
    path: Path, listings: Iterable[ListingT], row: Callable[[ListingT], dict[str, Any]]
) -> None:
    encode = msgspec.json.Encoder().encode
    with path.open("wb", buffering=1 << 20) as file:
        for listing in listings:
            file.write(encode(row(listing)) + b"\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.generator")
    parser.add_argument("--results", type=count, required=True, metavar="N")
    parser.add_argument("--needs", type=count, required=True, metavar="M")
    parser.add_argument("--folder", type=Path, required=True, metavar="DIR")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    chosen = parser.parse_args()
    write_files(chosen.folder, results=chosen.results, needs=chosen.needs, seed=chosen.seed)


if __name__ == "__main__":
    main()
