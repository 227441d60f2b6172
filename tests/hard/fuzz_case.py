"""One hostile request after the other, each as somebody, and what is wrong with the answers."""

import logging
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from random import Random
from typing import Any

import msgspec
from litestar import Litestar

from tests.hard.asgi import WireAnswer, WireRequest, ask
from tests.hard.drafts import Draft, draft_of, wire_request
from tests.hard.experience import Experience
from tests.hard.mutations import spoil, spoil_bytes
from tests.hard.operations import Operation, operations_of
from tests.hard.subscribed import HOOK
from tests.hard.values import Values
from tests.hard.verdicts import faults_of
from tests.hard.world import PASSWORD, VERIFIED, Actor, World

_SHOWN_BYTES = 300
# Attempts are counted for each address: many of them keep the doors open.
_CLIENTS = 400


class Finding(msgspec.Struct, frozen=True):
    """A promise that an answer broke, with all that is needed to ask again."""

    fault: str
    operation: str
    actor: str
    request: WireRequest
    status: int | None
    answer: bytes
    trace: str

    def __str__(self) -> str:
        asked = msgspec.structs.replace(
            self.request,
            query=self.request.query[:_SHOWN_BYTES],
            body=self.request.body[:_SHOWN_BYTES],
            headers=tuple((name, value[:_SHOWN_BYTES]) for name, value in self.request.headers),
        )
        return (
            f"{self.fault}\n  {self.operation} as {self.actor}: {asked}\n"
            f"  {self.status} {self.answer[:_SHOWN_BYTES]!r}\n{self.trace}"
        )


class Case(msgspec.Struct, frozen=True):
    operation: Operation
    actor: Actor
    request: WireRequest


class Fuzz:
    """A run over one application. Cases may run at the same time.

    A case draws its request before it waits for anything, from a random generator that begins
    with the run's seed and the case's number: it differs from run to run by ids alone, and by
    what the cases before it had learned by then.
    """

    def __init__(self, app: Litestar, world: World, document: Mapping[str, Any], seed: int) -> None:
        self._app = app
        self._world = world
        self._seed = seed
        self._random = Random()
        self.operations = operations_of(app, document)
        self._reading = [each for each in self.operations if not each.writes]
        # Passwords are slow to check on purpose.
        self._weights = [0.4 if "/auth/" in each.path else 1.0 for each in self.operations]
        self.experience = Experience(world, self._random)
        known = known_values(world) | world.known | {"token": self.experience.tokens}
        self._values = Values(document, self._random, known)
        self.findings: list[Finding] = []
        self.statuses: Counter[int] = Counter()

    async def run_case(self, number: int) -> None:
        """One request as one actor; what is wrong with the answer goes to the findings."""
        self._random.seed(f"{self._seed}.{number}")
        case = self._case()
        with _traces() as traces:
            try:
                answer = await ask(self._app, case.request)
            except Exception as error:
                traces.append("".join(traceback.format_exception(error)))
                self._find([f"it raised {type(error).__name__}"], case, traces, None)
                return
        self.statuses[answer.status] += 1
        if case.operation.path.endswith("/verify") and answer.status < 300:
            # An administrator among the actors may have verified whoever was not.
            self._world.secrets.trust("newcomer", VERIFIED)
        self._find(self._faults(case, answer), case, traces, answer)
        if case.request.method == case.operation.method:
            self.experience.learn(case.operation, case.actor, answer)

    def _case(self) -> Case:
        operation = self._random.choices(self.operations, self._weights)[0]
        actor = self.experience.actor_for(operation)
        if not actor.only_reads:
            return Case(operation, actor, self._request(operation, actor))
        if operation.writes:
            operation = self._random.choice(self._reading)
        request = self._request(operation, actor)
        return Case(operation, actor, msgspec.structs.replace(request, method="GET"))

    def _request(self, operation: Operation, actor: Actor) -> WireRequest:
        random = self._random
        draft = draft_of(operation, self._values, self.experience.ids_for(actor), random)
        self._name_version(draft)
        spoiled = random.choices((0, 1, 2, 3), (30, 45, 18, 7))[0]
        bytes_spoiled = sum(random.random() < 0.25 for _ in range(spoiled))
        for _ in range(spoiled - bytes_spoiled):
            spoil(draft, random)
        request = wire_request(draft, actor.headers)
        for _ in range(bytes_spoiled):
            request = spoil_bytes(request, random)
        return msgspec.structs.replace(request, client=f"10.0.0.{random.randrange(_CLIENTS)}")

    def _name_version(self, draft: Draft) -> None:
        etag = self.experience.etag_for(draft.path)
        if etag is not None and self._random.random() < 0.7:
            draft.headers = [
                (name, etag.encode() if name == "if-match" else value)
                for name, value in draft.headers
            ]

    def _faults(self, case: Case, answer: WireAnswer) -> list[str]:
        told = self._world.secrets.told(case.actor.name, answer.body)
        leaks = [f"it tells {case.actor.name} a secret: {name}" for name in told]
        return faults_of(case.request.method, answer) + leaks

    def _find(
        self, faults: list[str], case: Case, traces: list[str], answer: WireAnswer | None
    ) -> None:
        status, body = (answer.status, answer.body) if answer else (None, b"")
        names = case.operation.name, case.actor.name
        self.findings += [
            Finding(fault, *names, case.request, status, body, "\n".join(traces))
            for fault in faults
        ]


_heard: ContextVar[list[str] | None] = ContextVar("_heard", default=None)


@contextmanager
def _traces() -> Iterator[list[str]]:
    """What the application logs with a traceback for the request of this task."""
    traces: list[str] = []
    token = _heard.set(traces)
    try:
        yield traces
    finally:
        _heard.reset(token)


class _Listener(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        traces = _heard.get()
        if traces is not None and record.exc_info and record.exc_info[1]:
            traces.append("".join(traceback.format_exception(record.exc_info[1])))


@contextmanager
def listening() -> Iterator[None]:
    """Let findings carry the tracebacks that the application logs."""
    listener = _Listener(logging.ERROR)
    logger = logging.getLogger("duijie")
    logger.addHandler(listener)
    try:
        yield
    finally:
        logger.removeHandler(listener)


def known_values(world: World) -> dict[str, list[Any]]:
    addresses = [
        account.user.email
        for name, account in world.accounts.items()
        if not name.startswith("quiet")
    ]
    return {
        **world.known,
        "absent_ids": [[each] for each in world.known.get("absent_ids", ())],
        "email": [*addresses, *(f"new{number}@example.cn" for number in range(20))],
        "password": [PASSWORD],
        "old_password": [PASSWORD],
        "new_password": [PASSWORD],
        "credit_code": [None, "91350100M000100Y43"],
        "fields": [["materials"], []],
        "field": ["materials", "新材料"],
        "industries": [["C1954"], []],
        "industry": ["C1954", "C"],
        "modes": [["licence"], []],
        "mode": ["licence"],
        "division": ["350582", None],
        "scopes": [["listings:read", "listings:write"], ["matches:read"]],
        "q": ["鞋底", "wet grip", "湿摩擦 系数"],
        "query": [{}, {}, {"q": "鞋底", "field": ["materials"]}],
        "until": world.ids.get("alerts", []),
        "listing_id": [None],
        "endpoint_id": [None],
        "time_zone": ["Asia/Shanghai", "America/New_York"],
        "quiet_from": [None],
        "quiet_until": [None],
        "channels": [["inbox"], []],
        "url": [HOOK],
        "form": ["atom", "json"],
        "cursor": ["e30", "WyJhIl0"],
        "file": [
            "编号,名称,简介,领域\n1,橡胶鞋底,湿摩擦系数0.55,新材料\n".encode(),
            "名称,简介\n低温固化涂料,六十度固化\n,没有名称\n".encode("gb18030"),
            b'{"id":"1","title":"x"}\n',
            b"PK\x03\x04 no workbook",
            b"",
        ],
        "line": ["=\t橡胶|胶料", ">\t防滑\t摩擦系数", "a,b"],
    }
