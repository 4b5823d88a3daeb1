"""Rooms that are being loaded for the first time: until that is done, or a day has passed, nothing found in them is declined."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from roombooker.store.models import CursorRow


def begin(session: Session, room_ids: Iterable[str], *, until: datetime) -> None:
    for room_id in room_ids:
        session.merge(CursorRow(name=_name(room_id), value="", read_at=until))


def end(session: Session, room_ids: Iterable[str]) -> None:
    session.execute(delete(CursorRow).where(CursorRow.name.in_([_name(room_id) for room_id in room_ids])))


def is_on(session: Session, room_id: str, now: datetime) -> bool:
    row = session.get(CursorRow, _name(room_id))
    return row is not None and row.read_at is not None and row.read_at > now


def _name(room_id: str) -> str:
    return f"loading:{room_id}"
