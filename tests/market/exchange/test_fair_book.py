"""The neutral book of a fair: consent, each side's view of it, and its figures."""

from datetime import UTC, date, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.exchange.fair_agendas import FairView
from market.exchange.fair_book import Delegate, FairBook, FairMeeting
from market.exchange.fair_facts import brought_need, brought_result
from market.exchange.fair_statistics import statistics_of
from tests.market.exchange.fair_books import (
    BOOK,
    SECRET_EMAIL,
    SECRET_PHONE,
    make_book,
    make_slots,
    make_view,
)
from tests.market.factories import make_need, make_result


@given(st.text(), st.text(), st.text(), st.booleans())
def test_contact_is_there_only_with_consent(
    name: str, phone: str, email: str, consents: bool
) -> None:
    delegate = Delegate(name=name, phone=phone, email=email, consents=consents)

    assert (delegate.phone, delegate.email) == ((phone, email) if consents else ("", ""))
    assert delegate.name == name


def test_copy_and_wire_bring_no_contact_back() -> None:
    quiet = Delegate(name="沉默人", phone=SECRET_PHONE, email=SECRET_EMAIL)
    opened = Delegate(name="王芳", phone="1", email="2", consents=True)

    assert msgspec.structs.replace(quiet, name="x") == Delegate(name="x")
    assert msgspec.structs.replace(opened, consents=False) == Delegate(name="王芳")
    sent = b'{"name":"a","phone":"13900002222","email":"secret@example.org"}'
    assert msgspec.json.decode(sent, type=Delegate) == Delegate(name="a")


def test_book_goes_over_a_wire_and_comes_back() -> None:
    assert msgspec.json.decode(msgspec.json.encode(BOOK), type=FairBook) == BOOK


def test_agendas_are_in_order_of_time_with_what_was_cancelled() -> None:
    agendas = {
        agenda.participant.id: [each.meeting.uid for each in agenda.appointments]
        for agenda in make_view().agendas()
    }

    assert agendas == {"P1": ["m-1", "m-0", "m-2"], "P2": ["m-1"], "P3": ["m-2"], "P4": ["m-0"]}


def test_cancelled_meeting_takes_no_place() -> None:
    view = make_view()

    assert view.met_pairs == {"A", "B"}
    assert [each.meeting.uid for each in view.appointments if each.is_on] == ["m-1", "m-2"]


@pytest.mark.parametrize("state", ["planned", "held", "no_show"])
def test_meeting_that_was_due_counts(state: str) -> None:
    meeting = msgspec.convert(
        {"uid": "m", "pair": "A", "slot": "S1", "table": "T1", "state": state}, FairMeeting
    )

    assert make_view(meetings=(meeting,)).met_pairs == {"A"}


def test_day_is_that_of_the_fair_and_not_of_greenwich() -> None:
    early = make_slots(1)[0]
    view = make_view(
        slots=(
            msgspec.structs.replace(
                early,
                begins_at=datetime(2027, 6, 17, 23, 0, tzinfo=UTC),
                ends_at=datetime(2027, 6, 17, 23, 20, tzinfo=UTC),
            ),
        ),
        meetings=(),
    )

    assert list(view.days()) == [date(2027, 6, 18)]
    assert view.day_text(date(2027, 6, 18)) == "2027-06-18 周五"
    assert view.clock(view.book.slots[0]) == "07:00–07:20"


def test_book_that_names_what_it_lacks_is_a_fault() -> None:
    meeting = FairMeeting(uid="m", pair="gone", slot="S1", table="T1")

    with pytest.raises(KeyError, match="gone"):
        _ = make_view(meetings=(meeting,)).appointments


def test_statistics_count_wishes_by_who_said_them() -> None:
    statistics = statistics_of(make_view())

    assert (statistics.wishes, statistics.wishes_met, statistics.wish_share) == (4, 3, 0.75)
    assert statistics.participants == {"institute": 1, "enterprise": 2, "investor": 1}
    assert statistics.without_meeting == ("P4",)
    assert statistics.unplanned == {"forbidden": 1, "party_full": 1}
    assert (statistics.meetings, statistics.cancelled, statistics.idle_slots) == (2, 1, 1)


def test_empty_fair_has_whole_shares() -> None:
    empty = FairView(
        make_book(participants=(), pairs=(), meetings=(), unplanned=(), slots=(), tables=())
    )
    statistics = statistics_of(empty)

    assert (statistics.wish_share, statistics.table_share) == (1.0, 1.0)
    assert (statistics.meetings, statistics.without_meeting) == (0, ())


def test_shown_facts_hold_no_money_no_contact_and_no_extra_column() -> None:
    result = make_result(
        price_min_cny=630_000,
        price_max_cny=630_000,
        extra={"底价": "55万"},
        contacts={"电话": SECRET_PHONE},
    )
    need = make_need(budget_max_cny=870_000, indicators="湿摩擦系数≥0.5", contacts={"a": "b"})

    shown = [brought_result(result, "zh"), brought_need(need, "zh")]

    assert shown[0].facts == ("TRL 7", "新材料", "技术许可、技术服务", "丰泽区")
    assert shown[1].facts == ("TRL ≥ 6", "新材料", "技术许可", "晋江市")
    told = str(shown)
    secrets = ("630", "63", "55万", SECRET_PHONE, "87", "底价")
    assert [secret for secret in secrets if secret in told] == []


def test_facts_of_an_unknown_code_are_left_out() -> None:
    result = make_result(fields=("nope",), modes=("nope",), division="999999", trl=None)

    assert brought_result(result, "en").facts == ()
