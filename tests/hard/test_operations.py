from random import Random

import pytest
from litestar import Litestar, get, post

from tests.hard.operations import Operation, operations_of
from tests.hard.values import Values

_DOCUMENT = {
    "paths": {
        "/things": {
            "get": {
                "operationId": "listThings",
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer"}},
                    {"name": "X-Request-Id", "in": "header", "schema": {"type": "string"}},
                ],
            }
        }
    }
}


def test_operations_are_those_of_the_document_and_of_the_routes() -> None:
    @get("/things")
    async def things() -> None: ...

    @post("/things/{thing:str}/move")
    async def move() -> None: ...

    app = Litestar([things, move], openapi_config=None)

    operations = operations_of(app, _DOCUMENT)

    assert operations == [
        Operation(
            name="listThings",
            method="GET",
            path="/things",
            query={"limit": {"type": "integer", "x-required": False}},
            headers={"X-Request-Id": {"type": "string", "x-required": False}},
        ),
        Operation(name="POST /things/{thing}/move", method="POST", path="/things/{thing}/move"),
    ]


@pytest.mark.parametrize(
    ("schema", "is_fitting"),
    [
        ({"type": "integer", "minimum": 3, "maximum": 3}, lambda value: value == 3),
        ({"enum": ["a"]}, lambda value: value == "a"),
        ({"const": 7}, lambda value: value == 7),
        ({"type": ["null"]}, lambda value: value is None),
        ({"anyOf": [{"type": "boolean"}]}, lambda value: isinstance(value, bool)),
        ({"type": "string", "minLength": 300}, lambda value: len(value) == 300),
        ({"type": "string", "maxLength": 2}, lambda value: len(value) == 2),
        ({"type": "string", "format": "date"}, lambda value: value.startswith("203")),
        (
            {"type": "array", "items": {"const": 1}, "minItems": 2, "maxItems": 2},
            lambda value: value == [1, 1],
        ),
        (
            {"type": "object", "properties": {"a": {"const": 1}}, "required": ["a"]},
            lambda value: value == {"a": 1},
        ),
        ({"$ref": "#/components/schemas/One"}, lambda value: value == 1),
    ],
)
def test_values_fit_their_schema(schema: dict[str, object], is_fitting: object) -> None:
    document = {"components": {"schemas": {"One": {"const": 1}}}}
    values = Values(document, Random(1), {})

    drawn = [values.draw(schema) for _ in range(20)]

    assert callable(is_fitting)
    assert [value for value in drawn if not is_fitting(value)] == []


def test_known_values_go_before_the_schema() -> None:
    values = Values({}, Random(1), {"division": ["350582"]})

    drawn = values.draw({"type": "string"}, name="division")

    assert drawn == "350582"
