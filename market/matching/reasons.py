"""Why a pair fits and why not, in sentences: one for each known feature, in Chinese or English."""

from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec

from market.matching.score import COUNTIES_WITHOUT_CITY, ON_THE_DAY, SAME_CITY, Features
from schemas.listings import Need, Result
from schemas.matching import Reason, Side
from schemas.vocab import Lang, Vocabulary, divisions, fields, industries, modes

MOST_SUPPORTING = 4
MOST_OPPOSING = 3
SHOWN_WORDS = 6
SHOWN_WORDINGS = 3

# A feature this near to the neutral point is worth no sentence, in log-odds of both sides.
_TELLING_POINTS = 0.05


class Subject(msgspec.Struct, frozen=True):
    """A pair and what its texts share, for whoever writes a sentence about it."""

    need: Need
    result: Result
    known: Features
    shared_words: Sequence[str]
    asked_words: int
    met_synonyms: Sequence[tuple[str, str]]
    lang: Lang


def reasons(subject: Subject, sides: Sequence[Side]) -> tuple[Reason, ...]:
    """The strongest reasons for the pair (at most 4), then against it (at most 3).

    A feature supports the pair when its points over both sides are positive; the strongest
    comes first. Sentences name the values of both sides.
    """
    points: dict[str, float] = {}
    for side in sides:
        for part in side.parts:
            points[part.feature] = points.get(part.feature, 0.0) + part.points
    strongest = sorted(points.items(), key=lambda item: -abs(item[1]))
    told = [
        Reason(feature=feature, supports=value > 0, text=_SENTENCES[feature](subject, value > 0))
        for feature, value in strongest
        if abs(value) >= _TELLING_POINTS
    ]
    supporting = [reason for reason in told if reason.supports][:MOST_SUPPORTING]
    opposing = [reason for reason in told if not reason.supports][:MOST_OPPOSING]
    return (*supporting, *opposing)


def _text(subject: Subject, supports: bool) -> str:
    shared, asked = len(subject.shared_words), subject.asked_words
    named = ("、" if subject.lang == "zh" else ", ").join(subject.shared_words[:SHOWN_WORDS])
    wordings = [f"{ours} ≈ {theirs}" for ours, theirs in subject.met_synonyms[:SHOWN_WORDINGS]]
    if not shared and not wordings:
        return _say(subject, "文字没有相同的关键词", "The texts share no key word")
    if subject.lang == "zh":
        count = f"{asked} 个关键词中{'有' if supports else '只有'} {shared} 个相同"
        lead = f"内容相近：{count}" if supports else f"文字相近处少：{count}"
        return lead + _after("：", named) + _after("；说法相通：", "、".join(wordings))
    count = f"{shared} of {asked} key words are shared"
    lead = f"The texts meet: {count}" if supports else f"The texts hardly meet: {count}"
    return lead + _after(": ", named) + _after("; other words for the same: ", ", ".join(wordings))


def _after(colon: str, text: str) -> str:
    return colon + text if text else ""


def _industry(subject: Subject, supports: bool) -> str:
    asked, offered = _closest(subject.need.industries, subject.result.industries)
    need, result = (industries().with_code(code, subject.lang) for code in (asked, offered))
    if asked == offered and supports:
        return _say(subject, f"行业一致：{need}", f"Same industry: {need}")
    if asked == offered:
        return _say(subject, f"行业只知大类：{need}", f"Industry known only roughly: {need}")
    if supports:
        return _say(subject, f"行业相近：{need} — {result}", f"Close industries: {need} — {result}")
    return _say(subject, f"行业不同：{need} — {result}", f"Other industries: {need} — {result}")


def _closest(asked: Sequence[str], offered: Sequence[str]) -> tuple[str, str]:
    return max(((a, b) for a in asked for b in offered), key=lambda pair: _common_prefix(*pair))


def _common_prefix(a: str, b: str) -> int:
    return next(
        (i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
    )


def _field(subject: Subject, supports: bool) -> str:
    asked = _names(fields(), subject.need.fields, subject.lang)
    if supports:
        both = [code for code in subject.need.fields if code in subject.result.fields]
        shared = _names(fields(), both, subject.lang)
        return _say(subject, f"同属{shared}领域", f"Same field: {shared}")
    offered = _names(fields(), subject.result.fields, subject.lang)
    return _say(subject, f"领域不同：{asked} — {offered}", f"Other fields: {asked} — {offered}")


def _trl(subject: Subject, supports: bool) -> str:
    asked, offered = subject.need.trl_min or 0, subject.result.trl or 0
    if offered >= asked:
        return _say(
            subject,
            f"成熟度满足：成果 TRL {offered}，需求不低于 {asked}",
            f"Ripe enough: TRL {offered} offered, at least {asked} asked",
        )
    if supports:
        return _say(
            subject,
            f"成熟度接近：成果 TRL {offered}，需求不低于 {asked}",
            f"Nearly ripe enough: TRL {offered} offered, at least {asked} asked",
        )
    return _say(
        subject,
        f"成熟度不够：成果 TRL {offered}，需求不低于 {asked}",
        f"Not ripe enough: TRL {offered} offered, at least {asked} asked",
    )


def _price(subject: Subject, supports: bool) -> str:
    price, budget = subject.result.price_min_cny or 0, subject.need.budget_max_cny or 0
    zh_price, zh_budget = _wan(price), _wan(budget)
    if price <= budget:
        return _say(
            subject,
            f"报价 {zh_price} 在预算 {zh_budget} 之内",
            f"The price of {price:,} CNY is within the budget of {budget:,} CNY",
        )
    if supports:
        return _say(
            subject,
            f"报价 {zh_price} 略高于预算 {zh_budget}",
            f"The price of {price:,} CNY is a little above the budget of {budget:,} CNY",
        )
    return _say(
        subject,
        f"报价 {zh_price} 高于预算 {zh_budget}",
        f"The price of {price:,} CNY is above the budget of {budget:,} CNY",
    )


def _wan(amount_cny: int) -> str:
    # Decimals keep every digit: two amounts that differ never read alike.
    if amount_cny >= 100_000_000:
        return f"{(Decimal(amount_cny) / 100_000_000).normalize():f} 亿元"
    if amount_cny >= 10_000:
        return f"{(Decimal(amount_cny) / 10_000).normalize():f} 万元"
    return f"{amount_cny} 元"


def _mode(subject: Subject, supports: bool) -> str:
    asked = _names(modes(), subject.need.modes, subject.lang)
    offered = _names(modes(), subject.result.modes, subject.lang)
    if supports:
        return _say(
            subject,
            f"合作方式相合：需求 {asked}，成果 {offered}",
            f"Modes of cooperation meet: {asked} asked, {offered} offered",
        )
    return _say(
        subject,
        f"合作方式不合：需求 {asked}，成果 {offered}",
        f"Modes of cooperation differ: {asked} asked, {offered} offered",
    )


def _region(subject: Subject, supports: bool) -> str:
    asked, offered = subject.need.division or "", subject.result.division or ""
    if subject.known["region"] == SAME_CITY:
        city = _name(divisions(), _city(asked), subject.lang)
        return _say(subject, f"同城：{city}", f"Same city: {city}")
    if supports:
        province = _name(divisions(), f"{asked[:2]}0000", subject.lang)
        return _say(subject, f"同省：{province}", f"Same province: {province}")
    places = " — ".join(
        _name(divisions(), f"{code[:2]}0000", subject.lang) for code in (asked, offered)
    )
    return _say(subject, f"两地相隔：{places}", f"Far apart: {places}")


def _city(division: str) -> str:
    """The prefecture of a division, else the municipality or the county that takes its place."""
    prefecture = f"{division[:4]}00"
    if prefecture in divisions():
        return prefecture
    return division if division[2:4] == COUNTIES_WITHOUT_CITY else f"{division[:2]}0000"


def _deadline(subject: Subject, supports: bool) -> str:
    ready, deadline = subject.result.ready_on, subject.need.deadline
    if supports:
        return _say(
            subject,
            f"赶得上期限：成果 {ready} 可交付，需求期限 {deadline}",
            f"In time: to be had from {ready}, needed by {deadline}",
        )
    if subject.known["deadline"] >= ON_THE_DAY:
        return _say(
            subject,
            f"时间很紧：成果 {ready} 可交付，需求期限 {deadline}",
            f"Little time to spare: to be had from {ready}, needed by {deadline}",
        )
    if ready and deadline and ready <= deadline:
        return _say(
            subject, f"需求期限 {deadline} 已过", f"The deadline has passed: needed by {deadline}"
        )
    return _say(
        subject,
        f"赶不上期限：成果 {ready} 可交付，需求期限 {deadline}",
        f"Too late: to be had from {ready}, needed by {deadline}",
    )


_SENTENCES: dict[str, Callable[[Subject, bool], str]] = {
    "text": _text,
    "industry": _industry,
    "field": _field,
    "trl": _trl,
    "price": _price,
    "mode": _mode,
    "region": _region,
    "deadline": _deadline,
}


def _say(subject: Subject, zh: str, en: str) -> str:
    return zh if subject.lang == "zh" else en


def _names(vocabulary: Vocabulary, codes: Sequence[str], lang: Lang) -> str:
    return ("、" if lang == "zh" else ", ").join(_name(vocabulary, code, lang) for code in codes)


def _name(vocabulary: Vocabulary, code: str, lang: Lang) -> str:
    return vocabulary[code].name(lang) if code in vocabulary else code
