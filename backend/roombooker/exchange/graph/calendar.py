"""Exchange behind the calendar port, with rights on room mailboxes; on people's calendars too where the optional scope is granted."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import structlog

from roombooker.domain.booking import Booking, Draft, Person, Side
from roombooker.domain.calendar import Busy, Changes, Listing, Place
from roombooker.domain.room import MeetingMode, Room
from roombooker.domain.slot import Slot
from roombooker.errors import Denied, Garbled, NotFound, OutcomeUnknown, Refused, RoomBookerError
from roombooker.exchange.graph.client import BATCH_SIZE, WRITE, GraphClient, Inner
from roombooker.exchange.graph.delta import Delta
from roombooker.exchange.graph.invitations import Invitations, is_unreachable, may_invite
from roombooker.exchange.graph.mail import send_mail
from roombooker.exchange.graph.mapping import EXPAND, MATCH_KEY_PROPERTY, is_master, read_booking, write_changes, write_event
from roombooker.exchange.graph.people import find_person
from roombooker.exchange.graph.places import list_rooms
from roombooker.exchange.graph.schedule import free_busy
from roombooker.exchange.graph.zones import write_stamp

_PAGE = 1000
_EVENT = "/users/{mailbox}/events/{event}"
_COMMENT_WIDTH = 2000

_log = structlog.get_logger(__name__)


class GraphMeetings:
    """Implements domain.calendar.MeetingCalendar."""

    side = Side.EXCHANGE

    def __init__(self, client: GraphClient, *, clock: Callable[[], datetime], people_calendars: bool = False) -> None:
        """`people_calendars`: person mode and real moves of people's meetings."""
        self._client = client
        self._invitations = Invitations(client, lambda room, slot: self.listing(room, slot).bookings) if people_calendars else None
        self._clock = clock
        self._delta = Delta(client, clock, self._view)

    # reading

    def listing(self, room: Room, window: Slot) -> Listing:
        read_at = self._clock()
        found, is_complete = [], True
        for event in self._view(room, window):
            try:
                booking = read_booking(event, room)
            except Garbled:
                is_complete = False
                _log.warning("unreadable event", side=self.side, room=room.id)
                continue
            if booking.slot.overlaps(window):
                found.append(booking)
        return Listing(room.id, window, tuple(found), is_complete, read_at)

    def get(self, room: Room, ref: str) -> Booking:
        at = {"mailbox": room.mailbox, "event": ref}
        try:
            return read_booking(self._client.call("GET", _EVENT, at=at, params={"$expand": EXPAND}).record(), room)
        except Refused as refused:
            if refused.said == "ErrorInvalidIdMalformed":  # Graph's 400 for an id that it cannot have given
                raise NotFound("Exchange has no such record.") from refused
            raise

    def find(self, room: Room, match_key: str) -> Booking | None:
        condition = f"singleValueExtendedProperties/Any(ep: ep/id eq '{MATCH_KEY_PROPERTY}' and ep/value eq '{match_key}')"
        params = {"$filter": condition, "$expand": EXPAND}
        found = [
            read_booking(e, room) for e in self._client.pages("/users/{mailbox}/events", at=_at(room), params=params) if not is_master(e)
        ]
        return min((b for b in found if b.match_key == match_key), key=lambda b: (not b.is_live, b.ref), default=None)

    def free_busy(self, rooms: Sequence[Room], slot: Slot) -> dict[str, list[Busy]]:
        return free_busy(self._client, rooms, slot)

    def changes(self, room: Room, window: Slot, cursor: str | None) -> Changes:
        return self._delta.changes(room, window, cursor)

    def changes_all(self, asks: Sequence[tuple[Room, Slot, str | None]]) -> Iterable[Changes | Exception]:
        return self._delta.changes_all(asks)

    # writing

    def create(self, room: Room, draft: Draft) -> Booking:
        """In the requester's calendar where the room is set so (person mode) and that calendar is within our scope; else in the room's."""
        if self._invitations and room.meeting_mode is MeetingMode.PERSON and draft.organizer and may_invite(room, draft):
            try:
                made = self._invitations.send(room, draft, draft.organizer)
            except (NotFound, Denied) as error:
                if not is_unreachable(error):
                    raise
            else:
                with suppress(Denied, NotFound):
                    return self.stamp(room, made, draft.match_key)
                return made
        return self._create_own(room, draft)

    def _create_own(self, room: Room, draft: Draft) -> Booking:
        """A lost answer is asked for once more at once: `transactionId` lets Graph give the first event again."""
        body = write_event(room, draft)
        try:
            return self._post(room, body, draft)
        except OutcomeUnknown:
            return self._post(room, body, draft)

    def change(self, room: Room, seen: Booking, draft: Draft) -> Booking:
        """Another room means another meeting of the room's own: it is made there before this one is cancelled."""
        if not seen.room_organizes:
            if self._invitations:
                return self._invitations.move(room, seen, draft)
            raise Refused(self.side, "This meeting belongs to its organizer; the room cannot change it.")
        if seen.place != room.mailbox:
            made = self._create_own(room, draft)
            self._cancel(seen.place, seen.ref, "Moved to another room.")
            return made
        body = write_changes(room, seen, draft)
        if not body:
            return self.get(room, seen.ref)
        self._write("PATCH", _EVENT, {"mailbox": room.mailbox, "event": seen.ref}, body)
        return self.get(room, seen.ref)

    def remove(self, room: Room, seen: Booking, reason: str) -> Booking | None:
        if not seen.is_live:
            return seen
        if seen.room_organizes:
            self._cancel(seen.place or room.mailbox, seen.ref, reason)
        else:
            self.decline(room, seen, reason)
        return None

    def decline(self, room: Room, seen: Booking, reason: str) -> None:
        try:
            self._answer("decline", room, seen, reason)
        except NotFound:
            return

    def accept(self, room: Room, seen: Booking, *, tentatively: bool = False) -> Booking:
        self._answer("tentativelyAccept" if tentatively else "accept", room, seen, "")
        return self.get(room, seen.ref)

    def stamp(self, room: Room, seen: Booking, match_key: str) -> Booking:
        body = _stamped(match_key)
        event = self._write("PATCH", _EVENT, {"mailbox": room.mailbox, "event": seen.ref}, body)
        return read_booking(event | body, room)  # the answer is the whole event, without the property that was not asked for

    def stamp_all(self, room: Room, stamps: Sequence[tuple[Booking, str]]) -> list[RoomBookerError | None]:
        found: list[RoomBookerError | None] = []
        for at in range(0, len(stamps), BATCH_SIZE):
            some = [
                Inner(_EVENT, {"mailbox": room.mailbox, "event": seen.ref}, method="PATCH", json=_stamped(key))
                for seen, key in stamps[at : at + BATCH_SIZE]
            ]
            try:
                found += [answer if isinstance(answer, RoomBookerError) else None for answer in self._client.batch(some, WRITE)]
            except RoomBookerError as error:
                found += [error] * len(some)
        return found

    # the directory

    def places(self) -> list[Place]:
        return list_rooms(self._client)

    def person(self, address_or_id: str) -> Person | None:
        return find_person(self._client, address_or_id)

    def send_mail(self, sender: str, to: Person, subject: str, text: str) -> None:
        send_mail(self._client, sender, to, subject, text)

    # inner workings

    def _view(self, room: Room, window: Slot) -> list[dict[str, Any]]:
        """Single meetings, occurrences and exceptions that touch the window; never masters."""
        params = {
            "startDateTime": write_stamp(window.start), "endDateTime": write_stamp(window.end), "$top": _PAGE, "$expand": EXPAND,
        }  # fmt: skip
        return [e for e in self._client.pages("/users/{mailbox}/calendarView", at=_at(room), params=params) if not is_master(e)]

    def _post(self, room: Room, body: Mapping[str, Any], draft: Draft) -> Booking:
        event = self._write("POST", "/users/{mailbox}/events", _at(room), body)
        event.setdefault("singleValueExtendedProperties", [{"id": MATCH_KEY_PROPERTY, "value": draft.match_key}])  # not given back unasked
        return read_booking(event, room)

    def _write(self, method: str, route: str, at: Mapping[str, str], body: Mapping[str, Any]) -> dict[str, Any]:
        return self._client.call(method, route, at=at, json=body, right=WRITE).record()

    def _answer(self, answer: str, room: Room, seen: Booking, comment: str) -> None:
        body = {"comment": comment[:_COMMENT_WIDTH], "sendResponse": True}
        at = {"mailbox": room.mailbox, "event": seen.ref}
        self._client.call("POST", f"{_EVENT}/{answer}", at=at, json=body, right=WRITE)

    def _cancel(self, mailbox: str, ref: str, reason: str) -> None:
        """With a word to the attendees; what has no attendees cannot be cancelled, only deleted. Gone already is success."""
        at = {"mailbox": mailbox, "event": ref}
        try:
            self._client.call("POST", f"{_EVENT}/cancel", at=at, json={"comment": reason[:_COMMENT_WIDTH]}, right=WRITE)
        except NotFound:
            return
        except Refused:
            try:
                self._client.call("DELETE", _EVENT, at=at, right=WRITE)
            except NotFound:
                return


def _stamped(match_key: str) -> dict[str, Any]:
    return {"singleValueExtendedProperties": [{"id": MATCH_KEY_PROPERTY, "value": match_key}]}


def _at(room: Room) -> dict[str, str]:
    return {"mailbox": room.mailbox}
