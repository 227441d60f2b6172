"""Badges: a delegate's id signed with the fair's own secret, as a QR code. Pure.

Whoever has a badge can't make another one, and a badge of one fair is none at another. It holds
no name and no contact.
"""

import base64
import binascii
import hashlib
import hmac
import io
import uuid

import segno

_PREFIX = "DJ1"
_MAC_BYTES = 16
_SCALE = 4


def payload_of(secret: bytes, delegate_id: uuid.UUID) -> str:
    """What the code of a badge holds: DJ1.<id>.<signature>."""
    return f"{_PREFIX}.{_text(delegate_id.bytes)}.{_text(_mac(secret, delegate_id))}"


def delegate_of_payload(secret: bytes, payload: str) -> uuid.UUID | None:
    """The delegate whose badge it is; None for what this fair did not sign."""
    parts = payload.strip().split(".")
    if len(parts) != 3 or parts[0] != _PREFIX:
        return None
    raw, mac = _bytes(parts[1]), _bytes(parts[2])
    if raw is None or mac is None or len(raw) != 16:
        return None
    delegate_id = uuid.UUID(bytes=raw)
    return delegate_id if hmac.compare_digest(mac, _mac(secret, delegate_id)) else None


def svg_of(payload: str) -> str:
    """The QR code as an SVG picture, with level Q: a quarter may be dirty."""
    picture = io.BytesIO()
    segno.make_qr(payload, error="q").save(
        picture, kind="svg", scale=_SCALE, xmldecl=False, svgns=True
    )
    return picture.getvalue().decode()


def _mac(secret: bytes, delegate_id: uuid.UUID) -> bytes:
    whole = hmac.new(secret, b"badge:" + delegate_id.bytes, hashlib.sha256).digest()
    return whole[:_MAC_BYTES]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes | None:
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
