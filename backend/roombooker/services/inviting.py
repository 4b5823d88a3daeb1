"""What TOPdesk says is carried to Exchange: meetings made, moved and given up for the reservations of a room."""

from dataclasses import replace

from sqlalchemy.orm import Session

from roombooker.domain.actions import Create, Delete, Update
from roombooker.domain.booking import Side
from roombooker.domain.calendar import Facilities, MeetingCalendar
from roombooker.domain.fingerprint import Field
from roombooker.domain.room import Room
from roombooker.errors import Denied, Refused
from roombooker.services.answering import Answering, why_not
from roombooker.services.remembering import Memory, Tell, Turn, named
from roombooker.services.telling import Telling
from roombooker.store import linking
from roombooker.store.models import LinkRow

ENDED_IN_TOPDESK = "The reservation of this room was ended in TOPdesk."
REJECTED_IN_TOPDESK = "The request for this room was rejected in TOPdesk."


class Inviting:
    def __init__(
        self, *, facilities: Facilities, meetings: MeetingCalendar, answering: Answering, memory: Memory, telling: Telling
    ) -> None:
        self._facilities = facilities
        self._meetings = meetings
        self._answering = answering
        self._memory = memory
        self._telling = telling

    def invite(self, turn: Turn, action: Create) -> None:
        """A reservation without meeting: the room's own calendar gets one, with the requester as attendee (room-only mode)."""
        room, source = turn.room, action.source
        row = self._memory.begin_create(turn, source, action.link, claims_slot=False)
        if source.match_key != row.match_key:
            source = self._facilities.stamp(room, source, row.match_key)
            turn.written.append(source)
        draft = replace(self._memory.draft(room, row, source), organizer=source.organizer)
        try:
            known = self._meetings.find(room, row.match_key) if action.link else None
            meeting = known if known is not None and known.is_live else self._meetings.create(room, draft)
        except (Denied, Refused) as error:
            self._cannot(turn, row.id, action, f"The reservation cannot be shown in Exchange: {why_not(error)}")
            return
        turn.written.append(meeting)
        self._memory.store(turn, row, (source, meeting), "invited", f"The reservation in TOPdesk was put on the calendar of {room.name}.")

    def follow(self, turn: Turn, action: Update) -> None:
        """A meeting that the room organizes follows its reservation; an approval is passed on as an acceptance."""
        room, source, target = turn.room, action.source, action.target
        destination = self._memory.room(source.room_id) or room
        try:
            with self._memory.write(action.link, Side.EXCHANGE) as row:
                if action.fields <= {Field.STANDING} and not target.room_organizes:
                    changed = self._meetings.accept(room, target)
                else:
                    draft = replace(self._memory.draft(destination, row, source), organizer=source.organizer)
                    changed = self._meetings.change(destination, target, draft)
        except (Denied, Refused) as error:
            self._cannot(turn, action.link.id, action, f"The meeting could not follow its reservation: {why_not(error)}")
            return
        turn.written.append(changed)
        message = f"The meeting followed its reservation ({named(action.fields)})."
        self._memory.store(
            turn, row, (source, changed), "followed", message, before=target, room=destination,
            tell=lambda session, fresh: self._tell_of_change(session, room, destination, fresh, action),
        )  # fmt: skip

    def _tell_of_change(self, session: Session, room: Room, destination: Room, row: LinkRow, action: Update) -> None:
        source, target = action.source, action.target
        if action.overrules:
            self._telling.overruled(session, room, target.organizer, row, Side.TOPDESK)
        elif action.fields != {Field.STANDING}:
            subject = f"{room.name}: your booking was changed in TOPdesk"
            text = f"{destination.name} is reserved for you as follows since the booking was changed in TOPdesk."
            self._telling.organizer(session, source.organizer, row, subject, text)
        else:
            text = "The request for the room was approved in TOPdesk."
            self._telling.organizer(session, target.organizer, row, f"{room.name} was approved", text)

    def end(self, turn: Turn, action: Delete) -> None:
        """Its reservation is over: the room declines, or cancels what it organizes itself."""
        room, target = turn.room, action.target
        with self._memory.writing() as session:
            row = self._memory.current(session, action.link)
            state, code, reason = _ending(row.state, row.reason_code, row.reason)

        def tell(session: Session, fresh: LinkRow) -> None:
            if turn.is_news("ended", action.link.series_id):
                self._telling.organizer(session, target.organizer, fresh, f"{room.name} is no longer booked", reason)

        why = self._answering.decline(room, target, reason)
        if why is not None:
            self._cannot(
                turn, row.id, action, f"The reservation was ended in TOPdesk, but the room cannot decline the meeting: {why}", tell
            )
            return
        message = "The reservation was ended in TOPdesk, so the room gave the meeting up."
        self._memory.end(turn, row.id, state, "declined", message, code=code, reason=reason, target=target, tell=tell)

    def _cannot(self, turn: Turn, link_id: str, action: Create | Update | Delete, reason: str, tell: Tell | None = None) -> None:
        def say(session: Session, fresh: LinkRow) -> None:
            self._telling.failed(session, turn.room, fresh, reason)
            if tell is not None:
                tell(session, fresh)

        with self._memory.writing() as session:
            row = linking.row_of(session, link_id)
        self._memory.refuse(
            turn, row, action.mark, "denied", state="on_hold", code="side_denied", reason=reason,
            tell=say,
        )  # fmt: skip


def _ending(state: str, code: str | None, reason: str | None) -> tuple[str, str, str]:
    """How a booking ends whose reservation is over: as it was told where the end came from the pane."""
    if state in linking.ENDED:
        return state, code or "ended", reason or ENDED_IN_TOPDESK
    if state == "awaiting_approval":
        return "refused", "rejected_in_topdesk", REJECTED_IN_TOPDESK
    return "cancelled", "ended_in_topdesk", ENDED_IN_TOPDESK
