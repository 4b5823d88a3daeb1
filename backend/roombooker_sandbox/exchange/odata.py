"""OData query options as Graph takes them: `$select $top $skip $filter $orderby $count $expand`, the Prefer header, pages with nextLink."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import request

from roombooker_sandbox.exchange import inferred
from roombooker_sandbox.exchange.errors import GraphError
from roombooker_sandbox.exchange.odata_filter import Predicate, parse_filter, value_at
from roombooker_sandbox.exchange.wire import Style
from roombooker_sandbox.exchange.zones import zone_of

T = TypeVar("T")
_PREFERENCE = re.compile(r'\s*([^=;,\s]+)\s*(?:=\s*(?:"([^"]*)"|([^,;\s]*)))?\s*(?:[,;]|$)')


@dataclass(frozen=True)
class Query:
    select: tuple[str, ...] = ()
    top: int | None = None
    skip: int = 0
    matches: Predicate | None = None
    order: tuple[tuple[str, bool], ...] = ()  # path, descending
    count: bool = False
    expand: list[tuple[str, str]] = field(default_factory=list)  # name, inner options


def preferences() -> dict[str, str]:
    """All Prefer headers: lower-case name to value ("" when it has none)."""
    found: dict[str, str] = {}
    for header in request.headers.getlist("Prefer"):
        for name, quoted, plain in _PREFERENCE.findall(header):
            found[name.lower()] = quoted or plain
    return found


def style() -> Style:
    """How to write events for this request; 400 for a time zone nobody knows."""
    wanted = preferences()
    zone = wanted.get("outlook.timezone", "UTC")
    zone_of(zone)
    return Style(zone, wanted.get("outlook.body-content-type", "").lower() == "text", wanted.get("idtype", "").lower() == "immutableid")


def page_size(top: int | None, default: int = inferred.DEFAULT_PAGE, largest: int = inferred.LARGEST_PAGE) -> int:
    wanted = preferences().get("odata.maxpagesize", "")
    size = int(wanted) if wanted.isdigit() and int(wanted) > 0 else default
    return min(largest, top if top is not None else size)


def query(largest: int = inferred.LARGEST_PAGE) -> Query:
    args = request.args
    return Query(
        tuple(name.strip() for name in args.get("$select", "").split(",") if name.strip()),
        _number("$top", 1, largest),
        _number("$skip", 0, None) or 0,
        parse_filter(args["$filter"]) if args.get("$filter") else None,
        tuple(_order(part) for part in args.get("$orderby", "").split(",") if part.strip()),
        args.get("$count", "").lower() == "true",
        _expand(args.get("$expand", "")),
    )


def argument(name: str) -> str:
    """A parameter whose name may be written in any case; "" when it is missing."""
    return next((value for key, value in request.args.items() if key.lower() == name.lower()), "")


def _number(name: str, low: int, high: int | None) -> int | None:
    text = request.args.get(name)
    if text is None:
        return None
    if not text.isdigit() or int(text) < low:
        raise GraphError(
            400, "BadRequest", f"Invalid value '{text}' for {name} query option found. The value must be a non-negative integer."
        )
    if high is not None and int(text) > high:
        raise GraphError(400, "ErrorInvalidRequest", f"Invalid page size specified: {text}. Must be between {low} and {high} inclusive.")
    return int(text)


def _order(part: str) -> tuple[str, bool]:
    words = part.split()
    return words[0], len(words) > 1 and words[1].lower() == "desc"


def _expand(text: str) -> list[tuple[str, str]]:
    found, depth, at = [], 0, 0
    for i, letter in enumerate(text + ","):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            part = text[at:i].strip()
            at = i + 1
            if part:
                name, _, inner = part.partition("(")
                found.append((name.strip(), inner.rstrip(")")))
    return found


def selected(entity: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Only the selected properties; the id and the etag always come along."""
    if not names or "*" in names:
        return entity
    kept = {"id", *names}
    return {key: value for key, value in entity.items() if key in kept or key.startswith("@")}


def ordered(entities: list[dict[str, Any]], order: Sequence[tuple[str, bool]]) -> list[dict[str, Any]]:
    for path, descending in reversed(order):
        entities.sort(key=lambda entity: _sort_key(value_at(entity, path)), reverse=descending)
    return entities


def _sort_key(value: Any) -> tuple[bool, Any]:
    if isinstance(value, dict):
        value = value.get("dateTime") or value.get("displayName")
    return (value is not None, value if isinstance(value, (int, float)) else str(value or "").casefold())


def collection(
    rows: Sequence[T],
    render: Callable[[T], dict[str, Any]],
    wanted: Query,
    *,
    size: int,
    context: str,
    extra: Callable[[T], dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """One page of `{"value": […]}` with count and nextLink; renders no more than it must."""
    if wanted.matches or wanted.order:
        matches = wanted.matches or (lambda _: True)
        both = [({**entity, **(extra(row) if extra else {})}) for row in rows if matches(entity := _with_props(row, render))]
        for entity in both:
            entity.pop("#props", None)
        both = ordered(both, wanted.order)
        total, chosen = len(both), both[wanted.skip : wanted.skip + size]
    else:
        total = len(rows)
        chosen = [{**render(row), **(extra(row) if extra else {})} for row in rows[wanted.skip : wanted.skip + size]]
    keep = (*wanted.select, *(name for name, _ in wanted.expand)) if wanted.select else ()
    answer: dict[str, Any] = {"@odata.context": f"{root()}$metadata#{context}"}
    if wanted.count:
        answer["@odata.count"] = total
    answer["value"] = [selected(entity, keep) for entity in chosen]
    if total > wanted.skip + size:
        answer["@odata.nextLink"] = link({**request.args.to_dict(), "$skip": str(wanted.skip + size)})
    return answer


def _with_props(row: Any, render: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """A rendered entity that a filter may also ask for its extended properties, whether they are shown or not."""
    entity = render(row)
    data = getattr(row, "data", None)
    if data is not None and data.get("props"):
        entity = {**entity, "#props": [{"id": key, "value": value} for key, value in data["props"].items()]}
    return entity


def root() -> str:
    return f"{request.host_url}graph/v1.0/"


def link(params: dict[str, str]) -> str:
    return f"{request.base_url}?{urlencode(params, safe='$:,')}"
