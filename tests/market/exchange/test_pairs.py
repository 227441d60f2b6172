"""`write_pairs`: which format, all or nothing, progress, the same bytes, no contact by default."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from market.errors import FileRefused, UsageRefused
from market.exchange.pair_report import PairRow
from market.exchange.pairs import check_target, write_pairs
from market.exchange.problems import Lang
from tests.market.commands.runs import all_text, names_in
from tests.market.exchange.reports import (
    GOOD,
    PRIVATE,
    both_ways,
    growing_report,
    make_report,
    written,
)

OUTPUTS = ["pairs.xlsx", "pairs.csv", "pairs.jsonl"]


def pairs_then(error: BaseException, *, count: int = 2_000) -> Iterator[PairRow]:
    for _ in range(count):
        yield GOOD
    raise error


@pytest.mark.parametrize("name", [*OUTPUTS, "PAIRS.XLSX", "p.q.CSV", "-"])
def test_known_targets_pass_the_check(name: str, tmp_path: Path) -> None:
    target = tmp_path / name

    check_target(target if name != "-" else "-")

    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "lang", "said"),
    [
        ("p.pdf", "zh", "p.pdf：只能写成 .xlsx、.csv、.jsonl，或用 - 表示标准输出"),
        ("p", "en", "p: pairs are written as .xlsx, .csv, .jsonl, or - for standard output"),
        (".csv", "en", ".csv: pairs are written as .xlsx, .csv, .jsonl, or - for standard output"),
    ],
)
def test_unknown_target_is_refused_before_anything_is_read(
    name: str, lang: Lang, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    report = make_report(pairs=pairs_then(AssertionError(), count=0), lang=lang)

    with pytest.raises(UsageRefused) as refused:
        write_pairs(report, Path(name))

    assert str(refused.value) == said
    assert names_in(tmp_path) == []


def test_dash_writes_json_lines_to_standard_output(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    write_pairs(make_report(), "-")

    out = capsysbinary.readouterr().out
    assert out == written(tmp_path, "p.jsonl", make_report()).read_bytes()
    assert out.count(b"\n") == 3


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", OUTPUTS)
def test_same_report_gives_the_same_bytes(name: str, lang: Lang, tmp_path: Path) -> None:
    first = written(tmp_path, name, make_report(lang=lang, **both_ways())).read_bytes()

    again = written(tmp_path, f"again-{name}", make_report(lang=lang, **both_ways())).read_bytes()

    assert again == first


@pytest.mark.parametrize("name", OUTPUTS)
def test_list_that_grows_gives_the_bytes_of_one_that_is_complete(name: str, tmp_path: Path) -> None:
    complete = make_report(summary=lambda: {"配对数": 3, "无合适成果的需求数": 2})

    grown = written(tmp_path, name, growing_report())

    assert grown.read_bytes() == written(tmp_path, f"c-{name}", complete).read_bytes()


@pytest.mark.parametrize("name", OUTPUTS)
def test_contacts_stay_out_unless_asked_for(name: str, tmp_path: Path) -> None:
    text = all_text(written(tmp_path, name, make_report(**both_ways())))

    assert [word for word in PRIVATE if word in text] == []
    assert "A区01" in text


@pytest.mark.parametrize("name", OUTPUTS)
def test_contacts_come_out_when_asked_for(name: str, tmp_path: Path) -> None:
    text = all_text(written(tmp_path, name, make_report(with_contacts=True)))

    assert [word for word in PRIVATE if word not in text] == []


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("a fault of ours")])
@pytest.mark.parametrize("name", OUTPUTS)
def test_error_among_the_pairs_passes_through_and_leaves_the_older_file(
    name: str, error: BaseException, tmp_path: Path
) -> None:
    target = tmp_path / name
    target.write_bytes(b"of yesterday")
    report = make_report(pairs=pairs_then(error))

    with pytest.raises(type(error)) as raised:
        write_pairs(report, target)

    assert raised.value is error
    assert target.read_bytes() == b"of yesterday"
    assert names_in(tmp_path) == [name]


@pytest.mark.parametrize("name", OUTPUTS)
def test_folder_that_is_missing_is_named(name: str, tmp_path: Path) -> None:
    target = tmp_path / "nix" / name

    with pytest.raises(FileRefused) as refused:
        write_pairs(make_report(lang="en"), target)

    assert (refused.value.path, refused.value.reason) == (str(target), "its folder does not exist")


@pytest.mark.parametrize(("count", "told"), [(0, [0]), (1, [1]), (400, [200, 400, 400])])
def test_progress_counts_the_pairs_written(count: int, told: list[int], tmp_path: Path) -> None:
    heard: list[int] = []

    write_pairs(make_report(pairs=[GOOD] * count), tmp_path / "p.jsonl", progress=heard.append)

    assert heard == told


@pytest.mark.parametrize("name", OUTPUTS)
def test_report_without_pairs_is_a_whole_file(name: str, tmp_path: Path) -> None:
    path = written(tmp_path, name, make_report(pairs=[], without_result=[], refused=[]))

    assert path.is_file()
    assert (path.stat().st_size == 0) is (name == "pairs.jsonl")
