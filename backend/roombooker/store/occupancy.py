"""The index, written: what each side says is in a room, and its shadow of day segments; always per room, in the caller's transaction."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from roombooker.domain.booking import Booking, Side
from roombooker.domain.calendar import Listing
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.store import freshness, rooms
from roombooker.store.daybits import paint, to_minute, to_second
from roombooker.store.models import OccupancyRoomRow, OccupancyRow, occupancy_day
from roombooker.store.upsert import upsert

_COLUMNS = (
    OccupancyRow.ref, OccupancyRow.start_min, OccupancyRow.end_min, OccupancyRow.planned_start_min, OccupancyRow.planned_end_min,
    OccupancyRow.match_key, OccupancyRow.private, OccupancyRow.shown_by, OccupancyRow.seen_s, OccupancyRow.id,
)  # fmt: skip
_TABLE = cast("Table", OccupancyRow.__table__)
_Record = dict[str, Any]
# Built once: that takes longer than to run them.
_C, _ROOM = _TABLE.c, cast("Table", OccupancyRoomRow.__table__).c
_LOCKED = select(_ROOM.no, _ROOM.longest_min).where(_ROOM.room_id == bindparam("room_id")).with_for_update()
_ONE = select(*(_C[column.key] for column in _COLUMNS)).where(
    _C.room_no == bindparam("no"), _C.side == bindparam("side"), _C.ref == bindparam("ref")
)
_TAKEN = (
    select(_C.match_key, _C.ref)
    .join_from(_TABLE, OccupancyRoomRow.__table__, _ROOM.no == _C.room_no)
    .where(_ROOM.room_id == bindparam("room_id"), _C.start_min < bindparam("end"), _C.end_min > bindparam("start"))
    .where(_C.start_min > bindparam("start") - _ROOM.longest_min)
)
_SPANS = select(_C.start_min, _C.end_min).where(
    _C.room_no == bindparam("no"), _C.start_min < bindparam("before"), _C.start_min > bindparam("reach"), _C.end_min > bindparam("after")
)


def replace(session: Session, room: Room, side: Side, listing: Listing) -> None:
    """Bring one side of one room to what a listing says; only rows that differ are written.

    A record that is missing goes only where the listing is complete, lies in its window, and was not stored after the read began."""
    number, longest = _lock(session, room.id)
    window = (to_minute(listing.window.start), to_minute(listing.window.end))
    read_s = to_second(listing.read_at)
    said = {booking.ref: booking for booking in listing.bookings}
    live = {ref: _record(room, booking, read_s) for ref, booking in said.items() if booking.is_live}
    overlaps = (OccupancyRow.planned_start_min < window[1], OccupancyRow.planned_end_min > window[0])
    stored = _stored(session, number, side, *overlaps)
    # A record that moved into the window from outside it is stored there still.
    elsewhere = [ref for ref in live if ref not in stored]
    for chunk in _chunks(elsewhere) if stored or _is_known(session, number, side) else ():
        stored |= _stored(session, number, side, OccupancyRow.ref.in_(chunk))
    old: list[_Record] = []
    new: list[_Record] = []
    for ref, row in stored.items():
        if row["seen_s"] > read_s:
            live.pop(ref, None)  # what we stored ourselves since then is newer
        elif ref in live:
            if _differs(row, live[ref]):
                old.append(row)
                new.append(live[ref])
            del live[ref]
        elif listing.is_complete or ref in said:
            old.append(row)
    new += live.values()
    _write(session, number, longest, side, old, new)
    if listing.is_complete:
        freshness.note(session, number, side, *window, read_s)


def put(session: Session, room: Room, booking: Booking, *, seen_at: datetime) -> None:
    """Insert or overwrite one record, however old what stands there is; one that no longer lives leaves."""
    number, longest = _lock(session, room.id)
    old = _stored_one(session, number, booking.side, booking.ref)
    new = [_record(room, booking, to_second(seen_at))] if booking.is_live else []
    if old and new and not _differs(old[0], new[0]):  # only seen again: no day changes
        same = (OccupancyRow.room_no == number, OccupancyRow.side == booking.side, OccupancyRow.ref == booking.ref)
        session.execute(update(OccupancyRow).where(*same).values(seen_s=new[0]["seen_s"]))
        return
    _write(session, number, longest, booking.side, old, new)


def forget(session: Session, room_id: str, side: Side, ref: str) -> None:
    """One record of this room is gone; unknown ones are nothing to do."""
    number, longest = _lock(session, room_id)
    _write(session, number, longest, side, _stored_one(session, number, side, ref), [])


def confirm(session: Session, room: Room, side: Side, window: Slot, read_at: datetime) -> None:
    """The whole window was read, and what was not written since is as it stands here (a delta without more changes)."""
    freshness.note(session, _lock(session, room.id)[0], side, to_minute(window.start), to_minute(window.end), to_second(read_at))


def forget_room(session: Session, room_id: str) -> None:
    """All that is known of a room, for a mapping that is switched off or loaded afresh."""
    number, _ = _lock(session, room_id)
    session.execute(delete(OccupancyRow).where(OccupancyRow.room_no == number))
    session.execute(delete(occupancy_day).where(occupancy_day.c.room_no == number))
    freshness.forget(session, number)


def trim(session: Session, before: datetime) -> int:
    """Drop what ended before the UTC day of that moment; returns how many records left."""
    minute = to_minute(before)
    day = minute // 1440
    gone = session.execute(delete(OccupancyRow).where(OccupancyRow.end_min <= day * 1440))
    session.execute(delete(occupancy_day).where(occupancy_day.c.day < day))  # in this order, as whoever writes a room does
    return int(gone.rowcount)  # type: ignore[attr-defined]


def is_taken(session: Session, room_id: str, slot: Slot, besides: Collection[str] = ()) -> bool:
    """Does any record but those `besides` (match keys or refs) block a part of the slot? Block time of the others counts."""
    rows = session.connection().execute(_TAKEN, {"room_id": room_id, "start": to_minute(slot.start), "end": to_minute(slot.end)})
    return any(key not in besides and ref not in besides for key, ref in rows)


def _record(room: Room, booking: Booking, seen_s: int) -> _Record:
    start, end = to_minute(booking.slot.start), to_minute(booking.slot.end)
    apart = int(room.apart / timedelta(minutes=1))
    shown_by = None
    if booking.organizer is not None and not booking.private:
        shown_by = (booking.organizer.name or booking.organizer.email)[:255]
    return {
        "ref": booking.ref, "start_min": start - apart, "end_min": end + apart, "planned_start_min": start, "planned_end_min": end,
        "match_key": booking.match_key, "private": booking.private, "shown_by": shown_by, "seen_s": seen_s,
    }  # fmt: skip


def _stored(session: Session, number: int, side: Side, *conditions: Any) -> dict[str, _Record]:
    query = select(*_COLUMNS).where(OccupancyRow.room_no == number, OccupancyRow.side == side, *conditions)
    return {row.ref: row._asdict() for row in session.execute(query)}


def _stored_one(session: Session, number: int, side: Side, ref: str) -> list[_Record]:
    found = session.connection().execute(_ONE, {"no": number, "side": side.value, "ref": ref})
    return [dict(row._mapping) for row in found]


def _is_known(session: Session, number: int, side: Side) -> bool:
    return session.scalar(select(OccupancyRow.id).where(OccupancyRow.room_no == number, OccupancyRow.side == side).limit(1)) is not None


def _differs(stored: _Record, said: _Record) -> bool:
    return any(stored[name] != value for name, value in said.items() if name != "seen_s")


def _write(session: Session, number: int, longest: int, side: Side, old: Sequence[_Record], new: Sequence[_Record]) -> None:
    """Take the old rows out, put the new ones in, and paint the days that either touches afresh."""
    if not old and not new:
        return
    for chunk in _chunks([row["id"] for row in old]):
        session.execute(delete(OccupancyRow).where(OccupancyRow.id.in_(chunk)))
    if new:
        session.connection().execute(insert(_TABLE), [{"room_no": number, "side": side, **row} for row in new])
        known, longest = longest, max(longest, *(row["end_min"] - row["start_min"] for row in new))
        if longest > known:
            grown = update(OccupancyRoomRow).where(OccupancyRoomRow.no == number).values(longest_min=longest)
            session.execute(grown.execution_options(synchronize_session=False))
    days = {day for row in (*old, *new) for day in range(row["start_min"] // 1440, (row["end_min"] - 1) // 1440 + 1)}
    if days:
        _repaint(session, number, longest, days)


def _repaint(session: Session, number: int, longest: int, days: set[int]) -> None:
    first, last = min(days), max(days)
    asked = {"no": number, "before": (last + 1) * 1440, "after": first * 1440, "reach": first * 1440 - longest}
    spans = session.connection().execute(_SPANS, asked).all()
    painted = paint(((start, end) for start, end in spans), days)
    rows = [{"day": day, "room_no": number, **{f"h{hour:02}": bits for hour, bits in enumerate(hours)}} for day, hours in painted.items()]
    upsert(session, occupancy_day, rows, ["day", "room_no"])
    for chunk in _chunks(sorted(days - painted.keys())):
        session.execute(delete(occupancy_day).where(occupancy_day.c.room_no == number, occupancy_day.c.day.in_(chunk)))


def _lock(session: Session, room_id: str) -> tuple[int, int]:
    """The room's number and its longest booking's minutes; on PostgreSQL nobody else writes this room's part until we commit (SQLite has
    one writer anyway)."""
    found = session.connection().execute(_LOCKED, {"room_id": room_id}).one_or_none()
    if found is None:
        rooms.number(session, room_id)
        rooms.touch(session)
        found = session.connection().execute(_LOCKED, {"room_id": room_id}).one()
    return found.no, found.longest_min


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(OccupancyRow)) or 0


def _chunks(values: Sequence[Any], size: int = 500) -> Iterable[Sequence[Any]]:
    return (values[at : at + size] for at in range(0, len(values), size))
