"""Every operation of the application: what its routes and its OpenAPI document tell of it."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from litestar import Litestar
from litestar.routes import HTTPRoute

from tests.hard.values import Document, Schema

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one path; `bodies` are schemas by media type, `examples` whole bodies."""

    name: str
    method: str
    path: str
    path_parts: Mapping[str, Schema] = {}
    query: Mapping[str, Schema] = {}
    headers: Mapping[str, Schema] = {}
    bodies: Mapping[str, Schema] = {}
    examples: tuple[Any, ...] = ()

    @property
    def makes(self) -> bool:
        """Whether it makes a new thing of its collection, rather than do something to one."""
        return self.method == "POST" and "{" not in self.path.rpartition("/")[2]

    @property
    def collection(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def writes(self) -> bool:
        return self.method not in ("GET", "HEAD", "OPTIONS")


def operations_of(app: Litestar, document: Document) -> list[Operation]:
    """All operations, also those that the document does not tell of.

    HEAD and OPTIONS come by themselves with every route: they are not counted.
    """
    told = {(each.method, each.path): each for each in _told(document)}
    routed = {
        (method, route.path_format)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods - {"HEAD", "OPTIONS"}
    }
    untold = [
        Operation(name=f"{method} {path}", method=method, path=path)
        for method, path in routed - told.keys()
    ]
    return sorted([*told.values(), *untold], key=lambda each: (each.path, each.method))


def _told(document: Document) -> Iterator[Operation]:
    for path, item in document.get("paths", {}).items():
        for method in _METHODS:
            if method in item:
                yield _operation(path, method.upper(), item[method])


def _operation(path: str, method: str, told: Mapping[str, Any]) -> Operation:
    content = told.get("requestBody", {}).get("content", {})
    return Operation(
        name=told.get("operationId", f"{method} {path}"),
        method=method,
        path=path,
        path_parts=_parameters(told, "path"),
        query=_parameters(told, "query"),
        headers=_parameters(told, "header"),
        bodies={kind: each.get("schema", {}) for kind, each in content.items()},
        examples=tuple(example for each in content.values() for example in _examples(each)),
    )


def _parameters(told: Mapping[str, Any], place: str) -> dict[str, Schema]:
    return {
        each["name"]: {**each.get("schema", {}), "x-required": each.get("required", False)}
        for each in told.get("parameters", ())
        if each["in"] == place
    }


def _examples(content: Mapping[str, Any]) -> list[Any]:
    return [each["value"] for each in content.get("examples", {}).values() if "value" in each]
