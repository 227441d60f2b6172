"""What is wrong with an answer, whatever the request was."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

import market
from market import errors
from schemas.common import Problem
from tests.hard.asgi import WireAnswer

_TRACES = (b"Traceback (most recent call last)", b"site-packages", b"sqlalchemy.exc")
_MEDIA_TYPE = "application/problem+json"
_CODE = "code"


def faults_of(method: str, answer: WireAnswer) -> list[str]:
    """Each promise of the interface that this answer breaks, as a sentence."""
    return list(_faults(method, answer))


def _faults(method: str, answer: WireAnswer) -> Iterator[str]:
    if answer.status >= 500:
        yield f"{answer.status} is the server's own fault"
    if any(trace in answer.body for trace in _TRACES):
        yield "it tells what the program looks like inside"
    if answer.status >= 400:
        yield from _problem_faults(method, answer)
    elif answer.headers.get("content-type", "").startswith("application/json") and answer.body:
        yield from _json_faults(answer.body)


def _json_faults(body: bytes) -> Iterator[str]:
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        yield "it says that it is JSON and is not"


def _problem_faults(method: str, answer: WireAnswer) -> Iterator[str]:
    if answer.headers.get("content-type", "").partition(";")[0] != _MEDIA_TYPE:
        yield f"{answer.status} is no {_MEDIA_TYPE}"
        return
    if answer.status == 401 and "www-authenticate" not in answer.headers:
        yield "401 does not say how to sign in"
    if answer.status == 405 and "allow" not in answer.headers:
        yield "405 does not say what is allowed"
    if method == "HEAD":
        return
    try:
        problem = msgspec.json.decode(answer.body, type=Problem)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        yield f"{answer.status} holds no problem: {error}"
        return
    if problem.status != answer.status:
        yield f"{answer.status} tells of {problem.status}"
    if problem.code not in known_codes():
        yield f"nobody knows the code {problem.code!r}"


@cache
def known_codes() -> frozenset[str]:
    """Codes of problems that the sources name: first arguments of refusals, and the table."""
    folder = Path(market.__file__).parent
    return frozenset(
        code
        for path in folder.rglob("*.py")
        for code in _codes_in(ast.parse(path.read_text(encoding="utf-8")))
    )


def _codes_in(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(code)), *_]) if (
                name in _REFUSALS
            ):
                yield code
            case ast.Call(
                func=ast.Attribute(attr="__init__"), args=[ast.Constant(value=str(code)), *_]
            ):
                yield code
            # Defaults of a refusal's code, and the table of statuses.
            case ast.arguments(
                args=[_, ast.arg(arg="code"), *_], defaults=[ast.Constant(value=str(code)), *_]
            ):
                yield code
            case ast.Tuple(elts=[ast.Constant(value=str(code)), ast.Constant(), ast.Constant()]):
                yield code


_REFUSALS = frozenset(
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.RequestRefused)
)
