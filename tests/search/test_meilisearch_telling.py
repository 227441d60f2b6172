"""The filter that tells which documents are worth reading."""

import math
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.documents import document_words
from search.meilisearch_codes import word_code
from search.meilisearch_telling import FEWEST_DOCUMENTS, Telling, Told, told_by
from tests.search.factories import random_documents
from tests.search.filter_language import keeps

FIELDS = st.sampled_from(["words", "characters"])
TELLINGS = st.lists(
    st.builds(
        Telling,
        st.floats(-1, 20),
        FIELDS,
        st.text("abcdef", min_size=1, max_size=2),
        st.integers(0, 2_000),
    ),
    max_size=12,
    unique_by=lambda telling: (telling.field, telling.code),
)


def telling(weight: float, code: str, documents: int, field: str = "words") -> Telling:
    return Telling(weight, field, code, documents)


def alternatives(words: list[Telling], documents: int, wanted: int = 10) -> list[str]:
    return told_by(words, documents, wanted=wanted).alternatives


def test_few_documents_are_all_worth_it() -> None:
    told = told_by([telling(1, "b", 20), telling(5, "a", 10)], 100, wanted=10)

    assert told == Told(['words = "a"', 'words = "b"'], is_all=True)


def test_common_words_count_only_beside_others() -> None:
    words = [
        telling(5, "rare", 30),
        telling(3, "a", 4_000),
        telling(2, "b", 3_000),
        telling(1, "c", 9_000),
    ]

    told = told_by(words, 100_000, wanted=10)

    assert told == Told(['words = "rare"', '(words = "a") AND (words = "b")'], is_all=False)


def test_more_are_read_where_more_are_wanted() -> None:
    words = [telling(5, "a", 30), telling(3, "b", 900)]

    assert alternatives(words, 100_000, wanted=10) == ['words = "a"']
    assert alternatives(words, 100_000, wanted=200) == ['words = "a"', 'words = "b"']


def test_a_very_common_word_alone_is_read_as_far_as_it_goes() -> None:
    assert alternatives([telling(1, "a", 50_000)], 60_000) == ['words = "a"']


@pytest.mark.parametrize(
    "words", [[], [telling(1, "a", 0)], [telling(0, "a", 5)], [telling(-1, "a", 5)]]
)
def test_words_that_tell_nothing_keep_nothing(words: list[Telling]) -> None:
    assert told_by(words, 100, wanted=10) == Told([], is_all=True)


def test_words_of_different_fields_may_stand_together() -> None:
    words = [
        telling(3, "a", 9_000),
        telling(2, "b", 9_000),
        telling(2, "c", 9_000, "characters"),
    ]

    assert alternatives(words, 600_000) == [
        '(words = "a") AND ((words = "b") OR (characters = "c"))'
    ]


@given(TELLINGS, st.sets(st.text("abcdef", min_size=1, max_size=2), max_size=5))
def test_no_document_is_kept_without_a_word_or_left_out_with_the_two_heaviest(
    words: list[Telling], held: set[str]
) -> None:
    document = {"words": sorted(held), "characters": sorted(held)}
    known = sorted((w.weight for w in words if w.weight > 0 and w.documents), reverse=True)
    present = sorted(
        (w.weight for w in words if w.weight > 0 and w.documents and w.code in held), reverse=True
    )

    told = told_by(words, 5_000, wanted=10)

    is_kept = bool(told.alternatives) and keeps([told.alternatives], document)
    if not present:
        assert not is_kept
    if len(known) > 1 and present[:2] == known[:2]:
        assert is_kept
    if told.is_all:
        assert is_kept == bool(present)


def test_hardly_one_of_the_best_is_lost() -> None:
    documents = [set(document_words(each)) for each in random_documents(2_000, seed=3)]
    codes = [{"words": list(map(word_code, words))} for words in documents]
    frequency = Counter(word for words in documents for word in words)
    shares = []
    for seed in range(30):
        chance = random.Random(seed)
        weights = {
            word: chance.uniform(0.2, 2) * math.log(len(documents) / frequency[word])
            for word in chance.sample(sorted(frequency), 12)
        }
        sums = [sum(weights.get(word, 0.0) for word in words) for words in documents]

        told = told_by(
            (telling(weights[word], word_code(word), frequency[word]) for word in weights),
            len(documents),
            wanted=40,
        )

        kept = [
            each
            for each, told_of in zip(sums, codes, strict=True)
            if keeps([told.alternatives], told_of)
        ]
        assert len(kept) <= 2 * FEWEST_DOCUMENTS
        shares.append(sum(sorted(kept)[-40:]) / sum(sorted(sums)[-40:]))
    assert sum(shares) / len(shares) > 0.96
