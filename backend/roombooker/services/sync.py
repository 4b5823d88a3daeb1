"""Keeping a room's two sides one: read, plan, guard, apply, remember; one room at a time, under its lease."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

import structlog
from sqlalchemy import Table, bindparam, delete, or_
from sqlalchemy.orm import Session

from roombooker.domain.actions import Action, Adopt, Arrive
from roombooker.domain.booking import Booking, Side
from roombooker.domain.calendar import Changes, Facilities, Listing, MeetingCalendar
from roombooker.domain.room import Room
from roombooker.domain.sequence import dates_of, in_runs
from roombooker.domain.slot import Slot
from roombooker.errors import Denied, InProgress, NotFound, Refused, RoomBookerError, Unavailable
from roombooker.services.applying import Applier, Cause, Turn
from roombooker.services.digesting import Digest
from roombooker.services.guard import is_inferred, memory_of, reason_to_stop
from roombooker.services.holding import Hold
from roombooker.services.outcome import Errand, Pass, SubscriptionKeeper
from roombooker.services.planning import Planner
from roombooker.services.reading import Reader, Reading, cursor_name
from roombooker.services.recurring import makes_series
from roombooker.services.rules import rules_for
from roombooker.services.sweeping import Sweeper
from roombooker.settings import Settings
from roombooker.store import linking, links, loading, notices, occupancy, rooms, sightings, work_items
from roombooker.store.db import Database
from roombooker.store.models import CursorRow, RoomRow
from roombooker.store.upsert import upsert

__all__ = ["Pass", "SyncService"]

_log = structlog.get_logger(__name__)
_CURSOR = cast("Table", CursorRow.__table__)
_IS_OVER = or_(_CURSOR.c.read_at.is_(None), _CURSOR.c.read_at < bindparam("before"))
_FORGET = delete(_CURSOR).where(_CURSOR.c.name == bindparam("name"), _IS_OVER)  # built once, run in every pass
_LOADED_AT_ONCE = 2  # rooms
_ROUNDS = 3  # what one round of actions makes possible is planned by the next, in the same pass


class SyncService:
    def __init__(self, *, database: Database, facilities: Facilities, meetings: MeetingCalendar, applier: Applier, settings: Settings,
                 clock: Callable[[], datetime], owner: str, subscriptions: SubscriptionKeeper | None = None) -> None:  # fmt: skip
        self._database = database
        self._applier = applier
        self._settings = settings
        self._lease = 2 * settings.lease  # a look has several calls; renewed between its actions
        self._clock = clock
        self._owner = owner[:36]
        self._reader = Reader(database=database, facilities=facilities, meetings=meetings, clock=clock, horizon=settings.horizon)
        self._planner = Planner(database=database, meetings=meetings, settings=settings, clock=clock)
        self._digest = Digest(
            sync=self,
            database=database,
            facilities=facilities,
            subscriptions=subscriptions,
            clock=clock,
            owner=owner[:36],
            lease=self._lease,
        )
        self._sweeper = Sweeper(
            sync=self, database=database, facilities=facilities, meetings=meetings, reader=self._reader, settings=settings, clock=clock
        )

    # Windows

    def near(self) -> Slot:
        now = self._clock()
        return Slot(now - timedelta(hours=1), now + self._settings.near)

    def full(self) -> Slot:
        now = self._clock()
        return Slot(now - timedelta(hours=1), now + self._settings.horizon)

    @property
    def may_edit_meetings(self) -> bool:
        """Whether the optional scope on people's mailboxes lets us change meetings that people organize."""
        return self._settings.people_calendars

    # One room

    def look(self, room_id: str) -> None:
        """A fresh, complete read of the room's near days and of the dates whose holds are over, and all that follows from it; an action that
        has to wait keeps nobody else's hold. Unavailable where it could not be read (a side is away, somebody else is at this room)."""
        with self._database.read() as session:
            held = [Slot(row.start_at, row.end_at) for row in links.lapsed(session, self._clock()) if row.room_id == room_id]
        done = self.sync_room(room_id, windows=[self.near(), *held], cause="hold")
        if done.skipped or done.stopped:
            raise Unavailable("exchange", "The room could not be looked at just now.")

    def sync_room(self, room_id: str, *, windows: Sequence[Slot] = (), named: Sequence[Booking] = (), cause: str = "asked",
                  dry_run: bool = False, changes: Changes | None = None, listings: Sequence[Listing] = (),
                  errand: Errand | None = None) -> Pass:  # fmt: skip
        """One pass; waits for nobody: where another worker has the room, the pass is skipped and the caller comes back later. A room that
        is switched off stays as it is on both sides.

        `windows` are looked at in any case, and whatever has changed in Exchange; `named` are reservations freshly read, `listings`
        stretches of TOPdesk that a sweep has just read."""
        hold = self._hold()
        if not hold.take(room_id, errand.begin if errand is not None else None):
            with self._database.read() as session:
                rooms.get(session, room_id)  # NotFound: nobody has it either
            return Pass(room_id, skipped=True)
        try:
            with self._database.read() as session:
                room = rooms.get(session, room_id)
                window, token = self._reader.cursor_in(session, room)
                waiting = notices.of_room(session, room_id) if changes is None else []
                retries = notices.retries_of(session, room_id)
            look = _Look(room, hold, waiting, retries, errand, Cause(cause))
            if not (room.enabled or dry_run):
                return self._conclude(look, Pass(room_id), _nothing)
            true_listings: Sequence[Listing] = listings
            if changes is not None or listings:
                changes, true_listings = self._reader.still_true(room_id, changes, listings)
                windows = [*windows, *(one.window for one in listings if one not in true_listings)]
            if changes is None:
                changes = self._reader.changes(room, window, token)
            told = self._reader.told(room, changes, [*windows, *(one.window for one in true_listings)])
            if told.is_echo and not (windows or named or true_listings or dry_run):
                self._clear_alarm(room)
                return self._conclude(look, Pass(room_id), lambda session: self.remember_changes(session, room, told.changes))
            reading = self._reader.read(room, told, windows, named, listings=true_listings)
            if not hold.take_more(sorted(reading.known.keys() - {room_id})):
                return self._come_again(look, windows, reading)
            self._clear_alarm(room)
            return self._carry_out(look, reading, dry_run=dry_run)
        finally:
            hold.close()

    def decide(self, room_id: str, decision: Callable[[Turn], Sequence[Action]], *, cause: Cause) -> None:
        """What a person decided for a room, carried out under its lease; errors reach the person. InProgress where somebody is at it."""
        with self._database.read() as session:
            room = rooms.get(session, room_id)
            live_keys = linking.live_keys(session, room_id)
        hold = self._hold()
        if not hold.take(room_id):
            raise InProgress("Somebody is at this room right now; try again in a moment.")
        try:
            turn = Turn(room, rules_for(room, self._settings, self._clock(), live_keys), cause)
            for action in decision(turn):
                self._applier.apply(turn, action)
        finally:
            hold.close()

    def _hold(self) -> Hold:
        return Hold(database=self._database, owner=self._owner, clock=self._clock, lease=self._lease)

    def _come_again(self, look: "_Look", windows: Sequence[Slot], reading: Reading) -> Pass:
        """A booking between two rooms, and somebody is at the other one: nothing was done, nothing is remembered."""
        done = Pass(look.room.id, skipped=True)
        with look.hold.last_commit() as session:
            for window in reading.windows or windows:
                notices.retry(session, ref=notices.retry_ref(look.room.id, window), at=self._clock())
            if look.errand is not None:
                look.errand.end(session, done)
        return done

    def _conclude(self, look: "_Look", done: Pass, remember: Callable[[Session], None]) -> Pass:
        """What was read is remembered, its notices are done and the room is free, all at once: a crash before it reads the delta again."""
        with look.hold.last_commit() as session:
            if look.errand is not None:  # first: what it was made for is its own to strike off
                look.errand.end(session, done)
            remember(session)
            own = look.errand.leased if look.errand is not None else ()
            notices.told(session, [one for one in look.waiting if one not in own])
        return done

    def _carry_out(self, look: "_Look", reading: Reading, *, dry_run: bool) -> Pass:
        room = reading.room
        turn = Turn(room, self._planner.rules(reading, look.cause.by), look.cause)
        actions = self._planner.plan(reading, turn.rules)
        if dry_run:
            return Pass(room.id, actions)
        stop = self._reason_to_stop(reading, actions)
        if stop:
            return self._conclude(look, Pass(room.id, actions, stopped=stop), lambda session: self._remember(session, reading, turn))
        everything, done, failed = list(actions), 0, 0
        for number in range(_ROUNDS):
            well, ill = self._apply(turn, actions, look.hold)
            done, failed = done + well, failed + ill
            if ill or not any(isinstance(a, Arrive) or (isinstance(a, Adopt) and a.moves) for a in actions) or number == _ROUNDS - 1:
                break
            told = self._reader.told(room, _overlaid(reading.changes, turn.written, room), reading.windows)
            reading = self._reader.read(room, told, reading.windows)
            turn = replace(turn, rules=self._planner.rules(reading, look.cause.by))
            actions = self._planner.plan(reading, turn.rules)
            everything += actions
        final = reading

        def remember(session: Session) -> None:
            self._remember(session, final, turn)
            if not failed and final.topdesk.is_complete:  # whatever somebody was to come back for has been looked at
                notices.told(session, [one for one, ref in look.retries if any(w.contains(notices.retry_slot(ref)) for w in final.windows)])
                self._planner.conclude(session, final, look.cause.by)

        return self._conclude(look, Pass(room.id, tuple(everything), done, failed), remember)

    def _apply(self, turn: Turn, actions: Sequence[Action], hold: Hold) -> tuple[int, int]:
        """How many went well, and how many must be tried again."""
        done = failed = 0
        pairs = [a for a in actions if isinstance(a, Adopt) and a.link is None]
        runs = in_runs([a for a in actions if not (isinstance(a, Adopt) and a.link is None)])
        if pairs:
            ill: Sequence[tuple[Action, RoomBookerError]] = self._applier.adopt(turn, pairs, hold.keep)
            self._retry_later(turn, ill)
            done, failed = len(pairs) - len(ill), len(ill)
        for run in runs:
            if hold.is_lost:
                break
            ill = self._apply_run(turn, run, hold.keep)
            self._retry_later(turn, ill)
            done, failed = done + len(run) - len(ill), failed + len(ill)
        return done, failed

    def _apply_run(self, turn: Turn, run: Sequence[Action], keep: Callable[[], None]) -> Sequence[tuple[Action, RoomBookerError]]:
        """One action, or the dates of a series; what must be tried again, with its error."""
        dates = dates_of(run)
        try:
            keep()
            if dates and (len(dates) > 1 or makes_series(turn.room)):
                return self._applier.reserve_series(turn, dates, keep)
            self._applier.apply(turn, run[0])
        except RoomBookerError as error:
            return [(action, error) for action in run]
        return []

    def _retry_later(self, turn: Turn, ill: Sequence[tuple[Action, RoomBookerError]]) -> None:
        """Their links are as they were; a notice of our own brings us back to each, and where time alone will not help people learn it."""
        room = turn.room
        for action, error in ill:
            if isinstance(error, Denied | NotFound | Refused):
                self._applier.tell_of(turn, action, error)
            _log.warning("an action has to wait", room=room.id, action=type(action).__name__, error=error.code)
            source = getattr(action, "source", None) or getattr(action, "exchange", None) or getattr(action, "target", None)
            slot = source.slot if source is not None else action.link.slot if action.link is not None else None
            if slot is not None:
                with self._database.write() as session:
                    notices.retry(session, ref=notices.retry_ref(room.id, slot), at=self._clock())

    # The guard

    def _reason_to_stop(self, reading: Reading, actions: Sequence[Action]) -> str | None:
        """Why nothing may be done in this room until a person has looked; held rooms stay held."""
        room = reading.room
        if reading.held_reason or not any(is_inferred(action) for action in actions):
            return reading.held_reason
        with self._database.read() as session:
            ahead = linking.future_count(session, room.id, self._clock())
            allowed = session.get(CursorRow, _let_pass(room.id))
            until = allowed.read_at if allowed is not None else None
            passes = until is not None and until >= self._clock()
            since = self._clock() - memory_of(self._settings)
            missed = linking.missed_since(session, room.id, max(since, until) if until else since)
        remembered = {side: len({link.series_id or link.id for link in reading.links if link.remembered(side)}) for side in Side}
        stop = reason_to_stop(actions, ahead, reading.topdesk, reading.exchange, remembered, missed)
        if stop is None or passes:
            return None
        with self._database.write() as session:
            session.get_one(RoomRow, room.id).held_reason = stop
            work_items.open_item(
                session, kind="safety_stop", dedupe=f"safety_stop:{room.id}", reason=stop, at=self._clock(), room_id=room.id,
                actions=["let_pass", "status"],
            )  # fmt: skip
        _log.error("a room is held", room=room.id)
        return stop

    def let_pass(self, room_id: str, *, by: str, within: timedelta = timedelta(hours=1)) -> Pass:
        """A person has looked: what is missing really is gone. For so long nothing stops this room; it is looked at right away."""
        now = self._clock()
        with self._database.write() as session:
            session.get_one(RoomRow, room_id).held_reason = None
            session.merge(CursorRow(name=_let_pass(room_id), value="", read_at=now + within))
            for item in work_items.listed(session, kind="safety_stop", room_id=room_id):
                work_items.settle(session, item, at=now, by=by, outcome="Let pass.")
        return self.sync_room(room_id, windows=[self.full()], cause=by)

    # Memory

    def _remember(self, session: Session, reading: Reading, turn: Turn) -> None:
        """Sightings, the search index and the cursor."""
        room, changes = reading.room, _overlaid(reading.changes, turn.written, reading.room)
        written = {b.ref: b for b in turn.written}
        self.remember_changes(session, room, changes)
        for listing in reading.listings:
            told = {b.ref: b for b in listing.bookings} | {r: b for r, b in written.items() if b.side is Side.TOPDESK}
            here = tuple(b for b in told.values() if b.place == room.location_id and b.slot.overlaps(listing.window))
            occupancy.replace(session, room, Side.TOPDESK, replace(listing, bookings=here))
        session.execute(_FORGET, {"name": _let_pass(room.id), "before": self._clock() - memory_of(self._settings)})

    def remember_changes(self, session: Session, room: Room, changes: Changes) -> None:
        """What Exchange told, and how far it was read; in the caller's transaction."""
        if changes.is_full:
            sightings.replace(session, room.id, Side.EXCHANGE, changes.window, changes.bookings)
            whole = Listing(room.id, changes.window, changes.bookings, is_complete=True, read_at=changes.read_at)
            occupancy.replace(session, room, Side.EXCHANGE, whole)
        else:
            sightings.forget(session, room.id, Side.EXCHANGE, changes.gone)
            sightings.remember(session, Side.EXCHANGE, changes.bookings)
            for ref in changes.gone:
                occupancy.forget(session, room.id, Side.EXCHANGE, ref)
            for booking in changes.bookings:
                occupancy.put(session, room, booking, seen_at=changes.read_at)
            occupancy.confirm(session, room, Side.EXCHANGE, changes.window, changes.read_at)
        upsert(session, CursorRow.__table__, [{
            "name": cursor_name(room.id), "value": changes.cursor, "window_start_at": changes.window.start,
            "window_end_at": changes.window.end, "read_at": changes.read_at,
        }], ["name"])  # fmt: skip

    def alarm(self, room: Room, error: RoomBookerError) -> None:
        """Its mailbox cannot be read: nothing of it is dropped, and people are told."""
        if not isinstance(error, Denied | NotFound):
            return
        with self._database.write() as session:
            session.get_one(RoomRow, room.id).alarm = f"{room.mailbox}: {error.message}"
            rooms.touch(session)

    def _clear_alarm(self, room: Room) -> None:
        if not (room.alarm or "").startswith(f"{room.mailbox}: "):
            return
        with self._database.write() as session:
            session.get_one(RoomRow, room.id).alarm = None
            rooms.touch(session)

    # Many rooms

    def digest_notices(self) -> int:
        """Work off the inbox: find out which rooms the notices are about and look at them. Returns how many were taken."""
        return self._digest.run()

    def sweep(self, window: Slot, *, cause: str, room_ids: Sequence[str] | None = None, dry_run: bool = False,
              progress: Callable[[int, int], None] | None = None) -> list[Pass]:  # fmt: skip
        """Every enabled room once: one paged TOPdesk read for all, one delta per room on Exchange, in batches of 20.

        Returns the passes of rooms where something was to do. `progress(done, all)`: how much of the work lies behind."""
        return list(self._sweeper.sweep(window, cause=cause, room_ids=room_ids, dry_run=dry_run, progress=progress))

    def load(
        self, window: Slot, *, cause: str, room_ids: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> Iterator[Pass]:
        """The same for rooms that come on: pass by pass, since what is planned for them all is too much to keep; and one room is
        planned while another is written."""
        undone: set[str] = set()
        passes = self._sweeper.sweep(window, cause=cause, room_ids=room_ids, dry_run=False, progress=progress, at_once=_LOADED_AT_ONCE)
        for done in passes:
            undone |= set() if done.is_clean else {done.room_id}
            yield done
        with self._database.write() as session:
            loading.end(session, set(room_ids) - undone)

    def roll(self) -> int:
        """The next stretch of the horizon, when it is due: no date is then staler than `horizon_every_seconds`. 1 if one was read."""
        return self._sweeper.roll()


@dataclass(frozen=True, slots=True)
class _Look:
    """One pass under way. `waiting` are the notices that had arrived before the delta was read: what they are about is in it; `retries`
    (id, ref) are those of our own that would bring somebody back here."""

    room: Room
    hold: Hold
    waiting: Sequence[int]
    retries: Sequence[tuple[int, str]]
    errand: Errand | None
    cause: Cause


def _nothing(_session: Session) -> None:
    """To remember of a room that is switched off."""


def _let_pass(room_id: str) -> str:
    return f"let_pass:{room_id}"


def _overlaid(changes: Changes, written: Sequence[Booking], room: Room) -> Changes:
    """With our own writes, which the delta will only tell next time."""
    ours = {b.ref: b for b in written if b.side is Side.EXCHANGE and b.place == room.mailbox}
    if not ours:
        return changes
    told = {b.ref: b for b in changes.bookings} | {ref: replace(b, room_id=room.id) for ref, b in ours.items()}
    return replace(changes, bookings=tuple(told.values()))
