"""Examples of bodies, put together from the examples of their fields."""

from collections.abc import Mapping
from typing import Any

_PREFIX = "#/components/schemas/"
_PLAIN: Mapping[str, Any] = {
    "string": "文本",
    "integer": 1,
    "number": 1.0,
    "boolean": True,
    "null": None,
}
_FORMATS: Mapping[str, str] = {"date": "2027-05-31", "date-time": "2027-05-31T09:00:00+08:00"}


def body_example(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """What a body may look like: every required field, and the optional ones with an example."""
    if examples := schema.get("examples"):
        return examples[0] if isinstance(examples, list) else next(iter(examples.values()))
    if reference := schema.get("$ref"):
        return body_example(schemas[reference.removeprefix(_PREFIX)], schemas)
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return body_example(_telling(schema[several]), schemas)
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    return _of_type(schema, schemas)


def _telling(several: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    return next((each for each in several if each.get("type") != "null"), several[0])


def _of_type(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next(each for each in kind if each != "null")
    if kind == "object":
        return _of_object(schema, schemas)
    if kind == "array":
        return [body_example(schema["items"], schemas)] if schema.get("minItems") else []
    if schema.get("format") in _FORMATS:
        return _FORMATS[schema["format"]]
    if kind == "string":
        return _PLAIN["string"].ljust(schema.get("minLength", 0), "。")
    return schema.get("minimum", _PLAIN.get(str(kind)))


def _of_object(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    required = set(schema.get("required", ()))
    fields = schema.get("properties", {}).items()
    return {
        name: body_example(field, schemas)
        for name, field in fields
        if name in required or _has_example(field)
    }


def _has_example(field: Mapping[str, Any]) -> bool:
    parts = (field, *(each for name in ("anyOf", "oneOf") for each in field.get(name, ())))
    return any(part.get("examples") for part in parts)
