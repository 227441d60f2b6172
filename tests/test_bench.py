"""The benches themselves, on sizes so small that what they measure means nothing."""

import argparse
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from market.exchange.readers import read_needs, read_results
from schemas import vocab
from schemas.listings import Need, Result
from search.documents import SearchDocument
from search.embedded import EmbeddedEngine
from search.port import Filters, SearchQuery, WeightedTerm
from tests.bench import alerts, engine, pair, quality, table, webhooks
from tests.bench.__main__ import main as run_all
from tests.bench.bm25 import BM25, bigrams
from tests.bench.clock import compare, peak_memory_mb
from tests.bench.generator import (
    synthetic_needs,
    synthetic_results,
    synthetic_searches,
    write_files,
)
from tests.bench.lexicon import DATA, works
from tests.bench.pair import pair_command, plain_command
from tests.bench.plain_index import PlainIndex
from tests.bench.plain_pair import pair as plain_pair
from tests.bench.processes import ProcessFailedError, memory_kb, run_process
from tests.bench.quality import Quality, ndcg, recall
from tests.bench.sentences import TEXT_CHARACTERS
from tests.bench.table import Row, Section, at_least, at_most, print_sections, stated

# The lexicon and the vocabularies it names


def test_every_code_of_the_lexicon_is_in_the_vocabularies() -> None:
    industries = {code for work in works() for code in work.industries}
    fields = {work.field for work in works()}

    unknown = {code for code in industries if code not in vocab.industries()}
    unknown |= {code for code in fields if code not in vocab.fields()}

    assert unknown == set()


def test_the_lexicon_has_forty_fields_of_work_and_hundreds_of_words() -> None:
    words = [
        word
        for work in works()
        for word in (*(p.formal for p in work.products), *work.materials, *work.processes)
    ]

    assert len(works()) >= 40
    assert len(set(words)) >= 600


def test_every_improvement_has_words_for_both_sides() -> None:
    improvements = {each for work in works() for each in work.improvements}

    assert all(each.solutions and each.problems for each in improvements)
    assert all(not set(each.solutions) & set(each.problems) for each in improvements)


# The generator


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    first = write_files(tmp_path / "first", results=50, needs=20, seed=7)
    again = write_files(tmp_path / "again", results=50, needs=20, seed=7)

    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]


def test_another_seed_writes_other_listings(tmp_path: Path) -> None:
    first = write_files(tmp_path / "first", results=20, needs=20, seed=7)
    other = write_files(tmp_path / "other", results=20, needs=20, seed=8)

    assert [path.read_bytes() for path in first] != [path.read_bytes() for path in other]


def test_the_same_bytes_come_out_whatever_the_hash_seed(tmp_path: Path) -> None:
    def written(hash_seed: str) -> list[bytes]:
        folder = tmp_path / hash_seed
        options = ["--results", "30", "--needs", "30", "--folder", str(folder)]
        subprocess.run(
            [sys.executable, "-m", "tests.bench.generator", *options],
            check=True,
            cwd=Path(__file__).parents[1],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        )
        return [path.read_bytes() for path in sorted(folder.iterdir())]

    assert written("1") == written("2")


def test_a_shorter_run_is_the_beginning_of_a_longer_one() -> None:
    longer = list(synthetic_results(40, seed=3)), list(synthetic_needs(40, seed=3))

    shorter = list(synthetic_results(10, seed=3)), list(synthetic_needs(10, seed=3))

    assert shorter == (longer[0][:10], longer[1][:10])


def test_written_files_are_read_as_the_listings_they_came_from(tmp_path: Path) -> None:
    results_file, needs_file = write_files(tmp_path, results=300, needs=300, seed=5)

    results, needs = read_results(results_file), read_needs(needs_file)

    assert results.listings == list(synthetic_results(300, seed=5))
    assert needs.listings == list(synthetic_needs(300, seed=5))
    assert (results.refused, needs.refused) == ([], [])


def test_written_rows_have_the_keys_of_the_development_set(tmp_path: Path) -> None:
    results_file, needs_file = write_files(tmp_path, results=1, needs=1, seed=5)

    def keys(path: Path) -> set[str]:
        return set(json.loads(path.read_bytes().splitlines()[0]))

    assert keys(results_file) == keys(DATA / "results.jsonl") - {"patents"}
    assert keys(needs_file) == keys(DATA / "needs-dev.jsonl")


def test_ids_differ() -> None:
    results = [result.id for result in synthetic_results(500)]
    needs = [need.id for need in synthetic_needs(500)]

    assert len({*results, *needs}) == 1_000


def is_english(listing: Result | Need) -> bool:
    return listing.title.isascii()


def test_about_one_listing_in_twenty_is_in_english() -> None:
    results, needs = list(synthetic_results(2_000)), list(synthetic_needs(2_000))

    assert 60 <= sum(map(is_english, results)) <= 140
    assert 60 <= sum(map(is_english, needs)) <= 140
    assert all(result.summary.isascii() for result in results if is_english(result))
    assert all(need.description.isascii() for need in needs if is_english(need))


def test_chinese_texts_have_the_length_of_real_ones() -> None:
    texts = [result.summary for result in synthetic_results(2_000) if not is_english(result)]
    texts += [need.description for need in synthetic_needs(2_000) if not is_english(need)]

    shortest, longest = TEXT_CHARACTERS
    assert [text for text in texts if not shortest <= len(text) <= longest] == []


def test_no_pattern_leaves_a_place_unfilled() -> None:
    texts = [f"{r.title} {r.summary} {r.keywords}" for r in synthetic_results(1_000)]
    texts += [f"{n.title} {n.description} {n.indicators}" for n in synthetic_needs(1_000)]

    assert [text for text in texts if "{" in text or "}" in text] == []


def test_a_catalogue_has_rare_words() -> None:
    titles = [result.title for result in synthetic_results(3_000)]

    assert len(set(titles)) > 2_000


def test_some_numbers_are_unknown_and_some_known() -> None:
    results, needs = list(synthetic_results(300)), list(synthetic_needs(300))

    assert {result.trl is None for result in results} == {True, False}
    assert {result.price_min_cny is None for result in results} == {True, False}
    assert {need.budget_max_cny is None for need in needs} == {True, False}
    assert {need.deadline is None for need in needs} == {True, False}


def test_the_same_seed_gives_the_same_searches() -> None:
    searches = list(synthetic_searches(30, seed=4))

    assert searches == list(synthetic_searches(30, seed=4))
    assert all(text and filters != Filters() for text, filters in searches)


# Measures of quality, against values worked out by hand


def test_ndcg_of_the_ideal_order_is_1() -> None:
    assert ndcg(["a", "b", "c"], {"a": 3, "b": 2, "c": 1}) == 1.0


def test_ndcg_of_an_order_without_any_judged_is_0() -> None:
    assert ndcg(["x", "y"], {"a": 3}) == 0.0


def test_ndcg_weighs_a_grade_by_its_gain_and_its_place() -> None:
    grades = {"a": 3, "b": 1}

    value = ndcg(["x", "b", "a"], grades)

    # Gains 7 and 1; places 2 and 3 are divided by log2 3 and log2 4, the ideal by 1 and log2 3.
    assert value == pytest.approx((1 / math.log2(3) + 7 / 2) / (7 + 1 / math.log2(3)))
    assert value == pytest.approx(0.541340, abs=1e-6)


def test_ndcg_sees_ten_places_only() -> None:
    others = [f"x{place}" for place in range(10)]

    assert ndcg([*others, "a"], {"a": 3}) == 0.0
    assert ndcg([*others[:9], "a"], {"a": 3}) == pytest.approx(1 / math.log2(11))


def test_the_ideal_of_ndcg_has_ten_places_only() -> None:
    grades = {f"r{place}": 1 for place in range(20)}

    assert ndcg([f"r{place}" for place in range(10)], grades) == 1.0


def test_recall_is_the_share_of_the_judged_among_the_first_fifty() -> None:
    others = [f"x{place}" for place in range(48)]

    assert recall([*others, "a", "b", "c"], {"a": 3, "b": 1, "c": 2, "d": 1}) == 0.5


def test_quality_is_the_mean_over_all_judged_and_a_missing_ranking_counts_0() -> None:
    measured = quality.quality({"n1": ["a"]}, {"n1": {"a": 3}, "n2": {"b": 1}})

    assert measured == Quality(ndcg=0.5, recall=0.5)


def test_judged_pairs_are_those_of_the_file() -> None:
    judged = quality.judged_pairs()

    assert sum(map(len, judged.values())) == 86
    assert {grade for grades in judged.values() for grade in grades.values()} == {1, 2, 3}
    assert judged["N003"]["R333"] == 3


def test_structure_is_stripped_from_both_sides() -> None:
    result = next(synthetic_results(1))
    need = next(synthetic_needs(1))

    assert quality.result_text(result) == Result(
        id=result.id, title=result.title, summary=result.summary, keywords=result.keywords
    )
    assert quality.need_text(need) == Need(
        id=need.id, title=need.title, description=need.description, indicators=need.indicators
    )


# BM25


def test_bm25_score_is_that_of_its_formula() -> None:
    index = BM25({"a": ["泵", "泵", "阀"], "b": ["管"]})

    idf = math.log(1 + 1.5 / 1.5)
    saturation = 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 3 / 2))
    assert index.score("a", {"泵": 1.0}) == pytest.approx(idf * saturation)
    assert index.score("a", {"泵": 2.0, "管": 1.0}) == pytest.approx(2 * idf * saturation)
    assert index.score("b", {"泵": 1.0}) == 0.0


def test_bm25_ranks_the_best_first_equal_scores_by_id_and_leaves_out_what_scores_nothing() -> None:
    index = BM25({"d": ["泵"], "c": ["泵"], "b": ["泵", "泵", "泵"], "a": ["管"]})

    assert index.ranked({"泵": 1.0}) == ["b", "c", "d"]


# Rows and tables


@pytest.mark.parametrize(
    ("row", "holds"),
    [
        (at_most("r", 1.5, "×", target=1.5), True),
        (at_most("r", 1.51, "×", target=1.5), False),
        (at_least("r", 0.7, "", target=0.7), True),
        (at_least("r", 0.69, "", target=0.7), False),
        (stated("r", 3.0, "s"), None),
    ],
)
def test_a_row_holds_when_its_value_lies_on_the_right_side(row: Row, holds: bool | None) -> None:
    assert row.holds is holds


def test_json_is_one_list_of_all_rows(capsys: pytest.CaptureFixture[str]) -> None:
    sections = [
        Section("one", [at_most("ratio", 1.23456, "×", target=2)]),
        Section("two", [stated("time", 3.0, "s"), at_least("share", 0.5, "", target=0.7)]),
    ]

    print_sections(sections, as_json=True)

    assert msgspec.json.decode(capsys.readouterr().out) == [
        {"name": "ratio", "value": 1.2346, "unit": "×", "target": 2, "holds": True},
        {"name": "time", "value": 3.0, "unit": "s", "target": None, "holds": None},
        {"name": "share", "value": 0.5, "unit": "", "target": 0.7, "holds": False},
    ]


def test_a_table_shows_value_target_and_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [at_most("ratio", 1.5, "×", target=2), at_least("share", 0.5, "", target=0.7)]

    print_sections([Section("some bench", rows)], as_json=False)

    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert [line for line in lines if line[0] in {"some", "ratio", "share"}] == [
        ["some", "bench"],
        ["ratio", "1.500", "×", "≤", "2", "yes"],
        ["share", "0.500", "≥", "0.7", "NO"],
    ]


@pytest.mark.parametrize("text", ["0", "-3", "many"])
def test_a_count_that_is_no_positive_number_is_refused(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = table.arguments("bench", "a bench")

    with pytest.raises(SystemExit) as stopped:
        parser.parse_args(["--listings", text])

    assert stopped.value.code == 2
    assert text in capsys.readouterr().err


# The clock and the plain side


def test_a_comparison_runs_both_ways_once_on_each_item() -> None:
    ours: list[int] = []
    plain: list[int] = []

    timed = compare(range(5), ours.append, plain.append, warm_up=2)

    assert (ours, plain) == ([0, 1, 2, 3, 4], [0, 1, 2, 3, 4])
    assert timed.ours_s > 0
    assert timed.plain_s > 0
    assert timed.ratio > 0


def test_a_comparison_takes_turns_as_to_which_goes_first() -> None:
    order: list[str] = []

    compare([1, 2, 3], lambda _: order.append("ours"), lambda _: order.append("plain"))

    assert order == ["ours", "plain", "plain", "ours", "ours", "plain"]


def test_this_process_has_held_some_memory() -> None:
    assert peak_memory_mb() > 10


def plain_index_of(*documents: SearchDocument) -> PlainIndex:
    index = PlainIndex()
    index.write(documents)
    return index


def test_the_plain_index_finds_all_words_where_enough_documents_have_them() -> None:
    both = [SearchDocument(id=f"b{n:02}", title="轴承 齿轮") for n in range(10)]
    index = plain_index_of(*both, SearchDocument(id="one", title="轴承"))

    page = index.search("轴承 齿轮", Filters())

    assert (sorted(page.ids), page.total, page.with_all_words) == ([d.id for d in both], 10, True)


def test_the_plain_index_finds_any_word_where_too_few_have_all() -> None:
    index = plain_index_of(
        SearchDocument(id="both", title="轴承 齿轮"),
        SearchDocument(id="one", title="轴承"),
        SearchDocument(id="none", title="茶叶"),
    )

    page = index.search("轴承 齿轮", Filters())

    assert (page.ids, page.total, page.with_all_words) == (["both", "one"], 2, False)


@pytest.mark.parametrize(
    "filters",
    [
        Filters(fields=("materials",)),
        Filters(industries=("C34",)),
        Filters(divisions=("35",)),
        Filters(trl_min=6),
        Filters(trl_min=5, trl_max=7),
        Filters(price_max_cny=1_000_000),
    ],
)
def test_the_plain_index_filters_as_the_engine_does(filters: Filters) -> None:
    kept = SearchDocument(
        id="kept",
        title="轴承",
        fields=("materials",),
        industries=("C3451",),
        division="350500",
        trl_min=6,
        trl_max=6,
        price_min_cny=500_000,
        price_max_cny=500_000,
    )
    left_out = SearchDocument(
        id="left out",
        title="轴承",
        fields=("energy",),
        industries=("C1954",),
        division="440300",
        trl_min=4,
        trl_max=4,
        price_min_cny=5_000_000,
        price_max_cny=5_000_000,
    )
    unknown = SearchDocument(id="unknown", title="轴承")
    documents = (kept, left_out, unknown)

    plain_page = plain_index_of(*documents).search("轴承", filters)

    assert plain_page.ids == ["kept"]
    with EmbeddedEngine.in_memory() as embedded:
        embedded.upsert_now(documents)
        page = embedded.search_now(SearchQuery(text="轴承", filters=filters))
    assert [hit.id for hit in page.hits] == ["kept"]


def test_the_plain_index_counts_facets_over_all_that_it_found() -> None:
    documents = [
        SearchDocument(id=f"{n:02}", title="轴承", fields=("materials",), industries=("C3451",))
        for n in range(25)
    ]
    index = plain_index_of(*documents, SearchDocument(id="other", title="茶叶", fields=("energy",)))

    facets = index.search("轴承", Filters()).facets

    counted = {
        name: {bucket["key"]: bucket["doc_count"] for bucket in found["buckets"]}
        for name, found in facets.items()
    }
    assert counted == {"fields": {"materials": 25}, "industry_sections": {"C": 25}, "trl": {}}


def test_the_plain_index_matches_by_weighted_terms() -> None:
    index = plain_index_of(
        SearchDocument(id="gear", title="齿轮"),
        SearchDocument(id="bearing", title="轴承"),
        SearchDocument(id="tea", title="茶叶"),
    )

    found = index.match([WeightedTerm("齿轮", 0.5), WeightedTerm("轴承", 2.0)], limit=200)

    assert found == ["bearing", "gear"]


# Whole processes


def test_the_plain_script_writes_the_best_ids_of_each_need(tmp_path: Path) -> None:
    results, needs, pairs = (tmp_path / name for name in ("r.jsonl", "n.jsonl", "p.jsonl"))
    rows = [
        {"id": "R1", "title": "轴承润滑", "keywords": ["轴承"], "summary": "延长寿命"},
        {"id": "R2", "title": "茶叶杀青", "keywords": ["茶叶"], "summary": "提高香气"},
    ]
    results.write_bytes(b"\n".join(map(msgspec.json.encode, rows)))
    need = {"id": "N1", "title": "轴承寿命短", "description": "老坏", "indicators": ""}
    needs.write_bytes(msgspec.json.encode(need))

    plain_pair(results, needs, pairs)

    assert pairs.read_bytes() == b'{"need_id":"N1","result_ids":["R1"]}\n'


def test_a_run_tells_time_and_memory_of_a_process() -> None:
    run = run_process(
        [sys.executable, "-c", "kept = bytearray(60_000_000); import time; time.sleep(0.7)"]
    )

    assert run.wall_s >= 0.7
    assert run.peak_memory_mb > 57


def test_the_memory_of_a_run_is_that_of_all_its_processes() -> None:
    hold = "kept = bytearray(60_000_000); import time; time.sleep(1.5)"
    code = f"import os; os.fork(); {hold}; os._exit(0)"

    run = run_process([sys.executable, "-c", code])

    assert run.peak_memory_mb > 2 * 57


def test_the_memory_of_a_run_is_not_that_of_the_process_that_started_it() -> None:
    kept = bytearray(200_000_000)

    run = run_process([sys.executable, "-c", "import time; time.sleep(0.7)"])

    assert len(kept) == 200_000_000
    assert run.peak_memory_mb < 100


def test_a_process_that_is_gone_holds_no_memory() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()

    assert memory_kb(gone.pid) == 0


def test_a_process_that_fails_says_why() -> None:
    with pytest.raises(ProcessFailedError, match="ended with 7: no such thing"):
        run_process(
            [sys.executable, "-c", "import sys; sys.stderr.write('no such thing'); sys.exit(7)"]
        )


def test_both_commands_write_pairs_of_the_same_files(tmp_path: Path) -> None:
    files = write_files(tmp_path, results=30, needs=5, seed=2)

    run_process(pair_command(*files, tmp_path / "pairs.jsonl"))
    run_process(plain_command(*files, tmp_path / "plain.jsonl"))

    pairs = (tmp_path / "pairs.jsonl").read_bytes().splitlines()
    plain = (tmp_path / "plain.jsonl").read_bytes().splitlines()
    wanted = [need.id for need in synthetic_needs(5, seed=2)]
    assert list(dict.fromkeys(json.loads(line)["need_id"] for line in pairs)) == wanted
    assert [json.loads(line)["need_id"] for line in plain] == wanted


# The benches from end to end


def options(**values: int) -> list[str]:
    return [f"--{name}={value}" for name, value in values.items()]


ROW_KEYS = {"name", "value", "unit", "target", "holds"}


def rows_with_target(section: Section) -> dict[str, tuple[str, float | None]]:
    return {row.name: (row.limit, row.target) for row in section.rows if row.target is not None}


def test_the_engine_bench_measures_its_three_targets() -> None:
    chosen = engine.parser().parse_args(options(listings=60, searches=6, needs=4))

    section = engine.measure(chosen)

    assert rows_with_target(section) == {
        "search: with filter and 3 facets ÷ raw": ("≤", 1.5),
        "indexing: ÷ raw": ("≥", 0.4),
        "match: one need, top 10 with reasons ÷ raw OR": ("≤", 6),
    }
    assert all(row.value >= 0 for row in section.rows)


@pytest.mark.parametrize(
    ("given", "needs"), [([], None), (["--full"], 10_000), (["--full", "8"], 8)]
)
def test_the_full_size_is_left_out_unless_asked_for(given: list[str], needs: int | None) -> None:
    assert pair.parser().parse_args(given).full == needs


def test_the_pair_bench_measures_its_target_and_with_full_the_memory() -> None:
    chosen = pair.parser().parse_args(options(listings=40, needs=4, rounds=1, full=8))

    section = pair.measure(chosen)

    assert rows_with_target(section) == {
        "pair: duijie pair ÷ plain script": ("≤", 2),
        "pair: duijie pair, 40 × 8: peak memory": ("≤", 1_500),
    }
    assert all(row.value > 0 for row in section.rows)


def test_the_alerts_bench_measures_its_targets() -> None:
    chosen = alerts.parser().parse_args(["--searches", "40", "--listings", "6"])

    section = alerts.measure(chosen)

    assert rows_with_target(section) == {
        "one new listing, median of several": ("≤", 1),
        "one new listing, in a process that just started": ("≤", 4),
        "6 new listings at once": ("≤", 10),
        "one listing that everybody looks for": ("≤", 60),
    }
    assert {row.name: row.value for row in section.rows}["alerts that it brought"] == 40


def test_the_webhooks_bench_measures_its_targets() -> None:
    given = ["--endpoints", "3", "--messages", "9", "--rate", "50"]

    section = webhooks.measure(webhooks.parser().parse_args(given))

    assert rows_with_target(section) == {
        "delay of messages to the others, p99": ("≤", 2),
        "memory that it took more": ("≤", 20),
    }
    arrived = {row.name: row.value for row in section.rows}
    assert arrived["messages to the others that arrived"] == 6


def test_the_quality_bench_measures_its_three_targets() -> None:
    section = quality.measure(argparse.Namespace())

    # Where there is a server its rows come as well, with a target of that moment.
    rows = [row for row in section.rows if "on Meilisearch" not in row.name]
    assert rows_with_target(Section(section.title, rows)) == {
        "needs, words only: nDCG@10": ("≥", 0.68),
        "needs, words + structure: nDCG@10": ("≥", 0.84),
        "searches: nDCG@10": ("≥", 0.70),
    }
    assert all(0 < row.value <= 1 for row in section.rows)


def test_all_benches_together_print_one_json_list(capsys: pytest.CaptureFixture[str]) -> None:
    run_all(["--json", *options(listings=40, needs=3, searches=4, rounds=1)])

    rows = msgspec.json.decode(capsys.readouterr().out)
    assert {frozenset(row) for row in rows} == {frozenset(ROW_KEYS)}
    assert len({row["name"] for row in rows}) == len(rows)
    assert {row["name"].split(":")[0] for row in rows} >= {"search", "indexing", "match", "pair"}


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("锂电池", ["锂电", "电池"]),
        ("鋰電池", ["锂电", "电池"]),
        ("电", []),
        ("电a池", []),
        ("电池，回收", ["电池", "回收"]),
        ("abc", []),
        ("", []),
        ("𠮷野家", ["𠮷野", "野家"]),
    ],
)
def test_bigrams_are_neighbouring_ideographs(text: str, pairs: list[str]) -> None:
    assert bigrams(text) == pairs
