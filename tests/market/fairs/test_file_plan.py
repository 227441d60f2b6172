"""From a spreadsheet to pairs, to the planner's question, and to the fair's book."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec

from market.exchange.fair_agendas import FairView
from market.exchange.fair_book import FairBook, FairMeeting
from market.exchange.fair_file import FairFile
from market.exchange.fair_reader import read_fair
from market.fairs.file_pairs import PairsOfFile, pairs_of_file
from market.fairs.file_plan import book_of_file, request_of_file
from market.fairs.weighing import FLOOR
from market.planner.check import check_plan
from market.planner.model import Fairness, Pair, Party, Slot
from market.planner.planning import plan
from tests.market.exchange.fair_workbooks import (
    NEEDS,
    PARTICIPANTS,
    RESULTS,
    Rows,
    changed,
    fair_workbook,
)

DAY = date(2027, 1, 1)


def read(folder: Path, **sheets: Rows | None) -> FairFile:
    return read_fair(fair_workbook(folder / "fair.xlsx", changed(**sheets)))


def pairs(fair: FairFile, **more: Any) -> PairsOfFile:
    return pairs_of_file(fair, **{"as_of": DAY, "lang": "zh", "min_score": 60.0, **more})


def book(fair: FairFile, **more: Any) -> FairBook:
    found = pairs(fair)
    planned = plan(request_of_file(fair, found.pairs, **more))
    return book_of_file(fair, found.pairs, planned, as_of=DAY, lang="zh")


def test_match_and_wish_make_pairs_with_the_host_first(tmp_path: Path) -> None:
    matched, wished = pairs(read(tmp_path)).pairs

    assert (matched.first, matched.second) == ("U1", "E1")
    assert (matched.result_id, matched.need_id) == ("result/R1", "need/N1")
    assert matched.score is not None
    assert matched.score > 80
    assert abs(matched.weight - matched.score**2 / 10) < 2
    assert (matched.first_wish, matched.second_wish) == (None, None)
    assert wished == msgspec.structs.replace(
        wished, first="U1", second="I1", weight=196, second_wish="like", score=None, reasons=()
    )


def test_best_of_several_matches_counts(tmp_path: Path) -> None:
    fair = read(
        tmp_path,
        成果=(*RESULTS, ("R2", "茶叶烘干机", "热泵烘干茶叶。", "C1530", "刺桐大学")),
        需求=(*NEEDS, ("N2", "要一台茶叶烘干机", "烘干茶叶。", "C1530", "晋江某鞋业有限公司")),
    )

    found = [pair for pair in pairs(fair, min_score=0.0).pairs if pair.second == "E1"]
    alone = [pair for pair in pairs(read(tmp_path)).pairs if pair.second == "E1"]

    (pair,), (before,) = found, alone
    assert pair.score is not None
    assert before.score is not None
    assert pair.score >= before.score - 5
    titles = {(pair.result_id, pair.need_id)}
    assert titles <= {("result/R1", "need/N1"), ("result/R2", "need/N2")}


def test_match_below_the_score_needs_a_wish(tmp_path: Path) -> None:
    other = (NEEDS[0], ("N1", "水泥窑脱硝", "氮氧化物超标。", "C3011", "晋江某鞋业有限公司"))
    wish = (("单位", "想见", "意愿"), ("E1", "U1", "必须"))

    assert [p.second for p in pairs(read(tmp_path, 需求=other)).pairs] == ["I1"]
    wished = pairs(read(tmp_path, 需求=other, 意愿=wish)).pairs
    assert [(p.first, p.second, p.second_wish) for p in wished] == [("U1", "E1", "must")]
    assert wished[0].score is not None


def test_lower_least_score_lets_weaker_matches_meet(tmp_path: Path) -> None:
    fair = read(
        tmp_path,
        成果=(
            RESULTS[0],
            ("R2", "茶叶烘干机", "热泵烘干茶叶。", "C1530", "刺桐大学"),
        ),
        需求=(
            NEEDS[0],
            ("N2", "橡胶鞋底烘干慢", "鞋底要快干。", "C1954", "晋江某鞋业有限公司"),
        ),
        意愿=None,
    )

    met = {
        least: [pair.score for pair in pairs(fair, min_score=least).pairs]
        for least in (0.0, 5.0, 99.0)
    }

    assert len(met[0.0]) == 1
    (score,) = met[0.0]
    assert score is not None
    assert 0 < score < FLOOR
    assert met[5.0] == ([score] if score >= 5.0 else [])
    assert met[99.0] == []


def test_refusal_forbids_a_pair_whatever_the_other_side_wishes(tmp_path: Path) -> None:
    wishes = (
        ("单位", "想见", "意愿"),
        ("E1", "U1", "必须"),
        ("U1", "N1", "不见"),
        ("U1", "E1", "愿意"),
    )
    (pair,) = pairs(read(tmp_path, 意愿=wishes)).pairs

    assert (pair.first_wish, pair.second_wish, pair.is_forbidden) == ("no", "must", True)
    fair = read(tmp_path, 意愿=wishes)
    assert [each.cause for each in book(fair).unplanned] == ["forbidden"]


def test_wish_between_kinds_that_do_not_meet_is_refused(tmp_path: Path) -> None:
    fair = read(
        tmp_path,
        参会单位=(*PARTICIPANTS, ("E2", "另一企业", "企业")),
        意愿=(("单位", "想见", "意愿"), ("E2", "E1", "愿意"), ("E2", "U1", "愿意")),
    )

    found = pairs(fair)

    assert [(p.file, p.line, p.column, p.text("zh")) for p in found.refused] == [
        ("意愿", 2, "想见", "意愿 第 2 行 “想见”列：企业与企业之间不安排会面")
    ]
    assert [(pair.first, pair.second) for pair in found.pairs] == [("U1", "E1"), ("U1", "E2")]


def test_own_result_is_no_match_for_own_need(tmp_path: Path) -> None:
    own = (NEEDS[0], (*NEEDS[1][:4], "刺桐大学", 80))

    assert [p.second for p in pairs(read(tmp_path, 需求=own)).pairs] == ["I1"]


def test_enterprise_with_a_result_meets_an_investor_as_host(tmp_path: Path) -> None:
    fair = read(
        tmp_path,
        成果=(RESULTS[0], (*RESULTS[1][:4], "晋江某鞋业有限公司", "")),
        需求=(NEEDS[0], (*NEEDS[1][:4], "海丝基金", 80)),
        意愿=None,
    )

    (pair,) = pairs(fair).pairs
    assert (pair.first, pair.second, pair.result_id) == ("E1", "I1", "result/R1")


def test_reasons_tell_no_price_and_no_budget(tmp_path: Path) -> None:
    priced = (
        (*RESULTS[0], "转让价格（万元）"),
        (*RESULTS[1], 63),
    )
    fair = read(tmp_path, 成果=priced)

    (pair,) = (pair for pair in pairs(fair).pairs if pair.score is not None)

    told = " ".join((*pair.reasons, *pair.counter_reasons))
    assert pair.reasons
    assert [secret for secret in ("63", "87", "预算", "报价") if secret in told] == []


def test_planner_is_asked_what_the_spreadsheet_says(tmp_path: Path) -> None:
    header = (*PARTICIPANTS[0], "洽谈组数", "最多会面", "至少会面", "缺席场次", "固定桌号")
    fair = read(
        tmp_path,
        参会单位=(
            header,
            (*PARTICIPANTS[1], 2, None, 2, "1", "A-01、A-02"),
            (*PARTICIPANTS[2], None, 1),
            PARTICIPANTS[3],
        ),
        对接会=(("项目", "内容"), ("最多会面", 3), ("保底会面", 0)),
    )
    found = pairs(fair)

    asked = request_of_file(fair, found.pairs, seed=7)

    assert asked.parties == (
        Party(
            id="U1",
            kind="institute",
            available=("S2", "S3"),
            capacity=3,
            delegations=2,
            floor=2,
            host=True,
            tables=("A-01", "A-02"),
        ),
        Party(id="E1", kind="enterprise", capacity=1),
        Party(id="I1", kind="investor", capacity=3),
    )
    assert asked.slots == tuple(
        Slot(id=f"S{number}", tables=("A-01", "A-02"), day="2027-06-18") for number in (1, 2, 3)
    )
    assert asked.pairs == tuple(
        Pair(id=pair.id, first=pair.first, second=pair.second, weight=pair.weight)
        for pair in found.pairs
    )
    assert (asked.seating, asked.fairness, asked.seed) == ("hosts_stay", Fairness(floor=0), 7)
    assert request_of_file(fair, found.pairs, floor=2).fairness == Fairness(floor=2)


def test_hosts_walk_where_tables_are_fewer_than_their_teams(tmp_path: Path) -> None:
    fair = read(tmp_path, 洽谈桌=(("桌号",), ("A",)))
    crowded = read(
        tmp_path,
        洽谈桌=(("桌号",), ("A",)),
        参会单位=((*PARTICIPANTS[0], "洽谈组数"), (*PARTICIPANTS[1], 2), *PARTICIPANTS[2:]),
    )

    assert request_of_file(fair, pairs(fair).pairs).seating == "hosts_stay"
    assert request_of_file(crowded, pairs(crowded).pairs).seating == "free"


def test_book_holds_plan_and_names(tmp_path: Path) -> None:
    fair = read(tmp_path)
    told = book(fair)

    assert (told.name, told.organizer, told.lang) == ("鞋服专场", "晋江市科技局", "zh")
    assert told.planned_at == datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
    assert told.participants == tuple(each.participant for each in fair.participants)
    assert {meeting.pair for meeting in told.meetings} == {"P0001", "P0002"}
    assert told.unplanned == ()
    assert told.figures.weight == told.figures.upper_bound
    assert len(FairView(told).appointments) == 2


def test_meeting_keeps_its_uid_when_the_plan_changes(tmp_path: Path) -> None:
    def uids(told: FairBook) -> dict[str, FairMeeting]:
        return {meeting.uid: meeting for meeting in told.meetings}

    before = uids(book(read(tmp_path)))
    absent = ((*PARTICIPANTS[0], "缺席场次"), (*PARTICIPANTS[1], "1"), *PARTICIPANTS[2:])
    after = uids(book(read(tmp_path, 参会单位=absent)))
    other = uids(book(read(tmp_path, 对接会=(("项目", "内容"), ("名称", "另一场")))))

    assert set(after) == set(before)
    assert {meeting.slot for meeting in after.values()} == {"S2", "S3"}
    assert set(other).isdisjoint(before)
    assert all(uid.endswith("@duijie") for uid in before)


def test_full_day_tells_who_is_left_out_and_the_way_out(tmp_path: Path) -> None:
    fair = read(tmp_path, 场次=(("日期", "开始", "结束"), ("2027-06-18", "09:00", "09:20")))

    (left,) = book(fair).unplanned

    assert (left.pair, left.cause) == ("P0002", "party_full")
    assert left.reason.startswith("“刺桐大学”在场的场次都已排满")
    assert left.fix.startswith("安排在第 1 场：取消“刺桐大学” 与 “晋江某鞋业有限公司”的会面")
    assert left.displaced_weight > 0


def test_plan_of_a_spreadsheet_breaks_no_rule(tmp_path: Path) -> None:
    fair = read(tmp_path)
    asked = request_of_file(fair, pairs(fair).pairs)

    assert list(check_plan(asked, plan(asked).meetings)) == []
