"""Strict searches without an index: the same documents as an index finds before it relaxes."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tantivy import Query

from search.documents import SearchDocument
from search.embedded import EmbeddedEngine
from search.embedded_filters import filter_conditions, filtered
from search.embedded_queries import QueryBuilder
from search.port import Filters
from search.strict import held_by, strict_search
from search.synonyms import Synonyms, shipped_synonyms
from search.typed import read_typed
from tests.search.factories import make_document, random_documents

_PIECES = (
    *(
        "鞋底",
        "湿摩擦系数",
        "防滑",
        "止滑",
        "锂电池",
        "锂离子电池",
        "农业发展银行",
        "处理",
        "待处理",
    ),
    *(
        "怎么",
        "有没有",
        "的",
        "120mm",
        "5.5kW",
        "ABC",
        "ａｂｃ",
        "carbon fibre",
        "軟件",
        "软件",
        "℃",
    ),
    *(" ", "，", "|", "｜", "“", "”", '"', "在建工程", "5G", "e\u0301", "\ud800"),
)
_TEXTS = st.lists(st.sampled_from(_PIECES), max_size=6).map("".join)
_CODES = st.lists(
    st.sampled_from(["C19", "C195", "C1954", "D46", "materials", "", "C 19"]), max_size=2
)
_LEVELS = st.none() | st.integers(1, 9)
_PRICES = st.none() | st.sampled_from([0, 1, 100_000, 500_000, 10**13])
_SYNONYMS = Synonyms(["=\t防滑|止滑|slip", "=\t锂电池|锂离子电池", ">\t鞋底滑|鞋底\t湿摩擦系数"])

_documents = st.builds(
    SearchDocument,
    id=st.uuids().map(str),
    title=_TEXTS,
    keywords=st.lists(_TEXTS, max_size=2).map(tuple),
    body=_TEXTS,
    fields=_CODES.map(tuple),
    industries=_CODES.map(tuple),
    division=st.sampled_from([None, "350503", "350200"]),
    organisation=st.sampled_from(["", "刺桐大学", "刺桐 Univ."]),
    modes=_CODES.map(tuple),
    trl_min=_LEVELS,
    trl_max=_LEVELS,
    price_min_cny=_PRICES,
    price_max_cny=_PRICES,
    published_at_s=st.none() | st.integers(0, 3),
)
_filters = st.builds(
    Filters,
    fields=_CODES.map(tuple),
    industries=_CODES.map(tuple),
    divisions=st.sampled_from([(), ("35",), ("3505", "44")]),
    modes=_CODES.map(tuple),
    organisation=st.sampled_from(["", "大学", "univ", " "]),
    trl_min=_LEVELS,
    trl_max=_LEVELS,
    price_min_cny=_PRICES,
    price_max_cny=_PRICES,
    published_since_s=st.none() | st.integers(0, 3),
)


def _found(engine: EmbeddedEngine, text: str, filters: Filters, synonyms: Synonyms) -> set[str]:
    """The ids that the index finds strictly, whatever their number."""
    snapshot, typed = engine._fresh(), read_typed(text, synonyms)
    builder = QueryBuilder(snapshot.schema, snapshot.searcher)
    wanted = Query.all_query() if typed.is_blank else builder.strict(typed).finding
    if typed.finds_nothing and not typed.is_blank:
        return set()
    query = filtered(wanted, filter_conditions(snapshot.schema, filters))
    return {found.id for found in snapshot.by_id(query, offset=0, limit=1_000).found}


@settings(deadline=None)
@given(st.lists(_documents, min_size=1, max_size=6), _TEXTS, _filters)
def test_a_document_fits_exactly_where_the_index_finds_it(
    documents: list[SearchDocument], text: str, filters: Filters
) -> None:
    engine = EmbeddedEngine.in_memory()
    engine.upsert_now(documents)
    search = strict_search(text, filters, _SYNONYMS)

    fitting = {each.id for each in documents if search.fits(held_by(each))}

    assert fitting == _found(engine, text, filters, _SYNONYMS)


def test_the_shipped_synonyms_and_many_documents_give_the_same_answers() -> None:
    documents = list(random_documents(300, seed=7))
    engine, synonyms = EmbeddedEngine.in_memory(), shipped_synonyms()
    engine.upsert_now(documents)
    chance = random.Random(7)
    words = ("锂电池回收", "鞋底 耐磨", "防腐涂料", "废水处理", "机器人", "“涂料制备”", "导热", "")
    for _ in range(200):
        filters = Filters(
            industries=chance.choice([(), ("C19",), ("C", "D46")]),
            divisions=chance.choice([(), ("3505",)]),
            trl_min=chance.choice([None, 5]),
            price_max_cny=chance.choice([None, 1_000_000]),
        )
        text = chance.choice(words)
        search = strict_search(text, filters, synonyms)

        fitting = {each.id for each in documents if search.fits(held_by(each))}

        assert fitting == _found(engine, text, filters, synonyms), (text, filters)


@given(_documents, _TEXTS, _filters)
def test_whatever_fits_holds_one_of_the_keys(
    document: SearchDocument, text: str, filters: Filters
) -> None:
    search, held = strict_search(text, filters, _SYNONYMS), held_by(document)
    keys = {*held.codes(), *("=" + word for word in held.words)}

    if search.fits(held):
        assert not search.keys() or not keys.isdisjoint(search.keys())


@pytest.mark.parametrize(
    ("text", "changes", "fits"),
    [
        ("农业", {"title": "中国农业发展银行"}, True),
        ("处理", {"body": "待处理的废水"}, True),
        ("景点", {"body": "经典之作"}, False),
        ("軟件", {"title": "软件"}, True),
        ("防滑 鞋底", {"title": "防滑地砖"}, False),
        ("止滑", {"title": "防滑地砖"}, True),
        ("“涂料制备”", {"title": "涂料", "keywords": ("制备",)}, False),
        ("“涂料制备”", {"title": "一种涂料制备方法"}, True),
        ("，。！", {"title": "任何"}, False),
        ("", {"title": "任何"}, True),
    ],
)
def test_words_phrases_and_synonyms(text: str, changes: dict[str, Any], *, fits: bool) -> None:
    held = held_by(make_document(**changes))

    assert strict_search(text, Filters(), _SYNONYMS).fits(held) is fits
