"""The log for support: the journal by date, person, room and kind; a booking of anybody as one timeline."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from roombooker.errors import NotFound
from roombooker.services.booking_answer import booking_json, iso
from roombooker.store import journal, links, rooms
from roombooker.store.db import Database
from roombooker.store.models import JournalRow


class Record:
    def __init__(self, *, database: Database) -> None:
        self._database = database

    def search(self, *, since: datetime | None = None, until: datetime | None = None, email: str | None = None, room_id: str | None = None,
               kind: str | None = None, before_id: int | None = None, limit: int = 100) -> dict[str, Any]:  # fmt: skip
        """Newest first; `next` is the `before` of the following page, None on the last."""
        with self._database.read() as session:
            found = journal.search(
                session, since=since, until=until, email=email, room_id=room_id, kind=kind, before_id=before_id, limit=limit + 1
            )
            known = {room.id: room.name for room in rooms.by_ids(session, {e.room_id for e in found if e.room_id}).values()}
            entries = [_entry(e, known) for e in found[:limit]]
        return {"entries": entries, "next": entries[-1]["id"] if len(found) > limit else None}

    def booking(self, booking_id: str) -> dict[str, Any]:
        """Whoever's it is: its state, and who did what when, what was sent and what came back."""
        with self._database.read() as session:
            rows = links.of_booking(session, booking_id)
            if not rows:
                raise NotFound("There is no such booking.")
            known = rooms.by_ids(session, {row.room_id for row in rows})
            names = {room.id: room.name for room in known.values()}
            told = booking_json(rows, known)
            if any(row.private for row in rows):
                told["subject"] = None
            return told | {"timeline": [_entry(e, names) for e in journal.of_booking(session, booking_id)]}


def _entry(entry: JournalRow, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": entry.id, "at": iso(entry.at), "kind": entry.kind, "message": entry.message, "by": entry.caused_by or None, "side": entry.side,
        "ref": entry.ref, "room": {"id": entry.room_id, "name": names.get(entry.room_id, "")} if entry.room_id else None,
        "booking_id": entry.booking_id, "email": entry.email, "request_id": entry.request_id, "before": entry.before, "after": entry.after,
    }  # fmt: skip
