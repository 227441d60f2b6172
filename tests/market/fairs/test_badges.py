"""A badge is what its fair signed, and nothing else is."""

import uuid
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.fairs.badges import delegate_of_payload, payload_of, svg_of

SECRET = b"s" * 32
DELEGATE = uuid.UUID("01900000-0000-7000-8000-000000000000")


@given(st.binary(min_size=1, max_size=64), st.uuids())
def test_badge_is_known_again(secret: bytes, delegate_id: uuid.UUID) -> None:
    assert delegate_of_payload(secret, payload_of(secret, delegate_id)) == delegate_id


@given(st.binary(min_size=32, max_size=32), st.uuids())
def test_badge_of_another_fair_is_none(secret: bytes, delegate_id: uuid.UUID) -> None:
    if secret != SECRET:
        assert delegate_of_payload(SECRET, payload_of(secret, delegate_id)) is None


@given(st.text(max_size=200))
def test_whatever_is_scanned_is_no_badge_and_no_failure(text: str) -> None:
    assert delegate_of_payload(SECRET, text) is None
    assert delegate_of_payload(SECRET, f"DJ1.{text}.{text}") is None


@given(st.integers(0, 200), st.characters(codec="ascii"))
def test_badge_with_another_letter_is_none(place: int, letter: str) -> None:
    payload = payload_of(SECRET, DELEGATE)
    at = place % len(payload)
    changed = payload[:at] + letter + payload[at + 1 :]

    # The last letters of either part have bits that say nothing.
    if changed.strip() != payload and delegate_of_payload(SECRET, changed) is not None:
        parts, others = payload.split("."), changed.split(".")
        assert [len(part) for part in parts] == [len(part) for part in others]
        assert [part[:-1] for part in parts] == [part[:-1] for part in others]


@pytest.mark.parametrize("text", ["", "DJ1", "DJ1..", "DJ2.a.b", "DJ1.AAAA.AAAA", "DJ1.é.é"])
def test_broken_badges_are_none(text: str) -> None:
    assert delegate_of_payload(SECRET, text) is None


def test_badge_is_short_and_tells_nothing() -> None:
    payload = payload_of(SECRET, DELEGATE)

    assert len(payload) <= 60
    assert payload.isascii()
    assert SECRET.decode() not in payload


def test_picture_is_well_formed_and_loads_nothing() -> None:
    picture = svg_of(payload_of(SECRET, DELEGATE))

    assert ET.fromstring(picture).tag.endswith("svg")
    assert "href" not in picture
    assert "<script" not in picture
