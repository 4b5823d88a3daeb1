"""Meetings in people's own calendars, with the optional scope: made there with the room as resource, and moved there."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from roombooker.domain.booking import Booking, Draft, Person
from roombooker.domain.room import Room
from roombooker.domain.slot import Slot
from roombooker.errors import Denied, NotFound, OutcomeUnknown, Refused
from roombooker.exchange.graph.client import SIDE, GraphClient
from roombooker.exchange.graph.mapping import write_event
from roombooker.exchange.graph.zones import read_instant, write_instant, write_stamp

PEOPLE = "people_calendars"  # what a 403 says is missing: Application Calendars.ReadWrite on people's mailboxes
_EVENT = "/users/{mailbox}/events/{event}"
_EVENTS = "/users/{mailbox}/events"
_FIRST_LOOK_SECONDS, _LOOKS_APART_SECONDS = 0.3, 0.4

# Live and ended records of a room in a slot.
ReadRoom = Callable[[Room, Slot], tuple[Booking, ...]]


class Invitations:
    """The room answers on its own time: every method waits for that, at most `patience_seconds`, then says OutcomeUnknown."""

    def __init__(self, client: GraphClient, read_room: ReadRoom, *, patience_seconds: float = 6.0) -> None:
        self._client = client
        self._read_room = read_room
        self._patience_seconds = patience_seconds

    def send(self, room: Room, draft: Draft, organizer: Person) -> Booking:
        """A meeting of that person's, with the room invited: the room's copy. Made once however often it is asked for (`transactionId`).

        NotFound: no mailbox here; Denied: outside the scope; Refused: the room declined, and the meeting is taken back."""
        made = self._client.call("POST", _EVENTS, at={"mailbox": organizer.email}, json=_invitation(room, draft, organizer), right=PEOPLE)
        meeting = made.record()
        copy = self._await_copy(room, draft.slot, str(meeting.get("iCalUId")), organizer, str(meeting.get("id")))
        if copy is None:
            with suppress(NotFound):
                at = {"mailbox": organizer.email, "event": str(meeting.get("id"))}
                self._client.call("POST", f"{_EVENT}/cancel", at=at, json={"comment": "The room declined."}, right=PEOPLE)
            raise Refused(SIDE, "The room declined the meeting.")
        return copy

    def move(self, room: Room, seen: Booking, draft: Draft) -> Booking:
        """The organizer's own copy gets the draft's slot and room; nothing else of it is touched. The room's copy afterwards.

        Where the room declines the new slot, the meeting is put back and Refused raised."""
        if seen.organizer is None or not seen.ical_uid:
            raise Refused(SIDE, "Exchange does not tell whose meeting this is.")
        meeting = self._find(seen, seen.organizer)
        at = {"mailbox": seen.organizer.email, "event": str(meeting["id"])}
        self._client.call("PATCH", _EVENT, at=at, json=_moved(meeting, room, seen, draft.slot), right=PEOPLE)
        copy = self._await_copy(room, draft.slot, seen.ical_uid, seen.organizer, at["event"])
        if copy is None:
            back = {name: meeting[name] for name in ("start", "end", "attendees", "location") if name in meeting}
            self._client.call("PATCH", _EVENT, at=at, json=back, right=PEOPLE)
            raise Refused(SIDE, "The room declined the new time of the meeting, so it was put back.")
        return copy

    def _find(self, seen: Booking, organizer: Person) -> Mapping[str, Any]:
        """The organizer's copy of a room's copy: the same iCalUId, which in a series every occurrence has of its own."""
        around = seen.slot.widened(timedelta(days=1))
        params = {"startDateTime": write_stamp(around.start), "endDateTime": write_stamp(around.end), "$top": 500}
        route = "/users/{mailbox}/calendarView"
        for event in self._client.pages(route, at={"mailbox": organizer.email}, params=params, right=PEOPLE):
            is_it = event.get("iCalUId") == seen.ical_uid
            if is_it and Slot(read_instant(event.get("start")), read_instant(event.get("end"))) == seen.slot:
                return event
        raise Refused(SIDE, "The meeting is not in its organizer's calendar any more at that time.")

    def _await_copy(self, room: Room, slot: Slot, ical_uid: str, organizer: Person, ref: str) -> Booking | None:
        """The room's live copy in that slot; None where the room has declined; OutcomeUnknown where it has not answered in time."""
        until = time.monotonic() + self._patience_seconds
        time.sleep(_FIRST_LOOK_SECONDS)
        while True:
            for booking in self._read_room(room, slot):
                if booking.ical_uid == ical_uid and booking.slot == slot and booking.is_live and not booking.room_organizes:
                    return booking
            if self._has_declined(room, organizer, ref):
                return None
            if time.monotonic() > until:
                raise OutcomeUnknown(SIDE, "The room has not answered the invitation yet. Room Booker looks again.")
            time.sleep(_LOOKS_APART_SECONDS)

    def _has_declined(self, room: Room, organizer: Person, ref: str) -> bool:
        at = {"mailbox": organizer.email, "event": ref}
        event = self._client.call("GET", _EVENT, at=at, params={"$select": "attendees"}, right=PEOPLE).record()
        return any(
            _address(attendee) == room.mailbox and (attendee.get("status") or {}).get("response") == "declined"
            for attendee in event.get("attendees") or []
        )


def may_invite(room: Room, draft: Draft) -> bool:
    """Whether there is somebody in whose calendar it could be."""
    return draft.organizer is not None and bool(draft.organizer.email) and draft.organizer.email != room.mailbox


def is_unreachable(error: Exception) -> bool:
    """Whether that person's calendar is none of ours: no mailbox here, or outside the scope."""
    return isinstance(error, NotFound) or (isinstance(error, Denied) and error.status_code == 403)


def _invitation(room: Room, draft: Draft, organizer: Person) -> dict[str, Any]:
    """As for the room's own, but the room is the guest. Our key goes on the room's copy only, later."""
    body = write_event(room, draft)
    del body["singleValueExtendedProperties"], body["isReminderOn"]
    guests = [a for a in body["attendees"] if _address(a) != organizer.email]
    return body | {"attendees": [*guests, _as_resource(room)], "showAs": "busy"}


def _moved(meeting: Mapping[str, Any], room: Room, seen: Booking, slot: Slot) -> dict[str, Any]:
    changes: dict[str, Any] = {"start": write_instant(slot.start), "end": write_instant(slot.end)}
    if seen.place != room.mailbox:
        others = [a for a in meeting.get("attendees") or [] if _address(a) != seen.place]
        changes["attendees"] = [*({"type": a.get("type"), "emailAddress": a.get("emailAddress")} for a in others), _as_resource(room)]
        changes["location"] = {"displayName": room.name, "locationEmailAddress": room.mailbox, "locationType": "conferenceRoom"}
    return changes


def _as_resource(room: Room) -> dict[str, Any]:
    return {"type": "resource", "emailAddress": {"address": room.mailbox, "name": room.name}}


def _address(attendee: Mapping[str, Any]) -> str:
    return str((attendee.get("emailAddress") or {}).get("address") or "").lower()
