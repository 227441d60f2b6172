"""From one row's cells to a Result or a Need."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache

from market.exchange.cells import (
    CellError,
    Finder,
    cell_text,
    is_error_value,
    items,
    known_items,
    word_set,
)
from market.exchange.dates import Period, parse_period, period_of_day
from market.exchange.headers import Column, header_key, only_counts_rows
from market.exchange.identifiers import is_credit_code, is_wrong_patent_number
from market.exchange.money import UNKNOWN, Money, parse_money
from market.exchange.problems import RowProblem
from schemas import vocab
from schemas.listings import Need, Result, Rights
from search.fields import MAX_ID_BYTES

# Longer texts are descriptions that got into the wrong column.
_MAX_NAME_CHARACTERS = 200
_KEPT_NAMES = 1 << 16
_UNSET_TRL = word_set("不限 无 无要求 待定 未知 不详 - -- — —— / n/a na none any")
# How the standing of rights is written; the first word of each is also the one written out.
RIGHTS_WORDS: dict[Rights, tuple[str, ...]] = {
    "granted": ("已授权", "授权", "有效", "有权", "授权有效", "granted", "in force"),
    "pending": ("申请中", "审查中", "实审", "已受理", "公开", "已申请", "pending", "applied"),
    "know_how": ("专有技术", "技术秘密", "商业秘密", "know-how", "know_how", "trade secret"),
    "encumbered": ("受限", "质押", "已质押", "冻结", "已独占许可", "encumbered", "pledged"),
}
_RIGHTS = {word: rights for rights, all_words in RIGHTS_WORDS.items() for word in all_words}
_JOINED = {"summary", "description"}


class _Words:
    """A vocabulary with a memory: the same few names come again and again in a file."""

    def __init__(self, open_vocabulary: Callable[[], vocab.Vocabulary]) -> None:
        self._open = open_vocabulary
        self.find = lru_cache(_KEPT_NAMES)(self._find)
        self.find_name = lru_cache(_KEPT_NAMES)(self._find_name)

    def _find(self, text: str) -> str | None:
        entry = self._open().find(text) if len(text) <= _MAX_NAME_CHARACTERS else None
        return None if entry is None else entry.code

    def _find_name(self, text: str) -> str | None:
        code = self.find(text)
        if code is None:
            return None
        entry, key = self._open()[code], header_key(text)
        names = {header_key(name) for name in (entry.zh, entry.en)}
        own = header_key(code)
        return code if key.removeprefix(own) in names or key.removesuffix(own) in names else None


FIELDS = _Words(vocab.fields)
INDUSTRIES = _Words(vocab.industries)
MODES = _Words(vocab.modes)
DIVISIONS = _Words(vocab.divisions)


class RowError(Exception):
    """The row can't become a listing; `problem` says why."""

    def __init__(self, problem: RowProblem) -> None:
        super().__init__(problem.code)
        self.problem = problem


class Row:
    """A row's cells under the fields that their columns name.

    `warnings` grows while fields are read; `extra` also gets the words that no vocabulary knows.
    Every method raises RowError for a cell that makes no sense.
    """

    def __init__(
        self, file: str, line: int, columns: Sequence[Column], cells: Sequence[object]
    ) -> None:
        self.file = file
        self.line = line
        self.columns = columns
        self.warnings: list[RowProblem] = []
        self.extra: dict[str, str] = {}
        self.contacts: dict[str, str] = {}
        self._cells: dict[str, tuple[Column, object, str]] = {}
        for column, cell in zip(columns, cells, strict=True):
            text = self._clean_text(column, cell)
            if text:
                self._keep(column, cell, text)

    def _clean_text(self, column: Column, cell: object) -> str:
        try:
            text = cell_text(cell)
        except CellError as refusal:
            raise self._refuse(column.header, refusal.code, **refusal.values) from None
        if is_error_value(text):
            self._warn(column, "error_value", text)
            return ""
        return text

    def _keep(self, column: Column, cell: object, text: str) -> None:
        if column.kind == "contact":
            self.contacts[column.header] = text
        elif column.kind == "extra":
            self.extra[column.header] = text
        elif column.field in _JOINED and column.field in self._cells:
            _, _, before = self._cells[column.field]
            self._cells[column.field] = (column, None, f"{before}\n{text}")
        else:
            self._cells[column.field] = (column, cell, text)

    def text(self, field: str) -> str:
        return self._cells[field][2] if field in self._cells else ""

    def title(self) -> str:
        title = self.text("title")
        if not title:
            raise self._refuse("", "title_missing")
        return title

    def identity(self) -> str:
        """The id as given, else the number of the row."""
        given = self.text("id")
        size_bytes = len(given.encode())
        if size_bytes > MAX_ID_BYTES:
            header = self._cells["id"][0].header
            raise self._refuse(header, "id_too_long", size=str(size_bytes), limit=str(MAX_ID_BYTES))
        return given or str(self.line)

    def has_own_id(self) -> bool:
        """Whether the id names the listing, also in another file: 序号 only counts the rows."""
        return "id" in self._cells and not only_counts_rows(self._cells["id"][0].header)

    def items(self, field: str) -> tuple[str, ...]:
        return items(self._cells[field][1]) if field in self._cells else ()

    def codes(self, field: str, finder: Finder) -> tuple[str, ...]:
        """The codes of a list's known words; the unknown ones go to `extra`, with a warning."""
        if field not in self._cells:
            return ()
        column, cell, _ = self._cells[field]
        codes, unknown = known_items(cell, finder)
        if unknown:
            self._keep_unknown(column, "、".join(unknown))
        return codes

    def division(self) -> str | None:
        if "division" not in self._cells:
            return None
        column, cell, text = self._cells["division"]
        codes, _ = known_items(cell, DIVISIONS)
        # The whole first: an address says more than its parts.
        code = DIVISIONS.find(text) or next(iter(codes), None)
        if code is None or len(codes) > 1:
            self._keep_unknown(column, text)
        return code

    def rights(self) -> Rights | None:
        text = self.text("rights")
        rights = _RIGHTS.get(text.casefold())
        if text and rights is None:
            self._keep_unknown(self._cells["rights"][0], text)
        return rights

    def _keep_unknown(self, column: Column, words: str) -> None:
        self.extra[column.header] = words
        self._warn(column, "unknown_word", words)

    def money(self, field: str) -> Money:
        if field not in self._cells:
            return UNKNOWN
        column, _, text = self._cells[field]
        try:
            money = parse_money(text, unit_cny=column.unit_cny)
        except ValueError:
            raise self._refuse(column.header, "money_unread", value=text) from None
        if money.unit_assumed:
            self._warn(column, "unit_assumed", text)
        return money

    def period(self, field: str) -> Period | None:
        if field not in self._cells:
            return None
        column, cell, text = self._cells[field]
        try:
            return _period(cell, text)
        except ValueError:
            raise self._refuse(column.header, "date_unread", value=text) from None

    def trl(self, field: str) -> tuple[int, int] | None:
        """The lowest and highest level that the cell names."""
        if field not in self._cells:
            return None
        column, _, text = self._cells[field]
        if text.casefold() in _UNSET_TRL:
            return None
        levels = vocab.trl_range(text)
        if levels is None:
            raise self._refuse(column.header, "trl_unread", value=text)
        return levels

    def trl_bounds(self) -> tuple[int | None, int | None]:
        """The maturity that a need asks for, from one column or from two."""
        low, high = self.trl("trl") or (None, None)
        lowest, highest = self.trl("trl_min"), self.trl("trl_max")
        low = lowest[0] if lowest else low
        high = highest[1] if highest else high
        if low is not None and high is not None and low > high:
            column = self._cells.get("trl_max") or self._cells.get("trl_min")
            header = column[0].header if column else ""
            raise self._refuse(header, "trl_order", low=str(low), high=str(high))
        return low, high

    def credit_code(self) -> str:
        code = self.text("credit_code")
        if code and not is_credit_code(code):
            self._warn(self._cells["credit_code"][0], "credit_code_wrong", code)
        return code

    def patents(self) -> tuple[str, ...]:
        numbers = self.items("patents")
        for number in filter(is_wrong_patent_number, numbers):
            self._warn(self._cells["patents"][0], "patent_wrong", number)
        return numbers

    def _warn(self, column: Column, code: str, value: str) -> None:
        problem = RowProblem(self.file, self.line, column.header, code, {"value": value})
        self.warnings.append(problem)

    def _refuse(self, header: str, code: str, **values: str) -> RowError:
        return RowError(RowProblem(self.file, self.line, header, code, values))


def _period(cell: object, text: str) -> Period | None:
    if isinstance(cell, date):
        return period_of_day(cell)
    # As a number October and January look the same: 2027.10 is stored as 2027.1.
    if isinstance(cell, float) and text.endswith(".1"):
        raise ValueError(text)
    return parse_period(text)


def result_of(row: Row) -> Result:
    """The result that a row states; raises RowError."""
    levels = row.trl("trl")
    price = row.money("price")
    ready = row.period("ready_on")
    return Result(
        id=row.identity(),
        title=row.title(),
        summary=row.text("summary"),
        keywords=row.items("keywords"),
        fields=row.codes("fields", FIELDS),
        industries=row.codes("industries", INDUSTRIES),
        # A promise counts from its lower end.
        trl=levels[0] if levels else None,
        modes=row.codes("modes", MODES),
        price_min_cny=price.min_cny,
        price_max_cny=price.max_cny,
        division=row.division(),
        institute=row.text("institute"),
        credit_code=row.credit_code(),
        patents=row.patents(),
        rights=row.rights(),
        ready_on=ready.first if ready else None,
        extra=row.extra,
        contacts=row.contacts,
    )


def need_of(row: Row) -> Need:
    """The need that a row states; raises RowError."""
    trl_min, trl_max = row.trl_bounds()
    budget = row.money("budget")
    deadline = row.period("deadline")
    return Need(
        id=row.identity(),
        title=row.title(),
        description=row.text("description"),
        keywords=row.items("keywords"),
        indicators=row.text("indicators"),
        fields=row.codes("fields", FIELDS),
        industries=row.codes("industries", INDUSTRIES),
        trl_min=trl_min,
        trl_max=trl_max,
        modes=row.codes("modes", MODES),
        budget_min_cny=budget.min_cny,
        budget_max_cny=budget.max_cny,
        deadline=deadline.last if deadline else None,
        division=row.division(),
        enterprise=row.text("enterprise"),
        credit_code=row.credit_code(),
        extra=row.extra,
        contacts=row.contacts,
    )
