"""The index, asked: which rooms are taken at a slot, how often over many slots, and by what; one statement for all rooms each."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, Text, and_, func, or_, select, union, union_all, values
from sqlalchemy import column as sql_column
from sqlalchemy.orm import Session

from roombooker.domain.slot import Slot
from roombooker.store.daybits import masks, to_minute
from roombooker.store.models import OccupancyRoomRow, OccupancyRow, occupancy_day

_DAY = occupancy_day.c


@dataclass(frozen=True, slots=True)
class Occupant:
    """A booking as it stands in a room, in minutes since 1970: blocked span, planned span, and who may be shown for it."""

    start: int
    end: int
    planned_start: int
    planned_end: int
    by: str | None


def taken(session: Session, slot: Slot) -> set[int]:
    """The numbers of the rooms in which something blocks a part of the slot."""
    pieces: dict[tuple[tuple[int, int], ...], list[int]] = defaultdict(list)  # a slot of many days has few different ones
    for day, hours in masks(slot).items():
        pieces[tuple(hours.items())].append(day)
    touched = [and_(_DAY.day.in_(days), _blocked(dict(hours))) for hours, days in pieces.items()]
    # One string instead of thousands of rows: each row fetched costs a change of the interpreter's lock.
    found = session.scalar(select(func.aggregate_strings(_DAY.room_no.cast(Text), ",")).where(or_(*touched)))
    return set(map(int, found.split(","))) if found else set()


def clashes(session: Session, slots: Sequence[Slot]) -> dict[int, int]:
    """How many of the slots are taken, per room number; a room that is not there has all of them free."""
    pieces: dict[tuple[tuple[int, int], ...], list[tuple[int, int]]] = defaultdict(list)  # same hours and bits -> (day, slot)
    for index, slot in enumerate(slots):
        for day, hours in masks(slot).items():
            pieces[tuple(hours.items())].append((day, index))
    # No slot reaches over midnight UTC, none is asked twice.
    is_plain = sum(len({day for day, _ in days}) for days in pieces.values()) == len(slots)
    asked = [_clashing(hours, days, is_plain=is_plain) for hours, days in pieces.items()]
    if is_plain and len(asked) == 1:
        inner = asked[0].subquery()
    else:
        inner = (union_all(*asked) if is_plain else union(*asked)).subquery()
    counted = select(inner.c.room_no, func.count().label("n")).group_by(inner.c.room_no).subquery()
    found = session.execute(
        select(
            func.aggregate_strings(counted.c.room_no.cast(Text), ","),
            func.aggregate_strings(counted.c.n.cast(Text), ","),
        )
    ).one()
    if not found[0]:
        return {}
    return dict(zip(map(int, found[0].split(",")), map(int, found[1].split(",")), strict=True))


def occupants(session: Session, numbers: Iterable[int], slots: Sequence[Slot]) -> dict[int, list[Occupant]]:
    """What stands in these rooms during any of the slots, soonest first; what both sides say of one booking counts once."""
    spans = (
        values(sql_column("s", Integer), sql_column("e", Integer), name="asked")
        .data([(to_minute(slot.start), to_minute(slot.end)) for slot in slots])
        .cte()
    )
    rows = session.execute(
        select(
            OccupancyRow.room_no, OccupancyRow.start_min, OccupancyRow.end_min, OccupancyRow.planned_start_min,
            OccupancyRow.planned_end_min, OccupancyRow.shown_by, OccupancyRow.match_key, OccupancyRow.private,
        )
        .select_from(spans)
        .join(OccupancyRoomRow, OccupancyRoomRow.no.in_(list(numbers)))
        .join(
            OccupancyRow,
            and_(
                OccupancyRow.room_no == OccupancyRoomRow.no,
                OccupancyRow.start_min < spans.c.e,
                OccupancyRow.start_min > spans.c.s - OccupancyRoomRow.longest_min,
                OccupancyRow.end_min > spans.c.s,
            ),
        )
        .order_by(OccupancyRow.room_no, OccupancyRow.start_min)
    )  # fmt: skip
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return {number: _merge(stood) for number, stood in found.items()}


def next_starts(session: Session, numbers: Iterable[int], after: int, before: int) -> dict[int, int]:
    """When each of these rooms is next taken from minute `after` on, if that is before `before`."""
    found = session.execute(
        select(OccupancyRow.room_no, func.min(OccupancyRow.start_min))
        .where(OccupancyRow.room_no.in_(list(numbers)), OccupancyRow.start_min >= after, OccupancyRow.start_min < before)
        .group_by(OccupancyRow.room_no)
    )
    return {int(number): int(start) for number, start in found}


def _merge(rows: Sequence[Any]) -> list[Occupant]:
    """One booking per match key where its sides overlap, and per planned span where a side has no key; private hides the organizer."""
    merged: list[list[Any]] = []  # [start, end, planned start, planned end, by, keys, is private]
    for _, start, end, planned_start, planned_end, by, key, private in rows:
        for other in merged:
            is_same = key in other[5] if key and other[5] else (other[2], other[3]) == (planned_start, planned_end)
            if is_same and start <= other[1]:
                other[1] = max(other[1], end)
                other[3] = max(other[3], planned_end)
                other[4] = other[4] or by
                other[5] |= {key} if key else set()
                other[6] = other[6] or private
                break
        else:
            merged.append([start, end, planned_start, planned_end, by, {key} if key else set(), private])
    return [Occupant(start, end, first, last, None if private else by) for start, end, first, last, by, _, private in merged]


def _clashing(hours: tuple[tuple[int, int], ...], days: list[tuple[int, int]], *, is_plain: bool) -> Select[Any]:
    """Room numbers, once per day of these that is taken (with the slot's index where a slot may show up under two days)."""
    blocked = _blocked(dict(hours))
    if is_plain:
        return select(_DAY.room_no).where(_DAY.day.in_([day for day, _ in days]), blocked)
    asked = values(sql_column("day", Integer), sql_column("slot", Integer), name="asked").data(days).cte()
    return select(_DAY.room_no, asked.c.slot).join(asked, _DAY.day == asked.c.day).where(blocked)


def _blocked(hours: dict[int, int]) -> ColumnElement[bool]:
    tests = [_DAY[f"h{hour:02}"].bitwise_and(bits) for hour, bits in hours.items()]
    return reduce(lambda left, right: left.bitwise_or(right), tests) != 0
