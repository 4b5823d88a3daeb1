"""Sweeps: every room's two sides compared without a notice, at the cost of one paged read and one delta per room.

What is as it was is only compared, in memory and many rooms at a time; a room where something is to do gets a pass of its own."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.orm import Session
from ulid import ULID

from roombooker.domain.booking import Side
from roombooker.domain.calendar import Changes, Facilities, Listing, MeetingCalendar
from roombooker.domain.plan import View, plan
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.errors import RoomBookerError
from roombooker.services.outcome import Pass
from roombooker.services.reading import Reader
from roombooker.services.rules import rules_for
from roombooker.settings import Settings
from roombooker.store import leases, linking, occupancy, rooms, sightings
from roombooker.store.db import Database
from roombooker.store.models import CursorRow

if TYPE_CHECKING:
    from roombooker.services.sync import SyncService

_log = structlog.get_logger(__name__)
_ROLL_PAUSE = timedelta(seconds=30)  # after a side was away
_AT_ONCE = 100  # rooms whose deltas, or rows, are in memory at once
_MANY = 10  # reservations of which none is linked
ROLLING = "sweep:horizon"  # the cursor of the rolling sweep; its value is a _Roll


@dataclass(frozen=True, slots=True)
class _Roll:
    """How far the rolling sweep is: `page` pages of about `pages` are read, since `began_at`; `took` is how long the last whole one took."""

    began_at: datetime
    page: int = 0
    pages: int = 0  # of the last whole sweep; 0: not known yet, so nothing is spread
    took_s: float = 0.0

    def due_at(self, every: timedelta, *, is_under_way: bool) -> datetime:
        if not is_under_way:
            return self.began_at + every
        return self.began_at + (every * self.page / self.pages if self.pages > self.page else timedelta())


class Sweeper:
    def __init__(self, *, sync: "SyncService", database: Database, facilities: Facilities, meetings: MeetingCalendar, reader: Reader,
                 settings: Settings, clock: Callable[[], datetime]) -> None:  # fmt: skip
        self._sync = sync
        self._database = database
        self._facilities = facilities
        self._meetings = meetings
        self._reader = reader
        self._settings = settings
        self._lease = 2 * settings.lease  # as in a look at one room
        self._clock = clock

    def sweep(self, window: Slot, *, cause: str, room_ids: Sequence[str] | None, dry_run: bool,
              progress: Callable[[int, int], None] | None, at_once: int = 1) -> Iterator[Pass]:  # fmt: skip
        """Pass by pass: what a first load has planned is more than should be kept. `at_once`: rooms that are looked at side by side."""
        some = self._rooms(room_ids)
        total = 2 * len(some)
        for done, told in enumerate(self._read_exchange(some, cause, dry_run=dry_run), 1):
            yield from told
            if progress is not None:
                progress(done, total)
        span = window.duration / timedelta(seconds=1)
        for listings in self._facilities.listing_slices(some, window):
            yield from self._compare(some, listings, cause, dry_run=dry_run, at_once=at_once)
            if progress is not None and listings:
                read = (listings[0].window.end - window.start) / timedelta(seconds=1)
                progress(len(some) + int(len(some) * read / span), total)

    def roll(self) -> int:
        """One page of the horizon, if it is due; pages are spread evenly over the time that the whole may take."""
        now = self._clock()
        if not self._is_roll_due(now):
            return 0
        owner = f"roll:{ULID()}"
        if not leases.take_cursor(self._database, ROLLING, owner, now, 5 * self._lease):  # a page has calls for every room
            return 0
        until: datetime | None = None
        try:
            return self._roll(now)
        except RoomBookerError as error:
            _log.warning("the horizon cannot be read now", error=error.code)
            until = self._clock() + _ROLL_PAUSE
            return 0
        finally:
            leases.give_cursor(self._database, ROLLING, owner, until=until)

    def _is_roll_due(self, now: datetime) -> bool:
        """Asked every second by every worker: nothing is locked for it."""
        with self._database.read() as session:
            row = session.get(CursorRow, ROLLING)
        if row is None:
            return True
        every = timedelta(seconds=self._settings.horizon_every_seconds)
        return now >= _read_roll(row.value, now).due_at(every, is_under_way=row.window_start_at is not None)

    def _roll(self, now: datetime) -> int:
        if not self._is_roll_due(now):  # somebody else has been at it until this moment
            return 0
        with self._database.read() as session:
            row = session.get(CursorRow, ROLLING)
            position, end = (row.window_start_at, row.window_end_at) if row else (None, None)
            roll = _read_roll(row.value if row else "", now)
        some = self._rooms(None)
        if position is None or end is None:
            window = self._sync.full()
            position, end = window.start, window.end
            roll = replace(roll, began_at=now, page=0)
            for _ in self._read_exchange(some, "horizon sweep", dry_run=False):
                pass
        listings = next(iter(self._facilities.listing_slices(some, Slot(position, end)))) if some and position < end else []
        for _ in self._compare(some, listings, "horizon sweep", dry_run=False):
            pass
        position = listings[0].window.end if listings else end
        roll = replace(roll, page=roll.page + 1)
        is_over = position >= end
        if is_over:
            roll = replace(roll, pages=roll.page, took_s=(self._clock() - roll.began_at) / timedelta(seconds=1))
        with self._database.write() as session:
            session.merge(
                CursorRow(name=ROLLING, value=_write_roll(roll), window_start_at=None if is_over else position,
                          window_end_at=None if is_over else end, read_at=now)
            )  # fmt: skip
        return 1

    # Exchange

    def _read_exchange(self, some: Sequence[Room], cause: str, *, dry_run: bool) -> Iterator[list[Pass]]:
        """One delta per room. First loads and nightly re-bases are only stored: the comparison that follows sees them."""
        for at in range(0, len(some), _AT_ONCE):
            asks = [(room, *self._reader.cursor(room)) for room in some[at : at + _AT_ONCE]]
            for (room, _, _), changes in zip(asks, self._meetings.changes_all(asks), strict=True):
                yield self._take_changes(room, changes, cause, dry_run=dry_run)

    def _take_changes(self, room: Room, changes: "Changes | Exception", cause: str, *, dry_run: bool) -> list[Pass]:
        try:
            if isinstance(changes, Exception):
                raise changes
            if changes.is_full or not (changes.bookings or changes.gone or changes.restated):
                is_taken = not dry_run and not self._store(room, changes)
                return [Pass(room.id, skipped=True)] if is_taken else []
            return [self._sync.sync_room(room.id, cause=cause, dry_run=dry_run, changes=changes)]
        except RoomBookerError as error:
            return [self._failed(room, error)]

    def _store(self, room: Room, changes: Changes) -> bool:
        """False where somebody is reading it right now."""
        owner = f"sweep:{ULID()}"
        if not leases.take_room(self._database, room.id, owner, self._clock(), self._lease):
            return False
        try:
            with self._database.write() as session:
                self._sync.remember_changes(session, room, changes)
        finally:
            leases.give_room(self._database, room.id, owner)
        return True

    # TOPdesk

    def _compare(self, some: Sequence[Room], listings: Sequence[Listing], cause: str, *, dry_run: bool, at_once: int = 1) -> Iterator[Pass]:
        """One stretch of time, all rooms; a room where a plan is not empty, or something is missing, is looked at properly."""
        by_room = {listing.room_id: listing for listing in listings}
        if not by_room:
            return
        window = listings[0].window
        todo: set[str] = set()
        for at in range(0, len(some), _AT_ONCE):
            group = [room for room in some[at : at + _AT_ONCE] if room.id in by_room]
            fresh, differing = self._differing(group, by_room, window)
            todo |= {*fresh, *differing}
            if not dry_run:
                with self._database.write() as session:
                    for room in (room for room in group if room.id not in fresh):  # those are indexed by their pass
                        occupancy.replace(session, room, Side.TOPDESK, by_room[room.id])

        def look(room: Room) -> Pass:
            try:
                return self._sync.sync_room(room.id, cause=cause, dry_run=dry_run, listings=[by_room[room.id]])
            except RoomBookerError as error:
                return self._failed(room, error)

        looked_at = [room for room in some if room.id in todo]
        if at_once == 1 or len(looked_at) == 1:
            yield from map(look, looked_at)
            return
        pool = ThreadPoolExecutor(at_once, thread_name_prefix="load")
        try:
            contexts = [copy_context() for _ in looked_at]
            yield from pool.map(lambda context, room: context.run(look, room), contexts, looked_at)
        finally:
            pool.shutdown(cancel_futures=True)  # stopped: the rooms at hand are finished, no other is begun

    def _differing(self, group: Sequence[Room], by_room: dict[str, Listing], window: Slot) -> tuple[set[str], list[str]]:
        """Rooms whose first load this is, which need no plan of ours to tell; and others where something is to do."""
        ids = [room.id for room in group]
        now = self._clock()
        with self._database.read() as session:
            keys = {room_id: linking.live_keys(session, room_id) for room_id in linking.claimed_rooms(session)}
            links = linking.links_between(session, ids, window)
            fresh = {i for i in ids if i not in links and i not in keys and sum(b.is_live for b in by_room[i].bookings) >= _MANY}
            meetings = sightings.seen_between(session, [i for i in ids if i not in fresh], Side.EXCHANGE, window)
        found = []
        for room in (room for room in group if room.id not in fresh):
            listing, here = by_room[room.id], links.get(room.id, [])
            rules = rules_for(room, self._settings, now, keys.get(room.id, frozenset()))
            topdesk = View(listing.bookings, listing.is_complete)
            exchange = View(tuple(meetings.get(room.id, ())), is_complete=True)
            shown = {b.ref for view in (topdesk, exchange) for b in view.bookings}
            is_missing = any(r.ref not in shown for link in here for side in Side if (r := link.remembered(side)))
            if is_missing or plan(here, topdesk, exchange, rules):
                found.append(room.id)
        return fresh, found

    # Shared

    def _rooms(self, room_ids: Sequence[str] | None) -> list[Room]:
        with self._database.read() as session:
            return [r for r in rooms.every(session, enabled_only=True) if room_ids is None or r.id in room_ids]

    def _failed(self, room: Room, error: RoomBookerError) -> Pass:
        self._sync.alarm(room, error)
        _log.warning("a room could not be swept", room=room.id, error=error.code)
        return Pass(room.id, failed=1, reason=error.message)


def _read_roll(value: str, now: datetime) -> _Roll:
    told = json.loads(value) if value else {}
    began = datetime.fromisoformat(told["began_at"]) if told else now
    return _Roll(began, told.get("page", 0), told.get("pages", 0), told.get("took_s", 0.0))


def pace(session: Session, every: timedelta, now: datetime) -> dict[str, float | None]:
    """For /readyz and /metrics: how long the last whole horizon took (seconds; None before the first), and whether it and the one under
    way hold what is set."""
    row = session.get(CursorRow, ROLLING)
    if row is None:
        return {"horizon_took_seconds": None, "holds_pace": True}
    roll = _read_roll(row.value, now)
    under_way = now - roll.began_at if row.window_start_at is not None else timedelta()
    longest = max(under_way, timedelta(seconds=roll.took_s))
    return {"horizon_took_seconds": round(roll.took_s, 1) or None, "holds_pace": longest <= every * 1.1}


def _write_roll(roll: _Roll) -> str:
    return json.dumps({"began_at": roll.began_at.isoformat(), "page": roll.page, "pages": roll.pages, "took_s": roll.took_s})
