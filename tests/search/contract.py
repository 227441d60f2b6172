"""What every search engine does. A test class of an engine inherits it and makes `engine`."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import pytest

from search.documents import SearchDocument
from search.port import (
    FACETS,
    Filters,
    Neighbourhood,
    SearchEngine,
    SearchError,
    SearchPage,
    SearchQuery,
    Sort,
    Span,
    WeightedTerm,
)
from tests.search.factories import make_document, random_documents, titled

Answer = TypeVar("Answer")
Run = Callable[[Coroutine[Any, Any, Answer]], Answer]

HOSTILE_TEXTS = (
    "",
    " ",
    "　",
    "!!!",
    "，。；：",
    "的 了 吗",
    "怎么办",
    '"',
    '""',
    '"""',
    '"电池',
    "“",
    "“”",
    '"，"',
    "-",
    "-电池",
    "+电池 -涂料",
    "电池 AND",
    "NOT 电池",
    "title:电池",
    "title:",
    "(电池",
    "电池)",
    "[1 TO 9]",
    "{",
    "*",
    "电*",
    "?",
    "~1",
    "^2",
    "\\",
    "\\\\x",
    ".*",
    "(((((((((((a",
    "a" * 100_000,
    "电" * 100_000,
    "电池 " * 20_000,
    '"' * 10_001,
    "\0",
    "电\0池",
    "\ud800",
    "电池\udfff",
    "😀",
    "👨‍👩‍👧",
    "\u202e电池",
    "\ufeff电池",
    "e\u0301\u0301\u0301",
    "؟",
    "<script>",
    "'; DROP TABLE results; --",
    "${jndi:ldap://x}",
    "%s%n",
    "哈哈哈哈",
    "𠮷野家",
)


class SearchEngineContract:
    """Inherit, and make a fixture `engine` that gives an empty engine."""

    @pytest.fixture
    def run(self) -> Iterator[Run[Any]]:
        with asyncio.Runner() as runner:
            yield runner.run

    # Golden cases of the text pipeline: title of the only document, search, found or not.

    @pytest.mark.parametrize(
        ("title", "typed"),
        [
            ("农业发展银行的信贷系统", "农业"),
            ("待处理污泥的减量", "处理"),
            ("在建工程的监测", "工程"),
            ("图像处理软件", "軟件"),
            ("圖像處理軟體與軟件", "软件"),
            ("abc 平台", "ＡＢＣ"),
            ("ＡＢＣ平台", "abc"),
            ("工作温度-40~85℃的电容", "85"),
            ("锂离子电池回收", "锂电池"),
            ("锂离子电池回收", "电池"),
            ("120mm厚的板", "120"),
            ("Polyurethane foam", "polyurethane"),
            ("Polyurethane foam", "POLYURETHANE FOAM"),
            ("TPU鞋底材料", "tpu 鞋底"),
            ("5G通信芯片", "5g"),
            ("ZL202210094654.7号专利", "zl202210094654.7"),
            ("鞋垫抗菌", "鞋墊"),
            ("电镀污泥", "電鍍污泥"),
        ],
    )
    def test_spelling_does_not_keep_a_document_from_being_found(
        self, engine: SearchEngine, run: Run[Any], title: str, typed: str
    ) -> None:
        run(engine.upsert([make_document("r1", title=title), make_document("r2")]))

        page = run(engine.search(SearchQuery(text=typed)))

        assert ids_of(page) == ["r1"]
        assert page.total == 1

    @pytest.mark.parametrize(
        ("title", "typed"),
        [
            ("经典设计", "景点"),
            ("产品和服务平台", "和服"),
            ("电池回收", "涂料"),
            ("abcd", "xyz"),
            ("8500转速", "85"),
        ],
    )
    def test_other_words_are_not_found(
        self, engine: SearchEngine, run: Run[Any], title: str, typed: str
    ) -> None:
        run(engine.upsert(titled(title)))

        page = run(engine.search(SearchQuery(text=typed)))

        assert page == SearchPage(hits=(), total=0)

    @pytest.mark.parametrize("place", ["title", "keywords", "body"])
    def test_every_text_of_a_document_is_searched(
        self, engine: SearchEngine, run: Run[Any], place: str
    ) -> None:
        text: Any = ("石墨烯",) if place == "keywords" else "石墨烯"
        run(engine.upsert([make_document("r1", **{place: text}), make_document("r2")]))

        page = run(engine.search(SearchQuery(text="石墨烯")))

        assert ids_of(page) == ["r1"]

    # Ranking

    def test_a_word_in_the_title_ranks_before_the_same_word_in_the_body(
        self, engine: SearchEngine, run: Run[Any]
    ) -> None:
        inside = make_document("r1", title="保温杯", body="石墨烯")
        named = make_document("r2", title="石墨烯", body="保温杯")
        run(engine.upsert([inside, named]))

        page = run(engine.search(SearchQuery(text="石墨烯")))

        assert ids_of(page) == ["r2", "r1"]

    def test_documents_with_every_word_come_before_those_with_some(
        self, engine: SearchEngine, run: Run[Any]
    ) -> None:
        some = make_document("r1", title="石墨烯", keywords=("石墨烯",), body="石墨烯" * 20)
        every = make_document("r2", title="散热片", body="内容" * 50 + "石墨烯，用于涂料")
        run(engine.upsert([some, every]))

        page = run(engine.search(SearchQuery(text="石墨烯涂料")))

        assert ids_of(page) == ["r2", "r1"]

    def test_when_enough_documents_hold_every_word_the_others_are_left_out(
        self, engine: SearchEngine, run: Run[Any]
    ) -> None:
        every = [make_document(f"r{place:02}", title="石墨烯涂料") for place in range(12)]
        run(engine.upsert([*every, make_document("some", title="石墨烯")]))

        page = run(engine.search(SearchQuery(text="石墨烯涂料")))

        assert ids_of(page) == [document.id for document in every]
        assert page.total == 12

    def test_the_choice_of_documents_is_the_same_on_every_page(
        self, engine: SearchEngine, run: Run[Any]
    ) -> None:
        every = [make_document(f"r{place:02}", title="石墨烯涂料") for place in range(12)]
        run(engine.upsert([*every, make_document("some", title="石墨烯")]))

        pages = [
            run(engine.search(SearchQuery(text="石墨烯涂料", limit=5, offset=offset)))
            for offset in (0, 5, 10, 15)
        ]

        assert [page.total for page in pages] == [12, 12, 12, 12]
        assert [len(page.hits) for page in pages] == [5, 5, 2, 0]

    def test_rare_words_weigh_more_than_common_ones(
        self, engine: SearchEngine, run: Run[Any]
    ) -> None:
        common = [make_document(f"c{place}", title="机器人") for place in range(30)]
        run(engine.upsert([*common, make_document("rare", title="喷釉")]))

        page = run(engine.search(SearchQuery(text="机器人 喷釉", limit=1)))

        assert ids_of(page) == ["rare"]

    def test_scores_fall_along_the_page(self, engine: SearchEngine, run: Run[Any]) -> None:
        run(engine.upsert(random_documents(60, seed=1)))

        page = run(engine.search(SearchQuery(text="耐磨鞋底", limit=50)))

        scores = [hit.score for hit in page.hits]
        assert len(scores) > 5
        assert scores == sorted(scores, reverse=True)
        assert scores[0] > scores[-1] > 0

    # Rescue of what was typed wrong or not to the end

    @pytest.mark.parametrize(
        ("title", "typed"),
        [
            ("polyurethane foam", "polyurethene"),
            ("polyurethane foam", "polyurethne"),
            ("polyurethane foam", "polyurehtane"),
            ("wafer defect", "waffer"),
        ],
    )
    def test_one_slip_in_a_latin_word_is_forgiven(
        self, engine: SearchEngine, run: Run[Any], title: str, typed: str
    ) -> None:
        run(engine.upsert(titled(title, "ceramic glaze")))

        page = run(engine.search(SearchQuery(text=typed)))

        assert ids_of(page) == ["r1"]

    @pytest.mark.parametrize("typed", ["polirethene", "pol1", "tpv"])
    def test_more_than_one_slip_or_a_short_word_is_not_forgiven(
        self, engine: SearchEngine, run: Run[Any], typed: str
    ) -> None:
        run(engine.upsert(titled("polyurethane foam", "tpu")))

        page = run(engine.search(SearchQuery(text=typed)))

        assert ids_of(page) == []

    @pytest.mark.parametrize(
        ("title", "typed"),
        [("锂离子电池", "锂离"), ("polyurethane", "polyur"), ("foam polyurethane", "foam polyu")],
    )
    def test_the_last_word_may_be_a_beginning(
        self, engine: SearchEngine, run: Run[Any], title: str, typed: str
    ) -> None:
        run(engine.upsert(titled(title, "陶瓷釉料")))

        page = run(engine.search(SearchQuery(text=typed)))

        assert ids_of(page) == ["r1"]

    @pytest.mark.parametrize("typed", ["谐波减速气", "谐波咸速器", "斜波减速器"])
    def test_one_wrong_ideograph_is_forgiven(
        self, engine: SearchEngine, run: Run[Any], typed: str
    ) -> None:
        run(engine.upsert(titled("谐波减速器精密加工", "陶瓷釉料配方")))

        page = run(engine.search(SearchQuery(text=typed)))

        assert ids_of(page) == ["r1"]

    @pytest.mark.parametrize(
        "typed", ["如何回收电池", "电池怎么回收？", "有没有电池回收", "哪家能回收电池呢"]
    )
    def test_words_that_only_ask_are_passed_over(
        self, engine: SearchEngine, run: Run[Any], typed: str
    ) -> None:
        run(engine.upsert(titled("有没有哪家如何怎么", "电池回收")))

        page = run(engine.search(SearchQuery(text=typed)))

        assert ids_of(page) == ["r2"]

    # Phrases

    @pytest.mark.parametrize(
        "typed", ['"离子电池"', "“离子电池”", "「离子电池」", "『离子电池』", '"離子電池"']
    )
    def test_quoted_words_stand_next_to_each_other(
        self, engine: SearchEngine, run: Run[Any], typed: str
    ) -> None:
        run(engine.upsert(titled("锂离子电池", "离子膜与电池", "电池离子")))

        page = run(engine.search(SearchQuery(text=typed)))

        assert ids_of(page) == ["r1"]

    def test_words_beside_a_phrase_may_stand_anywhere(
        self, engine: SearchEngine, run: Run[Any]
    ) -> None:
        run(engine.upsert(titled("回收锂离子电池", "锂离子电池", "回收离子膜与电池")))

        page = run(engine.search(SearchQuery(text='"离子电池" 回收')))

        assert ids_of(page) == ["r1", "r2"]

    def test_two_phrases_are_both_needed(self, engine: SearchEngine, run: Run[Any]) -> None:
        run(engine.upsert(titled("导热涂料与耐磨鞋底", "导热涂料", "耐磨鞋底")))

        page = run(engine.search(SearchQuery(text='"导热涂料" "耐磨鞋底"')))

        assert ids_of(page) == ["r1"]

    def test_a_phrase_does_not_run_from_one_text_into_the_next(
        self, engine: SearchEngine, run: Run[Any]
    ) -> None:
        run(
            engine.upsert(
                [make_document("r1", title="导热", keywords=("涂料", "鞋底"), body="耐磨")]
            )
        )

        pages = [
            run(engine.search(SearchQuery(text=typed)))
            for typed in ('"导热涂料"', '"涂料鞋底"', '"鞋底耐磨"', '"鞋底"')
        ]

        assert [page.total for page in pages] == [0, 0, 0, 1]

    # Hostile text

    @pytest.mark.parametrize("typed", HOSTILE_TEXTS, ids=lambda typed: ascii(typed[:12]))
    def test_no_text_breaks_a_search(self, engine: SearchEngine, run: Run[Any], typed: str) -> None:
        run(engine.upsert(random_documents(20, seed=2)))

        page = run(engine.search(SearchQuery(text=typed, facets=FACETS, highlight=True)))

        assert len(page.hits) == min(page.total, 20)
        assert set(page.facets) == set(FACETS)

    @pytest.mark.parametrize("typed", ["!!!", "的", "\0", "\ud800", '""', "😀"])
    def test_text_without_words_finds_nothing(
        self, engine: SearchEngine, run: Run[Any], typed: str
    ) -> None:
        run(engine.upsert(random_documents(5, seed=2)))

        page = run(engine.search(SearchQuery(text=typed, facets=("fields",))))

        assert page == SearchPage(hits=(), total=0, facets={"fields": {}})

    @pytest.mark.parametrize("value", HOSTILE_TEXTS, ids=lambda value: ascii(value[:12]))
    def test_no_value_of_a_filter_breaks_a_search(
        self, engine: SearchEngine, run: Run[Any], value: str
    ) -> None:
        run(engine.upsert([make_document("r1", organisation="刺桐大学", fields=("energy",))]))
        everywhere = Filters(
            ids=(value,),
            fields=(value,),
            industries=(value,),
            divisions=(value,),
            modes=(value,),
            organisation=value,
        )

        page = run(engine.search(SearchQuery(filters=everywhere)))

        assert page.hits == ()

    @pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=lambda text: ascii(text[:12]))
    def test_no_text_of_a_document_breaks_the_index(
        self, engine: SearchEngine, run: Run[Any], text: str
    ) -> None:
        hostile = make_document(
            "bad",
            title=text,
            keywords=(text, text),
            body=text,
            fields=(text,),
            industries=(text,),
            division=text,
            organisation=text,
            modes=(text,),
        )

        run(engine.upsert([hostile, make_document("good", title="石墨烯")]))

        assert run(engine.versions()) == {"bad": 1, "good": 1}
        page = run(engine.search(SearchQuery(text="石墨烯", highlight=True)))
        assert ids_of(page) == ["good"]

    # Filters

    @pytest.mark.parametrize(
        ("filters", "kept"),
        [
            (Filters(), ["r1", "r2", "r3"]),
            (Filters(ids=("r1", "r3", "r9")), ["r1", "r3"]),
            (Filters(fields=("energy",)), ["r1", "r2"]),
            (Filters(fields=("energy", "materials")), ["r1", "r2", "r3"]),
            (Filters(fields=("ener",)), []),
            (Filters(industries=("C",)), ["r1", "r2"]),
            (Filters(industries=("C19",)), ["r1"]),
            (Filters(industries=("C1954", "D46")), ["r1", "r3"]),
            (Filters(industries=("C19540",)), []),
            (Filters(divisions=("35",)), ["r1", "r2"]),
            (Filters(divisions=("3505",)), ["r1"]),
            (Filters(modes=("licence",)), ["r1", "r3"]),
            (Filters(organisation="大学"), ["r1", "r2"]),
            (Filters(organisation="刺桐"), ["r1"]),
            (Filters(organisation="學材"), ["r1"]),
            (Filters(organisation="ＦＵＪＩＡＮ univ"), ["r3"]),
            (Filters(organisation="大材"), []),
            (Filters(fields=("energy",), divisions=("3505",), modes=("licence",)), ["r1"]),
            (Filters(fields=("energy",), modes=("service",), divisions=("44",)), []),
        ],
    )
    def test_filter_keeps_what_meets_it(
        self, engine: SearchEngine, run: Run[Any], filters: Filters, kept: list[str]
    ) -> None:
        run(engine.upsert(three_listings()))

        page = run(engine.search(SearchQuery(filters=filters)))

        assert ids_of(page) == kept
        assert page.total == len(kept)

    @pytest.mark.parametrize(
        ("filters", "kept"),
        [
            (Filters(trl_min=1), ["exact", "from", "range", "to"]),
            (Filters(trl_min=7), ["from", "range"]),
            (Filters(trl_min=6, trl_max=6), ["from", "range"]),
            (Filters(trl_max=5), ["exact", "range", "to"]),
            (Filters(trl_max=4), ["range", "to"]),
            (Filters(trl_min=5, trl_max=5), ["exact", "range"]),
            (Filters(trl_min=9, trl_max=1), []),
            (Filters(trl_min=-(10**30), trl_max=10**30), ["exact", "from", "range", "to"]),
        ],
    )
    def test_range_filter_keeps_overlapping_ranges_and_leaves_out_unknown_ones(
        self, engine: SearchEngine, run: Run[Any], filters: Filters, kept: list[str]
    ) -> None:
        run(
            engine.upsert(
                [
                    make_document("exact", trl_min=5, trl_max=5),
                    make_document("range", trl_min=4, trl_max=7),
                    make_document("from", trl_min=6),
                    make_document("to", trl_max=4),
                    make_document("unknown"),
                ]
            )
        )

        page = run(engine.search(SearchQuery(filters=filters)))

        assert ids_of(page) == kept

    @pytest.mark.parametrize(
        ("filters", "kept"),
        [
            (Filters(price_min_cny=100_000), ["r2", "r3"]),
            (Filters(price_min_cny=100_001), ["r3"]),
            (Filters(price_max_cny=99_999), ["r1"]),
            (Filters(price_max_cny=0), ["r1"]),
            (Filters(price_min_cny=150_000, price_max_cny=250_000), ["r3"]),
            (Filters(published_since_s=200), ["r2", "r3"]),
            (Filters(published_since_s=301), []),
        ],
    )
    def test_prices_and_dates_are_filtered_with_both_ends_included(
        self, engine: SearchEngine, run: Run[Any], filters: Filters, kept: list[str]
    ) -> None:
        run(
            engine.upsert(
                [
                    make_document("r1", price_min_cny=0, price_max_cny=0, published_at_s=100),
                    make_document(
                        "r2", price_min_cny=100_000, price_max_cny=100_000, published_at_s=200
                    ),
                    make_document(
                        "r3", price_min_cny=200_000, price_max_cny=300_000, published_at_s=300
                    ),
                    make_document("r4"),
                ]
            )
        )

        page = run(engine.search(SearchQuery(filters=filters)))

        assert ids_of(page) == kept

    def test_filters_do_not_change_scores(self, engine: SearchEngine, run: Run[Any]) -> None:
        run(engine.upsert(three_listings()))
        filters = Filters(fields=("energy",), divisions=("35",), organisation="大学")

        free = run(engine.search(SearchQuery(text="电池")))
        narrow = run(engine.search(SearchQuery(text="电池", filters=filters)))

        scores = {hit.id: hit.score for hit in free.hits}
        assert ids_of(narrow) == ["r1", "r2"]
        assert [hit.score for hit in narrow.hits] == [scores["r1"], scores["r2"]]

    # Facets

    def test_facets_count_all_hits(self, engine: SearchEngine, run: Run[Any]) -> None:
        run(engine.upsert(three_listings()))

        page = run(engine.search(SearchQuery(facets=FACETS, limit=1)))

        assert page.total == 3
        assert page.facets == {
            "fields": {"energy": 2, "materials": 1},
            "industry_sections": {"C": 2, "D": 1},
            "provinces": {"350000": 2, "440000": 1},
            "modes": {"licence": 2, "transfer": 2},
            "trl": {"5": 2, "6": 2, "7": 1},
            "price_bands": {"100k_500k": 1, "5m_up": 1, "under_100k": 1},
        }

    def test_facets_count_under_text_and_filters(self, engine: SearchEngine, run: Run[Any]) -> None:
        run(engine.upsert([*three_listings(), make_document("other", fields=("energy",))]))

        page = run(
            engine.search(
                SearchQuery(text="电池", filters=Filters(modes=("licence",)), facets=("fields",))
            )
        )

        assert page.facets == {"fields": {"energy": 1, "materials": 1}}

    def test_only_the_facets_asked_for_are_counted(
        self, engine: SearchEngine, run: Run[Any]
    ) -> None:
        run(engine.upsert(three_listings()))

        page = run(engine.search(SearchQuery(facets=("provinces",))))

        assert page.facets == {"provinces": {"350000": 2, "440000": 1}}

    @pytest.mark.parametrize(
        ("price_cny", "band"),
        [
            (0, "under_100k"),
            (99_999, "under_100k"),
            (100_000, "100k_500k"),
            (499_999, "100k_500k"),
            (500_000, "500k_1m"),
            (1_000_000, "1m_5m"),
            (4_999_999, "1m_5m"),
            (5_000_000, "5m_up"),
            (10**15, "5m_up"),
        ],
    )
    def test_price_bands_begin_at_their_lower_edge(
        self, engine: SearchEngine, run: Run[Any], price_cny: int, band: str
    ) -> None:
        run(engine.upsert([make_document("r1", price_min_cny=price_cny), make_document("r2")]))

        page = run(engine.search(SearchQuery(facets=("price_bands",))))

        assert page.facets == {"price_bands": {band: 1}}

    def test_a_document_counts_once_in_a_section(self, engine: SearchEngine, run: Run[Any]) -> None:
        run(engine.upsert([make_document("r1", industries=("C19", "C1954", "I65"))]))

        page = run(engine.search(SearchQuery(facets=("industry_sections",))))

        assert page.facets == {"industry_sections": {"C": 1, "I": 1}}

    # Orders and pages

    @pytest.mark.parametrize(
        ("sort", "ids"),
        [
            ("newest", ["c", "a", "b", "d", "e"]),
            ("price_up", ["b", "d", "a", "c", "e"]),
            ("price_down", ["a", "b", "d", "c", "e"]),
            ("trl_up", ["c", "a", "b", "d", "e"]),
            ("trl_down", ["b", "a", "c", "d", "e"]),
        ],
    )
    def test_orders_put_unknown_numbers_last_and_equal_ones_by_id(
        self, engine: SearchEngine, run: Run[Any], sort: Sort, ids: list[str]
    ) -> None:
        run(
            engine.upsert(
                [
                    make_document("d", price_min_cny=100),
                    make_document("e"),
                    make_document("c", published_at_s=300, trl_min=2),
                    make_document("b", published_at_s=100, trl_min=8, price_min_cny=100),
                    make_document("a", published_at_s=100, trl_min=5, price_min_cny=900),
                ]
            )
        )

        page = run(engine.search(SearchQuery(sort=sort)))

        assert ids_of(page) == ids

    @pytest.mark.parametrize(
        "query",
        [
            SearchQuery(),
            SearchQuery(sort="price_up"),
            SearchQuery(sort="price_down"),
            SearchQuery(sort="trl_up"),
            SearchQuery(sort="trl_down"),
            SearchQuery(sort="newest"),
            SearchQuery(text="耐磨电池"),
            SearchQuery(text="耐磨电池", sort="trl_down"),
            SearchQuery(text="回收", filters=Filters(fields=("energy",))),
        ],
        ids=lambda query: f"{query.sort}-{bool(query.text)}",
    )
    @pytest.mark.parametrize("limit", [1, 7, 40])
    def test_pages_put_together_are_the_whole_list(
        self, engine: SearchEngine, run: Run[Any], query: SearchQuery, limit: int
    ) -> None:
        run(engine.upsert(random_documents(90, seed=3)))
        whole = run(engine.search(with_page(query, limit=1_000)))

        pages = [
            run(engine.search(with_page(query, limit=limit, offset=offset)))
            for offset in range(0, whole.total + limit, limit)
        ]

        assert [hit for page in pages for hit in page.hits] == list(whole.hits)
        assert {page.total for page in pages} == {len(whole.hits)}

    @pytest.mark.parametrize("sort", ["relevance", "newest", "price_up", "trl_down"])
    def test_the_order_of_writing_does_not_matter(
        self, engine: SearchEngine, run: Run[Any], sort: Sort
    ) -> None:
        documents = [
            make_document(f"r{place:02}", title="电池", trl_min=place % 3, price_min_cny=5)
            for place in range(40)
        ]
        for start in range(30, -1, -10):
            run(engine.upsert(documents[start : start + 10]))

        page = run(engine.search(SearchQuery(text="电池", sort=sort, limit=10, offset=5)))

        by_rule = sorted(documents, key=lambda d: -(d.trl_min or 0) if sort == "trl_down" else 0)
        assert ids_of(page) == [document.id for document in by_rule[5:15]]

    def test_limit_zero_gives_counts_only(self, engine: SearchEngine, run: Run[Any]) -> None:
        run(engine.upsert(three_listings()))

        page = run(engine.search(SearchQuery(limit=0, facets=("fields",))))

        assert page == SearchPage(
            hits=(), total=3, facets={"fields": {"energy": 2, "materials": 1}}
        )

    @pytest.mark.parametrize("sort", ["relevance", "newest"])
    @pytest.mark.parametrize("text", ["", "电池"])
    def test_a_place_past_the_end_gives_an_empty_page(
        self, engine: SearchEngine, run: Run[Any], text: str, sort: Sort
    ) -> None:
        run(engine.upsert(three_listings()))

        page = run(engine.search(SearchQuery(text=text, sort=sort, offset=2**62, limit=2**62)))

        assert page == SearchPage(hits=(), total=3)

    # Highlights

    def test_highlights_are_places_in_the_original_texts(
        self, engine: SearchEngine, run: Run[Any]
    ) -> None:
        document = make_document(
            "r1", title="㎡級鋰離子電池", keywords=("回收", "電池"), body="无关。ＴＰＵ电池！"
        )
        run(engine.upsert([document]))

        page = run(engine.search(SearchQuery(text="电池 tpu", highlight=True)))

        assert page.hits[0].highlights == {
            "title": (Span(5, 7),),
            "keywords": (Span(3, 5),),
            "body": (Span(3, 8),),
        }

    def test_highlights_are_left_out_unless_asked_for(
        self, engine: SearchEngine, run: Run[Any]
    ) -> None:
        run(engine.upsert(titled("电池")))

        page = run(engine.search(SearchQuery(text="电池")))

        assert page.hits[0].highlights == {}

    # Writing

    def test_the_last_writing_of_an_id_wins(self, engine: SearchEngine, run: Run[Any]) -> None:
        run(engine.upsert([make_document("r1", title="石墨烯"), make_document("r2")]))

        run(engine.upsert([make_document("r1", title="碳纤维", version=2)]))

        assert ids_of(run(engine.search(SearchQuery(text="石墨烯")))) == []
        assert ids_of(run(engine.search(SearchQuery(text="碳纤维")))) == ["r1"]
        assert run(engine.versions()) == {"r1": 2, "r2": 1}

    def test_the_last_of_two_documents_with_one_id_wins_within_one_batch(
        self, engine: SearchEngine, run: Run[Any]
    ) -> None:
        run(
            engine.upsert(
                [
                    make_document("r1", title="石墨烯", version=1),
                    make_document("r1", title="碳纤维", version=2),
                ]
            )
        )

        page = run(engine.search(SearchQuery()))
        assert page.total == 1
        assert run(engine.versions()) == {"r1": 2}
        assert ids_of(run(engine.search(SearchQuery(text="石墨烯")))) == []

    def test_writing_twice_changes_nothing(self, engine: SearchEngine, run: Run[Any]) -> None:
        run(engine.upsert(three_listings()))

        run(engine.upsert(three_listings()))

        assert ids_of(run(engine.search(SearchQuery()))) == ["r1", "r2", "r3"]

    def test_a_deleted_document_leaves_the_index(self, engine: SearchEngine, run: Run[Any]) -> None:
        run(engine.upsert(three_listings()))

        run(engine.delete(["r1"]))

        assert ids_of(run(engine.search(SearchQuery(text="电池")))) == ["r2", "r3"]
        assert run(engine.versions()) == {"r2": 1, "r3": 1}

    def test_deleting_unknown_ids_is_no_error(self, engine: SearchEngine, run: Run[Any]) -> None:
        run(engine.upsert(titled("电池")))

        run(engine.delete(["r9", "", "\ud800", "r" * 100_000]))

        assert run(engine.versions()) == {"r1": 1}

    def test_a_deleted_id_may_come_back(self, engine: SearchEngine, run: Run[Any]) -> None:
        run(engine.upsert(titled("电池")))
        run(engine.delete(["r1"]))

        run(engine.upsert(titled("涂料")))

        assert ids_of(run(engine.search(SearchQuery(text="涂料")))) == ["r1"]
        assert ids_of(run(engine.search(SearchQuery(text="电池")))) == []

    @pytest.mark.parametrize(
        "document_id", ["1", "R-001", "成果/1", "a b", "<id>", "x" * 500, "ＡＢＣ", "\t", "0"]
    )
    def test_ids_come_back_as_given(
        self, engine: SearchEngine, run: Run[Any], document_id: str
    ) -> None:
        run(engine.upsert([make_document(document_id, title="电池"), make_document("r2")]))

        page = run(engine.search(SearchQuery(filters=Filters(ids=(document_id,)))))

        assert ids_of(page) == [document_id]

    @pytest.mark.parametrize(
        "refused",
        [
            make_document(""),
            make_document("x" * 600),
            make_document("\ud800"),
            make_document("r1", trl_min=2**63),
            make_document("r1", price_max_cny=-(2**64)),
            make_document("r1", version=2**70),
        ],
        ids=["empty", "long", "surrogate", "trl", "price", "version"],
    )
    def test_a_document_that_can_not_be_held_refuses_the_whole_batch(
        self, engine: SearchEngine, run: Run[Any], refused: SearchDocument
    ) -> None:
        with pytest.raises(SearchError):
            run(engine.upsert([make_document("good"), refused]))

        assert run(engine.versions()) == {}

    def test_a_failure_while_documents_are_read_writes_none(
        self, engine: SearchEngine, run: Run[Any]
    ) -> None:
        def breaking() -> Iterator[SearchDocument]:
            yield make_document("r1")
            raise ConnectionError("the source broke")

        with pytest.raises(ConnectionError):
            run(engine.upsert(breaking()))
        run(engine.upsert([make_document("r2")]))

        assert run(engine.versions()) == {"r2": 1}

    def test_searches_during_writes_see_whole_batches(
        self, engine: SearchEngine, run: Run[Any]
    ) -> None:
        async def write() -> None:
            for batch in range(8):
                await engine.upsert(
                    make_document(f"b{batch}-{place}", title="电池") for place in range(25)
                )

        async def together() -> list[SearchPage]:
            pages, _ = await asyncio.gather(
                asyncio.gather(*(engine.search(SearchQuery(text="电池")) for _ in range(100))),
                write(),
            )
            return list(pages)

        pages = run(together())

        assert {page.total % 25 for page in pages} == {0}
        assert run(engine.search(SearchQuery(text="电池"))).total == 200

    # Candidates, suggestions, empty index

    def test_candidates_come_by_the_weight_of_what_they_share(
        self, engine: SearchEngine, run: Run[Any]
    ) -> None:
        run(engine.upsert(titled("电池", "涂料", "电池涂料", "鞋底")))
        terms = [WeightedTerm("电池", 1.0), WeightedTerm("涂料", 3.0)]

        hits = run(engine.candidates(terms))

        assert [hit.id for hit in hits] == ["r3", "r2", "r1"]
        assert hits[0].score > hits[1].score > hits[2].score > 0

    def test_candidates_meet_the_filters_and_the_limit(
        self, engine: SearchEngine, run: Run[Any]
    ) -> None:
        run(engine.upsert(three_listings()))
        terms = [WeightedTerm("电池", 1.0)]

        filtered = run(engine.candidates(terms, filters=Filters(fields=("energy",))))
        limited = run(engine.candidates(terms, limit=1))

        assert [hit.id for hit in filtered] == ["r1", "r2"]
        assert limited == run(engine.candidates(terms))[:1]

    def test_equal_candidates_come_by_id_also_where_the_limit_cuts(
        self, engine: SearchEngine, run: Run[Any]
    ) -> None:
        for place in range(29, -1, -1):
            run(engine.upsert([make_document(f"r{place:02}", title="电池")]))

        hits = run(engine.candidates([WeightedTerm("电池", 1.0)], limit=4))

        assert [hit.id for hit in hits] == ["r00", "r01", "r02", "r03"]

    def test_neighbours_follow_the_candidates(self, engine: SearchEngine, run: Run[Any]) -> None:
        run(
            engine.upsert(
                [
                    make_document("r1", title="电池回收", industries=("D46",)),
                    make_document("r2", title="涂料", industries=("C1954",)),
                    make_document("r3", title="电池涂料", industries=("C1951",)),
                    make_document("r4", title="鞋底", industries=("C1954",)),
                    make_document("r5", title="鞋底", industries=("C26",)),
                ]
            )
        )
        terms = [WeightedTerm("电池", 3.0), WeightedTerm("回收", 1.0)]
        nearby = Neighbourhood(
            industries=("C195", "I65"), terms=(WeightedTerm("涂料", 1.0),), limit=3
        )

        hits = run(engine.candidates_and_neighbours(terms, nearby))

        assert [hit.id for hit in hits] == ["r1", "r3", "r2", "r4"]
        assert [hit.score > 0 for hit in hits] == [True, True, True, False]

    def test_neighbours_that_share_no_term_are_left_out_where_enough_share_one(
        self, engine: SearchEngine, run: Run[Any]
    ) -> None:
        run(
            engine.upsert(
                [
                    make_document("r1", title="鞋底", industries=("C1954",)),
                    make_document("r2", body="涂料", industries=("C1954",)),
                    make_document("r3", title="涂料", industries=("C1954",)),
                ]
            )
        )
        nearby = Neighbourhood(industries=("C19",), terms=(WeightedTerm("涂料", 1.0),), limit=1)

        hits = run(engine.candidates_and_neighbours([], nearby))

        assert [hit.id for hit in hits] == ["r3"]

    def test_candidates_with_neighbours_keep_to_their_limit(
        self, engine: SearchEngine, run: Run[Any]
    ) -> None:
        run(engine.upsert(titled("电池", "电池", "电池")))
        nearby = Neighbourhood(industries=("C19",), terms=(), limit=5)

        hits = run(engine.candidates_and_neighbours([WeightedTerm("电池", 1.0)], nearby, limit=2))

        assert [hit.id for hit in hits] == ["r1", "r2"]

    @pytest.mark.parametrize(
        "terms",
        [
            [],
            [WeightedTerm("", 1.0)],
            [WeightedTerm("电池", 0.0)],
            [WeightedTerm("电池", -1.0)],
            [WeightedTerm("电池", float("nan"))],
            [WeightedTerm("电池", float("inf"))],
            [WeightedTerm("\ud800", 1.0)],
            [WeightedTerm("x" * 100_000, 1.0)],
        ],
    )
    def test_terms_without_meaning_find_no_candidates(
        self, engine: SearchEngine, run: Run[Any], terms: list[WeightedTerm]
    ) -> None:
        run(engine.upsert(titled("电池")))

        assert run(engine.candidates(terms)) == []

    def test_no_candidates_are_wanted(self, engine: SearchEngine, run: Run[Any]) -> None:
        run(engine.upsert(titled("电池")))

        assert run(engine.candidates([WeightedTerm("电池", 1.0)], limit=0)) == []

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ("电", ["电池", "电镀"]),
            ("電", ["电池", "电镀"]),
            ("poly", ["polymer"]),
            ("回收 电", ["电池", "电镀"]),
            ("无", []),
            ("", []),
            (" ", []),
            ("\ud800", []),
            ("x" * 100_000, []),
        ],
    )
    def test_suggestions_complete_the_last_word(
        self, engine: SearchEngine, run: Run[Any], typed: str, words: list[str]
    ) -> None:
        run(engine.upsert(titled("电池", "电池", "电镀", "Polymer")))

        assert run(engine.suggest(typed)) == words

    @pytest.mark.parametrize("limit", [0, 1])
    def test_suggestions_keep_to_the_limit(
        self, engine: SearchEngine, run: Run[Any], limit: int
    ) -> None:
        run(engine.upsert(titled("电池", "电池", "电镀")))

        assert run(engine.suggest("电", limit=limit)) == ["电池"][:limit]

    @pytest.mark.parametrize("sort", ["relevance", "newest", "price_up", "trl_down"])
    @pytest.mark.parametrize("text", ["", "电池", '"电池"'])
    def test_an_empty_index_answers(
        self, engine: SearchEngine, run: Run[Any], text: str, sort: Sort
    ) -> None:
        page = run(engine.search(SearchQuery(text=text, sort=sort, facets=("trl",))))

        assert page == SearchPage(hits=(), total=0, facets={"trl": {}})

    def test_an_empty_index_has_no_candidates_words_or_versions(
        self, engine: SearchEngine, run: Run[Any]
    ) -> None:
        assert run(engine.candidates([WeightedTerm("电池", 1.0)])) == []
        assert run(engine.suggest("电")) == []
        assert run(engine.versions()) == {}
        nearby = Neighbourhood(industries=("C19",), terms=(), limit=5)
        assert run(engine.candidates_and_neighbours([], nearby)) == []


def ids_of(page: SearchPage) -> list[str]:
    return [hit.id for hit in page.hits]


def with_page(query: SearchQuery, *, limit: int, offset: int = 0) -> SearchQuery:
    return SearchQuery(
        text=query.text, filters=query.filters, sort=query.sort, limit=limit, offset=offset
    )


def three_listings() -> list[SearchDocument]:
    return [
        make_document(
            "r1",
            title="电池",
            fields=("energy",),
            industries=("C1954",),
            division="350503",
            organisation="刺桐大学材料科学与工程学院",
            modes=("licence", "transfer"),
            trl_min=5,
            trl_max=6,
            price_min_cny=50_000,
        ),
        make_document(
            "r2",
            title="电池隔膜",
            fields=("energy",),
            industries=("C26", "C2651"),
            division="350200",
            organisation="闽都大学",
            modes=("transfer",),
            trl_min=5,
            trl_max=5,
            price_min_cny=100_000,
        ),
        make_document(
            "r3",
            title="电池外壳涂料配方",
            fields=("materials",),
            industries=("D46",),
            division="440300",
            organisation="Fujian University",
            modes=("licence",),
            trl_min=6,
            trl_max=7,
            price_min_cny=9_000_000,
        ),
    ]
