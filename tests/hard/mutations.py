"""Ways to spoil a request: its values first, then its bytes."""

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
from msgspec import UNSET

from tests.hard.asgi import WireRequest
from tests.hard.drafts import Draft, quoted

WEIRD = (
    "",
    " ",
    "\0",
    "\ud800",
    "😀",
    "膜" * 300,
    "../../etc/passwd",
    "' OR 1=1--",
    "%",
    "%_%",
    "a" * 5_000,
    "-1",
    "1e400",
    "NaN",
    "null",
    "true",
    "[]",
    "{}",
    "\u202e",
    "\u2028",
    "\ufeff",
    "9" * 400,
    "0x10",
    "１２",
    "2026-13-45",
    "9999-12-31",
    "0000-00-00",
    "\u200b",
    "*",
    '"',
    "(((((",
    "=1+1",
)
VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**31,
    2**53,
    2**63,
    2**64,
    10**400,
    1e308,
    -0.0,
    1.5,
    float("nan"),
    float("inf"),
    [],
    {},
    [[]],
    [None],
    ["x"] * 500,
    {"a": {"a": {"a": 1}}},
    *WEIRD,
)
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "get")
_HEADERS: dict[str, tuple[bytes, ...]] = {
    "content-type": (
        b"",
        b"text/plain",
        b"application/x-www-form-urlencoded",
        b"multipart/form-data",
        b"multipart/form-data; boundary=",
        b"multipart/form-data; boundary=" + b"x" * 300,
        b"application/json; charset=utf-16",
        b"application/json; charset=nonsense",
        b"application/msgpack",
        b"application/problem+json",
        b"\xff\xfe",
        b"application/json/json",
    ),
    "if-match": (
        b"",
        b'"0"',
        b'"-1"',
        b"*",
        b'W/"1"',
        b"\xff",
        b'"' + b"9" * 40 + b'"',
        b'"1","2"',
    ),
    "if-none-match": (b'"1"', b"*", b"\xff", b'W/"1"', b"," * 200),
    "if-modified-since": (b"Tue, 32 Foo 2026 25:61:61 GMT", b"\xff"),
    "idempotency-key": (b"", b" ", b"a" * 81, b"a" * 8_000, b"\xff\xff", b"same", b"a b"),
    "accept-language": (b"", b"zh;q=x", b"zh;q=nan,en;q=inf", b"en;q=1e999", b"\xff", b"," * 999),
    "authorization": (
        b"",
        b"Bearer",
        b"Bearer ",
        b"Bearer \xff",
        b"Basic YTpi",
        b"Bearer djs_" + b"a" * 43,
        b"Bearer djk_\xe8\x86\x9c",
        b"Bearer " + b"a" * 9_000,
        b"bearer x y z",
    ),
    "content-length": (b"-1", b"0", b"1", b"99999999999999999999", b"abc", b"\xff", b"1,2"),
    "transfer-encoding": (b"chunked", b"gzip, chunked"),
    "content-encoding": (b"gzip", b"br"),
    "accept": (b"", b"text/html", b"application/xml", b"\xff", b"*/*;q=0", b"a" * 5_000),
    "cookie": (b"a=b", b"\xff=\xff;;", b"session=" + b"x" * 5_000, b";" * 500),
    "x-request-id": (b"", b"a" * 5_000, b"\xff", b"x y", b"{}"),
    "x-forwarded-for": (b"1.2.3.4", b"\xff", b"::1, " * 100),
    "x-http-method-override": (b"DELETE",),
    "range": (b"bytes=0-", b"bytes=5-1", b"\xff"),
    "expect": (b"100-continue",),
    "origin": (b"null", b"https://evil.example"),
    "host": (b"", b"\xff", b"evil.example:99999"),
}

Spoil = Callable[[Draft, Random], None]
SpoilBytes = Callable[[WireRequest, Random], WireRequest]


def spoil(draft: Draft, random: Random) -> None:
    """One mutation of the parts of a request."""
    random.choices(*_PARTS)[0](draft, random)


def spoil_bytes(request: WireRequest, random: Random) -> WireRequest:
    """One mutation of the bytes of a request, or of the way they come."""
    return random.choices(*_BYTES)[0](request, random)


def changed(value: Any, random: Random) -> Any:
    """The value with one change somewhere in it: another value, a name too many or too few."""
    if isinstance(value, dict) and value:
        return _changed_object(value, random)
    if isinstance(value, list) and value and random.random() < 0.7:
        at = random.randrange(len(value))
        return [*value[:at], changed(value[at], random), *value[at + 1 :]]
    return random.choice(VALUES)


def _changed_object(value: dict[str, Any], random: Random) -> dict[str, Any]:
    name = random.choice(list(value))
    match random.randrange(5):
        case 0 | 1:
            return {**value, name: changed(value[name], random)}
        case 2:
            return {**value, name: random.choice(VALUES)}
        case 3:
            return {key: each for key, each in value.items() if key != name}
        case _:
            return {**value, random.choice((*WEIRD, "id", "status", "version")): value[name]}


def _body(draft: Draft, random: Random) -> None:
    draft.escapes_ascii = random.random() < 0.5
    draft.body = changed({} if draft.body is UNSET else draft.body, random)


def _query_value(draft: Draft, random: Random) -> None:
    weird = quoted(str(random.choice(VALUES)))
    if not draft.query:
        draft.query.append((random.choice(("limit", "cursor", "q", "sort")), weird))
        return
    at = random.randrange(len(draft.query))
    draft.query[at] = (draft.query[at][0], weird)


def _query_name(draft: Draft, random: Random) -> None:
    name = random.choice((*WEIRD, "limit", "cursor", "q", "unknown", "page[size]"))
    draft.query.append((quoted(name), "1"))


def _query_twice(draft: Draft, random: Random) -> None:
    draft.query += draft.query * random.choice((1, 1, 40)) or [("limit", "1"), ("limit", "2")]


def _path_segment(draft: Draft, random: Random) -> None:
    segment = quoted(random.choice(WEIRD))
    if random.random() < 0.2:
        draft.path.insert(random.randrange(len(draft.path) + 1), segment)
    else:
        draft.path[-random.randint(1, min(2, len(draft.path)))] = segment


def _path_end(draft: Draft, random: Random) -> None:
    draft.path.append(random.choice(("", "..", ".", "%2e%2e", "%2f", "%00", ";a=b", "%ff%fe")))


def _method(draft: Draft, random: Random) -> None:
    draft.method = random.choice(_METHODS)


def _header(draft: Draft, random: Random) -> None:
    name = random.choice(list(_HEADERS))
    draft.headers.append((name, random.choice(_HEADERS[name])))


def _no_headers(draft: Draft, _random: Random) -> None:
    draft.headers.clear()


def _flip(request: WireRequest, random: Random) -> WireRequest:
    body = bytearray(request.body or b"{}")
    for _ in range(random.randint(1, 4)):
        body[random.randrange(len(body))] = random.randrange(256)
    return _with_body(request, bytes(body))


def _cut(request: WireRequest, random: Random) -> WireRequest:
    return _with_body(request, request.body[: random.randrange(len(request.body) + 1)])


def _deep(request: WireRequest, random: Random) -> WireRequest:
    depth = random.choice((50, 1_000, 200_000))
    unit = random.choice((b"[", b'{"a":', b'[{"title":'))
    return _with_body(request, unit * depth)


def _huge(request: WireRequest, random: Random) -> WireRequest:
    return _with_body(request, b'{"title":"' + b"a" * random.choice((300_000, 1_100_000)) + b'"}')


def _other_encoding(request: WireRequest, random: Random) -> WireRequest:
    text = request.body.decode("utf-8", "replace")
    encoded = random.choice(("utf-16", "utf-8-sig", "gb18030", "utf-32"))
    return _with_body(request, text.encode(encoded))


def _same_name_twice(request: WireRequest, _random: Random) -> WireRequest:
    return _with_body(request, request.body[:-1] + b',"title":"a","title":"b"}')


def _noise(request: WireRequest, random: Random) -> WireRequest:
    return _with_body(request, random.randbytes(random.choice((1, 20, 2_000))))


def _query_bytes(request: WireRequest, random: Random) -> WireRequest:
    noise = bytes(random.randrange(33, 256) for _ in range(20))
    return msgspec.structs.replace(request, query=request.query + b"&" + noise)


def _twice(request: WireRequest, random: Random) -> WireRequest:
    header = random.choice(request.headers)
    return msgspec.structs.replace(request, headers=(*request.headers, header))


def _in_pieces(request: WireRequest, random: Random) -> WireRequest:
    return msgspec.structs.replace(request, pieces=random.randint(2, 20))


def _hang_up(request: WireRequest, _random: Random) -> WireRequest:
    return msgspec.structs.replace(request, hangs_up=True)


def _with_body(request: WireRequest, body: bytes) -> WireRequest:
    """The length is told right: a server would not let a wrong one through."""
    length = (b"content-length", str(len(body)).encode())
    others = tuple(each for each in request.headers if each[0] != b"content-length")
    if b"content-type" not in dict(others):
        others += ((b"content-type", b"application/json"),)
    return msgspec.structs.replace(request, body=body, headers=(*others, length))


_PARTS: tuple[list[Spoil], list[int]] = (
    [
        *(_body, _query_value, _query_name, _query_twice, _path_segment, _path_end, _method),
        *(_header, _no_headers),
    ],
    [40, 14, 6, 4, 8, 4, 5, 20, 3],
)
_BYTES: tuple[list[SpoilBytes], list[int]] = (
    [
        *(_flip, _cut, _deep, _huge, _other_encoding, _same_name_twice, _noise, _query_bytes),
        *(_twice, _in_pieces, _hang_up),
    ],
    [24, 10, 4, 2, 6, 6, 8, 10, 8, 8, 3],
)
