"""Mails: plain text and HTML of the same words, with a way to stop in one click (RFC 8058)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from html import escape

import msgspec

from schemas.vocab import Lang

_TEXTS = {
    "more": ("另有 {} 条，见收件箱。", "{} more are in the inbox."),
    "why": (
        "您收到此邮件，是因为保存了检索“{}”。",
        "You get this mail for your saved search “{}”.",
    ),
    "why_own": (
        "您收到此邮件，是因为订阅了本单位动态“{}”。",
        "You get this mail as you asked to hear of your organisation’s own matters: “{}”.",
    ),
    "stop": ("停止此提醒", "Stop these alerts"),
    "subject": ("{}：{}", "{}: {}"),
    "subject_many": ("{}：{} 条新内容", "{}: {} new"),
}


class Item(msgspec.Struct, frozen=True):
    """One thing that a mail tells."""

    title: str
    who: str
    reasons: Sequence[str]
    url: str


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What a mail says, and to whom. `count` is of all that there is, also what has no place.

    `is_own`: it tells of one's own, and not of what a search found.
    """

    to: str
    message_id: str
    name: str
    items: Sequence[Item]
    count: int
    stop_url: str
    sent_at: datetime
    lang: Lang
    is_own: bool = False


def composed(letter: Letter, sender: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = letter.to
    mail["Subject"] = _one_line(_subject(letter))
    mail["Date"] = format_datetime(letter.sent_at)
    # The same at every try, so that whoever gets it twice can tell.
    mail["Message-ID"] = f"<{letter.message_id}@{_domain(sender)}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["List-Unsubscribe"] = f"<{letter.stop_url}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content("\n".join(_lines(letter)), cte="base64")
    mail.add_alternative("\n".join(_html(letter)), subtype="html", cte="base64")
    return mail


def _subject(letter: Letter) -> str:
    if letter.count == 1:
        return _text("subject", letter.lang).format(letter.name, letter.items[0].title)
    return _text("subject_many", letter.lang).format(letter.name, letter.count)


def _lines(letter: Letter) -> Iterator[str]:
    for item in letter.items:
        yield _one_line(item.title)
        if item.who:
            yield f"  {_one_line(item.who)}"
        yield from (f"  - {_one_line(reason)}" for reason in item.reasons)
        yield f"  {item.url}"
        yield ""
    if letter.count > len(letter.items):
        yield _text("more", letter.lang).format(letter.count - len(letter.items))
        yield ""
    yield "-- "
    yield _why(letter).format(_one_line(letter.name))
    yield f"{_text('stop', letter.lang)}: {letter.stop_url}"


def _html(letter: Letter) -> Iterator[str]:
    yield f'<!doctype html><html lang="{letter.lang}"><body>'
    for item in letter.items:
        yield f'<h3><a href="{escape(item.url)}">{escape(item.title)}</a></h3>'
        if item.who:
            yield f"<p>{escape(item.who)}</p>"
        yield "<ul>" + "".join(f"<li>{escape(each)}</li>" for each in item.reasons) + "</ul>"
    if letter.count > len(letter.items):
        more = _text("more", letter.lang).format(letter.count - len(letter.items))
        yield f"<p>{more}</p>"
    why = _why(letter).format(escape(letter.name))
    stop = _text("stop", letter.lang)
    yield f'<hr><p>{why} <a href="{escape(letter.stop_url)}">{stop}</a></p></body></html>'


def _why(letter: Letter) -> str:
    return _text("why_own" if letter.is_own else "why", letter.lang)


def _text(name: str, lang: Lang) -> str:
    return _TEXTS[name][lang == "en"]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"
