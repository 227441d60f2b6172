"""Which header names which field, and which one must never pass for a field."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.exchange.headers import (
    Column,
    RepeatedField,
    columns_of,
    header_key,
    header_row,
    is_contact,
    looks_swapped,
    titles_understood,
)
from market.exchange.headings import HEADINGS, ListingKind
from schemas.listings import Need, Result

KINDS: tuple[ListingKind, ...] = ("result", "need")
# A title of its own keeps the words of the other kind from being borrowed.
OWN_TITLE = {"result": "成果名称", "need": "需求名称"}


def words(*, weak: bool) -> Iterator[tuple[ListingKind, str, str]]:
    for kind in KINDS:
        for heading in HEADINGS[kind]:
            strong = [heading.zh, heading.en, *heading.synonyms.split()]
            for word in heading.weak.split() if weak else strong:
                yield kind, word, heading.field


def fields_of(headers: list[str], kind: ListingKind) -> list[str]:
    """The field of each column, or the kind of a column that has none."""
    return [column.field or column.kind for column in columns_of(headers, kind)[0]]


@pytest.mark.parametrize(("kind", "header", "field"), [*words(weak=False)])
def test_every_synonym_leads_to_its_field(kind: ListingKind, header: str, field: str) -> None:
    assert fields_of([header], kind) == [field]


@pytest.mark.parametrize(("kind", "header", "field"), [*words(weak=True)])
def test_weak_synonym_counts_where_no_other_names_the_field(
    kind: ListingKind, header: str, field: str
) -> None:
    strong = next(heading.zh for heading in HEADINGS[kind] if heading.field == field)

    assert fields_of([header], kind) == [field]
    assert fields_of([header, strong], kind) == ["extra", field]


@pytest.mark.parametrize("kind", KINDS)
def test_no_word_stands_for_two_fields(kind: ListingKind) -> None:
    fields: dict[str, set[str]] = {}
    for weak in (False, True):
        for of_kind, word, field in words(weak=weak):
            if of_kind == kind:
                fields.setdefault(header_key(word), set()).add(field)

    assert {key: found for key, found in fields.items() if len(found) > 1} == {}


@pytest.mark.parametrize(("kind", "listing"), [("result", Result), ("need", Need)])
def test_every_field_of_a_listing_has_its_headers(
    kind: ListingKind, listing: type[Result | Need]
) -> None:
    held = set(listing.__struct_fields__) - {"extra", "contacts"}
    # One column holds both ends of an amount; the maturity of a need has three columns.
    for name in ("price", "budget"):
        if f"{name}_min_cny" in held:
            held = held - {f"{name}_min_cny", f"{name}_max_cny"} | {name}

    assert {heading.field for heading in HEADINGS[kind]} == held | {"trl"}


@pytest.mark.parametrize(
    "header",
    [
        "成果名称*",
        "*成果名称",
        "成果 名称",
        "成果名称（必填）",
        "ＴＩＴＬＥ",
        "Title",
        "  title  ",
        "Result Title",
        "result-title",
        "RESULT_TITLE",
        "resultTitle",
        "成果名稱",
        "成果名称：",
        "成果名称【必填】",
    ],
)
def test_spelling_of_a_header_does_not_matter(header: str) -> None:
    assert fields_of([header], "result") == ["title"]


@pytest.mark.parametrize(
    "header",
    [
        "联系人",
        "联系人姓名",
        "技术联系人及电话",
        "手机号码",
        "办公电话",
        "电子邮箱",
        "E-mail",
        "email",
        "Contact",
        "contactPerson",
        "contact_phone",
        "Phone (office)",
        "Tel.",
        "WeChat",
        "WhatsApp",
        "传真",
        "项目负责人",
        "邮政编码",
        "身份证号",
        "聯繫人",
        "联 系 人",
        "成果名称（联系电话）",
        "单位名称及联系方式",
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_contact_word_makes_a_contact_column(header: str, kind: ListingKind) -> None:
    assert columns_of([header], kind) == ((Column(header, "contact"),), [])


@pytest.mark.parametrize(
    "header", ["intelligence", "Hotel", "telemetry", "mailing", "Faxian", "发明人", "展位", "图片"]
)
def test_word_that_only_holds_a_contact_word_is_extra(header: str) -> None:
    assert not is_contact(header)
    assert fields_of([header], "result") == ["extra"]


@pytest.mark.parametrize(
    ("header", "unit_cny"),
    [
        ("转让价格（元）", 1),
        ("转让价格（万元）", 10_000),
        ("转让价格(亿元)", 100_000_000),
        ("转让价格（千元）", 1_000),
        ("转让价格/万元", 10_000),
        ("价格万元", 10_000),
        ("报价（万）", 10_000),
        ("price_cny", 1),
        ("Price (CNY 10k)", 10_000),
        ("price_cny_10k", 10_000),
        ("price_rmb", 1),
        ("转让价格", None),
    ],
)
def test_header_of_money_names_the_unit(header: str, unit_cny: int | None) -> None:
    assert columns_of([header], "result")[0] == (Column(header, "field", "price", unit_cny),)


def test_unit_belongs_to_money_alone() -> None:
    headers = ["完成单位（万元）", "成果名称万元"]

    columns, _ = columns_of(headers, "result")

    assert columns == (Column(headers[0], "field", "institute"), Column(headers[1], "extra"))


def test_later_column_of_a_field_stays_as_extra_and_is_told() -> None:
    columns, repeated = columns_of(["成果名称", "项目名称", "专利名称"], "result")

    assert [column.kind for column in columns] == ["field", "extra", "extra"]
    assert repeated == [
        RepeatedField("项目名称", "成果名称"),
        RepeatedField("专利名称", "成果名称"),
    ]


def test_text_columns_are_all_taken_together() -> None:
    headers = ["成果名称", "成果简介", "创新点", "应用前景"]

    assert fields_of(headers, "result") == ["title", "summary", "summary", "summary"]
    assert columns_of(headers, "result")[1] == []


@pytest.mark.parametrize(
    ("kind", "headers", "fields"),
    [
        ("result", ["需求编号", "需求名称", "需求描述"], ["id", "title", "summary"]),
        ("result", ["need_id", "需求名称"], ["id", "title"]),
        ("need", ["成果编号", "成果名称", "成果简介"], ["id", "title", "description"]),
        ("need", ["result_id", "名称"], ["id", "title"]),
        # An id of the file's own kind wins wherever it stands.
        ("result", ["需求编号", "成果编号", "成果名称"], ["extra", "id", "title"]),
        ("need", ["项目编号", "需求名称", "编号"], ["extra", "title", "id"]),
    ],
)
def test_words_of_the_other_kind_count_where_there_are_none_of_its_own(
    kind: ListingKind, headers: list[str], fields: list[str]
) -> None:
    assert fields_of(headers, kind) == fields


def test_title_of_the_other_kind_is_extra_beside_an_own_one() -> None:
    assert fields_of(["需求名称", "成果名称"], "result") == ["extra", "title"]


@pytest.mark.parametrize(
    ("kind", "headers", "swapped"),
    [
        ("result", ["需求编号", "需求名称"], True),
        ("result", ["编号", "名称", "需求描述"], True),
        ("need", ["成果编号", "成果名称"], True),
        ("need", ["编号", "名称", "完成单位"], True),
        ("result", ["成果名称", "需求编号"], False),
        ("need", ["需求名称", "成果名称"], False),
        ("result", ["编号", "名称", "内容"], False),
        ("need", ["编号", "名称", "内容"], False),
        ("result", ["项目名称", "描述"], False),
    ],
)
def test_swapped_files_are_told_by_what_only_the_other_kind_has(
    kind: ListingKind, headers: list[str], swapped: bool
) -> None:
    assert looks_swapped(headers, kind) is swapped


@pytest.mark.parametrize("kind", KINDS)
def test_file_with_the_written_headers_never_looks_swapped(kind: ListingKind) -> None:
    for headers in ([h.zh for h in HEADINGS[kind]], [h.en for h in HEADINGS[kind]]):
        assert not looks_swapped(headers, kind)


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ([["编号", "成果名称"]], 0),
        ([["成果汇总表"], [], ["编号", "成果名称"], ["1", "成果名称"]], 2),
        # A heading above the table reads like a header of one column.
        ([["科技成果"], ["编号", "成果名称"]], 1),
        ([["成果名称"], ["橡胶鞋底"]], 0),
        ([["填表说明"], ["编号", "备注"]], None),
        ([["联系人", "电话"]], None),
        ([[], [""]], None),
        ([], None),
    ],
)
def test_header_row_is_the_first_with_a_title_and_more(
    rows: list[list[str]], place: int | None
) -> None:
    assert header_row(rows, "result") == place


def test_titles_understood_name_every_word_for_a_title() -> None:
    understood = titles_understood("need")

    assert understood[:3] == ["需求名称", "title", "需求标题"]
    assert all(fields_of([word], "need") == ["title"] for word in understood)


@given(st.lists(st.text(max_size=20), max_size=8), st.sampled_from(KINDS))
def test_every_header_gets_one_column_in_its_order(headers: list[str], kind: ListingKind) -> None:
    columns, _ = columns_of(headers, kind)

    assert [column.header for column in columns] == headers
    named = [c.field for c in columns if c.field and c.field not in {"summary", "description"}]
    assert sorted(named) == sorted(set(named))


@given(
    st.text(max_size=20), st.sampled_from(["电话", "联系人", " phone ", " E-mail: ", "（手机）"])
)
def test_contact_word_wins_whatever_stands_before_it(text: str, word: str) -> None:
    assert is_contact(f"{text} {word}")
