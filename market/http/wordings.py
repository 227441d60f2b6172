"""What a validator says of a value, for people, in both languages."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin

import msgspec

from schemas.common import NO_CONTROLS, NOT_BLANK, ONE_LINE


class Wording(NamedTuple):
    zh: str
    en: str


_KINDS: Mapping[str, tuple[str, str]] = {
    "str": ("文本", "a text"),
    "int": ("整数", "an integer"),
    "float": ("数字", "a number"),
    "bool": ("true 或 false", "true or false"),
    "array": ("列表", "a list"),
    "object": ("对象", "an object"),
    "null": ("null", "null"),
    "date": ("日期", "a date"),
    "datetime": ("时间", "a time"),
    "uuid": ("标识", "an id"),
}
_PATTERNS: Mapping[str, Wording] = {
    NO_CONTROLS: Wording("不能含控制字符", "Must not hold control characters."),
    ONE_LINE: Wording("不能含换行和控制字符", "Must be one line without control characters."),
    NOT_BLANK: Wording(
        "不能为空白，也不能含换行和控制字符",
        "Must not be blank, and be one line without control characters.",
    ),
}
_TAIL = re.compile(r" - at `.*`$", re.DOTALL)


def worded(message: str, annotation: Any = None) -> Wording:
    """A message of msgspec, told to people; `annotation` is the type that refused the value."""
    text = _TAIL.sub("", message)
    for pattern, wording in _MESSAGES:
        if match := pattern.fullmatch(text):
            return wording(match, annotation)
    return Wording(f"无效的值（{text}）", f"This is not valid ({text}).")


def _length(match: re.Match[str], _annotation: Any) -> Wording:
    kind, sign, number = match["kind"], match["sign"], match["number"]
    things = ("个字符", "characters") if kind == "str" else ("项", "items")
    if sign == ">=":
        return Wording(f"至少 {number} {things[0]}", f"Needs at least {number} {things[1]}.")
    return Wording(f"最多 {number} {things[0]}", f"At most {number} {things[1]} are allowed.")


def _size(match: re.Match[str], _annotation: Any) -> Wording:
    sign, number = match["sign"], match["number"]
    zh = {">=": "不能小于", "<=": "不能大于", ">": "须大于", "<": "须小于"}[sign]
    en = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}[sign]
    return Wording(f"{zh} {number}", f"Must be {en} {number}.")


def _pattern(match: re.Match[str], annotation: Any) -> Wording:
    for meta in _metas(annotation):
        if meta.pattern and meta.pattern in _PATTERNS:
            return _PATTERNS[meta.pattern]
        if meta.pattern and meta.description:
            zh, _, en = meta.description.partition(" · ")
            return Wording(f"格式不对：{zh}", f"The form is wrong: {en or zh}.")
    return _PATTERNS.get(match["pattern"], Wording("格式不对", f"Must match {match['pattern']}."))


def _kind(match: re.Match[str], _annotation: Any) -> Wording:
    names = [name.strip("` ") for name in match["kinds"].split("|")]
    known = [_KINDS.get(name, (name, name)) for name in names if name != "null"]
    zh, en = " / ".join(each[0] for each in known), " or ".join(each[1] for each in known)
    return Wording(f"应为{zh}", f"Must be {en}.")


def _enum(_match: re.Match[str], annotation: Any) -> Wording:
    allowed = ", ".join(_allowed(annotation))
    if not allowed:
        return Wording("不在允许的值之中", "This is none of the allowed values.")
    return Wording(f"只能是：{allowed}", f"Must be one of: {allowed}.")


def _fixed(zh: str, en: str) -> Callable[[re.Match[str], Any], Wording]:
    return lambda _match, _annotation: Wording(zh, en)


_MESSAGES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Any], Wording]], ...] = (
    (
        re.compile(
            r"Expected `(?P<kind>str|array|object)` of length (?P<sign>>=|<=) (?P<number>\d+)"
        ),
        _length,
    ),
    (re.compile(r"Expected `(?:int|float)` (?P<sign>>=|<=|>|<) (?P<number>\S+)"), _size),
    (re.compile(r"Expected `str` matching regex (?P<pattern>.+)", re.DOTALL), _pattern),
    (re.compile(r"Expected `(?P<kinds>[^`]+)`(?:, got `.*`)?", re.DOTALL), _kind),
    (re.compile(r"Invalid enum value .*", re.DOTALL), _enum),
    (
        re.compile(r"Invalid RFC3339 encoded datetime"),
        _fixed(
            "应为带时区的时间，如 2027-05-01T09:00:00+08:00",
            "Must be a time with its zone, such as 2027-05-01T09:00:00+08:00.",
        ),
    ),
    (
        re.compile(r"Expected `datetime` with a timezone component"),
        _fixed(
            "缺少时区，如 2027-05-01T09:00:00+08:00",
            "The zone is missing, as in 2027-05-01T09:00:00+08:00.",
        ),
    ),
    (
        re.compile(r"Invalid RFC3339 encoded date"),
        _fixed("应为日期，如 2027-05-31", "Must be a date, such as 2027-05-31."),
    ),
    (re.compile(r"Invalid UUID"), _fixed("标识无效", "This is no valid id.")),
    (
        re.compile(r"Integer value out of range|Number out of range"),
        _fixed("数字过大或过小", "The number is out of range."),
    ),
    (
        re.compile(r"Object missing required field `.*`", re.DOTALL),
        _fixed("缺少必填的字段", "A required field is missing."),
    ),
)


def _metas(annotation: Any) -> list[msgspec.Meta]:
    """Every constraint of a type, also of the members of a union."""
    found: list[msgspec.Meta] = []
    if get_origin(annotation) is Annotated:
        found += [each for each in annotation.__metadata__ if isinstance(each, msgspec.Meta)]
    for each in get_args(annotation) if get_origin(annotation) is not Literal else ():
        if not isinstance(each, msgspec.Meta):
            found += _metas(each)
    return found


def _allowed(annotation: Any) -> list[str]:
    if get_origin(annotation) is Literal:
        return [str(each) for each in get_args(annotation)]
    return [name for each in get_args(annotation) for name in _allowed(each)]
