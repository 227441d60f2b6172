"""The OpenAPI document and its explorer."""

import re
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from market.http.openapi import document_of

EVERY_OPERATION = {"400", "401", "422", "500", "503"}


def operations(app: Litestar) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document_of(app)["paths"].items()
        for method, operation in methods.items()
    }


def routes(app: Litestar) -> dict[str, Any]:
    return {
        f"{method} {route.path_format}": handler
        for route in app.routes
        if isinstance(route, HTTPRoute) and not route.path.startswith("/schema")
        for method, (handler, _) in route.route_handler_map.items()
        if method != "OPTIONS"
    }


def test_every_route_is_in_the_document(app: Litestar) -> None:
    assert set(operations(app)) == set(routes(app))


def test_operations_are_named_once_and_told_in_both_languages(app: Litestar) -> None:
    found = operations(app)

    names = [operation["operationId"] for operation in found.values()]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z][A-Za-z]+", name)] == []
    unclear = [name for name, each in found.items() if " · " not in each["summary"]]
    assert unclear == []


def test_operations_stand_under_headings_that_are_explained(app: Litestar) -> None:
    told = {tag["name"]: tag["description"] for tag in document_of(app)["tags"]}
    used = {tag for operation in operations(app).values() for tag in operation["tags"]}

    assert used == set(told)
    assert [name for name, words in told.items() if " · " not in words] == []


def test_every_operation_tells_its_errors(app: Litestar) -> None:
    handlers = routes(app)

    for name, operation in operations(app).items():
        told = set(operation["responses"])
        expected = set(EVERY_OPERATION)
        if handlers[name].opt["roles"] is not None:
            expected |= {"403"}
        if "{" in name:
            expected |= {"404"}
        if "requestBody" in operation:
            expected |= {"413", "415"}
        if handlers[name].opt.get("takes_version"):
            expected |= {"412", "428"}
        assert expected <= told, name
        assert any(status.startswith("2") for status in told), name


def test_errors_are_problems(app: Litestar) -> None:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}

    for name, operation in operations(app).items():
        for status, answer in operation["responses"].items():
            if status >= "400":
                assert answer["content"] == problem, (name, status)


def test_open_routes_need_no_token_and_others_do(app: Litestar) -> None:
    handlers = routes(app)

    for name, operation in operations(app).items():
        is_open = handlers[name].opt["roles"] is None
        assert operation["security"] == ([{}, {"bearer": []}] if is_open else [{"bearer": []}])


def test_examples_of_bodies_are_taken_by_their_routes(app: Litestar) -> None:
    handlers = routes(app)
    seen = 0

    for name, operation in operations(app).items():
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            annotation = handlers[name].parsed_data_field.raw
            msgspec.convert(content["application/json"]["example"], annotation)
            seen += 1
    assert seen >= 15


def test_references_lead_somewhere(app: Litestar) -> None:
    text = msgspec.json.encode(document_of(app)).decode()

    named = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert named - set(document_of(app)["components"]["schemas"]) == set()
    assert [name for name in named if not re.fullmatch(r"[A-Za-z]+", name)] == []


async def test_document_is_served(app: Litestar, client: httpx.AsyncClient) -> None:
    answer = await client.get("/schema/openapi.json")

    assert answer.status_code == 200
    assert answer.json() == msgspec.to_builtins(document_of(app))
    assert answer.json()["openapi"].startswith("3.1")


async def test_explorer_loads_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    page = await client.get("/schema")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert re.findall(r"https?://", page.text) == []
    loaded = re.findall(r'(?:src|href)="(schema/static/[^"]+)"', page.text)
    kinds = {name: (await client.get(f"/{name}")).headers["content-type"] for name in loaded}
    assert kinds == {
        "schema/static/swagger-ui.css": "text/css; charset=utf-8",
        "schema/static/swagger-ui-bundle.js": "text/javascript; charset=utf-8",
        "schema/static/explorer.js": "text/javascript; charset=utf-8",
    }
    assert "script-src 'self'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("name", ["nothing.js", "..%2Fcore.py", "asyncapi-web-component.js"])
async def test_only_files_of_the_page_are_served(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"/schema/static/{name}")

    assert answer.status_code == 404
