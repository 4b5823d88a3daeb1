"""`$filter` over rendered JSON: comparisons, and/or/not, startswith/contains/endswith, any/all over collections."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from roombooker_sandbox.exchange.errors import GraphError

Predicate = Callable[[dict[str, Any]], bool]
_TOKEN = re.compile(
    r"\s*(?:('(?:[^']|'')*')|(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)?|\d{4}-\d\d-\d\d(?![\w]))|(-?\d+(?:\.\d+)?)(?![\w-])|([A-Za-z_@][\w./@-]*)|([(),:]))"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b, "ne": lambda a, b: a != b, "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b,
    "lt": lambda a, b: a < b, "le": lambda a, b: a <= b,
}  # fmt: skip
_TESTS: dict[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith, "endswith": str.endswith, "contains": lambda a, b: b in a,
}  # fmt: skip


def parse_filter(text: str) -> Predicate:
    """400 BadRequest with OData's words for what cannot be read."""
    parser = _Parser(text)
    found = parser.either()
    parser.finish()
    return found


def value_at(entity: Any, path: str) -> Any:
    for name in path.split("/"):
        if name == "singleValueExtendedProperties" and isinstance(entity, dict):
            entity = entity.get("#props") or entity.get(name)
        else:
            entity = entity.get(name) if isinstance(entity, dict) else None
    return entity


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split(text)
        self._at = 0

    def _split(self, text: str) -> list[tuple[str, Any]]:
        tokens: list[tuple[str, Any]] = []
        at = 0
        while at < len(text.rstrip()):
            match = _TOKEN.match(text, at)
            if not match:
                raise self._error()
            at = match.end()
            string, stamp, number, name, sign = match.groups()
            if string is not None:
                tokens.append(("value", string[1:-1].replace("''", "'")))
            elif stamp is not None:
                tokens.append(("value", stamp))
            elif number is not None:
                tokens.append(("value", float(number)))
            elif name is not None and name in {"true", "false", "null"}:
                tokens.append(("value", {"true": True, "false": False, "null": None}[name]))
            else:
                tokens.append(("name", name) if name is not None else ("sign", sign))
        return tokens

    def _error(self) -> GraphError:
        return GraphError(400, "BadRequest", f"Invalid filter clause: Syntax error in '{self._text}'.")

    def _peek(self) -> tuple[str, Any]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", None)

    def _next(self) -> tuple[str, Any]:
        token = self._peek()
        self._at += 1
        return token

    def _take(self, sign: str) -> None:
        if self._next() != ("sign", sign):
            raise self._error()

    def finish(self) -> None:
        if self._peek()[0] != "end":
            raise self._error()

    def either(self) -> Predicate:
        options = [self.both()]
        while self._peek() == ("name", "or"):
            self._next()
            options.append(self.both())
        return options[0] if len(options) == 1 else lambda entity: any(option(entity) for option in options)

    def both(self) -> Predicate:
        terms = [self.term()]
        while self._peek() == ("name", "and"):
            self._next()
            terms.append(self.term())
        return terms[0] if len(terms) == 1 else lambda entity: all(term(entity) for term in terms)

    def term(self) -> Predicate:
        kind, name = self._next()
        if (kind, name) == ("name", "not"):
            inner = self.term()
            return lambda entity: not inner(entity)
        if (kind, name) == ("sign", "("):
            inner = self.either()
            self._take(")")
            return inner
        if kind == "name" and name in _TESTS:
            return self._function(_TESTS[name])
        if kind == "name" and name.lower().endswith(("/any", "/all")) and self._peek() == ("sign", "("):
            return self._lambda(name)
        if kind != "name":
            raise self._error()
        return self._comparison(name)

    def _function(self, test: Callable[[str, str], bool]) -> Predicate:
        self._take("(")
        path = self._next()[1]
        self._take(",")
        wanted = self._next()[1]
        self._take(")")
        return lambda entity: test(str(value_at(entity, path) or "").casefold(), str(wanted).casefold())

    def _lambda(self, name: str) -> Predicate:
        path, mode = name.rsplit("/", 1)
        self._take("(")
        variable = self._next()[1]
        self._take(":")
        inner = self.either()
        self._take(")")
        combine = any if mode.lower() == "any" else all
        return lambda entity: combine(inner({variable: member}) for member in value_at(entity, path) or ())

    def _comparison(self, path: str) -> Predicate:
        operator = self._next()
        if operator == ("name", "in"):
            return self._membership(path)
        kind, wanted = self._next()
        if operator[1] not in _COMPARE or kind != "value":
            raise self._error()
        compare = _COMPARE[operator[1]]
        expected = comparable(wanted)

        def matches(entity: dict[str, Any]) -> bool:
            found = comparable(value_at(entity, path))
            if operator[1] in {"eq", "ne"}:
                return compare(found, expected)
            return found is not None and type(found) is type(expected) and compare(found, expected)

        return matches

    def _membership(self, path: str) -> Predicate:
        self._take("(")
        wanted = [comparable(self._next()[1])]
        while self._peek() == ("sign", ","):
            self._next()
            wanted.append(comparable(self._next()[1]))
        self._take(")")
        return lambda entity: comparable(value_at(entity, path)) in wanted


def comparable(value: Any) -> Any:
    """Strings without their case, stamps in UTC, numbers as floats."""
    if isinstance(value, str):
        return _stamp(value) or value.casefold()
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _stamp(text: str) -> str | None:
    """A date or a stamp in UTC without decimals, so that two spellings of one instant are equal; None for other texts."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(:\d\d)?(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?", text)
    if not match:
        return None
    try:
        moment = datetime.fromisoformat(
            f"{match[1]}T{match[2] or '00:00'}{match[3] or ':00'}{(match[4] or '+00:00').replace('Z', '+00:00')}"
        )
    except ValueError:
        return None
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
