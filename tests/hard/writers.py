"""Programs that write to a marketplace over HTTP, and keep what was acknowledged to them."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import httpx
import msgspec

from market.db import new_id
from market.exchange.service import GIVEN_UP

# No request waits longer than this: a server that was killed never answers.
_LIMIT_S = 8.0
_RETRY_S = 0.05
_LOST = httpx.TransportError
_NOT_NOW = (429, 503)
_API = "/api/v1"


class Held(msgspec.Struct, kw_only=True):
    """A listing as far as its writer knows.

    `unanswered` counts the writes since the last answer that were sent and may have happened.
    """

    id: str
    title: str
    status: str
    version: int
    etag: str
    unanswered: int = 0


class PendingImport(msgspec.Struct, kw_only=True):
    """An import on its way: its file and the titles of its rows."""

    id: str
    titles: frozenset[str]
    file: bytes


class Writer:
    """One organisation's program: one request after the other, until it is told to stop.

    What it is answered with goes to `held`, `feedback` and `imported` only after the answer.
    """

    def __init__(
        self, kind: str, headers: Mapping[str, str], url: Callable[[], str | None], random: Random
    ) -> None:
        self._kind = kind
        self._path = f"{_API}/{kind}s"
        self._headers = dict(headers)
        self._url = url
        self._random = random
        self._import: PendingImport | None = None
        self._stops = False
        self.titles: set[str] = set()
        self.held: dict[str, Held] = {}
        self.feedback: dict[str, str] = {}
        self.imported: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []

    def stop(self) -> None:
        self._stops = True

    async def run(self) -> None:
        """Write until `stop`; what has begun by then is brought to its end."""
        async with httpx.AsyncClient(headers=self._headers, timeout=_LIMIT_S) as client:
            self._client = client
            actions = [self._create, self._move, self._change, self._judge_match, self._go_on]
            while not self._stops:
                await self._random.choices(actions, (4, 4, 4, 2, 2))[0]()
            while self._import is not None:
                await self._go_on()
                await asyncio.sleep(_RETRY_S)

    async def _create(self) -> None:
        """A new draft; as often as it takes, under one Idempotency-Key."""
        form = self._form()
        key = {"Idempotency-Key": new_id().hex}
        answer = await self._insist("POST", self._path, json=form, headers=key)
        if self._is_as_expected(answer, 201):
            view = answer.json()
            self.held[view["id"]] = Held(
                id=view["id"],
                title=view["title"],
                status=view["status"],
                version=view["version"],
                etag=answer.headers["etag"],
            )

    async def _change(self) -> None:
        held = self._any()
        if held is not None and held.status != "withdrawn":
            change = {"title": self._new_title()}
            await self._write(held, "PATCH", f"{self._path}/{held.id}", json=change)

    async def _move(self) -> None:
        """Drafts are published, and of the published ones a few taken back or put off."""
        held = self._any("draft") or self._any()
        if held is None:
            return
        after = {"draft": ["publish"], "published": ["pause", "withdraw", "close"]}
        after |= {"paused": ["publish"], "closed": ["reopen"], "withdrawn": ["reopen"]}
        action = self._random.choice(after[held.status])
        await self._write(held, "POST", f"{self._path}/{held.id}/{action}")

    async def _judge_match(self) -> None:
        held = self._any("published")
        if held is None:
            return
        answer = await self._send("GET", f"{self._path}/{held.id}/matches?limit=5")
        if answer is None or not self._is_as_expected(answer, 200) or not answer.json()["items"]:
            return
        match_id = self._random.choice(answer.json()["items"])["id"]
        verdict = {"verdict": "saved", "text": f"{len(self.feedback)}"}
        answer = await self._send("PUT", f"{_API}/matches/{match_id}/feedback", json=verdict)
        if answer is None:
            # Which of the two verdicts is there is not known now.
            self.feedback.pop(match_id, None)
        elif self._is_as_expected(answer, 200):
            self.feedback[match_id] = verdict["text"]

    async def _go_on(self) -> None:
        """The next step of the import that is on its way, or a new one."""
        pending = self._import
        if pending is None:
            await self._begin_import()
            return
        answer = await self._send("GET", f"{_API}/imports/{pending.id}")
        if answer is None or not self._is_as_expected(answer, 200):
            return
        match answer.json()["state"]:
            case "checked":
                await self._send("POST", f"{_API}/imports/{pending.id}/apply")
            case "applied":
                self.imported |= pending.titles
                self.counts["imports"] += 1
                self._import = None
            case "failed":
                await self._import_again(pending, answer)

    async def _begin_import(self) -> None:
        titles = [self._new_title() for _ in range(5)]
        rows = [f"{new_id().hex},{title},{_TEXT},新材料" for title in titles]
        file = "\n".join([_HEADINGS[self._kind], *rows]).encode()
        await self._send_file(file, frozenset(titles))

    async def _import_again(self, failed: PendingImport, answer: httpx.Response) -> None:
        """A step that was killed several times is given up and says so: the same file again.

        The rows' own references keep what it had done by then from being doubled.
        """
        if answer.json()["problem"] == GIVEN_UP["zh"]:
            self.counts["given up"] += 1
            await self._send_file(failed.file, failed.titles)
        else:
            self.faults.append(f"An import failed: {answer.text}")
            self._import = None

    async def _send_file(self, file: bytes, titles: frozenset[str]) -> None:
        answer = await self._insist(
            "POST",
            f"{_API}/imports",
            headers={"Idempotency-Key": new_id().hex},
            files={"file": ("listings.csv", file, "text/csv")},
            data={"kind": self._kind, "publishes": "true"},
        )
        if self._is_as_expected(answer, 202):
            self._import = PendingImport(id=answer.json()["id"], titles=titles, file=file)

    async def _write(self, held: Held, method: str, path: str, **body: Any) -> None:
        """One change of a listing; after a lost answer the listing is read to know it again."""
        headers = {"If-Match": held.etag}
        answer = await self._send(method, path, headers=headers, **body)
        if answer is None:
            held.unanswered += 1
            await self._read(held)
        elif answer.status_code == 412 and held.unanswered:
            await self._read(held)
        elif self._is_as_expected(answer, 200):
            self._learn(held, answer)

    async def _read(self, held: Held) -> None:
        answer = await self._insist("GET", f"{self._path}/{held.id}")
        if self._is_as_expected(answer, 200):
            if answer.json()["version"] < held.version:
                self.faults.append(f"{held} went back to {answer.text}")
            unanswered = held.unanswered
            self._learn(held, answer)
            # What was sent before the kill may still be on its way for a moment.
            held.unanswered = unanswered

    def _learn(self, held: Held, answer: httpx.Response) -> None:
        view = answer.json()
        held.title, held.status = view["title"], view["status"]
        held.version, held.etag = view["version"], answer.headers["etag"]
        held.unanswered = 0

    async def _insist(self, method: str, path: str, **body: Any) -> httpx.Response:
        """The same request again until it is answered."""
        while True:
            answer = await self._send(method, path, **body)
            if answer is not None:
                return answer
            self.counts["retried"] += 1
            await asyncio.sleep(_RETRY_S)

    async def _send(self, method: str, path: str, **body: Any) -> httpx.Response | None:
        """The answer; None when it got lost, or when the server can't just now."""
        while (url := self._url()) is None:  # noqa: ASYNC110 - until a process runs again.
            await asyncio.sleep(_RETRY_S)
        try:
            answer = await self._client.request(method, url + path, **body)
        except _LOST:
            self.counts["unanswered"] += 1
            return None
        if answer.status_code in _NOT_NOW:
            self.counts["not now"] += 1
            await asyncio.sleep(_RETRY_S)
            return None
        if method != "GET" and answer.is_success:
            self.counts["acknowledged"] += 1
        return answer

    def _is_as_expected(self, answer: httpx.Response, status: int) -> bool:
        if answer.status_code == status:
            return True
        request = answer.request
        self.faults.append(
            f"{request.method} {request.url.path}: {answer.status_code} {answer.text[:500]}"
        )
        return False

    def _any(self, status: str | None = None) -> Held | None:
        found = [held for held in self.held.values() if status in (None, held.status)]
        return self._random.choice(found) if found else None

    def _new_title(self) -> str:
        """Never the same twice, whoever makes it."""
        title = f"橡胶鞋底湿摩擦 {new_id().hex}"
        self.titles.add(title)
        return title

    def _form(self) -> dict[str, Any]:
        text = {"result": "summary", "need": "description"}[self._kind]
        return {
            "title": self._new_title(),
            text: _TEXT,
            "fields": ["materials"],
            "industries": ["C1954"],
            "keywords": ["鞋底", "湿摩擦系数"],
        }


_TEXT = "用白炭黑补强橡胶，湿摩擦系数由0.32提升到0.55，现有鞋底在湿地面上打滑。"
_HEADINGS = {
    "result": "成果编号,成果名称,成果简介,技术领域",
    "need": "需求编号,需求名称,需求描述,技术领域",
}
