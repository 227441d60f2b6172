"""The processes of compose.yaml, started by hand with its commands and its variables.

On a real PostgreSQL and a real Meilisearch; skipped where one of them is missing.
"""

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from market.db import Database
from tests.conftest import POSTGRESQL, empty_database_url
from tests.hard.processes import Process
from tests.market.accounts.factories import make_account
from tests.market.indexing.outage import engine_variables
from tests.market.listings.factories import owner_of, post_listing
from tests.search.live import LiveServer, live_server, missing_server

_COMPOSE = Path(__file__).parents[2] / "deploy" / "compose.yaml"
_LIMIT_S = 60.0

pytestmark = [
    pytest.mark.skipif(
        not POSTGRESQL, reason="set DUIJIE_TEST_DATABASE_URL, e.g. as in the README"
    ),
    pytest.mark.skipif(bool(missing_server()), reason=missing_server()),
]


def service(name: str) -> Any:
    return yaml.safe_load(_COMPOSE.read_text(encoding="utf-8"))["services"][name]


def environment(name: str, database_url: str, search: LiveServer, folder: Path) -> dict[str, str]:
    """The variables of a service, filled in as an operator would."""
    values = {
        "POSTGRES_PASSWORD": "not needed here",
        "DUIJIE_PUBLIC_URL": "https://duijie.example.cn",
        **engine_variables(search),
    }
    filled = {
        variable: re.sub(
            r"\$\{(\w+)(?::([-?])([^}]*))?\}",
            lambda found: str(values.get(found[1], found[3] if found[2] == "-" else "")),
            text,
        )
        for variable, text in service(name)["environment"].items()
    }
    return filled | {
        "DUIJIE_DATABASE_URL": database_url,
        "DUIJIE_SEARCH_URL": search.url,
        "DUIJIE_SEARCH_PREFIX": search.prefix,
        "DUIJIE_DATA_FOLDER": str(folder),
        "DUIJIE_WORKER_LEASE_S": "2",
    }


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    async with empty_database_url(tmp_path) as url:
        yield url


async def test_processes_of_compose_serve_a_marketplace(url: str, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        search = await stack.enter_async_context(live_server())

        def process(name: str, **more: str) -> Process:
            variables = environment(name, url, search, tmp_path) | more
            made = Process(service(name)["command"], variables)
            stack.push_async_callback(made.close)
            return made

        migrate = process("migrate")
        await migrate.start()
        await migrate.finished()
        workers = [process("worker") for _ in range(service("worker")["deploy"]["replicas"])]
        for worker in workers:
            await worker.start()
        await process("api", DUIJIE_PORT=str(port := free_port())).start()
        database = Database(url)
        stack.push_async_callback(database.close)
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=_LIMIT_S)
        )
        await _up(client)

        institute = await owner_of(database, "results")
        enterprise = await make_account(database, "enterprise")
        result = await post_listing(client, institute, "results", "publish")
        need = await post_listing(client, enterprise, "needs", "publish")
        matches = await _eventually(client, f"{need.url}/matches", enterprise.headers)
        found = await _eventually(client, "/api/v1/results?q=湿摩擦系数&facets=trl", {})
        await workers[0].kill()
        second = await post_listing(
            client, institute, "results", "publish", title="木薯淀粉可降解包装膜", reference="2"
        )
        later = await _eventually(client, "/api/v1/results?q=可降解包装膜", {})
        ready = (await client.get("/health/ready")).json()

        assert [item["counterpart"]["id"] for item in matches] == [result.id]
        assert [item["id"] for item in found] == [result.id]
        assert [item["id"] for item in later] == [second.id]
        assert ready["checks"] == {"database": "ok", "migrations": "ok", "search": "ok"}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


async def _up(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(_LIMIT_S):
        while True:
            with suppress(httpx.TransportError):
                if (await client.get("/health/ready")).status_code == 200:
                    return
            await asyncio.sleep(0.1)


async def _eventually(
    client: httpx.AsyncClient, path: str, headers: dict[str, str]
) -> list[dict[str, Any]]:
    """The items, as soon as there are any: index and matches follow in other processes."""
    ends_at = time.monotonic() + _LIMIT_S
    while time.monotonic() < ends_at:
        answer = await client.get(path, headers=headers)
        if answer.status_code == 200 and (items := answer.json()["items"]):
            return list(items)
        await asyncio.sleep(0.1)
    raise TimeoutError(answer.text)
