"""The filters of a Meilisearch search that the engine writes, understood by a second reader."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

# Field → what a document has there: a value, or an array of them.
Document = Mapping[str, Any]
Clause = str | Sequence[str]

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[()\[\],]|>=|<=|=|[^\s()\[\],"=<>]+)')


def keeps(clauses: Sequence[Clause], document: Document) -> bool:
    """Whether the document meets all clauses; of a list of alternatives it must meet one."""
    return all(
        meets(clause, document)
        if isinstance(clause, str)
        else any(meets(each, document) for each in clause)
        for clause in clauses
    )


def meets(condition: str, document: Document) -> bool:
    reader = _Reader(_TOKEN.findall(condition), document)
    met = reader.disjunction()
    assert not reader.tokens, f"left over in {condition}: {reader.tokens}"
    return met


class _Reader:
    """Recursive descent; `tokens` are those that follow."""

    def __init__(self, tokens: list[str], document: Document) -> None:
        self.tokens = tokens
        self._document = document

    def disjunction(self) -> bool:
        met = self._conjunction()
        while self.tokens[:1] == ["OR"]:
            self._take("OR")
            # Both sides must be read, whatever the first one says.
            other = self._conjunction()
            met = met or other
        return met

    def _conjunction(self) -> bool:
        met = self._part()
        while self.tokens[:1] == ["AND"]:
            self._take("AND")
            other = self._part()
            met = met and other
        return met

    def _part(self) -> bool:
        if self.tokens[0] == "(":
            self._take("(")
            met = self.disjunction()
            self._take(")")
            return met
        return self._comparison(self._held(self._take()), self._take())

    def _comparison(self, held: set[Any], operator: str) -> bool:
        if operator == "=":
            return self._value() in held
        if operator in (">=", "<="):
            sign, bound = (1 if operator == ">=" else -1), float(self._take())
            return any(sign * each >= sign * bound for each in held)
        if operator == "STARTS":
            self._take("WITH")
            beginning = self._value()
            return any(each.startswith(beginning) for each in held)
        if operator == "NOT":
            self._take("IN")
        else:
            assert operator == "IN", f"no operator: {operator}"
        return held.isdisjoint(self._values()) == (operator == "NOT")

    def _held(self, field: str) -> set[Any]:
        held = self._document.get(field, ())
        return set(held) if isinstance(held, list | tuple | set) else {held}

    def _values(self) -> list[str]:
        self._take("[")
        values = [self._value()]
        while self.tokens[0] == ",":
            self._take(",")
            values.append(self._value())
        self._take("]")
        return values

    def _value(self) -> str:
        quoted = self._take()
        assert quoted.startswith('"'), f"not quoted: {quoted}"
        return re.sub(r"\\(.)", r"\1", quoted[1:-1])

    def _take(self, expected: str = "") -> str:
        token = self.tokens.pop(0)
        assert not expected or token == expected
        return token
