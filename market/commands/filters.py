"""What a person types behind --field, --industry, --trl …, as filters of a search."""

import re
from collections.abc import Callable, Sequence

from market.errors import UsageRefused
from market.exchange.money import Money, parse_money
from schemas import vocab
from schemas.vocab import Vocabulary
from search.port import Filters

_DIVISION_PREFIX = re.compile(r"[0-9]{2}(?:[0-9]{2}){0,2}")


def read_filters(
    *,
    field: Sequence[str] = (),
    industry: Sequence[str] = (),
    division: Sequence[str] = (),
    mode: Sequence[str] = (),
    trl: str | None = None,
    price: str | None = None,
    organisation: str = "",
) -> Filters:
    """Names and codes in either language; raises UsageRefused naming the option and the value."""
    trl_min, trl_max = (None, None) if trl is None else _trl(trl)
    money = Money(None, None) if price is None else _price(price)
    return Filters(
        fields=_read_each("--field", field, lambda text: _code(vocab.fields(), text)),
        industries=_read_each("--industry", industry, lambda text: _code(vocab.industries(), text)),
        divisions=_read_each("--division", division, _division),
        modes=_modes(_read_each("--mode", mode, lambda text: _code(vocab.modes(), text))),
        organisation=organisation,
        trl_min=trl_min,
        trl_max=trl_max,
        price_min_cny=money.min_cny,
        price_max_cny=money.max_cny,
    )


def _read_each(
    option: str, values: Sequence[str], read: Callable[[str], str | None]
) -> tuple[str, ...]:
    found = []
    for value in values:
        code = read(value)
        if code is None:
            raise _not_understood(option, value)
        found.append(code)
    return tuple(found)


def _not_understood(option: str, value: str) -> UsageRefused:
    return UsageRefused(f"{option} {value}：无法理解 · not understood")


def _code(vocabulary: Vocabulary, text: str) -> str | None:
    entry = vocabulary.find(text)
    return entry.code if entry else None


def _division(text: str) -> str | None:
    if _DIVISION_PREFIX.fullmatch(text):
        return vocab.division_prefix(text) if text.ljust(6, "0") in vocab.divisions() else None
    code = _code(vocab.divisions(), text)
    return vocab.division_prefix(code) if code else None


def _modes(asked: tuple[str, ...]) -> tuple[str, ...]:
    """A mode and the kinds of it: who asks for a licence takes an exclusive one, too."""
    kinds = [mode.code for mode in vocab.modes() if mode.parent in asked]
    return (*asked, *kinds)


def _trl(text: str) -> tuple[int, int]:
    found = vocab.trl_range(text)
    if found is None:
        raise _not_understood("--trl", text)
    return found


def _price(text: str) -> Money:
    try:
        money = parse_money(text)
    except ValueError:
        raise _not_understood("--price", text) from None
    if money.min_cny is None and money.max_cny is None:
        # "面议" names no amount; as a filter it would quietly keep everything.
        raise _not_understood("--price", text)
    return money
