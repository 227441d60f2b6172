"""What the server is sent of a document."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.documents import SearchDocument, document_words
from search.fields import I64_MAX, I64_MIN
from search.meilisearch_codes import (
    characters_code,
    ideograph_code,
    key_of,
    pair_code,
    value_code,
    word_code,
)
from search.meilisearch_documents import (
    AVERAGE_WORDS,
    CHARACTER_FIELDS,
    WORD_FIELDS,
    WORD_LEVELS,
    holds_phrase,
    stored_document,
)
from search.port import DocumentRefused
from search.typed import MAX_ORGANISATION_CHARACTERS
from tests.search.contract import HOSTILE_TEXTS
from tests.search.factories import make_document

TEXTS = st.text("石墨烯电池回收 tpuABC12|，", max_size=60)


def test_document_with_everything() -> None:
    document = SearchDocument(
        id="R/1",
        version=7,
        title="石墨烯",
        keywords=("TPU",),
        body="导热TPU",
        fields=("materials", "Énergie"),
        industries=("C19", "D46"),
        division="350503",
        organisation="刺桐 大学",
        modes=("licence",),
        trl_min=4,
        trl_max=5,
        price_min_cny=500_000,
        price_max_cny=800_000,
        published_at_s=1_700_000_000,
    )

    stored = stored_document(document)

    searched = [*WORD_FIELDS, *CHARACTER_FIELDS]
    levels = [stored.pop(name) for name in searched if name in stored]
    assert stored == {
        "key": key_of("R/1"),
        "id": "R/1",
        "version": 7,
        "title": "石墨烯",
        "keywords": ["TPU"],
        "body": "导热TPU",
        "words": [word_code(word) for word in ("石墨", "石墨烯", "tpu", "导热")],
        "title_words": [word_code("石墨"), word_code("石墨烯")],
        "characters": [word_code(each) for each in ("石", "墨", "烯", "tpu", "导", "热")],
        "pairs": [pair_code(*pair) for pair in ("石墨", "墨烯", "导热", ("热", "tpu"))],
        "fields": ["materials", value_code("Énergie")],
        "modes": ["licence"],
        "industry_sections": [value_code("C"), value_code("D")],
        "industries": [value_code(each) for each in ("C", "C1", "C19", "D", "D4", "D46")],
        "divisions": ["3", "35", "350", "3505", "35050", "350503"],
        "provinces": ["350000"],
        "organisation": [characters_code(each) for each in ("刺桐大学", "桐大学", "大学", "学")],
        "published_at_s": 1_700_000_000,
        "price_min_cny": 500_000,
        "price_low": 500_000,
        "price_high": 800_000,
        "price_bands": "500k_1m",
        "trl_min": 4,
        "trl_low": 4,
        "trl_high": 5,
        "trl": ["4", "5"],
    }
    assert sorted(code for codes in levels for code in codes.split()) == sorted(
        [
            *(word_code(word) for word in ("石墨", "石墨烯", "tpu", "导热")),
            *map(ideograph_code, "石墨烯导热"),
        ]
    )


def test_document_with_a_title_alone_sends_nothing_empty() -> None:
    stored = stored_document(make_document("r1", title="电池"))

    assert stored == {
        "key": "r1",
        "version": 1,
        "title": "电池",
        "body": "",
        "words": [word_code("电池")],
        "title_words": [word_code("电池")],
        "characters": [word_code("电"), word_code("池")],
        "pairs": [pair_code("电", "池")],
        "w0": word_code("电池"),
        "c0": f"{ideograph_code('电')} {ideograph_code('池')}",
    }


@pytest.mark.parametrize(
    ("known", "ends"),
    [
        ({"trl_min": 4}, (4, I64_MAX)),
        ({"trl_max": 4}, (I64_MIN, 4)),
        ({"trl_min": 4, "trl_max": 6}, (4, 6)),
    ],
)
def test_range_with_an_open_end_overlaps_everything_there(
    known: dict[str, int], ends: tuple[int, int]
) -> None:
    stored = stored_document(make_document("r1", **known))

    assert (stored["trl_low"], stored["trl_high"]) == ends


@given(TEXTS, TEXTS, TEXTS)
def test_every_word_stands_once_in_the_field_of_its_saturation(
    title: str, keyword: str, body: str
) -> None:
    document = make_document("r1", title=title, keywords=(keyword,), body=body)
    found = document_words(document)

    stored = stored_document(document)

    place = {
        code: level
        for level, field in enumerate(WORD_FIELDS)
        for code in stored.get(field, "").split()
    }
    assert place == {word_code(word): level_of(word, found) for word in found}
    assert set(stored.get("words", ())) == set(place)


def level_of(word: str, found: tuple[str, ...]) -> int:
    count, k = found.count(word), 1.2 * (0.25 + 0.75 * len(found) / AVERAGE_WORDS)
    saturation = count * 2.2 / (count + k)
    return min(place for place, (edge, _) in enumerate(WORD_LEVELS) if saturation >= edge)


def test_levels_fall_and_count_what_lies_within_them() -> None:
    edges = [edge for edge, _ in WORD_LEVELS]
    counts = [count for _, count in WORD_LEVELS]

    assert edges == sorted(edges, reverse=True)
    assert counts == sorted(counts, reverse=True)
    assert all(count > edge for edge, count in WORD_LEVELS)
    assert edges[-1] == 0.0


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=lambda text: ascii(text[:12]))
def test_hostile_texts_become_documents_that_can_be_sent(text: str) -> None:
    stored = stored_document(
        make_document(
            "r1",
            title=text,
            keywords=(text,),
            body=text,
            fields=(text,),
            industries=(text,),
            division=text,
            organisation=text,
        )
    )

    assert all(is_sendable(value) for value in stored.values())
    assert len(stored.get("organisation", ())) <= MAX_ORGANISATION_CHARACTERS
    arrays = [
        each for name, each in stored.items() if isinstance(each, list) and name != "keywords"
    ]
    assert all(len(code.encode()) <= 468 for codes in arrays for code in codes)


def is_sendable(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(is_sendable, value))
    return isinstance(value, int) or value.encode() is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"document_id": ""},
        {"document_id": "x" * 600},
        {"document_id": "\ud800"},
        {"trl_max": 2**63},
        {"price_min_cny": -(2**64)},
        {"published_at_s": 2**63},
        {"version": 2**70},
    ],
)
def test_document_that_no_index_can_hold_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(DocumentRefused):
        stored_document(make_document(**changes))


@pytest.mark.parametrize(
    ("phrase", "is_held"),
    [
        (("离", "子", "电", "池"), True),
        (("子", "电"), True),
        (("离",), True),
        (("子", "池"), False),
        (("tpu", "鞋"), True),
        (("池", "tpu"), False),
        (("鞋", "导"), False),
    ],
)
def test_phrase_is_held_within_one_text(phrase: tuple[str, ...], *, is_held: bool) -> None:
    found = holds_phrase(
        title="锂离子电池", keywords=("ＴＰＵ鞋", "导热"), body="导热", parts=phrase
    )

    assert found == is_held
