"""An application that lives in an event loop of its own, for callers that have none or another."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from tests.hard.asgi import AsgiApp, Message

T = TypeVar("T")


class OwnLoop:
    """A thread that runs one event loop: pools of connections belong to the loop they began in."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="own loop")
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T], *, limit_s: float = 60) -> T:
        """Run in the loop and wait from any other thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(limit_s)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def serving(self, app: AsgiApp) -> AsgiApp:
        """The same application, to be called from any loop: its work is done in this one."""

        async def in_own_loop(
            scope: Any,
            receive: Callable[[], Awaitable[Message]],
            send: Callable[[Message], Awaitable[None]],
        ) -> None:
            if scope["type"] == "lifespan":
                await _live(receive, send)
                return
            body = await _body(receive)
            answer = asyncio.run_coroutine_threadsafe(_answer(app, scope, body), self._loop)
            for message in await asyncio.wrap_future(answer):
                await send(message)

        return in_own_loop


@contextmanager
def own_loop() -> Iterator[OwnLoop]:
    loop = OwnLoop()
    try:
        yield loop
    finally:
        loop.stop()


async def _live(
    receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    for event in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{event}.complete"})


async def _body(receive: Callable[[], Awaitable[Message]]) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def _answer(app: AsgiApp, scope: Any, body: bytes) -> list[Message]:
    incoming = iter([{"type": "http.request", "body": body, "more_body": False}])
    sent: list[Message] = []

    async def receive() -> Message:
        return next(incoming, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent
