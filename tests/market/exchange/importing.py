"""Imports for tests: files sent over HTTP, jobs done by a real worker, listings read back."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import msgspec
from sqlalchemy import select

from market.db import Database
from market.exchange.handlers import job_kinds
from market.indexing.engines import indexes_in_memory
from market.jobs import INDEX, Job
from market.listings.models import Listing
from market.listings.queries import TABLES
from market.settings import Settings
from market.worker import Worker
from tests.market.accounts.factories import Account

HEADERS = ["成果编号", "成果名称", "成果简介", "技术领域", "转让价格（万元）", "技术成熟度"]
FILM = [
    "R1",
    "石墨烯导热膜",
    "导热系数 1500 W/(m·K)，比进口膜高两成，已中试。",
    "新材料",
    "80",
    "7",
]
SOLE = [
    "R2",
    "防滑橡胶鞋底",
    "湿摩擦系数由 0.32 提升到 0.55，不增加设备，已量产。",
    "新材料",
    "60",
    "8",
]
# Nothing that tells what it is good for: it stays a draft.
BARE = ["R3", "某项成果", "", "", "", ""]
BROKEN = ["R4", "价格写错的成果", "说明", "新材料", "八百", "5"]
ROWS = [HEADERS, FILM, SOLE, BARE, BROKEN]
NEED_HEADERS = ["需求编号", "需求名称", "需求描述", "考核指标", "技术领域", "投入预算（万元）"]
NEED = ["N1", "鞋底打滑", "现有橡胶鞋底在湿地面上打滑，求配方。", "湿摩擦系数≥0.5", "新材料", "50"]

ZH = {"Accept-Language": "zh"}
EN = {"Accept-Language": "en"}


def csv_bytes(rows: Sequence[Sequence[str]], encoding: str = "utf-8-sig") -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode(encoding)


class Importing(msgspec.Struct, frozen=True):
    """What a test does with imports: one person's way through the routes."""

    client: httpx.AsyncClient
    database: Database
    settings: Settings
    account: Account

    async def send(
        self,
        content: bytes,
        name: str = "成果.csv",
        *,
        kind: str = "result",
        publishes: bool | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        form = {"kind": kind}
        if publishes is not None:
            form["publishes"] = str(publishes).lower()
        return await self.client.post(
            "/api/v1/imports",
            files={"file": (name, content)},
            data=form,
            headers={**self.account.headers, **(headers or {})},
        )

    async def checked(self, rows: Sequence[Sequence[str]], **asked: Any) -> dict[str, Any]:
        """Send a table and let the worker check it."""
        return await self.checked_bytes(csv_bytes(rows), **asked)

    async def checked_bytes(self, content: bytes, **asked: Any) -> dict[str, Any]:
        sent = await self.send(content, **asked)
        assert sent.status_code == 202, sent.text
        await self.work()
        return await self.read(sent.json()["id"])

    async def applied(self, rows: Sequence[Sequence[str]], **asked: Any) -> dict[str, Any]:
        """Send a table, let the worker check it and carry it out."""
        checked = await self.checked(rows, **asked)
        return await self.step(checked["id"], "apply")

    async def step(self, import_id: str, name: str) -> dict[str, Any]:
        """Ask for a step and let the worker do it."""
        asked = await self.post(f"/{import_id}/{name}")
        assert asked.status_code == 202, asked.text
        await self.work()
        return await self.read(import_id)

    async def post(self, path: str) -> httpx.Response:
        return await self.client.post(f"/api/v1/imports{path}", headers=self.account.headers)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        asked = self.account.headers | ZH | headers
        return await self.client.get(f"/api/v1/imports{path}", headers=asked)

    async def delete(self, path: str) -> httpx.Response:
        return await self.client.delete(f"/api/v1/imports{path}", headers=self.account.headers)

    async def read(self, import_id: str) -> dict[str, Any]:
        answer = await self.get(f"/{import_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def rows(self, import_id: str, query: str = "", **headers: str) -> list[dict[str, Any]]:
        answer = await self.get(f"/{import_id}/rows?limit=100{query}", **headers)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    async def work(self) -> None:
        """Let a worker do all jobs of imports that are due."""
        kinds = job_kinds(self.settings, self.database, indexes_in_memory())
        await Worker(self.database, kinds).run_until_idle()

    async def listings(self, kind: str = "result") -> dict[str, Any]:
        """Every listing in the database by its title."""
        table: Any = TABLES[kind]
        async with self.database.reading() as session:
            found = await session.scalars(select(table).order_by(table.id))
            return {listing.title: listing for listing in found}

    async def statuses(self, kind: str = "result") -> dict[str, str]:
        found = await self.listings(kind)
        return {title: listing.status for title, listing in found.items()}

    async def announced(self) -> list[set[str]]:
        """The titles that each job of the index names, in their order."""
        async with self.database.reading() as session:
            jobs = await session.scalars(select(Job).where(Job.kind == INDEX).order_by(Job.id))
            titles = {
                str(row.id): row.title
                for row in await session.execute(select(Listing.id, Listing.title))
            }
            return [{titles[each] for each in job.payload["ids"]} for job in jobs]

    async def change(self, title: str, /, **values: Any) -> None:
        """Change a listing as its owner would, so that its version grows."""
        async with self.database.writing() as session:
            listing = (await session.scalars(select(Listing).where(Listing.title == title))).one()
            for name, value in values.items():
                setattr(listing, name, value)

    async def note(self, reference: str) -> None:
        """Change something that no file says of the person's own listing, if it is there."""
        async with self.database.writing() as session:
            listing = await session.scalar(
                select(Listing).where(
                    Listing.reference == reference,
                    Listing.organisation_id == self.account.user.organisation_id,
                )
            )
            if listing is not None:
                listing.private_note += "记"


def counts(**numbers: int) -> dict[str, int]:
    """All counts of an import, 0 but for these."""
    names = (
        *("created", "updated", "unchanged", "refused", "warnings", "published", "left_draft"),
        *("restored", "withdrawn", "deleted", "kept", "gone"),
    )
    return {**dict.fromkeys(names, 0), **numbers}
