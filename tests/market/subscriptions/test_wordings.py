"""What people read: reasons, mails and feeds, made by pure functions."""

import json
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.subscriptions.feeds import Entry, Feed, atom, json_feed
from market.subscriptions.mail import Item, Letter, composed
from market.subscriptions.reasons import sentences, title_of, type_name
from schemas.events import EVENTS
from schemas.vocab import Lang
from tests.market.subscriptions.mailbox import html_of, text_of

NOW = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
LANGS: list[Lang] = ["zh", "en"]
ATOM = "{http://www.w3.org/2005/Atom}"
# What PostgreSQL and forms let through, and more.
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@pytest.mark.parametrize(
    ("reasons", "zh", "en"),
    [
        ({}, [], []),
        ({"words": ["鞋底", "防滑"]}, ["检索词：鞋底、防滑"], ["Words: 鞋底, 防滑"]),
        ({"wordings": [["止滑", "防滑"]]}, ["同义：止滑 ≈ 防滑"], ["Other wordings: 止滑 ≈ 防滑"]),
        ({"field": ["materials"]}, ["技术领域：新材料"], ["Field: New materials"]),
        ({"field": ["unheard-of"]}, ["技术领域：unheard-of"], ["Field: unheard-of"]),
        ({"division": ["3505"]}, ["地区：泉州市"], ["Place: Quanzhou"]),
        ({"organisation": "刺桐"}, ["单位：刺桐"], ["Organisation: 刺桐"]),
        (
            {"trl": True, "price": True},
            ["成熟度符合", "价格或预算符合"],
            ["Its maturity fits", "Its price fits"],
        ),
        ({"expires_on": "2027-03-01"}, ["到期日：2027-03-01"], ["Last day: 2027-03-01"]),
        (
            {"disabled": "failing", "url": "https://e.cn"},
            ["连续多日发送失败", "https://e.cn"],
            ["For days nothing could be delivered", "https://e.cn"],
        ),
    ],
)
def test_reasons_in_both_languages(reasons: dict[str, Any], zh: list[str], en: list[str]) -> None:
    assert [sentences(reasons, "zh"), sentences(reasons, "en")] == [zh, en]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_event_has_a_name(lang: Lang) -> None:
    names = [type_name(each, lang) for each in (*EVENTS, "endpoint.disabled", "mail.limited")]

    assert all(names)
    assert len(set(names)) == len(names)


def letter(**changes: Any) -> Letter:
    values: dict[str, Any] = {
        "to": "a@example.cn",
        "message_id": "m1",
        "name": "鞋底",
        "items": [Item("一号", "刺桐大学", ["检索词：鞋底"], "https://e.cn/1")],
        "count": 1,
        "stop_url": "https://e.cn/stop/t",
        "sent_at": NOW,
        "lang": "zh",
    }
    return Letter(**values | changes)


def test_a_mail_of_one_and_a_mail_of_many() -> None:
    one = composed(letter(), "对接 <bot@duijie.example>")
    many = composed(letter(count=30, lang="en"), "bot@duijie.example")

    assert [one["Subject"], many["Subject"]] == ["鞋底：一号", "鞋底: 30 new"]
    assert "29 more are in the inbox." in text_of(many)
    assert "29 more are in the inbox." in html_of(many)
    assert "另有" not in text_of(one)
    assert one["Message-ID"] == "<m1@duijie.example>"
    assert one["Auto-Submitted"] == "auto-generated"


@given(_TEXTS, _TEXTS, _TEXTS)
def test_whatever_people_write_becomes_one_mail_of_one_line_headers(
    name: str, title: str, reason: str
) -> None:
    mail = composed(
        letter(name=name, items=[Item(title, title, [reason], "https://e.cn")]), "b@e.cn"
    )

    raw = mail.as_bytes()
    assert b"\r" not in raw.partition(b"\n\n")[0]
    assert [mail["Bcc"], mail["Cc"]] == [None, None]
    assert mail["To"] == "a@example.cn"
    assert f"<{'script'}>" not in html_of(mail)


def feed(*entries: Entry, title: str = "鞋底") -> Feed:
    return Feed(id="urn:uuid:1", title=title, url="https://e.cn/feed?a=1&b=2", entries=entries)


@given(_TEXTS, _TEXTS, _TEXTS)
def test_feeds_are_well_formed_whatever_people_write(title: str, text: str, author: str) -> None:
    entry = Entry("urn:uuid:2", title, text, "https://e.cn/?a=1&b=2", author, NOW)

    root = ET.fromstring(atom(feed(entry, title=title)))
    told = json.loads(json_feed(feed(entry, title=title)))

    (found,) = root.iter(f"{ATOM}entry")
    links = [link.get("href") for link in root.iter(f"{ATOM}link")]
    assert found.findtext(f"{ATOM}id") == "urn:uuid:2"
    assert links == ["https://e.cn/feed?a=1&b=2", "https://e.cn/?a=1&b=2"]
    assert told["items"][0]["title"] == title
    assert told["items"][0]["content_text"] == text


def test_what_other_areas_bring_is_told_in_their_own_words() -> None:
    facts = {"title": ["报名已通过", "Approved"], "lines": [["时间", "Time"], ["地点", "Place"]]}

    assert [title_of("fair.registration_changed", facts, lang) for lang in LANGS] == [
        "报名已通过",
        "Approved",
    ]
    assert [sentences(facts, lang) for lang in LANGS] == [["时间", "地点"], ["Time", "Place"]]
    assert title_of("listing.found", {}, "en") == "A saved search found something"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"lang": "zh"}, "您收到此邮件，是因为保存了检索“鞋底”。"),
        ({"lang": "en"}, "You get this mail for your saved search “鞋底”."),
        ({"lang": "zh", "is_own": True}, "您收到此邮件，是因为订阅了本单位动态“鞋底”。"),
        (
            {"lang": "en", "is_own": True},
            "You get this mail as you asked to hear of your organisation’s own matters: “鞋底”.",
        ),
    ],
)
def test_a_mail_says_why_it_comes(changes: dict[str, Any], why: str) -> None:
    mail = composed(letter(**changes), "b@e.cn")

    assert why in text_of(mail)
    assert why in html_of(mail)


def test_an_empty_feed_is_one_too() -> None:
    root = ET.fromstring(atom(feed()))

    assert root.findtext(f"{ATOM}updated") == "1970-01-01T00:00:00+00:00"
    assert json.loads(json_feed(feed()))["items"] == []


def test_a_feed_is_as_new_as_its_newest_entry() -> None:
    entries = [Entry("x", "t", "t", "u", "a", NOW.replace(day=day)) for day in (3, 9, 5)]

    root = ET.fromstring(atom(feed(*entries)))

    assert root.findtext(f"{ATOM}updated") == "2027-03-09T08:00:00+00:00"
