"""Files of one JSON object a line."""

from pathlib import Path

import pytest

from market.errors import FileRefused
from market.exchange.json_lines import MAX_LINE_BYTES
from market.exchange.readers import read_needs, read_results
from schemas.listings import Need, Result
from tests.market.exchange.files import json_lines

GOOD = b'{"title": "good"}'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "r.jsonl"


def told(path: Path) -> tuple[list[str], list[str]]:
    """Ids that were read, and what was said of the rows."""
    read = read_results(path)
    assert read.rows == len(read.listings) + len(read.refused)
    return [r.id for r in read.listings], [p.text("en") for p in read.refused + read.warnings]


def test_objects_are_listings_whatever_their_keys(path: Path) -> None:
    json_lines(
        path,
        {"id": "0012", "title": "甲", "trl": 7, "price_cny_10k": 80, "keywords": ["橡胶", "鞋底"]},
        {"成果编号": 13, "成果名称": "乙", "价格（万元）": "80-120", "成熟度": "中试", "tel": 139},
        {"name": "丙", "说明": "弱词", "booth": {"hall": 3, "stands": ["a", None]}, "note": None},
    )

    read = read_results(path)

    assert (read.refused, read.warnings) == ([], [])
    assert read.listings[0] == Result(
        id="0012",
        title="甲",
        trl=7,
        price_min_cny=800_000,
        price_max_cny=800_000,
        keywords=("橡胶", "鞋底"),
    )
    assert read.listings[1].contacts == {"tel": "139"}
    assert (read.listings[1].price_min_cny, read.listings[1].price_max_cny) == (800_000, 1_200_000)
    assert read.listings[2] == Result(
        id="3", title="丙", summary="弱词", extra={"booth": '{"hall":3,"stands":["a",null]}'}
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"[1, 2]", "is no JSON object"),
        (b'"title"', "is no JSON object"),
        (b"null", "is no JSON object"),
        (b'{"title": "\xff"}', "is not encoded in UTF-8"),
        (b'{"title": ""}', "the title is missing"),
        (b'{"id": "R1"}', "the title is missing"),
        (b"{}", "the title is missing"),
        (b'{"a":' * 100_000, "is no valid JSON: nested too deeply"),
        (b"[" * 100_000, "is no valid JSON: nested too deeply"),
        (
            b'{"title": "' + b"x" * MAX_LINE_BYTES + b'"}',
            "is longer than 8388608 bytes",
        ),
        (
            b'{"title": "a",' + b",".join(b'"%d":1' % n for n in range(1_000)) + b"}",
            "has 1001 cells under 1000 headers (a comma without quotation marks?)",
        ),
    ],
)
def test_bad_line_is_refused_alone(line: bytes, reason: str, path: Path) -> None:
    path.write_bytes(GOOD + b"\n" + line + b"\n" + GOOD + b"\n")

    assert told(path) == (["1", "3"], [f"r.jsonl, row 2: {reason}"])


@pytest.mark.parametrize(
    "line",
    [
        b"{title: 1}",
        b'{"title": "a"',
        b'{"title": "a"} {"title": "b"}',
        b'{"title": NaN}',
        b'{"title": Infinity}',
        b'{"title": 1e999}',
        b'{"title": "\\ud800"}',
        b"{'title': 'a'}",
        b'{"title": "a",}',
        b"\xff\xfe{",
        b'{"title": "a\x00b"}',
        b"\x00",
    ],
)
def test_line_that_is_no_json_says_why(line: bytes, path: Path) -> None:
    path.write_bytes(GOOD + b"\n" + line + b"\n" + GOOD)

    ids, (said,) = told(path)

    assert ids == ["1", "3"]
    assert said.startswith("r.jsonl, row 2: is no valid JSON: ")
    assert said.isprintable()


@pytest.mark.parametrize(
    ("members", "column", "reason"),
    [
        (b'"title": "a\\u0000b"', "title", "contains a NUL character"),
        (
            b'"title": "a", "trl": {"a": 1}',
            "trl",
            'the maturity “{"a":1}” is not understood (TRL 1–9 or the name of a stage)',
        ),
        (
            b'"title": "a", "price": 1e300',
            "price",
            f"the amount “1{'0' * 58}…” is not understood",
        ),
        (
            b'"title": "a", "note": ' + b"9" * 400,
            "note",
            "the cell has > 300 characters; 300 are allowed",
        ),
        (
            b'"title": "a", "id": "' + b"x" * 513 + b'"',
            "id",
            "the id has 513 bytes; 512 are allowed",
        ),
    ],
)
def test_bad_value_names_its_key(members: bytes, column: str, reason: str, path: Path) -> None:
    path.write_bytes(b"{" + members + b"}\n" + GOOD)

    assert told(path) == (["2"], [f"r.jsonl, row 1, column “{column}”: {reason}"])


def test_surrogate_pair_is_one_character(path: Path) -> None:
    path.write_bytes(b'{"title": "\\ud83e\\uddea"}')

    assert [r.title for r in read_results(path).listings] == ["🧪"]


def test_byte_order_mark_and_blank_lines_count_as_lines_alone(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + GOOD + b"\r\n\n  \n" + GOOD + b"\r\n")

    assert told(path) == (["1", "4"], [])


def test_last_of_two_equal_keys_counts(path: Path) -> None:
    path.write_bytes(b'{"title": "first", "title": "last"}')

    assert [r.title for r in read_results(path).listings] == ["last"]


def test_second_line_with_an_id_is_refused(path: Path) -> None:
    json_lines(path, *({"id": number, "title": "a"} for number in ("R1", "R2", "R1")))

    assert told(path) == (
        ["R1", "R2"],
        ["r.jsonl, row 3, column “id”: the id “R1” is already that of row 1"],
    )


def test_given_id_and_number_of_a_row_are_never_the_same_listing(path: Path) -> None:
    json_lines(path, {"id": "2", "title": "a"}, {"title": "b"})

    assert told(path) == (["2"], ["r.jsonl, row 2: the id “2” is already that of row 1"])


def test_file_of_bad_lines_alone_has_no_listing(path: Path) -> None:
    path.write_bytes(b"bad\n[1]\n")

    ids, said = told(path)

    assert (ids, len(said)) == ([], 2)


def test_file_of_blank_lines_holds_no_rows(path: Path) -> None:
    path.write_bytes(b"\n \n")

    assert told(path) == ([], ["r.jsonl, row 1: holds headers but no rows"])


def test_objects_without_any_title_are_refused_as_a_file(path: Path) -> None:
    json_lines(path, {"甲": 1}, {"乙": 2})

    with pytest.raises(FileRefused) as refused:
        read_results(path, lang="en")

    assert refused.value.reason.startswith(
        "no column of titles was found. Headers read: 甲, 乙. "
        "Understood as title: 成果名称, title, 项目名称, "
    )


def test_every_key_set_of_many_is_understood(path: Path) -> None:
    json_lines(path, *({"title": f"t{n}", f"extra{n}": n} for n in range(1_500)))

    read = read_results(path)

    assert [r.extra for r in read.listings] == [{f"extra{n}": str(n)} for n in range(1_500)]
    assert len(read.columns) == 1_501


def test_needs_are_read_from_ndjson(tmp_path: Path) -> None:
    path = tmp_path / "n.ndjson"
    json_lines(path, {"id": "N1", "title": "打滑", "deadline": "2027Q2", "budget_cny_10k": None})

    read = read_needs(path)

    assert [n.id for n in read.listings] == ["N1"]
    assert read.listings[0].deadline is not None
    assert read.listings[0] == Need(id="N1", title="打滑", deadline=read.listings[0].deadline)
