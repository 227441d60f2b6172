"""What a search asks the server for, and what becomes of its answers, on a fake that ranks nothing.

The fake finds every document, whatever is asked: what is tested here is the number of requests,
their shape, and the order that the scores of our own make.
"""

import math
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from search.documents import SearchDocument
from search.meilisearch import MeilisearchConnection, MeilisearchEngine
from search.meilisearch_codes import key_of, word_code
from search.meilisearch_documents import WORD_LEVELS, stored_document
from search.meilisearch_reading import Found, FoundKey, Question, Stored, _together
from search.meilisearch_scoring import Frequencies, Scoring, terms_scoring, typed_scoring
from search.port import (
    Filters,
    Neighbourhood,
    SearchQuery,
    SearchUnavailable,
    WeightedTerm,
)
from search.synonyms import Synonyms
from search.typed import EVERY_WORD_BONUS, read_typed
from tests.search.factories import make_document, random_documents, titled
from tests.search.fake_meilisearch import FakeMeilisearch

UID = "results"
TERMS = [WeightedTerm("电池", 2.0), WeightedTerm("涂料", 1.0)]


class Noting(httpx.AsyncBaseTransport):
    """Carries requests to the fake and keeps what was asked."""

    def __init__(self, fake: FakeMeilisearch) -> None:
        self._transport = fake.transport()
        self.asked: list[tuple[str, Any]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.headers["content-type"] == "application/json" and request.content:
            self.asked.append((request.url.path, msgspec.json.decode(request.content)))
        return await self._transport.handle_async_request(request)

    @property
    def paths(self) -> list[str]:
        return [path.removeprefix(f"/indexes/{UID}") for path, _ in self.asked]


@pytest.fixture
def fake() -> FakeMeilisearch:
    fake = FakeMeilisearch()
    fake.indexes.create(UID, "key")
    return fake


@pytest.fixture
def noting(fake: FakeMeilisearch) -> Noting:
    return Noting(fake)


@pytest.fixture
async def engine(noting: Noting) -> AsyncIterator[MeilisearchEngine]:
    async with MeilisearchConnection("http://fake", "", transport=noting) as connection:
        yield MeilisearchEngine(connection, UID)


def hold(fake: FakeMeilisearch, documents: list[SearchDocument]) -> None:
    fake.indexes.add(UID, [stored_document(each) for each in documents], "key")


# How often the server is asked


async def test_candidates_with_neighbours_take_two_requests(
    fake: FakeMeilisearch, engine: MeilisearchEngine, noting: Noting
) -> None:
    hold(fake, list(random_documents(150, seed=1)))
    nearby = Neighbourhood(industries=("C19",), terms=tuple(TERMS), limit=60)

    await engine.candidates_and_neighbours(TERMS, nearby, limit=120)

    assert noting.paths == ["/multi-search", "/documents/fetch"]


async def test_strict_search_takes_two_requests_and_three_with_highlights(
    fake: FakeMeilisearch, engine: MeilisearchEngine, noting: Noting
) -> None:
    hold(fake, titled(*["石墨烯电池"] * 20))

    await engine.search(SearchQuery(text="石墨烯", facets=("fields",)))
    assert noting.paths == ["/multi-search", "/documents/fetch"]

    noting.asked.clear()
    await engine.search(SearchQuery(text="石墨烯", highlight=True))
    assert noting.paths == ["/multi-search", "/documents/fetch", "/documents/fetch"]


@pytest.mark.parametrize("text", ["", "石墨烯"])
async def test_counts_alone_take_one_request(
    fake: FakeMeilisearch, engine: MeilisearchEngine, noting: Noting, text: str
) -> None:
    hold(fake, titled(*["石墨烯"] * 20))

    page = await engine.search(SearchQuery(text=text, limit=0, facets=("fields",)))

    assert page.total == 20
    assert noting.paths == ["/multi-search"]


async def test_relaxed_search_asks_for_words_that_may_be_meant(
    fake: FakeMeilisearch, engine: MeilisearchEngine, noting: Noting
) -> None:
    hold(fake, titled("polyurethane 泡沫", "聚氨酯"))

    await engine.search(SearchQuery(text="polyurethene 塑料"))

    assert noting.paths == [
        "/multi-search",
        "/facet-search",
        "/facet-search",
        "/multi-search",
        "/documents/fetch",
    ]
    asked = [body for path, body in noting.asked if path.endswith("/facet-search")]
    assert asked == [
        {"facetName": "latin", "facetQuery": "polyurethene"},
        {"facetName": "words", "facetQuery": word_code("塑料")},
    ]


@pytest.mark.parametrize("text", ["!!!", "的", "\ud800", "，。"])
async def test_text_without_words_asks_for_nothing(
    engine: MeilisearchEngine, noting: Noting, text: str
) -> None:
    page = await engine.search(SearchQuery(text=text, facets=("fields", "trl")))

    assert (page.total, page.hits, page.facets) == (0, (), {"fields": {}, "trl": {}})
    assert noting.asked == []


@pytest.mark.parametrize("terms", [[], [WeightedTerm("电池", -1.0)], [WeightedTerm("\ud800", 1.0)]])
async def test_terms_without_meaning_ask_for_nothing(
    engine: MeilisearchEngine, noting: Noting, terms: list[WeightedTerm]
) -> None:
    assert await engine.candidates(terms) == []
    assert noting.asked == []


async def test_counts_of_words_are_remembered_until_the_index_is_written(
    fake: FakeMeilisearch, engine: MeilisearchEngine, noting: Noting
) -> None:
    hold(fake, titled(*["电池涂料"] * 20))

    async def counted() -> int:
        noting.asked.clear()
        await engine.candidates(TERMS)
        return len(noting.asked[0][1]["queries"])

    assert await counted() == 3
    assert await counted() == 1
    await engine.delete(["r20"])
    assert await counted() == 3


async def test_words_that_stand_nowhere_are_asked_for_each_time(
    engine: MeilisearchEngine, noting: Noting
) -> None:
    await engine.candidates(TERMS)
    await engine.candidates(TERMS)

    assert [len(body["queries"]) for _, body in noting.asked] == [3, 3]


async def test_a_long_list_of_ids_is_asked_for_in_parts(
    fake: FakeMeilisearch, engine: MeilisearchEngine, noting: Noting
) -> None:
    hold(fake, titled("电池"))
    ids = tuple(f"r{place}" for place in range(1_000))

    await engine.search(SearchQuery(filters=Filters(ids=ids), facets=("fields",)))

    counting, listing = (body for _, body in noting.asked)
    asked = [sum(part.count('"r') for part in query["filter"][0]) for query in counting["queries"]]
    assert asked == [400, 400, 200]
    assert sum(part.count('"r') for part in listing["filter"][0]) == 1_000


async def test_place_past_all_hits_is_not_asked_for(
    fake: FakeMeilisearch, engine: MeilisearchEngine, noting: Noting
) -> None:
    hold(fake, titled("电池", "涂料"))

    page = await engine.search(SearchQuery(offset=2**62, limit=2**62))

    assert (page.total, page.hits) == (2, ())
    assert noting.paths == ["/multi-search"]


async def test_server_that_goes_away_in_the_middle_of_a_search_is_told(
    fake: FakeMeilisearch, engine: MeilisearchEngine
) -> None:
    hold(fake, titled("电池"))
    fake.answer_next(500, path="/documents/fetch")

    with pytest.raises(SearchUnavailable):
        await engine.search(SearchQuery(text="电池"))


async def test_other_synonyms_are_used_from_the_next_search_on(
    fake: FakeMeilisearch, engine: MeilisearchEngine, noting: Noting
) -> None:
    hold(fake, titled(*["鞋底"] * 20))
    await engine.search(SearchQuery(text="鞋底"))

    engine.use_synonyms(Synonyms(["=\t鞋底|鞋垫"]))
    await engine.search(SearchQuery(text="鞋底"))

    first, second = (body["queries"][-1] for path, body in noting.asked if "multi" in path)
    assert word_code("鞋垫") not in str(first["filter"])
    assert word_code("鞋垫") in str(second["filter"])


# Ids


async def test_digest_of_an_id_is_told_as_the_id(
    fake: FakeMeilisearch, engine: MeilisearchEngine
) -> None:
    hold(fake, [make_document("成果/1", title="电池"), make_document("r1", title="电池")])

    pages = [
        await engine.search(query)
        for query in (SearchQuery(), SearchQuery(text="电池"), SearchQuery(sort="newest"))
    ]

    assert [sorted(hit.id for hit in page.hits) for page in pages] == [["r1", "成果/1"]] * 3
    assert {hit.id for hit in await engine.candidates(TERMS)} == {"r1", "成果/1"}
    assert await engine.versions() == {"r1": 1, "成果/1": 1}
    assert set(fake.documents[UID]) == {"r1", key_of("成果/1")}


# Scores


def stored(document_id: str, **levels: str) -> Stored:
    return msgspec.convert({"key": document_id, **levels}, Stored)


def test_idf_is_that_of_bm25() -> None:
    frequencies = Frequencies(100, {"a": 10, "b": 100, "c": 400})

    assert frequencies.idf("a") == pytest.approx(math.log(1 + 90.5 / 10.5))
    assert frequencies.idf("unknown") == 0
    # A count may be older than the number of documents.
    assert frequencies.idf("c") == frequencies.idf("b") > 0


def test_score_is_the_sum_of_weights_by_the_level_of_each_word() -> None:
    scoring = Scoring({"a": 2.0, "b": 1.0})
    documents = [stored("r1", w0="a x", w3="b"), stored("r2", w6="b"), stored("r3", w0="x")]

    scored = scoring.scores(documents, ("w0", "w3", "w6"))

    expected = [2 * WORD_LEVELS[0][1] + WORD_LEVELS[3][1], WORD_LEVELS[6][1], 0.0]
    assert [(score, each.key) for score, each in scored] == list(
        zip(expected, ["r1", "r2", "r3"], strict=True)
    )


def test_equal_scores_come_by_id() -> None:
    documents = [stored("r2", w0="a"), Stored("_x", id="r1", w0="a"), stored("r3", w0="a")]

    scored = Scoring({"a": 1.0}).scores(documents, ("w0",))

    assert [each.id or each.key for _, each in scored] == ["r1", "r2", "r3"]


def test_best_of_the_synonyms_counts_and_no_other() -> None:
    synonyms = Synonyms(["=\t鞋底|鞋垫|大底"])
    typed = read_typed("鞋底", synonyms)
    codes = [word_code(word) for word in ("鞋底", "鞋垫", "大底")]
    frequencies = Frequencies(100, dict.fromkeys(codes, 10))
    idf = frequencies.idf(codes[0])

    scoring = typed_scoring(typed, frequencies)

    documents = [stored("r1", w0=" ".join(codes)), stored("r2", w0=codes[1])]
    top = WORD_LEVELS[0][1]
    assert [score for score, _ in scoring.scores(documents, ("w0",))] == pytest.approx(
        [1.5 * idf * top, 0.5 * idf * top]
    )


def test_documents_with_every_word_get_the_bonus() -> None:
    scoring = typed_scoring(read_typed("电池"), Frequencies(0), is_relaxed=True, bonus=["r1"])

    scored = scoring.scores([stored("r2"), stored("r1")], ("w0",))

    assert [(score, each.key) for score, each in scored] == [(EVERY_WORD_BONUS, "r1"), (0, "r2")]


def test_terms_weigh_by_their_weight_and_their_rarity() -> None:
    frequencies = Frequencies(1_000, {word_code("电池"): 10})

    scoring = terms_scoring(TERMS, frequencies)

    assert scoring.weights == {word_code("电池"): 2 * frequencies.idf(word_code("电池"))}


# Answers in parts


def test_answers_in_parts_become_one() -> None:
    parts = [
        Found([FoundKey("r2", score=0.5), FoundKey("r9", score=0.1)], 7, {"trl": {"1": 2, "2": 1}}),
        Found([FoundKey("r1", score=0.5), FoundKey("r3", score=0.9)], 3, {"trl": {"2": 4}}),
    ]

    together = _together(parts, 3)

    assert [hit.key for hit in together.hits] == ["r3", "r1", "r2"]
    assert together.total == 10
    assert together.facets == {"trl": {"1": 2, "2": 5}}


def test_question_without_hits_asks_for_neither_order_nor_scores() -> None:
    question = Question()

    assert question.body(UID, question.scope) == {
        "indexUid": UID,
        "q": "",
        "matchingStrategy": "all",
        "limit": 0,
        "attributesToRetrieve": ["key", "id"],
    }
