"""What a person types behind --field, --industry, --trl …, as filters of a search."""

from collections.abc import Callable, Sequence

from market.errors import UsageRefused
from market.exchange.money import Money, parse_money
from market.listings.filter_codes import (
    division_prefix_of,
    field_code,
    industry_code,
    mode_code,
    modes_meant,
)
from schemas import vocab
from search.port import Filters


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
        fields=_read_each("--field", field, field_code),
        industries=_read_each("--industry", industry, industry_code),
        divisions=_read_each("--division", division, division_prefix_of),
        modes=modes_meant(_read_each("--mode", mode, mode_code)),
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
