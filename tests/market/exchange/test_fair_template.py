"""The empty spreadsheet: it explains every column, offers choices, and is a fair of its own."""

import io
from pathlib import Path

import pytest

from market.exchange.fair_examples import hint_of
from market.exchange.fair_headings import (
    FAIR_HEADINGS,
    SETTING_HEADINGS,
    SHEET_NAMES,
    SheetKind,
)
from market.exchange.fair_reader import read_fair
from market.exchange.fair_template import NEED_FIELDS, RESULT_FIELDS, write_template
from market.exchange.problems import Lang
from market.sample import sample_fair, sample_needs
from schemas.listings import Need, Result
from tests.market.commands.runs import all_text, sheets_of
from tests.market.exchange.test_pairs_workbook import CHINESE, NAMESPACE, worksheets

LANGS: tuple[Lang, ...] = ("zh", "en")


def template(path: Path, lang: Lang) -> Path:
    with path.open("wb") as file:
        write_template(file, lang=lang)
    return path


@pytest.mark.parametrize("lang", LANGS)
def test_examples_are_a_fair_without_a_problem(lang: Lang, tmp_path: Path) -> None:
    fair = read_fair(template(tmp_path / "t.xlsx", lang), lang=lang)

    assert (fair.refused, fair.warnings) == ([], [])
    assert [len(each.participant.delegates) for each in fair.participants] == [2, 1, 1, 1, 1]
    assert {each.participant.kind for each in fair.participants} == {
        *("institute", "enterprise", "investor"),
    }
    assert (len(fair.slots), len(fair.tables)) == (5, 4)
    assert (len(fair.results), len(fair.needs)) == (2, 2)
    assert [wish.wish for wish in fair.wishes] == ["must", "like", "like", "no"]
    assert (fair.settings.seating, fair.settings.floor) == ("hosts_stay", 1)


def test_both_languages_show_the_same_fair(tmp_path: Path) -> None:
    zh, en = (read_fair(template(tmp_path / f"{lang}.xlsx", lang)) for lang in LANGS)

    for one, other in zip(zh.participants, en.participants, strict=True):
        assert one.participant.id == other.participant.id
        assert (one.absent, one.floor, one.most_meetings) == (
            other.absent,
            other.floor,
            other.most_meetings,
        )
    assert zh.slots == en.slots
    assert zh.owners == en.owners
    assert [(w.who, w.whom, w.wish) for w in zh.wishes] == [
        (w.who, w.whom, w.wish) for w in en.wishes
    ]
    listings: list[list[Result | Need]] = [[*each.results, *each.needs] for each in (zh, en)]
    for given, translated in zip(*listings, strict=True):
        assert (given.fields, given.industries, given.modes, given.division) == (
            translated.fields,
            translated.industries,
            translated.modes,
            translated.division,
        )


def test_every_column_is_explained() -> None:
    columns = {
        **FAIR_HEADINGS,
        "fair": (*FAIR_HEADINGS["fair"], *SETTING_HEADINGS),
    }
    asked: list[tuple[SheetKind, str]] = [
        (sheet, heading.field) for sheet, headings in columns.items() for heading in headings
    ]
    asked += [("results", field) for field in RESULT_FIELDS]
    asked += [("needs", field) for field in NEED_FIELDS]

    hints = [hint_of(sheet, field) for sheet, field in asked]

    assert [hint for hint in hints if not all(hint) or max(map(len, hint)) > 255] == []


def test_help_comes_first_and_names_every_sheet(tmp_path: Path) -> None:
    found = sheets_of(template(tmp_path / "t.xlsx", "zh"))

    assert list(found) == ["说明", *(name.zh for name in SHEET_NAMES.values())]
    told = [row[0] for row in found["说明"][1:] if row[0]]
    assert told == [name.zh for name in SHEET_NAMES.values()]


def test_cells_offer_choices_and_hints(tmp_path: Path) -> None:
    path = template(tmp_path / "t.xlsx", "zh")

    offered = {}
    for name, sheet in worksheets(path).items():
        for each in sheet.iterfind(".//x:dataValidation", NAMESPACE):
            formula = each.find("x:formula1", NAMESPACE)
            assert each.get("prompt")
            if formula is not None:
                offered[name, str(each.get("sqref")).partition("2")[0]] = formula.text
    assert offered == {
        ("参会单位", "C"): '"高校院所,企业,投资机构,飞地,技术经理人"',
        ("参会单位", "O"): '"是,否"',
        ("成果", "K"): "'参会单位'!$B$2:$B$2000",
        ("需求", "K"): "'参会单位'!$B$2:$B$2000",
        ("意愿", "A"): "'参会单位'!$B$2:$B$2000",
        ("意愿", "B"): "'参会单位'!$B$2:$B$2000",
        ("意愿", "C"): '"必须,愿意,不见"',
    }


def test_english_template_holds_no_chinese(tmp_path: Path) -> None:
    assert CHINESE.findall(all_text(template(tmp_path / "t.xlsx", "en"))) == []


@pytest.mark.parametrize("lang", LANGS)
def test_template_is_always_the_same(lang: Lang) -> None:
    once, again = io.BytesIO(), io.BytesIO()
    write_template(once, lang=lang)
    write_template(again, lang=lang)

    assert again.getvalue() == once.getvalue()


@pytest.mark.parametrize("lang", LANGS)
def test_fair_of_the_sample_is_read_without_a_problem(lang: Lang, tmp_path: Path) -> None:
    with (tmp_path / "s.xlsx").open("wb") as file:
        write_template(file, lang=lang, cells=sample_fair(lang))

    fair = read_fair(tmp_path / "s.xlsx", lang=lang)

    assert [problem.text(lang) for problem in fair.refused] == []
    assert [each.code for each in fair.warnings] == []
    assert len(fair.participants) == 45
    assert [need.id for need in fair.needs] == [need.id for need in sample_needs()]
    assert len(fair.wishes) == 18
    assert [each for each in fair.participants if each.participant.delegates] == []
