"""Why something was told, in words: made of the stored reasons, in the reader's language."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from market.listings.names import name_of
from schemas.events import EVENTS
from schemas.vocab import Lang

_CODES = {
    "field": ("fields", "技术领域", "Field"),
    "industry": ("industries", "行业", "Industry"),
    "division": ("divisions", "地区", "Place"),
    "mode": ("modes", "合作方式", "Cooperation mode"),
}
_PLAIN = {"trl": ("成熟度符合", "Its maturity fits"), "price": ("价格或预算符合", "Its price fits")}
_DIVISION_DIGITS = 6
_OTHERS = {
    "endpoint.disabled": ("一个 webhook 端点已停用", "A webhook endpoint was disabled"),
    "mail.limited": ("今日邮件已达上限", "The mails of this day are used up"),
}
_DISABLED = {
    "gone": ("对方回答 410：不再接收", "It answered 410: it listens no more"),
    "failing": ("连续多日发送失败", "For days nothing could be delivered"),
}


def title_of(event: str, facts: Mapping[str, Any], lang: Lang) -> str:
    """What is told, as whoever told it says; else what the event means."""
    said = facts.get("title")
    return type_name(event, lang) if said is None else str(said[lang == "en"])


def type_name(event: str, lang: Lang) -> str:
    """What an event means, in a few words."""
    if event in _OTHERS:
        return _OTHERS[event][lang == "en"]
    kind = EVENTS[event]  # type: ignore[index]  # all others are told to webhooks, too.
    return kind.zh if lang == "zh" else kind.en


def sentences(reasons: Mapping[str, Any], lang: Lang) -> list[str]:
    """The stored reasons of an alert as short sentences."""
    return list(_sentences(reasons, lang))


def _sentences(reasons: Mapping[str, Any], lang: Lang) -> Iterator[str]:
    is_zh = lang == "zh"
    # Other areas bring their own words, in both languages.
    for line in reasons.get("lines", ()):
        yield line[not is_zh]
    if words := reasons.get("words"):
        yield _listed("检索词" if is_zh else "Words", words, lang)
    if wordings := reasons.get("wordings"):
        same = [f"{ours} ≈ {theirs}" for ours, theirs in wordings]
        yield _listed("同义" if is_zh else "Other wordings", same, lang)
    for name, (vocabulary, zh, en) in _CODES.items():
        if codes := reasons.get(name):
            yield _listed(zh if is_zh else en, _names(vocabulary, codes, lang), lang)
    if named := reasons.get("organisation"):
        yield _listed("单位" if is_zh else "Organisation", [named], lang)
    for name, texts in _PLAIN.items():
        if reasons.get(name):
            yield texts[not is_zh]
    if day := reasons.get("expires_on"):
        yield _listed("到期日" if is_zh else "Last day", [day], lang)
    if cause := reasons.get("disabled"):
        yield _DISABLED[cause][not is_zh]
    if url := reasons.get("url"):
        yield str(url)


def _listed(head: str, items: Sequence[str], lang: Lang) -> str:
    colon, comma = ("：", "、") if lang == "zh" else (": ", ", ")
    return head + colon + comma.join(items)


def _names(vocabulary: str, codes: Sequence[str], lang: Lang) -> list[str]:
    whole = [
        code.ljust(_DIVISION_DIGITS, "0") if vocabulary == "divisions" else code for code in codes
    ]
    return [name_of(vocabulary, code, lang) or code for code in whole]
