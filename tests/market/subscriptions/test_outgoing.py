"""Requests to addresses that users name reach the open internet and nothing else.

The network is a stub that counts connections: no test dials an address that is not ours.
"""

import asyncio
import ssl
from collections.abc import Sequence
from typing import Any

import httpcore
import pytest

from market.subscriptions.outgoing import (
    ANSWER_BYTES,
    AddressRefused,
    GuardedNetwork,
    NotAnswered,
    Outgoing,
    is_public,
)
from tests.market.subscriptions.receivers import (
    answering,
    babbling,
    closing_mid_body,
    dripping,
    endless,
    receiving,
    silent,
)

PUBLIC = "93.184.215.14"
HOSTILE = [
    "http://example.cn/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://0.0.0.0/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:a00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:4136:e378::]/",
    "https://[fe80::1%25eth0]/",
    "https://[fd00::1]/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://example.cn:22/",
    "https://example.cn:6379/",
    "https://user:secret@example.cn/",
    "https://①②⑦.⓪.⓪.①/",
    "https://xn--/",
    "https:///path",
    "https://",
    "ftp://example.cn/",
    "file:///etc/passwd",
    "gopher://example.cn/",
    "//example.cn/",
    "javascript:alert(1)",
    "https://exa mple.cn/",
    "https://example.cn:99999/",
    "https://[::1",
]


class CountingNetwork(httpcore.AsyncNetworkBackend):
    """Connects to nothing, and remembers what it was asked to connect to."""

    def __init__(self) -> None:
        self.dialled: list[tuple[str, int]] = []

    async def connect_tcp(
        self, host: str, port: int, *_: Any, **__: Any
    ) -> httpcore.AsyncNetworkStream:
        self.dialled.append((host, port))
        raise httpcore.ConnectError("nobody there")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def resolving(*answers: Sequence[str]) -> Any:
    """A DNS that gives these answers one after the other, the last one for ever."""
    left = list(answers)

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


def stubbed(*answers: Sequence[str]) -> tuple[CountingNetwork, Outgoing]:
    network = CountingNetwork()
    resolver = resolving(*answers) if answers else None
    return network, Outgoing(GuardedNetwork(resolver=resolver, network=network))


@pytest.mark.parametrize("url", HOSTILE)
async def test_hostile_addresses_are_refused_at_creation_and_at_delivery(url: str) -> None:
    network, outgoing = stubbed()

    with pytest.raises((AddressRefused, NotAnswered)):
        await outgoing.check(url)
    with pytest.raises((AddressRefused, NotAnswered)):
        await outgoing.post(url, b"{}", {})

    assert network.dialled == []


@pytest.mark.parametrize(
    "answer",
    [["127.0.0.1"], ["10.1.2.3", PUBLIC], [PUBLIC, "::1"], ["fe80::1%eth0"], ["no address"], []],
)
async def test_names_that_lead_inside_are_refused(answer: list[str]) -> None:
    network, outgoing = stubbed(answer)

    for act in (outgoing.check, lambda url: outgoing.post(url, b"", {})):
        with pytest.raises(AddressRefused):
            await act("https://rebound.example.cn/")

    assert network.dialled == []


async def test_a_second_answer_of_the_dns_does_not_matter() -> None:
    network, outgoing = stubbed([PUBLIC], [PUBLIC], ["127.0.0.1"])
    await outgoing.check("https://rebound.example.cn/")

    with pytest.raises(NotAnswered):
        await outgoing.post("https://rebound.example.cn/", b"", {})
    with pytest.raises(AddressRefused):
        await outgoing.post("https://rebound.example.cn/", b"", {})

    # What was looked at is what is dialled: never the name, which could be looked up again.
    assert network.dialled == [(PUBLIC, 443)]


async def test_a_name_that_nobody_knows_is_told_as_such() -> None:
    _, outgoing = stubbed()

    with pytest.raises(NotAnswered):
        await outgoing.check("https://no-such-host.invalid/")


async def test_unix_sockets_are_refused() -> None:
    with pytest.raises(AddressRefused):
        await GuardedNetwork().connect_unix_socket("/run/docker.sock")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (PUBLIC, True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("64:ff9b::5db8:d70e", True),
        ("64:ff9b:1::1", False),
        ("::ffff:93.184.215.14", True),
        ("::ffff:169.254.169.254", False),
        ("192.0.2.1", False),
        ("fe80::1%eth0", False),
        ("nonsense", False),
    ],
)
def test_which_addresses_are_public(address: str, *, expected: bool) -> None:
    assert is_public(address) is expected


def to_this_machine(*hosts: str, total_s: float = 0.5) -> Outgoing:
    return Outgoing(GuardedNetwork(hosts or ("127.0.0.1",)), total_s=total_s)


async def test_hosts_that_the_operator_names_are_reached() -> None:
    async with receiving(answering("200 OK", body=b"thanks")) as receiver:
        answer = await to_this_machine().post(receiver.url, b'{"a":1}', {"webhook-id": "m1"})

    assert (answer.status, answer.body) == (200, b"thanks")
    (request,) = receiver.received
    assert (request.head, request.body) == ("POST /hook HTTP/1.1", b'{"a":1}')
    assert request.headers["webhook-id"] == "m1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["host"] == receiver.url.split("/")[2]


async def test_a_named_port_opens_no_other() -> None:
    async with receiving(answering()) as receiver:
        port = int(receiver.url.split(":")[2].split("/")[0])
        await to_this_machine(f"127.0.0.1:{port}").check(receiver.url)
        with pytest.raises(AddressRefused):
            await to_this_machine(f"127.0.0.1:{port + 1}").check(receiver.url)


async def test_redirects_are_not_followed() -> None:
    async with receiving(answering()) as inside:
        moved = answering("302 Found", f"Location: {inside.url}\r\n")
        async with receiving(moved) as receiver:
            answer = await to_this_machine().post(receiver.url, b"", {})

    assert (answer.status, inside.connections) == (302, 0)


@pytest.mark.parametrize("behaviour", [silent, dripping])
async def test_slow_receivers_are_given_up(behaviour: Any) -> None:
    async with receiving(behaviour) as receiver:
        with pytest.raises(NotAnswered, match=r"within 0\.5 s"):
            await to_this_machine().post(receiver.url, b"", {})


async def test_of_a_huge_answer_the_beginning_is_read() -> None:
    async with receiving(endless) as receiver:
        answer = await to_this_machine(total_s=5).post(receiver.url, b"", {})

    assert (answer.status, len(answer.body)) == (200, ANSWER_BYTES)


@pytest.mark.parametrize("behaviour", [closing_mid_body, babbling])
async def test_broken_answers_are_told_as_none(behaviour: Any) -> None:
    async with receiving(behaviour) as receiver:
        with pytest.raises(NotAnswered):
            await to_this_machine(total_s=5).post(receiver.url, b"", {})


async def test_a_closed_port_and_broken_tls_are_told_as_no_answer() -> None:
    async with receiving(answering()) as receiver:
        with pytest.raises(NotAnswered):
            await to_this_machine().post(receiver.url.replace("http", "https"), b"", {})
    with pytest.raises(NotAnswered):
        await to_this_machine().post(receiver.url, b"", {})


def test_certificates_are_checked() -> None:
    context = to_this_machine()._ssl_context

    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
