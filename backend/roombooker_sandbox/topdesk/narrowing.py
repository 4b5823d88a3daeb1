"""FIQL to SQL for reservations: conditions that let through all that match, perhaps more, and whether exactly that."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from roombooker_sandbox.topdesk.fiql import AllOf, Node, Test
from roombooker_sandbox.topdesk.reservation import MARKED, STATUS_CODE, serial_of

_DAY = 1440
_COMPARE = {"=gt=": ">", "=ge=": ">=", "=lt=": "<", "=le=": "<="}


@dataclass(frozen=True)
class Condition:
    """`narrow`: it leads to few rows by a key of its own, so that the index on start should stand back."""

    sql: str
    values: tuple[Any, ...] = ()
    exact: bool = True
    narrow: bool = False


_EVERYTHING = Condition("1", exact=False)


def narrow(node: Node, db: sqlite3.Connection) -> Condition:
    """Rows of `topdesk_reservations r` that can match. A part that SQL cannot tell becomes "any", marked as not exact."""
    longest = db.execute("SELECT max(end - start) FROM topdesk_reservations WHERE end - start > 1440").fetchone()[0] or _DAY
    return _condition(node, int(longest))


def _condition(node: Node, longest: int) -> Condition:
    if isinstance(node, Test):
        return _test(node, longest)
    parts = [_condition(part, longest) for part in node.parts]
    values = tuple(value for part in parts for value in part.values)
    exact = all(part.exact for part in parts)
    if isinstance(node, AllOf):
        spans = [p for part in node.parts if isinstance(part, Test) if (p := _span(part, longest, "o."))]
        if spans and any(isinstance(part, Test) and part.field == "reservedFacilities.location.id" for part in node.parts):
            parts = [_within(part, spans) for part in parts]
            values = tuple(value for part in parts for value in part.values)
        return Condition(" AND ".join(f"({part.sql})" for part in parts), values, exact, any(part.narrow for part in parts))
    if any(part.sql == "1" and not part.exact for part in parts):
        return _EVERYTHING
    return Condition(" OR ".join(f"({part.sql})" for part in parts), values, exact, all(part.narrow for part in parts))


def _within(part: Condition, spans: list[Condition]) -> Condition:
    """Push the window into the look-up by room, so that a room's other years are not even touched."""
    if not part.sql.startswith(_IN_ROOMS):
        return part
    window = " AND ".join(span.sql for span in spans)
    values = part.values + tuple(value for span in spans for value in span.values)
    return Condition(f"{part.sql[:-1]} AND {window})", values, part.exact, narrow=True)


_IN_ROOMS = "r.serial IN (SELECT o.reservation FROM topdesk_occupied o WHERE o.room IN"


def _test(test: Test, longest: int) -> Condition:
    if span := _span(test, longest, "r."):
        return span
    build = _BUILDERS.get(test.field)
    if build:
        return build(test)
    if test.field in MARKED:
        return _mark(test)
    return _EVERYTHING


def _span(test: Test, longest: int, table: str) -> Condition | None:
    """A comparison of the planned start or end, in whole minutes though the caller may write seconds."""
    column = {"plannedStartDate": "start", "plannedEndDate": "end"}.get(test.field)
    value = test.values[0]
    if column is None or not isinstance(value, datetime):
        return None
    seconds = int(value.timestamp())
    up, down = -(-seconds // 60), seconds // 60
    if test.operator == "==":
        bounds = [("=", down if up == down else -1)]
    elif test.operator in _COMPARE:
        bounds = [(_COMPARE[test.operator], up if test.operator in ("=ge=", "=lt=") else down)]
    else:
        return None
    sql = [f"{table}{column} {sign} ?" for sign, _ in bounds]
    values = [minute for _, minute in bounds]
    if column == "end" and bounds[0][0] in (">", ">=", "="):  # nothing lasts longer than the longest: spare the index the whole past
        sql.append(f"{table}start >= ?")
        values.append(values[0] - longest)
    return Condition(" AND ".join(sql), tuple(values))


def _among(column: str, values: list[Any], *, negative: bool, narrow: bool = False) -> Condition:
    marks = ",".join("?" * len(values))
    return Condition(f"{column} {'NOT IN' if negative else 'IN'} ({marks})", tuple(values), narrow=narrow and not negative)


def _negative(test: Test) -> bool:
    return test.operator in ("!=", "=out=")


def _id(test: Test) -> Condition:
    if test.values == (None,):
        return Condition("1" if _negative(test) else "0")
    return _among("r.id", [UUID(str(value)).bytes for value in test.values], negative=_negative(test), narrow=True)


def _number(test: Test) -> Condition:
    if test.values == (None,) or test.operator == "=sw=":
        return _EVERYTHING
    known = [pair[1] for value in test.values if (pair := serial_of(str(value)))]
    condition = _among("r.serial", known, negative=_negative(test), narrow=True)
    return Condition(condition.sql, condition.values, exact=False, narrow=condition.narrow) if not _negative(test) else _EVERYTHING


def _status(test: Test) -> Condition:
    if test.values == (None,):
        return Condition("1" if _negative(test) else "0")
    return _among("r.status", [STATUS_CODE[str(value)] for value in test.values], negative=_negative(test))


def _archived(test: Test) -> Condition:
    if test.values == (None,):
        return Condition("1" if _negative(test) else "0")
    return _among("r.archived", [int(bool(value)) for value in test.values], negative=_negative(test))


def _room(test: Test) -> Condition:
    if test.values == (None,) or _negative(test):
        return _EVERYTHING
    marks = ",".join("?" * len(test.values))
    return Condition(f"{_IN_ROOMS} (SELECT serial FROM topdesk_locations WHERE id IN ({marks})))", test.values, narrow=True)  # noqa: S608


def _requester(column: str) -> Callable[[Test], Condition]:
    def build(test: Test) -> Condition:
        if test.values == (None,) or test.operator not in ("==", "=in=") or not all(str(v).isascii() for v in test.values):
            return _EVERYTHING
        marks = ",".join("?" * len(test.values))
        return Condition(f"r.requester IN (SELECT serial FROM topdesk_persons WHERE {column} IN ({marks}))", test.values, narrow=True)  # noqa: S608

    return build


def _mark(test: Test) -> Condition:
    known = f"r.serial {{}} (SELECT reservation FROM topdesk_marks WHERE field = '{test.field}'{{}})"  # noqa: S608  one of MARKED
    if test.values == (None,):
        return Condition(known.format("IN" if _negative(test) else "NOT IN", ""), narrow=_negative(test))
    if not all(str(value).isascii() for value in test.values):
        return _EVERYTHING  # the database folds the case of ASCII only
    if test.operator == "=sw=":
        start = str(test.values[0]).replace("!", "!!").replace("%", "!%").replace("_", "!_")
        return Condition(known.format("IN", " AND value LIKE ? ESCAPE '!'"), (f"{start}%",), narrow=True)
    marks = ",".join("?" * len(test.values))
    return Condition(
        known.format("NOT IN" if _negative(test) else "IN", f" AND value IN ({marks})"), test.values, narrow=not _negative(test)
    )


_BUILDERS: dict[str, Callable[[Test], Condition]] = {
    "id": _id, "number": _number, "status": _status, "archived": _archived, "reservedFacilities.location.id": _room,
    "requester.id": _requester("id"), "requester.email": _requester("email"),
}  # fmt: skip
