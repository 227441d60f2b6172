import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.hard.asgi import Message, NoAnswer, WireRequest, ask

Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def _echo(scope: Any, receive: Receive, send: Send) -> None:
    body, types = b"", []
    while True:
        message = await receive()
        types.append(message["type"])
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = [(b"x-path", scope["path"].encode()), (b"x-messages", ",".join(types).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def test_body_comes_in_pieces_and_path_decoded() -> None:
    request = WireRequest(method="POST", path=b"/%E8%86%9C/%ff", body=b"abcdefg", pieces=3)

    answer = await ask(_echo, request)

    assert answer.body == b"abcdefg"
    assert answer.headers["x-messages"] == ",".join(["http.request"] * 3)
    assert answer.headers["x-path"].encode("latin-1").decode() == "/膜/\ufffd"


async def test_client_that_hangs_up_is_gone_after_its_first_piece() -> None:
    request = WireRequest(method="POST", path=b"/", body=b"abcdef", pieces=2, hangs_up=True)

    answer = await ask(_echo, request)

    assert answer.body == b"abc"
    assert answer.headers["x-messages"] == "http.request,http.disconnect"


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([], "no answer"),
        (
            [
                {"type": "http.response.start", "status": 200, "headers": []},
                {"type": "http.response.body", "body": b"a", "more_body": True},
            ],
            "no end",
        ),
    ],
)
async def test_answer_that_does_not_end_is_none(messages: list[Message], reason: str) -> None:
    async def app(_scope: Any, _receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    with pytest.raises(NoAnswer, match=reason):
        await ask(app, WireRequest(method="GET", path=b"/"))


async def test_application_that_never_answers_runs_out_of_time() -> None:
    async def app(_scope: Any, receive: Receive, _send: Send) -> None:
        await receive()
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await ask(app, WireRequest(method="GET", path=b"/"), limit_s=0.05)
