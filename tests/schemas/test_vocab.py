"""What all vocabularies share, and the three short ones: fields, modes, stages."""

import re
from importlib import resources

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.vocab import (
    Entry,
    Vocabulary,
    contract_kinds,
    divisions,
    fields,
    industries,
    modes,
    signing_kinds,
    stages,
)

VOCABULARIES = {
    "fields": fields,
    "modes": modes,
    "stages": stages,
    "industries": industries,
    "divisions": divisions,
    "contract_kinds": contract_kinds,
    "signing_kinds": signing_kinds,
}

every_vocabulary = pytest.mark.parametrize("name", VOCABULARIES)


def codes(vocabulary: Vocabulary) -> list[str]:
    return [entry.code for entry in vocabulary]


def found_code(vocabulary: Vocabulary, text: str) -> str | None:
    entry = vocabulary.find(text)
    return entry.code if entry else None


def data_text(name: str) -> str:
    return resources.files("schemas").joinpath("data", f"{name}.tsv").read_text(encoding="utf-8")


@every_vocabulary
def test_every_data_file_states_where_it_comes_from(name: str) -> None:
    text = data_text(name)

    heads = [line.split(":")[0] for line in text.splitlines() if line.startswith("#")]

    assert heads[:5] == ["# source", "# edition", "# licence", "# verified", "# compared"]
    assert re.search(r"^# verified: (true|false)$", text, re.MULTILINE)


@every_vocabulary
def test_every_data_file_has_as_many_cells_a_line_as_columns(name: str) -> None:
    lines = [line for line in data_text(name).splitlines() if not line.startswith("#")]

    assert {line.count("\t") for line in lines} == {lines[0].count("\t")}


@every_vocabulary
def test_no_data_file_has_a_code_twice(name: str) -> None:
    lines = [line for line in data_text(name).splitlines() if not line.startswith("#")]

    first_cells = [line.split("\t")[0] for line in lines]

    assert len(first_cells) == len(set(first_cells))


@every_vocabulary
def test_no_name_has_space_around_it(name: str) -> None:
    names = [text for entry in VOCABULARIES[name]() for text in (entry.zh, entry.en)]

    assert [text for text in names if text != text.strip()] == []


@every_vocabulary
def test_every_entry_has_a_chinese_name(name: str) -> None:
    assert [entry.code for entry in VOCABULARIES[name]() if not entry.zh] == []


@every_vocabulary
def test_every_parent_is_an_entry_that_stands_before_its_children(name: str) -> None:
    seen: set[str] = set()
    orphans = []

    for entry in VOCABULARIES[name]():
        if entry.parent is not None and entry.parent not in seen:
            orphans.append(entry.code)
        seen.add(entry.code)

    assert orphans == []


@every_vocabulary
def test_every_entry_is_found_by_its_code(name: str) -> None:
    vocabulary = VOCABULARIES[name]()

    lost = [entry.code for entry in vocabulary if vocabulary.find(entry.code) != entry]

    assert lost == []


@every_vocabulary
def test_every_entry_is_found_by_its_code_in_full_width(name: str) -> None:
    vocabulary = VOCABULARIES[name]()
    wide = {ord(c): ord(c) + 0xFEE0 for c in map(chr, range(0x21, 0x7F))}

    lost = [e.code for e in vocabulary if vocabulary.find(f" {e.code.translate(wide)} ") != e]

    assert lost == []


@every_vocabulary
def test_code_and_name_together_find_the_entry(name: str) -> None:
    vocabulary = VOCABULARIES[name]()
    numbered = [entry for entry in vocabulary if entry.code[-1].isdecimal()]

    lost = [e.code for e in numbered if vocabulary.find(f"{e.code} {e.zh}") != e]

    assert lost == []


@every_vocabulary
def test_a_vocabulary_is_a_read_only_mapping_of_codes(name: str) -> None:
    vocabulary = VOCABULARIES[name]()
    first = next(iter(vocabulary))

    assert vocabulary[first.code] is first
    assert first.code in vocabulary
    assert "no such code" not in vocabulary
    assert None not in vocabulary
    assert len(vocabulary) == len(codes(vocabulary))
    with pytest.raises(KeyError):
        vocabulary["no such code"]
    with pytest.raises(AttributeError):
        first.zh = "changed"  # type: ignore[misc]


@every_vocabulary
def test_a_vocabulary_is_read_once(name: str) -> None:
    assert VOCABULARIES[name]() is VOCABULARIES[name]()


@every_vocabulary
@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\x00",
        "\x00" * 10_240,
        "\ud800",
        "\udfff晋\ud800",
        "、，。/-",
        "新" * 10_240,
        "C" * 10_240,
        "1" * 10_240,
        "吉林" * 100,
        "..\\..\\",
        "🤝",
        "\u202e\u200b",
        "%s{0}",
    ],
    ids=ascii,
)
def test_hostile_text_finds_nothing(name: str, text: str) -> None:
    assert VOCABULARIES[name]().find(text) is None


@every_vocabulary
@given(text=st.text())
def test_any_text_finds_an_entry_of_the_vocabulary_or_none(name: str, text: str) -> None:
    vocabulary = VOCABULARIES[name]()

    entry = vocabulary.find(text)

    assert entry is None or vocabulary[entry.code] is entry


@every_vocabulary
@given(data=st.data())
def test_case_and_spaces_never_change_what_a_name_finds(name: str, data: st.DataObject) -> None:
    vocabulary = VOCABULARIES[name]()
    entry = data.draw(st.sampled_from(list(vocabulary)))

    spread = "\u3000".join(entry.zh)

    assert vocabulary.find(spread) == vocabulary.find(entry.zh)
    assert vocabulary.find(entry.en.upper()) == vocabulary.find(entry.en.lower())


def test_the_eight_fields_have_their_official_names() -> None:
    assert {entry.code: entry.zh for entry in fields()} == {
        "electronics": "电子信息",
        "biomedicine": "生物与新医药",
        "aerospace": "航空航天",
        "materials": "新材料",
        "services": "高技术服务",
        "energy": "新能源与节能",
        "environment": "资源与环境",
        "manufacturing": "先进制造与自动化",
    }


def test_the_modes_are_those_of_technology_markets() -> None:
    assert {entry.code: (entry.zh, entry.parent) for entry in modes()} == {
        "transfer": ("技术转让", None),
        "licence": ("技术许可", None),
        "licence_exclusive": ("独占许可", "licence"),
        "licence_sole": ("排他许可", "licence"),
        "licence_ordinary": ("普通许可", "licence"),
        "licence_open": ("开放许可", "licence"),
        "equity": ("作价入股", None),
        "commissioned": ("委托开发", None),
        "joint": ("合作开发", None),
        "service": ("技术服务", None),
        "consulting": ("技术咨询", None),
        "platform": ("共建平台", None),
        "pay_after_use": ("先用后付", None),
    }


def test_the_stages_stand_in_the_order_of_maturity() -> None:
    assert codes(stages()) == ["research", "lab", "pilot", "sample", "volume"]


def test_lists_of_our_own_are_not_called_verified() -> None:
    assert [name for name in ("fields", "modes", "stages") if VOCABULARIES[name]().verified] == []


def test_a_vocabulary_tells_its_source_edition_and_licence() -> None:
    assert (fields().edition, fields().verified) == ("2016", False)
    assert fields().source.startswith("国家重点支持的高新技术领域")
    assert fields().licence.endswith("(Apache-2.0)")


def test_a_name_is_given_in_the_asked_language() -> None:
    entry = modes()["licence"]

    assert (entry.name("zh"), entry.name("en")) == ("技术许可", "Licensing")


def test_an_entry_without_an_english_name_gives_its_chinese_one() -> None:
    assert Entry("X", "橡胶鞋制造", "").name("en") == "橡胶鞋制造"


def test_an_entry_survives_json() -> None:
    entry = modes()["licence_open"]

    assert msgspec.json.decode(msgspec.json.encode(entry), type=Entry) == entry


def test_the_path_leads_from_the_top_to_the_entry() -> None:
    assert [entry.code for entry in modes().path("licence_sole")] == ["licence", "licence_sole"]


def test_the_path_of_an_unknown_code_is_an_error() -> None:
    with pytest.raises(KeyError):
        modes().path("lease")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("电子信息", "electronics"),
        ("软件和信息技术", "electronics"),
        ("新一代信息技术产业", "electronics"),
        ("现代信息技术", "electronics"),
        ("人工智能", "electronics"),
        ("生物医药", "biomedicine"),
        ("大健康", "biomedicine"),
        ("航空、航天", "aerospace"),
        ("新材料", "materials"),
        ("新材料领域", "materials"),
        ("新材料技术", "materials"),
        ("高技术服务业", "services"),
        ("新能源", "energy"),
        ("新能源与节能", "energy"),
        ("节能环保", "environment"),
        ("资源与环境", "environment"),
        ("先进制造", "manufacturing"),
        ("先 进 制 造", "manufacturing"),
        ("智能装备", "manufacturing"),
        ("ADVANCED MANUFACTURING", "manufacturing"),
        ("Ｎｅｗ　ｅｎｅｒｇｙ", "energy"),
        ("鞋服", None),
        ("综合", None),
        ("领域", None),
        ("材", None),
        ("新材料、新能源", None),
    ],
)
def test_fields_are_found_as_people_write_them(text: str, code: str | None) -> None:
    assert found_code(fields(), text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("技术转让", "transfer"),
        ("转让", "transfer"),
        ("专利转让", "transfer"),
        ("technology transfer", "transfer"),
        ("许可", "licence"),
        ("授权", "licence"),
        ("专利许可", "licence"),
        ("专利实施许可", "licence"),
        ("Licensing", "licence"),
        ("license", "licence"),
        ("独占许可", "licence_exclusive"),
        ("技术许可（独占）", "licence_exclusive"),
        ("独家授权", "licence_exclusive"),
        ("排他许可", "licence_sole"),
        ("普通许可", "licence_ordinary"),
        ("Non-exclusive licence", "licence_ordinary"),
        ("开放许可", "licence_open"),
        ("licence_open", "licence_open"),
        ("入股", "equity"),
        ("技术入股", "equity"),
        ("技术作价入股", "equity"),
        ("股权合作", "equity"),
        ("joint venture", "equity"),
        ("委托研发", "commissioned"),
        ("contract R&D", "commissioned"),
        ("联合开发", "joint"),
        ("合作研发", "joint"),
        ("产学研合作", "joint"),
        ("技术开发", "joint"),
        ("joint development", "joint"),
        ("服务", "service"),
        ("技术服务合同", "service"),
        ("咨询", "consulting"),
        ("共建实验室", "platform"),
        ("共建研发中心", "platform"),
        ("先使用后付费", "pay_after_use"),
        ("Pay-after-use", "pay_after_use"),
        ("许", None),
        ("面议", None),
        ("融资", None),
        ("技术转让或许可", None),
    ],
)
def test_modes_are_found_as_people_write_them(text: str, code: str | None) -> None:
    assert found_code(modes(), text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("研发", "research"),
        ("概念验证", "research"),
        ("proof of concept", "research"),
        ("小试", "lab"),
        ("实验室阶段", "lab"),
        ("中试", "pilot"),
        ("中试阶段", "pilot"),
        ("小批量", "pilot"),
        ("pilot", "pilot"),
        ("样机", "sample"),
        ("工程样机", "sample"),
        ("示范应用", "sample"),
        ("Prototype", "sample"),
        ("量产", "volume"),
        ("已量产", "volume"),
        ("产业化", "volume"),
        ("规模化生产", "volume"),
        ("mass production", "volume"),
        ("阶段", None),
        ("未知", None),
    ],
)
def test_stages_are_found_as_people_write_them(text: str, code: str | None) -> None:
    assert found_code(stages(), text) == code


@pytest.mark.parametrize("name", ["fields", "modes", "stages"])
def test_no_alias_of_a_short_vocabulary_stands_for_two_entries(name: str) -> None:
    owners: dict[str, set[str]] = {}

    for line in data_text(name).splitlines():
        if not line.startswith(("#", "code\t")):
            code, _, zh, en, aliases = line.split("\t")
            for alias in (zh, en, *aliases.split("|")):
                owners.setdefault(re.sub(r"[\W_]", "", alias.casefold()), set()).add(code)

    assert {alias: sorted(found) for alias, found in owners.items() if len(found) > 1} == {}


@pytest.mark.parametrize("name", ["fields", "modes", "stages"])
def test_every_alias_finds_its_entry(name: str) -> None:
    vocabulary = VOCABULARIES[name]()
    lost = []

    for line in data_text(name).splitlines():
        if not line.startswith(("#", "code\t")):
            code, *_, aliases = line.split("\t")
            lost += [alias for alias in aliases.split("|") if found_code(vocabulary, alias) != code]

    assert lost == []
