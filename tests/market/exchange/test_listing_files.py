"""Listings are written so that reading gives the same listings again, in either language."""

import csv
import io
import re
import tempfile
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.errors import FileRefused, UsageRefused
from market.exchange.listing_files import write_listings
from market.exchange.problems import Lang
from market.exchange.readers import read_needs, read_results
from market.sample import sample_needs, sample_results
from schemas import vocab
from schemas.listings import Need, Result
from tests.market.commands.runs import names_in, pairs_of
from tests.market.factories import bare_need, bare_result, make_need, make_result

CHINESE = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")
WAYS = [(name, lang) for name in ("x.csv", "x.jsonl", "x.xlsx") for lang in ("zh", "en")]


def written(
    folder: Path, name: str, lang: Lang, listings: Sequence[Result] | Sequence[Need]
) -> Path:
    write_listings(listings, folder / name, lang)
    return folder / name


def read_back(
    folder: Path, name: str, lang: Lang, listings: Sequence[Result] | Sequence[Need]
) -> Sequence[Result] | Sequence[Need]:
    """What the written file holds; none of its rows may have been refused."""
    path = written(folder, name, lang, listings)
    read = read_needs if listings and isinstance(listings[0], Need) else read_results
    back = read(path)
    assert back.refused == []
    return back.listings


def table(path: Path) -> list[list[str]]:
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


# Text as it stands in a listing once read: no controls, no blanks around, NFC or not.
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), max_size=30
).map(str.strip)
NAMES = st.sampled_from(
    ["鞋底", "007", "=1+1", "'=x", "-", "a, b", 'say "x"', "甲；乙", "1e5", "😀"]
)
ITEMS = st.lists(st.sampled_from(["鞋底", "GaN", "=x", "3D打印"]), unique=True, max_size=3).map(
    tuple
)
MONEY = st.one_of(st.none(), st.integers(0, 10**12))
DAYS = st.one_of(
    st.none(), st.integers(0, 4_000).map(lambda days: date(2024, 1, 1) + timedelta(days))
)
LEVELS = st.one_of(st.none(), st.integers(1, 9))
EXTRAS = st.dictionaries(st.sampled_from(["场次", "展位", "Booth", "备注一"]), NAMES, max_size=3)
CONTACTS = st.dictionaries(st.sampled_from(["联系人", "手机", "email"]), NAMES, max_size=2)


def codes(vocabulary: vocab.Vocabulary, most: int) -> st.SearchStrategy[tuple[str, ...]]:
    known = sorted(entry.code for entry in vocabulary)
    return st.lists(st.sampled_from(known), unique=True, max_size=most).map(tuple)


def one_code(vocabulary: vocab.Vocabulary) -> st.SearchStrategy[str | None]:
    return st.one_of(st.none(), st.sampled_from(sorted(entry.code for entry in vocabulary)))


@st.composite
def money_ranges(draw: st.DrawFn) -> tuple[int | None, int | None]:
    low, high = draw(MONEY), draw(MONEY)
    return (high, low) if low is not None and high is not None and low > high else (low, high)


@st.composite
def results(draw: st.DrawFn, result_id: str = "R1") -> Result:
    price = draw(money_ranges())
    return Result(
        id=result_id,
        title=draw(NAMES),
        summary=draw(TEXTS),
        keywords=draw(ITEMS),
        fields=draw(codes(vocab.fields(), 3)),
        industries=draw(codes(vocab.industries(), 2)),
        trl=draw(LEVELS),
        modes=draw(codes(vocab.modes(), 3)),
        price_min_cny=price[0],
        price_max_cny=price[1],
        division=draw(one_code(vocab.divisions())),
        institute=draw(NAMES),
        credit_code=draw(st.sampled_from(["", "12350000MB0XXXXX0A"])),
        patents=draw(st.sampled_from([(), ("ZL202210094654.7", "ZL2")])),
        rights=draw(st.sampled_from([None, "granted", "pending", "know_how", "encumbered"])),
        ready_on=draw(DAYS),
        extra=draw(EXTRAS),
        contacts=draw(CONTACTS),
    )


@st.composite
def needs(draw: st.DrawFn) -> Need:
    budget = draw(money_ranges())
    low, high = draw(LEVELS), draw(LEVELS)
    if low is not None and high is not None and low > high:
        low, high = high, low
    return Need(
        id="007",
        title=draw(NAMES),
        description=draw(TEXTS),
        keywords=draw(ITEMS),
        indicators=draw(NAMES),
        fields=draw(codes(vocab.fields(), 3)),
        industries=draw(codes(vocab.industries(), 2)),
        trl_min=low,
        trl_max=high,
        modes=draw(codes(vocab.modes(), 3)),
        budget_min_cny=budget[0],
        budget_max_cny=budget[1],
        deadline=draw(DAYS),
        division=draw(one_code(vocab.divisions())),
        enterprise=draw(NAMES),
        extra=draw(EXTRAS),
        contacts=draw(CONTACTS),
    )


@settings(max_examples=120, deadline=None)
@given(result=results(), way=st.sampled_from(WAYS))
def test_any_result_comes_back(result: Result, way: tuple[str, Lang]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert read_back(Path(folder), *way, [result]) == [result]


@settings(max_examples=120, deadline=None)
@given(need=needs(), way=st.sampled_from(WAYS))
def test_any_need_comes_back(need: Need, way: tuple[str, Lang]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert read_back(Path(folder), *way, [need]) == [need]


@pytest.mark.parametrize(("name", "lang"), WAYS)
def test_every_code_comes_back(name: str, lang: Lang, tmp_path: Path) -> None:
    listings = [
        *(bare_result(f"i{e.code}", "t", industries=(e.code,)) for e in vocab.industries()),
        *(bare_result(f"d{e.code}", "t", division=e.code) for e in vocab.divisions()),
        *(bare_result(f"f{e.code}", "t", fields=(e.code,)) for e in vocab.fields()),
        *(bare_result(f"m{e.code}", "t", modes=(e.code,)) for e in vocab.modes()),
        bare_result("all", "t", fields=tuple(e.code for e in vocab.fields())),
    ]

    back = read_back(tmp_path, name, lang, listings)

    assert len(listings) > 2_000
    assert [pair for pair in zip(listings, back, strict=True) if pair[0] != pair[1]] == []


@pytest.mark.parametrize(("name", "lang"), WAYS)
def test_sample_comes_back(name: str, lang: Lang, tmp_path: Path) -> None:
    assert read_back(tmp_path, name, lang, sample_results()) == sample_results()
    assert read_back(tmp_path, name, lang, sample_needs()) == sample_needs()


@pytest.mark.parametrize(("name", "lang"), WAYS)
@pytest.mark.parametrize(
    "extra",
    [
        # The words that no vocabulary knows, under the header from which they were taken.
        {"技术领域": "魔法、炼金术"},
        {"field": "magic"},
        # Columns that mean the same as an earlier one.
        {"价格": "另议后定"},
        {"地区": "月球背面"},
        {"asking_price": "see below"},
    ],
)
def test_extra_column_that_is_named_like_a_field_stays_extra(
    extra: dict[str, str], name: str, lang: Lang, tmp_path: Path
) -> None:
    listings = [
        make_result(extra=extra),
        bare_result("R2", "没有别的", extra=extra),
        bare_result("R3", "什么都没有"),
    ]

    back = read_back(tmp_path, name, lang, listings)

    assert {listing.id: listing.title for listing in back} == {
        listing.id: listing.title for listing in listings
    }
    assert [listing.extra for listing in back] == [extra, extra, {}]


@pytest.mark.parametrize(("name", "lang"), WAYS)
@pytest.mark.parametrize(
    ("division", "text"),
    [("350500", "泉州市、厦门市"), (None, "月球"), ("350503", "丰泽区/鲤城区")],
)
def test_places_of_which_one_counts_come_back_with_their_text(
    division: str | None, text: str, name: str, lang: Lang, tmp_path: Path
) -> None:
    listing = bare_result("R1", "鞋底", division=division, extra={"所在地区": text})

    assert read_back(tmp_path, name, lang, [listing]) == [listing]


def test_chinese_table_has_chinese_headers(tmp_path: Path) -> None:
    path = written(tmp_path, "x.csv", "zh", [make_result(extra={"展位": "A区"})])

    headers, row = table(path)

    cells = dict(zip(headers, row, strict=True))
    assert headers[:3] == ["成果编号", "成果名称", "成果简介"]
    assert headers[-1] == "展位"
    assert cells["所属行业"] == "C1954 橡胶鞋制造"
    assert cells["合作方式"] == "技术许可、技术服务"
    assert cells["转让价格（元）"] == "600000元"


def test_english_table_holds_no_chinese_but_the_data(tmp_path: Path) -> None:
    need = Need(
        id="N1",
        title="Sole slips",
        fields=("materials",),
        industries=("C1954", "C"),
        trl_min=6,
        trl_max=8,
        modes=("licence", "service"),
        budget_min_cny=500_000,
        budget_max_cny=800_000,
        deadline=date(2027, 5, 31),
        division="350582",
    )
    result = Result(id="R1", title="Sole", rights="know_how", price_max_cny=90_000)

    needs_text = written(tmp_path, "n.csv", "en", [need]).read_text("utf-8-sig")
    results_text = written(tmp_path, "r.csv", "en", [result]).read_text("utf-8-sig")

    assert CHINESE.findall(needs_text + results_text) == []
    headers, row = table(tmp_path / "n.csv")
    cells = dict(zip(headers, row, strict=True))
    assert headers[:3] == ["id", "title", "description"]
    assert (cells["industries"], cells["budget_cny"]) == ("C1954; C", "500000-800000")
    assert (cells["trl_min"], cells["trl_max"]) == ("6", "8")
    headers, row = table(tmp_path / "r.csv")
    cells = dict(zip(headers, row, strict=True))
    assert (cells["rights"], cells["price_cny"]) == ("know_how", "≤90000")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_json_lines_have_english_keys_and_no_empty_ones(lang: Lang, tmp_path: Path) -> None:
    path = written(tmp_path, "x.jsonl", lang, [bare_need("N1", "鞋底", keywords=("a", "b"))])

    assert pairs_of(path) == [{"id": "N1", "title": "鞋底", "keywords": ["a", "b"]}]


def test_formulas_are_defused_in_the_table_and_back_as_they_were(tmp_path: Path) -> None:
    listing = bare_result("=1", "+cmd", "@SUM(A1)", extra={"=header": "-2"})

    back = read_back(tmp_path, "x.csv", "zh", [listing])

    headers, row = table(tmp_path / "x.csv")
    assert back == [listing]
    assert (row[:3], headers[-1], row[-1]) == (["'=1", "'+cmd", "'@SUM(A1)"], "'=header", "'-2")


@pytest.mark.parametrize(("name", "lang"), WAYS)
def test_same_listings_give_the_same_bytes(name: str, lang: Lang, tmp_path: Path) -> None:
    first = written(tmp_path, name, lang, sample_needs()).read_bytes()

    again = written(tmp_path, name, lang, sample_needs()).read_bytes()

    assert again == first
    assert names_in(tmp_path) == [name]


def test_no_listings_are_a_table_of_headers(tmp_path: Path) -> None:
    path = written(tmp_path, "x.csv", "zh", [])

    (headers,) = table(path)

    assert headers[:2] == ["成果编号", "成果名称"]


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("zh", "x.pdf：只能写成 .xlsx、.csv 或 .jsonl"),
        ("en", "x.pdf: listings are written as .xlsx, .csv or .jsonl only"),
    ],
)
def test_other_extension_is_refused(
    lang: Lang, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UsageRefused) as refused:
        write_listings([make_need()], Path("x.pdf"), lang)

    assert str(refused.value) == said
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl"])
def test_folder_that_is_missing_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refused:
        write_listings([make_need()], tmp_path / "nix" / name, "en")

    assert refused.value.reason == "its folder does not exist"
