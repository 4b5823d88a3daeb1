"""What each turn of a saga leaves in the database: index, links, claims, work items and journal, in the commit of its progress."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from roombooker.domain.booking import Booking, Side, Standing
from roombooker.domain.room import Room
from roombooker.domain.saga import Item, ItemPhase, Kind, Outcome, Phase, Reason, Record, Saga, Way
from roombooker.services.saga_calls import Facts
from roombooker.settings import Settings
from roombooker.store import claims, journal, linking, links, notices, occupancy, work_items
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


class SagaStore:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def keep(self, session: Session, frame: Frame, before: Saga, after: Saga, seen: Sequence[Booking], gone: Sequence[str],
             now: datetime) -> None:  # fmt: skip
        """Everything but the intent's own row."""
        self._index(session, frame, seen, gone, now)
        for old, new in zip(before.items, after.items, strict=True):
            if old != new:
                self._item_changed(session, frame, after, old, new, now)
        if after.phase is Phase.AWAIT and before.phase is not Phase.AWAIT:
            for row in links.of_booking(session, frame.booking_id):
                if row.state == "moving":
                    row.held_until = now + self._settings.hold
            self._tell(session, frame, "moving", "The new time is secured; the old one stands until the appointment has followed.", now)
        if after.is_done and not before.is_done:
            self._finish(session, frame, after, now)

    def _index(self, session: Session, frame: Frame, seen: Sequence[Booking], gone: Sequence[str], now: datetime) -> None:
        by_place = {room.location_id: room for room in frame.rooms.values()}
        for booking in seen:
            for room in frame.rooms.values():
                if by_place.get(booking.place) is room:
                    occupancy.put(session, room, booking, seen_at=now)
                else:
                    occupancy.forget(session, room.id, Side.TOPDESK, booking.ref)
        for ref in gone:
            for room in frame.rooms.values():
                occupancy.forget(session, room.id, Side.TOPDESK, ref)

    def _item_changed(self, session: Session, frame: Frame, saga: Saga, old: Item, new: Item, now: datetime) -> None:
        if new.record and new.record != old.record and new.phase in (ItemPhase.VERIFY, ItemPhase.SECURED, ItemPhase.STANDS):
            self._tell(session, frame, "reserved", f"TOPdesk holds {frame.rooms[new.room_id].name}.", now, item=new, ref=new.record.ref)
            if saga.kind is Kind.BOOK and (row := links.by_key(session, new.key)):
                _remember(session, row, new.record, new, now)
            if new.way is Way.CHANGE:
                self._guard_old_span(session, frame, new, now)
        if new.is_over and new.phase in _UNDONE:
            message = new.reason.message if new.reason else "It was taken back."
            self._tell(session, frame, new.phase.value, f"{frame.rooms[new.room_id].name}: {message}", now, item=new)
            claims.release(session, frame.intent_id, new.key, f"old:{new.key}")
            if saga.kind is Kind.BOOK and (row := links.by_key(session, new.key)):
                linking.end(row, "refused", now, code=new.reason.code if new.reason else None, reason=message)
        if new.phase is ItemPhase.STUCK:
            self._stuck(session, frame, saga, new, now)

    def _guard_old_span(self, session: Session, frame: Frame, item: Item, now: datetime) -> None:
        """Until the move is settled nobody else may take the slot that it may have to be put back to."""
        if item.old:
            claims.guard(
                session, frame.rooms[item.old.room_id], item.old.slot, intent_id=frame.intent_id, match_key=f"old:{item.key}", at=now
            )

    def _stuck(self, session: Session, frame: Frame, saga: Saga, item: Item, now: datetime) -> None:
        row = links.by_key(session, item.match_key) or (links.by_key(session, item.old.match_key) if item.old else None)
        reason = item.reason or Reason("failed", "A step could not be finished.")
        work_items.open_item(
            session, kind="failed_step", dedupe=f"failed_step:{item.key}", reason=reason.message, at=now, room_id=item.room_id,
            link_id=row.id if row else None, booking_id=frame.booking_id, actions=["retry", "give_up", "status"],
            facts={"kind": saga.kind.value, "reservation": item.record.ref if item.record else item.old.ref if item.old else None},
        )  # fmt: skip
        self._tell(session, frame, "failed_step", reason.message, now, item=item)

    def _finish(self, session: Session, frame: Frame, saga: Saga, now: datetime) -> None:
        claims.release(session, frame.intent_id)
        if saga.kind is not Kind.BOOK:  # what their meetings must follow
            notices.look_at(session, sorted(frame.rooms), at=now, cause="intent")
        match saga.kind:
            case Kind.BOOK:
                self._booked(session, frame, saga, now)
            case Kind.MOVE:
                self._moved(session, frame, saga, now)
            case Kind.CANCEL:
                self._cancelled(session, frame, saga, now)

    def _booked(self, session: Session, frame: Frame, saga: Saga, now: datetime) -> None:
        if saga.outcome not in (Outcome.DONE, Outcome.STUCK):
            if frame.is_awaited:
                links.remove_booking(session, frame.booking_id)
            return
        for item in saga.items:
            row = links.by_key(session, item.key)
            if row is None or item.phase not in (ItemPhase.STANDS, ItemPhase.STUCK):
                continue
            row.updated_at = now
            if item.phase is ItemPhase.STUCK:
                _hold(row, item.reason)
                continue
            row.state = standing_state(row)
            row.held_until = now + self._settings.hold
        stands = [i for i in saga.items if i.phase is ItemPhase.STANDS]
        if stands:
            names = ", ".join(sorted({frame.rooms[i.room_id].name for i in stands}))
            self._tell(session, frame, "booked", f"{names} reserved; the appointment must be sent to keep it.", now)

    def _moved(self, session: Session, frame: Frame, saga: Saga, now: datetime) -> None:
        for item in saga.items:
            row = links.by_key(session, item.old.match_key) if item.old else None
            if item.phase is ItemPhase.STANDS:
                row = row or self._added(session, frame, item, now)
                row.match_key = item.match_key
                if item.record:
                    _remember(session, row, item.record, item, now)
                row.reason_code = row.reason = None
            elif item.phase is ItemPhase.GONE and item.way is Way.DROP and row:
                _end(row, "cancelled", now, Reason("moved", "The booking went on without this room."))
            elif item.phase is ItemPhase.STUCK and row:
                if item.way is Way.REPLACE and item.record and item.reason and item.reason.code == "not_given_up":
                    row.match_key = item.match_key
                    _remember(session, row, item.record, item, now)
                _hold(row, item.reason)
        for row in links.of_booking(session, frame.booking_id):
            if row.state == "moving":
                row.state = standing_state(row)
                if _has(row, Side.EXCHANGE):
                    row.held_until = None
                else:
                    row.held_until = _longer(row, now + self._settings.hold, self._settings.hold_limit)
            row.updated_at = now
        done = saga.outcome is Outcome.DONE
        message = "The booking was moved." if done else "The booking could not be moved, so it stands where it was."
        self._tell(session, frame, "moved" if done else "move_refused", message, now)

    def _added(self, session: Session, frame: Frame, item: Item, now: datetime) -> LinkRow:
        """A room that joined the booking by a move."""
        facts = frame.facts
        row = links.new_link(
            session, booking_id=frame.booking_id, match_key=item.key, room_id=item.room_id, start_at=item.slot.start, end_at=item.slot.end,
            at=now, organizer_email=facts.organizer.email if facts.organizer else "", subject="" if facts.private else facts.subject,
            attendees=facts.attendees, private=facts.private, caller=frame.caller,
        )  # fmt: skip
        row.state = "moving"
        session.flush()
        return row

    def _cancelled(self, session: Session, frame: Frame, saga: Saga, now: datetime) -> None:
        for item in saga.items:
            row = links.by_key(session, item.match_key)
            if row is None:
                continue
            if item.phase is ItemPhase.GONE:
                _end(row, frame.ends_as, now, Reason(frame.ends_as, frame.facts.ending.removeprefix("Room Booker: ").capitalize()))
                self._tell(session, frame, frame.ends_as, row.reason or "", now, item=item)
            elif item.phase is ItemPhase.ASKED:
                _hold(row, item.reason)
                reason = item.reason.message if item.reason else "Approve or refuse this cancellation."
                work_items.open_item(
                    session, kind="cancellation_request", dedupe=f"cancellation_request:{row.id}", reason=reason, at=now,
                    room_id=row.room_id, link_id=row.id, booking_id=row.booking_id, actions=["approve", "refuse", "status"],
                )  # fmt: skip
                self._tell(session, frame, "cancellation_requested", reason, now, item=item)
            elif item.phase is ItemPhase.STUCK:
                _hold(row, item.reason)
            elif row.state == "releasing":
                row.state = standing_state(row)

    def _tell(self, session: Session, frame: Frame, kind: str, message: str, now: datetime, *, item: Item | None = None,
              ref: str | None = None) -> None:  # fmt: skip
        journal.write(
            session, kind=kind, message=message, at=now, caused_by=frame.caused_by, side=Side.TOPDESK.value if ref else None, ref=ref,
            room_id=item.room_id if item else None, booking_id=frame.booking_id, match_key=item.match_key if item else None,
            email=frame.facts.organizer.email if frame.facts.organizer else None, request_id=frame.request_id,
        )  # fmt: skip


_UNDONE = (ItemPhase.TAKEN, ItemPhase.REFUSED, ItemPhase.ABANDONED)


def standing_state(row: LinkRow) -> str:
    """The outside's word for a link that nobody is working on, from what is remembered of its sides."""
    topdesk = next((s for s in row.sides if s.side == Side.TOPDESK), None)
    if topdesk is not None and topdesk.standing == Standing.REQUESTED:
        return "awaiting_approval"
    return "confirmed" if _has(row, Side.EXCHANGE) else "awaiting_appointment"


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


def _remember(session: Session, row: LinkRow, record: Record, item: Item, now: datetime) -> None:
    linking.release_ref(session, Side.TOPDESK, record.ref, besides=row.id)
    side = next((s for s in row.sides if s.side == Side.TOPDESK), None)
    if side is None:
        side = LinkSideRow(link_id=row.id, side=Side.TOPDESK.value)
        row.sides.append(side)
    side.ref, side.version, side.fingerprint = record.ref, record.version, record.fingerprint
    side.number, side.standing, side.seen_at = record.number, record.standing.value, now
    row.room_id, row.start_at, row.end_at, row.updated_at = item.room_id, item.slot.start, item.slot.end, now


def _longer(row: LinkRow, until: datetime, limit: timedelta) -> datetime:
    """A hold never grows past its limit, counted from the booking, and never shrinks."""
    return max(row.held_until or until, min(until, row.created_at + limit))
