import asyncio

from tests.hard.asgi import WireRequest, ask
from tests.hard.own_loop import own_loop


async def test_application_runs_in_its_own_loop_whoever_calls() -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    async def app(scope: object, receive: object, send: object) -> None:  # noqa: ARG001
        loops.append(asyncio.get_running_loop())
        assert callable(receive)
        assert callable(send)
        body = (await receive())["body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    with own_loop() as loop:
        answer = await ask(
            loop.serving(app), WireRequest(method="POST", path=b"/", body=b"abc", pieces=3)
        )

    assert answer.body == b"abc"
    assert loops != [asyncio.get_running_loop()]
