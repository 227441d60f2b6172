"""A small report of pairs whose every format can be read back and compared."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from market.exchange.headers import Column
from market.exchange.pair_report import NeedWithoutResult, PairReport, PairRow
from market.exchange.pairs import write_pairs
from market.exchange.problems import RowProblem
from tests.market.factories import make_need, make_result

DAY = date(2026, 12, 1)
# Nobody's business but that of the people themselves.
PRIVATE = ["王芳", "13900002222", "boss@example.org", "联系人", "手机", "邮箱"]
SOLE_NEED = make_need(
    extra={"场次": "上午"}, contacts={"邮箱": "boss@example.org"}, keywords=("鞋底", "防滑")
)
KILN_NEED = make_need(id="N2", title="水泥窑脱硝", description="氮氧化物超标", enterprise="水泥厂")
LONE_NEED = make_need(id="N3", title="没有成果的需求", enterprise="某厂")
RESULT = make_result(
    extra={"展位": "A区01"}, contacts={"联系人": "王芳", "手机": "13900002222"}, rights="granted"
)
OTHER_RESULT = make_result(id="R2", title="茶叶热泵烘干机", summary="热泵\n闭环除湿")
NEED_COLUMNS = (
    Column("场次", "extra"),
    Column("邮箱", "contact"),
    Column("标题", "field", "title"),
)
RESULT_COLUMNS = (Column("联系人", "contact"), Column("手机", "contact"), Column("展位", "extra"))

GOOD = PairRow(
    need=SOLE_NEED,
    result=RESULT,
    rank=1,
    score=91.5,
    reasons=("行业一致", "同属新材料领域"),
    counter_reasons=("两地相隔",),
)
SECOND = PairRow(
    need=SOLE_NEED, result=OTHER_RESULT, rank=2, score=40.0, reasons=(), counter_reasons=()
)
POOR = PairRow(
    need=KILN_NEED,
    result=OTHER_RESULT,
    rank=1,
    score=31.2,
    reasons=("同城",),
    counter_reasons=("文字相近处少", "行业不同"),
)
KILN_WITHOUT = NeedWithoutResult(KILN_NEED, 31.2, "最高分低于 60")
LONE_WITHOUT = NeedWithoutResult(LONE_NEED, None, "没有可比的成果")
REFUSED = RowProblem("results.csv", 5, "成果编号", "duplicate_id", {"value": "R1", "first": "2"})
WARNING = RowProblem("needs.csv", 3, "专利号", "patent_wrong", {"value": "=ZL1"})


def make_report(**changes: Any) -> PairReport:
    """Two needs with pairs and one without any, but for the changes."""
    values: dict[str, Any] = {
        "pairs": [GOOD, SECOND, POOR],
        "without_result": [KILN_WITHOUT, LONE_WITHOUT],
        "refused": [REFUSED],
        "warnings": [WARNING],
        "need_columns": NEED_COLUMNS,
        "result_columns": RESULT_COLUMNS,
        "as_of": DAY,
    }
    return PairReport(**{**values, **changes})


def growing_report(**changes: Any) -> PairReport:
    """The same, its needs without a result noted only while its pairs are read."""
    without: list[NeedWithoutResult] = []
    seen: list[PairRow] = []

    def pairs() -> Iterator[PairRow]:
        for pair in (GOOD, SECOND, POOR):
            if pair is POOR:
                without.append(KILN_WITHOUT)
            seen.append(pair)
            yield pair
        without.append(LONE_WITHOUT)

    return make_report(
        pairs=pairs(),
        without_result=without,
        summary=lambda: {"配对数": len(seen), "无合适成果的需求数": len(without)},
        **changes,
    )


def written(folder: Path, name: str, report: PairReport) -> Path:
    path = folder / name
    write_pairs(report, path)
    return path


def both_ways(pairs: Sequence[PairRow] = (GOOD, POOR)) -> dict[str, Any]:
    """Changes for a report in which every result has its best needs, too."""
    chosen = [
        PairRow(
            need=pair.need,
            result=pair.result,
            rank=1,
            score=pair.score,
            reasons=pair.reasons,
            counter_reasons=pair.counter_reasons,
            result_rank=1,
            mutual=pair is GOOD,
            direction=direction,
        )
        for direction in ("need", "result")
        for pair in pairs
    ]
    return {"pairs": chosen, "both_ways": True}
