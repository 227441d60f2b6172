"""Names of what facets count, in either language."""

from collections.abc import Callable, Mapping

from schemas import vocab
from schemas.vocab import Lang, Vocabulary

_PRICE_BANDS: Mapping[str, tuple[str, str]] = {
    "under_100k": ("10万以下", "under 100k"),
    "100k_500k": ("10万–50万", "100k–500k"),
    "500k_1m": ("50万–100万", "500k–1m"),
    "1m_5m": ("100万–500万", "1m–5m"),
    "5m_up": ("500万以上", "5m and up"),
}
_VOCABULARIES: Mapping[str, Callable[[], Vocabulary]] = {
    "fields": vocab.fields,
    "industry_sections": vocab.industries,
    "provinces": vocab.divisions,
    "modes": vocab.modes,
}


def facet_label(facet: str, code: str, lang: Lang) -> str:
    """What to call a counted value; a code that no vocabulary has is called by itself."""
    if facet == "price_bands":
        return _PRICE_BANDS[code][lang == "en"]
    if facet == "trl":
        return f"TRL {code}"
    vocabulary = _VOCABULARIES[facet]()
    return vocabulary[code].name(lang) if code in vocabulary else code
