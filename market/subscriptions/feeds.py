"""Feeds: Atom (RFC 4287) and JSON Feed 1.1, written of entries. Pure functions."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import msgspec

ATOM, JSON = "application/atom+xml", "application/feed+json"


class Entry(msgspec.Struct, frozen=True):
    """One thing in a feed. `id` is the same for ever."""

    id: str
    title: str
    text: str
    url: str
    author: str
    updated_at: datetime


class Feed(msgspec.Struct, frozen=True):
    """`url` is the feed's own address; entries come newest first."""

    id: str
    title: str
    url: str
    entries: Sequence[Entry]


def atom(feed: Feed) -> bytes:
    return "\n".join(_atom(feed)).encode()


def json_feed(feed: Feed) -> bytes:
    return msgspec.json.encode(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": feed.title,
            "feed_url": feed.url,
            "items": [_item(entry) for entry in feed.entries],
        }
    )


def _atom(feed: Feed) -> Iterator[str]:
    newest = max(
        (entry.updated_at for entry in feed.entries), default=datetime(1970, 1, 1, tzinfo=UTC)
    )
    yield '<?xml version="1.0" encoding="utf-8"?>'
    yield '<feed xmlns="http://www.w3.org/2005/Atom">'
    yield f"<id>{_xml(feed.id)}</id><title>{_xml(feed.title)}</title>"
    yield f'<link rel="self" href={_attribute(feed.url)}/>'
    yield f"<updated>{newest.isoformat()}</updated>"
    for entry in feed.entries:
        yield "<entry>"
        yield f"<id>{_xml(entry.id)}</id><title>{_xml(entry.title)}</title>"
        yield f"<link href={_attribute(entry.url)}/>"
        yield f"<updated>{entry.updated_at.isoformat()}</updated>"
        yield f"<author><name>{_xml(entry.author)}</name></author>"
        yield f"<summary>{_xml(entry.text)}</summary>"
        yield "</entry>"
    yield "</feed>"


def _item(entry: Entry) -> Mapping[str, Any]:
    return {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "content_text": entry.text,
        "date_published": entry.updated_at.isoformat(),
        "authors": [{"name": entry.author}],
    }


def _xml(text: str) -> str:
    return escape(_clean(text))


def _attribute(text: str) -> str:
    return quoteattr(_clean(text))


# What XML 1.0 has no place for.
_NEVER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def _clean(text: str) -> str:
    return _NEVER.sub("\ufffd", text)
