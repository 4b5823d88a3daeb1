"""Carrying out a plan's actions: one at a time, the call between two short commits, each failure alone."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from roombooker.domain.actions import Action, Adopt, Create, Delete, Forget, Hold, Refresh, Update, Vanish
from roombooker.domain.booking import Booking, Draft, Person, Side, Standing
from roombooker.domain.calendar import Facilities, MeetingCalendar
from roombooker.domain.fingerprint import Field, fingerprint
from roombooker.domain.link import Link
from roombooker.domain.plan import Rules, settled_by
from roombooker.domain.room import Cancellation, Room
from roombooker.errors import Denied, NotFound, OutcomeUnknown, Refused, SlotTaken
from roombooker.services.requester import Requesters
from roombooker.services.rules import keeps
from roombooker.services.telling import Telling
from roombooker.store import journal, linking, rooms
from roombooker.store.db import Database
from roombooker.store.models import LinkRow

_log = structlog.get_logger(__name__)
RELEASED_IN_OUTLOOK = "The meeting was cancelled in Outlook."
ENDED_IN_TOPDESK = "The reservation of this room was ended in TOPdesk."


@dataclass(frozen=True, slots=True)
class Cause:
    """Why we are at it, for the journal: notice, sweep, hold, an administrator's name …"""

    by: str
    request_id: str | None = None


class Applier:
    def __init__(self, *, database: Database, facilities: Facilities, meetings: MeetingCalendar, requesters: Requesters,
                 telling: Telling, clock: Callable[[], datetime], alternatives: Callable[[Room, Booking], str]) -> None:  # fmt: skip
        self._database = database
        self._facilities = facilities
        self._meetings = meetings
        self._requesters = requesters
        self._telling = telling
        self._clock = clock
        self._alternatives = alternatives

    def apply(self, room: Room, action: Action, rules: Rules, cause: Cause) -> None:
        """SideError and below where the action could not be carried out now; its link is then as it was."""
        match action:
            case Create(side=Side.TOPDESK):
                self._reserve(room, action, rules, cause)
            case Create():
                self._invite(room, action, cause)
            case Update(side=Side.TOPDESK):
                self._move_reservation(room, action, rules, cause)
            case Update():
                self._move_meeting(room, action, cause)
            case Delete(side=Side.TOPDESK):
                self._cancel_reservation(room, action, rules, cause)
            case Delete():
                self._end_meeting(room, action, cause)
            case Adopt():
                self._adopt(room, action, rules, cause)
            case Refresh():
                self._refresh(room, action, cause)
            case Forget():
                self._forget(action, cause)
            case Vanish():
                self._vanish(action, cause)
            case Hold():
                self._hold(room, action, rules, cause)

    # Exchange → TOPdesk

    def _reserve(self, room: Room, action: Create, rules: Rules, cause: Cause) -> None:
        """A meeting without reservation: the link with its key is stored first, so that a lost create is found again."""
        source = action.source
        with self._database.write() as session:
            row = (
                linking.row_of(session, action.link.id)
                if action.link
                else linking.new_row(session, source, now=self._clock(), state="reserving")
            )
            linking.release_ref(session, source.side, source.ref, besides=row.id)
            self._remember(row, room, source)
        draft = self._draft(room, row, source)
        known = self._facilities.find(room, row.match_key) if action.link else None
        if known is not None and known.is_live:
            reserved = known if known.slot == source.slot else self._facilities.change(room, known, draft)
        else:
            try:
                reserved = self._create_verified(room, draft)
            except (Refused, SlotTaken) as refusal:
                self._refuse(room, row, action, rules, cause, refusal.message)
                return
        self._store(
            room,
            row,
            (reserved, source),
            cause,
            "reserved",
            f"{room.name} was reserved in TOPdesk for the meeting that is on its calendar.",
        )
        self._stamp_meeting(room, source, row.match_key)

    def _create_verified(self, room: Room, draft: Draft) -> Booking:
        """Create, then look who else is there: a live reservation that is not ours always wins."""
        reserved = self._facilities.create(room, draft)
        others = self._others(room, reserved)
        if others or reserved.standing is Standing.CONFLICTING:
            self._facilities.remove(room, reserved, "Room Booker: the room was already taken.")
            raise SlotTaken("The room is already reserved in TOPdesk at that time.")
        return reserved

    def _others(self, room: Room, reserved: Booking) -> list[Booking]:
        found = self._facilities.occupied([room], reserved.slot).get(room.id, [])
        return [
            b
            for b in found
            if b.ref != reserved.ref and b.is_live and not (b.match_key and reserved.match_key and b.match_key > reserved.match_key)
        ]

    def _refuse(self, room: Room, row: LinkRow, action: Create, rules: Rules, cause: Cause, why: str) -> None:
        """TOPdesk said no to a meeting that is on the room's calendar: the room declines it, or a person must."""
        source = action.source
        reason = f"{room.name} could not be reserved in TOPdesk: {why}"
        offer = self._alternatives(room, source)
        declined = self._decline(room, source, f"{reason} {offer}".strip())
        settled = settled_by(action, None, source, rules)
        with self._database.write() as session:
            fresh = linking.row_of(session, row.id)
            if declined:
                linking.end(fresh, "refused", self._clock(), code="slot_taken", reason=reason)
            else:
                fresh.state, fresh.reason_code, fresh.reason = "refused", "slot_taken", reason
                linking.settle(fresh, settled)
            self._journal(session, fresh, "refused", reason, cause, side="topdesk")
            self._telling.conflict(session, room, fresh, reason, source, declined=declined)
        self._telling.organizer(source.organizer, room, f"{room.name} is not available", f"{reason} {offer}".strip())

    def _decline(self, room: Room, meeting: Booking, text: str) -> bool:
        """Whether the room could answer; without the right to write its calendar the organizer is told otherwise."""
        try:
            if meeting.room_organizes:
                self._meetings.remove(room, meeting, text)
            else:
                self._meetings.decline(room, meeting, text)
        except (Denied, NotFound):
            return False
        return True

    def _move_reservation(self, room: Room, action: Update, rules: Rules, cause: Cause) -> None:
        """The reservation follows its meeting; on a clash it is put back, stands, and the organizer learns it."""
        with self._database.read() as session:
            row = linking.row_of(session, action.link.id)
        target, source = action.target, action.source
        destination = self._room(source.room_id) or room
        try:
            moved = self._facilities.change(destination, target, self._draft(destination, row, source))
            moves = bool(action.fields & {Field.SLOT, Field.PLACE})
            if moves and (moved.standing is Standing.CONFLICTING or self._others(destination, moved)):
                self._facilities.change(room, moved, self._draft(room, row, target))
                raise SlotTaken("The room is already reserved in TOPdesk at the new time.")
        except (Refused, SlotTaken) as refusal:
            reason = f"The reservation of {room.name} could not follow the meeting, so it stands as it was: {refusal.message}"
            offer = self._alternatives(destination, source)
            with self._database.write() as session:
                fresh = linking.row_of(session, row.id)
                fresh.state, fresh.reason_code, fresh.reason = "on_hold", "slot_taken", reason
                linking.settle(fresh, settled_by(action, target, source, rules))
                self._journal(session, fresh, "move_refused", reason, cause, side="topdesk")
                self._telling.conflict(session, room, fresh, reason, source, declined=False)
            self._telling.organizer(source.organizer, room, f"{room.name} is not available at the new time", f"{reason} {offer}".strip())
            return
        self._store(destination, row, (moved, source), cause, "moved", f"The reservation followed the meeting ({_named(action.fields)}).")

    def _cancel_reservation(self, room: Room, action: Delete, rules: Rules, cause: Cause) -> None:
        """Its meeting is gone: cancel or reject it, unless that needs a person's word."""
        target = action.target
        started = target.slot.start <= self._clock()
        if target.has_services or (started and target.slot.end > self._clock()) or room.cancellation is Cancellation.MANUAL:
            why = (
                "it has services"
                if target.has_services
                else "it has started"
                if started
                else "this room asks for approval of cancellations"
            )
            reason = f"The meeting is gone from Exchange, and {why}: approve or refuse the cancellation of its reservation."
            with self._database.write() as session:
                row = linking.row_of(session, action.link.id)
                row.state, row.reason_code, row.reason = "on_hold", "cancellation_request", reason
                linking.settle(row, settled_by(action, target, None, rules))
                self._telling.cancellation_request(session, room, row, reason, target)
                self._journal(session, row, "cancellation_requested", reason, cause, side="topdesk")
            return
        ended = self._facilities.remove(room, target, RELEASED_IN_OUTLOOK)
        with self._database.write() as session:
            row = linking.row_of(session, action.link.id)
            linking.end(row, "cancelled", self._clock(), code="cancelled_in_outlook", reason=RELEASED_IN_OUTLOOK)
            self._journal(
                session,
                row,
                "cancelled",
                "The meeting is gone from Exchange, so its reservation was ended.",
                cause,
                side="topdesk",
                ref=target.ref,
            )
        del ended

    # TOPdesk → Exchange

    def _invite(self, room: Room, action: Create, cause: Cause) -> None:
        """A reservation without meeting: the room's own calendar gets one, with the requester as guest (room-only mode)."""
        source = action.source
        with self._database.write() as session:
            row = (
                linking.row_of(session, action.link.id)
                if action.link
                else linking.new_row(session, source, now=self._clock(), state="reserving")
            )
            linking.release_ref(session, source.side, source.ref, besides=row.id)
            self._remember(row, room, source)
        if source.match_key != row.match_key:
            source = self._facilities.stamp(room, source, row.match_key)
        guests = (source.organizer,) if source.organizer else ()
        draft = replace(
            self._draft(room, row, source),
            organizer=None,
            guests=guests,
            subject=row.subject or f"Reserved in TOPdesk{f' for {row.organizer_name}' if row.organizer_name else ''}",
        )
        known = self._meetings.find(room, row.match_key) if action.link else None
        try:
            meeting = known if known is not None and known.is_live else self._meetings.create(room, draft)
        except Denied:
            self._cannot_write(
                room, row.id, cause, "The reservation cannot be shown in Exchange, since we may not write this room's calendar."
            )
            return
        self._store(room, row, (source, meeting), cause, "invited", f"The reservation in TOPdesk was put on the calendar of {room.name}.")

    def _move_meeting(self, room: Room, action: Update, cause: Cause) -> None:
        """A meeting that the room organizes follows its reservation; an approval is passed on as an acceptance."""
        with self._database.read() as session:
            row = linking.row_of(session, action.link.id)
        source, target = action.source, action.target
        try:
            if action.fields <= {Field.STANDING}:
                changed = self._meetings.accept(room, target)
            elif Field.PLACE in action.fields:
                changed = self._rehouse_meeting(room, row, source, target)
            else:
                changed = self._meetings.change(room, target, replace(self._draft(room, row, source), organizer=None))
        except Denied:
            self._cannot_write(
                room, row.id, cause, "The meeting could not follow its reservation, since we may not write this room's calendar."
            )
            return
        self._store(
            self._room(source.room_id) or room,
            row,
            (source, changed),
            cause,
            "followed",
            f"The meeting followed its reservation ({_named(action.fields)}).",
        )
        if action.overrules:
            self._telling.organizer(
                target.organizer,
                room,
                f"{room.name}: changed in TOPdesk",
                "The booking was changed in Outlook and in TOPdesk; what TOPdesk says stands.",
            )

    def _rehouse_meeting(self, room: Room, row: LinkRow, source: Booking, target: Booking) -> Booking:
        """Moved to another room in TOPdesk: the new room's calendar gets the meeting before the old one loses it."""
        destination = self._room(source.room_id)
        if destination is None:
            raise Refused("topdesk", "The reservation was moved to a room that is not mapped.")
        guests = (source.organizer,) if source.organizer else ()
        meeting = self._meetings.create(destination, replace(self._draft(destination, row, source), organizer=None, guests=guests))
        self._meetings.remove(room, target, f"The reservation was moved to {destination.name}.")
        return meeting

    def _end_meeting(self, room: Room, action: Delete, cause: Cause) -> None:
        target = action.target
        if not self._decline(room, target, ENDED_IN_TOPDESK):
            self._cannot_write(
                room,
                action.link.id,
                cause,
                "The reservation was ended in TOPdesk, but the room cannot decline the meeting: we may not write its calendar.",
            )
            return
        with self._database.write() as session:
            row = linking.row_of(session, action.link.id)
            linking.end(row, "cancelled", self._clock(), code="ended_in_topdesk", reason=ENDED_IN_TOPDESK)
            self._journal(
                session,
                row,
                "declined",
                "The reservation was ended in TOPdesk, so the room gave the meeting up.",
                cause,
                side="exchange",
                ref=target.ref,
            )
        self._telling.organizer(target.organizer, room, f"{room.name} is no longer booked", ENDED_IN_TOPDESK)

    # Memory only

    def _adopt(self, room: Room, action: Adopt, rules: Rules, cause: Cause) -> None:
        with self._database.write() as session:
            if action.link is not None:
                row = linking.row_of(session, action.link.id)
            else:
                row = linking.new_row(session, action.topdesk, now=self._clock(), state="confirmed")
                linking.tell(row, action.exchange)
            if action.absorbs is not None:
                absorbed = linking.row_of(session, action.absorbs.id)
                linking.end(
                    absorbed, "cancelled", self._clock(), code="merged", reason="It turned out to be the same booking as another one."
                )
            session.flush()
        if action.moves:
            update = Update(Side.TOPDESK, self._link(row), action.exchange, action.topdesk, frozenset({Field.SLOT}))
            with self._database.write() as session:
                fresh = linking.row_of(session, row.id)
                self._remember(fresh, room, action.topdesk)
                linking.release_ref(session, Side.EXCHANGE, action.exchange.ref, besides=row.id)
                linking.tell(fresh, action.exchange)
                self._remember(fresh, room, action.exchange)
                fresh.start_at, fresh.end_at = action.topdesk.slot.start, action.topdesk.slot.end
                self._journal(
                    session,
                    fresh,
                    "matched",
                    f"The appointment was found, at another time ({action.why}).",
                    cause,
                    side="exchange",
                    ref=action.exchange.ref,
                )
            self._move_reservation(room, update, rules, cause)
        else:
            self._store(
                room, row, (action.topdesk, action.exchange), cause, "matched", f"Reservation and appointment were matched ({action.why})."
            )
        self._stamp_both(room, row.match_key, action.topdesk, action.exchange)

    def _stamp_both(self, room: Room, key: str, topdesk: Booking, exchange: Booking) -> None:
        if topdesk.match_key != key:
            with suppress(Refused, Denied, OutcomeUnknown):  # the key is for rebuild's sake: the link holds without it
                self._facilities.stamp(room, topdesk, key)
        self._stamp_meeting(room, exchange, key)

    def _stamp_meeting(self, room: Room, meeting: Booking, key: str) -> None:
        if meeting.match_key != key:
            with suppress(Refused, Denied, NotFound, OutcomeUnknown):  # with read rights only, the reservation alone bears it
                self._meetings.stamp(room, meeting, key)

    def _refresh(self, room: Room, action: Refresh, cause: Cause) -> None:
        with self._database.write() as session:
            row = linking.row_of(session, action.link.id)
            was = row.state
            self._remember(row, room, action.booking)
            if was == "awaiting_approval" and action.booking.standing is Standing.PLANNED:
                row.state = "awaiting_appointment"
                self._journal(
                    session, row, "approved", "The request was approved in TOPdesk.", cause, side="topdesk", ref=action.booking.ref
                )
            else:
                self._journal(
                    session,
                    row,
                    "changed",
                    f"It was changed in {_name(action.booking.side)}.",
                    cause,
                    side=action.booking.side,
                    ref=action.booking.ref,
                )

    def _forget(self, action: Forget, cause: Cause) -> None:
        with self._database.write() as session:
            row = linking.row_of(session, action.link.id)
            rejected = row.state == "awaiting_approval"
            state, code = ("refused", "rejected_in_topdesk") if rejected else ("cancelled", "ended")
            reason = "The request was rejected in TOPdesk." if rejected else "The booking was ended."
            linking.end(row, state, self._clock(), code=code, reason=reason)
            self._journal(session, row, "rejected" if rejected else "cancelled", reason, cause)

    def _vanish(self, action: Vanish, cause: Cause) -> None:
        with self._database.write() as session:
            row = linking.row_of(session, action.link.id)
            row.vanished_at = None if action.is_back else self._clock()
            message = (
                "The meeting is back on the room's calendar."
                if action.is_back
                else "The meeting vanished from the room's calendar without being cancelled; the reservation is kept for a while."
            )
            self._journal(session, row, "back" if action.is_back else "vanished", message, cause, side="exchange")
            organizer = Person(row.organizer_email, row.organizer_name) if row.organizer_email else None
            room = rooms.get(session, row.room_id)
        if not action.is_back:
            self._telling.organizer(
                organizer,
                room,
                f"{room.name}: is your meeting still on?",
                "The meeting is no longer on the room's calendar. If it was moved, invite the room again; otherwise its reservation ends in a few minutes.",
            )

    def _hold(self, room: Room, action: Hold, rules: Rules, cause: Cause) -> None:
        with self._database.write() as session:
            if action.link is not None:
                row = linking.row_of(session, action.link.id)
            else:
                record = action.exchange or action.topdesk
                if record is None:
                    return
                row = linking.new_row(session, record, now=self._clock(), state="on_hold")
                self._remember(row, room, record)
            row.state, row.reason_code, row.reason = "on_hold", action.kind, action.reason
            linking.settle(row, settled_by(action, action.topdesk, action.exchange, rules))
            self._telling.hold(session, room, row, action)
            self._journal(session, row, "held", action.reason, cause)
        if action.kind == "moved_in_topdesk" and action.exchange is not None:
            self._telling.organizer(action.exchange.organizer, room, f"{room.name}: changed in TOPdesk", action.reason)

    # Shared

    def _draft(self, room: Room, row: LinkRow, source: Booking) -> Draft:
        organizer = source.organizer or (Person(row.organizer_email, row.organizer_name) if row.organizer_email else None)
        private = row.private or source.private
        subject = (
            "Private"
            if private
            else row.subject or f"Meeting of {organizer.name or organizer.email}"
            if organizer
            else row.subject or "Meeting"
        )
        standing = Standing.REQUESTED if room.requires_approval else Standing.PLANNED
        requester = self._requesters.requester_id(organizer) if source.side is Side.EXCHANGE else None
        return Draft(room_id=room.id, slot=source.slot, match_key=row.match_key, organizer=organizer, requester_id=requester, subject=subject,
                     attendees=source.attendees or row.attendees, private=private, standing=standing)  # fmt: skip

    def _store(self, room: Room, row: LinkRow, records: tuple[Booking, Booking], cause: Cause, kind: str, message: str) -> None:
        """Both sides as read back after our own write, in one commit with the journal."""
        with self._database.write() as session:
            fresh = linking.row_of(session, row.id)
            for record in records:
                linking.release_ref(session, record.side, record.ref, besides=fresh.id)
                self._remember(fresh, room, record)
            by_side = {record.side: record for record in records}
            fresh.state = linking.state_of(by_side.get(Side.TOPDESK), by_side.get(Side.EXCHANGE))
            fresh.held_until = fresh.vanished_at = fresh.refused = fresh.reason_code = fresh.reason = None
            exchange = by_side.get(Side.EXCHANGE)
            if exchange is not None:
                linking.tell(fresh, replace(exchange, subject=None) if fresh.subject else exchange)
            self._telling.close(session, fresh.id)
            self._journal(session, fresh, kind, message, cause, ref=records[0].ref)

    def _remember(self, row: LinkRow, room: Room, record: Booking) -> None:
        linking.remember(
            row,
            record if record.room_id else replace(record, room_id=room.id),
            fingerprint(record, keeps(room, record.side)),
            self._clock(),
        )

    def _cannot_write(self, room: Room, link_id: str, cause: Cause, reason: str) -> None:
        with self._database.write() as session:
            row = linking.row_of(session, link_id)
            row.state, row.reason_code, row.reason = "on_hold", "side_denied", reason
            self._telling.failed(session, room, row, reason)
            self._journal(session, row, "denied", reason, cause, side="exchange")

    def _room(self, room_id: str) -> Room | None:
        if not room_id:
            return None
        with self._database.read() as session:
            return rooms.get(session, room_id)

    def _link(self, row: LinkRow) -> Link:
        with self._database.read() as session:
            return linking.link_of(session, row.id)

    def _journal(
        self, session: object, row: LinkRow, kind: str, message: str, cause: Cause, *, side: str | None = None, ref: str | None = None
    ) -> None:
        journal.write(session, kind=kind, message=message, at=self._clock(), caused_by=cause.by, request_id=cause.request_id, side=side, ref=ref,
                      room_id=row.room_id, booking_id=row.booking_id, match_key=row.match_key)  # type: ignore[arg-type]  # fmt: skip


def _named(fields: frozenset[Field]) -> str:
    return ", ".join(sorted(f.value for f in fields))


def _name(side: Side) -> str:
    return "TOPdesk" if side is Side.TOPDESK else "Exchange"
