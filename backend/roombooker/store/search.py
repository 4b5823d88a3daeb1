"""The index, asked: which rooms are taken at a slot, how often over many slots, and by what; one statement for all rooms each.

The statements are plain SQL that both databases read alike. They are written out with their numbers, all whole numbers of our own
making, because building and binding them as expressions costs more time than running them."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from roombooker.domain.slot import Slot
from roombooker.store import rooms
from roombooker.store.daybits import masks, to_minute

_ARMS = 400
_DRIVER = "driver"  # in a session's own notes
_Hours = tuple[tuple[int, int], ...]  # hour of the day, bits of it


@dataclass(frozen=True, slots=True)
class Occupant:
    """A booking as it stands in a room, in minutes since 1970: the span closed to others, planned span, and who may be shown for it."""

    start: int
    end: int
    planned_start: int
    planned_end: int
    by: str | None


def known(session: Session, person: str) -> tuple[str, str | None, str | None, frozenset[str]]:
    """The version of the rooms, and where a person (an address) booked last and likes to: building, floor, ids of rooms."""
    mark = "%s" if _is_postgres(session) else "?"
    query = (
        'SELECT c.value, p.last_building, p.last_floor, p.favourites FROM "cursor" c '  # noqa: S608
        f"LEFT JOIN person p ON p.email = {mark} WHERE c.name = {mark}"
    )
    found = _rows(session, query, (person, rooms.VERSION))
    if not found:  # no room was ever saved
        return "", None, None, frozenset()
    version, building, floor, favourites = found[0]
    ids = json.loads(favourites) if isinstance(favourites, str) else favourites or ()  # one of the drivers reads JSON itself
    return version, building, floor, frozenset(ids or ())


def taken(session: Session, slot: Slot) -> set[int]:
    """The numbers of the rooms in which something blocks a part of the slot."""
    pieces: dict[_Hours, list[int]] = defaultdict(list)  # a slot of many days has few different ones
    for day, hours in masks(slot).items():
        pieces[tuple(hours.items())].append(day)
    touched = " OR ".join(f"(day IN ({_list(days)}) AND {_blocked(hours)})" for hours, days in pieces.items())
    # One string instead of thousands of rows: each row fetched costs a change of the interpreter's lock.
    ((found,),) = _rows(session, f"SELECT {_joined(session, 'room_no')} FROM occupancy_day WHERE {touched}")  # noqa: S608
    return set(map(int, found.split(","))) if found else set()


def clashes(session: Session, slots: Sequence[Slot]) -> dict[int, int]:
    """How many of the slots are taken, per room number; a room that is not there has all of them free."""
    pieces: dict[_Hours, list[tuple[int, int]]] = defaultdict(list)  # same hours and bits -> (day, slot)
    for index, slot in enumerate(slots):
        for day, hours in masks(slot).items():
            pieces[tuple(hours.items())].append((day, index))
    # No slot reaches over midnight UTC, none is asked twice: then a day of a room is a slot, and days can be counted.
    touched = [(day, hours) for hours, days in pieces.items() for day, _ in days]
    is_plain = len(touched) == len(set(touched)) == len(slots)
    if is_plain:
        inner = " UNION ALL ".join(
            f"SELECT room_no FROM occupancy_day WHERE day IN ({_list(day for day, _ in days)}) AND {_blocked(hours)}"  # noqa: S608
            for hours, days in pieces.items()
        )
    else:
        inner = _together(
            "UNION",
            [
                f"SELECT room_no, {index} AS slot FROM occupancy_day WHERE day = {day} AND {_blocked(hours)}"  # noqa: S608
                for hours, days in pieces.items()
                for day, index in days
            ],
        )
    counted = f"SELECT room_no, count(*) AS n FROM ({inner}) AS asked GROUP BY room_no"  # noqa: S608
    query = f"SELECT {_joined(session, 'room_no')}, {_joined(session, 'n')} FROM ({counted}) AS counted"  # noqa: S608
    ((numbers, counts),) = _rows(session, query)
    return dict(zip(map(int, numbers.split(",")), map(int, counts.split(",")), strict=True)) if numbers else {}


# TOPdesk keeps no such mark, and a room's calendar may be set to clear it: what was asked for stands.
_PRIVATE = "private OR EXISTS (SELECT 1 FROM link WHERE link.match_key = occupancy.match_key AND link.private)"


def occupants(session: Session, numbers: Iterable[int], slots: Sequence[Slot]) -> dict[int, list[Occupant]]:
    """What stands in these rooms during any of the slots, soonest first; what both sides say of one booking counts once."""
    wanted = _list(numbers)
    # One arm per slot with its numbers written out: joined to a list of slots, PostgreSQL compares every booking with every slot.
    arms = [
        f"SELECT room_no, start_min, end_min, planned_start_min, planned_end_min, shown_by, match_key, {_PRIVATE} FROM occupancy "  # noqa: S608
        f"WHERE room_no IN ({wanted}) AND start_min < {end} AND start_min > {start} - (SELECT span FROM longest) AND end_min > {start}"
        for start, end in ((to_minute(slot.start), to_minute(slot.end)) for slot in slots)
    ]
    longest = f"WITH longest(span) AS (SELECT max(longest_min) FROM occupancy_room WHERE no IN ({wanted})) "  # noqa: S608
    rows = _rows(session, f"{longest}{_together('UNION ALL', arms)} ORDER BY room_no, start_min")
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return {number: _merge(stood) for number, stood in found.items()}


def next_starts(session: Session, numbers: Iterable[int], after: int, before: int) -> dict[int, int]:
    """When each of these rooms is next taken from minute `after` on, if that is before `before`."""
    query = (
        f"SELECT room_no, min(start_min) FROM occupancy WHERE room_no IN ({_list(numbers)}) "  # noqa: S608
        f"AND start_min >= {int(after)} AND start_min < {int(before)} GROUP BY room_no"
    )
    return {int(row[0]): int(row[1]) for row in _rows(session, query)}


def _merge(rows: Sequence[Any]) -> list[Occupant]:
    """One booking per match key where its sides overlap, and per planned span where a side has no key; private hides the organizer."""
    merged: list[list[Any]] = []  # [start, end, planned start, planned end, by, keys, is private]
    for _, start, end, planned_start, planned_end, by, key, private in rows:
        for other in reversed(merged):
            if start > other[1]:
                continue
            is_same = key in other[5] if key and other[5] else (other[2], other[3]) == (planned_start, planned_end)
            if is_same:
                other[1] = max(other[1], end)
                other[3] = max(other[3], planned_end)
                other[4] = other[4] or by
                other[5] |= {key} if key else set()
                other[6] = other[6] or private
                break
        else:
            merged.append([start, end, planned_start, planned_end, by, {key} if key else set(), private])
    return [Occupant(start, end, first, last, None if private else by) for start, end, first, last, by, _, private in merged]


def _together(word: str, arms: Sequence[str]) -> str:
    """UNION or UNION ALL of any number of arms; SQLite takes 500 at a time."""
    if len(arms) <= _ARMS:
        return f" {word} ".join(arms)
    parts = [f" {word} ".join(arms[at : at + _ARMS]) for at in range(0, len(arms), _ARMS)]
    return f" {word} ".join(f"SELECT * FROM ({part}) AS part{at}" for at, part in enumerate(parts))  # noqa: S608


def _blocked(hours: _Hours) -> str:
    return "(" + " | ".join(f"(h{hour:02} & {bits})" for hour, bits in hours) + ") <> 0"


def _joined(session: Session, column: str) -> str:
    if _is_postgres(session):
        return f"string_agg(CAST({column} AS TEXT), ',')"
    return f"group_concat({column})"


def _is_postgres(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _list(numbers: Iterable[int]) -> str:
    return ",".join(str(int(number)) for number in numbers)


def _rows(session: Session, query: str, values: Sequence[str] = ()) -> Sequence[Any]:
    """By the driver itself, inside the session's transaction: SQLAlchemy's execution costs as much as these statements take."""
    cursor = _cursor(session)
    try:
        cursor.execute(query, values) if values else cursor.execute(query)
        found: Sequence[Any] = cursor.fetchall()
        return found
    finally:
        cursor.close()


def _cursor(session: Session) -> Any:
    """The driver's, inside the session's transaction; which connection that is on is asked once per transaction."""
    transaction, known = session.get_transaction(), session.info.get(_DRIVER)
    if transaction is None or known is None or known[0] is not transaction:
        connection = session.connection().connection
        known = session.info[_DRIVER] = (session.get_transaction(), connection)
    return known[1].cursor()
