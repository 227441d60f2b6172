from random import Random

import pytest
from msgspec import UNSET

from tests.hard.drafts import Draft, draft_of, wire_request
from tests.hard.mutations import changed, spoil, spoil_bytes
from tests.hard.operations import Operation
from tests.hard.values import Values

_FORM = Operation(
    name="changeThing",
    method="PATCH",
    path="/api/things/{thing_id}",
    query={"limit": {"type": "integer", "x-required": True}},
    bodies={"application/json": {"type": "object", "properties": {"a": {"const": "膜"}}}},
)
_UPLOAD = Operation(
    name="sendFile",
    method="POST",
    path="/api/files",
    bodies={
        "multipart/form-data": {
            "type": "object",
            "properties": {"file": {"type": "string"}, "publishes": {"const": True}},
            "required": ["file", "publishes"],
        }
    },
)


def _draft(operation: Operation, seed: int) -> Draft:
    random = Random(seed)
    values = Values({}, random, {"file": [b"a,b\n"]})
    return draft_of(operation, values, {"things": ["t-1"]}, random)


def test_draft_becomes_the_request_that_a_client_would_send() -> None:
    draft = Draft(
        method="POST",
        path=["api", "%E8%86%9C"],
        query=[("q", "a%20b"), ("limit", "5")],
        headers=[("if-match", b'"1"')],
        body={"a": "膜"},
    )

    request = wire_request(draft, {"Authorization": "Bearer t"})

    assert (request.method, request.path, request.query) == (
        "POST",
        b"/api/%E8%86%9C",
        b"q=a%20b&limit=5",
    )
    assert request.body == '{"a": "膜"}'.encode()
    assert request.headers == (
        (b"host", b"test"),
        (b"content-type", b"application/json"),
        (b"content-length", b"12"),
        (b"if-match", b'"1"'),
        (b"authorization", b"Bearer t"),
    )


def test_upload_is_multipart_with_a_file() -> None:
    request = wire_request(_draft(_UPLOAD, 1), {})

    assert dict(request.headers)[b"content-type"].startswith(b"multipart/form-data; boundary=")
    assert b'name="file"; filename="listings.csv"\r\nContent-Type: text/csv\r\n\r\na,b\n' in (
        request.body
    )
    assert b'name="publishes"\r\n\r\ntrue\r\n' in request.body


def test_draft_names_what_is_there_and_what_is_missing() -> None:
    named = {_draft(_FORM, seed).path[2] for seed in range(100)}

    assert named == {"t-1", "01900000-0000-7000-8000-000000000000"}


@pytest.mark.parametrize("operation", [_FORM, _UPLOAD])
def test_whatever_is_spoilt_can_still_be_sent(operation: Operation) -> None:
    random = Random(7)

    for seed in range(500):
        draft = _draft(operation, seed)
        spoil(draft, random)
        spoil(draft, random)
        request = spoil_bytes(wire_request(draft, {"Authorization": "Bearer t"}), random)

        assert request.path.isascii()
        assert all(b"\r" not in value and b"\n" not in value for _, value in request.headers)


def test_spoiling_leaves_hardly_any_request_as_it_was() -> None:
    random = Random(7)
    before = [wire_request(_draft(_FORM, seed), {}) for seed in range(200)]

    after = []
    for seed in range(200):
        draft = _draft(_FORM, seed)
        spoil(draft, random)
        after.append(wire_request(draft, {}))

    same = sum(old == new for old, new in zip(before, after, strict=True))
    assert same < 20


def test_change_of_a_value_is_one_change_somewhere() -> None:
    form = {"title": "膜", "tags": ["a", "b"], "price": {"min": 1}}

    results = [changed(form, Random(seed)) for seed in range(100)]

    assert all(isinstance(each, dict) for each in results)
    assert all(
        len(set(map(repr, form.items())) - set(map(repr, each.items()))) <= 1 for each in results
    )
    assert UNSET not in results
