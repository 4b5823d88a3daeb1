"""What Exchange says is carried to TOPdesk: reservations made, moved and ended for the meetings on a room's calendar."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from roombooker.domain.actions import Create, Delete, Update
from roombooker.domain.booking import Booking, Side, Standing
from roombooker.domain.calendar import Facilities
from roombooker.domain.fingerprint import Field, fingerprint
from roombooker.domain.link import DOUBLE, Link, Settled
from roombooker.domain.room import Cancellation, Room
from roombooker.errors import NotFound, Refused, SlotTaken, VersionMoved
from roombooker.services.answering import Answering
from roombooker.services.remembering import Memory, Turn, named
from roombooker.services.rules import keeps
from roombooker.services.telling import Telling
from roombooker.store import linking
from roombooker.store.models import LinkRow

RELEASED_IN_OUTLOOK = "The meeting was cancelled in Outlook."
_TAKEN = "the room is reserved in TOPdesk at that time already."


class Reserving:
    """`alternatives`: up to three ways out as text, for the room's answer and the mail."""

    def __init__(self, *, facilities: Facilities, answering: Answering, memory: Memory, telling: Telling,
                 alternatives: Callable[[Room, Booking], str]) -> None:  # fmt: skip
        self._facilities = facilities
        self._answering = answering
        self._memory = memory
        self._telling = telling
        self._alternatives = alternatives

    # a meeting without reservation

    def reserve(self, turn: Turn, action: Create) -> None:
        source = action.source
        row = self._memory.begin_create(turn, source, action.link, claims_slot=True)
        try:
            reserved = self._reserved(turn.room, row, source, is_new=action.link is None)
        except (Refused, SlotTaken) as refusal:
            self._refuse(turn, row, source, action.mark, refusal.message)
            return
        message = f"{turn.room.name} was reserved in TOPdesk for the meeting that is on its calendar."
        self._both_stand(turn, row, reserved, source, "reserved", message)

    def _reserved(self, room: Room, row: LinkRow, source: Booking, *, is_new: bool) -> Booking:
        """Made, then looked at once more: who else is there?"""
        reserved = self.made(room, row, source, is_new=is_new)
        self._verify(room, reserved, row.match_key)
        return reserved

    def made(self, room: Room, row: LinkRow, source: Booking, *, is_new: bool) -> Booking:
        """Found, where an earlier try has left one, or made; not verified yet."""
        draft = self._memory.draft(room, row, source)
        known = None if is_new else self._facilities.find(room, row.match_key)
        if known is None or not known.is_live:
            reserved = self._facilities.create(room, draft)
        elif known.slot == draft.slot and known.place == room.location_id:
            reserved = known
        else:
            reserved = self._facilities.change(room, known, draft)
        return reserved

    def conclude(self, turn: Turn, action: Create, row: LinkRow, reserved: Booking, there: Sequence[Booking]) -> None:
        """One of many that were made: `there` is what a listing taken since shows in the room."""
        try:
            self._yield_to(turn.room, reserved, row.match_key, there)
        except SlotTaken as taken:
            self.refuse(turn, row, action, taken.message)
            return
        message = f"{turn.room.name} was reserved in TOPdesk for one date of the series that is on its calendar."
        self._both_stand(turn, row, reserved, action.source, "reserved", message)

    def refuse(self, turn: Turn, row: LinkRow, action: Create, why: str) -> None:
        self._refuse(turn, row, action.source, action.mark, why)

    def _verify(self, room: Room, reserved: Booking, match_key: str) -> None:
        """Whatever TOPdesk let us do, a live reservation that is not ours wins. SlotTaken once ours is undone."""
        self._yield_to(room, reserved, match_key, self._facilities.occupied([room], reserved.slot).get(room.id, []))

    def _yield_to(self, room: Room, reserved: Booking, match_key: str, there: Sequence[Booking]) -> None:
        if self._clashes(room, reserved, match_key, there):
            self._facilities.remove(room, reserved, "Room Booker: the room was already taken.")
            raise SlotTaken(_TAKEN)

    def _rivals(self, room: Room, ours: Booking, match_key: str) -> bool:
        """Is anybody else in its slot, block time included? A second one with our own key (a create that took effect twice) goes."""
        return self._clashes(room, ours, match_key, self._facilities.occupied([room], ours.slot).get(room.id, []))

    def _clashes(self, room: Room, ours: Booking, match_key: str, shown: Sequence[Booking]) -> bool:
        wide = ours.slot.widened(room.apart)
        there = [b for b in shown if b.is_live and b.ref != ours.ref and b.slot.overlaps(wide)]
        flagged = any(b.ref == ours.ref and b.standing is Standing.CONFLICTING for b in shown)
        for double in there:
            if double.match_key == match_key:
                self._facilities.remove(room, double, "Room Booker: made twice.")
        return flagged or ours.standing is Standing.CONFLICTING or any(b.match_key != match_key for b in there)

    def _both_stand(self, turn: Turn, row: LinkRow, reserved: Booking, meeting: Booking, kind: str, message: str) -> None:
        self._answering.stamp(turn.room, row.match_key, reserved, meeting)
        answered = self._answering.respond(turn.room, reserved, meeting)
        turn.written.extend([reserved, *([answered] if answered is not meeting else [])])
        self._memory.store(turn, row, (reserved, answered), kind, message)

    def _refuse(self, turn: Turn, row: LinkRow, meeting: Booking, mark: Settled | None, why: str) -> None:
        """TOPdesk said no to a meeting that is on the room's calendar: the room declines it, or a person must."""
        room = turn.room
        on = f" on {_day(room, meeting)}" if meeting.series_ref else ""
        reason = f"{room.name} could not be reserved in TOPdesk{on}: {why}"
        text = f"{reason} {self._alternatives(room, meeting)}".strip()

        def mail(session: Session, fresh: LinkRow) -> None:
            self._telling.organizer(session, meeting.organizer, fresh, f"{room.name} is not available", text)

        def ask(session: Session, fresh: LinkRow) -> None:
            self._telling.conflict(session, room, fresh, reason, meeting)
            mail(session, fresh)

        if self._answering.decline(room, meeting, text) is None:
            self._memory.end(turn, row.id, "refused", "refused", reason, code="slot_taken", reason=reason, target=meeting, tell=mail)
        else:
            self._memory.refuse(turn, row, mark, "refused", state="refused", code="slot_taken", reason=reason, tell=ask)

    # a reservation of ours whose end was not known

    def adopt_unverified(self, turn: Turn, row: LinkRow, link: Link, topdesk: Booking, meeting: Booking) -> None:
        """It was made or moved by us, and the look afterwards is still owed."""
        if link.writing is Side.TOPDESK:
            room = self._memory.room(topdesk.room_id) or turn.room
            if self._rivals(room, topdesk, row.match_key):
                stands, wrong = self._put_back(turn, row, link, topdesk)
                self._refuse_unverified(turn, row, stands, wrong)
                return
        else:
            try:
                self._verify(turn.room, topdesk, row.match_key)
            except SlotTaken as taken:
                self._refuse(turn, row, meeting, None, taken.message)
                return
        self._both_stand(turn, row, topdesk, meeting, "reserved", "The reservation that was made for the meeting was found.")

    def _refuse_unverified(self, turn: Turn, row: LinkRow, stands: Booking, wrong: str | None) -> None:
        """Where it could be put back it is planned again, and refused with all that people have to be told."""
        reason = _TAKEN.capitalize()
        if wrong is None:
            self._memory.refuse(turn, row, None, "move_refused", state="on_hold", code="slot_taken", reason=reason)
            return
        reason = f"{reason} And {wrong}"
        self._memory.refuse(
            turn, row, Settled(DOUBLE, "", ""), "move_refused", state="on_hold", code="slot_taken", reason=reason, stands=stands,
            tell=lambda session, fresh: self._telling.conflict(session, turn.room, fresh, reason, stands),
        )  # fmt: skip

    # a meeting that moved

    def follow(self, turn: Turn, action: Update) -> None:
        """The reservation follows its meeting; on a clash it is put back, stands, and the organizer learns it."""
        source, target = action.source, action.target
        destination = self._memory.room(source.room_id) or turn.room
        moves = bool(action.fields & {Field.SLOT, Field.PLACE})
        now = self._unmoved(turn.room, target)
        claimed = (destination, source) if moves else (None, None)
        try:
            with self._memory.write(action.link, Side.TOPDESK, *claimed) as row:
                moved = self._facilities.change(destination, now, self._memory.draft(destination, row, source), action.fields)
            if moves and self._rivals(destination, moved, row.match_key):
                self._refuse_move(turn, row, action, _TAKEN, *self._put_back(turn, row, action.link, moved))
                return
        except Refused as refusal:
            self._refuse_move(turn, row, action, refusal.message)
            return
        answered = self._answering.respond(destination, moved, source)
        turn.written.extend([moved, *([answered] if answered is not source else [])])

        def overruled(session: Session, fresh: LinkRow) -> None:
            self._telling.overruled(session, turn.room, source.organizer, fresh, Side.EXCHANGE)

        self._memory.store(
            turn, row, (moved, answered), "moved", f"The reservation followed the meeting ({named(action.fields)}).", before=target,
            room=destination, tell=overruled if action.overrules else None,
        )  # fmt: skip

    def _unmoved(self, room: Room, target: Booking) -> Booking:
        """TOPdesk knows no If-Match: look right before writing."""
        now = self._facilities.get(room, target.ref)
        kept = keeps(room, Side.TOPDESK)
        if fingerprint(now, kept) != fingerprint(target, kept):
            raise VersionMoved("The reservation was changed in TOPdesk at this moment.")
        return now

    def _put_back(self, turn: Turn, row: LinkRow, link: Link, moved: Booking) -> tuple[Booking, str | None]:
        """To the slot as last agreed: the reservation as it stands then, and what is wrong with that, if anything is."""
        draft = replace(self._memory.draft(turn.room, row, moved), slot=link.slot, requester_id=None)
        try:
            back = self._facilities.change(turn.room, moved, draft)
        except Refused as refusal:
            return moved, f"TOPdesk does not let it be put back: {refusal.message}"
        turn.written.append(back)
        return back, "its old time is taken by now too." if self._rivals(turn.room, back, row.match_key) else None

    def _refuse_move(
        self, turn: Turn, row: LinkRow, action: Update, why: str, stands: Booking | None = None, wrong: str | None = None
    ) -> None:
        """`stands`: the reservation, if it was moved and put back; `wrong`: it overlaps another one, which only a person can settle."""
        room, source, mark = turn.room, action.source, action.mark
        reason = f"The reservation of {room.name} could not follow the meeting, so it stands as it was: {why}"
        if wrong is not None:
            reason = f"The reservation of {room.name} could not follow the meeting: {why} And {wrong}"
            mark = replace(mark, action=DOUBLE) if mark is not None else None
        text = f"{reason} {self._alternatives(self._memory.room(source.room_id) or room, source)}".strip()

        def tell(session: Session, fresh: LinkRow) -> None:
            self._telling.conflict(session, room, fresh, reason, source, stands or action.target)
            self._telling.organizer(session, source.organizer, fresh, f"{room.name} is not available at the new time", text, source)

        self._memory.refuse(
            turn, row, mark, "move_refused", state="on_hold", code="slot_taken", reason=reason, before=action.target, stands=stands,
            tell=tell,
        )  # fmt: skip

    # a meeting that is gone

    def end(self, turn: Turn, action: Delete) -> None:
        """Cancel or reject its reservation, unless that needs a person's word."""
        target, room = action.target, turn.room
        why = self._must_ask(room, target)
        if why is not None:
            self._ask(turn, action, why)
            return
        ended: Booking | None = None
        try:
            now = self._unmoved(room, target)
            with self._memory.write(action.link, Side.TOPDESK):
                ended = self._facilities.remove(room, now, RELEASED_IN_OUTLOOK)
        except NotFound:  # so it is over
            with self._memory.writing() as session:
                self._memory.current(session, action.link)
        except Refused as refusal:
            self._cannot_end(turn, action, refusal)
            return
        if ended is not None:
            turn.written.append(ended)

        def tell(session: Session, fresh: LinkRow) -> None:
            if action.is_inferred and turn.is_news("ended", action.link.series_id):
                text = "The meeting did not come back to the room's calendar, so its reservation was cancelled."
                person = target.organizer or action.link.organizer
                self._telling.organizer(session, person, fresh, f"{room.name} is no longer booked", text)

        self._memory.end(
            turn, action.link.id, "cancelled", "cancelled", "The meeting is gone from Exchange, so its reservation was ended.",
            code="cancelled_in_outlook", reason=RELEASED_IN_OUTLOOK, target=target, is_inferred=action.is_inferred, tell=tell,
        )  # fmt: skip

    def _cannot_end(self, turn: Turn, action: Delete, refusal: Refused) -> None:
        reason = f"The meeting is gone from Exchange, but TOPdesk does not let its reservation be ended: {refusal.message}"
        with self._memory.writing() as session:
            row = linking.row_of(session, action.link.id)
        self._memory.refuse(
            turn, row, action.mark, "end_refused", state="on_hold", code="side_refused", reason=reason,
            tell=lambda session, fresh: self._telling.failed(session, turn.room, fresh, reason),
        )  # fmt: skip

    def _must_ask(self, room: Room, target: Booking) -> str | None:
        if target.has_services:
            return "it has services"
        if target.slot.start <= self._memory.now() < target.slot.end:
            return "it has started"
        return "this room asks for approval of cancellations" if room.cancellation is Cancellation.MANUAL else None

    def _ask(self, turn: Turn, action: Delete, why: str) -> None:
        reason = f"The meeting is gone from Exchange, and {why}: approve or refuse the cancellation of its reservation."
        with self._memory.writing() as session:
            row = self._memory.current(session, action.link)
        self._memory.refuse(
            turn, row, action.mark, "cancellation_requested", state="on_hold", code="cancellation_request", reason=reason,
            tell=lambda session, fresh: self._telling.cancellation_request(session, turn.room, fresh, reason, action.target),
        )  # fmt: skip


def _day(room: Room, meeting: Booking) -> str:
    return f"{meeting.slot.start.astimezone(ZoneInfo(room.time_zone)):%d %b %Y}"
