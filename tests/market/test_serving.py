"""Real processes on loopback: they start, serve, and stop when they are told to."""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from market.db import Database
from market.migrating import migrate
from market.serving import settle_interpreter
from tests.conftest import empty_database_url
from tests.hard.processes import Process, Server
from tests.market.accounts.factories import make_account


@pytest_asyncio.fixture(loop_scope="session")
async def environment(tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """A data folder and a database without tables."""
    async with empty_database_url(tmp_path) as url:
        yield {"DUIJIE_DATA_FOLDER": str(tmp_path), "DUIJIE_DATABASE_URL": url}


async def test_one_process_migrates_serves_works_and_stops(environment: dict[str, str]) -> None:
    server = Server(environment)

    await server.start()

    try:
        database = Database(environment["DUIJIE_DATABASE_URL"])
        account = await make_account(database)
        await database.close()
        async with httpx.AsyncClient(base_url=server.url or "", timeout=20) as client:
            ready = await client.get("/health/ready")
            made = await client.post(
                "/api/v1/results",
                json={
                    "title": "高湿摩擦系数橡胶鞋底材料",
                    "summary": "用白炭黑补强橡胶，湿摩擦系数由0.32提升到0.55，已完成中试。",
                    "fields": ["materials"],
                    "industries": ["C1954"],
                    "trl": 7,
                },
                headers=account.headers,
            )
            path = f"/api/v1/results/{made.json()['id']}"
            published = await client.post(
                f"{path}/publish", headers=account.headers | {"If-Match": made.headers["ETag"]}
            )
            found = await _first_found(client, "湿摩擦系数")
    finally:
        await server.stop()
    assert ready.json()["checks"] == {"database": "ok", "migrations": "ok", "search": "ok"}
    assert published.status_code == 200, published.text
    assert found == made.json()["id"]


async def test_running_requests_are_finished_at_a_stop(environment: dict[str, str]) -> None:
    server = Server(environment)
    await server.start()
    async with httpx.AsyncClient(base_url=server.url or "", timeout=20) as client:
        # The hash of a password takes long enough to be stopped in the middle of.
        running = [
            asyncio.create_task(
                client.post(
                    "/api/v1/auth/login", json={"email": f"a{n}@example.cn", "password": "x"}
                )
            )
            for n in range(6)
        ]
        await asyncio.sleep(0.1)

        await server.stop()

        answers = await asyncio.gather(*running)
    assert {answer.status_code for answer in answers} == {401}


async def test_many_processes_share_a_port(environment: dict[str, str], unused_port: int) -> None:
    database = Database(environment["DUIJIE_DATABASE_URL"])
    await migrate(database)
    await database.close()
    server = Process(["serve", "--processes", "2", "--port", str(unused_port)], environment)
    worker = Process(["worker"], environment)
    await worker.start()
    await server.start()

    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{unused_port}") as client:
            ready = await _until_ready(client)
    finally:
        await server.stop()
        await worker.stop()
    assert ready == {"database": "ok", "migrations": "ok", "search": "ok"}


@pytest.fixture
def unused_port(unused_tcp_port: int) -> int:
    return unused_tcp_port


async def _first_found(client: httpx.AsyncClient, text: str) -> str | None:
    for _ in range(200):
        items = (await client.get("/api/v1/results", params={"q": text})).json()["items"]
        if items:
            return str(items[0]["id"])
        await asyncio.sleep(0.05)
    return None


async def _until_ready(client: httpx.AsyncClient) -> dict[str, str]:
    checks: dict[str, str] = {}
    for _ in range(300):
        try:
            checks = (await client.get("/health/ready")).json()["checks"]
        except httpx.TransportError:
            checks = {}
        if checks and set(checks.values()) == {"ok"}:
            break
        await asyncio.sleep(0.1)
    return checks


def test_interpreter_is_settled_for_serving() -> None:
    thresholds, switch_s = gc.get_threshold(), sys.getswitchinterval()
    try:
        settle_interpreter()
        cycle: list[object] = []
        cycle.append(cycle)
        del cycle

        assert gc.get_freeze_count() > 0
        assert gc.get_threshold() == (10_000, *thresholds[1:])
        assert sys.getswitchinterval() < switch_s
        # What comes later is collected as ever.
        assert gc.collect() >= 1
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
        sys.setswitchinterval(switch_s)
