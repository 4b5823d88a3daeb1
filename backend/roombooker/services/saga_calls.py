"""A saga's steps as calls to the two sides, and what came back as answers; no database transaction is open meanwhile."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from roombooker.domain import saga as sagas
from roombooker.domain.booking import Booking, Draft, Person, Side, Standing
from roombooker.domain.calendar import Facilities, MeetingCalendar
from roombooker.domain.fingerprint import Field, fingerprint
from roombooker.domain.room import Cancellation, Room
from roombooker.domain.saga import Item, Reason, Record, Saga
from roombooker.domain.slot import Slot
from roombooker.errors import Denied, Garbled, NotFound, OutcomeUnknown, Refused, RoomBookerError, SideError, Unavailable
from roombooker.services.recurring import Recurring, makes_series
from roombooker.services.requester import LookedUp, Requesters
from roombooker.services.rules import keeps
from roombooker.services.wishes import description
from roombooker.store import intents
from roombooker.store.db import Database

WIDEST = timedelta(days=60)  # getSchedule answers at most 62 days at once


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What the drafts of one intent say, and how its endings are told."""

    organizer: Person | None
    subject: str
    attendees: int | None
    private: bool
    asks: bool = True  # a cancellation of what has services, has begun, or is in a manual room is a request to a person
    ending: str = "Room Booker: cancelled by the organizer."


@dataclass(frozen=True, slots=True)
class Came:
    """`seen` are TOPdesk's records as read on the way, for the index; `gone` refs that are not there; `error` what went wrong;
    `looked_up` a person that was, to be kept."""

    answer: sagas.Answer
    seen: tuple[Booking, ...] = ()
    gone: tuple[str, ...] = ()
    error: RoomBookerError | None = None
    looked_up: LookedUp | None = None


class SagaCalls:
    def __init__(self, *, database: Database, facilities: Facilities, meetings: MeetingCalendar, requesters: Requesters,
                 clock: Callable[[], datetime]) -> None:  # fmt: skip
        self._database = database
        self._facilities = facilities
        self._meetings = meetings
        self._requesters = requesters
        self._recurring = Recurring(facilities)
        self._clock = clock

    def make(self, saga: Saga, step: sagas.Step, facts: Facts, rooms: Mapping[str, Room]) -> Came:
        """One step; every failure of a side comes back as an answer."""
        writes = isinstance(step, sagas.Create | sagas.ChangeRecord | sagas.ChangeBack | sagas.Remove)
        try:
            return self._make(saga, step, facts, rooms)
        except OutcomeUnknown as error:
            return Came(sagas.Unknown(), error=error)
        except Garbled as error:
            return Came(sagas.Unknown() if writes else sagas.Unavailable(_reason(error)), error=error)
        except (Refused, NotFound) as error:  # not found: the location or person that the request names is gone over there
            return Came(sagas.Refused(_reason(error)), error=error)
        except (Unavailable, Denied) as error:
            return Came(sagas.Unavailable(_reason(error)), error=error)

    def _make(self, saga: Saga, step: sagas.Step, facts: Facts, rooms: Mapping[str, Room]) -> Came:
        match step:
            case sagas.FindPerson():
                requester_id, looked_up = self._requesters.find(facts.organizer)
                return Came(sagas.PersonFound(requester_id), looked_up=looked_up)
            case sagas.CheckExchange(indexes):
                return Came(sagas.Checked(self._busy({i: saga.items[i] for i in indexes}, rooms)))
        item = saga.items[step.index]
        room = rooms[item.room_id]
        match step:
            case sagas.Look():
                return self._look(item, facts, rooms)
            case sagas.Create():
                return self._create(saga, item, room, _draft(room, item.slot, item.match_key, facts, saga.requester_id))
            case sagas.Find():
                in_series = _is_in_series(saga, item, room)
                found = self._in_series(saga, item, room) if in_series else self._facilities.find(room, item.match_key)
                return Came(sagas.Absent()) if found is None else _done(room, found)
            case sagas.Relist(back=back):
                return self._relist(item, rooms, back=back)
            case sagas.ChangeRecord():
                return self._change(item, rooms, facts, to=room, slot=item.slot)
            case sagas.ChangeBack():
                return self._change(item, rooms, facts, to=_old_room(item, rooms), slot=item.old.slot if item.old else item.slot)
            case sagas.Remove(ref=ref, is_old=is_old):
                where = _old_room(item, rooms) if is_old else room
                return self._remove(where, ref, facts.ending if saga.kind is sagas.Kind.CANCEL else _UNDONE)

    def _create(self, saga: Saga, item: Item, room: Room, draft: Draft) -> Came:
        """The first date of a series in a room that makes real ones brings the others along; each finds its own when it is its turn."""
        if not _is_in_series(saga, item, room):
            return _done(room, self._facilities.create(room, draft))
        kin = [other for other in saga.items if other.room_id == room.id and other.key != item.key]
        if any(other.record is not None for other in kin) and (found := self._in_series(saga, item, room)) is not None:
            return _done(room, found)
        made = self._facilities.create(room, draft)
        later = {other.slot: other.key for other in kin if not other.is_over and other.record is None and other.slot > item.slot}
        with suppress(SideError):  # then they become single reservations
            self._recurring.spread(room, made, later, stamps=False)
        return _done(room, made)

    def _in_series(self, saga: Saga, item: Item, room: Room) -> Booking | None:
        copied = {other.key for other in saga.items if other.room_id == room.id and other.key != item.key}
        return self._recurring.at(room, item.slot, item.key, copied)

    def _busy(self, items: Mapping[int, Item], rooms: Mapping[str, Room]) -> frozenset[int]:
        """Which items Exchange says are not free; one call per 60 days of slots, for all their rooms."""
        busy: set[int] = set()
        left = sorted(items, key=lambda i: items[i].slot)
        while left:
            start = items[left[0]].slot.start
            near = [i for i in left if items[i].slot.end <= start + WIDEST] or left[:1]
            left = [i for i in left if i not in near]
            span = Slot(start, max(items[i].slot.end for i in near))
            asked = [rooms[room_id] for room_id in sorted({items[i].room_id for i in near})]
            told = self._meetings.free_busy(asked, span)
            for i in near:
                if items[i].room_id not in told:
                    raise Denied("exchange", f"Exchange does not let Room Booker see the calendar of {rooms[items[i].room_id].name}.")
                busy |= {i for stretch in told[items[i].room_id] if _is_in_the_way(stretch.slot, items[i])}
        return frozenset(busy)

    def _look(self, item: Item, facts: Facts, rooms: Mapping[str, Room]) -> Came:
        room = _old_room(item, rooms)
        ref = item.old.ref if item.old else ""
        try:
            seen = self._facilities.get(room, ref)
        except NotFound:
            return Came(sagas.Looked(None), gone=(ref,))
        record = record_of(room, seen) if seen.is_live else None
        must_ask = _must_ask(seen, room, self._clock()) if facts.asks else None
        return Came(sagas.Looked(record, has_services=seen.has_services, must_ask=must_ask), seen=(seen,))

    def _relist(self, item: Item, rooms: Mapping[str, Room], *, back: bool) -> Came:
        room, slot = rooms[item.room_id], item.slot
        if back and item.old:
            room, slot = _old_room(item, rooms), item.old.slot
        seen = tuple(self._facilities.occupied([room], slot).get(room.id, []))
        own = item.record.ref if item.record else None
        old = item.old.ref if item.old else None
        others = [b for b in seen if b.is_live and b.ref not in (own, old)]
        doubles = tuple(b.ref for b in others if b.match_key == item.match_key)
        rivals = [b for b in others if b.match_key != item.match_key]
        unverified: frozenset[str] = frozenset()
        if keys := [b.match_key for b in rivals if b.match_key]:
            with self._database.read() as session:
                unverified = intents.unverified_keys(session, keys)
        told = tuple(sagas.Rival(b.match_key if b.match_key in unverified else None) for b in rivals)
        is_conflicting = any(b.ref == own and b.standing is Standing.CONFLICTING for b in seen)
        return Came(sagas.Listed(told, doubles, is_conflicting), seen=seen)

    def _change(self, item: Item, rooms: Mapping[str, Room], facts: Facts, *, to: Room, slot: Slot) -> Came:
        """Reads first: after a lost answer it may be there already."""
        ref = item.old.ref if item.old else ""
        try:
            seen = self._facilities.get(_old_room(item, rooms), ref)
        except NotFound:
            return Came(sagas.Refused(_GONE), gone=(ref,))
        if not seen.is_live:
            return Came(sagas.Refused(_GONE), seen=(seen,))
        if seen.slot == slot and seen.place == to.location_id:
            return _done(to, seen)
        return _done(to, self._facilities.change(to, seen, _draft(to, slot, item.match_key, facts, None), {Field.SLOT, Field.PLACE}))

    def _remove(self, room: Room, ref: str, reason: str) -> Came:
        try:
            seen = self._facilities.get(room, ref)
            ended = self._facilities.remove(room, seen, reason) if seen.is_live else seen
        except NotFound:
            ended = None
        return Came(sagas.Done(), seen=(ended,) if ended else (), gone=() if ended else (ref,))


_UNDONE = "Room Booker: the room was not needed after all."
_GONE = Reason("ended", "TOPdesk has ended this reservation.")


def record_of(room: Room, seen: Booking) -> Record:
    return Record(seen.ref, seen.number, seen.version, seen.standing, fingerprint(seen, keeps(room, Side.TOPDESK)))


def _done(room: Room, seen: Booking) -> Came:
    return Came(sagas.Done(record_of(room, seen)), seen=(seen,))


def _is_in_series(saga: Saga, item: Item, room: Room) -> bool:
    return saga.kind is sagas.Kind.BOOK and item.original_start is not None and makes_series(room)


def _draft(room: Room, slot: Slot, match_key: str, facts: Facts, requester_id: str | None) -> Draft:
    return Draft(
        room_id=room.id,
        slot=slot,
        match_key=match_key,
        organizer=facts.organizer,
        requester_id=requester_id,
        subject=description(facts.subject, facts.organizer, private=facts.private),
        attendees=facts.attendees,
        private=facts.private,
        standing=Standing.REQUESTED if room.requires_approval else Standing.PLANNED,
    )


def _must_ask(seen: Booking, room: Room, now: datetime) -> Reason | None:
    if seen.has_services:
        why = "it has services"
    elif seen.slot.start <= now < seen.slot.end:
        why = "it has begun"
    elif room.cancellation is Cancellation.MANUAL:
        why = "this room asks for approval of cancellations"
    else:
        return None
    return Reason("cancellation_request", f"Facilities must approve this cancellation, since {why}.")


def _is_in_the_way(busy: Slot, item: Item) -> bool:
    """The meeting that is being moved is not in its own way."""
    if item.old and item.old.room_id == item.room_id and item.old.slot.contains(busy):
        return False
    return busy.overlaps(item.slot)


def _old_room(item: Item, rooms: Mapping[str, Room]) -> Room:
    return rooms[item.old.room_id if item.old else item.room_id]


def _reason(error: RoomBookerError) -> Reason:
    return Reason(error.code, error.message)
