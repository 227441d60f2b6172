import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.errors import Invalid
from market.http.paging import cursor_of, id_of, place_of


@given(st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.uuids()))
def test_cursor_leads_back_to_its_place(place: tuple[float, uuid.UUID]) -> None:
    assert place_of(cursor_of(place), tuple[float, uuid.UUID]) == place


@given(st.text(max_size=60))
def test_any_other_cursor_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        place_of(text, uuid.UUID)

    assert [error.place for error in refused.value.errors] == ["cursor"]


def test_no_cursor_is_the_beginning() -> None:
    assert place_of(None, uuid.UUID) is None


@pytest.mark.parametrize("text", ["", "x", "../etc", "\0", "1" * 31, "😀" * 16])
def test_what_is_no_id_is_none(text: str) -> None:
    assert id_of(text) is None


def test_id_is_read() -> None:
    known = uuid.uuid4()

    assert id_of(str(known)) == known
