"""How rare a word is in Chinese text at large, for collections too small to tell.

The table comes from jieba's news corpus (see the head of data/idf.tsv): its values are natural
logarithms of (documents / documents with the word), from about 1 (的) to 13.9 (seen once).
"""

import re
from functools import cache

from search.text import data_lines

# The median of the dictionary words that the table leaves out (the table's maker prints it).
UNKNOWN_IDF = 12.29
# The corpus' value of a word that was seen once: a model or grade names one thing (6061-t6).
MODEL_IDF = 13.90
# Our own choice, that of a word in every four hundredth text: quantities meet by chance.
QUANTITY_IDF = 6.00

# Units that are letters only; g, k and c are left out for the sake of 5g, 4k and 3c.
_UNITS = (
    "nm|um|μm|mm|cm|dm|m|km|mg|kg|t|ml|l|ms|s|min|h|w|kw|mw|gw|wh|kwh|mwh|v|kv|mv|a|ma|ah|mah"
    "|hz|khz|mhz|ghz|pa|kpa|mpa|gpa|n|kn|db|ppm|ppb|rpm|mol|cfu|wt|nm|lx|lm|cd|mm2|mm3|cm2|cm3|m2|m3"
)
_QUANTITY = re.compile(rf"[\d.,]*(?:{_UNITS}|°c|[%‰]|)|[a-zμ]", re.ASCII)
_MODEL = re.compile(r"(?=.*[a-z])(?=.*\d)[a-z\d./+-]+", re.ASCII)


@cache
def _table() -> dict[str, float]:
    # One split of the whole takes half the time of one a line; no word has a tab.
    cells = "\t".join(data_lines("idf.tsv")).split("\t")
    return dict(zip(cells[::2], map(float, cells[1::2]), strict=True))


def background_idf(token: str) -> float:
    """The weight of a token of search.text, about 1 to 13.9.

    Words of the table have their own. Of the others, bare numbers, single letters and
    quantities (120mm) get QUANTITY_IDF, names of letters and digits (gcr15) MODEL_IDF, and
    every other word UNKNOWN_IDF.
    """
    known = _table().get(token)
    if known is not None:
        return known
    if _QUANTITY.fullmatch(token):
        return QUANTITY_IDF
    return MODEL_IDF if _MODEL.fullmatch(token) else UNKNOWN_IDF
