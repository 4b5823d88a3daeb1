"""FIQL as TOPdesk's tutorial describes it: text to tree, and whether a card matches; values typed by a catalogue of fields."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from roombooker_sandbox.topdesk.inferred import EMPTY_QUERY_IS_AN_ERROR, TEXT_IGNORES_CASE, UNSET_DIFFERS_FROM_ALL
from roombooker_sandbox.topdesk.moments import read_instant

Value = str | float | bool | datetime | None


class BadQuery(ValueError):
    """What is wrong with a query, in words for the caller."""


@dataclass(frozen=True)
class Test:
    """One comparison. `values` is typed by the field; (None,) is null."""

    field: str
    kind: str
    operator: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class AllOf:
    parts: tuple["Node", ...]


@dataclass(frozen=True)
class OneOf:
    parts: tuple["Node", ...]


Node = Test | AllOf | OneOf
Fields = Mapping[str, str]  # field -> text | memo | number | boolean | date | id | reference (null or not) | one of "a|b|c"

_TOKEN = re.compile(
    r"\s*(?:(?P<operator>==|!=|=[a-z]+=|>=|<=|>|<)|(?P<mark>[();,])|(?P<quoted>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|(?P<bare>[^\s'\"();,=!~<>]+))",
    re.DOTALL,
)
_ALIASES = {">": "=gt=", ">=": "=ge=", "<": "=lt=", "<=": "=le="}
_LISTS = ("=in=", "=out=")
_ORDERS = ("=gt=", "=ge=", "=lt=", "=le=")
_ALLOWED = {
    "text": {"==", "!=", "=sw=", "=in=", "=out="}, "memo": {"=sw="}, "number": {"==", "!=", *_ORDERS, *_LISTS},
    "date": {"==", "!=", *_ORDERS, *_LISTS}, "boolean": {"==", "!=", *_LISTS}, "id": {"==", "!=", *_LISTS}, "reference": set(),
}  # fmt: skip


def parse_query(text: str, fields: Fields, *, ordered_text: bool = False) -> Node:
    """The tree of a query. BadQuery on anything that TOPdesk would refuse. `ordered_text`: persons v2 compares texts by order, too."""
    tokens = list(_tokens(text))
    if not tokens and EMPTY_QUERY_IS_AN_ERROR:
        raise BadQuery("query is empty")
    parser = _Parser(tokens, fields, ordered_text=ordered_text)
    node = parser.either()
    if parser.rest:
        raise BadQuery(f"query has something unexpected at '{parser.rest[0][1]}'")
    return node


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position, end = 0, len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if not found:
            raise BadQuery(f"query cannot be read from position {position}")
        position = found.end()
        kind = found.lastgroup or ""
        word = found[kind]
        if kind == "quoted":
            word = re.sub(r"\\(.)", r"\1", word[1:-1], flags=re.DOTALL)
        yield kind, _ALIASES.get(word, word) if kind == "operator" else word


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], fields: Fields, *, ordered_text: bool) -> None:
        self.rest = tokens
        self._fields = fields
        self._ordered_text = ordered_text

    def either(self) -> Node:
        parts = [self._both()]
        while self._take(("mark", ","), ("bare", "or")):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else OneOf(tuple(parts))

    def _both(self) -> Node:
        parts = [self._one()]
        while self._take(("mark", ";"), ("bare", "and")):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _one(self) -> Node:
        if self._take(("mark", "(")):
            node = self.either()
            self._expect(")")
            return node
        field = self._next("bare")
        operator = self._next("operator")
        kind = self._fields.get(field)
        if kind is None:
            raise BadQuery(f"query contains unknown field: '{field}'")
        words = list(self._words(operator))
        if words == [("bare", "null")] and operator in ("==", "!="):
            return Test(field, kind, operator, (None,))
        self._check(field, kind, operator)
        return Test(field, kind, operator, tuple(_typed(field, kind, word) for _, word in words))

    def _words(self, operator: str) -> Iterator[tuple[str, str]]:
        if operator not in _LISTS:
            yield self._value()
            return
        self._expect("(")
        yield self._value()
        while self._take(("mark", ",")):
            yield self._value()
        self._expect(")")

    def _check(self, field: str, kind: str, operator: str) -> None:
        allowed = _ALLOWED.get(kind, {"==", "!=", *_LISTS})
        if operator not in allowed and not (self._ordered_text and kind == "text" and operator in _ORDERS):
            raise BadQuery(f"operator '{operator}' cannot be used on field '{field}'")

    def _take(self, *wanted: tuple[str, str]) -> bool:
        if self.rest and self.rest[0] in wanted:
            self.rest.pop(0)
            return True
        return False

    def _value(self) -> tuple[str, str]:
        if not self.rest or self.rest[0][0] not in ("bare", "quoted"):
            raise BadQuery("query lacks a value")
        return self.rest.pop(0)

    def _next(self, kind: str) -> str:
        if not self.rest or self.rest[0][0] != kind:
            raise BadQuery(f"query cannot be read{f' at {self.rest[0][1]!r}' if self.rest else ': it ends too early'}")
        return self.rest.pop(0)[1]

    def _expect(self, mark: str) -> None:
        if not self._take(("mark", mark)):
            raise BadQuery(f"query lacks a '{mark}'")


def _typed(field: str, kind: str, word: str) -> Value:
    try:
        if kind == "number":
            return float(word)
        if kind == "date":
            return read_instant(word)
        if kind == "id":
            return str(UUID(word))
    except ValueError:
        raise BadQuery(f"The value for the field '{field}' cannot be parsed") from None
    if kind == "boolean":
        if word.lower() not in ("true", "false"):
            raise BadQuery(f"The value for the field '{field}' cannot be parsed")
        return word.lower() == "true"
    if "|" in kind and word not in kind.split("|"):
        raise BadQuery(f"The value for the field '{field}' cannot be parsed")
    return word


Finder = Callable[[Mapping[str, Any], str], Iterable[Any]]


def values_of(card: Mapping[str, Any], path: str) -> Iterator[Any]:
    """Every value that a dotted path reaches; a list on the way fans out."""
    head, _, rest = path.partition(".")
    value = card.get(head)
    for item in value if isinstance(value, list) else (value,):
        if not rest:
            yield item
        elif isinstance(item, Mapping):
            yield from values_of(item, rest)


def matches(node: Node, card: Mapping[str, Any], find: Finder = values_of) -> bool:
    if isinstance(node, AllOf):
        return all(matches(part, card, find) for part in node.parts)
    if isinstance(node, OneOf):
        return any(matches(part, card, find) for part in node.parts)
    found = [value for value in find(card, node.field) if value is not None and value != ""]
    if node.values == (None,):
        return bool(found) == (node.operator == "!=")
    if not found:
        return UNSET_DIFFERS_FROM_ALL and node.operator in ("!=", "=out=")
    wanted = tuple(_folded(value) for value in node.values)
    return any(_holds(node.operator, _folded(value), wanted) for value in found)


def _folded(value: Any) -> Any:
    if isinstance(value, str):
        return value.casefold() if TEXT_IGNORES_CASE else value
    return value


def _holds(operator: str, value: Any, wanted: tuple[Any, ...]) -> bool:
    first = wanted[0]
    match operator:
        case "==" | "=in=":
            return value in wanted
        case "!=" | "=out=":
            return value not in wanted
        case "=sw=":
            return str(value).startswith(first)
        case "=gt=":
            return bool(value > first)
        case "=ge=":
            return bool(value >= first)
        case "=lt=":
            return bool(value < first)
        case _:
            return bool(value <= first)
