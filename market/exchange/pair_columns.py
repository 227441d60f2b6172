"""The columns of a table of pairs, and the keys of a pair in .jsonl."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

from market.exchange.columns import (
    NEED_FIELDS,
    RESULT_FIELDS,
    Field,
    ListingT,
    cell_value,
    json_value,
)
from market.exchange.headers import Column
from market.exchange.pair_report import PairReport, PairRow
from market.exchange.problems import Lang
from market.exchange.sheets import Cell, Style, Tone


class PairColumn(NamedTuple):
    header: str
    width: int
    style: Style
    value: Callable[[PairRow], Cell]
    tone: Tone = "own"


_REASON_SEPARATORS: dict[Lang, str] = {"zh": "；", "en": "; "}
_EXTRA_WIDTH = 18


def pair_columns(report: PairReport, *, for_sheets: bool) -> list[PairColumn]:
    """All columns in their order.

    `for_sheets`: reasons stand on lines of their own, and no column names the direction, because
    each has a sheet of its own.
    """
    return [
        *own_columns(report, for_sheets=for_sheets),
        *_listing_columns(NEED_FIELDS, report.lang, "need", lambda pair: pair.need),
        *_listing_columns(RESULT_FIELDS, report.lang, "result", lambda pair: pair.result),
        *_source_columns(report, "extra"),
        *(_source_columns(report, "contact") if report.with_contacts else ()),
    ]


def own_columns(report: PairReport, *, for_sheets: bool) -> list[PairColumn]:
    """The first of `pair_columns`: what a pair is and why, without the listings' own fields."""
    separator = "\n" if for_sheets else _REASON_SEPARATORS[report.lang]

    def named(
        zh: str, en: str, width: int, style: Style, value: Callable[[PairRow], Cell]
    ) -> PairColumn:
        return PairColumn(zh if report.lang == "zh" else en, width, style, value)

    def joined(texts: tuple[str, ...]) -> Cell:
        return separator.join(texts) or None

    directions = [
        named("方向", "Direction", 18, "text", lambda p: _direction(p, report.lang)),
    ]
    both_ways = [
        *(() if for_sheets else directions),
        named("成果方名次", "Rank for the result", 10, "centred", lambda p: p.result_rank),
        named("互选", "Mutual", 8, "centred", lambda p: _yes_no(p.mutual, report.lang)),
    ]
    return [
        named("需求编号", "Need id", 12, "text", lambda p: p.need.id),
        named("需求名称", "Need", 28, "wrapped", lambda p: p.need.title),
        named("名次", "Rank", 7, "centred", lambda p: p.rank),
        named("成果编号", "Result id", 12, "text", lambda p: p.result.id),
        named("成果名称", "Result", 30, "wrapped", lambda p: p.result.title),
        named("得分", "Score", 10, "score", lambda p: p.score),
        named("理由", "Reasons", 56, "wrapped", lambda p: joined(p.reasons)),
        named("不利因素", "Counter-reasons", 36, "wrapped", lambda p: joined(p.counter_reasons)),
        named("提醒", "Notes", 12, "wrapped", lambda p: joined(p.warnings)),
        *(both_ways if report.both_ways else ()),
    ]


def _direction(pair: PairRow, lang: Lang) -> str:
    if lang == "zh":
        return "需求找成果" if pair.direction == "need" else "成果找需求"
    return "need → results" if pair.direction == "need" else "result → needs"


def _yes_no(fact: bool | None, lang: Lang) -> str | None:
    if fact is None:
        return None
    yes, no = ("是", "否") if lang == "zh" else ("yes", "no")
    return yes if fact else no


def _listing_columns(
    fields: tuple[Field[ListingT], ...],
    lang: Lang,
    tone: Tone,
    side: Callable[[PairRow], ListingT],
) -> list[PairColumn]:
    def column(field: Field[ListingT]) -> PairColumn:
        return PairColumn(
            field.header(lang),
            field.width,
            _style_of(field.key),
            lambda pair: cell_value(field.value(side(pair), lang), lang),
            tone,
        )

    return [column(field) for field in fields]


def _style_of(key: str) -> Style:
    if key.endswith("_cny"):
        return "money"
    return "centred" if key.startswith("trl") else "text"


def _source_columns(report: PairReport, kind: Literal["extra", "contact"]) -> list[PairColumn]:
    zh = report.lang == "zh"
    return [
        *_kept(report.need_columns, kind, "需求·" if zh else "Need · ", need_side=True),
        *_kept(report.result_columns, kind, "成果·" if zh else "Result · ", need_side=False),
    ]


def _kept(
    columns: Sequence[Column], kind: str, prefix: str, *, need_side: bool
) -> Iterator[PairColumn]:
    for column in columns:
        if column.kind == kind:
            yield PairColumn(
                prefix + column.header,
                _EXTRA_WIDTH,
                "text",
                _source_cell(column.header, kind, need_side=need_side),
                "source",
            )


def _source_cell(header: str, kind: str, *, need_side: bool) -> Callable[[PairRow], Cell]:
    def value(pair: PairRow) -> Cell:
        listing = pair.need if need_side else pair.result
        return (listing.contacts if kind == "contact" else listing.extra).get(header)

    return value


def pair_object(pair: PairRow, report: PairReport) -> dict[str, object]:
    """The pair as one JSON object, its keys always in the same order."""
    both_ways: dict[str, object] = {
        "direction": pair.direction,
        "result_rank": pair.result_rank,
        "mutual": pair.mutual,
    }
    return {
        "need_id": pair.need.id,
        "result_id": pair.result.id,
        "rank": pair.rank,
        "score": pair.score,
        "reasons": list(pair.reasons),
        "counter_reasons": list(pair.counter_reasons),
        "warnings": list(pair.warnings),
        **(both_ways if report.both_ways else {}),
        "need": _listing_object(NEED_FIELDS, pair.need, report),
        "result": _listing_object(RESULT_FIELDS, pair.result, report),
    }


def _listing_object(
    fields: tuple[Field[ListingT], ...], listing: ListingT, report: PairReport
) -> dict[str, object]:
    contacts = {"contacts": listing.contacts} if report.with_contacts else {}
    return {
        "id": listing.id,
        "title": listing.title,
        **{field.key: json_value(field.value(listing, report.lang)) for field in fields},
        "extra": listing.extra,
        **contacts,
    }
