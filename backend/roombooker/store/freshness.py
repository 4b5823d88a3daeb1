"""How fresh the index is, per room, side and stretch of time."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import cast

from sqlalchemy import Table, bindparam, delete, func, or_, select, update
from sqlalchemy.orm import Session

from roombooker.domain.booking import Side
from roombooker.domain.slot import Slot
from roombooker.store.daybits import to_instant, to_minute
from roombooker.store.models import OccupancyReadRow, OccupancyRoomRow, RoomRow
from roombooker.store.upsert import upsert

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


def forget(session: Session, number: int) -> None:
    session.execute(delete(OccupancyReadRow).where(OccupancyReadRow.room_no == number))


def reads(session: Session) -> list[tuple[Side, Slot, datetime]]:
    """Over all enabled rooms, per side and stretch of whole UTC days: the oldest read there. Few rows, however many rooms."""
    first = func.floor(OccupancyReadRow.start_min / 1440)
    last = func.floor((OccupancyReadRow.end_min - 1) / 1440)
    found = session.execute(
        select(OccupancyReadRow.side, first, last, func.min(OccupancyReadRow.read_s))
        .join(OccupancyRoomRow, OccupancyRoomRow.no == OccupancyReadRow.room_no)
        .join(RoomRow, RoomRow.id == OccupancyRoomRow.room_id)
        .where(RoomRow.enabled)
        .group_by(OccupancyReadRow.side, first, last)
    )
    return [
        (Side(side), Slot(to_instant(int(begin) * 1440), to_instant((int(end) + 1) * 1440)), datetime.fromtimestamp(read_s, UTC))
        for side, begin, end, read_s in found
    ]


def oldest_reads(session: Session, slot: Slot) -> dict[Side, datetime]:
    """Per side the oldest read, of any enabled room, that what we say about the slot's days rests on; a side never read is left out."""
    return oldest_of(reads(session), slot)


def oldest_of(found: Iterable[tuple[Side, Slot, datetime]], slot: Slot) -> dict[Side, datetime]:
    oldest: dict[Side, datetime] = {}
    for side, stretch, read_at in found:
        if stretch.overlaps(slot):
            oldest[side] = min(read_at, oldest.get(side, read_at))
    return oldest


def exactly_oldest_reads(session: Session, slot: Slot) -> dict[Side, datetime]:
    """As `oldest_reads`, by the minute: for those who watch the sweeps, whose windows end within a day."""
    found = session.execute(
        select(OccupancyReadRow.side, func.min(OccupancyReadRow.read_s))
        .join(OccupancyRoomRow, OccupancyRoomRow.no == OccupancyReadRow.room_no)
        .join(RoomRow, RoomRow.id == OccupancyRoomRow.room_id)
        .where(RoomRow.enabled, OccupancyReadRow.start_min < to_minute(slot.end), OccupancyReadRow.end_min > to_minute(slot.start))
        .group_by(OccupancyReadRow.side)
    )
    return {Side(side): datetime.fromtimestamp(read_s, UTC) for side, read_s in found}


def newest_reads(session: Session) -> dict[Side, datetime]:
    """When anything at all was last read completely from each side."""
    found = session.execute(select(OccupancyReadRow.side, func.max(OccupancyReadRow.read_s)).group_by(OccupancyReadRow.side))
    return {Side(side): datetime.fromtimestamp(read_s, UTC) for side, read_s in found}


def _without(start: int, end: int, read_s: int, cut_start: int, cut_end: int) -> list[tuple[int, int, int]]:
    """What of start..end lies outside the cut."""
    pieces = [(start, min(end, cut_start), read_s), (max(start, cut_end), end, read_s)]
    return [piece for piece in pieces if piece[0] < piece[1]]
