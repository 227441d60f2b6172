"""Chinese patent numbers and their check digit. A wrong one is worth a warning, no more."""

import re

_PATENT = re.compile(r"(?:(ZL|CN)[\s:]?)?(\d{8}|\d{12})\.?([\dX])", re.IGNORECASE | re.ASCII)
# Written as a granted patent, whatever follows.
_GRANTED = re.compile(r"ZL[\s:]?[\dX.]+", re.IGNORECASE | re.ASCII)
# WIPO ST.10/C on Chinese application numbers: weights for the digits before the point.
_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)


def is_patent_number(text: str) -> bool:
    """Whether the text is a Chinese application or patent number with the right check digit.

    Eight digits (until 2003) or twelve before the point, with or without ZL or CN.
    """
    match = _PATENT.fullmatch(text.strip())
    return match is not None and patent_check_digit(match[2]) == match[3].upper()


def patent_check_digit(digits: str) -> str:
    """The character after the point: the weighted sum mod 11, ten written as X."""
    weighted = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=False))
    return "0123456789X"[weighted % 11]


def is_wrong_patent_number(text: str) -> bool:
    """Whether the text is written like a patent number but fails its check digit.

    Publication numbers (CN113456789A) and descriptions (发明专利 3 项) have none: never wrong.
    """
    looks_like_one = _PATENT.fullmatch(text.strip()) or _GRANTED.fullmatch(text.strip())
    return looks_like_one is not None and not is_patent_number(text)
