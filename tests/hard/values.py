"""Makes values that fit a JSON schema, so that a request gets past its first checks."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

Schema = Mapping[str, Any]
Document = Mapping[str, Any]

_DEEPEST = 6
_TEXTS = ("橡胶鞋底", "wet grip", "求低温固化配方，湿摩擦系数≥0.5", "钛合金 3D 打印")
_FORMATS: Mapping[str, tuple[str, ...]] = {
    "date": ("2031-05-31", "2030-01-01"),
    "date-time": ("2031-05-31T08:00:00+08:00",),
    "uuid": ("01900000-0000-7000-8000-000000000000",),
    "email": ("someone@example.cn",),
    "uri": ("https://example.cn/",),
}


class Values:
    """Draws values for the schemas of one OpenAPI document.

    `known` gives good values for properties by their name: codes of vocabularies, addresses.
    """

    def __init__(
        self, document: Document, random: Random, known: Mapping[str, Sequence[Any]]
    ) -> None:
        self._document = document
        self._random = random
        self._known = known

    def draw(self, schema: Schema, *, name: str = "", depth: int = 0) -> Any:
        """A value that fits, most likely; examples of the schema itself in half of the draws."""
        schema = self._resolved(schema)
        if self._known.get(name):
            return self._random.choice(self._known[name])
        examples = _examples(schema)
        if examples and self._random.random() < 0.5:
            return self._random.choice(examples)
        choices = schema.get("anyOf") or schema.get("oneOf")
        if choices:
            return self.draw(self._random.choice(choices), name=name, depth=depth + 1)
        if "enum" in schema or "const" in schema:
            return self._random.choice(schema.get("enum") or [schema["const"]])
        return self._of_type(schema, depth)

    def _of_type(self, schema: Schema, depth: int) -> Any:
        match _type(schema, self._random):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, depth)
            case "string":
                return self._text(schema)
            case "integer" | "number":
                return self._number(schema)
            case "boolean":
                return self._random.random() < 0.5
            case _:
                return None

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        required = set(schema.get("required", ()))
        chance = 0.5 if depth < _DEEPEST else 0.0
        return {
            name: self.draw(each, name=name, depth=depth + 1)
            for name, each in schema.get("properties", {}).items()
            if name in required or self._random.random() < chance
        }

    def _array(self, schema: Schema, depth: int) -> list[Any]:
        least = schema.get("minItems", 0)
        most = min(schema.get("maxItems", 3), 3) if depth < _DEEPEST else least
        count = self._random.randint(least, max(least, most))
        return [self.draw(schema.get("items", {}), depth=depth + 1) for _ in range(count)]

    def _text(self, schema: Schema) -> str:
        if schema.get("format") in _FORMATS:
            return self._random.choice(_FORMATS[str(schema["format"])])
        text: str = f"{self._random.choice(_TEXTS)} {self._random.randrange(10**6)}"
        least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", 200))
        return (text + "字" * least)[: max(least, min(most, len(text)))]

    def _number(self, schema: Schema) -> int:
        least = int(schema.get("minimum", schema.get("exclusiveMinimum", 0)))
        most = int(schema.get("maximum", least + 1_000_000))
        return self._random.randint(least, min(most, least + 1_000_000))

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            found: Any = self._document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            schema = found
        return schema


def _examples(schema: Schema) -> list[Any]:
    listed = schema.get("examples", [])
    if isinstance(listed, Mapping):
        listed = [each.get("value") for each in listed.values()]
    return [*listed, *([schema["example"]] if "example" in schema else [])]


def _type(schema: Schema, random: Random) -> Any:
    stated = schema.get("type", "object" if "properties" in schema else "string")
    return random.choice(stated) if isinstance(stated, list) else stated
