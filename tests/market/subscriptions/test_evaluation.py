"""Saved searches held against listings: the look-up leaves out nothing and finds nothing more."""

import random
import uuid
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.subscriptions.evaluation import SavedSearch, SavedSearches, fingerprint, reasons_of
from search.port import Filters
from search.strict import held_by, strict_search
from search.synonyms import Synonyms
from tests.search.factories import make_document, random_documents

_SYNONYMS = Synonyms(["=\t防滑|止滑", ">\t鞋底\t湿摩擦系数"])
_WORDS = ("电池", "涂料", "鞋底", "耐磨", "防腐", "回收", "改性", "“鞋底改性”", "止滑", "")


def saved(
    place: int, text: str = "", *, kind: str = "result", version: int = 1, **filters: object
) -> SavedSearch:
    wanted = msgspec.convert(filters, Filters)
    return SavedSearch(
        id=uuid.UUID(int=place),
        version=version,
        kind=kind,
        search=strict_search(text, wanted, _SYNONYMS),
        filters=wanted,
        organisation_id=None,
        asks_who=False,
    )


@settings(deadline=None)
@given(st.integers(0, 10**6))
def test_the_look_up_finds_what_trying_each_finds(seed: int) -> None:
    chance = random.Random(seed)
    searches = [
        saved(
            place,
            " ".join(chance.sample(_WORDS, k=chance.randint(0, 2))),
            kind=chance.choice(("result", "need")),
            industries=chance.choice([(), ("C19",), ("C195", "D")]),
            fields=chance.choice([(), ("materials",)]),
            divisions=chance.choice([(), ("35",), ("3505", "44")]),
            modes=chance.choice([(), ("licence",)]),
            trl_min=chance.choice([None, 4]),
        )
        for place in range(60)
    ]
    known = SavedSearches()
    for each in searches:
        known.put(each)

    for document in random_documents(20, seed=seed):
        held = held_by(document)
        expected = [each for each in searches if each.kind == "result" and each.search.fits(held)]
        assert known.fitting("result", held) == expected


def test_a_changed_search_takes_the_place_of_the_old_one() -> None:
    known, held = SavedSearches(), held_by(make_document(title="鞋底"))
    known.put(saved(1, "鞋底"))
    known.put(saved(1, "陶瓷", version=2))

    assert known.fitting("result", held) == []
    assert known.versions() == {uuid.UUID(int=1): 2}


def test_a_dropped_search_leaves_nothing_behind() -> None:
    known = SavedSearches()
    known.put(saved(1, "鞋底"))

    for _ in range(2):
        known.drop(uuid.UUID(int=1))

    assert len(known) == 0
    assert known._by_key == {}


@pytest.mark.parametrize(
    ("text", "filters", "expected"),
    [
        ("鞋底 防腐", {}, {"words": ["防腐"], "wordings": [["鞋底", "湿摩擦系数"]]}),
        ("防滑", {}, {"words": ["防滑"]}),
        ("“防滑防腐”", {}, {"words": ["防滑防腐"]}),
        ("", {"fields": ["materials", "energy"]}, {"field": ["materials"]}),
        ("", {"industries": ["C19", "D"], "trl_max": 9}, {"industry": ["C19"], "trl": True}),
        ("", {"price_min_cny": 1, "organisation": "大学"}, {"price": True, "organisation": "大学"}),
        ("", {}, {}),
    ],
)
def test_reasons_name_what_was_asked_for_and_is_there(
    text: str, filters: dict[str, Any], expected: dict[str, Any]
) -> None:
    held = held_by(
        make_document(
            title="湿摩擦系数 防滑防腐",
            fields=("materials",),
            industries=("C1954",),
            trl_min=3,
            price_min_cny=5,
            organisation="刺桐大学",
        )
    )

    assert reasons_of(saved(1, text, **filters).search, held) == expected


@pytest.mark.parametrize(
    ("changes", "is_material"),
    [
        ({"body": "另一种说法"}, False),
        ({"version": 9, "published_at_s": 5}, False),
        ({"organisation": "改名大学"}, False),
        ({"keywords": ("新词",)}, False),
        ({"title": "新名称"}, True),
        ({"price_max_cny": 5}, True),
        ({"trl_min": 9}, True),
        ({"modes": ("licence",)}, True),
        ({"industries": ("C19",)}, True),
    ],
)
def test_what_counts_as_a_material_change(changes: dict[str, object], *, is_material: bool) -> None:
    document = make_document()

    changed = msgspec.structs.replace(document, **changes)

    assert (fingerprint(changed) != fingerprint(document)) is is_material
