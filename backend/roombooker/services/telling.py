"""Telling people: work items for administrators, mail to the organizer for every change made for them."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from roombooker.domain.actions import Hold
from roombooker.domain.booking import Booking, Person, Side
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.store import outbox, rooms, work_items
from roombooker.store.models import LinkRow


class Telling:
    """Every method writes in the caller's transaction, so that nobody is told what did not happen and nothing that happened goes
    untold. `mails`: whether a mailbox is configured; without one the pane and the work list tell."""

    def __init__(self, *, clock: Callable[[], datetime], mails: bool) -> None:
        self._clock = clock
        self._mails = mails

    def organizer(self, session: Session, person: Person | None, row: LinkRow, subject: str, text: str, *records: Booking) -> None:
        """Into the outbox; `services.posting` sends it. `row`: the booking that it is about, whose room and time are added to `text`, and
        those of its `records` that lie elsewhere; never what the meeting is about."""
        if self._mails and person is not None:
            text = f"{text}\n\n{_whereabouts(session, row, records)}"
            outbox.put(session, person, subject, text, at=self._clock(), room_id=row.room_id, booking_id=row.booking_id)

    def released(self, session: Session, room: Room, person: Person | None, row: LinkRow) -> None:
        text = "The appointment was not sent in time, so the room was released and others may book it."
        self.organizer(session, person, row, f"{room.name} was released", text)

    def not_moved(self, session: Session, room: Room, person: Person | None, row: LinkRow) -> None:
        text = "The moved appointment was not sent in time, so the new time or room was given back and the booking stands as it was."
        self.organizer(session, person, row, f"{room.name}: your booking was not moved", text)

    def overruled(self, session: Session, room: Room, person: Person | None, row: LinkRow, winner: Side) -> None:
        name = _NAMES[winner]
        text = f"The booking was changed in Outlook and in TOPdesk at about the same time; what {name} says stands."
        self.organizer(session, person, row, f"{room.name}: changed in {name}", text)

    def conflict(self, session: Session, room: Room, row: LinkRow, reason: str, *records: Booking) -> None:
        self._open(session, "conflict", room, row, reason, ["retry", "decline_meeting", "give_up"], [told(b) for b in records])

    def cancellation_request(self, session: Session, room: Room, row: LinkRow, reason: str, reservation: Booking) -> None:
        self._open(session, "cancellation_request", room, row, reason, ["approve", "refuse"], [told(reservation)])

    def failed(self, session: Session, room: Room, row: LinkRow, reason: str) -> None:
        self._open(session, "failed_step", room, row, reason, ["retry", "give_up"], [])

    def hold(self, session: Session, room: Room, row: LinkRow, hold: Hold) -> None:
        candidates = [told(b) for b in (hold.topdesk, hold.exchange, *hold.candidates) if b is not None]
        self._open(session, hold.kind, room, row, hold.reason, _ACTIONS.get(hold.kind, ["retry", "give_up"]), candidates)

    def close(self, session: Session, link_id: str) -> None:
        """What was wrong with this booking is right again."""
        work_items.close_for_link(session, link_id, at=self._clock(), outcome="The two sides agree again.")

    def _open(
        self, session: Session, kind: str, room: Room, row: LinkRow, reason: str, actions: list[str], candidates: list[dict[str, Any]]
    ) -> None:
        work_items.open_item(
            session, kind=kind, dedupe=f"{kind}:{row.id}", reason=reason, at=self._clock(), room_id=room.id, link_id=row.id,
            booking_id=row.booking_id, candidates=candidates, actions=[*actions, "status"],
        )  # fmt: skip


_ACTIONS = {
    "ambiguous": ["match", "create_separate", "give_up"],
    "conflict": ["retry", "decline_meeting", "cancel_reservation", "give_up"],
    "deleted_and_edited": ["keep", "delete"],
    "both_changed": ["topdesk_wins", "exchange_wins"],
    "moved_in_topdesk": ["decline_meeting", "move_back", "give_up"],
    "moved_in_exchange": ["retry", "give_up"],
    "unexplained": ["retry", "delete", "give_up"],
    "unreadable": ["retry", "give_up"],
}


def when(room: Room, slot: Slot) -> str:
    """A slot in the room's own zone, which is named."""
    zone = ZoneInfo(room.time_zone)
    start, end = slot.start.astimezone(zone), slot.end.astimezone(zone)
    until = f"{end:%H:%M}" if end.date() == start.date() else f"{end:{_DAY}, %H:%M}"
    return f"{start:{_DAY}, %H:%M} to {until} ({room.time_zone})"


def _whereabouts(session: Session, row: LinkRow, records: Iterable[Booking]) -> str:
    """Where the booking stands as both sides last agreed, and where a side has it by now."""
    slot = Slot(row.start_at, row.end_at)
    lines = [_place(session, row.room_id, slot) + (_OF_SERIES if row.series_id else "")]
    for record in records:
        room_id = record.room_id or row.room_id
        if (room_id, record.slot) != (row.room_id, slot):
            lines.append(f"In {_NAMES[record.side]} now: {_place(session, room_id, record.slot)}")
    return "\n".join(lines)


def _place(session: Session, room_id: str, slot: Slot) -> str:
    room = rooms.get(session, room_id)
    return f"{room.name}, {when(room, slot)}"


_DAY = "%a %d %b %Y"
_NAMES = {Side.TOPDESK: "TOPdesk", Side.EXCHANGE: "Outlook"}  # as people call them
_OF_SERIES = ", a date of a series; others may be concerned too"  # which are told of once


def told(booking: Booking) -> dict[str, Any]:
    """A record as a candidate on a work item: enough to choose by, without its subject."""
    return {
        "side": booking.side.value,
        "ref": booking.ref,
        "number": booking.number,
        "start": booking.slot.start.isoformat().replace("+00:00", "Z"),
        "end": booking.slot.end.isoformat().replace("+00:00", "Z"),
        "organizer": booking.organizer.name or booking.organizer.email if booking.organizer else None,
        "standing": booking.standing.value,
    }
