"""The sample that ships with the product: invented results and needs, and a fair of theirs."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from importlib import resources
from pathlib import Path

from market.exchange.fair_headings import FAIR_HEADINGS
from market.exchange.fair_template import NEED_FIELDS, RESULT_FIELDS, FairCells
from market.exchange.fair_words import KINDS, WISHES, said
from market.exchange.listing_files import listing_cells
from market.exchange.readers import read_needs, read_results
from market.exchange.sheets import Cell
from schemas.listings import Need, Result
from schemas.vocab import Lang

# Institutes of the sample that come to its fair, with the teams that they send.
_INSTITUTES = {
    "鹭江科技大学机械工程系": 2,
    "泉南石材与建材研究院": 2,
    "刺桐大学信息科学与工程学院": 1,
    "泉州湾储能材料研究所": 1,
    "甬江材料技术研究所": 1,
    "赣江有色冶金研究院": 1,
    "江夏科技大学": 1,
    "莞邑数控装备研究院": 1,
    "洛江智能装备研究所": 1,
    "松花江工业大学": 1,
    "岭海工业大学": 1,
    "终南电子科技大学": 1,
    "金陵工程大学": 1,
    "晋水鞋服产业技术研究院": 1,
    "姑苏纺织丝绸研究院": 1,
    "闽都大学化学与化工学院": 1,
    "戴云陶瓷研究所": 1,
    "深湾先进技术研究院": 1,
}
_OTHERS = {
    "刺桐成果转化引导基金": "investor",
    "海丝创业投资": "investor",
    "深圳离岸创新中心": "outpost",
}
# Who wants to meet whom: a participant, or the result or need by its id.
_FAIR_WISHES = (
    ("晋江小鹿踏踏童鞋有限公司", "R058", "must"),
    ("晋江童趣坊服饰有限公司", "姑苏纺织丝绸研究院", "like"),
    ("南安市辉龙水暖洁具有限公司", "R054", "must"),
    ("福建磐安建陶有限公司", "R223", "must"),
    ("泉州劲续电池有限公司", "R076", "like"),
    ("惠安循能二次电源有限公司", "R220", "like"),
    ("鹭江科技大学机械工程系", "N081", "like"),
    ("泉州湾储能材料研究所", "N066", "like"),
    ("赣江有色冶金研究院", "泉港再锂循环科技有限公司", "must"),
    ("刺桐成果转化引导基金", "深湾先进技术研究院", "like"),
    ("刺桐成果转化引导基金", "泉州湾储能材料研究所", "like"),
    ("刺桐成果转化引导基金", "泉州芯谷碳晶半导体有限公司", "like"),
    ("海丝创业投资", "金陵工程大学", "like"),
    ("海丝创业投资", "泉州微感芯片技术有限公司", "must"),
    ("深圳离岸创新中心", "泉州飞泉航空科技有限公司", "like"),
    ("深圳离岸创新中心", "深湾先进技术研究院", "like"),
    ("洛江智能装备研究所", "石狮市扣友五金辅料有限公司", "like"),
    ("泉州迅驰小家电科技有限公司", "莞邑数控装备研究院", "no"),
)


def sample_results() -> list[Result]:
    with _file("results.jsonl") as path:
        return read_results(path).listings


def sample_needs() -> list[Need]:
    with _file("needs.jsonl") as path:
        return read_needs(path).listings


def _file(name: str) -> AbstractContextManager[Path]:
    return resources.as_file(resources.files("market") / "demo_data" / name)


def sample_fair(lang: Lang = "zh") -> FairCells:
    """A fair of 18 institutes and all enterprises of the sample, for `write_template`."""
    results = [each for each in sample_results() if each.institute in _INSTITUTES]
    needs = sample_needs()
    return {
        "fair": list(_settings(lang)),
        "participants": list(_participants(needs, lang)),
        "results": [listing_cells(each, RESULT_FIELDS, lang=lang) for each in results],
        "needs": [listing_cells(each, NEED_FIELDS, lang=lang) for each in needs],
        "wishes": [(who, whom, said(WISHES[wish], lang), None) for who, whom, wish in _FAIR_WISHES],
        "slots": [
            ("2027-06-18", "09:00", "10:20", 20, None),
            (None, "14:00", "15:00", 20, None),
        ],
        "tables": [("A-", 6, "1号馆", "综合"), ("B-", 4, "2号馆", "综合")],
    }


def _settings(lang: Lang) -> Iterator[tuple[Cell, ...]]:
    for zh, en, value in (
        ("名称", "name", "科技成果面对面（样例）"),
        ("主办方", "organizer", "晋江科技大市场"),
        ("地点", "venue", "晋江国际会展中心"),
        ("地址", "address", "晋江市世纪大道"),
        ("简介", "about", "样例：单位、成果、需求均为虚构。院所与企业一对一洽谈，每场二十分钟。"),
    ):
        yield said((zh, en), lang), value


def _participants(needs: list[Need], lang: Lang) -> Iterator[tuple[Cell, ...]]:
    kinds: dict[str, str] = dict.fromkeys(_INSTITUTES, "institute")
    kinds.update(dict.fromkeys((need.enterprise for need in needs), "enterprise"))
    kinds.update(_OTHERS)
    for name, kind in kinds.items():
        teams = _INSTITUTES.get(name)
        known = (None, name, said(KINDS[kind], lang), "综合", teams)
        # Nobody's name or number: the sample names nobody to call.
        yield *known, *(None,) * (len(FAIR_HEADINGS["participants"]) - len(known))
