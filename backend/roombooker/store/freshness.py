"""How fresh the index is, per room, side and stretch of time."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from roombooker.domain.booking import Side
from roombooker.domain.slot import Slot
from roombooker.store.daybits import to_instant, to_minute
from roombooker.store.models import OccupancyReadRow, OccupancyRoomRow, RoomRow
from roombooker.store.upsert import upsert


def note(session: Session, number: int, side: Side, start_min: int, end_min: int, read_s: int) -> None:
    """start..end was read completely; older stretches below it are cut or leave, so that stretches never overlap.

    What had ended when it was read leaves too, or a window that rolls would leave a sliver behind each time."""
    mine = (OccupancyReadRow.room_no == number, OccupancyReadRow.side == side)
    below = session.execute(
        select(OccupancyReadRow.start_min, OccupancyReadRow.end_min, OccupancyReadRow.read_s).where(
            *mine, OccupancyReadRow.start_min < end_min, OccupancyReadRow.end_min > start_min
        )
    ).all()
    stretches = [(start_min, end_min, read_s)]
    for start, end, read in below:
        if read > read_s:  # a newer read stands; ours counts beside it
            stretches = [piece for s, e, r in stretches for piece in _without(s, e, r, start, end)] + [(start, end, read)]
        else:
            stretches += _without(start, end, read, start_min, end_min)
    if below:
        session.execute(delete(OccupancyReadRow).where(*mine, OccupancyReadRow.start_min.in_([start for start, _, _ in below])))
    past = read_s // 60
    session.execute(delete(OccupancyReadRow).where(*mine, OccupancyReadRow.end_min <= past))
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
