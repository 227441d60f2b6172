"""Documents for tests of finding, with texts that say nothing unless a test says so."""

import random
from collections.abc import Iterator
from typing import Any

from search.documents import SearchDocument

_NEUTRAL_TITLE = "占位"

_THINGS = ("电池", "涂料", "传感器", "鞋底", "茶叶", "轴承", "废水", "陶瓷", "面料", "机器人")
_QUALITIES = ("耐磨", "防腐", "轻量化", "高强度", "抗菌", "低温", "智能", "环保", "阻燃", "导热")
_DOINGS = ("制备", "检测", "回收", "改性", "控制", "处理", "成型", "加工", "监测", "设计")


def make_document(document_id: str = "r1", **changes: Any) -> SearchDocument:
    return SearchDocument(**({"id": document_id, "title": _NEUTRAL_TITLE} | changes))


def titled(*titles: str) -> list[SearchDocument]:
    """One document a title, with the ids r1, r2 …"""
    return [make_document(f"r{place}", title=title) for place, title in enumerate(titles, 1)]


def random_documents(amount: int, *, seed: int) -> Iterator[SearchDocument]:
    chance = random.Random(seed)
    for place in range(amount):
        thing, quality, doing = map(chance.choice, (_THINGS, _QUALITIES, _DOINGS))
        trl = chance.choice((None, *range(1, 10)))
        price_cny = chance.choice((None, *range(0, 6_000_000, 250_000)))
        yield SearchDocument(
            id=f"r{place:06}",
            title=f"{quality}{thing}{doing}",
            keywords=(thing, chance.choice(_QUALITIES)),
            body=f"一种{thing}的{doing}方法，{chance.choice(_QUALITIES)}，批次{place}。",
            fields=(chance.choice(("materials", "energy", "electronics")),),
            industries=(chance.choice(("C19", "C195", "C1954", "D46", "I65")),),
            division=chance.choice(("350503", "350200", "440300", None)),
            modes=(chance.choice(("transfer", "licence")),),
            trl_min=trl,
            trl_max=trl,
            price_min_cny=price_cny,
            price_max_cny=price_cny,
            published_at_s=1_700_000_000 + chance.randrange(100),
        )
