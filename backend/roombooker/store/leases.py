"""Who is at work on what: taken by conditional UPDATE, so that two workers never both win; a dead worker's lease expires."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Result, Table, bindparam, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from roombooker.store.db import Database
from roombooker.store.models import CursorRow, RoomRow, ScheduleSlotRow
from roombooker.store.upsert import upsert

# Built once: every pass over a room takes and gives it, and building a statement costs more than running it.
_ROOM = cast("Table", RoomRow.__table__).c
_THESE = _ROOM.id.in_(bindparam("rooms", expanding=True))
_IS_FREE = or_(_ROOM.lease_until.is_(None), _ROOM.lease_until < bindparam("now"))
_OURS = _ROOM.lease_owner == bindparam("owner")
_TAKE = update(_ROOM.id.table).where(_THESE, _IS_FREE).values(lease_owner=bindparam("owner"), lease_until=bindparam("until"))
_KEEP = update(_ROOM.id.table).where(_THESE, _OURS).values(lease_until=bindparam("until"))
_GIVE = update(_ROOM.id.table).where(_THESE, _OURS).values(lease_owner=None, lease_until=None)


def take_rooms(session: Session, room_ids: Sequence[str], owner: str, now: datetime, lease: timedelta) -> bool:
    """All of them; False where somebody has one: then roll back."""
    taken = session.execute(_TAKE, {"rooms": list(room_ids), "now": now, "owner": owner, "until": now + lease})
    return _count(taken) == len(room_ids)


def keep_rooms(session: Session, room_ids: Sequence[str], owner: str, now: datetime, lease: timedelta) -> bool:
    """Longer; False where one has run out and somebody else took that room."""
    return _count(session.execute(_KEEP, {"rooms": list(room_ids), "owner": owner, "until": now + lease})) == len(room_ids)


def give_rooms(session: Session, room_ids: Sequence[str], owner: str) -> bool:
    """Only our own: an expired lease may be somebody else's by now. Whether all of them still were ours."""
    return _count(session.execute(_GIVE, {"rooms": list(room_ids), "owner": owner})) == len(room_ids)


def take_room(database: Database, room_id: str, owner: str, now: datetime, lease: timedelta) -> bool:
    """A room alone, in a commit of its own."""
    with database.write() as session:
        return take_rooms(session, [room_id], owner, now, lease)


def give_room(database: Database, room_id: str, owner: str) -> None:
    with database.write() as session:
        give_rooms(session, [room_id], owner)


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


def give_slot(database: Database, name: str, slot: str) -> None:
    """It came to nothing: whoever asks next may take it."""
    with database.write() as session:
        session.execute(delete(ScheduleSlotRow).where(ScheduleSlotRow.name == name, ScheduleSlotRow.slot == slot))


def _count(result: Result[Any]) -> int:
    return int(result.rowcount)  # type: ignore[attr-defined]
