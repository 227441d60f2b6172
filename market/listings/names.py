"""Names of codes in either language, for whoever shows a listing."""

from collections.abc import Mapping
from functools import lru_cache

from market.listings.models import Listing
from schemas import vocab
from schemas.vocab import Lang, Vocabulary

_VOCABULARIES = {
    "fields": vocab.fields,
    "industries": vocab.industries,
    "modes": vocab.modes,
    "divisions": vocab.divisions,
}
# GB/T 4754: section, division, group, class. A group (制鞋业) tells the trade, not the product.
_GROUP_CODE_CHARACTERS = 4

_POSTERS: Mapping[str, tuple[str, str]] = {
    "enterprise": ("企业", "An enterprise"),
    "institute": ("高校院所", "A research institute"),
    "outpost": ("创新飞地", "An innovation outpost"),
    "broker": ("技术经理人机构", "A technology broker"),
}
_SOMEONE = ("机构", "An organisation")


def labels_of(listing: Listing, lang: Lang) -> dict[str, str]:
    """The names of all codes of a listing; a code that no vocabulary has is left out."""
    coded = (
        ("fields", listing.fields),
        ("industries", listing.industries),
        ("modes", listing.modes),
        ("divisions", (listing.division,) if listing.division else ()),
    )
    labels = {}
    for vocabulary, codes in coded:
        for code in codes:
            if name := name_of(vocabulary, code, lang):
                labels[code] = name
    return labels


def organisation_hint(listing: Listing, organisation_kind: str, lang: Lang) -> str:
    """Who posts, without the name: 晋江市制鞋业企业, An enterprise in Jinjiang (Leather …)."""
    group = listing.industries[0][:_GROUP_CODE_CHARACTERS] if listing.industries else ""
    industry = name_of("industries", group, lang)
    place = name_of("divisions", listing.division or "", lang)
    zh, en = _POSTERS.get(organisation_kind, _SOMEONE)
    if lang == "zh":
        return f"{place}{industry}{zh}"
    return en + (f" in {place}" if place else "") + (f" ({industry})" if industry else "")


@lru_cache(maxsize=16_384)
def name_of(vocabulary: str, code: str, lang: Lang) -> str:
    """The name of a code, empty for one that is not there.

    In English the lower levels are named after the level above that has an English name.
    """
    entries: Vocabulary = _VOCABULARIES[vocabulary]()
    if code not in entries:
        return ""
    entry = entries[code]
    while lang == "en" and not entry.en and entry.parent:
        entry = entries[entry.parent]
    return entry.name(lang)
