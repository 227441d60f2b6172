"""Signatures are those of Standard Webhooks: its own library takes them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from market.db import utc_now
from market.subscriptions.signing import new_secret, signed_headers


@given(st.text(), st.integers(0, 4_000_000_000))
def test_the_signature_is_the_library_s(text: str, at_s: int) -> None:
    at = datetime.fromtimestamp(at_s, UTC)
    secret, body = new_secret(), text.encode("utf-8", "replace")

    headers = signed_headers([secret], "msg_1", at, body)

    assert headers["webhook-signature"] == Webhook(secret).sign("msg_1", at, body.decode())


def test_a_receiver_takes_what_is_signed_and_nothing_else() -> None:
    secret, body = new_secret(), '{"type":"endpoint.test"}'

    headers = signed_headers([secret], "msg_1", utc_now(), body.encode())

    assert Webhook(secret).verify(body, headers) == {"type": "endpoint.test"}
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + " ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(body, headers)


def test_during_a_rotation_both_secrets_take_it() -> None:
    old, new = new_secret(), new_secret()

    headers = signed_headers([new, old], "msg_1", utc_now(), b"{}")

    assert Webhook(old).verify("{}", headers) == Webhook(new).verify("{}", headers) == {}


def test_secrets_are_long_and_different() -> None:
    secrets = {new_secret() for _ in range(50)}

    assert len(secrets) == 50
    assert all(each.startswith("whsec_") and len(each) == 50 for each in secrets)


def test_what_is_no_secret_signs_nothing() -> None:
    with pytest.raises(ValueError, match="no secret"):
        signed_headers(["whsec_=!"], "msg_1", utc_now(), b"")
