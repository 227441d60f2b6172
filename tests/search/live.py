"""A real Meilisearch server for tests: one that is told by MEILI_URL and MEILI_KEY, or the binary.

The binary `meilisearch` of the search path is started on a free port with a folder of its own.
"""

import asyncio
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from search.admin import MeilisearchAdmin, key_uid
from search.documents import SearchDocument

# What the recorded exchanges were made with.
VERSION = "1.50.0"
_START_LIMIT_S = 60.0
_HOW_TO = (
    f"needs a Meilisearch {VERSION} server: set MEILI_URL and MEILI_KEY (its master key) to one"
    " that may be written to, or put the binary `meilisearch` on the PATH"
)


class LiveServer(NamedTuple):
    """Where the server is, and the prefix of the indexes that a test may make there."""

    url: str
    master_key: str
    prefix: str
    keys: dict[str, str]


def missing_server() -> str:
    """Why there is no server, to be told by a skipped test; nothing where there is one."""
    return "" if os.environ.get("MEILI_URL") or shutil.which("meilisearch") else _HOW_TO


@asynccontextmanager
async def live_server() -> AsyncIterator[LiveServer]:
    """A server, its keys for the prefix (searcher, writer, admin) and no index of the prefix."""
    running = running_server()
    url, master_key = await asyncio.to_thread(running.__enter__)
    prefix = f"test-{secrets.token_hex(4)}-"
    admin = MeilisearchAdmin(url, master_key)
    keys = await admin.create_keys(prefix)
    try:
        yield LiveServer(url, master_key, prefix, keys)
    finally:
        for index_uid in await asyncio.to_thread(_indexes, url, master_key, prefix):
            await admin.drop(index_uid)
        await asyncio.to_thread(_delete_keys, url, master_key, prefix, keys)
        await asyncio.to_thread(running.__exit__, None, None, None)


@contextmanager
def running_server() -> Iterator[tuple[str, str]]:
    """URL and master key of the server."""
    if told := os.environ.get("MEILI_URL"):
        yield told.rstrip("/"), os.environ.get("MEILI_KEY", "")
        return
    with tempfile.TemporaryDirectory(prefix="duijie-meilisearch-") as folder:
        master_key = secrets.token_hex(16)
        url = f"http://127.0.0.1:{_free_port()}"
        with Path(folder, "log").open("wb") as log:
            process = subprocess.Popen(
                _command(url, master_key, folder), stdout=log, stderr=log, cwd=folder
            )
            try:
                _wait_for(url, process, Path(folder, "log"))
                yield url, master_key
            finally:
                process.terminate()
                process.wait()


def _command(url: str, master_key: str, folder: str) -> list[str]:
    return [
        "meilisearch",
        f"--db-path={folder}/data",
        f"--dump-dir={folder}/dumps",
        f"--snapshot-dir={folder}/snapshots",
        f"--http-addr={url.removeprefix('http://')}",
        f"--master-key={master_key}",
        "--env=development",
        "--no-analytics",
        # The server clears as much memory for each task: with gigabytes that takes seconds.
        "--max-indexing-memory=100Mb",
    ]


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def _wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    ends_at = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < ends_at and process.poll() is None:
        try:
            if httpx.get(f"{url}/health", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise RuntimeError(f"meilisearch did not start: {log.read_text()[-2_000:]}")


def _indexes(url: str, master_key: str, prefix: str) -> list[str]:
    headers = {"Authorization": f"Bearer {master_key}"}
    found = httpx.get(f"{url}/indexes?limit=1000", headers=headers, trust_env=False).json()
    return [each["uid"] for each in found["results"] if each["uid"].startswith(prefix)]


def _delete_keys(url: str, master_key: str, prefix: str, roles: Iterable[str]) -> None:
    headers = {"Authorization": f"Bearer {master_key}"}
    for role in roles:
        key = f"{url}/keys/{key_uid(prefix, role)}"
        httpx.delete(key, headers=headers, trust_env=False).raise_for_status()


async def make_empty(url: str, master_key: str, index_uid: str) -> None:
    """An index without documents, with the settings of this version."""
    await MeilisearchAdmin(url, master_key).rebuild(index_uid, _nothing())


async def _nothing() -> AsyncIterator[list[SearchDocument]]:
    for batch in list[list[SearchDocument]]():
        yield batch
