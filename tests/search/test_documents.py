"""The words of a document."""

from search.documents import SearchDocument, document_words
from search.text import words


def test_the_words_of_a_title_come_twice_and_all_texts_in_their_order() -> None:
    document = SearchDocument(
        id="1", title="防滑鞋底", keywords=("橡胶", "耐磨"), body="ＤＩＮ磨耗不大于120mm³"
    )

    assert list(document_words(document)) == [
        *words("防滑鞋底"),
        *words("防滑鞋底"),
        *words("橡胶"),
        *words("耐磨"),
        *words("DIN磨耗不大于120mm3"),
    ]


def test_a_document_without_texts_has_no_words() -> None:
    assert document_words(SearchDocument(id="1", title="")) == ()
