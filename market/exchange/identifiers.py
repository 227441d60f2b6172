"""Check digits of the identifiers that listings carry. A wrong one is worth a warning, no more."""

from stdnum.cn import uscc

from schemas.patents import is_patent_number, is_wrong_patent_number, patent_check_digit

__all__ = [
    "is_credit_code",
    "is_patent_number",
    "is_wrong_patent_number",
    "patent_check_digit",
]


def is_credit_code(text: str) -> bool:
    """Whether the text is a valid 统一社会信用代码 (GB 32100-2015)."""
    return text.isascii() and bool(uscc.is_valid(text))
