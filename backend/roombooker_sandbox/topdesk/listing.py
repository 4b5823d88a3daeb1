"""Lists of reservations: a FIQL query answered from the index where it can be, checked card by card where it cannot."""

import sqlite3
from collections.abc import Iterator

from roombooker_sandbox.topdesk.answers import Card
from roombooker_sandbox.topdesk.fiql import Node, matches
from roombooker_sandbox.topdesk.narrowing import Condition, narrow
from roombooker_sandbox.topdesk.rendering import Reader
from roombooker_sandbox.topdesk.reservation import COLUMNS, STATUSES, read_row

_TABS = {f"{tab}.{kind}{n}": "searchlist" if kind == "searchlist" else kind
         for tab in ("optionalFields1", "optionalFields2") for kind in ("boolean", "number", "date", "text", "memo") for n in range(1, 6)}  # fmt: skip
_LISTS = {f"{tab}.searchlist{n}.{part}": {"id": "id", "name": "text"}[part]
          for tab in ("optionalFields1", "optionalFields2") for n in range(1, 6) for part in ("id", "name")}  # fmt: skip
OPTIONAL_FIELDS = _TABS | _LISTS

_ACCOUNT = {"id": "id", "email": "text", "loginName": "text", "networkLoginName": "text", "employeeNumber": "text"}

# The complete list of what spec R lets a query ask for; modificationDate and the block dates are not in it.
RESERVATION_FIELDS = {
    "id": "id", "status": "|".join(STATUSES), "archived": "boolean", "number": "text", "briefDescription": "text", "notes": "memo",
    "numberOfPersons": "number", "plannedStartDate": "date", "plannedEndDate": "date", "event.id": "id", "event.number": "text", "series.id": "id",
    "participants.visitors.id": "id", "participants.visitors.number": "text", "reservedFacilities.location.id": "id",
    "reservedFacilities.location.roomNumber": "text", "externalLinks.id": "text", "externalLinks.type": "text", "externalLinks.date": "date",
    **{f"{who}.{part}": kind for who in ("requester", "reservedForOther", "participants.persons") for part, kind in _ACCOUNT.items()},
    **{f"{what}.{part}": kind for what in ("operatorGroup", "operator", "processingStatus", "reservedFacilities.object")
       for part, kind in (("id", "id"), ("name", "text"))},
    "reservedFacilities.asset.id": "text", "reservedFacilities.asset.name": "text",
    **{f"reservedFacilities.reservedServices.{part}": "id" for part in ("id", "serviceId", "operatorId", "supplierId")},
    **OPTIONAL_FIELDS,
}  # fmt: skip


def list_reservations(
    db: sqlite3.Connection, reader: Reader, query: Node | None, top: int, hidden_rooms: frozenset[int]
) -> tuple[list[Card], bool]:
    """Cards in order of their start, at most `top`, and whether there are more. Those in hidden rooms are left out."""
    condition = narrow(query, db) if query else Condition("1")
    cards: list[Card] = []
    for card in _candidates(db, reader, condition, top + 1 if condition.exact and not hidden_rooms else None, hidden_rooms):
        if query and not condition.exact and not matches(query, card, reader.find):
            continue
        if len(cards) == top:
            return cards, True
        cards.append(card)
    return cards, False


def _candidates(
    db: sqlite3.Connection, reader: Reader, condition: Condition, limit: int | None, hidden_rooms: frozenset[int]
) -> Iterator[Card]:
    # the index on start stands back where the rows are few anyhow
    start = "+r.start" if condition.narrow else "r.start"
    where = condition.sql.replace("r.start", start)
    sql = f"SELECT {COLUMNS} FROM topdesk_reservations r WHERE {where} ORDER BY {start}, r.serial"  # noqa: S608  built from our own words
    for row in db.execute(sql if limit is None else f"{sql} LIMIT {limit}", condition.values):
        it = read_row(row)
        if not hidden_rooms.intersection(it.rooms):
            yield reader.reservation(it)
