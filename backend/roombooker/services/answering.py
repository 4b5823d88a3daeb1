"""What a room answers on its calendar: declines with a reason, accepts, pencils in; and our key on its copy."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from roombooker.domain.booking import Booking, Side, Standing
from roombooker.domain.calendar import Facilities, MeetingCalendar
from roombooker.domain.room import Room
from roombooker.errors import Denied, NotFound, OutcomeUnknown, Refused, RoomBookerError

UNSTAMPED = (Refused, Denied, NotFound)
"""Why a record stays without our key: asking again would not help."""


def owes_answer(room: Room, reservation: Booking, meeting: Booking) -> Standing | None:
    """Where TOPdesk has the say: what the room still has to answer. A request there is only pencilled in; not date
    by date of a person's series, who would get as many answers, unless the room was set to do so."""
    if meeting.room_organizes or not (room.topdesk_leads or room.requires_approval):
        return None
    match reservation.standing, meeting.standing:
        case Standing.PLANNED, Standing.REQUESTED:
            return Standing.PLANNED
        case Standing.REQUESTED, Standing.PLANNED if room.topdesk_leads or meeting.series_ref is None:
            return Standing.REQUESTED
    return None


def owes_key(record: Booking, key: str) -> bool:
    """Not one date of a person's series, which a key of its own would turn into an exception that no longer follows its series; those
    are told apart by their slots. What a room organizes was made by us, with its key."""
    if record.match_key == key:
        return False
    return record.side is Side.TOPDESK or not (record.room_organizes or record.series_ref is not None)


def why_not(error: Denied | Refused) -> str:
    return "we may not write this room's calendar." if isinstance(error, Denied) else error.message


class Answering:
    """With read rights on a mailbox only, nothing here fails: the organizer is told otherwise."""

    def __init__(self, *, facilities: Facilities, meetings: MeetingCalendar) -> None:
        self._facilities = facilities
        self._meetings = meetings

    def decline(self, room: Room, meeting: Booking, text: str) -> str | None:
        """None where the room gave the meeting up (one that is gone already is); else why it cannot."""
        try:
            if meeting.room_organizes:
                self._meetings.remove(room, meeting, text)
            else:
                self._meetings.decline(room, meeting, text)
        except NotFound:
            return None
        except (Denied, Refused) as error:
            return why_not(error)
        return None

    def respond(self, room: Room, reservation: Booking, meeting: Booking) -> Booking:
        """The meeting as it is after the room's answer, if it owes one."""
        answer = owes_answer(room, reservation, meeting)
        if answer is not None:
            with suppress(Denied, Refused, NotFound):
                return self._meetings.accept(room, meeting, tentatively=answer is Standing.REQUESTED)
        return meeting

    def stamp(self, room: Room, key: str, reservation: Booking, meeting: Booking) -> None:
        """For rebuild's sake: the link holds without it."""
        with suppress(*UNSTAMPED, OutcomeUnknown):
            self.stamp_reservation(room, key, reservation)
        if owes_key(meeting, key):
            with suppress(*UNSTAMPED, OutcomeUnknown):
                self._meetings.stamp(room, replace(meeting, match_key=None), key)

    def stamp_reservation(self, room: Room, key: str, reservation: Booking) -> Booking:
        """The reservation as it is then."""
        return self._facilities.stamp(room, reservation, key) if owes_key(reservation, key) else reservation

    def stamp_meetings(self, room: Room, stamps: Sequence[tuple[Booking, str]]) -> list[RoomBookerError | None]:
        """Meetings that owe their key, many at once."""
        return self._meetings.stamp_all(room, stamps)
