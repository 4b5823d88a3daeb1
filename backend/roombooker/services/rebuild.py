"""Rebuild: after a lost database, rooms, links, cursors and the index come back from the stamps on both sides."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from roombooker.domain.booking import Side
from roombooker.domain.calendar import Facilities, MeetingCalendar
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.services.outcome import Pass
from roombooker.services.patience import Pause, patiently
from roombooker.services.rooms import RoomService
from roombooker.services.sync import SyncService
from roombooker.store import linking, rooms
from roombooker.store.db import Database

NEEDS_A_BACKUP = "The journal, work items, policies, and pairs made on the admin page or by CSV cannot be read back from either side: they need a backup."
Progress = Callable[[int, int], None]


class Rebuild:
    def __init__(self, *, database: Database, facilities: Facilities, meetings: MeetingCalendar, room_service: RoomService,
                 sync: SyncService, clock: Callable[[], datetime], pause: Pause = time.sleep) -> None:  # fmt: skip
        self._database = database
        self._facilities = facilities
        self._meetings = meetings
        self._rooms = room_service
        self._sync = sync
        self._clock = clock
        self._pause = pause

    def run(self, *, enable_all: bool = False, progress: Progress | None = None) -> dict[str, Any]:
        """Rooms that bear our stamps come on again (`enable_all`: every pair). May be run at any time, and again.

        `failed` says of each room that is not restored, or not wholly, why."""
        show = progress or _nobody_watches
        imported = self._rooms.import_from_topdesk()
        with self._database.read() as session:
            known = [room for room in rooms.every(session) if room.alarm is None]
        stamped = {room.id for room in known} if enable_all else self._stamped(known, show)
        on = [room for room in known if room.id in stamped]
        off = [room for room in known if room.id not in stamped]
        self._rooms.enable([room.id for room in on])
        failed = []
        for done, (room, look) in enumerate(patiently(on, self._restore, self._pause), 1):
            failed += [f"{room.name}: {look.trouble}"] if look.trouble else []
            show(len(known) + len(known) * done // len(on), 2 * len(known))
        with self._database.read() as session:
            restored = sum(linking.future_count(session, room.id, self._clock()) for room in on)
        lines = [_summary(len(on), len(failed), restored)]
        lines += [f"! Not restored, or not wholly: {line}" for line in failed]
        lines += ["`roombooker rebuild` again brings back what is missing; nothing is doubled."] if failed else []
        if off:
            names = ", ".join(room.name for room in off)
            lines.append(f"Off, since nothing in them bears our stamp: {names}. `roombooker rooms enable` switches them on.")
        lines += [f"! {line}" for line in (*imported["problems"], *imported["alarms"])]
        lines.append(NEEDS_A_BACKUP)
        return {"rooms": sorted(stamped), "off": [room.id for room in off], "links": restored, "failed": failed, "lines": lines}

    def _stamped(self, known: Sequence[Room], show: Progress) -> set[str]:
        """Rooms that are on by now, or have a reservation, live or ended, that bears our key. Read page by page, until all have shown one."""
        found = {room.id for room in known if room.enabled}
        unsure = [room for room in known if not room.enabled]
        window = self._sync.full()
        for listings in self._facilities.listing_slices(unsure, window) if unsure else ():
            found |= {listing.room_id for listing in listings if any(b.match_key for b in listing.bookings)}
            if all(room.id in found for room in unsure):
                break
            if listings:
                show(int(len(known) * ((listings[0].window.end - window.start) / window.duration)), 2 * len(known))
        return found

    def _restore(self, room: Room) -> Pass:
        """A whole delta, with the stamps that a delta leaves out; the plan then matches by key."""
        now = self._clock()
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        window = Slot(day, self._sync.full().end)
        changes = self._meetings.changes(room, window, None)
        keys = {b.ref: b.match_key for b in self._meetings.listing(room, window).bookings}
        told = tuple(replace(b, match_key=b.match_key or keys.get(b.ref)) if b.side is Side.EXCHANGE else b for b in changes.bookings)
        return self._sync.sync_room(room.id, windows=[window], cause="rebuild", changes=replace(changes, bookings=told))


def _summary(on: int, failed: int, bookings: int) -> str:
    whole = f", {on - failed} of them wholly" if failed else ""
    return f"{on} room{' is' if on == 1 else 's are'} on again{whole}, with {bookings} booking{'' if bookings == 1 else 's'}."


def _nobody_watches(_done: int, _all: int) -> None:
    """Progress that is not shown."""
