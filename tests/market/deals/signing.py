"""Signing ceremonies for tests: the figures of the documents, and ceremonies made over HTTP."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import httpx
import msgspec

from market.db import Database
from tests.market.accounts.factories import Account, make_account

URL = "/api/v1/signing-ceremonies"
YI = 100_000_000
CEREMONY: dict[str, Any] = {
    "name": "创新大会集中签约",
    "held_on": "2023-06-18",
    "place": "会展中心",
    "about": "两批上台签约",
    "private_note": "领导席位另排",
}
PROJECT: dict[str, Any] = {
    "title": "高湿摩擦系数鞋底材料产业化",
    "kind": "industry",
    "reference": "QY-001",
    "parties": ["刺桐大学", "某鞋业有限公司"],
    "amount_text": "3.5亿元",
    "is_on_stage": True,
    "batch": "第一批",
    "place": 3,
    "note": "分两期建设",
}
HEADERS = [
    "项目编号",
    "项目名称",
    "签约单位",
    "项目类别",
    "签约金额（亿元）",
    "签约形式",
    "批次",
    "上台顺序",
]


def amounts(count: int, total_wan: int, seed: int) -> list[str]:
    """So many amounts in 亿元 with four decimals (whole 万元) that come to the total exactly."""
    shares = [(place * 7_919 + seed) % 97 + 3 for place in range(count)]
    parts = [total_wan * share // sum(shares) for share in shares]
    parts[-1] += total_wan - sum(parts)
    return [f"{part // 10_000}.{part % 10_000:04d}" for part in parts]


def document_rows() -> list[list[str]]:
    """The ceremony of the documents: 53 projects of 352.55 亿元.

    47 industrial ones come to 259.55 亿元, 24 of them on stage and 23 off; 6 of finance to 93.00.
    How the industrial amount falls on the two is not told; here 150.05 and 109.50.
    """
    kinds = [
        ("高新技术产业项目", "上台", amounts(24, 1_500_500, 1)),
        ("高新技术产业项目", "线下", amounts(23, 1_095_000, 2)),
        ("科技金融投资项目", "上台", amounts(6, 930_000, 3)),
    ]
    rows = [(kind, stage, amount) for kind, stage, each in kinds for amount in each]
    return [
        [
            f"QY-{n:03d}",
            f"项目{n}",
            f"投资方{n}、落地方{n}",
            kind,
            amount,
            stage,
            f"第{n % 2 + 1}批",
            str(n),
        ]
        for n, (kind, stage, amount) in enumerate(rows, 1)
    ]


def earlier_rows() -> list[list[str]]:
    """What else was signed in that year: 46 projects of 172.60 亿元."""
    return [
        [f"ZQ-{n:03d}", f"早先项目{n}", f"企业{n}", "高新技术产业项目", amount, "线下", "", ""]
        for n, amount in enumerate(amounts(46, 1_726_000, 4), 1)
    ]


def csv_bytes(rows: Sequence[Sequence[str]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode("utf-8-sig")


class Signing(msgspec.Struct, frozen=True):
    """An organizer, and what it does with ceremonies."""

    client: httpx.AsyncClient
    database: Database
    organizer: Account

    async def create(self, **changes: Any) -> httpx.Response:
        return await self.client.post(URL, json=CEREMONY | changes, headers=self.organizer.headers)

    async def created(self, **changes: Any) -> str:
        answer = await self.create(**changes)
        assert answer.status_code == 201, answer.text
        found: str = answer.json()["id"]
        return found

    async def add(self, ceremony_id: str, **changes: Any) -> httpx.Response:
        form = {name: value for name, value in (PROJECT | changes).items() if value is not ...}
        return await self.client.post(
            f"{URL}/{ceremony_id}/projects", json=form, headers=self.organizer.headers
        )

    async def added(self, ceremony_id: str, **changes: Any) -> dict[str, Any]:
        answer = await self.add(ceremony_id, **changes)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def send(
        self,
        ceremony_id: str,
        content: bytes,
        name: str = "签约.csv",
        *,
        dry_run: bool | None = False,
        account: Account | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        form = {} if dry_run is None else {"dry_run": str(dry_run).lower()}
        return await self.client.post(
            f"{URL}/{ceremony_id}/projects/import",
            files={"file": (name, content)},
            data=form,
            headers=(account or self.organizer).headers | (headers or {}),
        )

    async def imported(
        self, ceremony_id: str, rows: Sequence[Sequence[str]], *, dry_run: bool = False
    ) -> dict[str, Any]:
        answer = await self.send(ceremony_id, csv_bytes([HEADERS, *rows]), dry_run=dry_run)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def read(self, ceremony_id: str, account: Account | None = None) -> httpx.Response:
        headers = (account or self.organizer).headers
        return await self.client.get(f"{URL}/{ceremony_id}", headers=headers)

    async def do(self, ceremony_id: str, action: str, method: str = "POST") -> httpx.Response:
        version = (await self.read(ceremony_id)).headers["etag"]
        path = f"{URL}/{ceremony_id}" + (f"/{action}" if action else "")
        headers = self.organizer.headers | {"If-Match": version}
        return await self.client.request(method, path, headers=headers)

    async def projects(
        self, ceremony_id: str, account: Account | None = None, **asked: Any
    ) -> list[dict[str, Any]]:
        """All pages of the projects."""
        headers = (account or self.organizer).headers
        found: list[dict[str, Any]] = []
        while True:
            page = await self.client.get(
                f"{URL}/{ceremony_id}/projects", params=asked, headers=headers
            )
            assert page.status_code == 200, page.text
            found += page.json()["items"]
            if page.json()["next_cursor"] is None:
                return found
            asked["cursor"] = page.json()["next_cursor"]


async def make_signing(client: httpx.AsyncClient, database: Database) -> Signing:
    return Signing(client, database, await make_account(database, "organizer"))
