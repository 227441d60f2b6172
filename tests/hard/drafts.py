"""A request while it is being made: its parts, before they are bytes on a wire."""

import json
import re
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import UNSET

from tests.hard.asgi import Headers, WireRequest
from tests.hard.operations import Operation
from tests.hard.values import Values

MISSING_ID = "01900000-0000-7000-8000-000000000000"
_BOUNDARY = "dj-boundary"
_PLACE = re.compile(r"^\{(\w+)\}$")


class Draft(msgspec.Struct, kw_only=True):
    """`path` and `query` are percent-encoded; `body` is a JSON value, or UNSET for none.

    In a multipart body, bytes are the content of a file.
    """

    method: str
    path: list[str]
    query: list[tuple[str, str]]
    headers: list[tuple[str, bytes]]
    body: Any = UNSET
    media_type: str | None = None
    escapes_ascii: bool = False


def draft_of(
    operation: Operation, values: Values, ids: Mapping[str, Sequence[str]], random: Random
) -> Draft:
    """A request that should get past the checks of its form: whether it may is another matter."""
    draft = Draft(
        method=operation.method,
        path=_path(operation, values, ids, random),
        query=_query(operation, values, random),
        headers=_headers(operation, random),
    )
    if operation.bodies:
        draft.media_type = random.choice(list(operation.bodies))
        if operation.examples and random.random() < 0.3:
            draft.body = random.choice(operation.examples)
        else:
            draft.body = values.draw(operation.bodies[draft.media_type])
    return draft


def wire_request(draft: Draft, credentials: Mapping[str, str]) -> WireRequest:
    """The bytes of a draft; the headers of the draft come before the credentials."""
    headers: list[tuple[bytes, bytes]] = [(b"host", b"test")]
    body = b""
    if draft.body is not UNSET:
        body = _body(draft)
        content_type = draft.media_type or "application/json"
        if content_type.startswith("multipart/"):
            content_type += f"; boundary={_BOUNDARY}"
        headers.append((b"content-type", content_type.encode()))
        headers.append((b"content-length", str(len(body)).encode()))
    headers += [(name.encode("latin-1"), value) for name, value in draft.headers]
    given = {name for name, _ in headers}
    headers += _lower(credentials, given)
    return WireRequest(
        method=draft.method,
        path=("/" + "/".join(draft.path)).encode("ascii"),
        query="&".join(f"{name}={value}" for name, value in draft.query).encode("ascii"),
        headers=tuple(headers),
        body=body,
    )


def quoted(text: str) -> str:
    """Percent-encoded, also what is no text: lone surrogates become the bytes they stand for."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def json_bytes(value: Any, *, escapes_ascii: bool) -> bytes:
    text = json.dumps(value, ensure_ascii=escapes_ascii, default=str)
    return text.encode("utf-8", "surrogatepass")


def _lower(credentials: Mapping[str, str], given: set[bytes]) -> Headers:
    named = [(name.lower().encode(), value.encode()) for name, value in credentials.items()]
    return tuple((name, value) for name, value in named if name not in given)


def _path(
    operation: Operation, values: Values, ids: Mapping[str, Sequence[str]], random: Random
) -> list[str]:
    """What a path names belongs together, where something of that kind is known."""
    parts = operation.path.strip("/").split("/")
    path: list[str] = []
    parent = ""
    for at, part in enumerate(parts):
        if at and _PLACE.match(part):
            known = ids.get(f"{parts[at - 1]}@{parent}") or ids.get(parts[at - 1], ())
            inner = f"{parts[at + 1]}@" if at + 2 < len(parts) else ""
            known = [each for each in known if inner and inner + each in ids] or known
            parent = _named(part, known, operation, values, random)
            path.append(quoted(parent))
        else:
            path.append(part)
    return path


def _named(
    part: str, known: Sequence[str], operation: Operation, values: Values, random: Random
) -> str:
    if known:
        return random.choice(known) if random.random() < 0.9 else MISSING_ID
    name = part.strip("{}")
    return str(values.draw(operation.path_parts.get(name, {}), name=name))


def _query(operation: Operation, values: Values, random: Random) -> list[tuple[str, str]]:
    chosen: list[tuple[str, str]] = []
    for name, schema in operation.query.items():
        if not schema["x-required"] and random.random() > 0.25:
            continue
        value = values.draw(schema, name=name)
        several = value if isinstance(value, list) else [value]
        chosen += [(name, quoted(_plain(each))) for each in several if each is not None]
    return chosen


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _headers(operation: Operation, random: Random) -> list[tuple[str, bytes]]:
    headers: list[tuple[str, bytes]] = []
    # Changes start from a version; those by POST name what they change in their path.
    if operation.writes and "{" in operation.path:
        headers.append(("if-match", f'"{random.choice((1, 1, 1, 2, 2, 3, 4))}"'.encode()))
    if operation.method == "POST" and random.random() < 0.3:
        headers.append(("idempotency-key", f"key-{random.randrange(10**9)}".encode()))
    if random.random() < 0.3:
        headers.append(("accept-language", random.choice((b"en", b"zh-CN,zh;q=0.9,en;q=0.8"))))
    return headers


def _body(draft: Draft) -> bytes:
    if (draft.media_type or "").startswith("multipart/"):
        return _multipart(draft.body if isinstance(draft.body, dict) else {"": draft.body})
    return json_bytes(draft.body, escapes_ascii=draft.escapes_ascii)


def _multipart(parts: Mapping[str, Any]) -> bytes:
    lines: list[bytes] = []
    for name, value in parts.items():
        head = f'Content-Disposition: form-data; name="{name}"'
        if isinstance(value, bytes):
            head += '; filename="listings.csv"\r\nContent-Type: text/csv'
        content = value if isinstance(value, bytes) else _plain(value).encode("utf-8", "replace")
        lines += [f"--{_BOUNDARY}".encode(), head.encode("utf-8", "replace"), b"", content]
    return b"\r\n".join([*lines, f"--{_BOUNDARY}--".encode(), b""])
