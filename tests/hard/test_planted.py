import json

import pytest

from tests.hard.planted import Secrets

_TOKEN = "djk_" + "a" * 43


def test_whoever_is_trusted_may_read_what_all_of_those_may_and_no_more() -> None:
    secrets = Secrets()
    shown = secrets.text("shown to both", ("a", "b")).encode()
    own = secrets.text("of one", ("a",)).encode()

    secrets.trust("new", ("a", "b"))
    trusted = secrets.told("new", shown + b" " + own)
    secrets.distrust()

    assert trusted == ["of one"]
    assert sorted(secrets.told("new", shown + b" " + own)) == ["of one", "shown to both"]


@pytest.mark.parametrize(
    ("actor", "leaked"), [("owner", []), ("stranger", ["the note", "the price"])]
)
def test_secrets_are_told_to_their_owner_alone(actor: str, leaked: list[str]) -> None:
    secrets = Secrets()
    note, price_cny = secrets.text("the note", ["owner"]), secrets.number("the price", ["owner"])
    body = json.dumps({"note": f"注：{note.upper().lower()}。", "prices": [1, price_cny]}).encode()

    told = secrets.told(actor, body)

    assert sorted(told) == leaked


def test_what_nobody_may_know_is_told_to_nobody() -> None:
    secrets = Secrets()
    secrets.literal("a password hash", "$argon2id$v=19$abc")
    secrets.token(_TOKEN)

    told = secrets.told("owner", f'["$argon2id$v=19$abc", "{_TOKEN}"]'.encode())

    assert told == ["a password hash", "a token of somebody"]


def test_tokens_of_others_are_no_secret_of_ours() -> None:
    secrets = Secrets()
    secrets.token(_TOKEN)

    told = secrets.told("owner", b'{"token": "djl_' + b"b" * 43 + b'"}')

    assert told == []


def test_what_was_never_seen_can_be_asked() -> None:
    secrets = Secrets()
    mark = secrets.text("the note", ["owner"])
    secrets.text("the other note", ["owner"])
    secrets.told("owner", mark.encode())

    missing = secrets.never_seen(["the note", "the other note"], "owner")

    assert missing == ["the other note"]
