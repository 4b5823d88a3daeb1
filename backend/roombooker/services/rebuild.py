"""Rebuild: after a lost database, rooms, links, cursors and the index come back from the stamps on both sides."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from roombooker.domain.booking import Side
from roombooker.domain.calendar import Facilities, MeetingCalendar
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.errors import RoomBookerError
from roombooker.services.rooms import RoomService
from roombooker.services.sync import SyncService
from roombooker.store import linking, rooms
from roombooker.store.db import Database

NEEDS_A_BACKUP = "The journal, work items, policies, and pairs made on the admin page or by CSV cannot be read back from either side: they need a backup."


class Rebuild:
    def __init__(self, *, database: Database, facilities: Facilities, meetings: MeetingCalendar, room_service: RoomService,
                 sync: SyncService, clock: Callable[[], datetime]) -> None:  # fmt: skip
        self._database = database
        self._facilities = facilities
        self._meetings = meetings
        self._rooms = room_service
        self._sync = sync
        self._clock = clock

    def run(self, *, enable_all: bool = False) -> dict[str, Any]:
        """Rooms that bear our stamps come on again (`enable_all`: every pair). May be run at any time, and again."""
        imported = self._rooms.import_from_topdesk()
        with self._database.read() as session:
            known = [room for room in rooms.every(session) if room.alarm is None]
        stamped = self._stamped(known) if not enable_all else {room.id for room in known}
        off = [room for room in known if room.id not in stamped and not room.enabled]
        self._rooms.enable([room.id for room in known if room.id in stamped])
        failed = []
        for room in known:
            if room.id in stamped:
                try:
                    self._restore(room)
                except RoomBookerError as error:
                    failed.append(f"{room.name}: {error.message}")
        with self._database.read() as session:
            restored = sum(linking.future_count(session, room.id, self._clock()) for room in known)
        lines = [f"{len(stamped)} rooms are on again, with {restored} bookings."]
        lines += (
            [
                f"Off, since nothing in them bears our stamp: {', '.join(room.name for room in off)}. `roombooker rooms enable` switches them on."
            ]
            if off
            else []
        )
        lines += [f"! {line}" for line in (*imported["problems"], *imported["alarms"], *failed)]
        lines.append(NEEDS_A_BACKUP)
        return {"rooms": sorted(stamped), "off": [room.id for room in off], "links": restored, "failed": failed, "lines": lines}

    def _stamped(self, known: list[Room]) -> set[str]:
        """Rooms with a reservation, live or ended, that bears our key: one paged read."""
        window = self._sync.full()
        listings = self._facilities.listing_all(known, window)
        found = {listing.room_id for listing in listings if any(b.match_key for b in listing.bookings)}
        with self._database.read() as session:
            return found | {room.id for room in rooms.every(session, enabled_only=True)}

    def _restore(self, room: Room) -> None:
        """A whole delta, with the stamps that a delta leaves out; the plan then matches by key."""
        now = self._clock()
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        window = Slot(day, self._sync.full().end)
        changes = self._meetings.changes(room, window, None)
        keys = {b.ref: b.match_key for b in self._meetings.listing(room, window).bookings}
        told = tuple(replace(b, match_key=b.match_key or keys.get(b.ref)) if b.side is Side.EXCHANGE else b for b in changes.bookings)
        self._sync.sync_room(room.id, windows=[window], cause="rebuild", changes=replace(changes, bookings=told))
