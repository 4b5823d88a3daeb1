"""Who is at work on what: taken by conditional UPDATE, so that two workers never both win; a dead worker's lease expires."""

from datetime import datetime, timedelta

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from roombooker.store.db import Database
from roombooker.store.models import CursorRow, RoomRow, ScheduleSlotRow
from roombooker.store.upsert import upsert


def take_room(database: Database, room_id: str, owner: str, now: datetime, lease: timedelta) -> bool:
    with database.write() as session:
        taken = session.execute(
            update(RoomRow)
            .where(RoomRow.id == room_id, or_(RoomRow.lease_until.is_(None), RoomRow.lease_until < now))
            .values(lease_owner=owner, lease_until=now + lease)
        )
        return bool(taken.rowcount)  # type: ignore[attr-defined]


def keep_room(database: Database, room_id: str, owner: str, now: datetime, lease: timedelta) -> bool:
    """Longer; False where it has run out and somebody else took the room."""
    with database.write() as session:
        kept = session.execute(update(RoomRow).where(RoomRow.id == room_id, RoomRow.lease_owner == owner).values(lease_until=now + lease))
        return bool(kept.rowcount)  # type: ignore[attr-defined]


def give_room(database: Database, room_id: str, owner: str) -> None:
    """Only our own: an expired lease may be somebody else's by now."""
    with database.write() as session:
        session.execute(
            update(RoomRow).where(RoomRow.id == room_id, RoomRow.lease_owner == owner).values(lease_owner=None, lease_until=None)
        )


def take_cursor(database: Database, name: str, owner: str, now: datetime, lease: timedelta) -> bool:
    """Whether a position that many machines move on is ours for now; kept in a row beside it."""
    held = f"lease:{name}"
    with database.write() as session:
        upsert(session, CursorRow.__table__, [{"name": held}], ["name"])
        taken = session.execute(
            update(CursorRow)
            .where(CursorRow.name == held, or_(CursorRow.read_at.is_(None), CursorRow.read_at < now))
            .values(value=owner, read_at=now + lease)
        )
        return bool(taken.rowcount)  # type: ignore[attr-defined]


def give_cursor(database: Database, name: str, owner: str, *, until: datetime | None = None) -> None:
    """`until`: nobody shall take it before then."""
    with database.write() as session:
        session.execute(update(CursorRow).where(CursorRow.name == f"lease:{name}", CursorRow.value == owner).values(read_at=until))


def take_slot(database: Database, name: str, slot: str, now: datetime) -> bool:
    """Whether this tick of a schedule is ours: insert-or-nothing, once across all machines."""
    with database.read() as session:
        if session.scalar(select(ScheduleSlotRow.name).where(ScheduleSlotRow.name == name, ScheduleSlotRow.slot == slot)):
            return False
    try:
        with database.write() as session:
            session.execute(insert(ScheduleSlotRow).values(name=name, slot=slot, taken_at=now))
            session.execute(delete(ScheduleSlotRow).where(ScheduleSlotRow.taken_at < now - timedelta(days=2)))
    except IntegrityError:
        return False
    return True
