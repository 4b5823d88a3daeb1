"""How fresh the index is, per room, side and stretch of time."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import cast

from sqlalchemy import Table, bindparam, delete, func, or_, select, update
from sqlalchemy.orm import Session

from roombooker.domain.booking import Side
from roombooker.domain.slot import Slot
from roombooker.store.daybits import to_minute
from roombooker.store.models import OccupancyReadRow, OccupancyRoomRow, RoomRow
from roombooker.store.upsert import upsert

_GRAIN = 15  # minutes: stretches of thousands of rooms that end nearly together count as one; whole days would be older than the truth
# Built once: a look at a room notes several stretches.
_TABLE = cast("Table", OccupancyReadRow.__table__)
_READ = _TABLE.c
_MINE = (_READ.room_no == bindparam("no"), _READ.side == bindparam("of"))
_BELOW = select(_READ.start_min, _READ.end_min, _READ.read_s).where(
    *_MINE, _READ.start_min < bindparam("end"), _READ.end_min > bindparam("start")
)
_AGAIN = update(_TABLE).where(*_MINE, _READ.start_min == bindparam("start")).values(read_s=bindparam("read"))
_GONE = or_(_READ.start_min.in_(bindparam("starts", expanding=True)), _READ.end_min <= bindparam("past"))
_CUT = delete(_TABLE).where(*_MINE, _GONE)


def note(session: Session, number: int, side: Side, start_min: int, end_min: int, read_s: int) -> None:
    """start..end was read completely; older stretches below it are cut or leave, so that stretches never overlap.

    What had ended when it was read leaves too, or a window that rolls would leave a sliver behind each time."""
    below = session.execute(_BELOW, {"no": number, "of": side, "start": start_min, "end": end_min}).all()
    if len(below) == 1 and below[0][:2] == (start_min, end_min):  # by far the commonest
        if below[0].read_s < read_s:
            session.execute(_AGAIN, {"no": number, "of": side, "start": start_min, "read": read_s})
        return
    stretches = [(start_min, end_min, read_s)]
    for start, end, read in below:
        if read > read_s:  # a newer read stands; ours counts beside it
            stretches = [piece for s, e, r in stretches for piece in _without(s, e, r, start, end)] + [(start, end, read)]
        else:
            stretches += _without(start, end, read, start_min, end_min)
    past = read_s // 60
    session.execute(_CUT, {"no": number, "of": side, "starts": [start for start, _, _ in below], "past": past})
    rows = [{"room_no": number, "side": side, "start_min": s, "end_min": e, "read_s": r} for s, e, r in stretches if e > past]
    upsert(session, OccupancyReadRow.__table__, rows, ["room_no", "side", "start_min"])


@dataclass(frozen=True, slots=True)
class Reads:
    """Per side the oldest read of any room, in steps of time: where each begins (minutes), and its read (seconds), if any."""

    steps: dict[Side, tuple[list[int], list[int | None]]]

    def oldest(self, slot: Slot) -> dict[Side, datetime]:
        """That what we say about the slot rests on; a side that was not read there at all is left out."""
        found = {}
        for side, (starts, reads_there) in self.steps.items():
            first = max(bisect_right(starts, to_minute(slot.start)) - 1, 0)
            last = bisect_right(starts, to_minute(slot.end) - 1)
            known = [read for read in reads_there[first:last] if read is not None]
            if known:
                found[side] = datetime.fromtimestamp(min(known), UTC)
        return found


def forget(session: Session, number: int) -> None:
    session.execute(delete(OccupancyReadRow).where(OccupancyReadRow.room_no == number))


def reads(session: Session) -> Reads:
    """Of all enabled rooms that may be booked at all: what is broken is not read any more, and nothing said rests on it. Few rows, however
    many rooms."""
    first = func.floor(OccupancyReadRow.start_min / _GRAIN)
    last = func.floor((OccupancyReadRow.end_min - 1) / _GRAIN)
    found = session.execute(
        select(OccupancyReadRow.side, first, last, func.min(OccupancyReadRow.read_s))
        .join(OccupancyRoomRow, OccupancyRoomRow.no == OccupancyReadRow.room_no)
        .join(RoomRow, RoomRow.id == OccupancyRoomRow.room_id)
        .where(RoomRow.enabled, RoomRow.alarm.is_(None))
        .group_by(OccupancyReadRow.side, first, last)
    ).all()
    return Reads({
        side: _flat([(int(begin) * _GRAIN, (int(end) + 1) * _GRAIN, read_s) for of, begin, end, read_s in found if of == side])
        for side in Side if any(of == side for of, *_ in found)
    })  # fmt: skip


def oldest_reads(session: Session, slot: Slot) -> dict[Side, datetime]:
    """Per side the oldest read, of any such room, that what we say about the slot rests on; a side never read is left out."""
    return reads(session).oldest(slot)


def _flat(stretches: Iterable[tuple[int, int, int]]) -> tuple[list[int], list[int | None]]:
    """Overlapping stretches (start, end, read) as steps: where each begins, and the oldest read there; None where nothing was read."""
    ordered = sorted(stretches)
    starts: list[int] = []
    oldest: list[int | None] = []
    open_now: list[tuple[int, int]] = []  # (read, end), oldest first
    at = 0
    for edge in sorted({edge for start, end, _ in ordered for edge in (start, end)}):
        while at < len(ordered) and ordered[at][0] == edge:
            heappush(open_now, (ordered[at][2], ordered[at][1]))
            at += 1
        while open_now and open_now[0][1] <= edge:
            heappop(open_now)
        starts.append(edge)
        oldest.append(open_now[0][0] if open_now else None)
    return starts, oldest


@dataclass(frozen=True, slots=True)
class Stalest:
    """The room that was read the longest ago, and when that was (aware UTC)."""

    room_id: str
    read_at: datetime


def stalest(session: Session, slot: Slot) -> dict[Side, Stalest]:
    """Per side, of all enabled rooms without an alarm, by the minute: for those who watch the sweeps, whose windows end within a day.

    A room of which nothing in the slot was ever read counts as read when it was last saved: switched on, or changed since. A side is left
    out where there is no such room."""
    first, end = to_minute(slot.start), to_minute(slot.end)
    watched = select(RoomRow.id).where(RoomRow.enabled, RoomRow.alarm.is_(None)).limit(1)
    number = OccupancyRoomRow.no == OccupancyReadRow.room_no
    found = {}
    for side in Side:
        is_here = (OccupancyReadRow.side == side, OccupancyReadRow.start_min < end, OccupancyReadRow.end_min > first)
        read = watched.join(OccupancyRoomRow, OccupancyRoomRow.room_id == RoomRow.id).join(OccupancyReadRow, number).where(*is_here)
        never = watched.where(RoomRow.id.not_in(select(OccupancyRoomRow.room_id).join(OccupancyReadRow, number).where(*is_here)))
        oldest = session.execute(read.add_columns(OccupancyReadRow.read_s).order_by(OccupancyReadRow.read_s, RoomRow.id)).all()
        waiting = session.execute(never.add_columns(RoomRow.updated_at).order_by(RoomRow.updated_at, RoomRow.id)).all()
        known = [Stalest(room_id, datetime.fromtimestamp(read_s, UTC)) for room_id, read_s in oldest]
        known += [Stalest(room_id, saved_at) for room_id, saved_at in waiting]
        if known:
            found[side] = min(known, key=lambda one: one.read_at)
    return found


def newest_reads(session: Session) -> dict[Side, datetime]:
    """When anything at all was last read completely from each side."""
    found = session.execute(select(OccupancyReadRow.side, func.max(OccupancyReadRow.read_s)).group_by(OccupancyReadRow.side))
    return {Side(side): datetime.fromtimestamp(read_s, UTC) for side, read_s in found}


def _without(start: int, end: int, read_s: int, cut_start: int, cut_end: int) -> list[tuple[int, int, int]]:
    """What of start..end lies outside the cut."""
    pieces = [(start, min(end, cut_start), read_s), (max(start, cut_end), end, read_s)]
    return [piece for piece in pieces if piece[0] < piece[1]]
