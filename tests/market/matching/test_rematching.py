"""Stored pairs follow the listings."""

import asyncio
import random
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from market.claiming import claim
from market.db import Database, utc_now
from market.errors import Unavailable
from market.jobs import REMATCH, Job, LeaseLost, enqueue
from market.listings.models import Listing
from market.matching.models import MatchFeedback, MatchRow
from market.matching.pairing import CANDIDATES_BY_WORDS, Matcher
from market.matching.rematching import FLOOR, Rematching
from market.matching.statistics import count_words, store_count
from schemas.listings import Need, Result
from search.port import SearchUnavailable
from tests.market.factories import bare_need, bare_result, make_need, make_result
from tests.market.matching.bazaar import Bazaar, today

WORDS = (
    "鞋底",
    "打滑",
    "橡胶",
    "湿摩擦系数",
    "锂电池",
    "隔膜",
    "涂层",
    "茶叶",
    "杀青",
    "陶瓷",
    "釉料",
    "机器人",
)
CODES = ("C1954", "C1953", "C3841", "C1539", "C3071")
TOLERANCE = 1e-6


async def rematch_all(bazaar: Bazaar, kind: str, ids: Sequence[uuid.UUID]) -> None:
    for each in ids:
        await bazaar.rematching.rematch(kind, [each])


async def count_all(database: Database) -> None:
    for kind in ("result", "need"):
        count = await count_words(database, kind)
        async with database.writing() as session:
            await store_count(session, kind, count, utc_now())


async def rematch_jobs(database: Database) -> list[Job]:
    async with database.reading() as session:
        found = await session.scalars(
            select(Job).where(Job.kind == REMATCH, Job.state == "queued").order_by(Job.id)
        )
        return list(found)


async def save(bazaar: Bazaar, match_id: uuid.UUID) -> None:
    assert bazaar.institute.organisation is not None
    feedback = MatchFeedback(
        match_id=match_id,
        organisation_id=bazaar.institute.organisation.id,
        user_id=bazaar.institute.user.id,
        verdict="saved",
        given_at=utc_now(),
    )
    async with bazaar.database.writing() as session:
        session.add(feedback)


def drawn(chance: random.Random, amount: int) -> tuple[list[Result], list[Need]]:
    """Listings of few words and codes, so that scores differ and near ones are many."""
    results, needs = [], []
    for place in range(amount):
        words = ["，".join(chance.choices(WORDS, k=6)) for _ in range(4)]
        codes = [(chance.choice(CODES),), (chance.choice(CODES),)]
        results.append(
            make_result(
                title=f"{words[0]}{place}号",
                summary=words[1],
                industries=codes[0],
                trl=chance.choice((None, 3, 5, 8)),
                price_min_cny=chance.choice((None, 100_000, 900_000, 4_000_000)),
                price_max_cny=None,
            )
        )
        needs.append(
            make_need(
                title=f"{words[2]}{place}号",
                description=words[3],
                industries=codes[1],
                modes=chance.choice(((), ("transfer",), ("licence",))),
                division=chance.choice((None, "350582", "440300")),
            )
        )
    return results, needs


def best_pairs(results: list[Result], needs: list[Need], top: int) -> dict[Any, float]:
    """What the file matcher puts among the best of either side, with scores worth keeping."""
    matcher = Matcher(results, needs, as_of=today())
    ranked = [
        *(matcher.best_results(place, top=top) for place in range(len(needs))),
        *(matcher.best_needs(place, top=top) for place in range(len(results))),
    ]
    return {
        (uuid.UUID(results[pair.result].id), uuid.UUID(needs[pair.need].id)): pair.score
        for pairs in ranked
        for pair in pairs
        if pair.score >= FLOOR
    }


async def test_a_result_and_a_need_that_fit_become_a_match(bazaar: Bazaar) -> None:
    result_id, need_id = await bazaar.post(make_result(), make_need())

    await bazaar.rematching.rematch("result", [result_id])

    (match,) = await bazaar.matches()
    (expected,) = best_pairs(*await bazaar.listed(), top=1).values()
    assert (match.result_id, match.need_id) == (result_id, need_id)
    assert (match.for_result, match.for_need, match.state) == (True, True, "open")
    assert (match.result_version, match.need_version) == (1, 1)
    assert match.score == pytest.approx(expected, abs=0.5)


async def test_a_pair_scores_the_same_whichever_side_asks(bazaar: Bazaar) -> None:
    result_id, need_id = await bazaar.post(make_result(), make_need())

    await bazaar.rematching.rematch("result", [result_id])
    by_result = (await bazaar.matches())[0]
    await bazaar.rematching.rematch("need", [need_id])
    by_need = (await bazaar.matches())[0]

    assert by_need.score == pytest.approx(by_result.score, abs=TOLERANCE)
    assert by_need.explanation == by_result.explanation
    assert (by_need.id, by_need.found_at) == (by_result.id, by_result.found_at)


async def test_the_explanation_holds_what_the_file_matcher_tells(bazaar: Bazaar) -> None:
    await bazaar.post(make_result(), make_need())
    await count_all(bazaar.database)
    results, needs = await bazaar.listed()

    await bazaar.rematching.rematch("need", [uuid.UUID(needs[0].id)])

    told = {}
    for lang in ("zh", "en"):
        matcher = Matcher(results, needs, as_of=today(), lang=lang)
        (told[lang],) = next(matcher.results_for_needs(top=1))
    (match,) = await bazaar.matches()
    assert match.explanation["reasons"] == {
        lang: [
            {"feature": each.feature, "supports": each.supports, "text": each.text}
            for each in told[lang].reasons
        ]
        for lang in told
    }
    assert match.explanation["enterprise"]["log_odds"] == pytest.approx(
        told["zh"].enterprise.log_odds
    )
    assert match.explanation["institute"]["log_odds"] == pytest.approx(
        told["zh"].institute.log_odds
    )


async def test_what_has_nothing_in_common_is_no_match(bazaar: Bazaar) -> None:
    (result_id, _) = await bazaar.post(
        bare_result("r", "茶叶杀青工艺", industries=("C1539",), fields=("agriculture",)),
        bare_need("n", "陶瓷釉料配方", industries=("C3071",), fields=("materials",)),
    )

    await bazaar.rematching.rematch("result", [result_id])

    assert await bazaar.matches() == []


async def test_encumbered_rights_take_a_stored_pair_away(bazaar: Bazaar) -> None:
    result_id, _ = await bazaar.post_pair()

    await bazaar.change(result_id, rights="encumbered")
    await bazaar.rematching.rematch("result", [result_id])

    assert await bazaar.matches() == []


async def test_an_organisation_is_not_matched_with_itself(bazaar: Bazaar) -> None:
    bazaar.enterprise = bazaar.institute
    (result_id, _) = await bazaar.post(make_result(), make_need())

    await bazaar.rematching.rematch("result", [result_id])

    assert await bazaar.matches() == []


@pytest.mark.parametrize("status", ["paused", "closed", "withdrawn", "expired"])
async def test_what_is_not_published_any_more_closes_its_matches(
    bazaar: Bazaar, status: str
) -> None:
    result_id, _ = await bazaar.post_pair()

    await bazaar.change(result_id, status=status)
    await bazaar.rematching.rematch("result", [result_id])

    (match,) = await bazaar.matches()
    assert (match.state, match.for_result, match.for_need) == ("closed", False, False)


async def test_closing_one_listing_leaves_the_matches_of_others(bazaar: Bazaar) -> None:
    first, second, need_id = await bazaar.post(
        make_result(), make_result(title="橡胶鞋底防滑"), make_need()
    )
    await bazaar.rematching.rematch("need", [need_id])

    await bazaar.change(first, status="withdrawn")
    await bazaar.rematching.rematch("result", [first])

    assert {row.result_id: row.state for row in await bazaar.matches()} == {
        first: "closed",
        second: "open",
    }


async def test_a_reopened_listing_opens_its_matches_again(bazaar: Bazaar) -> None:
    result_id, _ = await bazaar.post_pair()
    before = (await bazaar.matches())[0]
    await bazaar.change(result_id, status="paused")
    await bazaar.rematching.rematch("result", [result_id])

    await bazaar.change(result_id, status="published")
    await bazaar.index(result_id)
    await bazaar.rematching.rematch("result", [result_id])

    (match,) = await bazaar.matches()
    assert (match.id, match.state, match.result_version) == (before.id, "open", 3)
    assert (match.for_result, match.for_need) == (True, True)


async def test_a_closed_partner_stays_closed_when_the_other_side_is_matched(
    bazaar: Bazaar,
) -> None:
    result_id, need_id = await bazaar.post_pair()
    await bazaar.change(result_id, status="paused")
    await bazaar.rematching.rematch("result", [result_id])

    await bazaar.rematching.rematch("need", [need_id])

    assert [row.state for row in await bazaar.matches()] == ["closed"]


async def test_a_changed_listing_changes_its_scores(bazaar: Bazaar) -> None:
    result_id, _ = await bazaar.post_pair()
    before = (await bazaar.matches())[0]

    await bazaar.change(result_id, price_min_cny=9_000_000, price_max_cny=9_000_000)
    await bazaar.index(result_id)
    await bazaar.rematching.rematch("result", [result_id])

    (match,) = await bazaar.matches()
    assert (match.id, match.result_version, match.need_version) == (before.id, 2, 1)
    assert match.score < before.score
    assert match.found_at == before.found_at
    assert match.scored_at > before.scored_at


async def test_a_score_below_the_floor_takes_the_pair_off_both_lists(bazaar: Bazaar) -> None:
    result_id, _ = await bazaar.post_pair()

    await bazaar.change(
        result_id, title="茶叶杀青", text="茶", keywords=[], industries=["C1539"], fields=["energy"]
    )
    await bazaar.index(result_id)
    await bazaar.rematching.rematch("result", [result_id])

    assert await bazaar.matches() == []


async def test_a_pair_with_feedback_stays_when_neither_side_keeps_it(bazaar: Bazaar) -> None:
    result_id, _ = await bazaar.post_pair()
    before = (await bazaar.matches())[0]
    await save(bazaar, before.id)

    await bazaar.change(result_id, rights="encumbered")
    await bazaar.rematching.rematch("result", [result_id])

    (match,) = await bazaar.matches()
    assert (match.id, match.for_result, match.for_need) == (before.id, False, False)
    assert (match.state, match.score) == ("open", 0.0)


async def test_each_side_keeps_only_its_best(bazaar: Bazaar) -> None:
    bazaar.keeping(2)
    prices = (500_000, 1_000_000, 2_000_000, 4_000_000)
    *results, need_id = await bazaar.post(
        *(make_result(price_min_cny=price, price_max_cny=price) for price in prices), make_need()
    )

    await bazaar.rematching.rematch("need", [need_id])

    kept = {row.result_id: (row.for_result, row.for_need) for row in await bazaar.matches()}
    # Of each result this need is the only one, and so the best.
    assert kept == {
        results[0]: (True, True),
        results[1]: (True, True),
        results[2]: (True, False),
        results[3]: (True, False),
    }


async def test_a_better_need_is_told_to_a_result_that_has_enough(bazaar: Bazaar) -> None:
    bazaar.keeping(1)
    near = make_result(
        title="橡胶鞋底湿摩擦系数不够", summary="现有橡胶鞋底在湿地面上打滑，求配方。"
    )
    wanted, _, poor = await bazaar.post(
        make_result(price_min_cny=900_000, price_max_cny=None),
        near,
        make_need(industries=("C1539",), modes=("transfer",), trl_min=9),
    )
    await bazaar.rematching.rematch("need", [poor])
    (better,) = await bazaar.post(make_need())

    await bazaar.rematching.rematch("need", [better])

    kept = {
        row.need_id: (row.for_result, row.for_need)
        for row in await bazaar.matches()
        if row.result_id == wanted
    }
    # The need prefers the other result, and yet it is the best need of this one.
    assert kept[better] == (True, False)


async def test_a_pair_that_drops_off_one_list_stays_on_the_other(bazaar: Bazaar) -> None:
    bazaar.keeping(1)
    need_id, weak = await bazaar.post(
        make_need(), make_result(price_min_cny=4_000_000, price_max_cny=None)
    )
    await bazaar.rematching.rematch("need", [need_id])
    (strong,) = await bazaar.post(make_result())

    await bazaar.rematching.rematch("need", [need_id])

    kept = {row.result_id: (row.for_result, row.for_need) for row in await bazaar.matches()}
    assert kept == {strong: (True, True), weak: (True, False)}


@pytest.mark.parametrize("seed", range(4))
async def test_the_best_pairs_of_either_side_are_stored_in_whatever_order_jobs_run(
    bazaar: Bazaar, seed: int
) -> None:
    chance = random.Random(seed)
    bazaar.keeping(3)
    results, needs = drawn(chance, 9)
    todo = [
        *(("result", each) for each in await bazaar.post(*results)),
        *(("need", each) for each in await bazaar.post(*needs)),
    ]
    await count_all(bazaar.database)
    todo += chance.choices(todo, k=5)
    chance.shuffle(todo)

    for kind, listing_id in todo:
        await bazaar.rematching.rematch(kind, [listing_id])

    stored = await bazaar.pairs()
    expected = best_pairs(*await bazaar.listed(), top=3)
    assert {pair: stored.get(pair) for pair in expected} == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.parametrize("seed", range(3))
async def test_the_best_pairs_are_stored_when_listings_appear_one_by_one(
    bazaar: Bazaar, seed: int
) -> None:
    chance = random.Random(seed)
    bazaar.keeping(2)
    results, needs = drawn(chance, 8)
    todo = [
        *(("result", each) for each in await bazaar.post(*results)),
        *(("need", each) for each in await bazaar.post(*needs)),
    ]
    await count_all(bazaar.database)
    for _, listing_id in todo:
        await bazaar.change(listing_id, status="paused")
    chance.shuffle(todo)

    for kind, listing_id in todo:
        await bazaar.change(listing_id, status="published")
        await bazaar.index(listing_id)
        await bazaar.rematching.rematch(kind, [listing_id])

    stored = await bazaar.pairs()
    expected = best_pairs(*await bazaar.listed(), top=2)
    assert {pair: stored.get(pair) for pair in expected} == pytest.approx(expected, abs=TOLERANCE)


async def test_matching_again_changes_nothing(bazaar: Bazaar) -> None:
    results, needs = drawn(random.Random(7), 6)
    ids = await bazaar.post(*results)
    await bazaar.post(*needs)
    await rematch_all(bazaar, "result", ids)
    before = [(row.id, row.score, row.for_result, row.for_need) for row in await bazaar.matches()]

    await rematch_all(bazaar, "result", ids)

    after = [(row.id, row.score, row.for_result, row.for_need) for row in await bazaar.matches()]
    assert after == before


async def test_tasks_that_match_at_once_lose_no_pair(bazaar: Bazaar) -> None:
    chance = random.Random(3)
    results, needs = drawn(chance, 8)
    result_ids, need_ids = await bazaar.post(*results), await bazaar.post(*needs)
    await count_all(bazaar.database)
    others = [Rematching(bazaar.database, bazaar.indexes, kept=2) for _ in range(4)]
    todo = [
        ("result", result_ids[:4]),
        ("need", need_ids),
        ("result", result_ids),
        ("need", need_ids[3:]),
    ]

    await asyncio.gather(
        *(each.rematch(kind, ids) for each, (kind, ids) in zip(others, todo, strict=True))
    )

    stored = await bazaar.pairs()
    expected = best_pairs(*await bazaar.listed(), top=2)
    assert {pair: stored.get(pair) for pair in expected} == pytest.approx(expected, abs=TOLERANCE)


async def test_a_result_and_a_need_posted_at_once_find_each_other(bazaar: Bazaar) -> None:
    async def appear(listing: Result | Need) -> None:
        (listing_id,) = await bazaar.post(listing)
        kind = "result" if isinstance(listing, Result) else "need"
        await Rematching(bazaar.database, bazaar.indexes).rematch(kind, [listing_id])

    listings = [make_result() for _ in range(3)] + [make_need() for _ in range(3)]

    await asyncio.gather(*(appear(each) for each in listings))

    assert len(await bazaar.pairs()) == 9


async def test_a_large_market_is_searched_through_its_index(bazaar: Bazaar) -> None:
    strangers = [
        bare_result(f"r{place}", f"茶叶杀青工艺{place}", industries=("C1539",))
        for place in range(CANDIDATES_BY_WORDS + 5)
    ]
    await bazaar.post(*strangers)
    near, same_industry, need_id = await bazaar.post(
        bare_result("a", "橡胶鞋底", "湿摩擦系数"),
        make_result(title="注塑成型", summary="", keywords=()),
        make_need(),
    )

    await bazaar.rematching.rematch("need", [need_id])

    assert {result_id for result_id, _ in await bazaar.pairs()} == {near, same_industry}


async def test_stored_partners_are_scored_again_though_no_search_finds_them(
    bazaar: Bazaar,
) -> None:
    result_id, need_id = await bazaar.post_pair()
    await bazaar.post(
        *(
            bare_need(f"n{place}", f"茶叶杀青{place}", industries=("C1539",))
            for place in range(CANDIDATES_BY_WORDS + 5)
        )
    )

    await bazaar.change(result_id, title="茶叶杀青", text="茶叶", keywords=[], industries=["C1539"])
    await bazaar.index(result_id)
    await bazaar.rematching.rematch("result", [result_id])

    assert {row.result_version for row in await bazaar.matches()} == {2}
    assert (result_id, need_id) not in await bazaar.pairs() or len(await bazaar.pairs()) > 1


async def test_words_that_were_never_stored_are_cut_on_the_spot(bazaar: Bazaar) -> None:
    row = bazaar.row_of(make_result())
    async with bazaar.database.writing() as session:
        session.add(row)
    (need_id,) = await bazaar.post(make_need())

    await bazaar.rematching.rematch("need", [need_id])
    unindexed = await bazaar.pairs()
    await bazaar.index(row.id)
    await bazaar.rematching.rematch("need", [need_id])

    assert await bazaar.pairs() == pytest.approx(unindexed, abs=TOLERANCE)
    assert len(unindexed) == 1


async def test_a_pair_of_an_older_version_comes_too_late(bazaar: Bazaar) -> None:
    result_id, need_id = await bazaar.post_pair()
    before = (await bazaar.matches())[0]
    async with bazaar.database.writing() as session:
        await session.execute(update(MatchRow).values(need_version=5, score=99.5))

    await bazaar.rematching.rematch("need", [need_id])

    (match,) = await bazaar.matches()
    assert (match.id, match.result_id) == (before.id, result_id)
    assert (match.need_version, match.score) == (5, 99.5)


async def test_a_job_matches_all_its_listings_and_is_done(bazaar: Bazaar) -> None:
    ids = await bazaar.post(*(make_result() for _ in range(3)))
    await bazaar.post(make_need())

    await bazaar.work()

    assert len(await bazaar.pairs()) == 3
    assert {each for each, _ in await bazaar.pairs()} == set(ids)
    assert await rematch_jobs(bazaar.database) == []


async def test_many_listings_of_many_jobs_are_matched_in_parts(bazaar: Bazaar) -> None:
    ids = await bazaar.post(*(bare_result(f"r{place}", "橡胶鞋底防滑") for place in range(45)))
    await bazaar.post(make_need())
    async with bazaar.database.writing() as session:
        for some in (ids[:30], ids[20:], ids[:1]):
            payload = {"kind": "result", "ids": [str(each) for each in some]}
            await enqueue(session, REMATCH, payload)
    async with bazaar.database.writing() as session:
        jobs = await claim(session, [REMATCH], limit=20, lease_s=60)

    await bazaar.rematching.handle(jobs)

    assert len(await bazaar.pairs()) == 45
    async with bazaar.database.reading() as session:
        states = await session.scalars(select(Job.state).where(Job.kind == REMATCH))
        assert list(states) == ["done"] * len(jobs)


async def test_listings_that_are_gone_are_no_trouble(bazaar: Bazaar) -> None:
    payload = {"kind": "need", "ids": [str(uuid.uuid4())]}
    async with bazaar.database.writing() as session:
        await enqueue(session, REMATCH, payload)
        await enqueue(session, REMATCH, {"kind": "result", "ids": []})

    await bazaar.work()

    async with bazaar.database.reading() as session:
        assert set(await session.scalars(select(Job.state))) == {"done"}


async def test_nothing_is_stored_when_the_lease_is_lost(bazaar: Bazaar) -> None:
    result_id, _ = await bazaar.post(make_result(), make_need())
    async with bazaar.database.writing() as session:
        await session.execute(update(Job).values(state="done"))
        await enqueue(session, REMATCH, {"kind": "result", "ids": [str(result_id)]})
        jobs = await claim(session, [REMATCH], limit=1, lease_s=60)
        await session.execute(update(Job).values(lease=uuid.uuid4()))

    with pytest.raises(LeaseLost):
        await bazaar.rematching.handle(jobs)

    assert await bazaar.matches() == []


async def test_a_partner_that_changes_meanwhile_is_left_out_and_looked_at_again(
    bazaar: Bazaar,
) -> None:
    result_id, need_id = await bazaar.post(make_result(), make_need())
    read = await bazaar.rematching._read("result", [result_id])
    scored = await bazaar.rematching._scored("result", read)
    pairs = await bazaar.rematching._chosen("result", read, scored)
    await bazaar.change(need_id, title="另一个题目")

    async with bazaar.database.writing() as session:
        await session.execute(update(Job).values(state="done"))
        await bazaar.rematching._store(session, "result", pairs)

    assert await bazaar.matches() == []
    (job,) = await rematch_jobs(bazaar.database)
    assert job.payload == {"kind": "result", "ids": [str(result_id)]}
    assert job.run_at - job.created_at > timedelta(seconds=1)


class AwayEngine:
    """A search engine that can't be reached."""

    async def candidates(self, *_: Any, **__: Any) -> Any:
        raise SearchUnavailable("The engine is away.")

    candidates_and_neighbours = candidates


async def test_without_its_engine_a_large_market_is_matched_later(bazaar: Bazaar) -> None:
    strangers = (bare_result(f"r{n}", f"茶叶{n}") for n in range(CANDIDATES_BY_WORDS + 1))
    await bazaar.post(*strangers)
    (need_id,) = await bazaar.post(make_need())
    away: Any = type(bazaar.indexes)(AwayEngine(), AwayEngine())  # type: ignore[arg-type]

    with pytest.raises(SearchUnavailable):
        await Rematching(bazaar.database, away).rematch("need", [need_id])

    assert await bazaar.matches() == []


async def test_the_closing_of_a_listing_waits_for_no_engine(bazaar: Bazaar) -> None:
    result_id, _ = await bazaar.post_pair()
    await bazaar.change(result_id, status="closed")
    away: Any = type(bazaar.indexes)(AwayEngine(), AwayEngine())  # type: ignore[arg-type]

    await Rematching(bazaar.database, away).rematch("result", [result_id])

    assert [row.state for row in await bazaar.matches()] == ["closed"]


async def test_a_deleted_listing_takes_its_matches_along(bazaar: Bazaar) -> None:
    result_id, _ = await bazaar.post_pair()

    async with bazaar.database.writing() as session:
        await session.delete(await session.get_one(Listing, result_id))

    assert await bazaar.matches() == []


async def test_a_pair_is_refused_when_the_database_goes_away(bazaar: Bazaar) -> None:
    result_id, _ = await bazaar.post(make_result(), make_need())
    lost = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")

    with pytest.raises(Unavailable):
        await Rematching(lost, bazaar.indexes).rematch("result", [result_id])

    await lost.close()
