"""Four results that differ in every field that a search can filter by."""

from collections.abc import Callable
from typing import Any

Answer = dict[str, Any]
Search = Callable[..., Answer]

SOLE = {
    "id": "R1",
    "title": "高湿摩擦系数橡胶鞋底",
    "summary": "白炭黑补强橡胶，雨天不打滑",
    "keywords": ["鞋底", "湿摩擦系数"],
    "field": "新材料",
    "industries": ["C1954"],
    "trl": 7,
    "cooperation_modes": ["技术许可"],
    "price_cny": 600_000,
    "region": "350503",
    "institute": "刺桐大学材料科学与工程学院",
    "phone": "13900001111",
}
DRYER = {
    "id": "R2",
    "title": "茶叶热泵烘干机",
    "summary": "热泵闭环除湿，节能",
    "field": "新能源与节能",
    "industries": ["C1530", "C3463"],
    "trl": 9,
    "cooperation_modes": ["技术转让", "技术服务"],
    "price_cny": 80_000,
    "region": "350524",
    "institute": "闽都大学",
}
CATALYST = {
    "id": "R3",
    "title": "GaN外延片缺陷检测",
    "summary": "深度学习识别位错，橡胶吸盘搬运",
    "field": "电子信息",
    "industries": ["C3976"],
    "trl": 4,
    "cooperation_modes": ["独占许可"],
    "price_cny": 3_000_000,
    "region": "330100",
    "institute": "浙江大学",
}
BARE = {"id": "R4", "title": "海参育苗水质调控"}
ALL = ["R1", "R2", "R3", "R4"]


def ids(answer: Answer) -> list[str]:
    return [item["id"] for item in answer["items"]]
