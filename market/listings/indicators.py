"""Assessment indicators (考核指标): read off a text, and written out again.

Only what reads as one name, one comparison and one unit becomes numbers. The rest is kept as
stated: a wrong number would be worse than none.
"""

import re
from collections.abc import Sequence

import msgspec

from schemas.listings import Comparator, Indicator

_LONGEST_PIECE = 300
# No need has more; a text with more pieces is something else, and reading it all takes long.
_MOST_READ = 100
_MOST_CJK_IN_UNIT = 6

# Full width to half width and rare signs to common ones, one character for one: places in the
# folded text are places in the text.
_FOLD = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    ord(rare): ord(common) for rare, common in zip("≧⩾≦⩽〜∼–—－", "≥≥≤≤~~---", strict=True)
}

_SEPARATORS = re.compile(r"[;；\n\r]+")
# A comma or 、 that does not stand between the digits of one number.
_WEAK_SEPARATORS = re.compile(r"[,，、](?!\d{3}(?!\d))|(?<!\d)[,，、]")

_BEFORE: dict[Comparator, tuple[str, ...]] = {
    ">=": (
        *("≥", ">=", "=>", "不低于", "不少于", "不小于", "大于等于", "大于或等于", "至少", "达到"),
        *("at least", "not less than", "no less than"),
    ),
    "<=": (
        *(
            "≤",
            "<=",
            "=<",
            "不超过",
            "不高于",
            "不大于",
            "不多于",
            "小于等于",
            "小于或等于",
            "至多",
        ),
        *("at most", "not more than", "no more than", "up to"),
    ),
    ">": (
        *(">", "大于", "高于", "超过", "多于"),
        *("more than", "greater than", "higher than", "above", "over"),
    ),
    "<": ("<", "小于", "低于", "少于", "less than", "lower than", "below", "under"),
    "=": ("=", "等于", "约为", "约", "about"),
}
_AFTER: dict[Comparator, tuple[str, ...]] = {
    ">=": ("及以上", "以上", "or more", "and above"),
    "<=": ("及以下", "以下", "以内", "之内", "内", "or less", "and below"),
    "=": ("左右",),
}
_MULTIPLIERS = {"万亿": 1e12, "千万": 1e7, "百万": 1e6, "亿": 1e8, "万": 1e4, "": 1.0}


def _words(table: dict[Comparator, tuple[str, ...]]) -> dict[str, Comparator]:
    return {word: comparator for comparator, words in table.items() for word in words}


def _any_of(words: dict[str, Comparator]) -> str:
    longest_first = sorted(words, key=len, reverse=True)
    return "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in longest_first)


_COMPARATOR_BEFORE, _COMPARATOR_AFTER = _words(_BEFORE), _words(_AFTER)
_NUMBER = r"[+-]?(?:\d{1,3}(?:,\d{3}){1,4}|\d{1,15})(?:\.\d{1,15})?(?:e[+-]?\d{1,2})?"
_MULTIPLIER = "万亿|千万|百万|亿|万|"
# Letters of any script, signs, and digits after a letter (m2); a bracket only after a slash.
_UNIT = (
    r"(?:(?![且并或的及和])[^\W\d_]|[%‰°℃℉'\"·/^*. -]"
    r"|(?<=[A-Za-z^-])\d|(?<=/)\([^()]{1,20}\)){0,30}?"
)
_PIECE = re.compile(
    rf"(?P<name>[^≥≤<>=]*?)[\s:]*(?P<before>{_any_of(_COMPARATOR_BEFORE)}|)\s*"
    rf"(?:(?P<low>{_NUMBER})\s*(?P<low_times>{_MULTIPLIER})(?P<low_unit>[%‰℃°C]{{0,2}})"
    r"\s*(?P<join>~|-{1,2}|至|到|±)\s*|(?P<around>±)\s*|)"
    rf"(?P<high>{_NUMBER})\s*(?P<times>{_MULTIPLIER})\s*(?P<unit>{_UNIT})\s*"
    rf"(?P<after>{_any_of(_COMPARATOR_AFTER)}|)\s*(?:(?<!/)\([^()]*\))?\s*[.。]?",
    re.IGNORECASE,
)
_CJK = re.compile(r"[\u4e00-\u9fff]")
# GB/T 3903, 100×200, 从90降到80%: the number that follows is not the measured one, or not alone.
_NAMES_A_NUMBER = re.compile(r"\d|[A-Za-z/.×*]\s*$")


def parse_indicators(text: str) -> list[Indicator]:
    """The indicators that a text lists, each with its own words; no word is lost."""
    pieces = [piece for each in _SEPARATORS.split(text) if (piece := each.strip())]
    read = [indicator for piece in pieces[:_MOST_READ] for indicator in _of_piece(piece)]
    return read + [Indicator(name=piece, text=piece) for piece in pieces[_MOST_READ:]]


def render_indicator(indicator: Indicator) -> str:
    """An indicator as one writes it: 湿摩擦系数≥0.5, 剥离强度80–100 N/cm."""
    if indicator.value is None:
        return indicator.text or indicator.name
    return f"{indicator.name}{_compared(indicator, indicator.value)}{_spaced(indicator.unit)}"


def with_text(indicator: Indicator) -> Indicator:
    """The indicator with words of its own, where its source gave none."""
    if indicator.text:
        return indicator
    return msgspec.structs.replace(indicator, text=render_indicator(indicator))


def text_of(indicators: Sequence[Indicator]) -> str:
    """All indicators in their source's words, as one text."""
    return "；".join(each.text for each in indicators)


def _compared(indicator: Indicator, value: float) -> str:
    if indicator.comparator != "between" or indicator.value_max is None:
        sign = {">=": "≥", "<=": "≤"}.get(indicator.comparator, indicator.comparator)
        return sign + _plain_number(value)
    if value == -indicator.value_max:
        return "±" + _plain_number(indicator.value_max)
    return f"{_plain_number(value)}–{_plain_number(indicator.value_max)}"


def _spaced(unit: str) -> str:
    """Latin units stand apart from the number, Chinese ones and per cent do not."""
    return f" {unit}" if unit[:1].isascii() and unit not in {"", "%"} else unit


def _of_piece(piece: str) -> list[Indicator]:
    """One indicator, or several where a comma parts more comparisons than the whole holds."""
    whole = _parse_one(piece)
    parts = [part.strip() for part in _WEAK_SEPARATORS.split(piece)]
    several = [_parse_one(part) for part in parts if part]
    if _numbers_in(several) > _numbers_in([whole]):
        return several
    return [whole]


def _numbers_in(indicators: list[Indicator]) -> int:
    """How many compare. A number that just stands there, as in 经过100次水洗, does not count."""
    return sum(each.comparator not in {"stated", "="} for each in indicators)


def _parse_one(piece: str) -> Indicator:
    stated = Indicator(name=piece, text=piece)
    if len(piece) > _LONGEST_PIECE:
        return stated
    match = _PIECE.fullmatch(piece.translate(_FOLD))
    if match is None:
        return stated
    comparison = _comparison(match)
    unit = match["unit"].strip() or match["low_unit"] or ""
    if comparison is None or len(_CJK.findall(unit)) > _MOST_CJK_IN_UNIT:
        return stated
    if _is_bare(match) and not _is_measured(match, unit):
        return stated
    comparator, value, value_max = comparison
    return Indicator(
        name=piece[slice(*match.span("name"))].strip(" ：:"),
        comparator=comparator,
        value=value,
        value_max=value_max,
        unit=unit,
        text=piece,
    )


def _comparison(match: re.Match[str]) -> tuple[Comparator, float, float | None] | None:
    high = _number(match["high"], match["times"])
    if match["around"]:
        return "between", -high, high
    if match["low"] is None:
        return _comparator(match), high, None
    low = _number(match["low"], match["low_times"] or match["times"])
    if match["join"] == "±":
        return "between", low - high, low + high
    is_range = low <= high and not match["before"] and not match["after"]
    return ("between", low, high) if is_range else None


def _comparator(match: re.Match[str]) -> Comparator:
    before = re.sub(r"\s+", " ", match["before"].lower())
    if match["after"]:
        # 超过100以上 is read as what it ends with.
        return _COMPARATOR_AFTER[re.sub(r"\s+", " ", match["after"].lower())]
    return _COMPARATOR_BEFORE.get(before, "=")


def _is_bare(match: re.Match[str]) -> bool:
    """Whether a number just follows a name, with no word that compares."""
    return not (match["before"] or match["after"] or match["around"])


def _is_measured(match: re.Match[str], unit: str) -> bool:
    """Whether a bare number measures something: not the number of a standard or of a form."""
    if _NAMES_A_NUMBER.search(match["name"]):
        return False
    return bool(unit) or match["low"] is not None


def _number(digits: str, multiplier: str) -> float:
    return float(digits.replace(",", "")) * _MULTIPLIERS[multiplier or ""]


def _plain_number(value: float) -> str:
    """Without an exponent and without zeros at the end."""
    if value and abs(value) < 1e-6:
        return f"{value:.6g}"
    return f"{value:.6f}".rstrip("0").rstrip(".")
