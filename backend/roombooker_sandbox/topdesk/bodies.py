"""Request bodies read member by member; everything wrong is told at once, in TOPdesk's words."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import request

from roombooker_sandbox.topdesk.answers import Card, Refused, error
from roombooker_sandbox.topdesk.inferred import OPTIONAL_TEXT_WIDTH, REFUSES_UNKNOWN_MEMBERS
from roombooker_sandbox.topdesk.moments import read_instant

_MISSING = object()


class Body:
    """One JSON object. `finish` raises 400 with all that was wrong; until then wrong members read as None."""

    def __init__(self, value: Any = _MISSING, path: str = "", problems: list[Card] | None = None, *, optional: bool = False) -> None:
        self.problems: list[Card] = [] if problems is None else problems
        self.path = path
        if value is _MISSING:
            value = _json_body(optional=optional)
        self.value: Card = value if isinstance(value, dict) else {}
        if not isinstance(value, dict):
            self.blame("value_invalid", "", "must be a JSON object")

    def blame(self, code: str, name: str, message: str) -> None:
        where = f"{self.path}.{name}".strip(".")
        self.problems.append(error(code, f"'{where}' {message}" if where else f"The request body {message}", *([where] if where else [])))

    def has(self, name: str) -> bool:
        return self.value.get(name) is not None

    def finish(self) -> None:
        if self.problems:
            raise Refused(400, {"errors": self.problems})

    def allow(self, *names: str) -> None:
        """Refuse members that the call does not have."""
        for name in self.value if REFUSES_UNKNOWN_MEMBERS else ():
            if name not in names:
                self.blame("value_invalid", name, "is not a field of this request")

    def require(self, *names: str) -> None:
        for name in names:
            if self.value.get(name) in (None, ""):
                self.blame("value_mandatory", name, "is mandatory")

    def text(self, name: str, width: int | None = None) -> str | None:
        value = self.value.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            self.blame("value_invalid", name, "must be a text")
            return None
        if width is not None and len(value) > width:
            self.blame("value_too_long", name, f"can be at most {width} characters long")
            return None
        return value

    def number(self, name: str, low: int, high: int) -> int | None:
        value = self.value.get(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            self.blame("value_invalid", name, "must be a whole number")
        elif value < low:
            self.blame("value_too_small", name, f"must be at least {low}")
        elif value > high:
            self.blame("value_overflow", name, f"must be at most {high}")
        else:
            return value
        return None

    def truth(self, name: str) -> bool | None:
        value = self.value.get(name)
        if value is not None and not isinstance(value, bool):
            self.blame("value_invalid", name, "must be true or false")
            return None
        return value

    def choice(self, name: str, values: Iterable[str]) -> str | None:
        value = self.text(name)
        if value is not None and value not in values:
            self.blame("value_invalid", name, f"must be one of {', '.join(values)}")
            return None
        return value

    def instant(self, name: str) -> datetime | None:
        """One public client sends "" for a side that it leaves out: read as absent."""
        value = self.value.get(name)
        if value in (None, ""):
            return None
        try:
            return read_instant(value)
        except (ValueError, TypeError, AttributeError, OverflowError):
            self.blame("value_invalid", name, "is not a date according to ISO 8601")
            return None

    def uuid(self, name: str) -> str | None:
        value = self.value.get(name)
        if value is None:
            return None
        try:
            return str(UUID(value))
        except (ValueError, TypeError, AttributeError):
            self.blame("value_invalid", name, "is not a UUID")
            return None

    def inner(self, name: str) -> "Body | None":
        if self.value.get(name) is None:
            return None
        return Body(self.value[name], f"{self.path}.{name}".strip("."), self.problems)

    def items(self, name: str) -> list["Body"]:
        value = self.value.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.blame("value_invalid", name, "must be a list")
            return []
        path = f"{self.path}.{name}".strip(".")
        return [Body(item, path, self.problems) for item in value]

    def optional_tab(self, name: str) -> Card | None:
        """The thirty optional fields that are given; searchlists as {id} or {name} still to be looked up; None sets free."""
        tab = self.inner(name)
        if tab is None:
            return None
        tab.allow(*(f"{kind}{n}" for kind in ("boolean", "number", "date", "text", "memo", "searchlist") for n in range(1, 6)))
        return {key: tab.optional_value(key) for key in tab.value}

    def optional_value(self, key: str) -> Any:
        kind = key.rstrip("12345")
        if kind == "text":
            return self.text(key, OPTIONAL_TEXT_WIDTH)
        if kind == "memo":
            return self.text(key)
        if kind == "boolean":
            return self.truth(key)
        if kind == "date":
            instant = self.instant(key)
            return instant and instant.strftime("%Y-%m-%dT%H:%M:%SZ")
        if kind == "number":
            value = self.value.get(key)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
                self.blame("value_invalid", key, "must be a number")
                return None
            return None if value is None else float(value)
        return self.value.get(key)


def _json_body(*, optional: bool) -> Any:
    text = request.get_data(as_text=True)
    if optional and not text.strip():
        return {}
    try:
        return json.loads(text)
    except ValueError:
        raise Refused(400, {"errors": [error("value_invalid", "The request body is not valid JSON")]}) from None
