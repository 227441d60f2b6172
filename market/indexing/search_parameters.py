"""What may stand behind ? of a search: the parameters, and the question to the engine."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated, Any, NamedTuple, cast

import msgspec
from litestar.params import QueryParameter

from market.errors import FieldError, Invalid
from market.http.paging import DEFAULT_PER_PAGE, CursorText, Limit
from market.indexing.engines import Kind
from market.listings.filter_codes import (
    division_prefix_of,
    field_code,
    industry_code,
    mode_code,
    modes_meant,
)
from schemas import vocab
from schemas.vocab import Entry, Vocabulary
from schemas.vocabulary import match_key
from search.port import FACETS, FacetName, Filters, Sort

# No price is higher (schemas.common.Cny).
MOST_CNY = 10**13
_MOST_VALUES = 20
_SUGGESTED = 3
# A day of the marketplace begins when it begins in China.
_CHINA = timezone(timedelta(hours=8))
_QUOTED_CHARACTERS = 40

_Codes = tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=100)], ...]
_Amount = Annotated[int | None, QueryParameter(ge=0, le=MOST_CNY, description="元 · CNY")]
_Level = Annotated[int | None, QueryParameter(ge=1, le=9, description="成熟度 · TRL")]


def _codes(zh: str, en: str) -> Any:
    return QueryParameter(
        max_items=_MOST_VALUES,
        description=f"{zh}，代码或名称，可重复 · {en}, code or name; repeatable",
    )


class _ListingSearch(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters that searches of both kinds have."""

    q: Annotated[str, QueryParameter(max_length=500, description="检索词 · what to find")] = ""
    field: Annotated[_Codes, _codes("技术领域", "field")] = ()
    industry: Annotated[_Codes, _codes("行业及其下级", "industry and all within")] = ()
    division: Annotated[_Codes, _codes("行政区划及其下级", "division and all within")] = ()
    mode: Annotated[_Codes, _codes("合作方式及其细类", "cooperation mode and its kinds")] = ()
    trl_min: _Level = None
    trl_max: _Level = None
    organisation: Annotated[
        str, QueryParameter(max_length=100, description="单位名称的一部分 · part of the name")
    ] = ""
    organisation_id: Annotated[
        str | None, QueryParameter(max_length=36, description="单位编号 · id of who posts")
    ] = None
    published_since: Annotated[
        str | None,
        QueryParameter(
            max_length=40, description="日期或带时区的时间 · a date or time with offset"
        ),
    ] = None
    sort: Annotated[Sort, QueryParameter(description="排序 · order")] = "relevance"
    facets: Annotated[
        str,
        QueryParameter(
            max_length=100, description="逗号分隔，或 all · " + ", ".join(FACETS) + ", or all"
        ),
    ] = ""
    highlight: Annotated[bool, QueryParameter(description="标出命中处 · mark found words")] = False
    limit: Limit = DEFAULT_PER_PAGE
    cursor: CursorText = None


class ResultSearch(_ListingSearch, frozen=True, kw_only=True):
    """The parameters of a search for results."""

    price_min_cny: _Amount = None
    price_max_cny: _Amount = None


class NeedSearch(_ListingSearch, frozen=True, kw_only=True):
    """The parameters of a search for needs."""

    budget_min_cny: _Amount = None
    budget_max_cny: _Amount = None


class Wanted(NamedTuple):
    """What the parameters of a search mean."""

    filters: Filters
    facets: tuple[FacetName, ...]


def wanted_by(asked: ResultSearch | NeedSearch) -> Wanted:
    """Raises Invalid with all that can't be understood."""
    errors: list[FieldError] = []
    low, high = price_names(kind_of(asked))
    price_min, price_max = price_asked(asked)
    errors += _order_error("trl_min", asked.trl_min, "trl_max", asked.trl_max)
    errors += _order_error(low, price_min, high, price_max)
    filters = Filters(
        fields=_read_codes("field", asked.field, errors),
        industries=_read_codes("industry", asked.industry, errors),
        divisions=_read_codes("division", asked.division, errors),
        modes=modes_meant(_read_codes("mode", asked.mode, errors)),
        organisation=asked.organisation,
        trl_min=asked.trl_min,
        trl_max=asked.trl_max,
        price_min_cny=price_min,
        price_max_cny=price_max,
        published_since_s=_since_s(asked.published_since, errors),
    )
    facets = _facets(asked.facets, errors)
    if errors:
        raise Invalid(*errors)
    return Wanted(filters, facets)


def kind_of(asked: ResultSearch | NeedSearch) -> Kind:
    return "result" if isinstance(asked, ResultSearch) else "need"


def price_names(kind: Kind) -> tuple[str, str]:
    """What the ends of the price are called, for results and for needs."""
    return {
        "result": ("price_min_cny", "price_max_cny"),
        "need": ("budget_min_cny", "budget_max_cny"),
    }[kind]


def price_asked(asked: ResultSearch | NeedSearch) -> tuple[int | None, int | None]:
    if isinstance(asked, ResultSearch):
        return asked.price_min_cny, asked.price_max_cny
    return asked.budget_min_cny, asked.budget_max_cny


def _order_error(
    low_name: str, low: int | None, high_name: str, high: int | None
) -> list[FieldError]:
    if low is None or high is None or low <= high:
        return []
    zh, en = f"不能大于 {high_name}", f"Must not be above {high_name}."
    return [FieldError(low_name, zh, en, source="query")]


_READERS: Mapping[str, tuple[Callable[[str], str | None], Callable[[], Vocabulary]]] = {
    "field": (field_code, vocab.fields),
    "industry": (industry_code, vocab.industries),
    "division": (division_prefix_of, vocab.divisions),
    "mode": (mode_code, vocab.modes),
}


def _read_codes(parameter: str, values: Sequence[str], errors: list[FieldError]) -> tuple[str, ...]:
    read, vocabulary = _READERS[parameter]
    codes = [(value, read(value)) for value in values]
    errors += [_unknown(parameter, value, vocabulary()) for value, code in codes if code is None]
    return tuple(code for _, code in codes if code is not None)


def _unknown(parameter: str, value: str, vocabulary: Vocabulary) -> FieldError:
    near = _like(value, vocabulary)
    zh = "、".join(f"{entry.zh}（{entry.code}）" for entry in near)
    en = ", ".join(f"{entry.name('en')} ({entry.code})" for entry in near)
    quoted = value[:_QUOTED_CHARACTERS]
    return FieldError(
        parameter,
        f"“{quoted}”不在词表中" + (f"，是否指：{zh}" if near else ""),
        f"“{quoted}” is not in the vocabulary" + (f"; did you mean {en}?" if near else "."),
        source="query",
    )


def _like(value: str, vocabulary: Vocabulary) -> list[Entry]:
    """Entries whose name the value is a part of. Only runs after a failure."""
    key = match_key(value)
    if not key:
        return []
    near = (each for each in vocabulary if key in match_key(each.zh) or key in match_key(each.en))
    return [entry for entry, _ in zip(near, range(_SUGGESTED), strict=False)]


def _since_s(text: str | None, errors: list[FieldError]) -> int | None:
    if text is None:
        return None
    moment = _moment(text)
    if moment is None:
        zh = "应为日期（2026-11-24）或带时区的时间（2026-11-24T08:00:00+08:00）"
        en = "Must be a date (2026-11-24) or a time with its offset (2026-11-24T08:00:00+08:00)."
        errors.append(FieldError("published_since", zh, en, source="query"))
        return None
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())


def _moment(text: str) -> datetime | None:
    try:
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=_CHINA)
    except ValueError:
        pass
    try:
        # A "+" that nobody escaped arrives as a blank.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _facets(text: str, errors: list[FieldError]) -> tuple[FacetName, ...]:
    if text == "all":
        return FACETS
    names = list(dict.fromkeys(filter(None, (name.strip() for name in text.split(",")))))
    unknown = [name for name in names if name not in FACETS]
    if unknown:
        known = ", ".join(FACETS)
        zh, en = f"应为 all 或其中若干：{known}", f"Must be all, or some of: {known}."
        errors.append(FieldError("facets", zh, en, source="query"))
    return tuple(cast(FacetName, name) for name in names)
