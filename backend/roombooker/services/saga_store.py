"""What each turn of a saga leaves in the database: index, links, claims, work items and journal, in the commit of its progress."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from roombooker.domain.booking import Booking, Side, Standing
from roombooker.domain.room import Room
from roombooker.domain.saga import Item, ItemPhase, Kind, Outcome, Phase, Reason, Record, Saga, Way
from roombooker.services.saga_calls import Came, Facts
from roombooker.services.telling import Telling
from roombooker.settings import Settings
from roombooker.store import claims, journal, linking, links, notices, occupancy, people, work_items
from roombooker.store.models import LinkRow, LinkSideRow


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """What stays the same while an intent is driven."""

    intent_id: str
    booking_id: str
    caller: str
    caused_by: str
    facts: Facts
    rooms: Mapping[str, Room]
    ends_as: str = "cancelled"  # or released
    is_awaited: bool = True  # the person still waits for the first answer: a wish that fails leaves no booking behind
    request_id: str | None = None


class _Turn:
    """One commit. The booking's links are read when first wanted, and once."""

    def __init__(self, session: Session, frame: Frame, saga: Saga, now: datetime) -> None:
        self.session = session
        self.frame = frame
        self.saga = saga
        self.now = now
        self._rows: list[LinkRow] | None = None

    @property
    def rows(self) -> list[LinkRow]:
        if self._rows is None:
            self._rows = links.of_booking(self.session, self.frame.booking_id)
        return self._rows

    def row(self, match_key: str) -> LinkRow | None:
        return next((row for row in self.rows if row.match_key == match_key), None)

    def room(self, room_id: str) -> Room:
        return self.frame.rooms[room_id]

    def tell(self, kind: str, message: str, *, item: Item | None = None, ref: str | None = None) -> None:
        """In the journal."""
        frame = self.frame
        journal.write(
            self.session, kind=kind, message=message, at=self.now, caused_by=frame.caused_by, side=Side.TOPDESK.value if ref else None, ref=ref,
            room_id=item.room_id if item else None, booking_id=frame.booking_id, match_key=item.match_key if item else None,
            email=frame.facts.organizer.email if frame.facts.organizer else None, request_id=frame.request_id,
        )  # fmt: skip

    def remember(self, row: LinkRow, record: Record, item: Item) -> None:
        linking.release_ref(self.session, Side.TOPDESK, record.ref, besides=row.id)
        side = next((s for s in row.sides if s.side == Side.TOPDESK), None)
        if side is None:
            side = LinkSideRow(link_id=row.id, side=Side.TOPDESK.value)
            row.sides.append(side)
        side.ref, side.version, side.fingerprint = record.ref, record.version, record.fingerprint
        side.number, side.standing, side.seen_at = record.number, record.standing.value, self.now
        row.room_id, row.start_at, row.end_at, row.updated_at = item.room_id, item.slot.start, item.slot.end, self.now

    def add(self, item: Item) -> LinkRow:
        """A room that joined the booking by a move."""
        facts, rows = self.frame.facts, self.rows
        row = links.new_link(
            self.session, booking_id=self.frame.booking_id, match_key=item.key, room_id=item.room_id, start_at=item.slot.start,
            end_at=item.slot.end, at=self.now, organizer_email=facts.organizer.email if facts.organizer else "",
            subject="" if facts.private else facts.subject, attendees=facts.attendees, private=facts.private, caller=self.frame.caller,
        )  # fmt: skip
        row.state = "moving"
        rows.append(row)
        return row


class SagaStore:
    def __init__(self, settings: Settings, telling: Telling) -> None:
        self._settings = settings
        self._telling = telling

    def keep(self, session: Session, frame: Frame, before: Saga, after: Saga, came: Sequence[Came],
             now: datetime) -> Callable[[], list[LinkRow]]:  # fmt: skip
        """Everything but the intent's own row; gives the booking's links as they stand then."""
        turn = _Turn(session, frame, after, now)
        with session.no_autoflush:  # all rows at once, at the end
            self._keep(turn, before, came)
        return lambda: turn.rows

    def _keep(self, turn: _Turn, before: Saga, came: Sequence[Came]) -> None:
        after, now = turn.saga, turn.now
        for one in came:
            if one.looked_up is not None:
                people.keep_requester(turn.session, one.looked_up.key, one.looked_up.topdesk_id, name=one.looked_up.name, at=now)
        self._index(turn, came)
        for old, new in zip(before.items, after.items, strict=True):
            if old != new:
                self._item_changed(turn, old, new)
        if after.phase is Phase.AWAIT and before.phase is not Phase.AWAIT:
            for row in turn.rows:
                if row.state == "moving":
                    row.held_until = now + self._settings.hold
            turn.tell("moving", "The new time is secured; the old one stands until the appointment has followed.")
        if after.is_done and not before.is_done:
            self._finish(turn)

    def _index(self, turn: _Turn, came: Sequence[Came]) -> None:
        """The last that was seen of each record; what was seen elsewhere or is gone leaves the rooms that it may have been in."""
        rooms = turn.frame.rooms.values()
        last: dict[str, Booking | None] = {}
        for one in came:
            last |= {booking.ref: booking for booking in one.seen} | dict.fromkeys(one.gone)
        for ref, booking in last.items():
            for room in rooms:
                if booking is not None and booking.place == room.location_id:
                    occupancy.put(turn.session, room, booking, seen_at=turn.now)
                else:
                    occupancy.forget(turn.session, room.id, Side.TOPDESK, ref)

    def _item_changed(self, turn: _Turn, old: Item, new: Item) -> None:
        if new.record and new.record != old.record and new.phase in _HELD:
            turn.tell("reserved", f"TOPdesk holds {turn.room(new.room_id).name}.", item=new, ref=new.record.ref)
            if turn.saga.kind is Kind.BOOK and (row := turn.row(new.key)):
                turn.remember(row, new.record, new)
            if new.way is Way.CHANGE:
                self._guard_old_span(turn, new)
        if new.is_over and new.phase in _UNDONE:
            message = new.reason.message if new.reason else "It was taken back."
            turn.tell(new.phase.value, f"{turn.room(new.room_id).name}: {message}", item=new)
            claims.release(turn.session, turn.frame.intent_id, new.key, f"old:{new.key}")
            if turn.saga.kind is Kind.BOOK and (row := turn.row(new.key)):
                linking.end(row, "refused", turn.now, code=new.reason.code if new.reason else None, reason=message)
        if new.phase is ItemPhase.STUCK:
            self._stuck(turn, new)

    def _guard_old_span(self, turn: _Turn, item: Item) -> None:
        """Until the move is settled nobody else may take the slot that it may have to be put back to."""
        if item.old:
            claims.guard(
                turn.session, turn.room(item.old.room_id), item.old.slot, intent_id=turn.frame.intent_id, match_key=f"old:{item.key}", at=turn.now
            )  # fmt: skip

    def _stuck(self, turn: _Turn, item: Item) -> None:
        row = turn.row(item.match_key) or (turn.row(item.old.match_key) if item.old else None)
        reason = item.reason or Reason("failed", "A step could not be finished.")
        work_items.open_item(
            turn.session, kind="failed_step", dedupe=f"failed_step:{item.key}", reason=reason.message, at=turn.now, room_id=item.room_id,
            link_id=row.id if row else None, booking_id=turn.frame.booking_id, actions=["retry", "give_up", "status"],
            facts={"kind": turn.saga.kind.value, "reservation": item.record.ref if item.record else item.old.ref if item.old else None},
        )  # fmt: skip
        turn.tell("failed_step", reason.message, item=item)

    def _finish(self, turn: _Turn) -> None:
        claims.release(turn.session, turn.frame.intent_id)
        if turn.saga.kind is not Kind.BOOK:  # what their meetings must follow
            notices.look_at(turn.session, sorted(turn.frame.rooms), at=turn.now, cause="intent")
        match turn.saga.kind:
            case Kind.BOOK:
                self._booked(turn)
            case Kind.MOVE:
                self._moved(turn)
            case Kind.CANCEL:
                self._cancelled(turn)

    def _booked(self, turn: _Turn) -> None:
        if turn.saga.outcome not in (Outcome.DONE, Outcome.STUCK):
            if turn.frame.is_awaited:
                links.remove_booking(turn.session, turn.frame.booking_id)
            return
        for item in turn.saga.items:
            row = turn.row(item.key)
            if row is None or item.phase not in (ItemPhase.STANDS, ItemPhase.STUCK):
                continue
            row.updated_at = turn.now
            if item.phase is ItemPhase.STUCK:
                _hold(row, item.reason)
                continue
            row.state = standing_state(row)
            row.held_until = turn.now + self._settings.hold
        stands = [i for i in turn.saga.items if i.phase is ItemPhase.STANDS]
        if stands:
            names = ", ".join(sorted({turn.room(i.room_id).name for i in stands}))
            turn.tell("booked", f"{names} reserved; the appointment must be sent to keep it.")

    def _moved(self, turn: _Turn) -> None:
        for item in turn.saga.items:
            row = turn.row(item.old.match_key) if item.old else None
            if item.phase is ItemPhase.STANDS:
                row = row or turn.add(item)
                row.match_key = item.match_key
                if item.record:
                    turn.remember(row, item.record, item)
                row.reason_code = row.reason = row.refused = None
            elif item.phase is ItemPhase.GONE and item.way is Way.DROP and row:
                _end(row, "cancelled", turn.now, Reason("moved", "The booking went on without this room."))
            elif item.phase is ItemPhase.STUCK and row:
                if item.way is Way.REPLACE and item.record and item.reason and item.reason.code == "not_given_up":
                    row.match_key = item.match_key
                    turn.remember(row, item.record, item)
                _hold(row, item.reason)
            elif item.phase is ItemPhase.ABANDONED and item.moves and item.reason and item.reason.code == "not_sent" and row:
                self._telling.not_moved(turn.session, turn.room(row.room_id), turn.frame.facts.organizer, row)
        for row in turn.rows:
            if row.state == "moving":
                row.state = standing_state(row)
                if _has(row, Side.EXCHANGE):
                    row.held_until = None
                else:
                    row.held_until = _longer(row, turn.now + self._settings.hold, self._settings.hold_limit)
            row.updated_at = turn.now
        done = turn.saga.outcome is Outcome.DONE
        turn.tell("moved" if done else "move_refused", "The booking was moved." if done else _why_not_moved(turn.saga))

    def _cancelled(self, turn: _Turn) -> None:
        frame = turn.frame
        for item in turn.saga.items:
            row = turn.row(item.match_key)
            if row is None:
                continue
            if item.phase is ItemPhase.GONE:
                _end(row, frame.ends_as, turn.now, Reason(frame.ends_as, frame.facts.ending.removeprefix("Room Booker: ").capitalize()))
                turn.tell(frame.ends_as, row.reason or "", item=item)
                if frame.ends_as == "released" and not _is_known(turn.rows, row):
                    self._telling.released(turn.session, turn.room(item.room_id), frame.facts.organizer, row)
            elif item.phase is ItemPhase.ASKED:
                _hold(row, item.reason)
                reason = item.reason.message if item.reason else "Approve or refuse this cancellation."
                work_items.open_item(
                    turn.session, kind="cancellation_request", dedupe=f"cancellation_request:{row.id}", reason=reason, at=turn.now,
                    room_id=row.room_id, link_id=row.id, booking_id=row.booking_id, actions=["approve", "refuse", "status"],
                )  # fmt: skip
                turn.tell("cancellation_requested", reason, item=item)
            elif item.phase is ItemPhase.STUCK:
                _hold(row, item.reason)
            elif row.state == "releasing":
                row.state = standing_state(row)


# It stands over there. What lost at the first listing is on its way back already, and may get stuck there.
_HELD = (ItemPhase.VERIFY, ItemPhase.PRUNE, ItemPhase.SECURED, ItemPhase.GIVE_UP, ItemPhase.STANDS, ItemPhase.UNDO)
_UNDONE = (ItemPhase.TAKEN, ItemPhase.REFUSED, ItemPhase.ABANDONED)


def standing_state(row: LinkRow) -> str:
    """The outside's word for a link that nobody is working on, from what is remembered of its sides. What waits for a person goes on
    waiting: a wish that came to nothing has not settled it."""
    if row.refused:
        return "on_hold"
    topdesk = next((s for s in row.sides if s.side == Side.TOPDESK), None)
    if topdesk is not None and topdesk.standing == Standing.REQUESTED:
        return "awaiting_approval"
    return "confirmed" if _has(row, Side.EXCHANGE) else "awaiting_appointment"


def _is_known(rows: Sequence[LinkRow], ended: LinkRow) -> bool:
    """The dates of a series are told of once."""
    kin = [row for row in rows if row is not ended and row.series_id is not None and row.room_id == ended.room_id]
    return any(row.state == "released" for row in kin)


def _why_not_moved(saga: Saga) -> str:
    gone = next((i.reason for i in saga.items if i.reason and i.reason.code in ("elsewhere", "overtaken")), None)
    return gone.message if gone else "The booking could not be moved, so it stands where it was."


def _has(row: LinkRow, side: Side) -> bool:
    return any(s.side == side for s in row.sides)


def _hold(row: LinkRow, reason: Reason | None) -> None:
    row.state, row.held_until = "on_hold", None
    row.reason_code, row.reason = (reason.code, reason.message) if reason else (None, None)


def _end(row: LinkRow, state: str, now: datetime, reason: Reason) -> None:
    """With a meeting still on the room's calendar the sides stay remembered, so that the plan lets the room decline it."""
    if not _has(row, Side.EXCHANGE):
        linking.end(row, state, now, code=reason.code, reason=reason.message)
        return
    row.state, row.reason_code, row.reason, row.held_until, row.updated_at = state, reason.code, reason.message, None, now


def _longer(row: LinkRow, until: datetime, limit: timedelta) -> datetime:
    """A hold never grows past its limit, counted from the booking, and never shrinks."""
    return max(row.held_until or until, min(until, row.created_at + limit))
