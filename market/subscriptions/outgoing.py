"""Requests to addresses that users name, and to nothing inside our own network.

A name is resolved once, every address of it must be public, and the connection goes to the
address that was looked at: a second answer of the DNS can't matter. Redirects are not followed,
the whole exchange has a time limit, and of the answer 16 KB are read at most. Operators may name
hosts of their own network that are allowed all the same.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

import httpcore
import httpx
import msgspec

_PORTS = frozenset({443, 8443})
_MOST_ADDRESSES = 4
_CONNECT_S = 5.0
_READ_S = 10.0
TOTAL_S = 15.0
ANSWER_BYTES = 16_384
_AGENT = b"duijie-webhooks/1"
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# They hold other addresses in ways that routers on the way may unpack.
_TUNNELS = tuple(map(ipaddress.ip_network, ("2002::/16", "2001::/32", "64:ff9b:1::/48")))

Resolver = Callable[[str, int], Awaitable[Iterable[str]]]


class AddressRefused(httpcore.ConnectError):
    """The address is none that may be asked."""


class NotAnswered(Exception):
    """There was no answer; the text says why, without anything of the answer."""


class Answered(msgspec.Struct, frozen=True):
    """An answer: its status, and as much of it as was read."""

    status: int
    body: bytes


def is_public(address: str) -> bool:
    """Whether an address belongs to the open internet, whatever it is wrapped in."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if any(found in tunnel for tunnel in _TUNNELS):
            return False
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if found in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
    return found.is_global and not (found.is_multicast or found.is_reserved)


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to addresses that it looked at. `private_hosts`: host or host:port, lower case."""

    def __init__(
        self,
        private_hosts: Collection[str] = (),
        *,
        resolver: Resolver | None = None,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._private_hosts = frozenset(private_hosts)
        self._resolver = resolver or _resolve
        self._network = network or httpcore.AnyIOBackend()

    def is_named(self, host: str, port: int) -> bool:
        """Whether the operator named this host."""
        return not self._private_hosts.isdisjoint({host.lower(), f"{host.lower()}:{port}"})

    async def addresses(self, host: str, port: int) -> list[str]:
        """Where the host is. Raises AddressRefused, and ConnectError where it is not found."""
        try:
            async with asyncio.timeout(_CONNECT_S):
                found = list(dict.fromkeys(await self._resolver(host, port)))
        except (OSError, UnicodeError, TimeoutError) as error:
            raise httpcore.ConnectError("the host is not found") from error
        if self.is_named(host, port):
            return found
        if port not in _PORTS:
            raise AddressRefused("the port is not allowed")
        if not found or not all(map(is_public, found)):
            raise AddressRefused("the address is not public")
        return found

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface of the library.
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failed: Exception = httpcore.ConnectError("the host has no address")
        for address in (await self.addresses(host, port))[:_MOST_ADDRESSES]:
            try:
                return await self._network.connect_tcp(
                    address,
                    port,
                    timeout=timeout,
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    async def connect_unix_socket(
        self,
        path: str,  # noqa: ARG002 - the interface of the library.
        timeout: float | None = None,  # noqa: ARG002, ASYNC109
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        raise AddressRefused("the address is not public")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Closing(httpcore.AsyncNetworkBackend):
    """Closes in the end whatever was opened: the library forgets a handshake that is cut short."""

    def __init__(self, network: httpcore.AsyncNetworkBackend) -> None:
        self._network = network
        self._opened: list[httpcore.AsyncNetworkStream] = []

    async def connect_tcp(self, *where: Any, **how: Any) -> httpcore.AsyncNetworkStream:
        stream = await self._network.connect_tcp(*where, **how)
        self._opened.append(stream)
        return stream

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)

    async def __aenter__(self) -> "_Closing":
        return self

    async def __aexit__(self, *_: object) -> None:
        for stream in self._opened:
            await stream.aclose()


# Threads of their own: names that never answer must not hold up what else runs in threads.
_RESOLVING = ThreadPoolExecutor(4, "resolver")


async def _resolve(host: str, port: int) -> list[str]:
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(
        _RESOLVING, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    )
    return [str(each[4][0]) for each in found]


class Outgoing:
    """Sends requests to where users want them. `total_s` is the limit of one whole exchange."""

    def __init__(self, network: GuardedNetwork, *, total_s: float = TOTAL_S) -> None:
        self._network = network
        self._total_s = total_s

    @cached_property
    def _ssl_context(self) -> ssl.SSLContext:
        # Reading all certificates takes a while, and whoever only checks needs none.
        return httpx.create_ssl_context()

    async def check(self, url: str) -> None:
        """Look at an address without connecting to it.

        Raises AddressRefused for one that may not be asked, NotAnswered for one that isn't found.
        """
        target = self._target(url)
        try:
            await self._network.addresses(target.host, _port_of(target))
        except AddressRefused:
            raise
        except httpcore.ConnectError as error:
            raise NotAnswered(str(error)) from error

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answered:
        """POST and read the answer. Raises AddressRefused and NotAnswered."""
        target = self._target(url)
        try:
            async with asyncio.timeout(self._total_s):
                return await self._exchange(target, body, headers)
        except AddressRefused:
            raise
        except TimeoutError:
            raise NotAnswered(f"no whole answer within {self._total_s:g} s") from None
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise NotAnswered(f"{type(error).__name__}: {error}"[:200].rstrip(": ")) from error
        except (OSError, UnicodeError, ValueError) as error:
            raise NotAnswered(type(error).__name__) from error

    async def _exchange(self, target: httpx.URL, body: bytes, headers: dict[str, str]) -> Answered:
        sent = [
            (b"host", target.netloc),
            (b"user-agent", _AGENT),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
            *((name.encode(), value.encode()) for name, value in headers.items()),
        ]
        limits = {"connect": _CONNECT_S, "read": _READ_S, "write": _READ_S, "pool": _CONNECT_S}
        async with (
            _Closing(self._network) as network,
            httpcore.AsyncConnectionPool(
                ssl_context=self._ssl_context,
                network_backend=network,
                max_keepalive_connections=0,
            ) as pool,
            pool.stream(
                "POST",
                _wire_url(target),
                headers=sent,
                content=body,
                extensions={"timeout": limits},
            ) as answer,
        ):
            return Answered(answer.status, await _beginning(answer))

    def _target(self, url: str) -> httpx.URL:
        """The parsed address. Raises AddressRefused."""
        try:
            found = httpx.URL(url)
            host, port = found.host, _port_of(found)
        except (httpx.InvalidURL, UnicodeError, ValueError) as error:
            raise AddressRefused("the address can't be read") from error
        if found.userinfo or not host or found.scheme not in {"http", "https"}:
            raise AddressRefused("the address can't be used")
        if found.scheme == "http" and not self._network.is_named(host, port):
            raise AddressRefused("only https is allowed")
        return found.copy_with(port=port, fragment=None)


def _port_of(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _wire_url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=_port_of(url), target=url.raw_path
    )


async def _beginning(answer: httpcore.Response) -> bytes:
    read = b""
    async for part in answer.aiter_stream():
        read += part
        if len(read) >= ANSWER_BYTES:
            return read[:ANSWER_BYTES]
    return read
