"""The far side of the network: a Meilisearch server of which a test is the master.

It keeps indexes, a queue of tasks with one order, keys and the envelope of errors as the real one
does, and refuses fields that the real one does not know. It imitates no ranking and no filter: a
search finds every document, all equally good, in the order of their keys.

    fake = FakeMeilisearch()
    connection = MeilisearchConnection("http://fake", "", transport=fake.transport())

`fake.network` says how the network is, `fake.is_stepped` whether tasks wait for `step`,
`fake.poison` which documents no task survives. It is an ASGI application as well.
"""

import asyncio
import hmac
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal
from urllib.parse import parse_qsl

import httpx

from tests.search.fake_indexes import FakeIndexes
from tests.search.fake_wire import (
    DEFAULT_SETTINGS,
    FACET_FIELDS,
    KEY_FIELDS,
    Json,
    Refused,
    Reply,
    TaskError,
    allow,
    error_envelope,
    json_reply,
    now,
    parsed,
)

# refused: nobody listens; hanging: no answer ever comes; lost: the request is done, but its
# answer does not arrive; cut: the connection ends before anything is done; garbage: what
# answers is no Meilisearch.
Network = Literal["up", "refused", "hanging", "lost", "cut", "garbage"]
Effect = Callable[[], None]


class FakeMeilisearch:
    """Starts empty; tasks are done at once unless it is stepped."""

    def __init__(self, *, master_key: str = "", is_stepped: bool = False) -> None:
        self.master_key = master_key
        self.is_stepped = is_stepped
        self.network: Network = "up"
        self.indexes = FakeIndexes()
        self.tasks: list[Json] = []
        self.keys: dict[str, Json] = {}
        self.requests: list[tuple[str, str]] = []
        self._effects: dict[int, Effect] = {}
        self._planned: deque[tuple[str, Reply]] = deque()
        self._failing: deque[TaskError] = deque()

    @property
    def documents(self) -> dict[str, dict[str, Json]]:
        """Index → key → document."""
        return self.indexes.documents

    @property
    def poison(self) -> set[str]:
        """Ids of documents that let every task fail that would write them."""
        return self.indexes.poison

    # What a test does to the server

    def answer_next(
        self,
        status: int,
        *,
        times: int = 1,
        code: str = "internal",
        retry_after_s: int | None = None,
        path: str = "",
    ) -> None:
        """Let the next requests to paths that contain `path` get this answer, without effect."""
        headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
        reply = json_reply(status, error_envelope(code, f"planned {status}"), headers)
        self._planned.extend((path, reply) for _ in range(times))

    def fail_next_task(
        self, code: str = "internal", *, kind: str = "internal", times: int = 1
    ) -> None:
        """Let the next tasks fail when their turn comes."""
        error = TaskError(code, f"planned failure: {code}", kind)
        self._failing.extend(error for _ in range(times))

    @contextmanager
    def away(self, network: Network = "refused") -> Iterator[None]:
        before, self.network = self.network, network
        try:
            yield
        finally:
            self.network = before

    def step(self, count: int = 1) -> int:
        """Do so many of the oldest waiting tasks; how many were done."""
        waiting = [task for task in self.tasks if task["status"] == "enqueued"][:count]
        for task in waiting:
            self._do(task)
        return len(waiting)

    def finish_tasks(self) -> int:
        return self.step(len(self.tasks))

    def seen(self, method: str, part: str) -> int:
        """How many requests of this method went to paths that contain `part`."""
        return sum(m == method and part in path for m, path in self.requests)

    # The wire

    def transport(self) -> httpx.AsyncBaseTransport:
        return _Transport(self)

    def reply(self, request: httpx.Request) -> Reply:
        query, headers = dict(request.url.params), request.headers
        return self.handle(request.method, request.url.path, query, headers, request.content)

    def handle(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes,
    ) -> Reply:
        """Answer one request."""
        self.requests.append((method, path))
        for place, (part, planned) in enumerate(self._planned):
            if part in path:
                del self._planned[place]
                return planned
        try:
            self._check_key(path, headers)
            # What only reads or deletes has no body, whatever a client sends along.
            told = None if method in {"GET", "DELETE"} else parsed(headers, body)
            return self._routed(method, path.strip("/").split("/"), query, told)
        except Refused as refused:
            return refused.reply

    def _check_key(self, path: str, headers: Mapping[str, str]) -> None:
        if not self.master_key or path == "/health":
            return
        told = headers.get("authorization", "").removeprefix("Bearer ")
        if not told:
            raise Refused(401, "missing_authorization_header")
        if told not in {self.master_key, *(each["key"] for each in self.keys.values())}:
            raise Refused(403, "invalid_api_key")

    def _routed(self, method: str, parts: list[str], query: Mapping[str, str], body: Any) -> Reply:
        reply: Reply | None = None
        match parts:
            case ["health"]:
                reply = json_reply(200, {"status": "available"})
            case ["version"]:
                build = {"commitSha": "fake", "commitDate": "fake", "pkgVersion": "1.50.0"}
                reply = json_reply(200, build)
            case ["multi-search"]:
                reply = self._multi_search(body)
            case ["tasks", *rest]:
                reply = self._one_task(rest[0]) if rest else self._listed_tasks(query)
            case ["swap-indexes"]:
                reply = self._swap(body)
            case ["dumps"]:
                reply = self._enqueue(None, "dumpCreation", _nothing, {"dumpUid": "20261124-1"})
            case ["keys", *rest]:
                reply = self._keys_route(method, rest, body)
            case ["indexes"] if method == "GET":
                reply = json_reply(200, self.indexes.listed(query))
            case ["indexes"]:
                allow(body, {"uid", "primaryKey"})
                create = partial(self.indexes.create, body["uid"], body.get("primaryKey"))
                reply = self._enqueue(body["uid"], "indexCreation", create)
            case ["indexes", uid, *rest]:
                reply = self._written(method, uid, rest, query, body) or self._read(
                    method, uid, rest, body
                )
        if reply is None:
            raise Refused(404, "not_found", f"no route {method} /{'/'.join(parts)}")
        return reply

    def _written(
        self, method: str, uid: str, rest: list[str], query: Mapping[str, str], body: Any
    ) -> Reply | None:
        kind, effect = "documentDeletion", _nothing
        match method, rest:
            case "DELETE", []:
                kind, effect = "indexDeletion", partial(self.indexes.drop, uid)
            case "POST", ["documents"]:
                kind = "documentAdditionOrUpdate"
                effect = partial(self.indexes.add, uid, body, query.get("primaryKey"))
            case "POST", ["documents", "delete-batch"]:
                effect = partial(self.indexes.remove, uid, body)
            case "PATCH", ["settings"]:
                allow(body, DEFAULT_SETTINGS)
                kind, effect = "settingsUpdate", partial(self.indexes.change, uid, body)
            case _:
                return None
        return self._enqueue(uid, kind, effect)

    def _read(self, method: str, uid: str, rest: list[str], body: Any) -> Reply | None:
        if uid not in self.documents:
            raise Refused(404, "index_not_found", f"Index `{uid}` not found.")
        answer: Json | None = None
        match method, rest:
            case "GET", []:
                answer = self.indexes.described(uid)
            case "GET", ["stats"]:
                answer = self.indexes.stats(uid)
            case "GET", ["settings"]:
                answer = self.indexes.settings[uid]
            case "POST", ["documents", "fetch"]:
                answer = self.indexes.fetched(uid, body)
            case "POST", ["search"]:
                answer = self.indexes.found(body | {"indexUid": uid})
            case "POST", ["facet-search"]:
                allow(body, FACET_FIELDS)
                asked = body.get("facetQuery")
                answer = {"facetHits": [], "facetQuery": asked, "processingTimeMs": 0}
        return None if answer is None else json_reply(200, answer)

    def _multi_search(self, body: Json) -> Reply:
        allow(body, {"queries"})
        for place, query in enumerate(body["queries"]):
            if query["indexUid"] not in self.documents:
                where = f"Inside `.queries[{place}]`: Index `{query['indexUid']}` not found."
                raise Refused(400, "index_not_found", where)
        return json_reply(200, {"results": [self.indexes.found(q) for q in body["queries"]]})

    def _swap(self, body: list[Json]) -> Reply:
        for each in body:
            allow(each, {"indexes", "rename"})
        swap = partial(self.indexes.swap, [each["indexes"] for each in body])
        return self._enqueue(None, "indexSwap", swap)

    # Keys and tasks

    def _keys_route(self, method: str, rest: list[str], body: Any) -> Reply:
        match method, rest:
            case "POST", []:
                return self._create_key(body)
            case "GET", [uid] if uid in self.keys:
                return json_reply(200, self.keys[uid])
            case "DELETE", [uid] if uid in self.keys:
                del self.keys[uid]
                return Reply(204, b"")
        raise Refused(404, "api_key_not_found")

    def _create_key(self, body: Json) -> Reply:
        allow(body, KEY_FIELDS)
        for needed in ("actions", "indexes", "expiresAt"):
            if needed not in body:
                raise Refused(400, f"missing_api_key_{needed.lower()}")
        uid = body["uid"]
        if uid in self.keys:
            raise Refused(409, "api_key_already_exists")
        value = hmac.digest(self.master_key.encode(), uid.encode(), "sha256").hex()
        times = {"createdAt": now(), "updatedAt": now()}
        self.keys[uid] = {"name": None, "description": None} | body | {"key": value} | times
        return json_reply(201, self.keys[uid])

    def _enqueue(
        self, uid: str | None, kind: str, effect: Effect, details: Json | None = None
    ) -> Reply:
        task: Json = {
            "uid": len(self.tasks),
            "batchUid": None,
            "indexUid": uid,
            "status": "enqueued",
            "type": kind,
            "canceledBy": None,
            "details": details or {},
            "error": None,
            "duration": None,
            "enqueuedAt": now(),
            "startedAt": None,
            "finishedAt": None,
        }
        self.tasks.append(task)
        self._effects[task["uid"]] = effect
        told = {name: task[name] for name in ("indexUid", "status", "type", "enqueuedAt")}
        reply = json_reply(202, {"taskUid": task["uid"]} | told)
        if not self.is_stepped:
            self.finish_tasks()
        return reply

    def _do(self, task: Json) -> None:
        task |= {"startedAt": now(), "batchUid": task["uid"], "duration": "PT0.001S"}
        try:
            self._effects.pop(task["uid"], _nothing)() if not self._failing else self._fail()
            task["status"] = "succeeded"
        except TaskError as error:
            task |= {"status": "failed", "error": error.told}
        task["finishedAt"] = now()

    def _fail(self) -> None:
        raise self._failing.popleft()

    def _one_task(self, uid: str) -> Reply:
        if not uid.isdecimal() or int(uid) >= len(self.tasks):
            raise Refused(404, "task_not_found", f"Task `{uid}` not found.")
        return json_reply(200, self.tasks[int(uid)])

    def _listed_tasks(self, query: Mapping[str, str]) -> Reply:
        fields = {"uids": "uid", "indexUids": "indexUid", "statuses": "status", "types": "type"}
        found = self.tasks[::-1]
        for name, field in fields.items():
            if name in query:
                found = [task for task in found if str(task[field]) in query[name].split(",")]
        limit = int(query.get("limit", 20))
        answer = {
            "results": found[:limit],
            "total": len(found),
            "limit": limit,
            "from": found[0]["uid"] if found else None,
            "next": found[limit]["uid"] if len(found) > limit else None,
        }
        return json_reply(200, answer)

    async def __call__(
        self,
        scope: Mapping[str, Any],
        receive: Callable[[], Awaitable[Mapping[str, Any]]],
        send: Callable[[Mapping[str, Any]], Awaitable[None]],
    ) -> None:
        """The same over ASGI, for clients that need a socket; here no connection is refused."""
        if scope["type"] != "http":
            return
        body = b""
        while (message := await receive()).get("more_body"):
            body += message["body"]
        body += message.get("body", b"")
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        query = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
        status, content, more = self.handle(scope["method"], scope["path"], query, headers, body)
        if self.network == "garbage":
            content = b"<html>"
        told = {"content-type": "application/json", "content-length": str(len(content)), **more}
        raw = [(name.lower().encode(), value.encode()) for name, value in told.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": content})


class _Transport(httpx.AsyncBaseTransport):
    """Carries requests to the server, as well as the network of that moment can."""

    def __init__(self, server: FakeMeilisearch) -> None:
        self._server = server

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        network = self._server.network
        if network == "refused":
            raise httpx.ConnectError("connection refused", request=request)
        if network == "hanging":
            await asyncio.sleep(request.extensions["timeout"]["read"])
            raise httpx.ReadTimeout("no answer", request=request)
        if network == "cut":
            raise httpx.RemoteProtocolError("server disconnected", request=request)
        reply = self._server.reply(request)
        if network == "lost":
            raise httpx.ReadError("connection lost before the answer", request=request)
        body = b"<html>" if network == "garbage" else reply.body
        return httpx.Response(reply.status, content=body, headers=reply.headers, request=request)


def _nothing() -> None:
    return None
