"""Holds the answers of the application against its own OpenAPI document (Schemathesis)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count, pairwise
from time import perf_counter
from typing import Any

import hypothesis
import msgspec
import schemathesis
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.core.failures import Failure

from tests.hard.asgi import AsgiApp
from tests.hard.fuzzing import DOCUMENT

_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


class Breach(msgspec.Struct, frozen=True):
    """One way in which an operation does what the document does not say."""

    operation: str
    status: int
    title: str
    details: str

    def __str__(self) -> str:
        return f"{self.operation}: {self.status}, {self.title}\n{self.details}\n"


class ContractFigures(msgspec.Struct, kw_only=True):
    """`accepted`: operations that answered 2xx at least once."""

    operations: int
    accepted: int
    cases: int
    seconds: float
    breaches: int

    @property
    def line(self) -> str:
        return (
            f"contract: {self.cases} cases on {self.operations} operations in "
            f"{self.seconds:.1f} s, {self.accepted} of them accepted one, {self.breaches} breaches"
        )


def check_contract(
    app: AsgiApp,
    headers: Mapping[str, str],
    ids: Mapping[str, Sequence[str]],
    *,
    examples: int,
    before_each: Callable[[], None] = lambda: None,
) -> tuple[ContractFigures, Sequence[Breach]]:
    """Ask each operation with so many drawn requests, every other one with an id that is there.

    `before_each` runs before each operation.
    """
    begin_s = perf_counter()
    schema = schemathesis.openapi.from_asgi(DOCUMENT, app)
    breaches: dict[tuple[str, int, str], Breach] = {}
    asked: dict[str, list[int]] = {}
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # an error raises, as it should.
        before_each()
        statuses = asked.setdefault(operation.label, [])
        for breach in _breaches(operation, dict(headers), ids, statuses, examples):
            breaches.setdefault((breach.operation, breach.status, breach.title), breach)
    figures = ContractFigures(
        operations=len(asked),
        accepted=sum(any(200 <= each < 300 for each in statuses) for statuses in asked.values()),
        cases=sum(len(statuses) for statuses in asked.values()),
        seconds=round(perf_counter() - begin_s, 1),
        breaches=len(breaches),
    )
    return figures, list(breaches.values())


def _breaches(
    operation: Any,
    headers: dict[str, str],
    ids: Mapping[str, Sequence[str]],
    statuses: list[int],
    examples: int,
) -> Iterator[Breach]:
    found: list[Breach] = []
    numbers = count()

    # What fails is collected, not raised: the rows of the database are others by the next try,
    # so there is nothing to shrink. In this way one run tells of all operations.
    @hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    @hypothesis.given(operation.as_strategy())
    def ask(case: Any) -> None:
        number = next(numbers)
        if number % 2:
            _name_what_is_there(case, operation.path, ids, number)
        answer = case.call(headers=headers)
        statuses.append(answer.status_code)
        try:
            case.validate_response(answer, checks=_CHECKS, headers=headers)
        except* Failure as group:
            found.extend(
                Breach(operation.label, answer.status_code, each.title, str(each.message)[:1_500])
                for each in _leaves(group)
            )

    ask()
    return iter(found)


def _name_what_is_there(
    case: Any, path: str, ids: Mapping[str, Sequence[str]], number: int
) -> None:
    parts = path.strip("/").split("/")
    parent = ""
    for collection, part in pairwise(parts):
        known = ids.get(f"{collection}@{parent}") or ids.get(collection, ())
        if part.startswith("{") and known:
            parent = case.path_parameters[part.strip("{}")] = known[number % len(known)]
    if case.headers is not None and "If-Match" in case.headers:
        case.headers["If-Match"] = '"1"'


def _leaves(group: BaseException) -> Iterator[Failure]:
    if isinstance(group, BaseExceptionGroup):
        for each in group.exceptions:
            yield from _leaves(each)
    elif isinstance(group, Failure):
        yield group
