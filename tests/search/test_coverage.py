"""How much of a demand a document covers."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.coverage import Demand, DocumentWords, TextCatalogue, WordTable
from search.documents import SearchDocument, document_words
from search.port import WeightedTerm
from search.synonyms import ONE_WAY_WEIGHT, Synonyms
from search.terms import SettledStatistics, key_terms
from search.text import words

# Words of no dictionary: each has the same background weight and is cut nowhere.
VOCABULARY = ("zorvane", "quilmet", "brantix", "fendrol", "kaspeld", "jovurn", "wexlim")
NO_SYNONYMS = Synonyms([])

texts = st.lists(st.sampled_from(VOCABULARY), max_size=12).map(" ".join)


def shelved(*documents: str) -> tuple[TextCatalogue, list[DocumentWords]]:
    catalogue = TextCatalogue()
    return catalogue, [catalogue.add(words(document)) for document in documents]


def coverages(
    demand: str, *documents: str, title: str = "", synonyms: Synonyms = NO_SYNONYMS
) -> list[float]:
    catalogue, shelf = shelved(*documents)
    asked = Demand(title, demand, catalogue=catalogue, synonyms=synonyms)
    return [asked.coverage(document) for document in shelf]


def weights_of(terms: list[WeightedTerm]) -> dict[str, float]:
    return {term.token: term.weight for term in terms}


def test_a_document_knows_its_distinct_words_and_its_length() -> None:
    catalogue, (document,) = shelved("zorvane quilmet zorvane")

    unpacked = [(packed >> 3, packed & 7) for packed in document.packed]
    assert unpacked == [(catalogue.word_id("zorvane"), 2), (catalogue.word_id("quilmet"), 1)]
    assert document.length == 3


def test_a_count_stops_at_the_highest_that_fits() -> None:
    _, (document,) = shelved("zorvane " * 40)

    assert [packed & 7 for packed in document.packed] == [7]
    assert document.length == 40


def test_a_title_counts_twice_in_a_document_and_once_in_the_statistics() -> None:
    catalogue = TextCatalogue()
    listing = SearchDocument(id="1", title="zorvane", keywords=("quilmet",), body="zorvane brantix")

    document = catalogue.add(document_words(listing))

    assert [packed & 7 for packed in document.packed] == [3, 1, 1]
    assert catalogue.statistics.documents == 1
    assert catalogue.statistics.frequencies == Counter(["zorvane", "quilmet", "brantix"])


def test_keywords_are_cut_one_by_one() -> None:
    listing = SearchDocument(id="1", title="", keywords=("鞋底", "防滑"))

    assert document_words(listing) == (*words("鞋底"), *words("防滑"))


def test_a_word_of_no_document_has_no_id() -> None:
    catalogue, _ = shelved("zorvane")

    assert catalogue.word_id("quilmet") is None


def test_the_average_length_is_that_of_all_documents() -> None:
    catalogue, _ = shelved("zorvane", "zorvane quilmet brantix", "")

    assert catalogue.average_length == pytest.approx(4 / 3)
    assert TextCatalogue().average_length == 1.0
    assert shelved("？", "")[0].average_length == 1.0


def test_the_repeated_demand_is_covered_wholly_and_a_stranger_not_at_all() -> None:
    text = "zorvane quilmet brantix"

    assert coverages(text, text, "fendrol kaspeld jovurn") == [1.0, 0.0]


def test_half_of_equal_words_covers_about_half() -> None:
    (half, _) = coverages("zorvane quilmet", "zorvane fendrol", "quilmet fendrol")

    assert half == pytest.approx(0.5, abs=0.02)


def test_more_shared_words_cover_more() -> None:
    asked = "zorvane quilmet brantix fendrol"
    documents = [
        " ".join([*VOCABULARY[:shared], *["wexlim"] * (4 - shared)]) for shared in range(5)
    ]

    covered = coverages(asked, *documents)

    assert covered == sorted(set(covered))


def test_a_longer_document_covers_less_with_the_same_words() -> None:
    short, long = coverages("zorvane quilmet", "zorvane", "zorvane" + " fendrol" * 30)

    assert 0 < long < short


def test_words_unknown_to_the_catalogue_count_against_the_coverage() -> None:
    known, _ = coverages("zorvane", "zorvane fendrol", "fendrol")
    partly, _ = coverages("zorvane quilmet", "zorvane fendrol", "fendrol")

    assert 0 < partly < known


def test_a_word_that_every_document_repeats_neither_crashes_nor_counts_negative() -> None:
    # Counting occurrences instead of documents once made such a word weigh less than nothing.
    common = "zorvane zorvane zorvane zorvane zorvane"

    covered = coverages("zorvane quilmet", *[common] * 1_200, "quilmet brantix")

    assert all(0 < each <= 1 for each in covered)
    assert covered[-1] > covered[0]


def test_documents_without_any_word_cover_nothing() -> None:
    assert coverages("zorvane", "", "？！") == [0.0, 0.0]


@pytest.mark.parametrize("empty", ["", "？！", "的"])
def test_a_demand_without_words_is_covered_by_nothing(empty: str) -> None:
    assert coverages(empty, "zorvane", empty) == [0.0, 0.0]


def test_an_empty_catalogue_makes_a_demand_that_nothing_covers() -> None:
    catalogue = TextCatalogue()
    demand = Demand("zorvane", "quilmet", catalogue=catalogue, synonyms=NO_SYNONYMS)

    assert demand.coverage(TextCatalogue().add(())) == 0.0
    assert demand.shared_words(TextCatalogue().add(())) == ([], 2)


@given(texts, st.lists(texts, min_size=1, max_size=8))
def test_coverage_is_a_share(demand: str, documents: list[str]) -> None:
    synonyms = Synonyms(["=\tzorvane|quilmet|brantix", ">\tfendrol\tkaspeld jovurn|wexlim"])

    covered = coverages(demand, *documents, synonyms=synonyms)

    assert all(0 <= each <= 1 for each in covered)


@settings(deadline=None)
@given(st.text(max_size=80), st.text(max_size=80))
def test_coverage_of_any_texts_is_a_share(demand: str, document: str) -> None:
    (covered,) = coverages(demand, document)

    assert 0 <= covered <= 1


@given(texts, texts)
def test_sharing_nothing_covers_nothing_and_sharing_something_covers_something(
    demand: str, document: str
) -> None:
    (covered,) = coverages(demand, document)

    assert (covered > 0) == bool(set(demand.split()) & set(document.split()))


@given(texts, st.lists(texts, min_size=1, max_size=6))
def test_synonyms_never_take_coverage_away(demand: str, documents: list[str]) -> None:
    plain = coverages(demand, *documents)

    widened = coverages(demand, *documents, synonyms=Synonyms(["=\tzorvane|quilmet|brantix"]))

    assert all(more >= less for more, less in zip(widened, plain, strict=True))


def test_an_equivalent_covers_as_much_as_the_word_itself() -> None:
    synonyms = Synonyms(["=\tzorvane|quilmet"])

    own, equivalent, stranger = coverages(
        "zorvane fendrol", "zorvane wexlim", "quilmet wexlim", "brantix wexlim", synonyms=synonyms
    )

    assert equivalent == pytest.approx(own)
    assert stranger == 0.0


def test_a_one_way_target_covers_its_trigger_in_part() -> None:
    synonyms = Synonyms([">\tzorvane\tquilmet"])

    own, target = coverages(
        "zorvane fendrol", "zorvane wexlim", "quilmet wexlim", synonyms=synonyms
    )

    assert target == pytest.approx(ONE_WAY_WEIGHT * own)


def test_a_target_of_several_words_is_covered_word_by_word() -> None:
    synonyms = Synonyms(["=\tzorvane|quilmet brantix"])

    one, both = coverages("zorvane fendrol", "quilmet wexlim", "quilmet brantix", synonyms=synonyms)

    assert one == pytest.approx(both / 2, rel=0.01)


def test_many_synonyms_of_one_concept_give_no_more_than_the_best_one() -> None:
    synonyms = Synonyms([">\tzorvane\tquilmet|brantix|kaspeld"])

    one, all_three = coverages(
        "zorvane fendrol", "quilmet wexlim jovurn", "quilmet brantix kaspeld", synonyms=synonyms
    )

    assert all_three == pytest.approx(one)


def test_a_synonym_beside_the_word_itself_adds_nothing() -> None:
    synonyms = Synonyms(["=\tzorvane|quilmet"])

    alone, both = coverages(
        "zorvane fendrol", "zorvane wexlim", "zorvane quilmet", synonyms=synonyms
    )

    assert both == pytest.approx(alone)


def test_a_synonym_of_a_word_that_no_document_holds_still_covers_it() -> None:
    synonyms = Synonyms(["=\tzorvane|quilmet"])

    covered, stranger = coverages("zorvane", "quilmet wexlim", "brantix wexlim", synonyms=synonyms)

    assert covered > 0.9
    assert stranger == 0.0


def test_a_synonym_that_no_document_holds_changes_nothing() -> None:
    plain = coverages("zorvane fendrol", "zorvane", "fendrol")

    widened = coverages(
        "zorvane fendrol", "zorvane", "fendrol", synonyms=Synonyms(["=\tzorvane|quilmet"])
    )

    assert widened == plain


def test_traditional_and_full_width_text_covers_the_same() -> None:
    document = "锂离子电池的SiC负极材料"

    plain, other = coverages("鋰離子電池ＳｉＣ", document, "鋰離子電池的ＳｉＣ負極材料")

    assert plain == other
    assert plain > 0


def test_the_terms_for_an_engine_are_the_key_terms_where_no_synonym_is_known() -> None:
    catalogue, _ = shelved("zorvane quilmet")
    demand = Demand("zorvane", "quilmet", catalogue=catalogue, synonyms=NO_SYNONYMS)

    assert demand.terms() == key_terms("zorvane", "quilmet", catalogue.statistics)


def test_the_terms_for_an_engine_hold_the_words_of_synonyms_at_their_share() -> None:
    catalogue, _ = shelved("zorvane quilmet")
    synonyms = Synonyms([">\tzorvane\tbrantix|fendrol kaspeld"])

    found = weights_of(Demand("zorvane", "", catalogue=catalogue, synonyms=synonyms).terms())

    own = found["zorvane"]
    assert found == pytest.approx(
        {
            "zorvane": own,
            "brantix": ONE_WAY_WEIGHT * own,
            "fendrol": ONE_WAY_WEIGHT * own / 2**0.5,
            "kaspeld": ONE_WAY_WEIGHT * own / 2**0.5,
        }
    )


def test_a_term_that_is_asked_and_a_synonym_stands_once_at_its_higher_weight() -> None:
    catalogue, _ = shelved("zorvane quilmet")
    synonyms = Synonyms(["=\tzorvane|quilmet"])

    terms = Demand("zorvane", "quilmet", catalogue=catalogue, synonyms=synonyms).terms()

    weights = weights_of(key_terms("zorvane", "quilmet", catalogue.statistics))
    assert [term.token for term in terms] == ["zorvane", "quilmet"]
    assert weights_of(terms) == {"zorvane": weights["zorvane"], "quilmet": weights["zorvane"]}


def test_shared_words_come_the_heaviest_first_with_the_number_asked() -> None:
    catalogue, shelf = shelved("zorvane brantix wexlim", "zorvane")
    demand = Demand("brantix", "zorvane quilmet", catalogue=catalogue, synonyms=NO_SYNONYMS)

    assert demand.shared_words(shelf[0]) == (["brantix", "zorvane"], 3)
    assert demand.shared_words(shelf[1]) == (["zorvane"], 3)


def test_shared_words_are_whole_words() -> None:
    catalogue, shelf = shelved("锂离子电池隔膜", "电池")
    demand = Demand("锂离子电池", "", catalogue=catalogue, synonyms=NO_SYNONYMS)

    assert demand.shared_words(shelf[0]) == (["锂离子电池"], 1)
    assert demand.shared_words(shelf[1]) == ([], 1)


def test_shared_words_of_equal_weight_are_in_the_order_of_the_alphabet() -> None:
    catalogue, (document,) = shelved("zorvane quilmet")
    demand = Demand("", "zorvane quilmet", catalogue=catalogue, synonyms=NO_SYNONYMS)

    shared, asked = demand.shared_words(document)

    assert (sorted(shared), asked) == (["quilmet", "zorvane"], 2)
    assert demand.shared_words(document) == (shared, asked)


def met_synonyms(demand: str, *documents: str, lines: list[str]) -> list[list[tuple[str, str]]]:
    catalogue, shelf = shelved(*documents)
    asked = Demand("", demand, catalogue=catalogue, synonyms=Synonyms(lines))
    return [asked.met_synonyms(document) for document in shelf]


def test_a_met_synonym_is_told_with_its_trigger_where_the_trigger_itself_is_missing() -> None:
    met = met_synonyms(
        "zorvane fendrol",
        "quilmet wexlim",
        "zorvane quilmet",
        "brantix",
        lines=["=\tzorvane|quilmet"],
    )

    assert met == [[("zorvane", "quilmet")], [], []]


def test_a_met_synonym_is_told_also_when_no_document_holds_its_trigger() -> None:
    met = met_synonyms("zorvane", "quilmet", "brantix", lines=["=\tzorvane|quilmet"])

    assert met == [[("zorvane", "quilmet")], []]


def test_half_a_trigger_in_the_catalogue_does_not_hide_a_met_synonym() -> None:
    lines = ["=\tzorvane jovurn|quilmet"]

    assert met_synonyms("zorvane jovurn", "zorvane quilmet", lines=lines) == [
        [("zorvane jovurn", "quilmet")]
    ]


def test_half_a_synonym_is_not_met_though_it_covers_a_part() -> None:
    lines = ["=\tzorvane|quilmet brantix|fendrol"]

    met = met_synonyms(
        "zorvane", "quilmet wexlim", "brantix quilmet", "fendrol brantix quilmet", lines=lines
    )

    assert met == [[], [("zorvane", "quilmet brantix")], [("zorvane", "quilmet brantix")]]


def test_a_synonym_with_a_word_that_no_document_holds_is_not_met() -> None:
    assert met_synonyms("zorvane", "quilmet", lines=["=\tzorvane|quilmet jovurn"]) == [[]]


_MAP = Synonyms(["=\tzorvane|quilmet|brantix kaspeld", ">\tfendrol\tkaspeld jovurn|wexlim"])


@given(demand=texts, documents=st.lists(texts, max_size=8), settled=st.booleans())
def test_a_table_of_documents_is_covered_as_each_of_them_is(
    demand: str, documents: list[str], *, settled: bool
) -> None:
    statistics = SettledStatistics(40, {"zorvane": 20, "wexlim": 3}) if settled else None
    catalogue = TextCatalogue(statistics, average_length=7.0)
    shelf = [catalogue.add(words(document)) for document in documents]
    asked = Demand("jovurn", demand, catalogue=catalogue, synonyms=_MAP)

    together = asked.coverages(WordTable(shelf)).tolist()

    assert together == [asked.coverage(document) for document in shelf]


def test_a_table_tells_which_documents_hold_a_word() -> None:
    catalogue, shelf = shelved("zorvane quilmet", "", "brantix zorvane zorvane")
    table = WordTable(shelf)

    held = [table.holding(catalogue.word_id(word) or 0) for word in ("zorvane", "brantix")]
    assert [each and (each[0].tolist(), each[1].tolist()) for each in held] == [
        ([0, 2], [1.0, 2.0]),
        ([2], [1.0]),
    ]
    assert table.holding(99) is None
    assert table.lengths.tolist() == [2.0, 0.0, 3.0]
