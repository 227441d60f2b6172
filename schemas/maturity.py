"""Stages of a result and technology readiness levels (TRL 1–9), as people write them."""

import re
import unicodedata
from functools import cache, lru_cache

from schemas.vocabulary import Vocabulary

# Our own mapping of the stages to levels; no standard gives one.
STAGE_TRL: dict[str, tuple[int, int]] = {
    "research": (1, 3),
    "lab": (4, 4),
    "pilot": (5, 6),
    "sample": (7, 8),
    "volume": (9, 9),
}

_LONGEST_TEXT = 40
_CHINESE_DIGITS = str.maketrans("一二三四五六七八九", "123456789")
_NOISE = re.compile(r"技术成熟度|成熟度|技术就绪(?:水平|度)|等级|trl|level|[\s级第:_()]")
_AT_LEAST = re.compile(r"(?:≥|>=|不低于|不小于|至少)(.+)|(.+?)(?:及?以上|\+|起)")
_AT_MOST = re.compile(r"(?:≤|<=|不高于|不超过|至多)(.+)|(.+?)(?:及?以下)")
_BETWEEN = re.compile(r"[-~‐‑‒–—―−至到]+")
_LEVEL = re.compile(r"([1-9])(?:\.0+)?")


@cache
def stages() -> Vocabulary:
    """The stages of a result; STAGE_TRL tells their levels."""
    return Vocabulary("stages.tsv")


def stage_of_trl(trl: int) -> str:
    """The code of the stage that a level belongs to. ValueError outside 1–9."""
    for code, (low, high) in STAGE_TRL.items():
        if low <= trl <= high:
            return code
    raise ValueError(f"A technology readiness level is 1 to 9, not {trl}.")


@lru_cache(maxsize=4_096)
def trl_range(text: str) -> tuple[int, int] | None:
    """The lowest and highest level that a text names, by number or by stage.

    "TRL7级" → (7, 7), "5-7" → (5, 7), "中试" → (5, 6), "小试至中试" → (4, 6), "7级以上" → (7, 9).
    None when the text is not understood or names a level outside 1–9.
    """
    if len(text) > _LONGEST_TEXT:
        return None
    folded = unicodedata.normalize("NFKC", text).casefold().strip()
    return _one_end_open(folded) or _span(folded)


def _one_end_open(text: str) -> tuple[int, int] | None:
    if match := _AT_LEAST.fullmatch(text):
        span = _span(match[1] or match[2])
        return span and (span[0], 9)
    if match := _AT_MOST.fullmatch(text):
        span = _span(match[1] or match[2])
        return span and (1, span[1])
    return None


def _span(text: str) -> tuple[int, int] | None:
    # The whole text comes first: names of stages may have a hyphen of their own.
    if whole := _level_or_stage(text):
        return whole
    ends = [_level_or_stage(end) for end in _BETWEEN.split(text)]
    if len(ends) != 2 or ends[0] is None or ends[1] is None:
        return None
    return min(ends[0][0], ends[1][0]), max(ends[0][1], ends[1][1])


def _level_or_stage(text: str) -> tuple[int, int] | None:
    if match := _LEVEL.fullmatch(_NOISE.sub("", text).translate(_CHINESE_DIGITS)):
        return int(match[1]), int(match[1])
    stage = stages().find(text)
    return STAGE_TRL[stage.code] if stage else None
