"""Keeping a room's two sides one: read, plan, guard, apply, remember; one room at a time, under its lease."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from roombooker.domain.actions import Action
from roombooker.domain.booking import Booking, Side
from roombooker.domain.calendar import Changes, Facilities, Listing, MeetingCalendar
from roombooker.domain.plan import plan
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.errors import Denied, NotFound, RoomBookerError, Unavailable
from roombooker.services.applying import Applier, Cause
from roombooker.services.guard import reason_to_stop
from roombooker.services.reading import Reader, Reading, cursor_name
from roombooker.services.rules import rules_for
from roombooker.settings import Settings
from roombooker.store import leases, linking, links, notices, occupancy, rooms, sightings, work_items
from roombooker.store.db import Database
from roombooker.store.models import CursorRow, NoticeRow, RoomRow

_log = structlog.get_logger(__name__)
LEASE = timedelta(minutes=2)
_RETRY = timedelta(seconds=20)  # after an action that failed
_AGAIN = timedelta(seconds=2)  # after a room that somebody else was looking at
_SWEEP = 500  # rooms whose listings are in memory at once


@dataclass(frozen=True, slots=True)
class Pass:
    """What one look at one room came to."""

    room_id: str
    planned: tuple[Action, ...] = ()
    done: int = 0
    failed: int = 0
    stopped: str | None = None
    skipped: bool = False  # somebody else holds the lease

    @property
    def is_clean(self) -> bool:
        return not self.failed and not self.stopped and not self.skipped


@dataclass
class _About:
    """What the notices say of one room."""

    notices: list[int] = field(default_factory=list)
    windows: list[Slot] = field(default_factory=list)
    named: list[Booking] = field(default_factory=list)
    lifecycle: set[str] = field(default_factory=set)


class SyncService:
    def __init__(self, *, database: Database, facilities: Facilities, meetings: MeetingCalendar, applier: Applier, settings: Settings,
                 clock: Callable[[], datetime], owner: str) -> None:  # fmt: skip
        self._database = database
        self._facilities = facilities
        self._meetings = meetings
        self._applier = applier
        self._settings = settings
        self._clock = clock
        self._owner = owner
        self._reader = Reader(database=database, facilities=facilities, meetings=meetings, clock=clock, horizon=settings.horizon)

    # Windows

    def near(self) -> Slot:
        now = self._clock()
        return Slot(now - timedelta(hours=1), now + self._settings.near)

    def full(self) -> Slot:
        now = self._clock()
        return Slot(now - timedelta(hours=1), now + self._settings.horizon)

    # One room

    def sync_room(self, room_id: str, *, windows: Sequence[Slot] | None = None, named: Sequence[Booking] = (), cause: str = "asked",
                  dry_run: bool = False, changes: Changes | None = None, listings: Sequence[Listing] | None = None) -> Pass:  # fmt: skip
        """One pass; waits for nobody: where another worker has the room, the pass is skipped and the room stays due."""
        with self._database.read() as session:
            room = rooms.get(session, room_id)
        if not leases.take_room(self._database, room_id, self._owner, self._clock(), LEASE):
            return Pass(room_id, skipped=True)
        try:
            reading = self._reader.read(room, list(windows or []), named, changes=changes, listings=listings)
            return self._carry_out(reading, Cause(cause), dry_run=dry_run)
        finally:
            leases.give_room(self._database, room_id, self._owner)

    def look(self, room_id: str) -> None:
        """A fresh, complete read of the room's near days and of the dates whose holds are over, and all that follows from it.

        Returns only when that is done; Unavailable where it could not be (a side is away, somebody else is at this room)."""
        with self._database.read() as session:
            held = [Slot(row.start_at, row.end_at) for row in links.lapsed(session, self._clock()) if row.room_id == room_id]
        done = self.sync_room(room_id, windows=[self.near(), *held], cause="hold")
        if not done.is_clean:
            raise Unavailable("exchange", "The room could not be looked at just now.")

    def _carry_out(self, reading: Reading, cause: Cause, *, dry_run: bool) -> Pass:
        room, now = reading.room, self._clock()
        with self._database.read() as session:
            rules = rules_for(room, self._settings, now, linking.live_keys(session, room.id))
            ahead = linking.future_count(session, room.id, now)
        actions = plan(reading.links, reading.topdesk, reading.exchange, rules)
        if dry_run:
            return Pass(room.id, actions)
        remembered = {side: sum(1 for link in reading.links if link.remembered(side)) for side in Side}
        stop = reason_to_stop(actions, ahead, reading.topdesk, reading.exchange, remembered)
        if stop:
            self._stop(room, stop)
            return Pass(room.id, actions, stopped=stop)
        done = failed = 0
        for action in actions:
            try:
                self._applier.apply(room, action, rules, cause)
                done += 1
            except RoomBookerError as error:
                failed += 1
                _log.warning("an action has to wait", room=room.id, action=type(action).__name__, error=error.code)
                self._retry_later(room, action)
        self._remember(reading)
        return Pass(room.id, actions, done, failed)

    def _retry_later(self, room: Room, action: Action) -> None:
        """Its link is as it was; a notice of our own brings us back to it."""
        link = getattr(action, "link", None)
        source = getattr(action, "source", None) or getattr(action, "exchange", None) or getattr(action, "target", None)
        slot = source.slot if source is not None else link.slot if link is not None else None
        if slot is None:
            return
        with self._database.write() as session:
            now = self._clock()
            notices.add(
                session, side="retry", ref=f"{room.id}|{slot.start.isoformat()}|{slot.end.isoformat()}", kind="changed", at=now + _RETRY
            )

    def _stop(self, room: Room, reason: str) -> None:
        with self._database.write() as session:
            row = session.get_one(RoomRow, room.id)
            row.held_reason = reason
            work_items.open_item(
                session,
                kind="safety_stop",
                dedupe=f"safety_stop:{room.id}",
                reason=reason,
                at=self._clock(),
                room_id=room.id,
                actions=["let_pass", "status"],
            )
        _log.error("a room is held", room=room.id)

    def _remember(self, reading: Reading) -> None:
        """Sightings, the search index and the cursor, in one commit after the actions: a crash before it reads the delta again."""
        room, changes = reading.room, reading.changes
        with self._database.write() as session:
            if changes.is_full:
                sightings.replace(session, room.id, Side.EXCHANGE, changes.window, changes.bookings)
                whole = Listing(room.id, changes.window, changes.bookings, is_complete=True, read_at=changes.read_at)
                occupancy.replace(session, room, Side.EXCHANGE, whole)
            else:
                sightings.forget(session, Side.EXCHANGE, changes.gone)
                sightings.remember(session, changes.bookings)
                for ref in changes.gone:
                    occupancy.forget(session, room.id, Side.EXCHANGE, ref)
                for booking in changes.bookings:
                    occupancy.put(session, room, booking, seen_at=changes.read_at)
                occupancy.confirm(session, room, Side.EXCHANGE, changes.window, changes.read_at)
            for listing in reading.listings:
                occupancy.replace(session, room, Side.TOPDESK, listing)
                if listing.is_complete:
                    sightings.replace(session, room.id, Side.TOPDESK, listing.window, listing.bookings)
            session.merge(CursorRow(name=cursor_name(room), value=changes.cursor, window_start_at=changes.window.start,
                                    window_end_at=changes.window.end, read_at=changes.read_at))  # fmt: skip

    # Many rooms

    def digest_notices(self) -> int:
        """Work off the inbox: find out which rooms the notices are about and look at them. Returns how many were taken."""
        now = self._clock()
        with self._database.write() as session:
            taken = notices.take(session, owner=self._owner, now=now, lease=LEASE)
            session.expunge_all()
        by_room: dict[str, _About] = {}
        for notice in taken:
            self._sort_in(notice, by_room)
        outcome: dict[int, bool] = {n.id: True for n in taken}
        for room_id, about in by_room.items():
            well = self._look(room_id, about)
            for notice_id in about.notices:
                outcome[notice_id] = outcome[notice_id] and well
        with self._database.write() as session:
            notices.done(session, [i for i, well in outcome.items() if well])
            notices.later(session, [i for i, well in outcome.items() if not well], self._clock() + _AGAIN)
        return len(taken)

    def _sort_in(self, notice: NoticeRow, by_room: dict[str, "_About"]) -> None:
        """Which rooms a notice is about. Exchange's name our room; TOPdesk's a reservation: where it was, and where it is now."""
        about = by_room.setdefault

        if notice.side == "exchange":
            room = about(notice.ref, _About())
            room.notices.append(notice.id)
            if notice.kind in ("missed", "subscriptionRemoved"):
                room.windows.append(self.full())
            if notice.kind != "changed":
                room.lifecycle.add(notice.kind)
            return
        if notice.side == "retry":
            room_id, start, end = notice.ref.split("|")
            room = about(room_id, _About())
            room.notices.append(notice.id)
            room.windows.append(Slot(datetime.fromisoformat(start), datetime.fromisoformat(end)))
            return
        try:
            records = self._facilities.anywhere(notice.ref)
        except NotFound:
            records = []
        with self._database.read() as session:
            links = linking.links_by_ref(session, Side.TOPDESK, [notice.ref, *(b.ref for b in records)])
            placed = [replace(b, room_id=at.id) for b in records if (at := rooms.by_location(session, b.place)) and at.enabled]
        for room_id in {b.room_id for b in placed} | {link.room_id for link in links}:
            room = about(room_id, _About())
            room.notices.append(notice.id)
            room.named += placed
            room.windows += [link.slot for link in links if link.room_id == room_id]

    def _look(self, room_id: str, about: "_About") -> bool:
        try:
            return not self.sync_room(room_id, windows=about.windows, named=about.named, cause="notice").skipped
        except RoomBookerError as error:
            _log.warning("a noticed room has to wait", room=room_id, error=error.code)
            return False

    def sweep(self, window: Slot, *, cause: str, room_ids: Sequence[str] | None = None, dry_run: bool = False) -> list[Pass]:
        """Every enabled room once: one paged TOPdesk read for all, one delta per room on Exchange, in batches of 20."""
        with self._database.read() as session:
            all_rooms = [r for r in rooms.every(session, enabled_only=True) if room_ids is None or r.id in room_ids]
        passes: list[Pass] = []
        for start in range(0, len(all_rooms), _SWEEP):
            some = all_rooms[start : start + _SWEEP]
            listings = {x.room_id: x for x in self._facilities.listing_all(some, window)}
            asks = [(room, *self._reader.cursor(room)) for room in some]
            for (room, _, _), changes in zip(asks, self._meetings.changes_all(asks), strict=True):
                passes.append(self._swept(room, window, listings.get(room.id), changes, cause, dry_run=dry_run))
        return passes

    def _swept(
        self, room: Room, window: Slot, listing: Listing | None, changes: "Changes | Exception", cause: str, *, dry_run: bool
    ) -> Pass:
        try:
            if isinstance(changes, Exception):
                raise changes
            listings = [listing] if listing is not None else None
            return self.sync_room(room.id, windows=[window], cause=cause, dry_run=dry_run, changes=changes, listings=listings)
        except RoomBookerError as error:
            self._alarm(room, error)
            _log.warning("a room could not be swept", room=room.id, error=error.code)
            return Pass(room.id, failed=1)

    def _alarm(self, room: Room, error: RoomBookerError) -> None:
        if not isinstance(error, Denied | NotFound):
            return
        with self._database.write() as session:
            row = session.get_one(RoomRow, room.id)
            row.alarm = f"{room.mailbox}: {error.message}"
