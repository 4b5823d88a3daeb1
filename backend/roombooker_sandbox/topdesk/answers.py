"""Answers as TOPdesk words them: refusals in its several error shapes, JSON in its date and null styles, `$fields`."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from flask import Response, request

from roombooker_sandbox.switches import Switches
from roombooker_sandbox.topdesk.inferred import CODE_UNKNOWN_PARAMETER
from roombooker_sandbox.topdesk.moments import write_instant

Card = dict[str, Any]

_KINDS = (("boolean", False), ("number", 0.0), ("date", None), ("text", ""), ("memo", None), ("searchlist", None))
UNSET_TAB: Card = {f"{kind}{n}": unset for kind, unset in _KINDS for n in range(1, 6)}
_TABS = ("optionalFields1", "optionalFields2")


class Refused(Exception):
    """Ends a request with `status` and `body` (a JSON value; None: no body)."""

    def __init__(self, status: int, body: Any = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


def error(code: str, message: str, *applies_to: str) -> Card:
    return {"errorCode": code, "appliesTo": list(applies_to), "errorMessage": message}


def refuse(code: str, message: str, *applies_to: str) -> Refused:
    """400 in the reservations family's shape: an object with `errors`."""
    return Refused(400, {"errors": [error(code, message, *applies_to)]})


def refuse_plainly(status: int, message: str) -> Refused:
    """The older shape of the supporting files: a bare array of messages."""
    return Refused(status, [{"message": message}])


def not_found() -> Refused:
    return Refused(404)


class Style:
    """How values look in one answer, by the switches unless told otherwise.

    Supporting files are documented to write `.000+0000`, which their own contract's date-time does not allow: by default the contract
    wins, the switch shows the other; persons v1, which no contract has, write it always.
    """

    def __init__(self, switches: Switches, *, dates: str | None = None, nulls: str | None = None) -> None:
        self.dates = dates or switches.date_style
        self.nulls = nulls or switches.nulls

    def shape(self, value: Any, key: str = "") -> Any:
        """A card as JSON: instants written, unset members left out, null or empty."""
        if isinstance(value, datetime):
            return write_instant(value, self.dates)
        if isinstance(value, list):
            return [self.shape(item) for item in value]
        if isinstance(value, Mapping):
            if self.nulls != "omit" and key in _TABS:
                value = {**UNSET_TAB, **value}
            if self.nulls == "omit":
                return {k: self.shape(v, k) for k, v in value.items() if v is not None and v != ""}
            return {k: self.shape(v, k) for k, v in value.items()}
        return None if value == "" and self.nulls == "null" else value


def answer(body: Any, status: int = 200, content_type: str = "application/json", headers: Mapping[str, str] | None = None) -> Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, dict(headers or {}), content_type=f"{content_type};charset=UTF-8")


def pick(card: Mapping[str, Any], wanted: Iterable[str]) -> Card:
    """Only these fields; `a.b` keeps b of a, of each a when a is a list."""
    tree: dict[str, list[str]] = {}
    for name in wanted:
        head, _, rest = name.partition(".")
        tree.setdefault(head, []).append(rest)
    picked: Card = {}
    for head, rests in tree.items():
        if head not in card:
            continue
        value = card[head]
        if "" in rests:
            picked[head] = value
        elif isinstance(value, list):
            picked[head] = [pick(item, rests) for item in value]
        elif isinstance(value, Mapping):
            picked[head] = pick(value, rests)
    return picked


def wanted_fields(parameter: str = "$fields") -> list[str] | None:
    """The names asked for, None when the parameter is absent or asks for everything."""
    given = request.args.get(parameter)
    names = [name.strip() for name in given.split(",") if name.strip()] if given else []
    return None if not names or names[0] in ("*", "all") else names


def check_parameters(switches: Switches, *known: str) -> None:
    """Real list calls seem to ignore unknown parameters; the switch makes a typo visible instead."""
    if switches.unknown_parameter == "400":
        for name in request.args:
            if name not in known:
                raise refuse(CODE_UNKNOWN_PARAMETER, f"Unknown parameter '{name}'", name)


def whole_number(name: str, default: int, low: int, high: int) -> int:
    """A paging parameter. 400 when it is no number or out of range."""
    given = request.args.get(name)
    if given is None:
        return default
    if not given.lstrip("-").isdigit() or not low <= int(given) <= high:
        raise refuse("value_invalid", f"{name} must be a number from {low} to {high}", name)
    return int(given)


def truth(name: str) -> bool | None:
    """A boolean parameter, None when absent. 400 for anything but true and false."""
    given = request.args.get(name)
    if given is None:
        return None
    if given.lower() not in ("true", "false"):
        raise refuse("value_invalid", f"{name} must be true or false", name)
    return given.lower() == "true"
