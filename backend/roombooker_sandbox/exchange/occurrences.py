"""The rows of a calendar view: single items as they are, series unrolled with their exceptions."""

import json
from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from functools import lru_cache
from sqlite3 import Connection
from typing import Any

from roombooker_sandbox.exchange.errors import item_not_found
from roombooker_sandbox.exchange.ids import ItemRef
from roombooker_sandbox.exchange.items import Item, Items
from roombooker_sandbox.exchange.recurrence import slots
from roombooker_sandbox.exchange.zones import wall


@dataclass(frozen=True)
class Row:
    """What one id shows: an item, or one date of a series (`original` is not 0)."""

    item: Item
    original: int
    start: int
    end: int
    data: Mapping[str, Any]

    @property
    def kind(self) -> str:
        if self.original:
            return "exception" if str(self.original) in self.item.data.get("exceptions", {}) else "occurrence"
        return "seriesMaster" if self.item.series else "singleInstance"

    @property
    def blocks(self) -> bool:
        """Does it take the time? Cancelled and free rows do not."""
        return not self.data.get("cancelled") and self.data.get("showAs", "busy") not in {"free", "workingElsewhere"}


def whole(item: Item) -> Row:
    return Row(item, 0, item.start, item.end, item.data)


@lru_cache(maxsize=256)
def _plan(recurrence_text: str, at: time, length_s: int) -> tuple[tuple[int, int], ...]:
    return tuple(slots(json.loads(recurrence_text), at, timedelta(seconds=length_s)))


def plan_of(item: Item) -> tuple[tuple[int, int], ...]:
    """(original start, original end) of every date of a series, exceptions not applied."""
    recurrence = item.data["recurrence"]
    zone = recurrence["range"]["recurrenceTimeZone"]
    begins, ends = wall(item.start, zone), wall(item.end, zone)
    return _plan(_text(recurrence), begins.time(), int((ends - begins).total_seconds()))


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def occurrence(item: Item, original: int, end: int) -> Row | None:
    """One date with its exception applied; None when it was dropped."""
    if original in item.data.get("dropped", ()):
        return None
    change = item.data.get("exceptions", {}).get(str(original))
    if change is None:
        return Row(item, original, original, end, item.data)
    return Row(item, original, change.get("start", original), change.get("end", end), ChainMap(change, item.data))


def unrolled(item: Item, low: int, high: int) -> Iterator[Row]:
    """Dates of a series that overlap the half-open window, exceptions at their new time."""
    exceptions = item.data.get("exceptions", {})
    for original, end in plan_of(item):
        if str(original) not in exceptions and (original >= high or end <= low):
            if original >= high and not exceptions:
                return
            continue
        row = occurrence(item, original, end)
        if row and row.start < high and row.end > low:
            yield row


def view(items: Items, db: Connection, mailbox: int, low: int, high: int) -> list[Row]:
    """Everything in a mailbox that overlaps the half-open window, in start order."""
    rows = [whole(item) for item in items.singles(db, mailbox, low, high)]
    for item in items.series(db, mailbox):
        rows.extend(unrolled(item, low, high))
    rows.sort(key=lambda row: (row.start, row.item.id, row.original))
    return rows


def row_of(items: Items, db: Connection, ref: ItemRef | None) -> Row:
    """What an id shows now; 404 ErrorItemNotFound."""
    item = items.get(db, ref.item) if ref else None
    if item is None or ref is None:
        raise item_not_found()
    if not ref.original:
        return whole(item)
    if item.series:
        for original, end in plan_of(item):
            if original == ref.original:
                row = occurrence(item, original, end)
                if row:
                    return row
    raise item_not_found()


def last_end(item: Item) -> int:
    """When the series is over, by its plan (exceptions left out)."""
    plan = plan_of(item)
    return plan[-1][1] if plan else item.end
