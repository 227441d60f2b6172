"""All errors of a body at once, in the language asked for."""

from typing import Any

import httpx
import pytest

from market.http.bodies import MOST_ERRORS, body_errors, pointer
from tests.market.http.routes import Body

JSON = {"Content-Type": "application/json"}


async def errors_of(client: httpx.AsyncClient, body: Any, lang: str = "en") -> dict[str, str]:
    answer = await client.post("/body", json=body, headers={"Accept-Language": lang})
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-language"] == lang
    return {each["pointer"]: each["detail"] for each in answer.json()["errors"]}


async def test_every_wrong_field_is_told_at_once(client: httpx.AsyncClient) -> None:
    body = {
        "title": " ",
        "trl": 10,
        "note": "a\0b",
        "kind": "c",
        "parts": [{"name": "x"}, {"size": 0}, 5],
        "labels": {"long": 1, "a": "b"},
        "on": "2027-13-01",
        "at": "2027-01-01T00:00:00",
        "extra": 1,
    }

    assert await errors_of(client, body) == {
        "#/title": "Must not be blank, and be one line without control characters.",
        "#/trl": "Must be at most 9.",
        "#/note": "Must not hold control characters.",
        "#/kind": "Must be one of: a, b.",
        "#/parts/1/name": "This is required.",
        "#/parts/1/size": "Must be at least 1.",
        "#/parts/2": "Must be an object.",
        "#/labels/long": "At most 3 characters are allowed.",
        "#/labels/a": "Must be an integer.",
        "#/on": "Must be a date, such as 2027-05-31.",
        "#/at": "The zone is missing, as in 2027-05-01T09:00:00+08:00.",
        "#/extra": "There is no such field.",
    }


async def test_errors_are_told_in_chinese(client: httpx.AsyncClient) -> None:
    body = {"trl": "九", "parts": [{"name": "x"}] * 4, "kind": "c", "on": 5}

    assert await errors_of(client, body, "zh") == {
        "#/title": "必填",
        "#/trl": "应为整数",
        "#/kind": "只能是：a, b",
        "#/parts": "最多 3 项",
        "#/on": "应为日期",
    }


@pytest.mark.parametrize(
    ("body", "detail"),
    [([], "Must be an object."), (5, "Must be an object."), ("x", "Must be an object.")],
)
async def test_body_of_another_kind(client: httpx.AsyncClient, body: Any, detail: str) -> None:
    assert await errors_of(client, body) == {"#": detail}


async def test_good_body_passes(client: httpx.AsyncClient) -> None:
    body = {"title": "鞋底", "trl": 7, "parts": [{"name": "x", "size": None}]}

    answer = await client.post("/body", json=body)

    assert answer.status_code == 201
    assert answer.json()["title"] == "鞋底"


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b'{"title": "\xff\xfeabc"}',
        b"[" * 100_000,
        b'{"title": "a\\ud800b"}',
        b"{'title': 'a'}",
        b'{"title": "a"} x',
        b"\xef\xbb\xbf{}",
    ],
)
async def test_what_is_no_json_is_malformed(client: httpx.AsyncClient, content: bytes) -> None:
    answer = await client.post("/body", content=content, headers=JSON | {"Accept-Language": "en"})

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:duijie:malformed",
        "title": "The request can't be read.",
        "status": 400,
        "code": "malformed",
    }


async def test_missing_body_is_told(client: httpx.AsyncClient) -> None:
    answer = await client.post("/body", headers=JSON | {"Accept-Language": "en"})

    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"detail": "The body is missing.", "pointer": "#"}]


@pytest.mark.parametrize(
    "media_type", ["text/plain", "", "multipart/form-data", "application/x-www-form-urlencoded"]
)
async def test_other_media_types_are_refused(client: httpx.AsyncClient, media_type: str) -> None:
    answer = await client.post(
        "/body", content=b'{"title": "x"}', headers={"Content-Type": media_type}
    )

    assert answer.status_code == 415
    assert answer.json()["code"] == "unsupported_media_type"


async def test_media_type_may_have_a_charset(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}

    answer = await client.post("/body", content=b'{"title": "x"}', headers=headers)

    assert answer.status_code == 201


async def test_too_large_body_is_refused(client: httpx.AsyncClient) -> None:
    body = b'{"note": "' + b"x" * 1_000_001 + b'"}'

    answer = await client.post("/body", content=body, headers=JSON)

    assert answer.status_code == 413
    assert answer.json()["code"] == "too_large"


def test_errors_are_counted_up_to_a_limit() -> None:
    body = b'{"title": "x", ' + b", ".join(b'"u%d": 1' % n for n in range(500)) + b"}"

    assert len(body_errors(Body, body)) == MOST_ERRORS


@pytest.mark.parametrize(
    ("place", "text"),
    [((), "#"), (("a", 0, "b"), "#/a/0/b"), (("a/b", "c~d"), "#/a~1b/c~0d")],
)
def test_pointers_are_escaped(place: tuple[str | int, ...], text: str) -> None:
    assert pointer(place) == text
