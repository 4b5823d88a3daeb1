"""Carrying out a plan's actions: one at a time, the call between two short commits, each failure alone."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from roombooker.domain.actions import Action, Adopt, Arrive, Create, Delete, Forget, Hold, Refresh, Update, Vanish
from roombooker.domain.booking import Booking, Side, Standing
from roombooker.domain.calendar import Facilities, MeetingCalendar
from roombooker.domain.link import Link
from roombooker.domain.room import Room
from roombooker.errors import InProgress, RoomBookerError
from roombooker.services.adopting import Adopting
from roombooker.services.answering import Answering
from roombooker.services.inviting import Inviting
from roombooker.services.remembering import NAMES, Cause, Memory, Turn, organizer_of
from roombooker.services.requester import Requesters
from roombooker.services.reserving import Reserving
from roombooker.services.serial import Serial
from roombooker.services.telling import Telling
from roombooker.store import claims, linking
from roombooker.store.db import Database
from roombooker.store.models import LinkRow

__all__ = ["Applier", "Cause", "SettleMove", "Turn"]


class SettleMove(Protocol):
    """BookingService.settle_move: end a move that waits for its appointment. False where none waits, or somebody else is at it."""

    def __call__(self, booking_id: str, *, has_followed: bool) -> bool: ...


class Applier:
    def __init__(self, *, database: Database, facilities: Facilities, meetings: MeetingCalendar, requesters: Requesters, telling: Telling,
                 clock: Callable[[], datetime], alternatives: Callable[[Room, Booking], str],
                 settle_move: SettleMove | None = None) -> None:  # fmt: skip
        self._memory = Memory(database=database, requesters=requesters, telling=telling, clock=clock)
        self._answering = Answering(facilities=facilities, meetings=meetings)
        self._reserving = Reserving(
            facilities=facilities, answering=self._answering, memory=self._memory, telling=telling, alternatives=alternatives
        )
        self._serial = Serial(facilities=facilities, reserving=self._reserving, memory=self._memory)
        self._inviting = Inviting(facilities=facilities, meetings=meetings, answering=self._answering, memory=self._memory, telling=telling)
        self._adopting_many = Adopting(memory=self._memory, answering=self._answering)
        self._telling = telling
        self._settle_move = settle_move

    def adopt(self, turn: Turn, actions: Sequence[Adopt], keep: Callable[[], None]) -> list[tuple[Action, RoomBookerError]]:
        """Pairs that no link knows yet, many at once; what must be tried again, with its error."""
        return self._adopting_many.adopt(turn, actions, keep)

    def apply(self, turn: Turn, action: Action) -> None:
        """SideError and below where the action could not be carried out now; it is planned again by the next pass."""
        match action:
            case Create(side=Side.TOPDESK):
                self._reserving.reserve(turn, action)
            case Create():
                self._inviting.invite(turn, action)
            case Update(side=Side.TOPDESK):
                self._reserving.follow(turn, action)
            case Update():
                self._inviting.follow(turn, action)
            case Delete(side=Side.TOPDESK):
                self._reserving.end(turn, action)
            case Delete():
                self._inviting.end(turn, action)
            case Adopt(link=None):
                for _, error in self.adopt(turn, [action], keep=lambda: None):
                    raise error
            case Adopt(link=Link() as link):
                self._adopt(turn, action, link)
            case Refresh():
                self._refresh(turn, action)
            case Forget():
                self._forget(turn, action)
            case Vanish():
                self._vanish(turn, action)
            case Arrive():
                self._arrive(action)
            case Hold():
                self._hold(turn, action)

    def reserve_series(self, turn: Turn, actions: Sequence[Create], keep: Callable[[], None]) -> list[tuple[Create, RoomBookerError]]:
        """The dates of one series in one go; those that must be tried again. `keep` raises where the room is no longer ours."""
        return self._serial.reserve(turn, actions, keep)

    def tell_of(self, turn: Turn, action: Action, error: RoomBookerError) -> None:
        """It is tried again, but somebody has to do something first; the item closes by itself when it has gone well."""
        source = getattr(action, "source", None)
        with self._memory.writing() as session:
            known = [action.link] if action.link is not None else linking.links_by_ref(session, source.side, [source.ref]) if source else []
            for link in known:
                reason = f"This booking could not be carried on; it is tried again until it can be. {error.message}"
                self._telling.failed(session, turn.room, linking.row_of(session, link.id), reason)

    def _adopt(self, turn: Turn, action: Adopt, link: Link) -> None:
        """What a link has waited for is there. Stamped first: a stamp that was lost after the commit nobody would make up for."""
        topdesk, exchange = action.topdesk, action.exchange
        row, owes_look = self._adopting(action, link)
        if owes_look:
            self._reserving.adopt_unverified(turn, row, link, topdesk, exchange)
            return
        self._answering.stamp(turn.room, row.match_key, topdesk, exchange)
        if action.moves is not None:
            self._matched_apart(turn, row, action, action.moves)
            return
        answered = self._answering.respond(turn.room, topdesk, exchange)
        if answered is not exchange:
            turn.written.append(answered)
        is_news = action.why != "both agree"
        message = f"Reservation and appointment were matched ({action.why})." if is_news else "Both sides say the same."
        self._memory.store(turn, row, (topdesk, answered), "matched" if is_news else "agreed", message)

    def _adopting(self, action: Adopt, link: Link) -> tuple[LinkRow, bool]:
        """The row that remembers both, and whether it was a write of ours whose end was not known."""
        with self._memory.writing() as session:
            row = self._memory.current(session, link)
            if action.absorbs is not None:
                absorbed = self._memory.current(session, action.absorbs)
                merged = "It turned out to be the same booking as another one."
                linking.end(absorbed, "cancelled", self._memory.now(), code="merged", reason=merged)
            is_ours = row.state == "reserving" and action.topdesk.match_key == row.match_key
            return row, is_ours or link.writing is Side.TOPDESK

    def _matched_apart(self, turn: Turn, row: LinkRow, action: Adopt, follower: Side) -> None:
        with self._memory.writing() as session:
            fresh = linking.row_of(session, row.id)
            for record in (action.topdesk, action.exchange):
                linking.release_ref(session, record.side, record.ref, besides=row.id)
                self._memory.remember(fresh, turn.room, record)
            linking.tell(fresh, action.exchange)
            fresh.held_until = None
            linking.set_apart(fresh, action.topdesk if follower is Side.TOPDESK else action.exchange, follower=follower)
            message = f"The appointment was found, at another time ({action.why})."
            self._memory.journal(session, fresh, "matched", message, turn.cause, record=action.exchange)

    def _refresh(self, turn: Turn, action: Refresh) -> None:
        with self._memory.writing() as session:
            row = self._memory.current(session, action.link)
            was = row.state
            self._memory.remember(row, turn.room, action.booking)
            kind, message = "changed", f"It was changed in {NAMES[action.booking.side]}."
            if was == "awaiting_approval" and action.booking.standing is Standing.PLANNED:
                row.state = "awaiting_appointment"
                kind, message = "approved", "The request was approved in TOPdesk."
            self._memory.journal(session, row, kind, message, turn.cause, record=action.booking)

    def _forget(self, turn: Turn, action: Forget) -> None:
        with self._memory.writing() as session:
            row = self._memory.current(session, action.link)
            state, code, reason, kind = "cancelled", "ended", "The booking was ended.", "cancelled"
            was_held = row.state == "awaiting_appointment"  # so nobody but TOPdesk can have ended it
            if was_held:
                code, reason = "cancelled_in_topdesk", "The reservation was cancelled in TOPdesk."
            if row.state == "awaiting_approval":
                state, code, reason, kind = "refused", "rejected_in_topdesk", "The request was rejected in TOPdesk.", "rejected"
            elif row.state in linking.ENDED:
                state, code, reason = row.state, row.reason_code or code, row.reason or reason
            linking.end(row, state, self._memory.now(), code=code, reason=reason)
            claims.release(session, row.id)
            self._telling.close(session, row.id)
            self._memory.journal(session, row, kind, reason, turn.cause)
            if kind == "rejected" or was_held:
                what = "was not approved" if kind == "rejected" else "is no longer booked"
                self._telling.organizer(session, organizer_of(row), row, f"{turn.room.name} {what}", reason)

    def _vanish(self, turn: Turn, action: Vanish) -> None:
        gone = "The meeting vanished from the room's calendar without being cancelled; the reservation is kept for a while."
        with self._memory.writing() as session:
            row = self._memory.current(session, action.link)
            row.vanished_at = None if action.is_back else self._memory.now()
            kind, message = ("back", "The meeting is back on the room's calendar.") if action.is_back else ("vanished", gone)
            self._memory.journal(session, row, kind, message, turn.cause)
            if not action.is_back and turn.is_news("vanished", action.link.series_id):
                self._telling.organizer(
                    session, organizer_of(row), row, f"{turn.room.name}: is your meeting still on?",
                    "The meeting is no longer on the room's calendar. If it was moved, invite the room again; otherwise its reservation ends "
                    "in a few minutes.",
                )  # fmt: skip

    def _arrive(self, action: Arrive) -> None:
        if self._settle_move is None or not self._settle_move(action.link.booking_id, has_followed=not action.elsewhere):
            raise InProgress("This booking is being moved at this moment.")

    def _hold(self, turn: Turn, action: Hold) -> None:
        record = action.exchange or action.topdesk
        with self._memory.writing() as session:
            if action.link is not None:
                row = self._memory.current(session, action.link)
            elif record is not None:
                row = linking.new_row(session, record, now=self._memory.now(), state="on_hold")
            else:
                return
            if record is not None and (action.link is None or None in (action.link.topdesk, action.link.exchange)):
                self._memory.remember(row, turn.room, record)
            row.state, row.reason_code, row.reason, row.held_until = "on_hold", action.kind, action.reason, None
            linking.settle(row, action.mark)
            self._telling.hold(session, turn.room, row, action)
            self._memory.journal(session, row, "held", action.reason, turn.cause, record=record)
            if action.kind in _CONCERNS_ORGANIZER:
                person = (action.exchange.organizer if action.exchange else None) or organizer_of(row)
                subject, records = f"{turn.room.name}: your booking needs attention", [r for r in (action.topdesk, action.exchange) if r]
                self._telling.organizer(session, person, row, subject, action.reason, *records)


_CONCERNS_ORGANIZER = ("moved_in_topdesk", "deleted_and_edited")
