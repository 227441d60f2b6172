"""Amounts of money as people write them, in whole 元; decimal arithmetic throughout."""

import re
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

from market.exchange.cells import word_set
from search.text import fold


class Money(NamedTuple):
    """From `min_cny` to `max_cny` in whole 元; None where that end is open or unknown.

    `unit_assumed`: neither the cell nor its header named a unit.
    """

    min_cny: int | None
    max_cny: int | None
    unit_assumed: bool = False


UNKNOWN = Money(None, None)

# No price of a technology has more digits; longer ones are slips, and would not fit an index.
_MAX_CNY = 10**15
_MAX_CHARACTERS = 100
# A bare number under this is 万元: nobody sells a technology for 80 元.
_BARE_WAN_LIMIT = 10_000
_WAN = 10_000

_UNKNOWN_WORDS = word_set(
    "面议 面谈 可面议 价格面议 待定 待议 未定 另议 详谈 协商 双方协商 "
    "双方协商确定 协商确定 协商定价 不限 无 暂无 "
    "未知 不详 - -- — —— / \\ . n/a na tbd none null negotiable open"
)
_FREE_WORDS = word_set("免费 无偿 无偿转让 免费许可 free")

_UNITS_CNY = {
    "亿": 10**8,
    "千万": 10**7,
    "百万": 10**6,
    "十万": 10**5,
    "万": 10**4,
    "千": 10**3,
    "billion": 10**9,
    "bn": 10**9,
    "million": 10**6,
    "mn": 10**6,
    "m": 10**6,
    "thousand": 10**3,
    "k": 10**3,
    "w": 10**4,
    "": 1,
}
_UNIT = "|".join(sorted((u for u in _UNITS_CNY if u), key=len, reverse=True))
_CURRENCY = r"(?:人民币|rmb|cny|yuan|元人民币|元整|元|圆)"
_SIGN = r"(?:人民币|rmb|cny|¥)"
_AMOUNT = re.compile(rf"({_SIGN})?(\d{{1,20}}(?:\.\d{{1,20}})?)({_UNIT})?({_CURRENCY})?")
_RANGE_SIGN = re.compile(r"(?:-|~|–|—|〜|至|到|to)+")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_BRACKETED = re.compile(r"\([^()]*\)")
_BRACKETED_UNIT = re.compile(rf"\(((?:{_UNIT})?{_CURRENCY})\)")
_ABOUT = re.compile(r"^(?:大约|约为|约|大概|预计|approx\.?|about|around|ca\.?|~)|(?:左右|上下)$")
_AT_MOST = re.compile(
    r"^(?:≤|<=|<|⩽|≦|不超过|不高于|不多于|不大于|低于|小于|至多|最多|最高|upto|under|atmost|below|max\.?)"
    r"|(?:及?以内|之内|及?以下|内|orless)$"
)
_AT_LEAST = re.compile(
    r"^(?:≥|>=|>|⩾|≧|不低于|不少于|不小于|高于|大于|至少|最低|atleast|over|from|min\.?)"
    r"|(?:及?以上|起|\+|ormore)$"
)


# A column holds the same amounts again and again.
@lru_cache(maxsize=20_000)
def parse_money(text: str, *, unit_cny: int | None = None) -> Money:
    """Read `80万`, `80-120万`, `≤50万`, `¥800,000`, `面议` …; raises ValueError when it can't.

    The unit of the cell goes before `unit_cny`, that of the header; without either a number
    under 10,000 counts as 万元, any other as 元. Fractions of a 元 are rounded half up.
    """
    if len(text) > _MAX_CHARACTERS:
        raise ValueError(text)
    # ，is no thousands sign, but NFKC makes it one and people type it as one.
    compact = _THOUSANDS.sub("", re.sub(r"\s", "", fold(text)))
    if compact in _UNKNOWN_WORDS or not compact:
        return UNKNOWN
    if compact in _FREE_WORDS:
        return Money(0, 0)
    # 50（万元） names its unit; any other remark in brackets says nothing of the amount.
    compact = _BRACKETED.sub("", _BRACKETED_UNIT.sub(r"\1", compact))
    return _bounded(_ABOUT.sub("", compact), unit_cny)


def parse_amount(text: str, *, unit_cny: int | None = None) -> int | None:
    """One amount, exactly: 352.55亿元 is 35,255,000,000. None for 面议 and its like.

    Nothing is guessed or rounded, since such amounts are added up. Raises ValueError for a range,
    an open end, a number without a unit of its own or `unit_cny`, and fractions of a 元.
    """
    money = parse_money(text, unit_cny=unit_cny)
    if money == UNKNOWN:
        return None
    compact = _THOUSANDS.sub("", re.sub(r"\s", "", fold(text)))
    compact = _BRACKETED.sub("", _BRACKETED_UNIT.sub(r"\1", compact))
    if compact in _FREE_WORDS:
        return 0
    amount = _amount(compact)
    unit = amount.unit_cny or unit_cny or (1 if amount.has_sign else None)
    if unit is None and amount.number:
        raise ValueError(text)
    if amount.number * (unit or 1) != money.min_cny:
        raise ValueError(text)
    return money.min_cny


def _bounded(text: str, unit_cny: int | None) -> Money:
    if _AT_MOST.search(text):
        most = _span(_AT_MOST.sub("", text), unit_cny)
        return most._replace(min_cny=None)
    if _AT_LEAST.search(text):
        least = _span(_AT_LEAST.sub("", text), unit_cny)
        return least._replace(max_cny=None)
    return _span(text, unit_cny)


class _Amount(NamedTuple):
    number: Decimal
    unit_cny: int | None
    has_sign: bool


def _span(text: str, unit_cny: int | None) -> Money:
    amounts = [_amount(part) for part in _RANGE_SIGN.split(text)]
    if len(amounts) > 2:
        raise ValueError(text)
    unit, assumed = _unit_of_bare(amounts, unit_cny)
    cny = [_whole_cny(a.number * (unit if a.unit_cny is None else a.unit_cny)) for a in amounts]
    if cny[0] > cny[-1]:
        raise ValueError(text)
    return Money(cny[0], cny[-1], unit_assumed=assumed)


def _amount(text: str) -> _Amount:
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise ValueError(text)
    sign, number, unit, currency = found.groups()
    unit_cny = _UNITS_CNY[unit or ""] if unit or currency else None
    return _Amount(Decimal(number), unit_cny, sign is not None)


def _unit_of_bare(amounts: list[_Amount], header_cny: int | None) -> tuple[int, bool]:
    """The unit of the numbers that have none of their own, and whether it is a guess."""
    own = [amount.unit_cny for amount in amounts if amount.unit_cny is not None]
    if own or header_cny is not None:
        return (own[-1] if own else header_cny or 1), False
    # ¥ alone means 元, but under a header in 万元 it is only decoration.
    if any(amount.has_sign for amount in amounts):
        return 1, False
    largest = max(amount.number for amount in amounts)
    # Nought is nought in every unit.
    return (_WAN if largest < _BARE_WAN_LIMIT else 1), largest > 0


def _whole_cny(amount: Decimal) -> int:
    whole = int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    if whole > _MAX_CNY:
        raise ValueError(whole)
    return whole


def money_text(min_cny: int | None, max_cny: int | None) -> str:
    """The text in 元 that `parse_money` reads back; "" when both ends are unknown."""
    if min_cny is None and max_cny is None:
        return ""
    if min_cny is None:
        return f"≤{max_cny}元"
    if max_cny is None:
        return f"≥{min_cny}元"
    return f"{min_cny}元" if min_cny == max_cny else f"{min_cny}-{max_cny}元"
