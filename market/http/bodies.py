"""Everything that is wrong with a JSON body, at once: msgspec stops at the first error."""

import types
import typing
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec

from market.errors import FieldError
from market.http.wordings import Wording, worded

MOST_ERRORS = 100
# What a body is at one place: keys and positions from its top.
Place = tuple[str | int, ...]
_Found = tuple[Place, Wording]

_REQUIRED = Wording("必填", "This is required.")
_UNKNOWN = Wording("没有这个字段", "There is no such field.")
_TOO_DEEP = Wording("嵌套过深", "This is nested too deeply.")
_LISTS = (list, set, frozenset, tuple)


def body_errors(annotation: Any, body: bytes) -> list[FieldError]:
    """What does not fit `annotation`, each with its JSON pointer (RFC 6901). For failures only.

    Raises msgspec.DecodeError, UnicodeDecodeError or RecursionError for what is no JSON at all.
    """
    value = msgspec.json.decode(body)
    found = islice(_errors(annotation, value, ()), MOST_ERRORS)
    return [FieldError(pointer(place), wording.zh, wording.en) for place, wording in found]


def pointer(place: Place) -> str:
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in place)
    return "#" + "".join(f"/{part}" for part in parts)


def _errors(annotation: Any, value: Any, place: Place) -> Iterator[_Found]:
    kind = _one_of(annotation, value)
    origin = get_origin(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(value, dict):
        yield from _struct_errors(kind, value, place)
    elif origin in _LISTS and isinstance(value, list):
        yield from _list_errors(annotation, kind, value, place)
    elif origin is dict and isinstance(value, dict):
        yield from _dict_errors(annotation, kind, value, place)
    else:
        yield from _own_error(annotation, value, place)


def _one_of(annotation: Any, value: Any) -> Any:
    """The type without its constraints; of a union with null or nothing, what is left."""
    kind = _bare(annotation)
    if get_origin(kind) not in (Union, types.UnionType) or value is None:
        return kind
    others = [each for each in get_args(kind) if _bare(each) not in (type(None), msgspec.UnsetType)]
    return _bare(others[0]) if len(others) == 1 else kind


def _bare(annotation: Any) -> Any:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation


def _struct_errors(kind: Any, value: dict[str, Any], place: Place) -> Iterator[_Found]:
    if kind.__struct_config__.tag is not None:
        yield from _own_error(kind, value, place)
        return
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name, field in fields.items():
        if name in value:
            yield from _errors(field.type, value[name], (*place, name))
        elif field.required:
            yield (*place, name), _REQUIRED
    if kind.__struct_config__.forbid_unknown_fields:
        yield from (((*place, name), _UNKNOWN) for name in value if name not in fields)


def _list_errors(annotation: Any, kind: Any, value: list[Any], place: Place) -> Iterator[_Found]:
    is_good = True
    for position, each in enumerate(value):
        for error in _errors(get_args(kind)[0], each, (*place, position)):
            is_good = False
            yield error
    if is_good:
        yield from _own_error(annotation, value, place)


def _dict_errors(
    annotation: Any, kind: Any, value: dict[str, Any], place: Place
) -> Iterator[_Found]:
    is_good = True
    of_keys, of_values = get_args(kind)
    for name, each in value.items():
        for error in (
            *_own_error(of_keys, name, (*place, name)),
            *_errors(of_values, each, (*place, name)),
        ):
            is_good = False
            yield error
    if is_good:
        yield from _own_error(annotation, value, place)


def _own_error(annotation: Any, value: Any, place: Place) -> Iterator[_Found]:
    """What is wrong with this very value: its type, its length, its size."""
    try:
        msgspec.convert(value, typing.cast(Any, annotation), strict=True)
    except msgspec.ValidationError as error:
        yield place, worded(str(error), annotation)
    except RecursionError:
        yield place, _TOO_DEEP
