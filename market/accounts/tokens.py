"""Random tokens: what we give out once, and the hash that we keep."""

import hashlib
import secrets

SESSION_PREFIX = "djs_"
API_KEY_PREFIX = "djk_"
LINK_PREFIX = "djl_"
STOP_PREFIX = "djt_"
FEED_PREFIX = "djf_"
CALENDAR_PREFIX = "djc_"
_SHOWN = 12
_LONGEST = 100


def new_token(prefix: str) -> str:
    """256 random bits, so a fast hash is enough to keep; the prefix helps secret scanners."""
    return prefix + secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def begins_with(token: str) -> str:
    """What may be shown of a key, so that its owner knows it again."""
    return token[:_SHOWN]


def could_be_token(token: str) -> bool:
    return len(token) <= _LONGEST and token.startswith((SESSION_PREFIX, API_KEY_PREFIX))
