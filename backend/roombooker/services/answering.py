"""What a room answers on its calendar: declines with a reason, accepts, pencils in; and our key on its copy."""

from contextlib import suppress
from dataclasses import replace

from roombooker.domain.booking import Booking, Standing
from roombooker.domain.calendar import Facilities, MeetingCalendar
from roombooker.domain.room import Room
from roombooker.errors import Denied, NotFound, OutcomeUnknown, Refused


class Answering:
    """With read rights on a mailbox only, nothing here fails: the organizer is told otherwise."""

    def __init__(self, *, facilities: Facilities, meetings: MeetingCalendar) -> None:
        self._facilities = facilities
        self._meetings = meetings

    def decline(self, room: Room, meeting: Booking, text: str) -> bool:
        """Whether the room gave the meeting up. One that is gone already is."""
        try:
            if meeting.room_organizes:
                self._meetings.remove(room, meeting, text)
            else:
                self._meetings.decline(room, meeting, text)
        except NotFound:
            return True
        except Denied:
            return False
        return True

    def respond(self, room: Room, reservation: Booking, meeting: Booking) -> Booking:
        """Where TOPdesk has the say: yes there is accepted here, a request there only pencilled in. The meeting as it is then."""
        if meeting.room_organizes or not (room.topdesk_leads or room.requires_approval):
            return meeting
        with suppress(Denied, Refused, NotFound):
            if reservation.standing is Standing.PLANNED and meeting.standing is Standing.REQUESTED:
                return self._meetings.accept(room, meeting)
            if reservation.standing is Standing.REQUESTED and meeting.standing is Standing.PLANNED and room.topdesk_leads:
                return self._meetings.accept(room, meeting, tentatively=True)
        return meeting

    def stamp(self, room: Room, key: str, reservation: Booking, meeting: Booking) -> None:
        """For rebuild's sake: the link holds without it. Not on one date of a series, which it would turn into an exception that no
        longer follows its series; those are told apart by their slots."""
        if reservation.match_key != key:
            with suppress(Refused, Denied, NotFound, OutcomeUnknown):
                self._facilities.stamp(room, reservation, key)
        if meeting.match_key != key and not meeting.room_organizes and meeting.series_ref is None:
            with suppress(Refused, Denied, NotFound, OutcomeUnknown):
                self._meetings.stamp(room, replace(meeting, match_key=None), key)
