"""Intake: a wish becomes an intent with claims and links in one commit, before anything is sent."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from ulid import ULID

from roombooker.domain import saga as sagas
from roombooker.domain import series
from roombooker.domain.booking import Side, new_match_key
from roombooker.domain.caller import Caller
from roombooker.domain.room import Room
from roombooker.domain.saga import Item, ItemPhase, Kind, Old, Reason, Saga, Way
from roombooker.domain.saga.start import add, drop, shift
from roombooker.domain.slot import Slot
from roombooker.errors import InProgress, InvalidInput
from roombooker.services.framing import facts_json, frame_of
from roombooker.services.ownership import standing
from roombooker.services.saga_store import Frame
from roombooker.services.wishes import BookingRequest, check_party, check_slots, fingerprint, jsonable
from roombooker.settings import Settings
from roombooker.store import claims, intents, journal, links, people, rooms
from roombooker.store.db import Database
from roombooker.store.models import IntentRow, LinkRow


@dataclass(frozen=True, slots=True)
class Begun:
    """A new intent whose lease is `owner`'s."""

    frame: Frame
    owner: str
    saga: Saga


class Intake:
    def __init__(self, *, database: Database, settings: Settings, clock: Callable[[], datetime],
                 groups_of: Callable[[str], frozenset[str] | None]) -> None:  # fmt: skip
        self._database = database
        self._settings = settings
        self._clock = clock
        self._groups_of = groups_of

    def booking(self, caller: Caller, key: str, body: Mapping[str, Any]) -> Begun:
        """InvalidInput with the field named. A claim that is lost ends it here, without any call."""
        request = BookingRequest.of(body)
        now = self._clock()
        with self._database.read() as session:
            found = self._mapped(session, request.rooms)
        slots = self._slots(request, now)
        check_slots(slots, list(found.values()), now=now, horizon=self._settings.horizon)
        self._check_party(list(found.values()), request.attendees, request.organizer)
        booking_id, intent_id, owner = str(ULID()), str(ULID()), str(ULID())
        is_series = request.recurrence is not None
        items = [replace(add(room_id, slot, new_match_key()), original_start=slot.start if is_series else None)
                 for room_id in sorted(found) for slot in slots]  # fmt: skip
        with inserting(self._database) as session:
            items = [self._claimed(session, intent_id, found, item, now) for item in items]
            saga = _begun(sagas.book(items, all_or_nothing=not is_series))
            for item in saga.items:
                links.new_link(
                    session, booking_id=booking_id, match_key=item.key, room_id=item.room_id, start_at=item.slot.start,
                    end_at=item.slot.end, at=now, organizer_email=request.organizer, subject="" if request.private else request.subject,
                    attendees=request.attendees, private=request.private, caller=caller.key,
                    series_id=booking_id if is_series else None, original_start_at=item.original_start,
                ).state = "refused" if item.is_over else "reserving"  # fmt: skip
            facts = facts_json(request.organizer, request.subject, request.attendees, private=request.private)
            row = self._insert(session, caller.key, key, Kind.BOOK, (intent_id, booking_id, owner), saga, body, facts)
            frame = frame_of(session, row, found)
            if saga.is_done:
                claims.release(session, intent_id)
                links.remove_booking(session, booking_id)
            behalf = "" if request.organizer == caller.email else " on behalf of somebody else"
            journal.write(session, kind="asked", message=f"A booking was asked for{behalf}.", at=now, caused_by=caller.key,
                          booking_id=booking_id, email=request.organizer)  # fmt: skip
            first = found[items[0].room_id]
            people.last_room(session, request.organizer, building=first.building, floor=first.floor)
        return Begun(frame, owner, saga)

    def move(self, caller: Caller, key: str, booking_id: str, changes: Mapping[str, Any], body: Mapping[str, Any]) -> Begun:
        now = self._clock()
        with self._database.read() as session:
            rows = standing(links.of_booking(session, booking_id))
            slot, wanted = _destination(rows, changes)
            found = self._mapped(session, wanted) | rooms.by_ids(session, {row.room_id for row in rows})
            olds = {row.room_id: old_of(row) for row in rows}
            first = rows[0]
        coming = [found[room_id] for room_id in wanted if room_id not in olds]
        self._check_party(coming, first.attendees if len(wanted) == 1 else 1, first.organizer_email or "")
        if slot != olds[first.room_id].slot:
            check_slots([slot], [found[room_id] for room_id in wanted], now=now, horizon=self._settings.horizon)
        items = _plan_move(olds, wanted, slot)
        if not items:
            raise InvalidInput("Nothing would change.", {"start": ["Nothing would change."]})
        intent_id, owner = str(ULID()), str(ULID())
        facts = facts_json(first.organizer_email or "", first.subject, first.attendees, private=first.private)
        with inserting(self._database) as session:
            rows = self._free(session, booking_id, {row.id for row in rows})
            own = [
                name for row in rows for name in (row.match_key, *(side.ref for side in row.sides))
            ]  # the room's copy may not bear our key
            items = [self._claimed(session, intent_id, found, item, now, own) for item in sorted(items, key=lambda i: (i.room_id, i.slot))]
            awaits = any(side.side == Side.EXCHANGE for row in rows for side in row.sides)
            saga = _begun(sagas.move(items, awaits=awaits))
            facts["was"] = {row.id: row.state for row in rows}
            for row in rows if not saga.is_done else ():
                row.state = "moving"
            intent = self._insert(session, caller.key, key, Kind.MOVE, (intent_id, booking_id, owner), saga, body, facts)
            frame = frame_of(session, intent, found)
            if saga.is_done:
                claims.release(session, intent_id)
            journal.write(session, kind="asked", message="A move was asked for.", at=now, caused_by=caller.key, booking_id=booking_id)
        return Begun(frame, owner, saga)

    def cancellation(self, caller: str, key: str, booking_id: str, rows: Sequence[LinkRow], body: Mapping[str, Any], *, caused_by: str,
                     ending: str, ends_as: str = "cancelled", asks: bool = True) -> Begun:  # fmt: skip
        """`asks` False: what the system itself gives back needs nobody's approval."""
        intent_id, owner = str(ULID()), str(ULID())
        with inserting(self._database) as session:
            fresh = self._free(session, booking_id, {row.id for row in rows})
            first = fresh[0]
            facts = facts_json(first.organizer_email or "", "", first.attendees, private=first.private) | {
                "ending": f"Room Booker: {ending}", "ends_as": ends_as, "asks": asks, "caused_by": caused_by,
                "was": {row.id: row.state for row in fresh},
            }  # fmt: skip
            saga = sagas.cancel([old_of(row) for row in fresh])
            for row in fresh:
                row.state = "releasing"
            intent = self._insert(session, caller, key, Kind.CANCEL, (intent_id, booking_id, owner), saga, body, facts)
            frame = frame_of(session, intent)
        return Begun(frame, owner, saga)

    def withdraw(self, frame: Frame) -> None:
        """Nothing stands anywhere: forget the wish, so that the same key may try again as if it were new."""
        with self._database.write() as session:
            row = intents.get(session, frame.intent_id)
            if row is None or row.lease_owner is not None:  # a worker has taken it over meanwhile: its outcome stands
                return
            claims.release(session, row.id)
            if row.kind == Kind.BOOK:
                links.remove_booking(session, row.booking_id)
            was = row.request.get("was", {})
            for link in links.of_booking(session, row.booking_id):
                if link.state in ("moving", "releasing"):
                    link.state = was.get(link.id, link.state)
            session.delete(row)

    def _check_party(self, rooms: Sequence[Room], attendees: int | None, organizer: str) -> None:
        """TOPdesk is asked for somebody's person groups only where a room is for one of them."""
        is_asked = any(room.person_group for room in rooms)
        check_party(rooms, attendees or 1, self._groups_of(organizer) if is_asked else frozenset())

    def _slots(self, request: BookingRequest, now: datetime) -> list[Slot]:
        if request.recurrence is None:
            return [request.slot]
        dates = series.unfold(request.recurrence, request.slot, until=now + self._settings.horizon, since=now).slots
        if not dates:
            raise InvalidInput("The series has no date that can be booked.", {"recurrence": ["No date that can be booked."]})
        return list(dates)

    def _free(self, session: Session, booking_id: str, ids: set[str]) -> list[LinkRow]:
        """The links again, under the lock of this write; InProgress where another intent has come between."""
        fresh = [row for row in links.of_booking(session, booking_id) if row.id in ids and row.state not in links.ENDED]
        if intents.live_of(session, booking_id) or len(fresh) != len(ids):
            raise InProgress("This booking is being changed; ask again in a moment.")
        return fresh

    def _claimed(self, session: Session, intent_id: str, found: Mapping[str, Room], item: Item, now: datetime,
                 besides: Sequence[str] = ()) -> Item:  # fmt: skip
        if item.way is Way.DROP:
            return item
        if claims.claim(session, found[item.room_id], item.slot, intent_id=intent_id, match_key=item.key, at=now, besides=besides):
            return item
        return replace(item, phase=ItemPhase.TAKEN, reason=Reason("slot_taken", "The room is taken at that time."))

    def _mapped(self, session: Session, room_ids: Sequence[str]) -> dict[str, Room]:
        found = {room_id: room for room_id, room in rooms.by_ids(session, room_ids).items() if room.enabled}
        missing = [room_id for room_id in room_ids if room_id not in found]
        if missing:
            raise InvalidInput("A room is not known, or not open for booking.", {"rooms": [f"Not known: {', '.join(missing)}"]})
        return found

    def _insert(self, session: Session, caller: str, key: str, kind: Kind, ids: tuple[str, str, str], saga: Saga,
                body: Mapping[str, Any], facts: dict[str, Any]) -> IntentRow:  # fmt: skip
        now = self._clock()
        intent_id, booking_id, owner = ids
        row = IntentRow(
            id=intent_id, caller=caller, key=key, kind=kind.value, request_fingerprint=fingerprint(kind, body), request=jsonable(facts),
            booking_id=booking_id, state=saga.phase.value, progress=sagas.to_json(saga), attempts=0, lease_owner=owner,
            lease_until=now + self._settings.lease, due_at=None if saga.is_done else now + self._settings.lease, created_at=now, finished_at=now if saga.is_done else None,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row


@contextmanager
def inserting(database: Database) -> Iterator[Session]:
    """A write in which a second request with the same key, arriving at the same moment, is told to wait."""
    try:
        with database.write() as session:
            yield session
    except IntegrityError as error:
        raise InProgress("This request is being worked on; ask again in a moment.") from error


def old_of(row: LinkRow) -> Old:
    ref = next((side.ref for side in row.sides if side.side == Side.TOPDESK), "")
    return Old(row.room_id, Slot(row.start_at, row.end_at), row.match_key, ref)


_SERIES = "Change the time or room of a series in Outlook: its reservations follow."


def _destination(rows: Sequence[LinkRow], changes: Mapping[str, Any]) -> tuple[Slot, list[str]]:
    slots = {(row.start_at, row.end_at) for row in rows}
    if len(slots) > 1:
        raise InvalidInput(_SERIES, {"start": [_SERIES]})
    start, end = next(iter(slots))
    try:
        slot = Slot(changes.get("start", start), changes.get("end", end))
    except ValueError as error:
        raise InvalidInput("The end must be after the start.", {"end": [str(error)]}) from error
    return slot, list(dict.fromkeys(changes.get("rooms") or [row.room_id for row in rows]))


def _begun(saga: Saga) -> Saga:
    """A claim that was lost ends a wish for all or nothing before anything is sent."""
    if saga.all_or_nothing and any(item.phase is ItemPhase.TAKEN for item in saga.items):
        return sagas.give_up(saga, Reason("abandoned", "Another room of this booking is taken."))
    return saga


def _plan_move(olds: Mapping[str, Old], wanted: Sequence[str], slot: Slot) -> list[Item]:
    """Rooms that stay are shifted, rooms that leave are paired with rooms that come, in the order given."""
    coming = [room_id for room_id in wanted if room_id not in olds]
    leaving = [room_id for room_id in olds if room_id not in wanted]
    pairs = [(olds[room_id], room_id) for room_id in wanted if room_id in olds and olds[room_id].slot != slot]
    pairs += [(olds[old], new) for old, new in zip(leaving, coming, strict=False)]
    items = [shift(old, room_id, slot, new_match_key()) for old, room_id in pairs]
    items += [add(room_id, slot, new_match_key()) for room_id in coming[len(leaving) :]]
    return items + [drop(olds[room_id]) for room_id in leaving[len(coming) :]]
