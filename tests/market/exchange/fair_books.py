"""A small fair whose every file can be read back and compared, with people who did not consent."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from market.exchange.fair_agendas import FairView
from market.exchange.fair_book import (
    BroughtListing,
    Delegate,
    FairBook,
    FairMeeting,
    FairSlot,
    FairTable,
    MatchedPair,
    Participant,
    PlanFigures,
    Signing,
    UnplannedPair,
)

PLANNED_AT = datetime(2027, 6, 1, 1, 30, tzinfo=UTC)
# Of people who did not consent: what no file may hold.
SECRET_PHONE, SECRET_EMAIL = "13900002222", "secret@example.org"
# Of people who did not consent: what only the organizer and their own badge may show.
QUIET_NAME = "沉默人"
OPEN_LINE = "王芳 所长 0595-22690001 open@example.org"


def make_slots(count: int = 3, *, day: int = 18) -> tuple[FairSlot, ...]:
    """Slots of 20 minutes from 09:00 in Shanghai, named S1, S2 …"""
    start = datetime(2027, 6, day, 1, 0, tzinfo=UTC)
    return tuple(
        FairSlot(
            id=f"S{number + 1}",
            begins_at=start + timedelta(minutes=20 * number),
            ends_at=start + timedelta(minutes=20 * number + 20),
        )
        for number in range(count)
    )


UNIVERSITY = Participant(
    id="P1",
    kind="institute",
    name="刺桐大学",
    zone="鞋服",
    profile="做橡胶与纺织材料。",
    teams=2,
    delegates=(
        Delegate(
            name="王芳", post="所长", phone="0595-22690001", email="open@example.org", consents=True
        ),
        Delegate(name=QUIET_NAME, post="助理", phone=SECRET_PHONE, email=SECRET_EMAIL),
    ),
    listings=(
        BroughtListing(
            id="R1",
            kind="result",
            title="高湿摩擦系数橡胶鞋底材料",
            summary="湿摩擦系数由0.32提升到0.55。",
            facts=("TRL 7", "技术许可"),
        ),
    ),
)
SHOE_WORKS = Participant(
    id="P2",
    kind="enterprise",
    name="晋江某鞋业有限公司",
    zone="鞋服",
    delegates=(Delegate(name="李强", phone=SECRET_PHONE, email=SECRET_EMAIL),),
    listings=(BroughtListing(id="N1", kind="need", title="橡胶鞋底湿摩擦系数不够"),),
)
FUND = Participant(id="P3", kind="investor", name="海丝基金")
LATE = Participant(id="P4", kind="enterprise", name="晚到的企业")

SOLE_PAIR = MatchedPair(
    id="A",
    first="P1",
    second="P2",
    weight=960,
    score=91.5,
    result_id="R1",
    need_id="N1",
    first_wish="like",
    second_wish="must",
    reasons=("行业一致", "同属新材料领域"),
    counter_reasons=("两地相隔",),
)
FUND_PAIR = MatchedPair(id="B", first="P1", second="P3", weight=300, second_wish="like")
LATE_PAIR = MatchedPair(id="C", first="P1", second="P4", weight=120, second_wish="like")
REFUSED_PAIR = MatchedPair(
    id="D", first="P2", second="P3", weight=1, first_wish="no", is_forbidden=True
)

BOOK = FairBook(
    id="fair-1",
    name="科技成果面对面·鞋服专场",
    planned_at=PLANNED_AT,
    organizer="晋江市科技局",
    venue="晋江国际会展中心",
    address="晋江市世纪大道",
    about="鞋服行业成果与需求一对一洽谈。",
    zones=("鞋服", "综合"),
    tables=(
        FairTable(id="T1", name="A-01", hall="1号馆", zone="鞋服"),
        FairTable(id="T2", name="A-02", hall="1号馆"),
    ),
    slots=make_slots(),
    participants=(UNIVERSITY, SHOE_WORKS, FUND, LATE),
    pairs=(SOLE_PAIR, FUND_PAIR, LATE_PAIR, REFUSED_PAIR),
    meetings=(
        FairMeeting(uid="m-2", pair="B", slot="S2", table="T1"),
        FairMeeting(uid="m-1", pair="A", slot="S1", table="T1"),
        FairMeeting(uid="m-0", pair="C", slot="S1", table="T2", state="cancelled", sequence=2),
    ),
    unplanned=(
        UnplannedPair(
            pair="C",
            cause="party_full",
            reason="“刺桐大学”的日程已满",
            fix="第 3 场：取消较轻的一场",
            displaced_weight=80,
        ),
        UnplannedPair(pair="D", cause="forbidden", reason="一方不愿会面"),
    ),
    signings=(
        Signing(
            project="鞋底材料产业化",
            parties=("刺桐大学", "晋江某鞋业有限公司"),
            kind="高新技术产业项目",
            amount_cny=12_000_000,
        ),
    ),
    figures=PlanFigures(weight=1260, upper_bound=1300, gap=0.03, idle_slots={"P1": 1}),
)


def make_book(**changes: Any) -> FairBook:
    """The small fair, but for the changes."""
    return msgspec.structs.replace(BOOK, **changes)


def make_view(**changes: Any) -> FairView:
    return FairView(make_book(**changes))


def english_book() -> FairBook:
    """A fair whose own texts are English, so that any Chinese letter is one of ours."""
    university = Participant(
        id="P1",
        kind="institute",
        name="Harbour University",
        zone="Shoes",
        delegates=(Delegate(name="Ann", post="Dean", phone="+86 1", consents=True),),
        listings=(BroughtListing(id="R1", kind="result", title="Rubber sole"),),
    )
    works = Participant(
        id="P2",
        kind="enterprise",
        name="Shoe Works",
        listings=(BroughtListing(id="N1", kind="need", title="Soles slip"),),
    )
    return make_book(
        lang="en",
        name="Face to face",
        organizer="Science Office",
        venue="Expo Centre",
        address="1 Century Road",
        about="One-to-one talks.",
        zones=("Shoes",),
        tables=(FairTable(id="T1", name="A-01", hall="Hall 1"), FairTable(id="T2", name="A-02")),
        participants=(university, works),
        pairs=(msgspec.structs.replace(SOLE_PAIR, reasons=("same trade",), counter_reasons=()),),
        meetings=(FairMeeting(uid="m-1", pair="A", slot="S1", table="T1"),),
        unplanned=(UnplannedPair(pair="A", cause="capacity", reason="Full.", fix="Raise it."),),
        signings=(Signing(project="Sole", parties=("Harbour University", "Shoe Works")),),
        figures=PlanFigures(weight=960, upper_bound=960),
    )


def hostile_book(text: str) -> FairBook:
    """The same text wherever a fair has one; ids stay, they join the parts."""
    delegate = Delegate(
        name=text, post=text, phone=text, email=text, consents=True, code=text or "x"
    )
    university, works = (
        Participant(
            id=each.id,
            kind=each.kind,
            name=text,
            zone=text,
            profile=text,
            delegates=(delegate,),
            listings=tuple(
                msgspec.structs.replace(one, title=text, summary=text, facts=(text, text))
                for one in each.listings
            ),
        )
        for each in (UNIVERSITY, SHOE_WORKS)
    )
    return make_book(
        name=text,
        organizer=text,
        venue=text,
        address=text,
        about=text,
        zones=(text,),
        tables=(FairTable(id="T1", name=text, hall=text, zone=text), *BOOK.tables[1:]),
        participants=(university, works),
        pairs=(msgspec.structs.replace(SOLE_PAIR, reasons=(text,), counter_reasons=(text, text)),),
        meetings=(FairMeeting(uid=f"m{text}", pair="A", slot="S1", table="T1"),),
        unplanned=(UnplannedPair(pair="A", cause=text, reason=text, fix=text),),
        signings=(Signing(project=text, parties=(text, text), kind=text),),
        figures=PlanFigures(idle_slots={"P1": 1}),
    )


HOSTILE_TEXTS = (
    "=1+1",
    "@SUM(A1)",
    "<r><t>x</t></r>",
    '#import "x.typ": *\n= 标题 $x$ *粗* `代码` ]) #panic("x")',
    "a\x00b\x0b\ufffe\ud800",
    "一行\r\n二行;逗号,冒号:\\n",
    "BEGIN:VEVENT\r\nATTENDEE:mailto:x@example.org",
    "😀" * 300,
    "x" * 3_000,
    "   ",
    "",
)
