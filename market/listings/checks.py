"""What owners send, checked and turned into columns: every mistake is told at once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

from market.errors import FieldError, Invalid
from market.listings.indicators import parse_indicators, with_text
from schemas import vocab
from schemas.listing_forms import Change, Form, IndicatorForm, given
from schemas.listings import Indicator
from schemas.vocab import Vocabulary
from schemas.vocabulary import match_key

LONGEST_PUBLICATION_DAYS = 5 * 366

_VOCABULARIES: Mapping[str, Callable[[], Vocabulary]] = {
    "fields": vocab.fields,
    "industries": vocab.industries,
    "modes": vocab.modes,
    "division": vocab.divisions,
}
_LISTS = ("keywords", "fields", "industries", "modes", "patents")
# What null makes of a column that is never NULL.
_EMPTY: Mapping[str, Callable[[], object]] = {
    **dict.fromkeys((*_LISTS, "indicators"), list),
    "contacts": dict,
    "text": str,
    "private_note": str,
}
_COLUMN_OF = {"summary": "text", "description": "text"}
# The first must not be above the second.
_RANGES = (
    ("trl_min", "trl_max"),
    ("price_min_cny", "price_max_cny"),
    ("price_floor_cny", "price_max_cny"),
    ("budget_min_cny", "budget_max_cny"),
)
# Of a form that holds both, the upper end is told to be wrong, but for these.
_BLAMED = frozenset({"price_floor_cny"})


def checked_columns(
    sent: Form | Change, today: date, present: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The columns that a form or change sets, in their canonical form. Raises Invalid.

    `present` are the columns of the listing that changes: ranges are checked with them, and a
    day in the past is no mistake where it stood before.
    """
    fields = {name: _trimmed(value) for name, value in given(sent).items()}
    present = present or {}
    errors = [*_code_errors(fields), *_list_errors(fields), *_indicator_errors(fields)]
    errors += [*_range_errors(fields, present), *_day_errors(fields, present, today)]
    if errors:
        raise Invalid(*errors)
    return _columns(fields)


def _trimmed(value: object) -> object:
    """Texts without blanks at their ends, also those in a list."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return [_trimmed(each) for each in value]
    return value


def _columns(fields: Mapping[str, Any]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name, value in fields.items():
        column = _COLUMN_OF.get(name, name)
        columns[column] = _EMPTY[column]() if value is None and column in _EMPTY else value
    for name in ("fields", "industries", "modes"):
        if name in columns:
            columns[name] = [_code(name, code) or code for code in columns[name]]
    if columns.get("division"):
        columns["division"] = _code("division", columns["division"])
    said = columns.pop("indicators_text", None)
    if columns.get("indicators"):
        columns["indicators"] = [_stored(each) for each in columns["indicators"]]
    elif said is not None:
        columns["indicators"] = msgspec.to_builtins(parse_indicators(said))
    return columns


def _stored(form: IndicatorForm) -> dict[str, Any]:
    indicator = Indicator(**msgspec.structs.asdict(form))
    plain: dict[str, Any] = msgspec.to_builtins(with_text(indicator))
    return plain


def _code(vocabulary: str, given_code: str) -> str | None:
    """The code as the vocabulary writes it; a class of industry may come without its letter."""
    entries = _VOCABULARIES[vocabulary]()
    if given_code in entries:
        return given_code
    found = entries.find(given_code)
    if found is None:
        return None
    spellings = {
        match_key(found.code),
        match_key(found.code[1:] if vocabulary == "industries" else found.code),
    }
    return found.code if match_key(given_code) in spellings else None


def _code_errors(fields: Mapping[str, Any]) -> Iterator[FieldError]:
    for name in _VOCABULARIES:
        value = fields.get(name)
        codes = [value] if isinstance(value, str) else value or []
        for place, code in enumerate(codes):
            pointer = f"#/{name}" if isinstance(value, str) else f"#/{name}/{place}"
            if _code(name, code) is None:
                yield _unknown_code(name, code, pointer)


def _unknown_code(vocabulary: str, code: str, pointer: str) -> FieldError:
    meant = _VOCABULARIES[vocabulary]().find(code)
    if meant is None:
        return FieldError(pointer, f"没有代码“{code}”", f"There is no code “{code}”.")
    return FieldError(
        pointer,
        f"没有代码“{code}”；您是否指 {meant.code}（{meant.zh}）？",
        f"There is no code “{code}”; did you mean {meant.code} ({meant.name('en')})?",
    )


def _list_errors(fields: Mapping[str, Any]) -> Iterator[FieldError]:
    for name in _LISTS:
        values: Sequence[str] = fields.get(name) or []
        seen: set[str] = set()
        for place, value in enumerate(values):
            key = (_code(name, value) if name in _VOCABULARIES else None) or value.casefold()
            if key in seen:
                yield FieldError(f"#/{name}/{place}", "重复", "It is there twice.")
            seen.add(key)


def _range_errors(fields: Mapping[str, Any], present: Mapping[str, Any]) -> Iterator[FieldError]:
    for low_name, high_name in _RANGES:
        low = fields.get(low_name, present.get(low_name))
        high = fields.get(high_name, present.get(high_name))
        is_sent = low_name in fields or high_name in fields
        if is_sent and low is not None and high is not None and low > high:
            blames_low = high_name not in fields or low_name in _BLAMED & fields.keys()
            wrong = low_name if blames_low else high_name
            yield FieldError(
                f"#/{wrong}",
                f"{low_name} 不能大于 {high_name}",
                f"{low_name} must not be above {high_name}.",
            )


def _day_errors(
    fields: Mapping[str, Any], present: Mapping[str, Any], today: date
) -> Iterator[FieldError]:
    for name in ("deadline", "expires_on"):
        day = fields.get(name)
        if day is None or day == present.get(name):
            continue
        if day < today:
            yield FieldError(f"#/{name}", "不能早于今天", "It must not be in the past.")
    yield from too_late(fields.get("expires_on"), today)


def too_late(expires_on: date | None, today: date) -> Iterator[FieldError]:
    """A publication that would go on for years is an owner who forgot it."""
    if expires_on and expires_on > today + timedelta(days=LONGEST_PUBLICATION_DAYS):
        yield FieldError("#/expires_on", "最长五年", "A publication lasts five years at most.")


def _indicator_errors(fields: Mapping[str, Any]) -> Iterator[FieldError]:
    indicators: Sequence[IndicatorForm] = fields.get("indicators") or []
    if indicators and fields.get("indicators_text"):
        yield FieldError(
            "#/indicators_text",
            "indicators 与 indicators_text 只能填一个",
            "Send indicators or indicators_text, not both.",
        )
    for place, indicator in enumerate(indicators):
        yield from _errors_of_indicator(indicator, f"#/indicators/{place}")


def _errors_of_indicator(indicator: IndicatorForm, pointer: str) -> Iterator[FieldError]:
    low, high = indicator.value, indicator.value_max
    if indicator.comparator == "stated":
        if not indicator.name.strip():
            yield FieldError(f"{pointer}/name", "请填写指标", "Say what is stated.")
        if low is not None or high is not None:
            yield FieldError(
                f"{pointer}/comparator", "有数值时请选择比较方式", "A value needs a comparator."
            )
    elif low is None:
        yield FieldError(f"{pointer}/value", "请填写数值", "A value is needed.")
    elif indicator.comparator == "between":
        if high is None or high < low:
            yield FieldError(
                f"{pointer}/value_max", "应不小于 value", "It must be there and not below value."
            )
    elif high is not None:
        yield FieldError(
            f"{pointer}/value_max", "只用于 between", "It is for the comparator between only."
        )
