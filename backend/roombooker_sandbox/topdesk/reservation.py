"""A reservation as this TOPdesk remembers it, read from and written to its lean rows."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from roombooker_sandbox.directory import stable_id
from roombooker_sandbox.topdesk.answers import Card
from roombooker_sandbox.topdesk.inferred import NUMBER_PREFIX

# The first four hold their slot; the order is stored, so it must not change.
STATUSES = ("planned", "request", "conflictingPlanned", "conflictingRequest", "cancelled", "rejectedRequest")
STATUS_CODE = {status: code for code, status in enumerate(STATUSES)}
COLUMNS = "r.serial, r.month, r.id, r.status, r.start, r.end, r.room, r.block, r.requester, r.subject, r.modified, r.archived, r.details"


@dataclass
class Facility:
    """One reserved room, object or asset. `block`: minutes kept free before and after; issue and return in seconds since 1970."""

    id: str
    room: int | None = None
    thing: Card | None = None  # {"object": {...}} or {"asset": {...}}
    block: int = 0
    issued: int | None = None
    returned: int | None = None
    services: list[Card] = field(default_factory=list)


@dataclass
class Reservation:
    """`start` and `end` in minutes since 1970 UTC, `modified` in seconds; `requester` and rooms are serials; `details`: the rest."""

    serial: int
    month: int
    id: str
    status: str
    start: int
    end: int
    requester: int
    subject: str
    modified: int
    facilities: list[Facility]
    archived: bool = False
    details: Card = field(default_factory=dict)

    @property
    def number(self) -> str:
        return number_of(self.month, self.serial)

    @property
    def rooms(self) -> list[int]:
        return [f.room for f in self.facilities if f.room is not None]

    @property
    def has_services(self) -> bool:
        return any(f.services for f in self.facilities)

    @property
    def is_issued(self) -> bool:
        return any(f.issued is not None and f.returned is None for f in self.facilities)

    @property
    def series(self) -> str | None:
        series: str | None = self.details.get("series")
        return series


def number_of(month: int, serial: int) -> str:
    return f"{NUMBER_PREFIX} {month:04d} {serial:03d}"


def serial_of(number: str) -> tuple[int, int] | None:
    """(month, serial) of a number as we write them, None for any other text."""
    parts = number.split(" ")
    if len(parts) == 3 and parts[1].isdigit() and parts[2].isdigit():
        month, serial = int(parts[1]), int(parts[2])
        if serial < 2**62 and number_of(month, serial).casefold() == number.casefold():
            return month, serial
    return None


def month_of(instant: datetime) -> int:
    return instant.year % 100 * 100 + instant.month


def facility_id(serial: int, position: int = 0) -> str:
    return stable_id("reserved-facility", f"{serial}:{position}")


def read_row(row: sqlite3.Row) -> Reservation:
    serial = row["serial"]
    details: Card = json.loads(row["details"]) if row["details"] else {}
    if "facilities" in details:
        facilities = [Facility(**kept) for kept in details.pop("facilities")]
    else:
        facilities = [Facility(facility_id(serial), row["room"], None, row["block"])]
    return Reservation(
        serial, row["month"], str(UUID(bytes=row["id"])), STATUSES[row["status"]], row["start"], row["end"], row["requester"],
        row["subject"], row["modified"], facilities, bool(row["archived"]), details,
    )  # fmt: skip


def find(db: sqlite3.Connection, identifier: str) -> Reservation | None:
    """By UUID or by number."""
    try:
        row = db.execute(f"SELECT {COLUMNS} FROM topdesk_reservations r WHERE r.id = ?", (UUID(identifier).bytes,)).fetchone()  # noqa: S608
    except ValueError:
        known = serial_of(identifier)
        if known is None:
            return None
        row = db.execute(
            f"SELECT {COLUMNS} FROM topdesk_reservations r WHERE r.month = ? AND r.serial = ?", known  # noqa: S608
        ).fetchone()  # fmt: skip
    return read_row(row) if row else None


def next_serial(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT coalesce(max(serial), 0) + 1 FROM topdesk_reservations").fetchone()[0])


def save(db: sqlite3.Connection, it: Reservation) -> None:
    """Insert or replace, with everything that is derived from it."""
    _forget_derived(db, it.serial)
    kept: dict[str, Any] = {**it.details, "facilities": [vars(f) for f in it.facilities]}
    first = it.facilities[0] if it.facilities else Facility("")
    db.execute(
        "INSERT OR REPLACE INTO topdesk_reservations (serial, month, id, status, start, end, room, block, requester, subject, modified, archived,"
        " details) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (it.serial, it.month, UUID(it.id).bytes, STATUS_CODE[it.status], it.start, it.end, first.room, first.block, it.requester, it.subject,
         it.modified, it.archived, json.dumps(kept)),
    )  # fmt: skip
    db.executemany(
        "INSERT OR IGNORE INTO topdesk_occupied (room, start, reservation, end, block) VALUES (?,?,?,?,?)",
        [(f.room, it.start, it.serial, it.end, f.block) for f in it.facilities if f.room is not None],
    )
    db.executemany("INSERT OR IGNORE INTO topdesk_marks (field, value, reservation) VALUES (?,?,?)", [(*m, it.serial) for m in _marks(it)])


def delete(db: sqlite3.Connection, it: Reservation) -> None:
    _forget_derived(db, it.serial)
    db.execute("DELETE FROM topdesk_attachments WHERE reservation = ?", (it.serial,))
    db.execute("DELETE FROM topdesk_reservations WHERE serial = ?", (it.serial,))


def _forget_derived(db: sqlite3.Connection, serial: int) -> None:
    row = db.execute(f"SELECT {COLUMNS} FROM topdesk_reservations r WHERE r.serial = ?", (serial,)).fetchone()  # noqa: S608
    if row is None:
        return
    old = read_row(row)
    db.executemany(
        "DELETE FROM topdesk_occupied WHERE room = ? AND start = ? AND reservation = ?", [(room, old.start, serial) for room in old.rooms]
    )
    db.executemany("DELETE FROM topdesk_marks WHERE field = ? AND value = ? AND reservation = ?", [(*mark, serial) for mark in _marks(old)])


# Fields that `topdesk_marks` knows completely: what is not there is not set.
MARKED = frozenset(
    {"series.id", "externalLinks.id", "externalLinks.type", "processingStatus.id"}
    | {f"optionalFields{tab}.text{n}" for tab in (1, 2) for n in range(1, 6)}
)


def _marks(it: Reservation) -> Iterator[tuple[str, str]]:
    if it.series:
        yield "series.id", it.series
    if status := it.details.get("processingStatus"):
        yield "processingStatus.id", status["id"]
    for link in it.details.get("externalLinks", ()):
        yield "externalLinks.id", link["id"]
        yield "externalLinks.type", link["type"]
    for tab in ("optionalFields1", "optionalFields2"):
        for name, value in it.details.get(tab, {}).items():
            if name.startswith("text") and value:
                yield f"{tab}.{name}", value
