"""How the room of an appointment stands, for anybody who is invited to it: the state and nothing else."""

from datetime import datetime
from typing import Any

from roombooker.store import links, rooms
from roombooker.store.db import Database


class AppointmentService:
    def __init__(self, *, database: Database) -> None:
        self._database = database

    def look_up(self, mailbox: str, start_at: datetime) -> dict[str, Any]:
        """
        `state` is None where that room has no booking that starts then, or is no room of ours: the two look alike, so that
        nobody learns more here than the list of rooms and their free times tell everybody.
        """
        with self._database.read() as session:
            room = rooms.by_mailbox(session, mailbox)
            found = links.standing_at(session, room.id, start_at) if room and room.enabled else []
            state = found[0].state if found else None
        return {"room": mailbox, "state": state}
